//! Drives every verb that only reads through hostile repositories, under the eyes of `strace`.

use std::{
    collections::BTreeMap,
    fs,
    process::{Child, Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use super::hostile::{self, Hostile};

/// What sees the calls.
const STRACE: &str = "/usr/bin/strace";
/// What no command needs.
const LIMIT: Duration = Duration::from_mins(1);

/// Verbs that are there to execute, each typed by a person, with how they are asked to execute nothing.
const EXECUTING: [(&str, &str); 5] = [
    ("build", "build * --dry-run --explain"),
    ("orchestrate", "orchestrate ci --dry-run"),
    ("script", ""),
    ("verify", ""),
    ("watch", ""),
];

/// How verbs that only read, or write without executing, are called; each verb of az is here or above.
const READING: [(&str, &[&str]); 31] = [
    ("plan", &["plan *", "plan ci -v"]),
    ("list", &["list", "list playbooks", "list stages", "list tags", "list 04*"]),
    ("playbooks", &["playbooks"]),
    ("playbooks list", &["playbooks list"]),
    ("playbooks show", &["playbooks show ci"]),
    ("playbooks convert", &["playbooks convert ci", "playbooks convert ci --to yaml"]),
    ("playbooks diff", &["playbooks diff ci other"]),
    ("library", &["library", "library --search a"]),
    ("matrix", &[]),
    ("matrix expand", &["matrix expand ci"]),
    ("check", &["check", "check --simulate --dependencies", "check --fix --dry-run", "check --format sarif"]),
    ("why", &["why 0100"]),
    ("inputs", &["inputs 0100"]),
    ("runs", &["runs"]),
    ("runs list", &["runs list"]),
    ("runs show", &["runs show last"]),
    ("cache", &["cache"]),
    ("cache status", &["cache status"]),
    ("cache list", &["cache list"]),
    ("cache show", &["cache show ab"]),
    ("cache key", &["cache key 0100"]),
    ("cache du", &["cache du"]),
    ("cache gc", &["cache gc"]),
    ("cache clear", &["cache clear"]),
    ("cache export", &["cache export exported"]),
    ("trust", &["trust --show", "trust", "trust --list", "trust --revoke"]),
    ("doctor", &["doctor"]),
    ("schema", &["schema"]),
    ("help", &["help", "--help", "--version", "no-such-verb"]),
    ("fsck", &["fsck", "fsck --repair"]),
    ("selftest", &[]),
];

/// Returns every line that is driven; a verb that is not spoken for is a fault.
fn lines() -> Vec<&'static str> {
    let reading: BTreeMap<&str, &[&str]> = READING.into_iter().collect();
    let executing: BTreeMap<&str, &str> = EXECUTING.into_iter().collect();
    let mut lines = vec![""];
    for verb in az::cli::verbs() {
        match (reading.get(&*verb), executing.get(&*verb)) {
            (Some(read), None) => lines.extend_from_slice(read),
            (None, Some(line)) => lines.extend(Some(*line).filter(|line| !line.is_empty())),
            _ => panic!("a new verb `{verb}`: say here how it is driven, or that it executes"),
        }
    }
    lines
}

/// What a driven command did.
struct Seen {
    executed: Vec<String>,
    output: Vec<u8>,
}

fn wait(child: &mut Child) -> bool {
    let started = Instant::now();
    while started.elapsed() < LIMIT {
        if child.try_wait().unwrap().is_some() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    false
}

/// Runs az in a hostile repository; `None` if it did not end.
fn drive(hostile: &Hostile, line: &str, form: &str) -> Option<Seen> {
    let (trace, out, err) = (hostile.aside("trace"), hostile.aside("out"), hostile.aside("err"));
    let words = line.split_whitespace().chain(form.split_whitespace());
    // What is first on the path of the repository is not what is meant here.
    let mut command = Command::new(STRACE);
    command.args(["-f", "--seccomp-bpf", "-qq", "-e", "trace=execve,execveat", "-e", "signal=none", "-o"]);
    command.arg(&trace).arg("--").arg(env!("CARGO_BIN_EXE_az")).args(words);
    command.current_dir(hostile.root()).env_clear().envs(hostile.environment()).stdin(Stdio::null());
    command.stdout(fs::File::create(&out).unwrap()).stderr(fs::File::create(&err).unwrap());
    if !wait(&mut command.spawn().unwrap()) {
        return None;
    }
    let own = [env!("CARGO_BIN_EXE_az"), "/proc/self/exe"];
    let is_own = |call: &str| {
        // To try whether a call is seen, az makes one of a name that nothing has.
        let is_probe = call.contains("execve(\"/.az-canary-") && call.contains("= -1 ENOENT");
        is_probe || own.iter().any(|own| call.contains(&format!("execve(\"{own}\"")))
    };
    let Ok(calls) = fs::read(&trace) else {
        panic!(
            "{}: az {line} {form}: strace wrote nothing: {}",
            hostile.name,
            fs::read_to_string(&err).unwrap_or_default()
        );
    };
    let calls = String::from_utf8_lossy(&calls).into_owned();
    let executed =
        calls.lines().filter(|call| call.contains("execve") && !is_own(call) && !call.contains("resumed"));
    let output = [fs::read(out).unwrap(), fs::read(err).unwrap()].concat();
    Some(Seen { executed: executed.map(str::to_owned).collect(), output })
}

/// Returns what a terminal would obey of an output, beside colours.
fn harmful(output: &[u8]) -> Option<String> {
    let Ok(text) = std::str::from_utf8(output) else { return Some("no UTF-8".to_owned()) };
    let mut rest = text;
    while let Some(at) = rest.find(|c| az::base::is_harmful(c) && !matches!(c, '\n' | '\t')) {
        let found = &rest[at..];
        let inner = found
            .strip_prefix("\u{1b}[")
            .map(|color| color.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';'));
        match inner.and_then(|inner| inner.strip_prefix('m')).or_else(|| found.strip_prefix("\r\n")) {
            Some(behind) => rest = behind,
            None => return Some(found.chars().take(60).collect()),
        }
    }
    None
}

/// Drives all lines through some repositories; returns what is wrong.
fn drive_all(part: usize) {
    if Command::new(STRACE).arg("--version").stdout(Stdio::null()).status().is_err() {
        eprintln!("skipped: there is no {STRACE}");
        return;
    }
    let faults = Mutex::new(Vec::new());
    let repositories: Vec<Hostile> = hostile::all()
        .into_iter()
        .enumerate()
        .filter(|(index, _)| index % PARTS == part)
        .map(|(_, it)| it)
        .collect();
    let (next, lines) = (AtomicUsize::new(0), lines());
    let work = || {
        while let Some(hostile) = repositories.get(next.fetch_add(1, Ordering::Relaxed)) {
            for (index, line) in lines.iter().enumerate() {
                let forms = ["--color always", "--json"];
                // Whoever has names that a terminal obeys is looked at in each form.
                let forms = if hostile.is_loud { &forms[..] } else { &forms[index % 2..=index % 2] };
                for form in forms {
                    let fault = match drive(hostile, line, form) {
                        None => Some("does not end".to_owned()),
                        Some(Seen { executed, .. }) if !executed.is_empty() => {
                            Some(format!("executes {executed:?}"))
                        }
                        Some(Seen { output, .. }) => {
                            harmful(&output).map(|found| format!("writes {found:?}"))
                        }
                    };
                    let fault = fault.or_else(|| hostile.canary().then(|| "let the canary out".to_owned()));
                    faults
                        .lock()
                        .unwrap()
                        .extend(fault.map(|fault| format!("{}: az {line} {form}: {fault}", hostile.name)));
                }
            }
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(work);
        scope.spawn(work);
    });
    let faults = faults.into_inner().unwrap();
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// The corpus is driven in parts, so that tests run beside each other.
const PARTS: usize = 3;

#[test]
fn reading_a_hostile_repository_executes_nothing() {
    drive_all(0);
}

#[test]
fn reading_another_hostile_repository_executes_nothing() {
    drive_all(1);
}

#[test]
fn reading_one_more_hostile_repository_executes_nothing() {
    drive_all(2);
}

#[test]
fn there_are_thirty_hostile_repositories_and_the_canary_works() {
    let all = hostile::all();
    assert!(all.len() >= 30, "{}", all.len());
    let names: std::collections::BTreeSet<_> = all.iter().map(|hostile| hostile.name).collect();
    assert_eq!(names.len(), all.len());
    // What is planted would be noticed if it were run.
    let planted = &all[0];
    let ran = Command::new("/bin/sh").args(["-c", &planted.bait()]).status().unwrap();
    assert!(ran.success() && planted.canary());
    assert_eq!(harmful("\u{1b}[1;31mred\u{1b}[0m\r\n".as_bytes()), None);
    assert!(
        ["\u{1b}]0;x\u{7}", "\u{1b}[2J", "\u{9b}1m", "\u{202e}", "a\rb"]
            .iter()
            .all(|text| harmful(text.as_bytes()).is_some())
    );
}
