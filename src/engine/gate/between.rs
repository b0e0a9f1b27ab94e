//! What one step writes and a later one writes again: whoever stands between them has to find what the first left.
//!
//! On disk is what the last one left, and that is what a step finds if only it runs. So it must not ask for such a path,
//! but in a build that decides on the others too and can bring the first one's back.

use std::{
    cell::{OnceCell, RefCell},
    collections::HashMap,
    path::{Path, PathBuf},
};

use super::Partly;
use crate::{
    base::WsPath,
    cache::Known,
    fingerprint::Question,
    sys::{Asked, Seen},
    text::pattern::Pattern,
};

/// Paths that a step leaves something at, and behind it one that is not decided again.
pub(super) struct Rewritten<'a> {
    partly: &'a Partly,
    /// The first and the last of these steps by the place of the path; nothing if there are no such two.
    around: RefCell<HashMap<usize, Option<(usize, usize)>>>,
    /// Those of all such paths.
    all: OnceCell<Vec<(usize, usize)>>,
}

impl<'a> Rewritten<'a> {
    pub(super) fn new(partly: &'a Partly) -> Self {
        Self { partly, around: RefCell::default(), all: OnceCell::new() }
    }

    /// Tells whether a path is one, and a step stands between the two; steps by their places in the whole plan.
    fn is_around(&self, known: &Known<'_>, item: usize) -> bool {
        let mut around = self.around.borrow_mut();
        let (first, last) = match around.entry(known.index).or_insert_with(|| self.around(known)) {
            Some(around) => *around,
            None => return false,
        };
        first < item && item < last
    }

    fn around(&self, known: &Known<'_>) -> Option<(usize, usize)> {
        let writers = known.askers().filter(|(_, writes)| *writes).map(|(item, _)| item as usize);
        let writers: Vec<usize> = writers.collect();
        let last = writers.iter().rfind(|writer| !self.partly.is_due(**writer));
        writers.first().copied().zip(last.copied())
    }

    /// Tells whether there is any such path around a step.
    pub(super) fn is_any(&self, item: usize) -> bool {
        let all = || self.partly.gate.paths().filter_map(|known| self.around(&known)).collect();
        self.all.get_or_init(all).iter().any(|(first, last)| *first < item && item < *last)
    }

    /// Tells whether a step's question is about one.
    pub(super) fn is_asked_by(&self, item: usize, question: &Question, root: &Path) -> bool {
        match question {
            Question::State(path) => self.is_at(&path.to_absolute(root), item),
            Question::Listing(folder) => self.is_inside(&folder.to_absolute(root), false, item),
            Question::Names(pattern) => match Pattern::parse(pattern, root, &WsPath::root()) {
                Ok(pattern) => self.is_inside(&pattern.fixed_part().to_absolute(root), true, item),
                Err(_) => self.is_any(item),
            },
        }
    }

    /// Tells whether one was looked at in order to decide the step; of a folder its names may have been asked for.
    pub(super) fn is_in(&self, item: usize, asked: &Asked, seen: &[(PathBuf, Seen)]) -> bool {
        let paths = asked.places.iter().filter_map(|place| Some(&seen.get(*place as usize)?.0));
        paths.chain(&asked.known).any(|path| self.is_at(path, item) || self.is_inside(path, false, item))
    }

    fn is_at(&self, path: &Path, item: usize) -> bool {
        self.partly.gate.find(path, false).is_some_and(|known| self.is_around(&known, item))
    }

    fn is_inside(&self, folder: &Path, is_deep: bool, item: usize) -> bool {
        self.partly.gate.inside(folder, is_deep).any(|known| self.is_around(&known, item))
    }
}
