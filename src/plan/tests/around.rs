//! What is taken of what stands around the bodies of playbooks.

use super::*;
use crate::{
    diag::{Diagnostic, code},
    model::playbook::Moment,
};

fn around(playbook: &str) -> (Vec<Around>, Vec<Code>) {
    let world = World::new(&[("scripts/0100_a.sh", "echo\n"), ("playbooks/p.yaml", playbook)], &["p"]);
    (world.planned().around.clone(), world.codes())
}

#[test]
fn each_requirement_has_its_place() {
    assert_eq!(around("sequence: ['0100']\n").0, []);
    let text = "sequence: ['0100']\nrequirements:\n  tools: [git, 'gh']\n  platforms: [Linux, macOS]\n  requiresAdmin: true\n";
    let (around, codes) = around(text);
    let shown: Vec<String> = around[0]
        .requirements
        .iter()
        .map(|requirement| format!("{:?} {}", requirement.needs, requirement.at.of(text)))
        .collect();
    assert_eq!(
        shown,
        [
            "Platforms([\"Linux\", \"macOS\"]) Linux, macOS",
            "Elevation tools: [git, 'gh']",
            "Tool(\"git\") git",
            "Tool(\"gh\") 'gh'",
        ]
    );
    assert_eq!(codes, []);
}

#[test]
fn checks_are_read_and_keep_why_they_cannot_be() {
    let text =
        "sequence: ['0100']\npreConditions: [\"$x -eq 1\", 'git status | more']\npostConditions: ['x | y']\n";
    let (around, codes) = around(text);
    let [before, unread] = around[0].before.as_slice() else { panic!("{around:?}") };
    assert!(before.expr.is_some() && before.faults.is_empty());
    assert!(unread.expr.is_none() && unread.faults.iter().all(Diagnostic::is_error));
    assert!(around[0].unreadable_after().all(|fault| !fault.is_error()));
    assert!(around[0].unreadable_before().all(|fault| fault.is_error()));
    assert_eq!(around[0].unreadable().count(), 1 + around[0].after[0].faults.len());
    // Who asks decides how bad that is.
    assert_eq!(codes, []);
}

#[test]
fn levels_and_channels_are_those_that_az_has() {
    let text = "sequence: ['0100']\nnotifications:\n  onFailure: {message: a, channels: [Email, LOG, file]}\n  onSuccess: {message: b, level: Warn}\n  onStart: 'c {{nobody}} {{Failed}}'\n";
    let (around, codes) = around(text);
    let shown: Vec<_> = around[0]
        .notices
        .iter()
        .map(|notice| (notice.on, notice.level, notice.channels.as_slice()))
        .collect();
    let expected: [(Moment, &str, &[&str]); 3] = [
        (Moment::Start, "information", &["console"]),
        (Moment::Success, "warning", &["console"]),
        (Moment::Failure, "error", &["log"]),
    ];
    assert_eq!(shown, expected);
    assert_eq!(codes, [code::UNUSED_FIELD, code::UNKNOWN_VARIABLE]);
}
