//! What may interrupt a run: `SIGINT` and `SIGTERM`, or a face that wants it to end; and `SIGTSTP`, which holds it up.
//!
//! Knows that somebody listens. Does not know what an interrupt does.

use std::{
    fmt, io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
};

use signal_hook::{
    consts::{SIGINT, SIGTERM, SIGTSTP},
    iterator::{Handle, Signals as OsSignals},
    low_level,
};

/// Why a run is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interrupt {
    /// `SIGINT`: Ctrl-C.
    Int,
    /// `SIGTERM`.
    Term,
}

impl Interrupt {
    /// Returns the exit code of a run that ended by it.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Int => 130,
            Self::Term => 143,
        }
    }
}

type Listener = Box<dyn Fn(Interrupt) + Send>;
type Suspender = Box<dyn Fn() + Send>;

/// Where interrupts come from; what comes while nobody listens is kept for who listens next.
pub struct Signals {
    shared: Arc<Mutex<Shared>>,
    /// The thread that waits for signals, and the way to end it.
    waiting: Option<(Handle, JoinHandle<()>)>,
}

#[derive(Default)]
struct Shared {
    listener: Option<Listener>,
    /// Who stops this process, after what it looks after.
    suspender: Option<Suspender>,
    kept: Vec<Interrupt>,
}

impl Signals {
    /// Catches `SIGINT`, `SIGTERM` and `SIGTSTP` from here on, until it is dropped.
    ///
    /// # Errors
    /// As `sigaction` and the start of a thread.
    pub fn install() -> io::Result<Self> {
        let mut signals = Self::none();
        let mut caught = OsSignals::new([SIGINT, SIGTERM, SIGTSTP])?;
        let handle = caught.handle();
        let shared = Arc::clone(&signals.shared);
        let thread = std::thread::Builder::new().name("az-signals".into()).spawn(move || {
            for signal in caught.forever() {
                match signal {
                    SIGTSTP => suspend_by(&shared),
                    SIGTERM => lock(&shared).raise(Interrupt::Term),
                    _ => lock(&shared).raise(Interrupt::Int),
                }
            }
        })?;
        signals.waiting = Some((handle, thread));
        Ok(signals)
    }

    /// Makes a source that only [`Signals::raise`] feeds.
    pub fn none() -> Self {
        Self { shared: Arc::default(), waiting: None }
    }

    /// Interrupts the run, as a signal would.
    pub fn raise(&self, interrupt: Interrupt) {
        lock(&self.shared).raise(interrupt);
    }

    /// Calls `listener` at each interrupt from now on, those included that came before.
    pub fn tell(&self, listener: impl Fn(Interrupt) + Send + 'static) {
        let mut shared = lock(&self.shared);
        shared.kept.drain(..).for_each(&listener);
        shared.listener = Some(Box::new(listener));
    }

    /// Calls `listener` at each interrupt until the answer is dropped; who listened before hears nothing meanwhile. At
    /// `SIGTSTP` it calls `suspender`, which is to call [`suspend`].
    pub(super) fn listen(
        &self,
        listener: impl Fn(Interrupt) + Send + 'static,
        suspender: impl Fn() + Send + 'static,
    ) -> Listening<'_> {
        let mut shared = lock(&self.shared);
        shared.kept.drain(..).for_each(&listener);
        let before =
            (shared.listener.replace(Box::new(listener)), shared.suspender.replace(Box::new(suspender)));
        Listening { signals: self, before }
    }
}

impl Shared {
    fn raise(&mut self, interrupt: Interrupt) {
        match &self.listener {
            Some(listener) => listener(interrupt),
            None => self.kept.push(interrupt),
        }
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        if let Some((handle, thread)) = self.waiting.take() {
            handle.close();
            // The thread only ever sends; it has nothing to fail at.
            _ = thread.join();
        }
    }
}

impl fmt::Debug for Signals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signals").field("is_installed", &self.waiting.is_some()).finish_non_exhaustive()
    }
}

/// While it lives, its listener is told of interrupts.
pub(super) struct Listening<'a> {
    signals: &'a Signals,
    before: (Option<Listener>, Option<Suspender>),
}

impl Drop for Listening<'_> {
    fn drop(&mut self) {
        let mut shared = lock(&self.signals.shared);
        (shared.listener, shared.suspender) = (self.before.0.take(), self.before.1.take());
    }
}

fn suspend_by(shared: &Mutex<Shared>) {
    let is_left_to_run = lock(shared).suspender.as_ref().map(|suspender| suspender()).is_some();
    if !is_left_to_run {
        suspend();
    }
}

/// Stops this process, as `SIGTSTP` does with who does not catch it, until somebody lets it go on.
pub(super) fn suspend() {
    // There is nothing to do about a process that cannot stop itself.
    _ = low_level::emulate_default_handler(SIGTSTP);
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    // What is shared is whole between any two statements.
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
