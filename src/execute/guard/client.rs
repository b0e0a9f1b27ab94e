//! az's side of the guard: starts it, asks it for processes, hears how they ended.
//!
//! Many threads ask at once over the one socket; one thread receives and hands each answer to who waits for it.

use std::{
    collections::BTreeMap,
    io,
    net::Shutdown,
    os::{
        fd::{BorrowedFd, OwnedFd},
        unix::{net::UnixStream, process::CommandExt},
    },
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
    thread::JoinHandle,
    time::Duration,
};

use rustix::{
    event::{Timespec, poll},
    process::{Pid, Signal, WaitOptions, waitpid},
};

use super::{
    GUARD_ARGUMENT, STEP_VARIABLE, Start, tree,
    wire::{Exit, Reply, Request, receive_frame},
};
use crate::execute::scheduler::StopHow;

/// How often what a killed guard leaves is ended, with a short pause after each time.
const ABANDONED_ROUNDS: u32 = 200;

/// The running guard. Dropping it ends everything it still looks after, then the guard.
#[derive(Debug)]
pub struct Guard {
    /// Held while a frame is written, since frames of several threads must not mix.
    socket: Mutex<UnixStream>,
    shared: Arc<Mutex<Shared>>,
    /// Owns the guard's process and waits for it.
    receiver: Option<JoinHandle<()>>,
    adoption: Option<Adoption>,
}

#[derive(Debug, Default)]
struct Shared {
    next_id: u64,
    waiting: BTreeMap<u64, Waiting>,
    is_lost: bool,
}

#[derive(Debug)]
struct Waiting {
    report: Sender<Report>,
    /// Closed when the report is there, for who waits in `poll`.
    _done: OwnedFd,
    mark: Vec<u8>,
    pid: Option<i32>,
}

/// What became of a step that the guard was asked to start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// The system refused; the error number.
    Failed(i32),
    /// The main process ended and nothing of its tree is left.
    Ended {
        /// How the main process ended.
        exit: Exit,
        /// Processor time of the main process and of those it waited for.
        cpu: Duration,
        /// It left processes behind; they were ended, unless they were to be let be.
        has_leftovers: bool,
        /// A stop reached it before it ended by itself.
        is_stopped: bool,
    },
}

/// A step the guard looks after.
#[derive(Debug)]
pub struct Step {
    /// Its name between az and the guard.
    pub id: u64,
    /// Gives one report; none if the guard is lost.
    pub report: Receiver<Report>,
    /// Hangs up when the report is there.
    pub done: OwnedFd,
}

