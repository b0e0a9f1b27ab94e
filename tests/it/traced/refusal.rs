//! Steps that are not traced, and steps of which not all can be known: never reused, and az says why.

use super::traced;
use crate::repo::Repo;

/// Claims that the only step always runs, and that plan and explanation say why.
fn always_runs(repo: &Repo, why: &str) {
    repo.az("build '*'").code(0).ran(["0400"]);
    repo.az("plan '*'").code(0).says(why);
    for _ in 0..2 {
        repo.az("build '*' --explain").code(0).ran(["0400"]).says(why);
    }
}

#[test]
fn nothing_undeclared_is_reused_where_tracing_is_off() {
    let repo = Repo::new().env("AZ_TRACE", "off").file("in", "1").script("0400_copy.sh", "cat in > out");
    always_runs(&repo, "tracing is off (`AZ_TRACE=off`)");
    repo.edit("in", "2").az("build '*'").code(0).ran(["0400"]);
    assert_eq!(repo.read("out"), "2");
}

#[test]
fn what_was_seen_before_is_not_reused_where_tracing_is_off_unless_it_still_holds() {
    let Some(repo) = traced() else { return };
    repo.file("in", "1").script("0400_copy.sh", "cat in > out").az("build '*'").code(0).ran(["0400"]);
    // The record is true whatever may be traced today.
    repo.env("AZ_TRACE", "off").edit("in", "2").az("build '*'").code(0).ran(["0400"]);
    repo.az("build '*'").code(0).ran(["0400"]);
    assert_eq!(repo.read("out"), "2");
}

#[test]
fn a_declared_step_is_reused_where_tracing_is_off() {
    let repo = Repo::new().env("AZ_TRACE", "off").file("in", "1");
    repo.script("0400_copy.sh", "# Inputs: in\n# Outputs: out\ncat in > out");
    repo.az("build '*'").code(0).ran(["0400"]).az("build '*'").code(0).ran([]);
}

#[test]
fn a_step_that_says_so_is_not_traced() {
    let repo = Repo::new().file("in", "1").script("0400_copy.sh", "# Trace: off\ncat in > out");
    always_runs(&repo, "`trace: off`");
}

#[test]
fn a_step_that_wants_privileges_is_not_traced() {
    let repo = Repo::new().script("0400_install.sh", "if false; then\n  sudo true\nfi\necho done > out");
    always_runs(&repo, "sudo");
}

#[test]
fn a_step_that_leaves_a_process_behind_is_not_reused() {
    let Some(repo) = traced() else { return };
    repo.script("0400_serve.sh", "setsid sleep 60 >/dev/null 2>&1 & echo done > out");
    always_runs(&repo, "left processes behind");
}

#[test]
fn a_step_that_is_to_run_always_runs_always() {
    let Some(repo) = traced() else { return };
    repo.script("0400_now.sh", "# Cache: never\necho done > out");
    always_runs(&repo, "not reusable");
}

#[test]
fn a_declaration_is_completed_by_what_is_seen() {
    let Some(repo) = traced() else { return };
    repo.file("in", "1").file("hidden", "1");
    repo.script("0400_copy.sh", "# Inputs: in\n# Outputs: out\ncat in hidden > out; cat in > more");
    repo.az("build '*'").code(0).ran(["0400"]).az("build '*'").code(0).ran([]);
    repo.edit("hidden", "2").az("build '*'").code(0).ran(["0400"]);
    assert_eq!(repo.read("out"), "12");
    repo.remove("more").az("build '*'").code(0).ran([]);
    assert_eq!(repo.read("more"), "1");
    repo.edit("hidden", "1").az("build '*'").code(0).ran([]);
}
