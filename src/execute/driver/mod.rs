//! Drives a scheduler with real time, real signals and a pool of threads.
//!
//! Knows when and where things happen. Does not know what a node does: that is the [`Desk`]'s, which alone is asked
//! what to do and told what became of it.
//!
//! One thread, the caller's, owns scheduler and desk. Jobs run on threads that end before [`drive`] returns. All that
//! happens reaches the one thread through one channel.

mod pool;
mod signals;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError, channel},
    time::Duration,
};

use pool::Pool;
pub use pool::{Job, Lost, panic_text};
pub use signals::{Interrupt, Signals};

use super::{
    runner::Control,
    scheduler::{Effect, Ending, Input, Outcome, Scheduler, Verdict},
};
use crate::sys::System;

/// Who knows what nodes are: looks them up, makes their jobs, takes their results.
///
/// Called on one thread. What takes long belongs into the job, since nothing else moves meanwhile.
pub trait Desk {
    /// What a job leaves.
    type Done: Send + 'static;

    /// Finds out whether a node must run. All it needs has ended.
    fn look_up(&mut self, node: usize) -> Verdict;

    /// Makes the job of one attempt. It runs on a thread of the pool: the command and all that follows from it there.
    fn job(&mut self, node: usize, attempt: u32) -> Job<Self::Done>;

    /// Takes what the job left and says how the attempt ended.
    fn settle(&mut self, node: usize, done: Self::Done) -> Ending;

    /// Hears that a job has no result; the attempt has failed.
    fn lost(&mut self, node: usize, lost: Lost);

    /// Hears that a person wants the run to end.
    fn interrupted(&mut self) {}

    /// Hears what becomes of a node.
    fn changed(&mut self, node: usize, change: &Change);
}

/// What became of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// An attempt is about to begin.
    Started {
        /// Which, from 1.
        attempt: u32,
    },
    /// An attempt failed; another one follows.
    Retrying {
        /// The one that follows.
        attempt: u32,
        /// How the last one ended.
        after: Outcome,
        /// How long until then.
        delay: Duration,
    },
    /// An attempt came too early; another one follows, once all before it have ended.
    Postponed,
    /// It has its outcome.
    Finished(Outcome),
}

/// How a run went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The outcome of each node, in sequential order.
    pub outcomes: Vec<Outcome>,
    /// What interrupted it, if anything did: the first.
    pub interrupted: Option<Interrupt>,
    /// It was interrupted again: nothing more is to run, not even what cleans up.
    pub is_abandoned: bool,
    /// The whole run took too long.
    pub has_timed_out: bool,
}

/// What reaches the driving thread.
enum Message<D> {
    Done {
        worker: usize,
        node: usize,
        result: Result<D, Lost>,
    },
    Interrupted(Interrupt),
    /// A person wants the run to stand still: Ctrl-Z.
    Suspended,
}

/// Runs all nodes and returns when each has its outcome and every job has ended.
pub fn drive<D: Desk>(scheduler: Scheduler, desk: &mut D, system: &dyn System, signals: &Signals) -> Summary {
    let (sender, messages) = channel();
    let (interrupts, suspensions) = (sender.clone(), sender.clone());
    let _listening = signals.listen(
        // A run that has just ended needs no interrupt.
        move |interrupt| _ = interrupts.send(Message::Interrupted(interrupt)),
        move || _ = suspensions.send(Message::Suspended),
    );
    let done = move |worker, node, result| {
        // Who drives waits for every job.
        _ = sender.send(Message::Done { worker, node, result });
    };
    let pool = Pool::new(scheduler.slots(), done);
    let mut driver = Driver {
        scheduler,
        desk,
        system,
        pool,
        controls: BTreeMap::new(),
        look_ups: BTreeSet::new(),
        wake_at: None,
        stood_still: Duration::ZERO,
        interrupted: None,
        is_abandoned: false,
    };
    driver.run(&messages);
    Summary {
        outcomes: driver.scheduler.outcomes().collect(),
        interrupted: driver.interrupted,
        is_abandoned: driver.is_abandoned,
        has_timed_out: driver.scheduler.has_timed_out(),
    }
}

