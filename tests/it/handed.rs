//! What a step hands on by `$AZ_OUTPUT` and its like: it is kept, comes back, and holds no secret.

use serde_json::{Value, json};

use crate::{
    repo::{Output, Repo},
    traced::{has, traced},
};

/// Returns the outputs of a step as a build with `--json` tells them.
fn outputs(built: &Output, step: &str) -> Value {
    let result = built.json();
    let is_meant = |node: &&Value| node["id"] == step;
    let nodes = result["nodes"].as_array().unwrap();
    nodes.iter().find(is_meant).unwrap_or_else(|| panic!("no {step} in {built}"))["outputs"].clone()
}

/// Claims that a text is in no file of the cache, run folders included.
fn is_nowhere(repo: &Repo, text: &str) {
    let found = repo.sh(&format!("grep -rla -- '{text}' .azcache"));
    assert_eq!(found.stdout(), "", "files that hold `{text}`");
}

#[test]
fn what_a_step_hands_on_comes_back() {
    let Some(repo) = traced() else { return };
    repo.script(
        "0400_shell.sh",
        "echo 'a=1 = 2' >> \"$AZ_OUTPUT\"; printf 'n:=3\\r\\n\\nm:={\"x\": [0.1, null]}\\n' >> $GITHUB_OUTPUT\n\
         printf 'long<<END\\none\\n\\ntwo\\nEND\\na=last\\n' >> $AZ_OUTPUT\n\
         echo MODE=fast >> $GITHUB_ENV; echo /opt/x >> $AZ_PATH; echo '# Done' >> $GITHUB_STEP_SUMMARY",
    );
    let expected = json!({ "a": "last", "n": 3, "m": { "x": [0.1, null] }, "long": "one\n\ntwo" });
    let first = repo.az("build '*' --json").code(0).ran(["0400"]);
    assert_eq!(outputs(&first, "0400_shell"), expected);
    let again = repo.az("build '*' --json").code(0).ran([]);
    assert_eq!(outputs(&again, "0400_shell"), expected);
    repo.answered_by_gate();
    let again = repo.az("build '*' --json").code(0).ran([]);
    assert_eq!(outputs(&again, "0400_shell"), expected);
    // The summary stands in the folder of the run it was made in, and in those that reuse it and have one.
    let summaries = "cat .azcache/v1/runs/*/summaries/0400_shell.md";
    assert_eq!(repo.sh(summaries).stdout(), "# Done\n");
    let both = repo.script("0410_other.sh", "true").az("build '*' --json").code(0).ran(["0410"]);
    assert_eq!(outputs(&both, "0400_shell"), expected);
    assert_eq!(outputs(&both, "0410_other"), Value::Null);
    assert_eq!(repo.sh(summaries).stdout(), "# Done\n# Done\n");
}

#[test]
fn python_hands_on_as_a_shell_does() {
    let Some(repo) = traced().filter(|repo| has(repo, "python3 --version")) else { return };
    let text = "import json, os\n\
        with open(os.environ['GITHUB_OUTPUT'], 'a') as output:\n    \
            print('who=Zoë', file=output)\n    \
            print('all:=' + json.dumps({'list': [1, 2.5, 'x'], 'on': True}), file=output)\n\
        with open(os.environ['AZ_STEP_SUMMARY'], 'a') as summary:\n    \
            summary.write('| a |\\n|---|\\n')\n";
    repo.file("scripts/0400_python.py", text);
    let expected = json!({ "who": "Zoë", "all": { "list": [1, 2.5, "x"], "on": true } });
    for says in ["ran\"", "cached\""] {
        let built = repo.az("build '*' --json").code(0).says(says);
        assert_eq!(outputs(&built, "0400_python"), expected);
    }
}

