//! Faults as lines, and the fields tables were asked for, for the tests of the whole model.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use super::Key;
use crate::diag::Diagnostic;

/// The fields, in all their spellings, that tables were asked for, by the tables' JSON pointers.
pub(in crate::model) type Asked = BTreeMap<String, BTreeSet<&'static str>>;

thread_local! {
    static ASKED: RefCell<Option<Asked>> = const { RefCell::new(None) };
}

/// Decodes something, and returns what it gave and the fields that were asked for.
pub(in crate::model) fn asked<T>(decode: impl FnOnce() -> T) -> (T, Asked) {
    ASKED.set(Some(Asked::new()));
    let value = decode();
    (value, ASKED.take().unwrap_or_default())
}

/// Takes note of a field that a table is asked for.
pub(super) fn note_asked(pointer: impl FnOnce() -> String, key: Key) {
    ASKED.with_borrow_mut(|asked| {
        if let Some(asked) = asked {
            let fields = asked.entry(pointer()).or_default();
            fields.insert(key.name);
            fields.extend(key.aliases);
        }
    });
}

/// Writes each fault as `code severity <text at label | ...> message => help`.
pub(in crate::model) fn told(faults: &[Diagnostic]) -> String {
    faults.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn line(fault: &Diagnostic) -> String {
    let text = fault.source.as_ref().map_or("", |source| &source.text);
    let labels: Vec<_> = fault.labels.iter().map(|label| label.span.of(text)).collect();
    let (severity, labels) = (fault.severity.as_str(), labels.join(" | "));
    format!(
        "{} {severity} <{labels}> {} => {}",
        fault.code,
        fault.message,
        fault.help.as_deref().unwrap_or("NO HELP")
    )
}
