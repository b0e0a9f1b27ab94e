//! The guard's side: starts steps, waits for their whole trees, ends what is left.
//!
//! One thread, one poll loop. A step's end is told when its main process has exited and nothing of its tree is left.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Read},
    os::{
        fd::{AsFd, OwnedFd},
        unix::{net::UnixStream, process::ExitStatusExt},
    },
    process::ExitCode,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::Signal,
    time::{ClockId, clock_gettime},
};

use super::{
    STEP_VARIABLE,
    freeze::Frozen,
    spawn, sys,
    tree::{self, OwnChildren, Reach},
    wire::{Exit, Frame, Reply, Request, receive_frame},
};
use crate::{execute::scheduler::StopHow, model::settings::Leftovers};

/// How long what a step leaves behind may take to end by itself.
const LINGER: Duration = Duration::from_millis(250);
/// How long it may take once asked.
const GRACE: Duration = Duration::from_secs(2);
/// How often it is killed before it is given up; only what no longer listens to the kernel survives that.
const KILL_ROUNDS: u32 = 500;
const KILL_PAUSE: Duration = Duration::from_millis(10);

/// Signals that must not end the guard while az is there.
const WAITED_OUT: [i32; 4] = [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGQUIT];
/// All that it has a handler for.
pub(super) const CAUGHT: [i32; 5] = [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGQUIT, libc::SIGCHLD];

/// Is the guard: serves the socket on standard input until az is gone, then ends all that is left.
///
/// To be called before anything else in `main`, while the process has one thread and no descriptors.
pub fn guard_main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(2),
    }
}

fn serve() -> io::Result<()> {
    sys::close_inherited_descriptors();
    rustix::net::sockopt::socket_type(io::stdin())?;
    let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    rustix::stdio::dup2_stdin(rustix::fs::open(
        "/dev/null",
        rustix::fs::OFlags::RDONLY | rustix::fs::OFlags::CLOEXEC,
        rustix::fs::Mode::empty(),
    )?)?;
    sys::default_all_signals();
    // Caught rather than ignored: a step then starts with the default again, since no handler survives `exec`.
    for signal in WAITED_OUT {
        signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false)))?;
    }
    let (wakes, wake) = UnixStream::pair()?;
    wakes.set_nonblocking(true)?;
    signal_hook::low_level::pipe::register(libc::SIGCHLD, wake)?;
    #[cfg(target_os = "linux")]
    rustix::process::set_child_subreaper(rustix::process::Pid::from_raw(1))?;
    let mut server = Server {
        socket,
        wakes,
        children: OwnChildren::new(),
        steps: BTreeMap::new(),
        forbidden: BTreeSet::new(),
        left: Left::default(),
    };
    while server.turn()? {}
    server.end_everything();
    Ok(())
}

struct Server {
    socket: UnixStream,
    /// Readable when a child has ended.
    wakes: UnixStream,
    children: OwnChildren,
    steps: BTreeMap<u64, Step>,
    /// Processes of other users, which cannot be ended.
    forbidden: BTreeSet<i32>,
    left: Left,
}

/// What steps that have ended left behind and may go on.
#[derive(Default)]
struct Left {
    /// Marks and process groups of the steps, with how long what is theirs may go on.
    steps: Vec<(Vec<u8>, i32, Leftovers)>,
    pids: BTreeMap<i32, Leftovers>,
}

/// Whose a process is that was left behind.
#[derive(Clone, Copy)]
enum Whose {
    Step(u64),
    LetBe(Leftovers),
    Unknown,
}

struct Step {
    pid: i32,
    mark: Vec<u8>,
    has_own_group: bool,
    phase: Phase,
    /// Set when the main process has ended.
    exit: Option<(Exit, Duration)>,
    is_stopped: bool,
    leftovers: Leftovers,
    has_leftovers: bool,
    frozen: Option<Frozen>,
}

#[derive(Clone, Copy)]
enum Phase {
    /// The main process is alive, or what it left may still end by itself until then.
    Running { linger_until: Option<Duration> },
    /// What it left was asked to end by then.
    Asked { until: Duration },
    /// All of it is being killed.
    Killing { at: Duration, rounds: u32 },
}

