//! L13: steps that overlapped in the wrong order.

use super::declared;
use crate::repo::Repo;

/// Two steps that declare nothing of what stands between them; the first one waits at the gate.
fn overlapping(first: &str, second: &str) -> (Repo, crate::repo::Gate) {
    let repo = Repo::new().file("a", "1").file("b", "2");
    let gate = repo.gate("first");
    repo.script("0400_first.sh", &declared("a", "x", &format!("{}\n{first}\ncat a > x", gate.stop())));
    repo.script("0410_second.sh", &declared("b", "y", &format!("{second}\ncat b > y")));
    (repo, gate)
}

/// Lets the second step end before the first one goes on; both again where they are run again.
fn build(repo: &Repo, gate: &crate::repo::Gate) -> crate::repo::Output {
    let running = repo.start("build '*' -j2 --explain");
    gate.reached();
    crate::repo::until("the second step has ended", || repo.has_path("y"));
    // A second time for the step's second run.
    gate.open();
    gate.open();
    running.wait()
}

#[test]
fn l13_what_was_appended_in_the_wrong_order_is_appended_again() {
    let (repo, gate) = overlapping("echo first >> all", "echo second >> all");
    let output = build(&repo, &gate);
    output.code(0);
    assert_eq!(repo.read("all"), "first\nsecond\n");
    let ran = repo.scripts_run();
    assert!(ran.len() <= 4, "each step runs once more at most: {ran:?}");
    _ = repo.scripts_run();
    repo.az("build '*'").code(0).ran([]);
}

#[test]
fn l13_what_was_read_too_early_is_read_again() {
    let (repo, gate) =
        overlapping("echo made > between", "cat between > seen 2>/dev/null || echo none > seen");
    let output = build(&repo, &gate);
    output.code(0);
    assert_eq!((&*repo.read("between"), &*repo.read("seen")), ("made\n", "made\n"));
    _ = repo.scripts_run();
    repo.az("build '*'").code(0).ran([]);
}

#[test]
fn l13_a_failure_that_came_too_early_does_not_stand() {
    let (repo, gate) = overlapping("echo made > between", "echo > y; cat between > seen");
    repo.script("0420_last.sh", &declared("y", "z", "cat y > z"));
    let output = build(&repo, &gate);
    output.code(0);
    assert_eq!((&*repo.read("seen"), repo.has_path("z")), ("made\n", true));
    _ = repo.scripts_run();
    repo.az("build '*'").code(0).ran([]);
}

#[test]
fn l13_what_a_person_had_written_is_put_back_too() {
    let repo = Repo::new().file("a", "1").file("b", "2");
    let gate = repo.gate("first");
    repo.script(
        "0410_second.sh",
        &declared("b", "y", "cat between > seen 2>/dev/null || echo none > seen; cat b > y"),
    );
    repo.script("0420_third.sh", &declared("b", "out/z", "mkdir -p out; cat b > out/z"));
    repo.az("build '*'").code(0);
    // The third step is reused, and what it makes takes the place of what was written, as the last one reads it.
    let repo = repo.file("out/z", "a person's");
    repo.script(
        "0400_first.sh",
        &declared("a", "x", &format!("{}\necho made > between\ncat a > x", gate.stop())),
    );
    repo.script("0430_last.sh", &declared("out/z", "w", "cat out/z > w"));
    let running = repo.start("build '*' -j2 --explain");
    gate.reached();
    crate::repo::until("the last step has ended", || repo.has_path("w"));
    gate.open();
    gate.open();
    let output = running.wait();
    output.code(0).says("set aside");
    assert_eq!((&*repo.read("seen"), &*repo.read("out/z")), ("made\n", "2"));
    _ = repo.scripts_run();
    repo.az("build '*'").code(0).ran([]);
}

#[test]
fn l13_what_lies_outside_cannot_be_put_back_and_is_told() {
    let (repo, gate) = overlapping(
        "echo made > between; echo 1 > ../out1",
        "cat between > seen 2>/dev/null || echo none > seen; echo 2 > ../out2",
    );
    let output = build(&repo, &gate);
    output.code(1).says("AZ0710");
    repo.az("build '*' --parallel=false").code(0);
    assert_eq!(repo.read("seen"), "made\n");
}