impl Guard {
    /// Starts the guard: `program` is the az binary, as an absolute path.
    ///
    /// # Errors
    /// As `socketpair`, `fork` and `execve`.
    pub fn start(program: &Path) -> io::Result<Self> {
        let adoption = Adoption::begin()?;
        let (ours, theirs) = UnixStream::pair()?;
        #[expect(clippy::disallowed_methods, reason = "here is where processes are started")]
        let process = Command::new(program)
            .arg(GUARD_ARGUMENT)
            .current_dir("/")
            .stdin(OwnedFd::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        let shared = Arc::new(Mutex::new(Shared::default()));
        let socket = ours.try_clone()?;
        let receiver = std::thread::Builder::new().name("az-guard".into()).spawn({
            let shared = Arc::clone(&shared);
            move || receive(&socket, process, &shared)
        })?;
        Ok(Self { socket: Mutex::new(ours), shared, receiver: Some(receiver), adoption: Some(adoption) })
    }

    /// Asks for a process. `descriptors` are standard output, standard error, and standard input if it is not to be
    /// empty.
    ///
    /// # Errors
    /// `BrokenPipe` if the guard is lost; `E2BIG` for what no kernel takes.
    pub fn spawn(&self, start: Start, descriptors: &[BorrowedFd<'_>]) -> io::Result<Step> {
        let (done, done_when_closed) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
        let (sender, report) = channel();
        let mark = start.mark.as_encoded_bytes().to_vec();
        let waiting = Waiting { report: sender, _done: done_when_closed, mark, pid: None };
        let id = {
            let mut shared = lock(&self.shared);
            if shared.is_lost {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            shared.next_id += 1;
            let id = shared.next_id;
            shared.waiting.insert(id, waiting);
            id
        };
        let sent = Request::Start(start).send(&lock(&self.socket), id, descriptors);
        if let Err(error) = sent {
            lock(&self.shared).waiting.remove(&id);
            return Err(error);
        }
        Ok(Step { id, report, done })
    }

    /// Holds a step still with its whole tree, until it is told to go on or to stop.
    pub fn freeze(&self, id: u64) {
        _ = Request::Freeze.send(&lock(&self.socket), id, &[]);
    }

    /// Lets a step go on that was held still.
    pub fn thaw(&self, id: u64) {
        _ = Request::Thaw.send(&lock(&self.socket), id, &[]);
    }

    /// Stops a step with its whole tree; one that has ended is left alone.
    pub fn stop(&self, id: u64, how: StopHow) {
        // A guard that is gone has been noticed by the receiver, which ends the steps.
        _ = Request::Stop(how).send(&lock(&self.socket), id, &[]);
    }
}

/// How many guards there are for which az adopts.
static ADOPTING: Mutex<usize> = Mutex::new(0);

/// As long as it is there, what a guard that is killed looked after becomes az's, which then ends it.
#[derive(Debug)]
struct Adoption(());

impl Adoption {
    fn begin() -> io::Result<Self> {
        let mut adopting = lock(&ADOPTING);
        adopt(true)?;
        *adopting += 1;
        Ok(Self(()))
    }
}

impl Drop for Adoption {
    fn drop(&mut self) {
        let mut adopting = lock(&ADOPTING);
        *adopting -= 1;
        if *adopting == 0 {
            // Else what a step may leave becomes az's when the guard ends well, and stays as a zombie while az goes on.
            _ = adopt(false);
        }
    }
}

#[cfg(target_os = "linux")]
fn adopt(does: bool) -> io::Result<()> {
    let process = rustix::process::Pid::from_raw(1).filter(|_| does);
    Ok(rustix::process::set_child_subreaper(process)?)
}

#[cfg(not(target_os = "linux"))]
fn adopt(_: bool) -> io::Result<()> {
    Ok(())
}

impl Drop for Guard {
    fn drop(&mut self) {
        // What it still looks after it ends itself.
        self.adoption = None;
        // The guard reads this as the end of az; an error means that it is gone already.
        _ = lock(&self.socket).shutdown(Shutdown::Write);
        if let Some(receiver) = self.receiver.take() {
            _ = receiver.join();
        }
    }
}

/// Hands out the guard's answers until it is gone.
fn receive(socket: &UnixStream, mut process: Child, shared: &Mutex<Shared>) {
    while let Ok(Some(frame)) = receive_frame(socket) {
        let mut shared = lock(shared);
        let report = match Reply::decode(&frame) {
            Some(Reply::Started { pid }) => {
                if let Some(waiting) = shared.waiting.get_mut(&frame.id) {
                    waiting.pid = Some(pid);
                }
                continue;
            }
            Some(Reply::Failed { errno }) => Report::Failed(errno),
            Some(Reply::Ended { exit, cpu, has_leftovers, is_stopped }) => {
                Report::Ended { exit, cpu, has_leftovers, is_stopped }
            }
            None => continue,
        };
        if let Some(waiting) = shared.waiting.remove(&frame.id) {
            // Who no longer waits needs no report.
            _ = waiting.report.send(report);
        }
    }
    _ = socket.shutdown(Shutdown::Both);
    // Its children become az's only when it has ended entirely, which is after its end of the socket is closed.
    _ = process.wait();
    let abandoned = {
        let mut shared = lock(shared);
        shared.is_lost = true;
        std::mem::take(&mut shared.waiting)
    };
    end_abandoned(&abandoned);
}

/// Ends the trees of steps whose guard was killed; az has inherited them.
fn end_abandoned(steps: &BTreeMap<u64, Waiting>) {
    let is_of_step = |pid: &i32| {
        let mark = tree::variable_of(*pid, STEP_VARIABLE);
        steps.values().any(|step| step.pid == Some(*pid) || mark.as_ref() == Some(&step.mark))
    };
    for _ in 0..ABANDONED_ROUNDS {
        let children = tree::children(std::process::id().cast_signed());
        let left: Vec<i32> = children.into_iter().filter(is_of_step).collect();
        if steps.is_empty() || left.is_empty() {
            return;
        }
        for pid in tree::with_descendants(&left) {
            tree::signal(pid, Signal::KILL);
        }
        for pid in left {
            // Not waited for longer than the pause: what hangs in the kernel must not hang az.
            _ = waitpid(Pid::from_raw(pid), WaitOptions::NOHANG);
        }
        _ = poll(&mut [], Some(&Timespec { tv_sec: 0, tv_nsec: 5_000_000 }));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is behind these locks is whole between any two statements.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