struct Driver<'a, D: Desk> {
    scheduler: Scheduler,
    desk: &'a mut D,
    system: &'a dyn System,
    pool: Pool<D::Done>,
    controls: BTreeMap<usize, Control>,
    /// Asked for and not answered yet; the first in order is answered first.
    look_ups: BTreeSet<usize>,
    wake_at: Option<Duration>,
    /// How long the run was held up, which is nobody's time.
    stood_still: Duration,
    interrupted: Option<Interrupt>,
    is_abandoned: bool,
}

impl<D: Desk> Driver<'_, D> {
    fn run(&mut self, messages: &Receiver<Message<D::Done>>) {
        self.step(Input::Tick);
        while !self.scheduler.is_done() {
            // What has happened goes first, so that a long row of look-ups keeps no slot empty.
            let input = match messages.try_recv() {
                Ok(message) => self.input_of(message),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => match self.look_ups.pop_first() {
                    Some(node) => Input::LookedUp(node, self.desk.look_up(node)),
                    None => self.wait(messages),
                },
            };
            self.step(input);
        }
    }

    fn wait(&mut self, messages: &Receiver<Message<D::Done>>) -> Input {
        let Some(at) = self.wake_at else {
            let message = messages.recv().expect("the pool holds a sender as long as the driver lives");
            return self.input_of(message);
        };
        match messages.recv_timeout(at.saturating_sub(self.now())) {
            Ok(message) => self.input_of(message),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                self.wake_at = None;
                Input::Tick
            }
        }
    }

    /// Returns the time of the run.
    fn now(&self) -> Duration {
        self.system.monotonic().saturating_sub(self.stood_still)
    }

    /// Stands still, with all that runs, until this process is let go on.
    fn suspend(&mut self) {
        let before = self.system.monotonic();
        self.controls.values().for_each(|control| control.hold(true));
        signals::suspend();
        self.stood_still += self.system.monotonic().saturating_sub(before);
        self.controls.values().for_each(|control| control.hold(false));
    }

    fn input_of(&mut self, message: Message<D::Done>) -> Input {
        match message {
            Message::Suspended => {
                self.suspend();
                Input::Tick
            }
            Message::Interrupted(interrupt) => {
                self.is_abandoned |= self.interrupted.is_some();
                self.interrupted.get_or_insert(interrupt);
                self.desk.interrupted();
                Input::Interrupt
            }
            Message::Done { worker, node, result } => {
                self.pool.is_idle(worker);
                self.controls.remove(&node);
                let ending = match result {
                    Ok(done) => self.desk.settle(node, done),
                    Err(lost) => {
                        self.desk.lost(node, lost);
                        Ending::Failed
                    }
                };
                Input::Ended(node, ending)
            }
        }
    }

    fn step(&mut self, input: Input) {
        let now = self.now();
        for effect in self.scheduler.step(now, input) {
            self.carry_out(now, effect);
        }
    }

    fn carry_out(&mut self, now: Duration, effect: Effect) {
        match effect {
            Effect::LookUp(node) => _ = self.look_ups.insert(node),
            Effect::Start { node, attempt } => self.start(node, attempt),
            Effect::Stop { node, how, cause } => {
                if let Some(control) = self.controls.get(&node) {
                    control.stop(how, cause);
                }
            }
            Effect::Retry { node, attempt, after, at } => {
                let delay = at.saturating_sub(now);
                self.desk.changed(node, &Change::Retrying { attempt, after, delay });
            }
            Effect::Postponed(node) => self.desk.changed(node, &Change::Postponed),
            Effect::WakeAt(at) => self.wake_at = Some(at),
            Effect::Finished(node, outcome) => self.desk.changed(node, &Change::Finished(outcome)),
        }
    }

    fn start(&mut self, node: usize, attempt: u32) {
        self.desk.changed(node, &Change::Started { attempt });
        let control = Control::default();
        self.controls.insert(node, control.clone());
        let job = self.desk.job(node, attempt);
        // What the desk did first is none of the node's time.
        self.scheduler.begins(self.now(), node);
        self.pool.submit(node, job, control);
    }
}
