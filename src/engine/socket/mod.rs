//! The socket at which a watch answers whether a gate is clean: who asks there, who listens, and in which bytes.
//!
//! Knows neither what gates hold nor how a watch comes to its answers.

#[cfg_attr(not(target_os = "linux"), path = "no_listener.rs")]
mod listener;
mod wire;

use std::{collections::BTreeMap, ffi::OsString, path::Path, time::Duration};

use listener::socket_path;
pub(super) use listener::{Listener, view};
use wire::Read;
pub(super) use wire::{Answer, Clean, GateFile, Question};

use crate::{
    cache::Layout,
    engine::{environment::WATCHED, nesting::PARENT},
    sys::System,
};

/// Who has not answered by then is too busy: az looks itself.
const LIMIT: Duration = Duration::from_millis(20);

/// Variables with which az looks itself: it is told to, checks what others will rely on, or runs in a step, where its
/// question would be one of the step's.
const ALONE: [&str; 6] = ["AZ_NO_WATCH", "PRE_COMMIT", "GIT_INDEX_FILE", "AZ_STEP", PARENT, WATCHED];

/// Returns what a clean gate says if a watch is there that knows it is clean.
pub(super) fn ask(system: &dyn System, layout: &Layout, gate: &Path) -> Option<Clean> {
    if !may_ask(&system.env()) {
        return None;
    }
    let socket = socket_path(system, layout).ok()?;
    let question = Question { gate: gate.file_name()?.to_str()?.to_owned(), view: view(system) };
    let bytes = system.call(&socket, &wire::to_bytes(&question)?, LIMIT).ok()?;
    match wire::from_bytes(&bytes) {
        Read::Whole(Answer::Clean(clean)) => Some(clean),
        Read::Whole(Answer::Unknown) | Read::Part | Read::Nothing => None,
    }
}

fn may_ask(env: &BTreeMap<OsString, OsString>) -> bool {
    let value = |name: &str| env.get(std::ffi::OsStr::new(name)).filter(|value| !value.is_empty());
    let is_ci = value("CI").is_some_and(|value| !value.eq_ignore_ascii_case("false") && value != "0");
    !is_ci && ALONE.iter().all(|name| value(name).is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_rely_on_and_what_runs_in_a_step_asks_nobody() {
        let env = |name: &str, value: &str| BTreeMap::from([(name.into(), value.into())]);
        assert!(may_ask(&BTreeMap::new()));
        for (name, value) in [("CI", "false"), ("CI", ""), ("CI", "0"), ("AZ_NO_WATCH", ""), ("HOME", "/")] {
            assert!(may_ask(&env(name, value)), "{name}={value}");
        }
        for (name, value) in [
            ("CI", "true"),
            ("CI", "1"),
            ("AZ_NO_WATCH", "1"),
            ("PRE_COMMIT", "1"),
            ("GIT_INDEX_FILE", "x"),
            ("AZ_STEP", "x"),
            (WATCHED, "1"),
        ] {
            assert!(!may_ask(&env(name, value)), "{name}={value}");
        }
    }
}
