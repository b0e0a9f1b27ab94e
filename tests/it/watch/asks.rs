//! Another az that asks a watch.

use std::{
    fs,
    io::{Read, Write},
    os::unix::{fs::PermissionsExt, net::UnixListener},
    path::Path,
    thread,
};

use rustix::process::Signal;
use serde_json::Value;

use super::{Watch, world};
use crate::repo::{Repo, until};

const SOCKET: &str = ".azcache/v1/watch.socket";

/// Builds until the gate is all that is needed, with nobody to ask.
fn built() -> Repo {
    built_with("PLAIN", "1")
}

/// Builds like that, with this variable.
fn built_with(name: &str, value: &str) -> Repo {
    let repo = world().env(name, value);
    repo.az("build '*'").code(0);
    // So that what ran until then is none of what is claimed below.
    _ = repo.scripts_run();
    repo.answered_by_gate();
    repo
}

/// Listens where a watch would, and says this to everybody.
struct Fake(thread::JoinHandle<usize>);

impl Fake {
    fn new(repo: &Repo, answer: &[u8]) -> Self {
        let answer = answer.to_vec();
        let path = repo.path(SOCKET);
        _ = fs::remove_file(&path);
        let listener = UnixListener::bind(path).unwrap();
        Self(thread::spawn(move || {
            let mut count = 0;
            for caller in listener.incoming() {
                let mut caller = caller.unwrap();
                let mut question = [0; 256];
                let length = caller.read(&mut question).unwrap();
                if &question[..length] == b"end" {
                    break;
                }
                count += 1;
                // Who has gone away does not want it.
                _ = caller.write_all(&answer);
            }
            count
        }))
    }

    /// Ends it, and returns how often it was asked.
    fn asked(self, repo: &Repo) -> usize {
        let mut last = std::os::unix::net::UnixStream::connect(repo.path(SOCKET)).unwrap();
        last.write_all(b"end").unwrap();
        self.0.join().unwrap()
    }
}

/// All is clean: 9 steps, 9 of them reused, and all that is to be said; whatever the environment.
fn clean(repo: &Repo) -> Vec<u8> {
    let keys = fs::read_dir(repo.outside("home/.local/state/az/keys")).unwrap();
    let key = fs::read(keys.last().unwrap().unwrap().path()).unwrap();
    let env = az::base::Env::from_iter([]).answers(&key, []);
    [&[44, 0, 1, 1, 9, 9, 0, 1, 0, 0, 0, 0, 0, 0], &env.0[..]].concat()
}

#[test]
fn the_word_of_a_watch_is_taken() {
    let repo = built();
    let fake = Fake::new(&repo, &clean(&repo));
    // On a busy machine it may not be heard in time.
    until("it is heard", || repo.az("build '*'").code(0).stderr().contains("ran 0 steps, reused 9"));
    assert!(fake.asked(&repo) > 0);
}

#[test]
fn who_checks_for_others_and_who_is_told_not_to_asks_nobody() {
    for (name, value) in
        [("CI", "1"), ("AZ_NO_WATCH", "1"), ("PRE_COMMIT", "1"), ("GIT_INDEX_FILE", "x"), ("AZ_STEP", "x")]
    {
        let repo = built_with(name, value);
        let fake = Fake::new(&repo, &clean(&repo));
        repo.az("build '*'").code(0).says("reused 2").ran([]);
        assert_eq!(fake.asked(&repo), 0, "{name}={value}");
    }
    let repo = built();
    let fake = Fake::new(&repo, &clean(&repo));
    repo.az("build '*' --force").code(0).says("ran 2 steps");
    repo.az("verify 0100").code(0);
    assert_eq!(fake.asked(&repo), 0);
}

#[test]
fn what_no_watch_would_say_is_not_believed() {
    let repo = built();
    let clean = clean(&repo);
    let with = |at: usize, byte: u8| {
        let mut other = clean.clone();
        other[at] = byte;
        other
    };
    let answers = [
        vec![],
        vec![0, 0],
        vec![255, 255],
        b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
        // Unknown.
        vec![2, 0, 1, 0],
        // Another version, no answer that there is, the answers of another environment.
        with(2, 2),
        with(3, 7),
        with(20, clean[20] ^ 1),
        // Too short, and too long.
        [&[43], &clean[1..clean.len() - 1]].concat(),
        [&[45], &clean[1..], &[0]].concat(),
    ];
    for answer in answers {
        let fake = Fake::new(&repo, &answer);
        repo.az("build '*'").code(0).says("ran 0 steps, reused 2").ran([]);
        assert_eq!(fake.asked(&repo), 1, "{answer:?}");
    }
    // Of a gate that is not the one here nothing more can be told.
    let fake = Fake::new(&repo, &clean);
    let json = repo.az("build '*' --json").code(0).json();
    assert_eq!(json["counts"]["cached"], 2);
    fake.asked(&repo);
}

#[test]
fn who_has_another_environment_is_told_nothing_by_a_watch() {
    let repo = world().env("WORD", "one");
    repo.script("0300_third.sh", "# Inputs: None\n# Outputs: third\necho $WORD > third");
    let watch = Watch::start(&repo, "'*'");
    until("it listens", || repo.has_path(SOCKET));
    _ = repo.scripts_run();
    for word in ["two", "three"] {
        // The watch may put its own word back at once.
        repo.env("WORD", word).az("build '*'").code(0).ran(["0300"]);
    }
    watch.end(Signal::INT).code(130);
}

