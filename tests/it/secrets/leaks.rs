//! A step prints its secret in each of eight encodings, in pieces and on both of its outputs, and hands it on; then it is
//! looked for in every file there is and in all that az said.
//!
//! | sink | where it would be found |
//! |---|---|
//! | log of a step | `runs/*/logs` |
//! | terminal, grouped and on failure | what az says on standard error |
//! | terminal, live | what az passes on of a single script |
//! | standard output: `--json`, `--format jsonl` | what az says there |
//! | events of a run | `runs/*/events.jsonl` |
//! | result and metadata of a run | `runs/*/{result,metadata}.json` |
//! | summary of a step | `runs/*/summaries` |
//! | records and their index | `journal`, `index`, `files` |
//! | gate | `gate/*` |
//! | stored outputs | `cas/*` |
//! | exported entries | the folder of `az cache export` |
//! | answers about runs and plans | `az logs`, `why`, `plan`, `events`, `runs show` |
//!
//! So do the home folder and the folders for temporary files. Only the file that the secret comes from holds it.

use std::fs;

use rustix::process::Signal;

use super::holders;
use crate::repo::{Output, Repo, until};

/// The secret of the environment: with signs that each of the encodings writes otherwise.
const VALUE: &str = "Sw0rd'f1sh\"$&\\ \u{e9}/+=Zq7xK";
/// The line of the other one that is printed.
const LINE: &str = "MIIEpAIBAAKCAQEAx7sWq";
/// Each with what must not be found of it: the inner part of base64, whose ends depend on what stands beside it.
const ENCODINGS: [&str; 8] = ["raw", "line", "base64", "base64url", "url", "json", "shell", "hex"];

/// Prints and hands on the secret in an encoding, in pieces.
const PRINT: &str = r"
import base64, json, os, shlex, sys, time, urllib.parse
text, way = os.environ['MY'], sys.argv[1]
value = text.encode()
form = {
    'raw': lambda: value,
    'line': lambda: os.environ['CERT'].split('\n')[1].encode(),
    'base64': lambda: base64.b64encode(b'ab' + value + b'c'),
    'base64url': lambda: base64.urlsafe_b64encode(b'a' + value),
    'url': lambda: urllib.parse.quote(text, safe='').encode(),
    'json': lambda: json.dumps(text, ensure_ascii=False).encode(),
    'shell': lambda: shlex.quote(text).encode(),
    'hex': lambda: value.hex().encode(),
}[way]()
if sys.argv[2:] == ['show']:
    sys.stdout.write(form.hex() + '\n')
    sys.exit()
for out in (1, 2):
    os.write(out, b'before ')
    for at in range(0, len(form), 3):
        os.write(out, form[at:at + 3])
        time.sleep(0.0003)
    os.write(out, b' after\n')
for name in ('AZ_OUTPUT', 'AZ_STEP_SUMMARY'):
    with open(os.environ[name], 'ab') as file:
        file.write(b'out=' + form + b'\n')
";

/// A playbook whose steps print the secret, each in its encoding, and then do something.
fn repo(then: &str) -> Option<Repo> {
    let repo = Repo::new();
    if !repo.finds("python3") {
        return None;
    }
    let mut text = "metadata: { name: p }\nsecrets:\n  - { name: value, source: environment, variable: DEPLOY_VALUE }\n  \
         - { name: cert, source: file, path: ../cert }\norchestration:\n  jobs:\n"
        .to_owned();
    let job = |way: &str| {
        format!(
            "    {way}:\n      env: {{ MY: '${{{{ secrets.value }}}}', CERT: '${{{{ secrets.cert }}}}' }}\n      \
             steps: [{{ shell: sh, script: 'python3 print.py {way}; {then}' }}]\n"
        )
    };
    text.extend(ENCODINGS.map(job));
    fs::write(repo.outside("cert"), format!("-----BEGIN KEY-----\n{LINE}\n-----END KEY-----\n")).unwrap();
    repo.file("print.py", PRINT).playbook("p.yaml", &text).mode("../cert", 0o600);
    repo.script("0400_live.sh", "python3 print.py raw; python3 print.py base64; echo done");
    Some(repo.env("DEPLOY_VALUE", VALUE))
}

