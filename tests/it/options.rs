//! Options of `az build`, each with what it does and what it does not.

use crate::repo::Repo;

#[test]
fn parallel_takes_a_truth_and_leaves_a_selection_alone() {
    let gate = "# Inputs: None\n# Outputs: None\n";
    for words in
        ["build 0100 0200 --parallel false", "build --parallel false 0100 0200", "plan 0100 --parallel true"]
    {
        Repo::new().script("0100_a.sh", gate).script("0200_b.sh", gate).az(words).code(0);
    }
    let repo = Repo::new().script("0100_a.sh", "true").script("0200_b.sh", "true");
    repo.az("build --parallel 0200").code(0).ran(["0200"]);
    repo.az("build 0200 --force --parallel").code(0).ran(["0200"]);
    // Behind `--`, and for a script, the words are not az's.
    repo.az("build --force -- --parallel false").code(2).ran([]);
    repo.script("0300_c.sh", "echo \"got $*\"")
        .az("0300 --parallel false")
        .code(0)
        .says("got --parallel false");
}

#[test]
fn parallel_false_overlaps_nothing() {
    let body = "test ! -e busy || exit 9; touch busy; sleep 0.2; rm busy";
    let declared = format!("# Inputs: None\n# Outputs: None\n{body}");
    let repo = Repo::new();
    ["0100_a.sh", "0200_b.sh", "0300_c.sh"].iter().for_each(|name| _ = repo.script(name, &declared));
    repo.az("build '*' --parallel false --no-trace -j4").code(0).ran_in_order(["0100", "0200", "0300"]);
}
