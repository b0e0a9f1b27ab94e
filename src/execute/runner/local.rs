//! Runs commands on this machine, through the guard.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::PathBuf,
    sync::{Arc, OnceLock},
    thread,
};

use rustix::{
    io::Errno,
    pipe::{PipeFlags, pipe_with},
};

use super::{
    Command, Control, Ended, Live, Runner, StartError, Stdio, Wish,
    live::{self, Copied},
    log::{Keeper, LOG_LIMIT, Log},
    search::{Found, found},
};
use crate::{
    execute::guard::{Guard, Report, Start, Step, UNCONFINED, can_bound_writes},
    secret::Screen,
    trace::{Offer, Trace, UNTRACED, Witness},
};

/// Runs commands as children of the guard.
#[derive(Debug, Clone)]
pub struct Local {
    guard: Arc<Guard>,
    keeper: Arc<Keeper>,
    log_limit: u64,
    /// Whether logs can have holes; as one can, all can.
    has_holes: Arc<OnceLock<bool>>,
}

impl Local {
    /// Makes a runner that asks this guard.
    pub fn new(guard: Arc<Guard>) -> Self {
        Self { guard, keeper: Arc::default(), log_limit: LOG_LIMIT, has_holes: Arc::default() }
    }

    /// Keeps so many bytes of a log at most, half of them from its beginning.
    #[must_use]
    pub fn with_log_limit(self, log_limit: u64) -> Self {
        Self { log_limit, ..self }
    }

    /// Waits for the report of a step, after `meanwhile`, letting `control` stop it all the time.
    fn wait<T>(&self, step: &Step, control: &Control, meanwhile: impl FnOnce() -> T) -> (Option<Report>, T) {
        let (guard, id) = (Arc::clone(&self.guard), step.id);
        let _listening = control.listen(move |wish| match wish {
            Wish::Stop(how) => guard.stop(id, how),
            Wish::Freeze => guard.freeze(id),
            Wish::Thaw => guard.thaw(id),
        });
        let done = meanwhile();
        (step.report.recv().ok(), done)
    }

    fn run_logged(
        &self,
        command: &Command,
        log: &Arc<Log>,
        watch: Watch<'_>,
        control: &Control,
    ) -> io::Result<Outcome> {
        let mut descriptors = vec![log.as_fd(), log.as_fd()];
        descriptors.extend(watch.entry());
        let found = found(command);
        let _kept = self.keeper.keep(log)?;
        let step = self.guard.spawn(start_of(command, found.as_ref(), None, &watch), &descriptors)?;
        let (report, mut trace) = self.wait(&step, control, || watch.serve(step.done.as_fd()));
        if let (Some(trace), Some(found)) = (&mut trace, found) {
            trace.add_absent(found.absent);
        }
        Ok(Outcome { report, trace, lost: None })
    }

    /// Runs a command whose output must not be written down as it is, or not by itself.
    fn run_masked(
        &self,
        command: &Command,
        (log, screen): (&Log, Option<&Arc<Screen>>),
        watch: Watch<'_>,
        control: &Control,
    ) -> io::Result<Outcome> {
        let (out, out_of_step) = pipe_with(PipeFlags::CLOEXEC)?;
        // One pipe for both, so that their order is kept.
        let mut streams = [live::Stream::new(out, None, screen.map(Screen::masker))?];
        let mut descriptors = vec![out_of_step.as_fd(), out_of_step.as_fd()];
        descriptors.extend(watch.entry());
        let found = found(command);
        let step = self.guard.spawn(start_of(command, found.as_ref(), None, &watch), &descriptors)?;
        drop(out_of_step);
        let (report, (mut trace, copied)) =
            self.wait(&step, control, || serve(watch, &mut streams, log, &step.done));
        if let (Some(trace), Some(found)) = (&mut trace, found) {
            trace.add_absent(found.absent);
        }
        if let Some(screen) = screen.filter(|_| copied.is_unlogged) {
            screen.cut();
        }
        Ok(Outcome { report, trace, lost: None })
    }

    fn run_live(
        &self,
        command: &Command,
        (log, to): (&Log, Live),
        watch: Watch<'_>,
        control: &Control,
    ) -> io::Result<Outcome> {
        let (out, out_of_step) = pipe_with(PipeFlags::CLOEXEC)?;
        let (err, err_of_step) = pipe_with(PipeFlags::CLOEXEC)?;
        let (stdin, stdout, stderr) = (io::stdin(), io::stdout(), io::stderr());
        let data = if to == Live::Apart { stdout.as_fd() } else { stderr.as_fd() };
        let masker = || command.screen.as_ref().map(Screen::masker);
        let mut streams = [
            live::Stream::new(out, Some(data), masker())?,
            live::Stream::new(err, Some(stderr.as_fd()), masker())?,
        ];
        // Only az's own process group may read the terminal.
        let group = rustix::process::getpgrp().as_raw_nonzero().get();
        let mut descriptors = vec![out_of_step.as_fd(), err_of_step.as_fd(), stdin.as_fd()];
        descriptors.extend(watch.entry());
        let step = self.guard.spawn(start_of(command, None, Some(group), &watch), &descriptors)?;
        drop((out_of_step, err_of_step));
        let (report, (trace, copied)) =
            self.wait(&step, control, || serve(watch, &mut streams, log, &step.done));
        Ok(Outcome { report, trace, lost: copied.lost })
    }
}

