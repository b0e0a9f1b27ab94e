//! What of a run nobody must see, beside what each step is given.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::Patterns;

/// What of a run nobody must see, beside what each step is given.
#[derive(Debug, Default)]
pub struct Masks {
    /// What steps asked to be masked, what they handed on that is a secret, and what playbooks fetch.
    asked: Mutex<BTreeSet<String>>,
    /// How many that are.
    count: AtomicUsize,
    /// What is given to some step, or to none: az does not say it, and a step that was not given it may.
    known: Mutex<BTreeSet<String>>,
    /// Both together, until something is added: every event is looked through for them.
    all: Mutex<Option<Arc<Patterns>>>,
    /// What was last made ready to look for in what a step prints: most steps are given the same.
    last: Mutex<Option<Arc<Patterns>>>,
}

impl Masks {
    /// Adds texts; tells whether one of them was not known.
    pub fn add(&self, texts: impl IntoIterator<Item = String>) -> bool {
        let mut asked = lock(&self.asked);
        let before = asked.len();
        asked.extend(texts);
        let is_new = asked.len() > before;
        self.count.store(asked.len(), Ordering::Release);
        drop(asked);
        if is_new {
            *lock(&self.all) = None;
        }
        is_new
    }

    /// Returns the texts that were added.
    pub fn texts(&self) -> Vec<String> {
        lock(&self.asked).iter().cloned().collect()
    }

    /// Returns how many texts were added.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    /// Adds texts that az itself must not say.
    pub fn know(&self, texts: impl IntoIterator<Item = String>) {
        lock(&self.known).extend(texts);
        *lock(&self.all) = None;
    }

    /// Returns all that az itself must not say.
    pub fn all(&self) -> Arc<Patterns> {
        let mut all = lock(&self.all);
        Arc::clone(all.get_or_insert_with(|| {
            let known = lock(&self.known).clone();
            Arc::new(Patterns::new(self.texts().into_iter().chain(known)))
        }))
    }

    /// Returns what is looked for in what a step prints that was given some texts.
    pub fn with(&self, given: &[String]) -> Arc<Patterns> {
        let texts: BTreeSet<String> = self.texts().into_iter().chain(given.iter().cloned()).collect();
        let mut last = lock(&self.last);
        if let Some(last) = last.as_ref().filter(|last| texts.iter().eq(last.texts())) {
            return Arc::clone(last);
        }
        Arc::clone(last.insert(Arc::new(Patterns::new(texts))))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_added_later_is_among_all_too() {
        let masks = Masks::default();
        assert!(masks.all().is_empty());
        masks.know(["given".to_owned()]);
        assert_eq!(masks.all().texts(), ["given"]);
        assert!(masks.add(["asked".to_owned()]) && !masks.add(["asked".to_owned()]));
        assert_eq!(masks.all().texts(), ["asked", "given"]);
        assert_eq!(masks.with(&["own".to_owned()]).texts(), ["asked", "own"]);
    }
}
