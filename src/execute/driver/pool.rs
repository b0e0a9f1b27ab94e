//! Threads that run jobs: as many as were ever busy at once, never more than the limit.
//!
//! Knows jobs. Does not know what they do. Never the global pool of rayon, whose threads must not wait.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        mpsc::{Sender, channel},
    },
    thread::JoinHandle,
};

use crate::execute::runner::Control;

/// The work of one attempt.
pub type Job<D> = Box<dyn FnOnce(&Control) -> D + Send>;

/// Why a job has no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lost {
    /// It panicked, and said this.
    Panic(String),
    /// The system gave no thread to run it on, and said this.
    NoThread(String),
}

/// Returns what a panic said.
pub fn panic_text(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "no message".to_owned())
}

type Deliver<D> = Arc<dyn Fn(usize, usize, Result<D, Lost>) + Send + Sync>;

struct Work<D> {
    node: usize,
    job: Job<D>,
    control: Control,
}

struct Worker<D> {
    work: Sender<Work<D>>,
    thread: JoinHandle<()>,
}

/// The threads; dropping it waits for what they run.
pub(super) struct Pool<D: Send + 'static> {
    limit: usize,
    deliver: Deliver<D>,
    workers: Vec<Worker<D>>,
    idle: Vec<usize>,
}

impl<D: Send + 'static> Pool<D> {
    /// Makes a pool without a thread; `deliver` gets worker, node and result of each job.
    pub(super) fn new(
        limit: usize,
        deliver: impl Fn(usize, usize, Result<D, Lost>) + Send + Sync + 'static,
    ) -> Self {
        Self { limit, deliver: Arc::new(deliver), workers: Vec::new(), idle: Vec::new() }
    }

    /// Runs a job on an idle thread, or a further one.
    pub(super) fn submit(&mut self, node: usize, job: Job<D>, control: Control) {
        let work = Work { node, job, control };
        match self.idle.pop() {
            Some(worker) => {
                let sent = self.workers[worker].work.send(work);
                sent.unwrap_or_else(|_| unreachable!("a worker ends only with the pool"));
            }
            None => self.add_worker(work),
        }
    }

    /// Takes note that a worker has delivered.
    pub(super) fn is_idle(&mut self, worker: usize) {
        if worker < self.workers.len() {
            self.idle.push(worker);
        }
    }

    fn add_worker(&mut self, first: Work<D>) {
        debug_assert!(self.workers.len() < self.limit, "the scheduler keeps to its slots");
        let (sender, receiver) = channel::<Work<D>>();
        let index = self.workers.len();
        let deliver = Arc::clone(&self.deliver);
        let node = first.node;
        let body = move || {
            while let Ok(Work { node, job, control }) = receiver.recv() {
                let result = catch_unwind(AssertUnwindSafe(|| job(&control)));
                deliver(index, node, result.map_err(|payload| Lost::Panic(panic_text(&*payload))));
            }
        };
        match std::thread::Builder::new().name(format!("az-job-{index}")).spawn(body) {
            Ok(thread) => {
                let sent = sender.send(first);
                sent.unwrap_or_else(|_| unreachable!("the worker has just begun"));
                self.workers.push(Worker { work: sender, thread });
            }
            Err(error) => match self.workers.last() {
                // Fewer threads do the same, one step after the other.
                Some(worker) => {
                    let sent = worker.work.send(first);
                    sent.unwrap_or_else(|_| unreachable!("a worker ends only with the pool"));
                }
                None => (self.deliver)(usize::MAX, node, Err(Lost::NoThread(error.to_string()))),
            },
        }
    }
}

impl<D: Send + 'static> Drop for Pool<D> {
    fn drop(&mut self) {
        for Worker { work, thread } in self.workers.drain(..) {
            drop(work);
            // A worker catches what its jobs throw.
            _ = thread.join();
        }
    }
}
