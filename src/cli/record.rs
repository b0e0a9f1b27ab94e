//! Records of the cache as JSON and as lines, for all verbs that show them.

use serde_json::{Value, json};

use super::table::indented;
use crate::{
    base::{Digest, plural},
    cache::{Effect, Ending, Record},
    event::millis,
    fingerprint::{Component, ComponentKind, Fingerprint, State},
    journal::short_run,
};

/// Digits of a key that people are shown, and that name it well enough.
pub(super) const KEY_DIGITS: usize = 12;

/// Returns the key as people are shown it.
pub(super) fn short_key(key: &Digest) -> String {
    key.to_hex()[..KEY_DIGITS].to_owned()
}

/// Returns a point in time as people read it, from RFC 3339.
pub(super) fn readable_time(rfc3339: &str) -> String {
    format!("{} UTC", rfc3339.get(..19).unwrap_or(rfc3339).replace('T', " "))
}

/// Returns how a record ended in a word or two.
pub(super) fn ending(record: &Record, is_usable: bool) -> String {
    match &record.ending {
        Ending::Reusable if is_usable => "usable".to_owned(),
        Ending::Reusable => "unusable: a later run with this key did not end well".to_owned(),
        Ending::NotReusable(why) => format!("not reusable: {why}"),
        Ending::Failed(how) => format!("failed: {how}"),
        Ending::Interrupted => "interrupted".to_owned(),
    }
}

/// Returns a line for each component, and one for all that lies outside the workspace: the files of the system that a
/// program needs to start are many, and hardly ever the news.
pub(super) fn component_lines(fingerprint: &Fingerprint) -> String {
    let row = |component: &Component| {
        vec![component.kind.as_str().to_owned(), component.name.clone(), component.short.clone()]
    };
    let is_outside = |component: &&Component| {
        matches!(component.kind, ComponentKind::Input | ComponentKind::Listing)
            && component.name.starts_with('/')
    };
    let (outside, own): (Vec<&Component>, Vec<&Component>) =
        fingerprint.components().iter().partition(is_outside);
    let mut rows: Vec<_> = own.into_iter().map(row).collect();
    if !outside.is_empty() {
        let count = plural(outside.len(), "path");
        rows.push(vec![
            "input".to_owned(),
            format!("{count} outside the workspace"),
            "listed by --json".to_owned(),
        ]);
    }
    indented(&rows)
}

/// Returns where a record comes from: `run 7f3a, 2026-11-21 05:13:19 UTC`.
pub(super) fn origin(record: &Record) -> String {
    format!("run {}, {}", short_run(&record.run), readable_time(&record.ended.to_rfc3339()))
}

/// Returns what is known of a record without its parts.
pub(super) fn summary_json(record: &Record, is_usable: bool) -> Value {
    let (word, why) = match &record.ending {
        Ending::Reusable => ("reusable", None),
        Ending::NotReusable(why) => ("not_reusable", Some(why)),
        Ending::Failed(how) => ("failed", Some(how)),
        Ending::Interrupted => ("interrupted", None),
    };
    json!({
        "key": record.key.to_hex(),
        "identity": record.identity,
        "run": record.run,
        "ended": record.ended.to_rfc3339(),
        "duration_ms": millis(record.duration),
        "ending": word,
        "why": why,
        "usable": is_usable,
        "exit_code": record.exit_code,
        "flags": record.flags,
    })
}

/// Returns all that is known of a record.
pub(super) fn record_json(record: &Record, is_usable: bool) -> Value {
    let mut value = summary_json(record, is_usable);
    value["components"] = components_json(&record.fingerprint);
    value["effects"] = record.effects.iter().map(effect_json).collect();
    value["log"] = json!(record.log.map(|digest| digest.to_hex()));
    value
}

/// Returns the components of a fingerprint.
pub(super) fn components_json(fingerprint: &Fingerprint) -> Value {
    let component = |component: &Component| {
        json!({
            "kind": component.kind.as_str(),
            "name": component.name,
            "value": component.short,
            "digest": component.digest.to_hex(),
        })
    };
    fingerprint.components().iter().map(component).collect()
}

fn effect_json(effect: &Effect) -> Value {
    json!({
        "path": effect.path.as_str(),
        "before": state_json(&effect.before),
        "after": state_json(&effect.after),
        "personal": effect.is_personal,
    })
}

fn state_json(state: &State) -> Value {
    match state {
        State::Absent => json!({ "kind": "absent" }),
        State::File { digest, size, mode } => json!({
            "kind": "file", "digest": digest.to_hex(), "size": size, "mode": format!("{mode:03o}"),
        }),
        State::Link { target } => json!({ "kind": "link", "target": &**target }),
        State::Directory => json!({ "kind": "directory" }),
        State::Unknown => json!({ "kind": "unknown" }),
    }
}