/// Returns what must not be found.
fn canaries(repo: &Repo) -> Vec<Vec<u8>> {
    let forms = ENCODINGS.iter().map(|way| {
        let shown = repo
            .env("MY", VALUE)
            .env("CERT", &format!("a\n{LINE}\n"))
            .sh(&format!("python3 print.py {way} show"));
        repo.without_env("MY").without_env("CERT");
        let hex = shown.stdout().trim().to_owned();
        assert!(!hex.is_empty(), "{}", shown.stderr());
        let bytes: Vec<u8> =
            (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect();
        // Half of it is more than enough to know it by; its ends may belong to what stands beside it.
        bytes[bytes.len() / 4..bytes.len() * 3 / 4].to_vec()
    });
    forms.collect()
}

/// Claims that nothing az said holds a canary.
fn is_clean(said: &Output, canaries: &[Vec<u8>]) {
    for (way, canary) in ENCODINGS.iter().zip(canaries) {
        for text in [said.stdout(), said.stderr()] {
            let is_in = text.as_bytes().windows(canary.len()).any(|window| window == &**canary);
            assert!(!is_in, "{way} is in what az said:\n{text}");
        }
    }
}

/// Claims that only the file that the secret comes from holds a canary.
fn is_nowhere(repo: &Repo, canaries: &[Vec<u8>]) {
    assert_eq!(holders(repo, canaries), [repo.outside("cert")]);
}

#[test]
fn no_sink_holds_a_secret_in_any_encoding() {
    let Some(repo) = repo("true") else { return };
    let canaries = canaries(&repo);
    for line in [
        "build p",
        "build p -vv --explain",
        "build p --json --force",
        "build p --format jsonl --force",
        "build p --no-trace -vv",
    ] {
        let built = repo.az(line);
        is_clean(&built, &canaries);
        assert_eq!(built.exit(), 0, "{}", built.stderr());
        is_nowhere(&repo, &canaries);
    }
    // What masks is at work, and not only nothing printed.
    repo.az("runs show --log raw").code(0).says("before *** after");
    for line in [
        "runs show",
        "runs show --json",
        "runs show --log base64",
        "why raw --json",
        "events",
        "plan p -v",
        "plan p --format json",
        "cache list --json",
        "check p -v",
        "build p --dry-run",
        "cache export ../exported",
    ] {
        is_clean(&repo.az(line), &canaries);
    }
    is_nowhere(&repo, &canaries);
}

#[test]
fn a_watch_shows_no_secret() {
    let Some(repo) = repo("cat data") else { return };
    let canaries = canaries(&repo);
    repo.file("data", "1");
    let running = repo.start("watch p -vv");
    for edit in 0..3 {
        until("it has built", || running.stderr().matches(" in ").count() > edit);
        is_nowhere(&repo, &canaries);
        repo.edit("data", &format!("{edit} more"));
    }
    running.signal(Signal::INT);
    let said = running.wait();
    is_clean(&said, &canaries);
    said.says("before *** after");
    is_nowhere(&repo, &canaries);
}

#[test]
fn a_failure_shows_no_secret() {
    let Some(repo) = repo("exit 3") else { return };
    let canaries = canaries(&repo);
    for line in ["build p --continue-on-error", "build p --json --continue-on-error", "build p -vv"] {
        let built = repo.az(line);
        is_clean(&built, &canaries);
        assert!(
            !built.is_success() && (line.contains("json") || built.stderr().contains("***")),
            "{}",
            built.stderr()
        );
    }
    is_nowhere(&repo, &canaries);
}

#[test]
fn az_that_is_killed_or_ended_leaves_no_secret() {
    for signal in [Signal::KILL, Signal::TERM] {
        let Some(repo) = repo("sleep 60") else { return };
        let canaries = canaries(&repo);
        let running = repo.start("build p -j 8 -vv");
        let is_in_logs = || {
            let logs = super::files(&repo.path(".azcache/v1/runs"));
            let logs =
                logs.iter().filter(|path| path.extension().is_some_and(|extension| extension == "log"));
            logs.filter(|path| fs::read_to_string(path).unwrap_or_default().matches("after").count() >= 2)
                .count()
                >= ENCODINGS.len()
        };
        until("all have printed", is_in_logs);
        running.signal(signal);
        is_clean(&running.wait(), &canaries);
        // What the steps themselves wrote, for az to read, is in their folders until they are emptied.
        let left = holders(&repo, &canaries);
        let is_own = |path: &&std::path::PathBuf| !path.starts_with(repo.outside("tmp"));
        assert_eq!(left.iter().filter(is_own).collect::<Vec<_>>(), [&repo.outside("cert")]);
        is_clean(&repo.az("runs show --log raw"), &canaries);
    }
}

#[test]
fn what_is_live_is_masked_too() {
    let Some(repo) = repo("true") else { return };
    let canaries = canaries(&repo);
    repo.env("MY_TOKEN", VALUE).edit(
        "0400_live.sh",
        "# Env: MY_TOKEN\nMY=$MY_TOKEN; export MY; python3 print.py raw; python3 print.py base64",
    );
    let built = repo.az("0400");
    is_clean(&built, &canaries);
    built.code(0).says("before *** after");
    is_nowhere(&repo, &canaries);
}

#[test]
fn a_line_that_does_not_end_is_shown_at_once_and_what_it_asks_to_mask_is_not() {
    let Some(repo) = repo("true") else { return };
    let gate = repo.gate("on");
    repo.playbook(
        "q.yaml",
        &format!(
            "metadata: {{ name: q }}\norchestration:\n  jobs:\n    a: {{ steps: [{{ shell: sh, script: 'echo ::add-mask::$(cat word); \
             cat word; printf \"so far\"; {}' }}] }}\n",
            gate.stop().replace('\'', "''")
        ),
    );
    repo.file("word", "swordfish\n");
    let running = repo.start("build q");
    until("it has printed", || {
        let logs = super::files(&repo.path(".azcache/v1/runs"));
        logs.iter().any(|path| fs::read_to_string(path).unwrap_or_default().ends_with("so far"))
    });
    let found = holders(&repo, &[b"swordfish".to_vec()]);
    assert_eq!(found, [repo.path("word")]);
    gate.open();
    running.wait().code(0).not("swordfish");
}
