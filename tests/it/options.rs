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
    // Behind `--` the words are not az's.
    repo.az("build --force -- --parallel false").code(2).ran([]);
    repo.script("0300_c.sh", "echo \"got $*\"")
        .az("0300 -- --parallel false")
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

fn chain() -> Repo {
    Repo::new()
        .script("0100_a.sh", "true")
        .script("0200_b.sh", "# Dependencies: 0100\ntrue")
        .script("0300_c.sh", "# Dependencies: 0200\ntrue")
        .script("0400_d.sh", "true")
}

#[test]
fn with_deps_takes_what_is_needed_and_nothing_else() {
    chain().az("build 0300").code(0).ran(["0300"]);
    chain().az("build 0300 --with-deps").code(0).ran_in_order(["0100", "0200", "0300"]);
}

#[test]
fn a_selection_is_read_from_standard_input() {
    let repo = chain();
    let az = env!("CARGO_BIN_EXE_az");
    repo.sh(&format!("printf '# mine\\n0100\\n0400 # and this\\n' | '{az}' build -"))
        .code(0)
        .ran(["0100", "0400"]);
    repo.sh(&format!("printf '0400-0100\\n' | '{az}' build -"))
        .code(2)
        .says("AZ0103")
        .says("standard input")
        .ran([]);
    repo.sh(&format!("printf '\\377\\n' | '{az}' build -")).code(2).says("AZ0109").ran([]);
}

#[test]
fn a_dry_run_runs_nothing_and_keeps_nothing() {
    let repo = chain();
    for option in ["--dry-run", "--what-if"] {
        repo.az(&format!("build '*' {option}")).code(0).says("0100_a").says("0400_d").ran([]);
        assert!(!repo.has_path(".azcache"), "{option}");
    }
    repo.az("build '*' --force --dry-run").code(0).ran([]);
}

#[test]
fn build_has_the_names_of_other_engines() {
    for verb in ["build", "run", "b", "seq"] {
        chain().az(&format!("{verb} 0100,0400")).code(0).ran(["0100", "0400"]);
    }
}
