//! The secrets of a playbook: variables whose values are fetched from somewhere.
//!
//! Knows what a playbook says of them, and what was found. Does not fetch: whoever plans does, and plans again.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Map, Value};

use super::{Node, flow::Names, node::PlaybookContext};
use crate::{
    base::{Fetched, SecretPlace, quoted_list},
    diag::{Diagnostic, code},
    model::playbook::{Secret, SecretSource},
    secret::is_maskable,
};

/// What was found of secrets, by where they come from.
pub type Found = BTreeMap<SecretPlace, Fetched>;

/// The context that all secrets of a playbook stand in.
const CONTEXT: &str = "secrets";

/// Lays the secrets of a playbook over its names; what is not given by anybody is added to `wanted` until it was looked
/// for.
pub(super) fn lay(
    of: PlaybookContext<'_>,
    names: &mut Names,
    given: &Names,
    found: &Found,
    wanted: &mut Vec<SecretPlace>,
) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    for secret in &of.playbook.secrets {
        let value = match names.variable(&secret.name).filter(|_| given.has(&secret.name)) {
            Some(given) => given.clone(),
            None => value_of(of, secret, found, wanted, &mut faults),
        };
        names.set(&BTreeMap::from([(secret.name.clone(), value.clone())]));
        names.set_secret(&secret.name);
        Arc::make_mut(&mut names.fetched).insert(secret.name.to_ascii_lowercase());
        let all = names.contexts.entry(CONTEXT.to_owned()).or_insert_with(|| Value::Object(Map::new()));
        if let Some(all) = all.as_object_mut() {
            all.insert(secret.name.clone(), value);
        }
    }
    faults
}

fn value_of(
    of: PlaybookContext<'_>,
    secret: &Secret,
    found: &Found,
    wanted: &mut Vec<SecretPlace>,
    faults: &mut Vec<Diagnostic>,
) -> Value {
    let name = &secret.name;
    let mut tell = |fault: Diagnostic, label: &str, help: String| {
        faults.push(fault.source(of.source).label(of.span(&secret.at), label).help(help));
    };
    let place = match &secret.source {
        SecretSource::Environment { variable } => SecretPlace::Environment(variable.clone()),
        SecretSource::File { path } => SecretPlace::File(path.clone()),
        // The reader has told.
        SecretSource::Vault { .. } => return Value::Null,
    };
    match found.get(&place) {
        None => {
            wanted.push(place);
            Value::Null
        }
        Some(Fetched::Missing { why, help }) => {
            let message = format!("the secret `{name}` is missing: {why}");
            tell(Diagnostic::warning(code::MISSING_SECRET, message), "is wanted here", help.clone());
            Value::Null
        }
        Some(Fetched::Found { value, doubt }) => {
            if let Some((message, help)) = doubt {
                tell(Diagnostic::warning(code::OPEN_SECRET, message.clone()), "is read here", help.clone());
            }
            if !is_maskable(value) {
                let message = format!("the secret `{name}` is too short or too common to be masked");
                let help = "make it at least 8 characters of letters and digits; az does not mask what stands in many a text by chance";
                tell(
                    Diagnostic::warning(code::OPEN_SECRET, message),
                    "is shown where it is printed",
                    help.to_owned(),
                );
            }
            Value::String(value.clone())
        }
    }
}

/// Returns a fault for each step that has a secret in its command line, where all users of a machine can see it.
pub(super) fn exposed(nodes: &[Arc<Node>], found: &Found) -> Option<Diagnostic> {
    let values: Vec<&str> =
        found.values().filter_map(Fetched::value).filter(|value| is_maskable(value)).collect();
    let is_exposed = |node: &&Arc<Node>| {
        let words = node.invocation.argv.iter().filter(|word| Some(*word) != node.invocation.text.as_ref());
        words.into_iter().any(|word| values.iter().any(|value| word.contains(value)))
    };
    let mut exposed = nodes.iter().filter(is_exposed).map(|node| node.id.as_str()).peekable();
    exposed.peek()?;
    let message = format!("a secret would stand in the command line of {}", quoted_list(exposed));
    Some(Diagnostic::error(code::EXPOSED_SECRET, message).help(HOW))
}

/// How a secret gets to a step.
pub(super) const HOW: &str = "everybody on the machine can read command lines; let the step read the secret from its environment: `env` of the step with ${{ secrets.NAME }}";

/// Returns the fault of a word of a command line that asks for a secret.
pub(super) fn in_word(of: PlaybookContext<'_>, at: &str) -> Diagnostic {
    let fault = Diagnostic::error(code::EXPOSED_SECRET, "a secret would stand in a command line");
    fault.source(of.source).label(of.span(at), "asks for a secret").help(HOW)
}
