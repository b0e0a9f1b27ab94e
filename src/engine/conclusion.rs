//! What a run comes to: its exit code, and why it did not go well.
//!
//! Knows how its steps ended and what happened to the run as a whole. Tells nobody.

use std::{collections::BTreeSet, time::Duration};

use crate::{
    base::{duration, list},
    diag::code,
    event::Outcome,
    execute::driver::Interrupt,
    report::{NodeView, RunView},
};

/// What happened to a run as a whole.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a circumstance of its own")]
pub(super) struct Circumstances<'a> {
    /// What interrupted it.
    pub(super) interrupted: Option<Interrupt>,
    /// How long it was allowed to take, if it was over that.
    pub(super) timed_out: Option<Duration>,
    /// Not all that was promised could be brought back.
    pub(super) has_lost: bool,
    /// Steps overlapped in the wrong order, and that could not be put right.
    pub(super) has_wrong_order: bool,
    /// Steps that nothing orders change one file.
    pub(super) has_two_owners: bool,
    /// A step gave another result than is recorded for its key.
    pub(super) has_other_result: bool,
    /// A count is over a threshold that lets the run fail: which, in a clause.
    pub(super) over_threshold: Option<&'a str>,
    /// Failures do not stop independent work.
    pub(super) goes_on: bool,
    /// Warnings are errors. Those of planning are told before, and then nothing runs.
    pub(super) is_strict: bool,
}

/// Returns what az exits with, and in one clause why a run did not go well.
///
/// Steps whose failure is `tolerated` change nothing, and neither do those that it blocks.
pub(super) fn conclude(
    view: &RunView,
    tolerated: &BTreeSet<&str>,
    run: Circumstances<'_>,
) -> (u8, Option<String>) {
    let ids = |is_meant: &dyn Fn(&NodeView) -> bool| {
        let nodes = view.nodes.values().filter(|node| is_meant(node));
        list(nodes.map(|node| &node.planned.id))
    };
    let has_flag = |node: &NodeView, wanted: &str| node.flags.iter().any(|flag| flag == wanted);
    let counts_for = |node: &NodeView| !tolerated.contains(node.planned.id.as_str());
    let has_failed = |node: &NodeView| node.outcome == Some(Outcome::Failed) && counts_for(node);
    let is_blocked = |node: &NodeView| node.outcome == Some(Outcome::Blocked) && counts_for(node);
    let is_attention = |node: &NodeView| has_flag(node, "attention");
    let has_mistake = view.warnings.iter().any(|(found, ..)| *found == code::INTERNAL.to_string());
    let is_warning = |node: &NodeView| has_flag(node, "warning") || has_flag(node, "undeclared");
    let has_warning = || !view.warnings.is_empty() || view.nodes.values().any(is_warning);
    if let Some(interrupt) = run.interrupted {
        let reason = match interrupt {
            Interrupt::Int => "interrupted",
            Interrupt::Term => "terminated",
        };
        return (interrupt.exit_code(), Some(reason.to_owned()));
    }
    if let Some(limit) = run.timed_out {
        return (124, Some(format!("the run took longer than {}", duration(limit))));
    }
    let any = |is_meant: &dyn Fn(&NodeView) -> bool| view.nodes.values().any(is_meant);
    match () {
        () if has_mistake => (100, Some("az made a mistake".to_owned())),
        () if run.has_wrong_order => (1, Some("steps ran in the wrong order".to_owned())),
        () if run.has_lost => (1, Some("not all could be brought back".to_owned())),
        () if run.over_threshold.is_some() => (1, run.over_threshold.map(str::to_owned)),
        () if any(&has_failed) => {
            (if run.goes_on { 10 } else { 1 }, Some(format!("{} failed", ids(&has_failed))))
        }
        () if run.has_two_owners => (1, Some("steps that nothing orders change one file".to_owned())),
        () if run.has_other_result => (1, Some("a step gave another result for the same key".to_owned())),
        () if any(&is_blocked) || any(&is_attention) => {
            (1, Some(format!("{} wants attention", ids(&is_attention))))
        }
        () if run.is_strict && has_warning() => {
            (4, Some("there are warnings, and --strict was given".to_owned()))
        }
        () => (0, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Event, PlannedNode};

    /// A run of steps that ended like this, with their flags.
    fn run(steps: &[(Outcome, &str)]) -> RunView {
        let mut view = RunView::default();
        let nodes = (0..steps.len()).map(|index| PlannedNode {
            id: format!("s{index}"),
            name: String::new(),
            script: None,
            number: None,
            stage: String::new(),
            needs: Vec::new(),
        });
        view.apply(&Event::OrchestrationStarted { run: "r".into(), request: vec![], nodes: nodes.collect() });
        for (node, (outcome, flag)) in view.nodes.values_mut().zip(steps) {
            node.outcome = Some(*outcome);
            node.flags = flag.split_terminator(' ').map(str::to_owned).collect();
        }
        view
    }

    #[test]
    fn every_end_has_its_code_and_its_reason() {
        use Outcome::{Blocked, Failed, Ran};
        let none = Circumstances::default();
        let goes_on = Circumstances { goes_on: true, ..none };
        let strict = Circumstances { is_strict: true, ..none };
        let timed_out = Circumstances { timed_out: Some(Duration::from_secs(5)), ..goes_on };
        let lost = Circumstances { has_lost: true, ..none };
        let owners = Circumstances { has_two_owners: true, ..none };
        let other = Circumstances { has_other_result: true, ..none };
        let over = Circumstances {
            over_threshold: Some("2 steps failed, and the threshold `failed` allows 1"),
            ..goes_on
        };
        let interrupted = Circumstances { interrupted: Some(Interrupt::Int), ..timed_out };
        for (steps, circumstances, code, reason) in [
            (&[(Ran, "")][..], none, 0, ""),
            (&[(Ran, ""), (Failed, ""), (Failed, "")], none, 1, "s1, s2 failed"),
            (&[(Failed, ""), (Ran, "")], goes_on, 10, "s0 failed"),
            (&[(Ran, "attention"), (Blocked, "")], none, 1, "s0 wants attention"),
            (&[(Ran, "warning")], none, 0, ""),
            (&[(Ran, "warning")], strict, 4, "there are warnings, and --strict was given"),
            (&[(Ran, "")], strict, 0, ""),
            (&[(Failed, "")], strict, 1, "s0 failed"),
            (&[(Ran, "")], other, 1, "a step gave another result for the same key"),
            (&[(Ran, "")], lost, 1, "not all could be brought back"),
            (&[(Ran, "")], owners, 1, "steps that nothing orders change one file"),
            (&[(Failed, "timed_out")], timed_out, 124, "the run took longer than 5.0 s"),
            (&[(Failed, ""), (Failed, "")], over, 1, "2 steps failed, and the threshold `failed` allows 1"),
            (&[(Failed, "")], interrupted, 130, "interrupted"),
        ] {
            let reason = Some(reason.to_owned()).filter(|reason| !reason.is_empty());
            assert_eq!(
                conclude(&run(steps), &BTreeSet::new(), circumstances),
                (code, reason),
                "{steps:?} {circumstances:?}"
            );
        }
    }

    #[test]
    fn a_mistake_of_azs_own_is_no_failure_of_a_step() {
        let mut view = run(&[(Outcome::Failed, "")]);
        view.apply(&Event::Warning { code: code::INTERNAL.to_string(), node: None, message: String::new() });
        assert_eq!(conclude(&view, &BTreeSet::new(), Circumstances::default()).0, 100);
    }
}
