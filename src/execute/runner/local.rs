//! Runs commands on this machine, through the guard.

use std::{
    fs::{File, OpenOptions},
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    panic::resume_unwind,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};

use rustix::pipe::{PipeFlags, pipe_with};

use super::{Command, Control, Ended, Runner, StartError, Stdio, live};
use crate::{
    execute::guard::{Guard, Report, Start, Step},
    trace::{Offer, Trace, Witness},
};

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
    fn wait(&self, step: &Step, control: &Control, meanwhile: impl FnOnce()) -> Option<Report> {
        let (guard, id) = (Arc::clone(&self.guard), step.id);
        let _listening = control.listen(move |how| guard.stop(id, how));
        meanwhile();
        step.report.recv().ok()
    }

    fn run_logged(&self, command: &Command, log: &File, control: &Control, watch: Watch<'_>) -> Told {
        let (tracing, socket) = watch.offer();
        let start = start_of(command, None, socket.is_some());
        let descriptors = [log.as_fd(), log.as_fd()];
        let descriptors: Vec<_> = descriptors.into_iter().chain(socket.as_ref().map(AsFd::as_fd)).collect();
        let step = self.guard.spawn(start, &descriptors)?;
        drop(socket);
        let mut trace = Trace::off();
        let report = self.wait(&step, control, || trace = tracing.serve(step.done.as_fd()));
        Ok((report, trace))
    }

    fn run_live(&self, command: &Command, log: &File, control: &Control, watch: Watch<'_>) -> Told {
        let (out, out_of_step) = pipe_with(PipeFlags::CLOEXEC)?;
        let (err, err_of_step) = pipe_with(PipeFlags::CLOEXEC)?;
        let (stdin, stdout, stderr) = (io::stdin(), io::stdout(), io::stderr());
        let streams = [live::Stream::new(out, stdout.as_fd())?, live::Stream::new(err, stderr.as_fd())?];
        let (tracing, socket) = watch.offer();
        // Only az's own process group may read the terminal.
        let group = rustix::process::getpgrp().as_raw_nonzero().get();
        let start = start_of(command, Some(group), socket.is_some());
        let descriptors = [out_of_step.as_fd(), err_of_step.as_fd(), stdin.as_fd()];
        let descriptors: Vec<_> = descriptors.into_iter().chain(socket.as_ref().map(AsFd::as_fd)).collect();
        let step = self.guard.spawn(start, &descriptors)?;
        drop((out_of_step, err_of_step, socket));
        let mut trace = Trace::off();
        let report = self.wait(&step, control, || {
            thread::scope(|scope| {
                let done = step.done.as_fd();
                let served = scope.spawn(move || tracing.serve(done));
                live::copy(streams, log.as_fd(), &step.done);
                trace = served.join().unwrap_or_else(|panic| resume_unwind(panic));
            });
        });
        Ok((report, trace))
    }

    fn run_watched(
        &self,
        command: &Command,
        control: &Control,
        watch: Watch<'_>,
    ) -> Result<(Ended, Trace), StartError> {
        let (Stdio::Log(path) | Stdio::Live { log: path }) = &command.stdio;
        let log = open_log(path).map_err(|source| StartError::Log { path: path.clone(), source })?;
        let report = match &command.stdio {
            Stdio::Log(_) => self.run_logged(command, &log, control, watch),
            Stdio::Live { .. } => self.run_live(command, &log, control, watch),
        };
        match report {
            Ok((Some(Report::Ended { exit, cpu, has_leftovers, is_stopped }), trace)) => {
                let stopped = if is_stopped { control.stop_cause() } else { None };
                Ok((Ended { exit, cpu, has_leftovers, stopped }, trace))
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

impl Runner for Local {
    fn run(&self, command: &Command, control: &Control) -> Result<Ended, StartError> {
        self.run_watched(command, control, Watch(None)).map(|(ended, _)| ended)
    }

    fn run_traced(
        &self,
        command: &Command,
        control: &Control,
        witness: &mut dyn Witness,
    ) -> Result<(Ended, Trace), StartError> {
        self.run_watched(command, control, Watch(Some(witness)))
    }
}

/// What is known of a step that was asked for: its report and its trace.
type Told = io::Result<(Option<Report>, Trace)>;

/// Who watches a step, if it is traced.
struct Watch<'a>(Option<&'a mut dyn Witness>);

/// The trace of a step, if it is traced.
struct Tracing<'a>(Option<(Offer, &'a mut dyn Witness)>);

impl<'a> Watch<'a> {
    /// Offers a trace; that it cannot be had is no reason not to run.
    fn offer(self) -> (Tracing<'a>, Option<OwnedFd>) {
        match self.0.map(|witness| (Offer::new(None), witness)) {
            Some((Ok((offer, socket)), witness)) => (Tracing(Some((offer, witness))), Some(socket)),
            _ => (Tracing(None), None),
        }
    }
}

impl Tracing<'_> {
    fn serve(self, done: BorrowedFd<'_>) -> Trace {
        let Some((offer, witness)) = self.0 else { return Trace::off() };
        offer.serve(done, witness)
    }
}

fn start_of(command: &Command, group: Option<i32>, is_traced: bool) -> Start {
    Start {
        argv: command.argv.clone(),
        env: command.env.clone(),
        cwd: command.cwd.clone(),
        mark: command.mark.clone(),
        group,
        is_traced,
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