#[test]
fn a_line_that_says_nothing_fails_the_step_and_is_told() {
    let Some(repo) = traced() else { return };
    let wrong = "line 2 of what it wrote to AZ_OUTPUT (GITHUB_OUTPUT) has no `=`; write `name=value`";
    repo.script("0400_bad.sh", "echo a=1 >> $AZ_OUTPUT; echo oops >> $AZ_OUTPUT; echo made > out");
    repo.az("build '*'").code(1).ran(["0400"]).says(wrong).not("oops");
    repo.az("build '*'").code(1).ran(["0400"]);
    repo.script("0400_bad.sh", "echo =1 >> $AZ_OUTPUT; exit 3");
    repo.az("build '*'").code(1).ran(["0400"]).says("exit code 3; line 1 of what it wrote");
    for (write, told) in [
        ("echo NODE_OPTIONS=--x >> $AZ_ENV", "sets `NODE_OPTIONS`"),
        ("echo /a:/b >> $GITHUB_PATH", "line 1 of what it wrote to AZ_PATH"),
        ("mkfifo $AZ_OUTPUT", "is no file of its own"),
        ("ln -s /etc/passwd $AZ_STEP_SUMMARY", "is no file of its own"),
        ("head -c 1048577 /dev/zero > $AZ_STEP_SUMMARY", "has more than 1048576 bytes"),
    ] {
        repo.script("0400_bad.sh", write).az("build '*'").code(1).ran(["0400"]).says(told);
    }
    repo.script("0400_bad.sh", "echo a=1 >> $AZ_OUTPUT").az("build '*'").code(0).ran(["0400"]);
    repo.az("build '*'").code(0).ran([]);
}

#[test]
fn only_what_the_last_attempt_wrote_counts() {
    let Some(repo) = traced() else { return };
    let first = repo.unseen("first").display().to_string();
    let body = format!(
        "if test -e '{first}'; then echo a=2 >> $AZ_OUTPUT; else : > '{first}'; \
         echo a=1 >> $AZ_OUTPUT; echo b=1 >> $AZ_OUTPUT; exit 1; fi"
    );
    repo.script("0400_once.sh", &format!("# Retries: 1\n# RetryDelay: 0s\n{body}"));
    let built = repo.az("build '*' --json").code(0).ran(["0400", "0400"]);
    assert_eq!(outputs(&built, "0400_once"), json!({ "a": "2" }));
}

#[test]
fn a_step_never_writes_to_the_files_az_itself_was_given() {
    let Some(repo) = traced() else { return };
    let outer = repo.unseen("outer");
    std::fs::write(&outer, "outer\n").unwrap();
    for name in ["GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY", "AZ_OUTPUT"] {
        _ = repo.env(name, outer.to_str().unwrap());
    }
    repo.script("0400_hand.sh", "# Env: GITHUB_ENV\necho a=1 >> $GITHUB_OUTPUT; echo B=2 >> $GITHUB_ENV");
    let built = repo.az("build '*' --json").code(0).ran(["0400"]);
    assert_eq!(outputs(&built, "0400_hand"), json!({ "a": "1" }));
    assert_eq!(std::fs::read_to_string(&outer).unwrap(), "outer\n");
    // Where they lie is no part of the key.
    repo.env("GITHUB_OUTPUT", "/elsewhere").env("GITHUB_ENV", "/elsewhere").az("build '*'").code(0).ran([]);
    repo.without_env("GITHUB_OUTPUT").without_env("GITHUB_ENV").az("build '*'").code(0).ran([]);
}

#[test]
fn what_is_to_be_masked_is_nowhere_on_disk() {
    let Some(repo) = traced() else { return };
    // Neither text holds the value.
    repo.script(
        "0400_mask.sh",
        "v=hush-$((1234 * 5678)); echo \"::add-mask::$v\"; echo \"it is $v\"; echo $v > made\n\
         echo \"out=<$v>\" >> $AZ_OUTPUT; echo V=$v >> $AZ_ENV; echo \"# $v\" >> $AZ_STEP_SUMMARY; /bin/true $v",
    );
    repo.script(
        "0410_use.sh",
        "cat made; /bin/true \"$(cat made)\"; cp made copy; echo x=$(cat made) >> $AZ_OUTPUT",
    );
    // What the first run left is what the next one finds, and keeps while it changes it.
    for _ in 0..3 {
        let built = repo.az("build '*' --json").code(0).not("hush-7006652");
        built.ran_once_or_twice(["0400", "0410"]);
        assert_eq!(outputs(&built, "0400_mask"), json!({ "out": "***" }));
        assert_eq!(outputs(&built, "0410_use"), json!({ "x": "***" }));
        is_nowhere(&repo, "hush-7006652");
    }
    assert_eq!(repo.read("copy"), "hush-7006652\n");
    repo.sh("cat .azcache/v1/runs/*/logs/0400_mask.log").code(0).says("::add-mask::***\nit is ***\n");
    assert!(repo.sh("cat .azcache/v1/runs/*/summaries/0400_mask.md").stdout().starts_with("# ***\n"));
    repo.az("build '*' --explain").code(0).says("it masks a value");
}

