//! Files that several steps were seen to change.

use super::traced;
use crate::repo::Repo;

/// A repository with two jobs that make the same file from one source each; `needs` goes into the second one.
fn two_jobs(needs: &str) -> Option<Repo> {
    let repo = traced()?;
    repo.file("a", "a\n").file("b", "b\n");
    repo.file(
        "playbooks/p.json",
        format!(
            r#"{{"orchestration": {{"jobs": {{
                "one": {{"steps": [{{"id": "make", "shell": "sh", "script": "{}; cp a out"}}]}},
                "two": {{{needs} "steps": [{{"id": "make", "shell": "sh", "script": "{}; cp b out"}}]}}
            }}}}}}"#,
            repo.notes("one"),
            repo.notes("two")
        ),
    );
    Some(repo)
}

#[test]
fn two_jobs_that_nothing_orders_must_not_make_one_file() {
    let Some(repo) = two_jobs("") else { return };
    let told = "AZ0712]: one and two both change `out`, and nothing says which comes first";
    _ = repo.az("build p -j1").code(1).says(told).ran(["one", "two"]);
    // Neither is recorded, so that it is told until it is mended.
    _ = repo.az("build p").code(1).says(told);
    assert!(repo.scripts_run().iter().any(|name| name == "one"));
    // The same content is no quarrel.
    repo.edit("b", "a\n").az("build p").code(0).not("AZ0712");
    _ = repo.scripts_run();
    repo.az("build p").code(0).ran([]);
}

#[test]
fn two_jobs_in_order_may_make_one_file() {
    let Some(repo) = two_jobs(r#""needs": ["one"],"#) else { return };
    repo.az("build p").code(0).not("AZ0712").ran_in_order(["one", "two"]);
    assert_eq!(repo.read("out"), "b\n");
    repo.az("build p").code(0).ran([]);
}

#[test]
fn that_a_later_step_makes_a_file_anew_is_told_once() {
    let Some(repo) = traced() else { return };
    repo.file("a", "1").file("b", "2");
    repo.script("0400_one.sh", "cat a > out").script("0410_two.sh", "cat b > out");
    let told = "AZ0711]: 0410_two makes `out` anew, which 0400_one has made";
    repo.az("build '*' --strict").code(0).says(told).ran_once_or_twice(["0400", "0410"]);
    assert_eq!(repo.read("out"), "2");
    repo.az("build '*'").code(0).not("AZ0711").ran([]);
    repo.edit("a", "3").az("build '*'").code(0).not("AZ0711").ran(["0400"]);
    assert_eq!(repo.read("out"), "2");
    // Who reads what was there goes on with it.
    repo.script("0410_two.sh", "tr a-z A-Z < out > new; mv new out").edit("a", "x");
    repo.az("build '*'").code(0).not("AZ0711");
    assert_eq!(repo.read("out"), "X");
}
