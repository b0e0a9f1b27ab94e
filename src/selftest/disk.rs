//! A workspace on disk, whose scripts are run by a shell, under an az of its own that can be killed.

use std::{
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::{
    fs::{AtFlags, CWD, Timespec, Timestamps, utimensat},
    process::Signal,
};
use serde_json::Value;

use super::{
    change::{Change, content},
    place::{Built, End, How, Outcome, Place, ROW, ROWS, Request, without_job},
    random::Random,
    script::{PROGRAM, STEPS, VARIABLE},
};
use crate::{
    cache::Layout,
    event::{Envelope, Event},
    execute::itself::{Itself, processes_in},
    sys::{Os, System, remove_tree},
};

/// What a build takes that is killed.
const MOST_KILLED_AFTER: Duration = Duration::from_millis(120);
/// A build that takes longer hangs.
const LONGEST_BUILD: Duration = Duration::from_mins(1);
/// How long processes are waited for after az was killed, and how often it is looked.
const LONGEST_SURVIVAL: Duration = Duration::from_secs(5);
const LOOKS_EACH: Duration = Duration::from_millis(1);

/// A workspace on disk; it goes when this is dropped.
pub(super) struct OnDisk {
    /// What goes: the workspace, and a home beside it.
    top: PathBuf,
    root: PathBuf,
    variable: Option<String>,
}

impl OnDisk {
    pub(super) fn new() -> io::Result<Self> {
        let random = u64::from_le_bytes(Os.random()[..8].try_into().expect("eight of sixteen bytes"));
        let folder = Os.env().get(&OsString::from("TMPDIR")).map_or_else(|| "/tmp".into(), PathBuf::from);
        let top = Os.canonicalize(&folder)?.join(format!("az-selftest-{random:016x}"));
        let root = top.join("w");
        for step in 0..STEPS {
            Os.create_dir_all(&root.join(format!("out{step}")))?;
        }
        for path in ["in/deep", "scripts", "tools", "../home"] {
            Os.create_dir_all(&root.join(path))?;
        }
        Os.write(&root.join("az.toml"), b"", 0o644)?;
        Os.write(&root.join(PROGRAM), &content(PROGRAM, 0), 0o755)?;
        Ok(Self { top, root, variable: None })
    }

    fn start(&self, how: How, output: &Path) -> io::Result<Itself> {
        let jobs = how.jobs.to_string();
        let (request, matrix) = (how.request.words(), format!("{ROW}={}", ROWS.join(",")));
        let mut words = vec!["build", &request, "--allow-empty", "--format", "json", "--jobs", &jobs];
        if matches!(how.request, Request::Rows(_)) {
            words.extend(["--matrix", &matrix]);
        }
        if how.force {
            words.push("--force");
        }
        let path = Os.env().remove(&OsString::from("PATH")).unwrap_or_else(|| "/usr/bin:/bin".into());
        let mut env = vec![("PATH".into(), path), ("HOME".into(), self.top.join("home").into_os_string())];
        env.extend(self.variable.iter().map(|value| (VARIABLE.into(), value.into())));
        Itself::start(&self.root, &words, &env, output)
    }

    fn output(&self, of: usize) -> PathBuf {
        self.top.join(format!("output{of}"))
    }

    fn build_and_kill(&self, how: How, at: u64) -> io::Result<Outcome> {
        let most = u64::try_from(MOST_KILLED_AFTER.as_micros()).unwrap_or(u64::MAX);
        let before = self.last_run();
        let mut az = self.start(how, &self.output(0))?;
        az.wait_for(Duration::from_micros(at % most))?;
        az.signal(Signal::KILL);
        az.wait()?;
        let killed_at = Os.monotonic();
        let mut survived = Duration::ZERO;
        while survived < LONGEST_SURVIVAL && !processes_in(&self.root).is_empty() {
            survived = Os.monotonic().saturating_sub(killed_at);
            pause(LOOKS_EACH);
        }
        let mut outcome = Outcome { survived, ..Outcome::default() };
        if let Some(run) = self.last_run().filter(|run| Some(run) != before.as_ref()) {
            let events = Os.read(&run.join("events.jsonl")).unwrap_or_default();
            for line in events.split_inclusive(|byte| *byte == b'\n') {
                let event = serde_json::from_slice::<Envelope>(line).map(|envelope| envelope.event);
                if let Ok(Event::ScriptCompleted { node, .. }) = event {
                    outcome.done.push(without_job(&node));
                }
            }
        }
        Ok(outcome)
    }

    /// Returns the folder of the last run.
    fn last_run(&self) -> Option<PathBuf> {
        let runs = Layout::new(&self.root).runs();
        let last = Os.list(&runs).ok()?.pop()?;
        Some(runs.join(last.name))
    }
}

/// Waits for an az to end, and reads what it told.
fn end_of(mut az: Itself, output: &Path) -> io::Result<Outcome> {
    if !az.wait_for(LONGEST_BUILD)? {
        return Ok(Outcome { end: End::Refused("it hangs".to_owned()), ..Outcome::default() });
    }
    let code = az.wait()?.and_then(|code| u8::try_from(code).ok());
    let output = String::from_utf8_lossy(&Os.read(output)?).into_owned();
    let mut outcome = Outcome { told: vec![output.clone()], ..Outcome::default() };
    let result = output.find("\n{").map_or(&*output, |at| &output[at..]);
    let result: Value = match serde_json::from_str(result.trim()) {
        Ok(result) => result,
        Err(error) => {
            outcome.end = End::Refused(format!("code {code:?}, and its output is no JSON: {error}"));
            return Ok(outcome);
        }
    };
    outcome.end = code.map_or(End::Killed, End::Code);
    for node in result["nodes"].as_array().into_iter().flatten() {
        if matches!(node["outcome"].as_str(), Some("ran" | "failed")) {
            outcome.ran.push(without_job(node["id"].as_str().unwrap_or_default()));
        }
    }
    Ok(outcome)
}

/// Returns an outcome also where az could not even be asked.
fn refused(built: io::Result<Outcome>) -> Outcome {
    built.unwrap_or_else(|error| Outcome { end: End::Refused(error.to_string()), ..Outcome::default() })
}

/// Does nothing for some time.
fn pause(time: Duration) {
    _ = rustix::event::poll(&mut [], rustix::event::Timespec::try_from(time).ok().as_ref());
}

impl Drop for OnDisk {
    fn drop(&mut self) {
        _ = remove_tree(&Os, &self.top);
    }
}

impl Place for OnDisk {
    fn root(&self) -> &Path {
        &self.root
    }

    fn system(&self) -> &dyn System {
        &Os
    }

    fn date(&self, path: &Path, mtime_ns: i64) -> io::Result<()> {
        let second = 1_000_000_000;
        let time = Timespec { tv_sec: mtime_ns.div_euclid(second), tv_nsec: mtime_ns.rem_euclid(second) };
        let times = Timestamps { last_access: time, last_modification: time };
        Ok(utimensat(CWD, path, &times, AtFlags::empty())?)
    }

    fn move_to(&mut self, name: &str) -> io::Result<()> {
        let root = self.root.with_file_name(name);
        Os.rename(&self.root, &root)?;
        self.root = root;
        Ok(())
    }

    fn set_shell(&self, _: u8) {}

    fn set_variable(&mut self, value: Option<String>) {
        self.variable = value;
    }

    fn wait(&self, _: Duration) {}

    fn tick(&self, _: Duration) {}

    fn cut_power(&self, _: &mut Random) {}

    fn set_back(&self, _: Duration) {}
}

impl Built for OnDisk {
    /// An az that is killed has had so many microseconds.
    fn build(&mut self, how: How) -> Outcome {
        refused(match how.killed_at {
            None => {
                let output = self.output(0);
                self.start(how, &output).and_then(|az| end_of(az, &output))
            }
            Some(at) => self.build_and_kill(how, at),
        })
    }

    fn another(&self) -> Box<dyn Built> {
        Box::new(Self::new().expect("a folder beside this one can be made"))
    }

    fn has_faults(&self) -> bool {
        false
    }

    /// The moment is a number of microseconds.
    fn build_during(&mut self, how: How, at: u64, change: &Change) -> Outcome {
        let most = u64::try_from(MOST_KILLED_AFTER.as_micros()).unwrap_or(u64::MAX);
        let output = self.output(0);
        let started = self.start(how, &output).and_then(|az| {
            az.wait_for(Duration::from_micros(at % most))?;
            Ok(az)
        });
        change.apply(self);
        refused(started.and_then(|az| end_of(az, &output)))
    }

    fn build_twice(&mut self, hows: [How; 2]) -> [Outcome; 2] {
        let outputs = [self.output(0), self.output(1)];
        let started = [0, 1].map(|number| self.start(hows[number], &outputs[number]));
        let mut number = 0;
        started.map(|az| {
            number += 1;
            refused(az.and_then(|az| end_of(az, &outputs[number - 1])))
        })
    }
}
