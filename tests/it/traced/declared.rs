//! What a step that declares something does beyond that.

use super::traced;
use crate::repo::Repo;

const READS: &str = "AZ0708]: 0100_all reads `b`, which it does not declare";
const WRITES: &str = "AZ0709]: 0100_all writes `other`, which it does not declare";

/// A step that does more than it declares; `header` goes on with its header.
fn repo(header: &str) -> Option<Repo> {
    let repo = traced()?;
    repo.file("a", "1").file("b", "2");
    let body = format!("# Inputs: a\n# Outputs: out\n{header}\ncat a b > out; cat a > other");
    Some(repo.script("0100_all.sh", &body))
}

#[test]
fn it_is_told_with_the_process_and_the_mend_and_again_under_strict() {
    let Some(repo) = repo("") else { return };
    let output = repo.az("build '*'").code(0).says(READS).says(WRITES).ran(["0100"]);
    output.says("> cat a b)").says("add it to `# Inputs:`").says("add it to `# Outputs:`");
    // What it really read counts all the same.
    repo.az("build '*'").code(0).says("[undeclared]").ran([]);
    repo.az("build '*' --strict").code(4).ran([]);
    repo.edit("b", "3").az("build '*'").code(0).ran(["0100"]);
    repo.script("0100_all.sh", "# Inputs: a, b\n# Outputs: out, other\ncat a b > out; cat a > other");
    repo.az("build '*' --strict").code(0).not("AZ070").ran(["0100"]).az("build '*' --strict").code(0).ran([]);
}

#[test]
fn it_is_told_once_if_the_step_overlapped_another_and_ran_again() {
    let Some(repo) = traced() else { return };
    let gate = repo.gate("gate");
    repo.script("0100_slow.sh", &format!("{}; echo 1 > b", gate.stop()));
    repo.script("0200_early.sh", &format!("# Outputs: out\n# Inputs:\ncat b > out; {}", gate.stop()));
    let running = repo.start("build '*' -j2");
    _ = gate.reached();
    (0..3).for_each(|_| gate.open());
    let output = running.wait().code(0);
    assert_eq!(repo.read("out"), "1\n");
    assert_eq!(output.stderr().matches("AZ0708]: 0200_early").count(), 1, "{}", output.stderr());
}

#[test]
fn by_a_header_or_a_rule_it_is_an_error() {
    let Some(repo) = repo("# Undeclared: error") else { return };
    repo.az("build '*'").code(1).says("reads `b`, which it does not declare").ran(["0100"]);
    repo.az("build '*'").code(1).ran(["0100"]);
    let Some(repo) = self::repo("") else { return };
    repo.az("build '*'").code(0).ran(["0100"]);
    // A result that was told of before does not pass for one that is in order.
    repo.file("rules/strict.toml", "[[rule]]\nmatch = \"0100\"\nundeclared = \"error\"\n");
    repo.az("build '*'").code(1).says("which it does not declare").ran(["0100"]);
}

#[test]
fn it_may_be_allowed() {
    let Some(repo) = repo("# Undeclared: allowed") else { return };
    repo.az("build '*' --strict").code(0).not("AZ070").ran(["0100"]).az("build '*' --strict").code(0).ran([]);
    repo.script("0100_all.sh", "# Inputs: a\n# Undeclared: eror\ncat a > out");
    repo.az("check").code(0).says("AZ0303").says("write warning, error or allowed");
}