impl Server {
    /// Waits for something to happen and sees to it; tells whether az is still there.
    fn turn(&mut self) -> io::Result<bool> {
        let timeout = self.next_time().map(|at| timespec(at.saturating_sub(monotonic())));
        let mut ready = [PollFd::new(&self.socket, PollFlags::IN), PollFd::new(&self.wakes, PollFlags::IN)];
        match poll(&mut ready, timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let has_message = !ready[0].revents().is_empty();
        self.reap();
        if has_message {
            match receive_frame(&self.socket) {
                Ok(Some(frame)) => self.answer(frame),
                Ok(None) | Err(_) => return Ok(false),
            }
        }
        Ok(self.settle())
    }

    fn next_time(&self) -> Option<Duration> {
        let times = self.steps.values().filter_map(|step| match step.phase {
            Phase::Running { linger_until } => linger_until,
            Phase::Asked { until } => Some(until),
            Phase::Killing { at, .. } => Some(at),
        });
        times.min()
    }

    fn reap(&mut self) {
        let mut bytes = [0; 64];
        while matches!((&self.wakes).read(&mut bytes), Ok(count) if count > 0) {}
        while let Some(reaped) = sys::reap() {
            self.forbidden.remove(&reaped.pid);
            self.left.pids.remove(&reaped.pid);
            let step = self.steps.values_mut().find(|step| step.pid == reaped.pid && step.exit.is_none());
            let Some(step) = step else { continue };
            let exit = match reaped.status.signal() {
                Some(signal) => Exit::Signal(signal),
                None => Exit::Code(reaped.status.code().expect("what no signal ended has a code")),
            };
            step.exit = Some((exit, reaped.cpu));
            if let Phase::Running { linger_until } = &mut step.phase {
                *linger_until = Some(monotonic() + LINGER);
            }
        }
    }

    fn answer(&mut self, frame: Frame) {
        match Request::decode(&frame) {
            Some(Request::Start(start)) => {
                let reply = match self.start(frame.id, &start, frame.descriptors, frame.lacks_descriptors) {
                    Ok(pid) => Reply::Started { pid },
                    Err(error) => Reply::Failed { errno: error.raw_os_error().unwrap_or(libc::EINVAL) },
                };
                // That az is gone is seen at the next turn.
                _ = reply.send(&self.socket, frame.id);
            }
            Some(Request::Stop(how)) => self.stop(frame.id, how),
            Some(Request::Freeze) => self.freeze(frame.id),
            Some(Request::Thaw) => self.thaw(frame.id),
            None => {}
        }
    }

    fn start(
        &mut self,
        id: u64,
        start: &super::Start,
        descriptors: Vec<OwnedFd>,
        lacks_descriptors: bool,
    ) -> io::Result<i32> {
        if lacks_descriptors {
            return Err(io::Error::from_raw_os_error(libc::EMFILE));
        }
        let pid = spawn::spawn(start, descriptors)?;
        let step = Step {
            pid,
            mark: start.mark.as_encoded_bytes().to_vec(),
            has_own_group: start.group.is_none(),
            phase: Phase::Running { linger_until: None },
            exit: None,
            is_stopped: false,
            leftovers: start.leftovers,
            has_leftovers: false,
            frozen: None,
        };
        self.steps.insert(id, step);
        Ok(pid)
    }

    fn freeze(&mut self, id: u64) {
        let Some(step) = self.steps.get(&id).filter(|step| step.frozen.is_none()) else { return };
        let main = step.exit.is_none().then_some(step.pid);
        let name = format!("{}-{id}", std::process::id());
        let frozen = Frozen::new(&name, || {
            let roots: Vec<i32> = main.into_iter().chain(orphans_of(&self.orphans(), id)).collect();
            tree::with_descendants(&roots)
        });
        self.steps.get_mut(&id).expect("it was just there").frozen = Some(frozen);
    }

    fn thaw(&mut self, id: u64) {
        if let Some(frozen) = self.steps.get_mut(&id).and_then(|step| step.frozen.take()) {
            frozen.thaw();
        }
    }

    fn stop(&mut self, id: u64, how: StopHow) {
        // Who stands still does not hear that it is to end.
        self.thaw(id);
        let orphans = self.orphans();
        let Some(step) = self.steps.get_mut(&id) else { return };
        // Once the main process has ended by itself, its end is what counts; the rest is being seen to.
        step.is_stopped |= step.exit.is_none();
        match how {
            StopHow::Terminate => step.terminate(&orphans_of(&orphans, id)),
            StopHow::Kill => step.phase = Phase::Killing { at: monotonic(), rounds: 0 },
        }
    }

    /// Moves on each step that has ended or is being ended; tells whether az is still there.
    fn settle(&mut self) -> bool {
        let is_moving = |step: &Step| step.exit.is_some() || matches!(step.phase, Phase::Killing { .. });
        let moving: Vec<u64> =
            self.steps.iter().filter(|(_, step)| is_moving(step)).map(|(id, _)| *id).collect();
        if moving.is_empty() {
            return true;
        }
        let orphans = self.orphans();
        for id in moving {
            let step = self.steps.get_mut(&id).expect("it was just listed");
            let left = orphans_of(&orphans, id);
            let is_let_be = step.lets_be_now() && !left.is_empty();
            if is_let_be {
                step.has_leftovers = true;
                self.left.add(step, &left);
            }
            if let (Some((exit, cpu)), true) = (step.exit, left.is_empty() || is_let_be || step.is_given_up())
            {
                let (has_leftovers, is_stopped) = (step.has_leftovers && !step.is_stopped, step.is_stopped);
                if !is_let_be {
                    step.end_group();
                }
                self.thaw(id);
                self.steps.remove(&id);
                let reply = Reply::Ended { exit, cpu, has_leftovers, is_stopped };
                if reply.send(&self.socket, id).is_err() {
                    return false;
                }
            } else {
                self.forbidden.extend(step.push(&left));
            }
        }
        if self.steps.is_empty() {
            // What nobody could be found for must not be taken for a leftover of the next step.
            let left: Vec<i32> = self.orphans().into_iter().map(|(pid, _)| pid).collect();
            self.forbidden.extend(kill_trees(&left));
        }
        true
    }

    /// Returns the guard's children that are no step's main process, each with its step if that can be told.
    fn orphans(&mut self) -> Vec<(i32, Option<u64>)> {
        let mains: BTreeSet<i32> =
            self.steps.values().filter(|step| step.exit.is_none()).map(|step| step.pid).collect();
        let mut orphans = Vec::new();
        for pid in self.children.now() {
            if mains.contains(&pid) || self.forbidden.contains(&pid) || self.left.pids.contains_key(&pid) {
                continue;
            }
            match self.step_of(pid) {
                Whose::LetBe(leftovers) => _ = self.left.pids.insert(pid, leftovers),
                Whose::Step(id) => orphans.push((pid, Some(id))),
                Whose::Unknown => orphans.push((pid, None)),
            }
        }
        orphans
    }

    /// Tells by its mark, else by its process group, whose step an orphan is; a single step is everybody's.
    ///
    /// One that left both behind while several steps ran stays unknown until it can only be one's, or nobody's.
    fn step_of(&self, orphan: i32) -> Whose {
        let single = self.steps.keys().next().filter(|_| self.steps.len() == 1).map(|id| Whose::Step(*id));
        if let (Some(step), true) = (single, self.left.steps.is_empty()) {
            return step;
        }
        let mark = tree::variable_of(orphan, STEP_VARIABLE);
        let group = tree::group_of(orphan);
        let by_mark = self.steps.iter().find(|(_, step)| mark.as_ref() == Some(&step.mark));
        let by_group = || self.steps.iter().find(|(_, step)| group == Some(step.pid));
        let running = by_mark.or_else(by_group).map(|(id, _)| Whose::Step(*id));
        let let_be = || self.left.policy_of(mark.as_deref(), group).map(Whose::LetBe);
        running.or_else(let_be).or(single).unwrap_or(Whose::Unknown)
    }

    /// Tells whether a process may go on when az has ended.
    fn is_kept(&self, pid: i32) -> bool {
        let by_name = || {
            let mark = tree::variable_of(pid, STEP_VARIABLE);
            self.left.policy_of(mark.as_deref(), tree::group_of(pid))
        };
        self.left.pids.get(&pid).copied().or_else(by_name) == Some(Leftovers::Keep)
    }

    /// Kills until nothing is left, or nothing that can be killed.
    fn end_everything(mut self) {
        let this = std::process::id().cast_signed();
        for step in self.steps.values().filter(|step| step.has_own_group) {
            tree::signal_group(step.pid, Signal::KILL);
        }
        loop {
            self.reap();
            let is_to_end = |pid: &i32| !self.forbidden.contains(pid) && !self.is_kept(*pid);
            let left: Vec<i32> = tree::children(this).into_iter().filter(is_to_end).collect();
            if left.is_empty() {
                return;
            }
            let forbidden = kill_trees(&left);
            self.forbidden.extend(forbidden);
            let mut ended = [PollFd::new(&self.wakes, PollFlags::IN)];
            // An interrupted wait only means an early look.
            _ = poll(&mut ended, Some(&timespec(KILL_PAUSE)));
        }
    }
}

impl Left {
    fn add(&mut self, step: &Step, pids: &[i32]) {
        self.pids.extend(pids.iter().map(|pid| (*pid, step.leftovers)));
        self.steps.push((step.mark.clone(), step.pid, step.leftovers));
    }

