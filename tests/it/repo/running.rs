//! A command that was started and not yet waited for.
//!
//! Knows its process and where its streams go. Does not know what it does.

use std::{
    fs::{self, File},
    process::{Child, Command, Stdio},
    time::Instant,
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::{LIMIT, Output, Repo};

/// A command at work; it is killed if the test forgets it.
#[must_use = "wait for it"]
pub(crate) struct Running {
    repo: Repo,
    shown: String,
    child: Child,
    streams: TempDir,
}

impl Running {
    pub(super) fn start(repo: Repo, shown: String, mut command: Command) -> Self {
        let streams = tempfile::tempdir().unwrap();
        let stream = |name: &str| File::create(streams.path().join(name)).unwrap();
        let child = command.stdin(Stdio::null()).stdout(stream("stdout")).stderr(stream("stderr")).spawn();
        Self { repo, shown, child: child.unwrap(), streams }
    }

    /// Sends a signal to the command alone, as `kill` does.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Returns its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Tells whether it has not ended yet.
    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Sends a signal unless it has ended, which it may do at any moment.
    pub(crate) fn signal_if_running(&mut self, signal: Signal) {
        if self.is_running() {
            // The process is not waited for before this returns, so its id is still its own.
            self.signal(signal);
        }
    }

    /// Returns what it has written to standard error up to this moment.
    pub(crate) fn stderr(&self) -> String {
        self.text_of("stderr")
    }

    /// Returns what it has written to standard output up to this moment.
    pub(crate) fn stdout(&self) -> String {
        self.text_of("stdout")
    }

    /// Returns how much memory it and its guard have now, in bytes.
    pub(crate) fn memory_of_all(&self) -> u64 {
        let own = self.child.id();
        let children = fs::read_to_string(format!("/proc/{own}/task/{own}/children")).unwrap_or_default();
        let guard = children.split_whitespace().find(|pid| {
            let line = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            line.contains("guard")
        });
        let of = |pid: &str| {
            let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
            let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
            let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
            kilobytes.unwrap_or(0) << 10
        };
        of(&own.to_string()) + guard.map_or(0, of)
    }

    /// Waits for its end.
    pub(crate) fn wait(mut self) -> Output {
        let started = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(started.elapsed() < LIMIT, "`{}` still runs\n{}", self.shown, self.text_of("stderr"));
            std::thread::sleep(std::time::Duration::from_millis(2));
        };
        let (stdout, stderr) = (self.text_of("stdout"), self.text_of("stderr"));
        Output::new(self.repo.clone(), self.shown.clone(), status, stdout, stderr)
    }

    fn text_of(&self, name: &str) -> String {
        String::from_utf8_lossy(&fs::read(self.streams.path().join(name)).unwrap()).into_owned()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // After a wait there is nothing left to kill.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
