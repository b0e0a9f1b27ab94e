//! The handle by which one thread stops what another runs.
//!
//! Knows that something listens. Does not know what.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::execute::scheduler::{StopCause, StopHow};

type Listener = Arc<dyn Fn(StopHow) + Send + Sync>;

/// Stops one attempt; clones are handles to the same attempt.
#[derive(Clone, Default)]
pub struct Control(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    stop: Option<(StopHow, StopCause)>,
    listener: Option<Listener>,
}

impl Control {
    /// Asks the attempt to stop; who listens, now or later, is told. The first cause remains.
    pub fn stop(&self, how: StopHow, cause: StopCause) {
        let listener = {
            let mut state = self.lock();
            let (worst, first) = state.stop.map_or((how, cause), |(before, first)| (before.max(how), first));
            state.stop = Some((worst, first));
            state.listener.clone()
        };
        if let Some(listener) = listener {
            listener(how);
        }
    }

    /// Returns why a stop was asked for, if one was.
    pub fn stop_cause(&self) -> Option<StopCause> {
        self.lock().stop.map(|(_, cause)| cause)
    }

    /// Calls `listener` at each stop until the answer is dropped, and at once if one was asked for already.
    ///
    /// It may be told of the same stop twice.
    pub fn listen(&self, listener: impl Fn(StopHow) + Send + Sync + 'static) -> Listening<'_> {
        let listener: Listener = Arc::new(listener);
        let stop = {
            let mut state = self.lock();
            state.listener = Some(Arc::clone(&listener));
            state.stop
        };
        if let Some((how, _)) = stop {
            listener(how);
        }
        Listening(self)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is whole between any two statements.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Control").field(&self.lock().stop).finish()
    }
}

/// While it lives, its listener is told of stops.
#[derive(Debug)]
pub struct Listening<'a>(&'a Control);

impl Drop for Listening<'_> {
    fn drop(&mut self) {
        self.0.lock().listener = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_reaches_listeners_of_now_and_later_but_not_of_before() {
        let control = Control::default();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let hear = |name: &'static str| {
            let heard = Arc::clone(&heard);
            move |how| heard.lock().unwrap().push((name, how))
        };
        drop(control.listen(hear("before")));
        let now = control.listen(hear("now"));
        control.stop(StopHow::Terminate, StopCause::Timeout);
        control.clone().stop(StopHow::Kill, StopCause::Interrupt);
        drop(now);
        let _later = control.listen(hear("later"));
        assert_eq!(
            *heard.lock().unwrap(),
            [("now", StopHow::Terminate), ("now", StopHow::Kill), ("later", StopHow::Kill)]
        );
        assert_eq!(control.stop_cause(), Some(StopCause::Timeout));
    }
}
