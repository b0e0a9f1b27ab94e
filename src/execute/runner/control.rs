//! The handle by which one thread stops what another runs, or holds it still.
//!
//! Knows that something listens. Does not know what.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::execute::scheduler::{StopCause, StopHow};

type Listener = Arc<dyn Fn(Wish) + Send + Sync>;

/// What is wanted of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// That it ends.
    Stop(StopHow),
    /// That it stands still.
    Freeze,
    /// That it goes on.
    Thaw,
}

/// Stops one attempt, or holds it still; clones are handles to the same attempt.
#[derive(Clone, Default)]
pub struct Control(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    stop: Option<(StopHow, StopCause)>,
    is_frozen: bool,
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
            listener(Wish::Stop(how));
        }
    }

    /// Asks the attempt to stand still, or to go on; one that begins later is told too.
    pub fn hold(&self, is_frozen: bool) {
        let listener = {
            let mut state = self.lock();
            state.is_frozen = is_frozen;
            state.listener.clone()
        };
        if let Some(listener) = listener {
            listener(if is_frozen { Wish::Freeze } else { Wish::Thaw });
        }
    }

    /// Returns why a stop was asked for, if one was.
    pub fn stop_cause(&self) -> Option<StopCause> {
        self.lock().stop.map(|(_, cause)| cause)
    }

    /// Calls `listener` at each wish until the answer is dropped, and at once of what is wanted already.
    ///
    /// It may be told of the same wish twice.
    pub fn listen(&self, listener: impl Fn(Wish) + Send + Sync + 'static) -> Listening<'_> {
        let listener: Listener = Arc::new(listener);
        let (stop, is_frozen) = {
            let mut state = self.lock();
            state.listener = Some(Arc::clone(&listener));
            (state.stop, state.is_frozen)
        };
        if is_frozen {
            listener(Wish::Freeze);
        }
        if let Some((how, _)) = stop {
            listener(Wish::Stop(how));
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

/// While it lives, its listener is told what is wanted.
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
    fn what_is_wanted_reaches_listeners_of_now_and_later_but_not_of_before() {
        let control = Control::default();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let hear = |name: &'static str| {
            let heard = Arc::clone(&heard);
            move |wish| heard.lock().unwrap().push((name, wish))
        };
        drop(control.listen(hear("before")));
        let now = control.listen(hear("now"));
        control.stop(StopHow::Terminate, StopCause::Timeout);
        control.clone().stop(StopHow::Kill, StopCause::Interrupt);
        drop(now);
        control.hold(true);
        let _later = control.listen(hear("later"));
        control.hold(false);
        let stop = |who, how| (who, Wish::Stop(how));
        assert_eq!(
            *heard.lock().unwrap(),
            [
                stop("now", StopHow::Terminate),
                stop("now", StopHow::Kill),
                ("later", Wish::Freeze),
                stop("later", StopHow::Kill),
                ("later", Wish::Thaw),
            ]
        );
        assert_eq!(control.stop_cause(), Some(StopCause::Timeout));
    }
}