#[test]
fn what_hands_on_and_is_never_kept_runs_each_time() {
    let Some(repo) = traced() else { return };
    repo.script("0400_hand.sh", "echo ::add-mask::quiet; echo a=1 >> $AZ_OUTPUT")
        .script("0410_other.sh", "true");
    repo.az("build '*'").code(0).ran(["0400", "0410"]);
    for _ in 0..3 {
        repo.az("build '*'").code(0).ran(["0400"]);
    }
}

#[test]
fn an_output_that_is_a_secret_by_its_name_is_not_kept() {
    let Some(repo) = traced() else { return };
    repo.script("0400_hand.sh", "echo api_token=hush-$((1234 * 5678)) >> $AZ_OUTPUT; echo a=1 >> $AZ_OUTPUT");
    for _ in 0..2 {
        let built = repo.az("build '*' --json --explain").code(0).ran(["0400"]).not("hush-7006652");
        assert_eq!(outputs(&built, "0400_hand"), json!({ "a": "1", "api_token": "***" }));
        is_nowhere(&repo, "hush-7006652");
    }
    repo.az("build '*' --explain")
        .code(0)
        .ran(["0400"])
        .says("it hands on `api_token`, a secret by its name");
}

#[test]
fn a_path_that_is_gone_the_next_time_is_not_handed_on_again() {
    let Some(repo) = traced() else { return };
    repo.script("0400_hand.sh", "echo tool=$TMPDIR/tool >> $AZ_OUTPUT");
    repo.az("build '*'").code(0).ran(["0400"]);
    repo.az("build '*' --explain").code(0).ran(["0400"]).says("folder for temporary files");
    // A path of the workspace is another one in a copy of it.
    repo.script("0400_hand.sh", "echo $PWD/bin >> $AZ_PATH").az("build '*'").code(0).ran(["0400"]);
    repo.az("build '*'").code(0).ran([]);
    let az = env!("CARGO_BIN_EXE_az");
    repo.sh(&format!("cp -a . ../copy && cd ../copy && {az} build '*'")).code(0).ran(["0400"]);
}

#[test]
fn a_sandboxed_step_hands_on() {
    let Some(repo) = traced() else { return };
    let body =
        "#!/bin/sh\n# Sandbox: on\n# Outputs: None\necho a=1 >> $AZ_OUTPUT; echo '# x' >> $AZ_STEP_SUMMARY\n";
    repo.executable("scripts/0400_hand.sh", body);
    let built = repo.az("build '*' --json");
    if built.stderr().contains("AZ0721") || built.stdout().contains("AZ0721") {
        eprintln!("skipped: no step can be sandboxed here");
        return;
    }
    assert_eq!(outputs(&built.code(0), "0400_hand"), json!({ "a": "1" }));
    let again = repo.az("build '*' --json").code(0).says("cached\"");
    assert_eq!(outputs(&again, "0400_hand"), json!({ "a": "1" }));
}

#[test]
fn a_step_that_is_not_traced_hands_on_too() {
    let repo = Repo::new();
    repo.script("0400_hand.sh", "# Trace: off\n# Inputs: None\n# Outputs: None\necho a=1 >> $AZ_OUTPUT");
    for ran in [vec!["0400"], vec![]] {
        let built = repo.az("build '*' --json").code(0);
        assert_eq!(repo.scripts_run(), ran);
        assert_eq!(outputs(&built, "0400_hand"), json!({ "a": "1" }));
    }
}

#[test]
fn an_audit_finds_an_output_that_depends_on_the_time() {
    let Some(repo) = traced() else { return };
    repo.script("0400_hand.sh", "echo a=1 >> $AZ_OUTPUT; echo now=$(date +%s.%N) >> $AZ_OUTPUT");
    repo.az("build '*'").code(0).ran(["0400"]);
    repo.az("build '*' --audit=100%").code(1).ran(["0400"]).says("it hands on its output `now` otherwise");
}
