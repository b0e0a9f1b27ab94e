//! Starts az itself, for those who prove on real processes what it promises.
//!
//! Knows how it is started, waited for and killed. Does not know what it is asked, nor what it says.

#![expect(clippy::disallowed_methods, reason = "processes are started here")]

use std::{
    ffi::OsString,
    fs::File,
    io,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open},
};

/// An az that was started; dropping it kills it.
#[derive(Debug)]
pub struct Itself(Child);

impl Itself {
    /// Starts the program that this is with other words, in a folder, with nothing in its environment but what is given;
    /// what it prints goes to a file.
    ///
    /// # Errors
    /// If it cannot be started, or the file not be made.
    pub fn start(
        folder: &Path,
        words: &[&str],
        env: &[(OsString, OsString)],
        output: &Path,
    ) -> io::Result<Self> {
        let output = File::create(output)?;
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args(words)
            .current_dir(folder)
            .env_clear()
            .envs(env.iter().map(|(name, value)| (name, value)));
        let child = command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output).spawn()?;
        Ok(Self(child))
    }

    /// Waits no longer than so long, and tells whether it has ended.
    ///
    /// # Errors
    /// As `pidfd_open` and `poll`.
    pub fn wait_for(&self, time: Duration) -> io::Result<bool> {
        let Some(pid) = self.pid() else { return Ok(true) };
        let process = pidfd_open(pid, PidfdFlags::empty())?;
        let limit = Timespec::try_from(time).ok();
        Ok(poll(&mut [PollFd::new(&process, PollFlags::IN)], limit.as_ref())? > 0)
    }

    /// Sends a signal; who has ended gets none.
    pub fn signal(&self, signal: Signal) {
        _ = self.pid().map(|pid| kill_process(pid, signal));
    }

    /// Waits for its end; returns its exit code, or nothing if a signal ended it.
    ///
    /// # Errors
    /// As `waitpid`.
    pub fn wait(&mut self) -> io::Result<Option<i32>> {
        self.0.wait().map(|status| status.code())
    }

    fn pid(&self) -> Option<Pid> {
        Pid::from_raw(self.0.id().cast_signed())
    }
}

impl Drop for Itself {
    fn drop(&mut self) {
        // Who was waited for is gone, and the standard library knows it.
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

/// Returns the processes that work in a folder or below it.
pub fn processes_in(folder: &Path) -> Vec<PathBuf> {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let works_there =
        |process: &PathBuf| std::fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd.starts_with(folder));
    processes.map(|entry| entry.path()).filter(works_there).collect()
}
