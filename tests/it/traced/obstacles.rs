//! Steps that declare nothing, where something is in a tracer's way: what is reused is right, and where nothing can be
//! traced nothing is reused, and az says why.

use super::{has, traced};
use crate::repo::{Output, Repo};

/// Starts az below something.
fn below(repo: &Repo, obstacle: &str, words: &str) -> Output {
    repo.sh(&format!("{obstacle} {} {words}", env!("CARGO_BIN_EXE_az")))
}

/// A repository, and what starts a program below `kinds` of `obstacle.c`; nothing, said aloud, without a compiler.
fn obstructed(kinds: &str) -> Option<(Repo, String)> {
    let repo = traced()?;
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/trace/obstacle.c");
    let program = repo.outside("obstacle").display().to_string();
    let is_built = has(&repo, &format!("gcc -o {program} {source} && {program} {kinds} -- /bin/true"));
    is_built.then(|| (repo, format!("{program} {kinds} --")))
}

/// One step reads a file, the next asks for one that is absent, the last declares all.
fn fill(repo: &Repo) {
    repo.file("in", "1").script("0400_copy.sh", "cat in > copy");
    repo.script("0410_ask.sh", "if [ -e extra ]; then echo there; else echo absent; fi > answer");
    repo.script("0420_declared.sh", "# Inputs: in\n# Outputs: sum\ncksum in > sum");
}

/// Claims that each step runs if and only if what it depends on has changed.
fn reuses(repo: &Repo, obstacle: &str) {
    let build = || below(repo, obstacle, "build '*'").code(0);
    build().ran(["0400", "0410", "0420"]);
    build().ran([]);
    repo.edit("in", "2");
    build().ran(["0400", "0420"]);
    build().ran([]);
    repo.file("extra", "");
    build().ran(["0410"]);
    build().ran([]);
    assert_eq!((&*repo.read("copy"), &*repo.read("answer")), ("2", "there\n"));
    repo.remove("extra").edit("in", "1");
    build().ran([]);
    assert_eq!((&*repo.read("copy"), &*repo.read("answer")), ("1", "absent\n"));
}

/// Claims that what declares nothing always runs, and that plan and explanation say why.
fn reuses_nothing_undeclared(repo: &Repo, obstacle: &str, why: &str) {
    let build = || below(repo, obstacle, "build '*' --explain").code(0);
    build().ran(["0400", "0410", "0420"]);
    for _ in 0..2 {
        build().ran(["0400", "0410"]).says(&format!("not reusable: {why}"));
    }
    below(repo, obstacle, "plan '*'").code(0).says(why);
    repo.edit("in", "2").file("extra", "");
    build().ran(["0400", "0410", "0420"]);
    assert_eq!((&*repo.read("copy"), &*repo.read("answer")), ("2", "there\n"));
}

#[test]
fn another_listener_for_other_calls_does_not_matter() {
    for kinds in ["listener-for-others", "no-listeners", "no-ptrace", "no-new-privileges", ""] {
        let Some((repo, obstacle)) = obstructed(kinds) else { continue };
        fill(&repo);
        reuses(&repo, &obstacle);
    }
}

#[test]
fn nothing_undeclared_is_reused_where_another_listener_is_asked_first() {
    let Some((repo, obstacle)) = obstructed("listener") else { return };
    fill(&repo);
    // The first step of each run finds it out, the others know.
    reuses_nothing_undeclared(&repo, &obstacle, "nothing was seen of it, not even its start");
}

#[test]
fn nothing_undeclared_is_reused_where_no_rung_bears() {
    let rungless = [
        "seccomp-not-permitted",
        "seccomp-unknown",
        "no-listeners no-ptrace",
        "listener-for-others no-ptrace",
    ];
    for kinds in rungless {
        let Some((repo, obstacle)) = obstructed(kinds) else { continue };
        fill(&repo);
        reuses_nothing_undeclared(&repo, &obstacle, "it could not be traced");
    }
}

#[test]
fn nothing_undeclared_is_reused_where_processes_cannot_be_read() {
    let Some((repo, obstacle)) = obstructed("no-reading") else { return };
    fill(&repo);
    reuses_nothing_undeclared(&repo, &obstacle, "a process did not let az read the paths it uses");
}

#[test]
fn what_was_traced_before_holds_where_nothing_can_be_traced() {
    let Some((repo, obstacle)) = obstructed("seccomp-not-permitted") else { return };
    fill(&repo);
    repo.az("build '*'").code(0).ran(["0400", "0410", "0420"]);
    // What is not traced now may not stand in for what was.
    repo.edit("in", "2");
    below(&repo, &obstacle, "build '*'").code(0).ran(["0400", "0420"]);
    repo.edit("in", "3");
    below(&repo, &obstacle, "build '*'").code(0).ran(["0400", "0420"]);
    assert_eq!(repo.read("copy"), "3");
    repo.az("build '*'").code(0).ran(["0400"]).az("build '*'").code(0).ran([]);
}

const AS_NOBODY: &str = "setpriv --reuid=65534 --regid=65534 --clear-groups";
const IN_CONTAINER: &str = "bwrap --bind / / --dev /dev --proc /proc --unshare-all --die-with-parent";

/// Gives a repository away, if this is root and the other can start az; else says that it is skipped.
fn given_to_nobody(repo: &Repo) -> bool {
    let given = format!("[ $(id -u) = 0 ] && chown -R 65534:65534 .. && {AS_NOBODY} test -x");
    has(repo, &format!("{given} {}", env!("CARGO_BIN_EXE_az")))
}

#[test]
fn without_privileges() {
    let Some(repo) = traced() else { return };
    fill(&repo);
    if given_to_nobody(&repo) {
        repo.sh(&format!("{AS_NOBODY} sh -c 'grep NoNewPrivs /proc/self/status; id -u'"))
            .code(0)
            .says("65534");
        reuses(&repo, AS_NOBODY);
    }
}

#[test]
fn in_a_container() {
    let Some(repo) = traced() else { return };
    fill(&repo);
    if has(&repo, &format!("{IN_CONTAINER} true")) {
        reuses(&repo, IN_CONTAINER);
    }
}

#[test]
fn in_a_container_without_privileges() {
    let Some(repo) = traced() else { return };
    fill(&repo);
    let obstacle = format!("{AS_NOBODY} {IN_CONTAINER}");
    if has(&repo, &format!("{obstacle} true")) && given_to_nobody(&repo) {
        reuses(&repo, &obstacle);
    }
}
