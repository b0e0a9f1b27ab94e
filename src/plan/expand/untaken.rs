//! Parameters that are given to what does not take them.
//!
//! Knows what nodes were given and what they mention. Does not know how a value reaches a script.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Expanded, Frame};
use crate::{
    base::nearest,
    diag::{Diagnostic, code},
    model::playbook::PlaybookFormat,
    plan::{Node, node::PlaybookContext},
    text::expression::to_text,
};

impl Expanded {
    /// Warns of parameters of a step or job that no script it runs takes, in formats that have no older engines: those
    /// dropped them.
    pub(super) fn tell_untaken(
        &mut self,
        frame: &Frame<'_>,
        with: &BTreeMap<String, Value>,
        at: &str,
        (nodes, used): (&[usize], Option<PlaybookContext<'_>>),
    ) {
        let course = &frame.course;
        let is_known = |name: &str| used.is_some_and(|used| mentions(&used.source.text, name));
        if course.of.playbook.format != PlaybookFormat::V3 || nodes.is_empty() {
            return;
        }
        for (name, _) in with.iter().filter(|(_, value)| !to_text(value).is_empty()) {
            if is_known(name) || nodes.iter().any(|node| self.takes(&self.nodes[*node], name)) {
                continue;
            }
            let what = match (used, nodes) {
                (Some(used), _) => format!("playbook `{}` takes", used.playbook.name),
                (None, [node]) => format!("{} takes", self.nodes[*node].name),
                (None, _) => "the scripts of this step take".to_owned(),
            };
            let message = format!("{what} no parameter `{name}`");
            let fault = Diagnostic::warning(code::BAD_PARAMETER, message).source(course.of.source);
            let pointer = name.replace('~', "~0").replace('/', "~1");
            let fault = fault.label(course.of.span(&format!("{at}/with/{pointer}")), "would be dropped");
            let known = nodes.iter().flat_map(|node| declared(course.ground, &self.nodes[*node]));
            let known: Vec<&str> = match used {
                Some(used) => {
                    let playbook = used.playbook;
                    let parameters = playbook.parameters.iter().map(|parameter| parameter.name.as_str());
                    parameters.chain(playbook.variables.keys().map(String::as_str)).collect()
                }
                None => known.collect(),
            };
            self.diagnostics.push(fault.help(match nearest(name, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "remove it, or let what runs here declare it".to_owned(),
            }));
        }
    }

    /// Tells whether a node takes a variable, or decides by it whether it runs.
    fn takes(&self, node: &Node, name: &str) -> bool {
        let scopes = std::iter::successors(node.scope, |scope| self.scopes[*scope].parent);
        let conditions = scopes.filter_map(|scope| self.scopes[scope].condition.as_ref());
        node.mentioned.contains(name)
            || node.invocation.variables.keys().any(|known| known.eq_ignore_ascii_case(name))
            || node.late.as_ref().is_some_and(|late| late.receiver.takes(name))
            || node.condition.as_ref().is_some_and(|decision| mentions(&decision.text, name))
            || conditions.into_iter().any(|condition| mentions(&condition.text, name))
    }
}

/// Returns the names of the parameters that the script of a node declares.
fn declared<'a>(ground: &crate::plan::node::Ground<'a>, node: &Node) -> Vec<&'a str> {
    let place = ground.scripts.all().iter().position(|script| Some(&script.path) == node.script.as_ref());
    let reading = place.and_then(|index| ground.reading(index));
    let parameters = reading.map(|reading| reading.script.parameters.as_slice()).unwrap_or_default();
    parameters.iter().map(|parameter| parameter.name.as_str()).collect()
}

/// Tells whether a name stands in a text, in any case and as a word of its own.
fn mentions(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let (text, name) = (text.to_ascii_lowercase(), name.to_ascii_lowercase());
    text.match_indices(&name)
        .any(|(at, found)| !text[..at].ends_with(is_part) && !text[at + found.len()..].starts_with(is_part))
}
