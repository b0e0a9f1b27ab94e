//! `az build --audit`: what could be reused runs all the same, and is compared.

use crate::traced::traced;

#[test]
fn an_audit_finds_a_step_that_depends_on_the_time() {
    let Some(repo) = traced() else { return };
    repo.file("source", "1\n").script("0400_stable.sh", "cat source > stable");
    repo.script("0410_clock.sh", "date +%s.%N > clock");
    repo.az("build '*'").code(0).ran(["0400", "0410"]);
    let first = repo.read("clock");
    repo.az("build '*'").code(0).ran([]);
    let found = repo.az("build '*' --audit=100%").code(1);
    found.ran(["0400", "0410"]).says("AZ0723").says("0410_clock gave another result for the same key");
    found.says("`clock`, line 1: ").says(first.trim()).says("audited 2 steps, 1 with another result");
    found.not("0400_stable gave");
    let second = repo.read("clock");
    assert_ne!(first, second);
    // The new result stands.
    repo.remove("clock").az("build '*'").code(0).ran([]);
    assert_eq!(repo.read("clock"), second);
}

#[test]
fn an_audit_of_steps_that_are_repeatable_says_so() {
    let Some(repo) = traced() else { return };
    repo.file("source", "1\n").script("0400_a.sh", "cat source > a; mkdir -p d; cp a d/b; rm -f gone");
    // One that leaves alone what it finds, one that adds to what another makes, and one that makes nothing.
    repo.script("0410_b.sh", "test -e b || cat a > b")
        .script("0420_c.sh", "echo 2 >> a")
        .script("0430_d.sh", "cat a");
    // What reads what it writes settles.
    (0..3).for_each(|_| _ = repo.az("build '*'").code(0));
    _ = repo.scripts_run();
    repo.az("build '*'").code(0).ran([]);
    let equal = repo.az("build '*' --audit=100 --json").code(0);
    equal.ran(["0400", "0410", "0420", "0430"]);
    assert_eq!(equal.json()["audit"], serde_json::json!({ "audited": 4, "differing": 0 }));
    repo.az("build '*' --audit 100%").code(0).says("audited 4 steps, all equal");
    assert_eq!((repo.read("a"), repo.read("b")), ("1\n2\n".to_owned(), "1\n".to_owned()));
    _ = repo.scripts_run();
    repo.az("build '*'").code(0).ran([]);
}

#[test]
fn another_exit_code_and_a_lost_record_are_told() {
    let Some(repo) = traced() else { return };
    let hidden = repo.unseen("hidden").display().to_string();
    repo.script("0400_a.sh", &format!("# ExitCodes: 3=warning\ntest -e '{hidden}' && exit 3\necho 1 > a"));
    // The second time it leaves a process, so that what it then makes cannot be reused.
    repo.script(
        "0410_b.sh",
        &format!("if test -e '{hidden}'; then echo 2 > b; sleep 30 & else echo 1 > b; fi"),
    );
    repo.az("build '*'").code(0).ran(["0400", "0410"]).az("build '*'").code(0).ran([]);
    std::fs::write(repo.unseen("hidden"), "").unwrap();
    let found = repo.az("build '*' --audit=100%").code(1).ran(["0400", "0410"]);
    found.says("0400_a gave another result for the same key: exit code 0, then 3");
    found.says("`b`, line 1: `1`, then `2`");
    // What did not stand the test is not used again.
    std::fs::remove_file(repo.unseen("hidden")).unwrap();
    repo.az("build 0410").code(0).ran(["0410"]);
}

#[test]
fn a_sample_is_as_large_as_it_is_asked_for_and_the_same_for_one_seed() {
    let Some(repo) = traced() else { return };
    (0..40).for_each(|n| _ = repo.script(&format!("04{n:02}_s.sh"), "true"));
    repo.az("build '*'").code(0);
    let _all = repo.scripts_run();
    let sample = |line: &str| {
        repo.az(&format!("build '*' {line}")).code(0);
        let mut ran = repo.scripts_run();
        ran.sort();
        ran
    };
    let one = sample("--audit=50% --audit-seed one");
    assert!((8..=32).contains(&one.len()), "{one:?}");
    assert_eq!(one, sample("--audit=50% --audit-seed one"));
    assert_ne!(one, sample("--audit=50% --audit-seed two"));
    assert_eq!(sample("--audit=0%"), [""; 0]);
    for bad in ["101%", "-1", "some"] {
        repo.az(&format!("build '*' --audit={bad}")).code(2).says("from 0 to 100").ran([]);
    }
    repo.az("build '*' --audit=5% --force").code(2).ran([]);
}
