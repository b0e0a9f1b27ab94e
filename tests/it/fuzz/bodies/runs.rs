//! What must hold of the record of a run, and of what az tells its guard.

use std::path::Path;

use az::{
    event::Envelope,
    execute::guard::Start,
    journal::{RunFolder, RunInfo, events_of, list_runs},
    report::{Lines, RunView, Verbosity, explain, explain_node, help_line, result_json, summary_line},
    sys::Memory,
};

/// The folder of a run: its metadata in the first line, its events in the others. What is read is the same when it is
/// written and read again, and everything can be said of it.
pub(super) fn journal(data: &[u8]) -> bool {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (metadata, events) = data.split_at(end);
    let (system, runs) = (Memory::new(), Path::new("/runs"));
    system.file("/runs/one/metadata.json", metadata).file("/runs/one/events.jsonl", events);
    let found = list_runs(&system, runs);
    let Some(run) = found.first() else { return false };
    let events = events_of(&system, run);
    told(&events);
    let info = RunInfo { job_id: "other".to_owned(), ..run.info.clone() };
    let mut folder = RunFolder::create(&system, runs, info.clone()).expect("a run can be written");
    events.iter().for_each(|event| folder.append(event).expect("an event can be written"));
    folder.finish(&system, info.status, &result_json(&RunView::of(&events))).expect("a run can end");
    drop(folder);
    let again = list_runs(&system, runs);
    let again = again.iter().find(|run| run.info.job_id == "other").expect("it was just written");
    assert!(
        RunInfo { end_time: info.end_time.clone(), ..again.info.clone() } == info,
        "a run changes on its way"
    );
    assert!(events_of(&system, again) == events, "events change on their way");
    assert!(again.result(&system).is_some(), "the result of a run is lost");
    !events.is_empty()
}

/// What az tells the guard: what is read is the same when it is written and read again.
pub(super) fn start(data: &[u8]) -> bool {
    let Some(start) = Start::decode(data) else { return false };
    assert!(Start::decode(&start.encode()).as_ref() == Some(&start), "a start changes on its way");
    true
}

/// Says all that az says of a run.
fn told(events: &[Envelope]) {
    for verbosity in [Verbosity::Quiet, Verbosity::Normal, Verbosity::Verbose] {
        let (mut view, mut lines) = (RunView::default(), Lines::new(verbosity, true));
        for envelope in events {
            view.apply(&envelope.event);
            _ = lines.lines(&envelope.event, &view);
        }
    }
    let view = RunView::of(events);
    _ = (explain(&view), summary_line(&view), help_line(&view));
    view.nodes.values().for_each(|node| _ = explain_node(&view, node));
}