#[test]
fn a_watch_that_hangs_keeps_nobody() {
    let repo = built();
    let watch = Watch::start(&repo, "'*'");
    watch.running.signal(Signal::STOP);
    repo.az("build '*'").code(0).says("ran 0 steps, reused 2").ran([]);
    watch.running.signal(Signal::CONT);
    watch.end(Signal::INT).code(130);
}

#[test]
fn nobody_else_may_ask() {
    let repo = built();
    let watch = Watch::start(&repo, "'*'");
    // It has its name a moment before anybody listens.
    until("it listens", || std::os::unix::net::UnixStream::connect(repo.path(SOCKET)).is_ok());
    let mode = fs::symlink_metadata(repo.path(SOCKET)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // Garbage harms nobody.
    for garbage in [&b""[..], b"\0", b"\0\0", &[255; 5000], b"GET / HTTP/1.1\r\n\r\n"] {
        let mut caller = std::os::unix::net::UnixStream::connect(repo.path(SOCKET)).unwrap();
        _ = caller.write_all(garbage);
        _ = caller.shutdown(std::net::Shutdown::Write);
        _ = caller.read_to_end(&mut Vec::new());
    }
    repo.az("build '*'").code(0).says("ran 0 steps, reused 2").ran([]);
    watch.end(Signal::INT).code(130);
}

#[test]
fn a_watch_that_was_killed_leaves_nothing_that_stands_in_the_way() {
    let repo = built();
    let watch = Watch::start(&repo, "'*'");
    until("it listens", || repo.has_path(SOCKET));
    watch.end(Signal::KILL).code(137);
    assert!(repo.has_path(SOCKET));
    repo.az("build '*'").code(0).says("ran 0 steps, reused 2").ran([]);
    let watch = Watch::start(&repo, "'*'");
    assert!(until_asked(&repo));
    watch.end(Signal::INT).code(130);
    assert!(!repo.has_path(SOCKET));
}

/// Waits until a watch answers for a build: what it was answered with then is no look at the gate.
///
/// Nothing, said aloud, where nobody can look on.
fn until_asked(repo: &Repo) -> bool {
    if !repo.finds("strace") {
        return true;
    }
    until("the watch answers", || {
        let trace = repo.unseen("trace").display().to_string();
        repo.sh(&format!("strace -f -o {trace} {} build '*'", env!("CARGO_BIN_EXE_az"))).code(0);
        !fs::read_to_string(&trace).unwrap().contains("v1/gate/")
    });
    true
}

#[test]
fn a_long_path_has_its_socket_elsewhere() {
    let repo = Repo::new();
    let deep = format!("{}/{}", "d".repeat(100), "e".repeat(100));
    let script = "#!/bin/sh\n# Inputs: a\n# Outputs: b\ncp a b\n";
    repo.file(&format!("{deep}/a"), "1").executable(&format!("{deep}/scripts/0100_a.sh"), script);
    let mut watch = Watch::begin(&repo, &format!("'*' -C {deep}"));
    watch.line_with("ran 1 step");
    repo.az(&format!("build '*' -C {deep}")).code(0).says("reused 1");
    assert!(!repo.path(&deep).join(SOCKET).exists());
    watch.end(Signal::INT).code(130);
}

/// Takes out of an answer what is another each time: how long it took, when, and under which name.
fn steady(text: &str) -> String {
    let values: Result<Vec<Value>, _> = serde_json::Deserializer::from_str(text).into_iter().collect();
    if let Ok(values) = values {
        return values.into_iter().map(without_times).map(|value| format!("{value}\n")).collect();
    }
    let counts = |line: &str| line.rsplit_once(" in ").map_or(line, |(counts, _)| counts).to_owned();
    text.lines().map(counts).collect::<Vec<_>>().join("\n")
}

fn without_times(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let is_steady = |name: &str| !["time", "run", "duration_ms", "Duration"].contains(&name);
            let fields = fields.into_iter().filter(|(name, _)| is_steady(name));
            fields.map(|(name, value)| (name, without_times(value))).collect()
        }
        Value::Array(items) => items.into_iter().map(without_times).collect(),
        other => other,
    }
}

#[test]
fn a_watch_and_the_gate_give_the_same_answer() {
    let repo = world();
    repo.script("0300_skipped.sh", "# Condition: false\necho");
    for selection in ["'*'", "0100"] {
        repo.az(&format!("build {selection}")).code(0);
        repo.env("AZ_NO_WATCH", "1");
        let forms = ["", "-v", "-q", "--json", "--format jsonl -v"];
        let line = |form: &str| format!("build {selection} {form}");
        repo.az(&line("")).code(0);
        let own: Vec<_> = forms.iter().map(|form| repo.az(&line(form)).code(0).clone()).collect();
        repo.without_env("AZ_NO_WATCH");
        let watch = Watch::start(&repo, "'*'");
        until("it listens", || repo.has_path(SOCKET));
        for _ in 0..5 {
            for (form, own) in forms.iter().zip(&own) {
                let asked = repo.az(&line(form)).code(0).clone();
                assert_eq!(steady(asked.stdout()), steady(own.stdout()), "{form}");
                assert_eq!(steady(asked.stderr()), steady(own.stderr()), "{form}");
            }
        }
        watch.end(Signal::INT).code(130);
    }
    assert!(Path::new(&repo.path(".azcache")).exists());
}
