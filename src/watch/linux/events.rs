//! What events mean for the paths that are followed.

use std::{
    ffi::{CStr, OsStr, OsString},
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use super::{
    Folder, HashMap, HashSet, Mark, News, PlaceId, Watcher,
    kernel::{Event, ReadFlags},
};
use crate::sys::has_writer;

/// A name in a folder came, went, or is another's now.
const NAMES: ReadFlags =
    ReadFlags::CREATE.union(ReadFlags::DELETE).union(ReadFlags::MOVED_FROM).union(ReadFlags::MOVED_TO);
/// Something is there that was not.
const ARRIVES: ReadFlags = ReadFlags::CREATE.union(ReadFlags::MOVED_TO);
/// A folder is no longer where it was.
const GONE: ReadFlags = ReadFlags::DELETE_SELF.union(ReadFlags::MOVE_SELF);
/// Nobody knows what else happened.
const LOST: ReadFlags = ReadFlags::QUEUE_OVERFLOW.union(ReadFlags::UNMOUNT);
/// A file is not what it was.
const CHANGED: ReadFlags =
    ReadFlags::MODIFY.union(ReadFlags::ATTRIB).union(ReadFlags::CLOSE_WRITE).union(ReadFlags::MOVE_SELF);

impl Watcher {
    /// Returns what may have happened up to this moment and was not told yet.
    pub fn drain(&mut self) -> News {
        let mut news = News {
            is_everything: std::mem::take(&mut self.is_confused)
                || self.mounts.as_mut().is_some_and(|mounts| mounts.have_changed(&self.root)),
            ..News::default()
        };
        match self.kernel.events() {
            Ok(events) => events.iter().for_each(|event| self.take(event, &mut news)),
            Err(_) => news.is_everything = true,
        }
        self.told(news)
    }

    /// Tries of up to so many files whether nobody can write to them, and returns what happened meanwhile, with how many
    /// of them that is now known.
    pub fn settle(&mut self, most: usize) -> (News, usize) {
        let mut news = self.drain();
        let mut tried = HashSet::new();
        for _ in 0..most.min(self.written.len()) {
            let Some(mark) = self.written.pop_front().filter(|mark| self.is_written.contains(mark)) else {
                continue;
            };
            self.written.push_back(mark);
            let Some(Mark::File(places)) = self.marks.get(&mark) else { continue };
            let path = places.first().and_then(|place| self.path(*place));
            if path.is_some_and(|path| matches!(has_writer(path), Ok(false))) {
                tried.insert(mark);
            }
        }
        let Ok(events) = self.kernel.events() else {
            return (self.told(News { is_everything: true, ..news }), 0);
        };
        let settled = undisturbed(&tried, &events);
        for event in events.iter().filter(|event| !settled.contains(&event.mark)) {
            self.take(event, &mut news);
        }
        self.is_written.retain(|mark| !settled.contains(mark));
        self.written.retain(|mark| !settled.contains(mark));
        (self.told(news), settled.len())
    }

    fn told(&mut self, news: News) -> News {
        if news.is_everything {
            self.reset();
        }
        news
    }

    fn take(&mut self, event: &Event, news: &mut News) {
        if event.what.intersects(LOST) {
            news.is_everything = true;
            return;
        }
        match self.marks.get(&event.mark) {
            // It was taken off meanwhile.
            None => {}
            Some(Mark::Folder(path)) => {
                let path = path.clone();
                match &event.name {
                    Some(name) => self.take_name(&path, name, event.what, news),
                    None => self.take_folder(&path, event.what, news),
                }
            }
            Some(Mark::File(places)) => {
                let places = places.clone();
                if event.what.contains(ReadFlags::IGNORED) {
                    self.forget_file(event.mark, &places);
                }
                if event.what.contains(ReadFlags::OPEN) {
                    self.take_for_written(event.mark);
                }
                if event.what.intersects(CHANGED | ReadFlags::IGNORED) {
                    news.changed.extend(places);
                }
            }
        }
    }

    fn forget_file(&mut self, mark: i32, places: &[PlaceId]) {
        self.marks.remove(&mark);
        self.is_written.remove(&mark);
        for id in places {
            if let Some(place) = self.place(*id) {
                place.file = None;
                place.is_marked = false;
            }
        }
    }

    /// Takes in what became of a folder itself.
    fn take_folder(&mut self, path: &Path, what: ReadFlags, news: &mut News) {
        if path == self.root && what.intersects(GONE | ReadFlags::IGNORED) {
            news.is_everything = true;
        } else if what.intersects(GONE | ReadFlags::IGNORED) {
            self.lose(path, news);
        } else if what.intersects(ReadFlags::ATTRIB | ReadFlags::MODIFY) {
            // Who may not enter it sees nothing below it.
            let below = self.folders.range(path.to_path_buf()..);
            let below = below.take_while(|(folder, _)| folder.starts_with(path));
            let places = |folder: &'_ Folder| -> Vec<PlaceId> {
                folder.names.values().chain(&folder.listed).chain(&folder.missing).copied().collect()
            };
            let below = below.flat_map(|(_, folder)| places(folder));
            news.changed.extend(below);
        }
    }

    /// Takes in what became of a name in a folder.
    fn take_name(&mut self, folder: &Path, name: &OsStr, what: ReadFlags, news: &mut News) {
        let Some(known) = self.folders.get_mut(folder) else { return };
        let place = known.names.get(name).copied();
        let mut unmarked: Vec<PlaceId> = Vec::new();
        if what.intersects(NAMES) {
            unmarked.extend(place);
            news.changed.extend(known.listed);
        }
        if what.intersects(ARRIVES) {
            // The way to any of them may go on here, whatever the file system takes for the same name.
            unmarked.extend(known.missing.drain());
        }
        news.changed.extend(place);
        news.changed.extend(&unmarked);
        for id in unmarked {
            if let Some(place) = self.place(id) {
                place.is_marked = false;
            }
        }
        let path = folder.join(name);
        // That a folder is removed it says itself only when nobody has anything open in it any more.
        if what.intersects(NAMES) && self.folders.contains_key(&path) {
            self.lose(&path, news);
        }
        if self.is_tree && !self.is_private(name) {
            if what.intersects(ARRIVES) && what.contains(ReadFlags::ISDIR) {
                let below = self.enter_below(&path);
                news.elsewhere.extend(below);
            }
            // That a file in it was opened or touched is no news of a folder.
            if what.intersects(NAMES) || !what.contains(ReadFlags::ISDIR) {
                news.elsewhere.push(path);
            }
        }
    }

    /// Takes the marks off a folder that is gone, and off all below it.
    fn lose(&mut self, path: &Path, news: &mut News) {
        let below = self.folders.range(path.to_path_buf()..).map(|(folder, _)| folder);
        let lost: Vec<PathBuf> = below.take_while(|folder| folder.starts_with(path)).cloned().collect();
        for folder in lost {
            let Some(folder) = self.folders.remove(&folder) else { continue };
            self.marks.remove(&folder.mark);
            self.kernel.unmark(folder.mark);
            let places = folder.names.into_values().chain(folder.missing).chain(folder.listed);
            for id in places {
                news.changed.push(id);
                if let Some(place) = self.place(id) {
                    place.is_marked = false;
                }
            }
        }
    }

    pub(super) fn is_private(&self, name: &OsStr) -> bool {
        self.private.iter().any(|private| name == *private)
    }
}

/// Returns the files of which nothing happened but that they were tried: whoever opened them to write after that is told
/// by a later event, which cannot be one with that of the trial, since that the trial ended was told before its lease did.
fn undisturbed(tried: &HashSet<i32>, events: &[Event]) -> HashSet<i32> {
    let mut seen: HashMap<i32, Vec<ReadFlags>> = HashMap::new();
    for event in events.iter().filter(|event| tried.contains(&event.mark)) {
        seen.entry(event.mark).or_default().push(event.what);
    }
    let trial = [ReadFlags::OPEN, ReadFlags::CLOSE_NOWRITE];
    seen.into_iter().filter(|(_, seen)| *seen == trial).map(|(mark, _)| mark).collect()
}

pub(super) fn name_of(name: &CStr) -> OsString {
    OsStr::from_bytes(name.to_bytes()).to_owned()
}