/// Watches a step and copies what it prints, until it and all it started have ended.
fn serve(
    watch: Watch<'_>,
    streams: &mut [live::Stream<'_>],
    log: &Log,
    done: &OwnedFd,
) -> (Option<Trace>, Copied) {
    thread::scope(|scope| {
        let serving = scope.spawn(|| watch.serve(done.as_fd()));
        let copied = live::copy(streams, log, done);
        (serving.join().unwrap_or(None), copied)
    })
}

/// What became of a command.
struct Outcome {
    report: Option<Report>,
    trace: Option<Trace>,
    /// The error of az's own outputs.
    lost: Option<Errno>,
}

/// The trace of a command, if it is watched.
struct Watch<'a>(Option<(Offer, OwnedFd, &'a mut dyn Witness)>);

impl<'a> Watch<'a> {
    fn new(witness: Option<&'a mut dyn Witness>) -> Self {
        // Where no offer can be made, nothing is seen, and that is what its absence says.
        Self(witness.and_then(|witness| Offer::new(None).ok().map(|(offer, entry)| (offer, entry, witness))))
    }

    fn entry(&self) -> Option<BorrowedFd<'_>> {
        self.0.as_ref().map(|(_, entry, _)| entry.as_fd())
    }

    /// Watches until the command and all it started have ended.
    fn serve(self, done: BorrowedFd<'_>) -> Option<Trace> {
        let (offer, entry, witness) = self.0?;
        drop(entry);
        Some(offer.serve(done, witness))
    }
}

impl Runner for Local {
    fn run(
        &self,
        command: &Command,
        watch: Option<&mut dyn Witness>,
        control: &Control,
    ) -> Result<Ended, StartError> {
        let (Stdio::Log(path) | Stdio::Live { log: path, .. }) = &command.stdio;
        let unusable = |source| StartError::Log { path: path.clone(), source };
        let log = Arc::new(Log::open(path, self.log_limit).map_err(unusable)?);
        if command.bounds.as_ref().is_some_and(|bounds| bounds.writable.is_some()) && !can_bound_writes() {
            return Err(StartError::NoLandlock);
        }
        let watch = Watch::new(watch);
        if watch.0.is_none() && command.bounds.as_ref().is_some_and(|bounds| bounds.is_trace_needed) {
            return Err(StartError::Untraced);
        }
        let outcome = match (&command.stdio, &command.screen) {
            (Stdio::Log(_), None) if *self.has_holes.get_or_init(|| log.can_have_holes()) => {
                self.run_logged(command, &log, watch, control)
            }
            (Stdio::Log(_), screen) => self.run_masked(command, (&log, screen.as_ref()), watch, control),
            (Stdio::Live { to, .. }, _) => self.run_live(command, (&log, *to), watch, control),
        };
        match outcome {
            Ok(Outcome {
                report: Some(Report::Ended { exit, cpu, has_leftovers, is_stopped }),
                trace,
                lost,
            }) => {
                let stopped = if is_stopped { control.stop_cause() } else { None };
                let lost = lost.map(Errno::raw_os_error);
                let left_out = log.finish().map_err(unusable)?;
                Ok(Ended { exit, cpu, has_leftovers, stopped, lost, left_out, trace })
            }
            Ok(Outcome { report: Some(Report::Failed(errno)), .. }) => {
                Err(refusal(command, io::Error::from_raw_os_error(errno)))
            }
            Ok(Outcome { report: None, .. }) => Err(StartError::GuardLost),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(StartError::GuardLost),
            Err(error) => Err(refusal(command, error)),
        }
    }
}

fn start_of(command: &Command, found: Option<&Found>, group: Option<i32>, watch: &Watch<'_>) -> Start {
    Start {
        argv: command.argv.clone(),
        program: found.map(|found| found.program.clone()),
        env: command.env.clone(),
        cwd: command.cwd.clone(),
        mark: command.mark.clone(),
        group,
        bounds: command.bounds.clone(),
        leftovers: command.leftovers,
        is_traced: watch.0.is_some(),
    }
}

/// Finds out what the system's refusal is about: the same error stands for directory, program and interpreter.
fn refusal(command: &Command, source: io::Error) -> StartError {
    match source.raw_os_error() {
        Some(UNCONFINED) => return StartError::Unconfined,
        Some(UNTRACED) => return StartError::Untraced,
        _ => {}
    }
    if !command.cwd.is_dir() {
        return StartError::Directory { path: command.cwd.clone(), source };
    }
    let program = PathBuf::from(command.argv.first().cloned().unwrap_or_default());
    if source.kind() == io::ErrorKind::NotFound && command.cwd.join(&program).is_file() {
        return StartError::Interpreter { program };
    }
    StartError::Program { program, source }
}
