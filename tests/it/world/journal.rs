//! The journal of a run tells all that its result tells.

use az::{
    cache::Layout,
    journal::{RunEntry, events_of, list_runs},
    report::{RunView, result_json},
    sys::Os,
};

use crate::repo::Repo;

fn runs(repo: &Repo) -> Vec<RunEntry> {
    let layout = Layout::new(&repo.path(""));
    list_runs(&Os, &layout.runs())
}

#[test]
fn the_events_of_a_run_give_its_result_again() {
    let repo = Repo::new()
        .file("in", "1")
        .script("0100_ok.sh", "# Inputs: in\n# Outputs: out\ncat in > out")
        .script("0200_fails.sh", "# Dependencies: 0100\necho no; exit 3")
        .script("0300_behind.sh", "# Dependencies: 0200\ntrue")
        .script("0400_never.sh", "# Condition: IsWindows\ntrue")
        .script("0500_always.sh", "# Cache: never\necho always");
    for line in ["build '*' --continue-on-error", "build '*'", "build '*' --force -j1", "build 0100,0500"] {
        _ = repo.az(line);
    }
    let runs = runs(&repo);
    assert_eq!(runs.len(), 4);
    for run in runs {
        let events = events_of(&Os, &run);
        let numbers: Vec<u64> = events.iter().map(|event| event.seq).collect();
        assert_eq!(
            numbers,
            (1..=events.len() as u64).collect::<Vec<_>>(),
            "no event is lost or out of order"
        );
        let view = RunView::of(&events);
        assert_eq!(Some(result_json(&view)), run.result(&Os), "{}", run.path.display());
    }
}

#[test]
fn a_torn_journal_tells_what_came_before() {
    let repo = Repo::new().script("0100_a.sh", "true");
    repo.az("build '*'").code(0);
    let run = runs(&repo).remove(0);
    let whole = events_of(&Os, &run);
    let place = run.path.join("events.jsonl");
    let bytes = std::fs::read(&place).unwrap();
    std::fs::write(&place, &bytes[..bytes.len() - 9]).unwrap();
    assert_eq!(events_of(&Os, &run), whole[..whole.len() - 1]);
}
