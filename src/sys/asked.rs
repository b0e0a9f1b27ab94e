//! For whom the file system is asked: a thread says so while it asks.
//!
//! Knows places of paths in a recorder. Does not know what steps are.

use std::{cell::RefCell, path::PathBuf};

/// What was asked for one asker.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Asked {
    /// Paths that were looked at, as places in the recorder; some may stand there twice.
    pub places: Vec<u32>,
    /// Paths whose answer did not need the file system, since somebody knew it.
    pub known: Vec<PathBuf>,
}

/// For whom a thread asks.
#[derive(Debug, Default)]
enum Asker {
    /// For all: whatever the answer is good for depends on it.
    #[default]
    All,
    /// For one, whose questions are collected.
    One(Asked),
    /// For nobody who would ask the same again.
    Nobody,
}

thread_local! {
    static ASKER: RefCell<Asker> = RefCell::default();
}

/// Runs `ask`, and returns what this thread asked meanwhile; what other threads ask for it counts as asked for all.
pub fn asking_for_one<T>(ask: impl FnOnce() -> T) -> (T, Asked) {
    let (answer, asker) = with(Asker::One(Asked::default()), ask);
    let asked = if let Asker::One(asked) = asker { asked } else { Asked::default() };
    (answer, asked)
}

/// Runs `ask`, whose questions need not be asked again to know that an answer still holds.
pub fn asking_for_nobody<T>(ask: impl FnOnce() -> T) -> T {
    with(Asker::Nobody, ask).0
}

/// Says that what is at a path mattered and was known without the file system.
pub fn note_known(path: impl FnOnce() -> PathBuf) {
    ASKER.with_borrow_mut(|asker| {
        if let Asker::One(asked) = asker {
            asked.known.push(path());
        }
    });
}

/// Runs `ask`, and returns at which places of the recorder it looked, each once, for another asker who is given the same
/// answer; nothing unless all of it was asked for one.
pub fn noting<T>(ask: impl FnOnce() -> T) -> (T, Option<Box<[u32]>>) {
    let count =
        || ASKER.with_borrow(|asker| asked_of(asker).map(|asked| (asked.places.len(), asked.known.len())));
    let before = count();
    let answer = ask();
    let noted = ASKER.with_borrow(|asker| {
        let ((places, known), asked) = before.zip(asked_of(asker))?;
        let mut noted = asked.places[places..].to_vec();
        noted.dedup();
        (asked.known.len() == known).then(|| noted.into())
    });
    (answer, noted)
}

/// Says that one asker is given an answer for which these places were looked at; tells whether it is one who asks.
pub fn note_again(places: &[u32]) -> bool {
    ASKER.with_borrow_mut(|asker| match asker {
        Asker::One(asked) => {
            asked.places.extend_from_slice(places);
            true
        }
        Asker::All | Asker::Nobody => false,
    })
}

fn asked_of(asker: &Asker) -> Option<&Asked> {
    if let Asker::One(asked) = asker { Some(asked) } else { None }
}

/// Says that the path at a place of the recorder was looked at; tells whether that was for all.
pub(super) fn note(place: u32) -> bool {
    ASKER.with_borrow_mut(|asker| {
        if let Asker::One(asked) = asker {
            asked.places.push(place);
        }
        matches!(asker, Asker::All)
    })
}

/// Tells whether what this thread asks now need not be asked again.
pub(super) fn is_for_nobody() -> bool {
    ASKER.with_borrow(|asker| matches!(asker, Asker::Nobody))
}

/// Runs `ask` for an asker, and returns it with what was there before put back.
fn with<T>(asker: Asker, ask: impl FnOnce() -> T) -> (T, Asker) {
    /// Puts the asker back also where `ask` panics.
    struct Back(Option<Asker>);
    impl Drop for Back {
        fn drop(&mut self) {
            if let Some(before) = self.0.take() {
                ASKER.set(before);
            }
        }
    }
    let mut back = Back(Some(ASKER.replace(asker)));
    let answer = ask();
    (answer, ASKER.replace(back.0.take().unwrap_or_default()))
}
