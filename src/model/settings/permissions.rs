//! What a job is permitted, in the words of the playbook format: `permissions { filesystem, network, registry }`.
//!
//! Knows which of it can be enforced. Does not know how that is done.

use super::{Settings, pattern};
use crate::{
    base::{Span, list},
    diag::code,
    model::decode::{Context, Value},
    text::document::NodeValue,
};

/// Reads what a job is permitted. What nobody can enforce is warned of.
///
/// | field | means |
/// |---|---|
/// | `filesystem` | a sandbox: beside its outputs the job may write these patterns; `write` is all of the workspace |
/// | `network` | an empty list or `false` is none; anything else is all of it |
/// | `registry` | nothing, outside of Windows |
pub fn permissions(value: Value<'_>) -> Option<Settings> {
    let mut table = value.table("`permissions`")?;
    let mut settings = Settings::default();
    if let Some(entries) = table.optional("filesystem", |value| value.one_or_list(permitted_path)) {
        settings.sandbox = Some(true);
        settings.writable = Some(entries.into_iter().flatten().collect());
    }
    settings.network = table.optional("network", network);
    if let Some(registry) = table.raw("registry")
        && registry.boolean() == Some(false)
    {
        let message = "`registry: false` cannot be enforced";
        unenforced(registry.context(), message, registry.span(), "remove `registry`; only Windows has one");
    }
    table.finish();
    Some(settings)
}

/// Reads what may be written: a pattern, `write:PATTERN`, `write` or `read`.
#[expect(clippy::option_option, reason = "a mistake, nothing to be written, and a pattern are three answers")]
fn permitted_path(value: Value<'_>) -> Option<Option<String>> {
    let text = pattern(value)?;
    let (verb, path) = text.split_once(':').unwrap_or((&text, ""));
    match (verb.to_ascii_lowercase().as_str(), path) {
        ("read", "") => Some(None),
        ("write", "") => Some(Some("./".to_owned())),
        ("read", path) => {
            let message = format!("`read:{path}` cannot be enforced: a sandbox does not limit what is read");
            unenforced(value.context(), &message, value.span(), "remove it, or write `read`");
            Some(None)
        }
        ("write", path) => Some(Some(path.to_owned())),
        _ => Some(Some(text)),
    }
}

fn network(value: Value<'_>) -> Option<bool> {
    if matches!(value.node().value, NodeValue::Bool(_)) {
        return value.boolean();
    }
    let hosts = value.one_or_list(Value::nonempty_text)?;
    let is_all = |host: &String| ["*", "all", "any"].contains(&host.to_ascii_lowercase().as_str());
    if !hosts.is_empty() && !hosts.iter().any(is_all) {
        let message = format!("the network cannot be limited to {}; all of it is open", list(hosts.iter()));
        let format = value.context().format();
        let [none, all] =
            [format.texts(&[]), format.texts(&["*"])].map(|list| format.field("network", &list));
        let help = format!("write `{none}` for none, or `{all}` for all of it");
        unenforced(value.context(), &message, value.span(), &help);
    }
    Some(!hosts.is_empty())
}

fn unenforced(context: &Context<'_>, message: &str, at: Span, help: &str) {
    let mut fault = context.error(code::UNENFORCED, message);
    fault.severity = crate::diag::Severity::Warning;
    context.report(fault.label(context.opening(at), "az cannot enforce this").help(help));
}