    /// Returns how long a process of this mark and group may go on, if it is of a step that left some behind.
    fn policy_of(&self, mark: Option<&[u8]>, group: Option<i32>) -> Option<Leftovers> {
        let is_of = |(of, pid, _): &&(Vec<u8>, i32, Leftovers)| mark == Some(of) || group == Some(*pid);
        self.steps.iter().find(is_of).map(|(.., leftovers)| *leftovers)
    }
}

impl Step {
    /// Does what is due to what is left of the step; returns the processes that may not be ended.
    fn push(&mut self, left: &[i32]) -> Vec<i32> {
        let now = monotonic();
        match self.phase {
            Phase::Running { linger_until: Some(until) } if until <= now => {
                self.has_leftovers = true;
                self.phase = Phase::Asked { until: now + GRACE };
                self.terminate(left);
                Vec::new()
            }
            Phase::Asked { until } if until <= now => {
                self.phase = Phase::Killing { at: now, rounds: 0 };
                self.push(left)
            }
            Phase::Killing { at, rounds } if at <= now => {
                self.phase = Phase::Killing { at: now + KILL_PAUSE, rounds: rounds + 1 };
                let main = self.exit.is_none().then_some(self.pid);
                kill_trees(&main.into_iter().chain(left.iter().copied()).collect::<Vec<_>>())
            }
            _ => Vec::new(),
        }
    }

