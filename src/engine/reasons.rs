//! Why a step runs, in the words of users.

use std::collections::BTreeSet;

use crate::{
    base::duration,
    cache::{Miss, Unusable},
    event::Reason,
    fingerprint::{Change, ComponentKind, HIDDEN},
};

/// Returns the reasons of a miss; `writer` tells which step of this run left a path.
pub(super) fn reasons_of(miss: &Miss, id: &str, writer: impl Fn(&str) -> Option<String>) -> Vec<Reason> {
    match miss {
        Miss::NoRecord => vec![Reason::new("no_record", id, "no record of this step yet")],
        Miss::Changed { changes, nearest } => {
            let is_own = |name: &str| {
                let left = nearest.effects.iter().filter(|effect| effect.after.exists());
                left.map(|effect| effect.path.as_str()).any(|path| path == name)
            };
            let reasons = changes.iter().map(|change| changed(change, &writer, is_own(&change.name)));
            // A secret may reach a step as a variable of az and of its environment.
            let mut told = BTreeSet::new();
            reasons.filter(|reason| told.insert(reason.text.clone())).collect()
        }
        Miss::Unusable(Unusable::FailedBefore) => {
            vec![Reason::new("previous_failed", id, "failed last time, and a failure is never reused")]
        }
        Miss::Unusable(Unusable::Interrupted) => {
            vec![Reason::new("interrupted", id, "was interrupted last time")]
        }
        Miss::NotReusable(why) => vec![Reason::new("uncacheable", id, format!("not reusable: {why}"))],
        Miss::Evicted(path) => {
            vec![Reason::new(
                "evicted",
                path.as_str(),
                format!("its output `{path}` is not in the cache any more"),
            )]
        }
        Miss::Held(path) => {
            let text = format!("its output `{path}` outside the workspace is not as it left it");
            vec![Reason::new("output_modified", path.as_str(), text)]
        }
        Miss::Stray(path) => {
            vec![Reason::new(
                "output_modified",
                path.as_str(),
                format!("`{path}` is among its outputs, but no step made it"),
            )]
        }
        Miss::Mode(path) => {
            let text = format!("its output `{path}` had the mode of a file that is not there any more");
            vec![Reason::new("output_modified", path.as_str(), text)]
        }
        Miss::Scratch(folder) => {
            let text = format!("its scratch folder `{folder}` is gone");
            vec![Reason::new("scratch_missing", folder.as_str(), text)]
        }
        Miss::Moved(root) => {
            let text = format!("what it left names `{root}`, where the workspace was then");
            vec![Reason::new("workspace_moved", root, text)]
        }
        Miss::Doubtful(path) => vec![Reason::new("doubtful", path, format!("`{path}` cannot be read"))],
    }
}

/// Returns the reason that one component changed.
fn changed(change: &Change, writer: &impl Fn(&str) -> Option<String>, is_own: bool) -> Reason {
    let name = &change.name;
    let is = |side: &Option<String>, text: &str| side.as_deref() == Some(text);
    let (kind, text) = match change.kind {
        ComponentKind::Script => ("script_changed", format!("its script `{name}` changed")),
        ComponentKind::Command => ("command_changed", "its command changed".to_owned()),
        ComponentKind::Rule => ("rule_changed", format!("its {name} changed")),
        ComponentKind::Engine => ("engine_changed", "az itself changed".to_owned()),
        ComponentKind::Platform => ("platform_changed", "the platform changed".to_owned()),
        ComponentKind::Tool => ("tool_changed", format!("tool `{name}` changed")),
        ComponentKind::Argument => ("args_changed", "its arguments changed".to_owned()),
        ComponentKind::Folder => ("cwd_changed", "its working directory changed".to_owned()),
        ComponentKind::Declaration => ("declaration_changed", format!("its declared {name} changed")),
        ComponentKind::Variable => ("var_changed", format!("variable {name} changed")),
        ComponentKind::Environment if is(&change.after, "unset") => {
            ("env_changed", format!("env {name} is no longer set"))
        }
        ComponentKind::Environment => ("env_changed", format!("env {name} changed")),
        ComponentKind::Upstream => ("upstream_output_changed", format!("output of {name} changed")),
        ComponentKind::Listing => ("listing_changed", format!("folder `{name}` holds other names")),
        ComponentKind::Names => ("listing_changed", format!("`{name}` names other paths")),
        ComponentKind::Input if change.before.is_none() => ("input_added", format!("input `{name}` is new")),
        ComponentKind::Input if is(&change.before, "absent") => {
            ("probe_appeared", format!("input `{name}` appeared"))
        }
        ComponentKind::Input if change.after.is_none() || is(&change.after, "absent") => {
            ("input_removed", format!("input `{name}` is gone"))
        }
        // It may be its own doing, or that of others on top.
        ComponentKind::Input if is_own => {
            ("input_changed", format!("input `{name}` changed, which it reads and writes itself"))
        }
        ComponentKind::Input => ("input_changed", format!("input `{name}` changed")),
    };
    let is_value = matches!(change.kind, ComponentKind::Variable | ComponentKind::Environment);
    let text = if is_value && is(&change.before, HIDDEN) && is(&change.after, HIDDEN) {
        format!("secret {name} changed")
    } else {
        text
    };
    // What is hidden now may have stood in the open in an earlier run.
    let is_hidden = [&change.before, &change.after].into_iter().any(|side| is(side, HIDDEN));
    let shown =
        |side: &Option<String>| side.clone().map(|text| if is_hidden { HIDDEN.to_owned() } else { text });
    let via = if change.kind == ComponentKind::Input { writer(name) } else { None };
    Reason {
        before: shown(&change.before),
        after: shown(&change.after),
        via,
        ..Reason::new(kind, name, text)
    }
}

/// Returns the reason that a step may not be reused at all.
pub(super) fn uncacheable(id: &str, why: &str) -> Reason {
    Reason::new("uncacheable", id, format!("not reusable: {why}"))
}

/// Returns the reason that the record found is too old.
pub(super) fn expired(id: &str, age: std::time::Duration, limit: std::time::Duration) -> Reason {
    Reason::new("expired", id, format!("result is {} old, and kept for {}", duration(age), duration(limit)))
}
