//! Runs commands on this machine, through the guard.

use std::{
    fs::{File, OpenOptions},
    io,
    os::fd::AsFd,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustix::{
    io::Errno,
    pipe::{PipeFlags, pipe_with},
};

use super::{Command, Control, Ended, Runner, StartError, Stdio, live};
use crate::execute::guard::{Guard, Report, Start, Step};

/// Runs commands as children of the guard.
#[derive(Debug, Clone)]
pub struct Local {
    guard: Arc<Guard>,
}

impl Local {
    /// Makes a runner that asks this guard.
    pub fn new(guard: Arc<Guard>) -> Self {
        Self { guard }
    }

    /// Waits for the report of a step, after `meanwhile`, letting `control` stop it all the time.
    fn wait<T>(&self, step: &Step, control: &Control, meanwhile: impl FnOnce() -> T) -> (Option<Report>, T) {
        let (guard, id) = (Arc::clone(&self.guard), step.id);
        let _listening = control.listen(move |how| guard.stop(id, how));
        let done = meanwhile();
        (step.report.recv().ok(), done)
    }

    fn run_logged(
        &self,
        command: &Command,
        log: &File,
        control: &Control,
    ) -> io::Result<(Option<Report>, Option<Errno>)> {
        let step = self.guard.spawn(start_of(command, None), &[log.as_fd(), log.as_fd()])?;
        Ok(self.wait(&step, control, || None))
    }

    fn run_live(
        &self,
        command: &Command,
        log: &File,
        control: &Control,
    ) -> io::Result<(Option<Report>, Option<Errno>)> {
        let (out, out_of_step) = pipe_with(PipeFlags::CLOEXEC)?;
        let (err, err_of_step) = pipe_with(PipeFlags::CLOEXEC)?;
        let (stdin, stdout, stderr) = (io::stdin(), io::stdout(), io::stderr());
        let streams = [live::Stream::new(out, stdout.as_fd())?, live::Stream::new(err, stderr.as_fd())?];
        // Only az's own process group may read the terminal.
        let group = rustix::process::getpgrp().as_raw_nonzero().get();
        let descriptors = [out_of_step.as_fd(), err_of_step.as_fd(), stdin.as_fd()];
        let step = self.guard.spawn(start_of(command, Some(group)), &descriptors)?;
        drop((out_of_step, err_of_step));
        Ok(self.wait(&step, control, || live::copy(streams, log.as_fd(), &step.done)))
    }
}

impl Runner for Local {
    fn run(&self, command: &Command, control: &Control) -> Result<Ended, StartError> {
        let (Stdio::Log(path) | Stdio::Live { log: path }) = &command.stdio;
        let log = open_log(path).map_err(|source| StartError::Log { path: path.clone(), source })?;
        let report = match &command.stdio {
            Stdio::Log(_) => self.run_logged(command, &log, control),
            Stdio::Live { .. } => self.run_live(command, &log, control),
        };
        match report {
            Ok((Some(Report::Ended { exit, cpu, has_leftovers, is_stopped }), lost)) => {
                let stopped = if is_stopped { control.stop_cause() } else { None };
                Ok(Ended { exit, cpu, has_leftovers, stopped, lost: lost.map(Errno::raw_os_error) })
            }
            Ok((Some(Report::Failed(errno)), _)) => {
                Err(refusal(command, io::Error::from_raw_os_error(errno)))
            }
            Ok((None, _)) => Err(StartError::GuardLost),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(StartError::GuardLost),
            Err(error) => Err(refusal(command, error)),
        }
    }
}

fn start_of(command: &Command, group: Option<i32>) -> Start {
    Start {
        argv: command.argv.clone(),
        env: command.env.clone(),
        cwd: command.cwd.clone(),
        mark: command.mark.clone(),
        group,
    }
}

#[expect(clippy::disallowed_methods, reason = "the step writes its log itself, so a descriptor is needed")]
fn open_log(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).open(path)
}

/// Finds out what the system's refusal is about: the same error stands for directory, program and interpreter.
fn refusal(command: &Command, source: io::Error) -> StartError {
    if !command.cwd.is_dir() {
        return StartError::Directory { path: command.cwd.clone(), source };
    }
    let program = PathBuf::from(command.argv.first().cloned().unwrap_or_default());
    if source.kind() == io::ErrorKind::NotFound && command.cwd.join(&program).is_file() {
        return StartError::Interpreter { program };
    }
    StartError::Program { program, source }
}