    /// Tells whether what is left of it now may go on.
    fn lets_be_now(&self) -> bool {
        let Phase::Running { linger_until: Some(until) } = self.phase else { return false };
        self.leftovers != Leftovers::Kill && !self.is_stopped && until <= monotonic()
    }

    fn is_given_up(&self) -> bool {
        matches!(self.phase, Phase::Killing { rounds, .. } if rounds >= KILL_ROUNDS)
    }

    /// Ends what is left of the process group, where descendants cannot be found otherwise.
    fn end_group(&self) {
        if cfg!(not(target_os = "linux")) && self.has_own_group {
            tree::signal_group(self.pid, Signal::KILL);
        }
    }

    /// Asks all that is alive of the step to end, each process once.
    fn terminate(&self, orphans: &[i32]) {
        let main = self.exit.is_none().then_some(self.pid);
        let roots: Vec<i32> = main.into_iter().chain(orphans.iter().copied()).collect();
        let mut pids = tree::with_descendants(&roots);
        // The group is signalled as one, so that nothing forked meanwhile is missed.
        let is_in_group = |pid: &i32| self.has_own_group && tree::group_of(*pid) == Some(self.pid);
        if pids.iter().any(is_in_group) {
            pids.retain(|pid| !is_in_group(pid));
            tree::signal_group(self.pid, Signal::TERM);
        }
        for pid in pids {
            tree::signal(pid, Signal::TERM);
        }
    }
}

fn orphans_of(orphans: &[(i32, Option<u64>)], id: u64) -> Vec<i32> {
    orphans.iter().filter(|(_, step)| *step == Some(id)).map(|(pid, _)| *pid).collect()
}

/// Kills processes with their descendants, parents first; returns those that may not be killed.
fn kill_trees(roots: &[i32]) -> Vec<i32> {
    let pids = tree::with_descendants(roots).into_iter();
    pids.filter(|pid| tree::signal(*pid, Signal::KILL) == Reach::Forbidden).collect()
}

fn monotonic() -> Duration {
    let time = clock_gettime(ClockId::Monotonic);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

fn timespec(duration: Duration) -> Timespec {
    let seconds = i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    Timespec { tv_sec: seconds, tv_nsec: duration.subsec_nanos().into() }
}
