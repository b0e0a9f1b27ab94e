//! Sets marks: on the folders down to a path, and on the file that is there.

use std::path::{Path, PathBuf};

use rustix::{
    fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat, open, statat},
    io::Errno,
};

use super::{
    Folder, HashMap, HashSet, Mark, Place, PlaceId, Shortage, Watcher,
    kernel::{OF_FILE, OF_FOLDER, OF_TREE, WatchFlags},
};

/// Where the way to a folder ends.
pub(super) enum Entered {
    /// At the folder, which has a mark.
    Here,
    /// At this folder above it, which has a mark: the next one is not there.
    Missing(PathBuf),
    /// At what cannot be followed.
    Nowhere,
}

impl Watcher {
    /// Follows a path from now on; with `is_listed`, the names in it too. Who looks at it after this, and drains the news
    /// after that, misses nothing. Cheap where the path is followed already.
    ///
    /// Nothing if it cannot be followed: it does not lie below the root on the same file system, a link leads there, or
    /// there are no marks left.
    pub fn follow(&mut self, path: &Path, is_listed: bool) -> Option<PlaceId> {
        if let Some((index, _, place)) = self.places.get_full(path)
            && place.is_marked
            && (place.is_listed || !is_listed)
        {
            return PlaceId::try_from(index).ok();
        }
        if !path.starts_with(&self.root) {
            return None;
        }
        let entry = self.places.entry(path.to_path_buf());
        let id = PlaceId::try_from(entry.index()).ok()?;
        let place = entry.or_default();
        place.is_listed |= is_listed;
        place.is_marked = false;
        let is_listed = place.is_listed;
        let is_marked =
            if path == self.root { self.list(path, id) } else { self.mark_place(id, path, is_listed) };
        self.place(id)?.is_marked = is_marked;
        is_marked.then_some(id)
    }

    fn mark_place(&mut self, id: PlaceId, path: &Path, is_listed: bool) -> bool {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return false };
        match self.enter(parent) {
            Entered::Here => {}
            Entered::Missing(folder) => return self.miss(id, &folder),
            Entered::Nowhere => return false,
        }
        if let Some(folder) = self.folders.get_mut(parent) {
            folder.names.insert(name.to_owned(), id);
        }
        let stat = match statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(Errno::NOENT | Errno::NOTDIR) => return self.miss(id, parent),
            Err(_) => return false,
        };
        match FileType::from_raw_mode(stat.st_mode) {
            _ if !self.is_on_device(&stat) => false,
            FileType::RegularFile => self.mark_file(id, path, parent),
            FileType::Directory => {
                self.release(id);
                !is_listed || self.list(path, id)
            }
            // Where a link points changes only with its name.
            FileType::Symlink => {
                self.release(id);
                true
            }
            _ => false,
        }
    }

    /// Follows a path that is not there by the folder where its way ends.
    fn miss(&mut self, id: PlaceId, folder: &Path) -> bool {
        self.release(id);
        self.folders.get_mut(folder).is_some_and(|folder| {
            folder.missing.insert(id);
            true
        })
    }

    fn list(&mut self, path: &Path, id: PlaceId) -> bool {
        let is_here = matches!(self.enter(path), Entered::Here);
        let folder = self.folders.get_mut(path).filter(|_| is_here);
        folder.map(|folder| folder.listed = Some(id)).is_some()
    }

    fn mark_file(&mut self, id: PlaceId, path: &Path, parent: &Path) -> bool {
        let mark = match self.kernel.mark(path, OF_FILE) {
            Ok(mark) => mark,
            Err(Errno::NOENT | Errno::NOTDIR) => return self.miss(id, parent),
            Err(error) => return self.cannot(error),
        };
        match self.marks.get_mut(&mark) {
            Some(Mark::File(places)) if places.contains(&id) => {}
            Some(Mark::File(places)) => places.push(id),
            // It has become a folder this moment, and its mark is no longer that of a folder.
            Some(Mark::Folder(_)) => {
                self.is_confused = true;
                return false;
            }
            None => {
                self.marks.insert(mark, Mark::File(vec![id]));
                // Who opened it before now was not seen.
                self.take_for_written(mark);
            }
        }
        if self.place(id).is_some_and(|place| place.file != Some(mark)) {
            self.release(id);
            if let Some(place) = self.place(id) {
                place.file = Some(mark);
            }
        }
        true
    }

    /// Notes why there is no mark.
    fn cannot(&mut self, error: Errno) -> bool {
        if error == Errno::NOSPC {
            self.shortage = Some(Shortage::Marks);
        }
        false
    }

    pub(super) fn take_for_written(&mut self, mark: i32) {
        if self.is_written.insert(mark) {
            self.written.push_back(mark);
        }
    }

    /// Takes a place off the file it was at.
    fn release(&mut self, id: PlaceId) {
        let Some(mark) = self.place(id).and_then(|place| place.file.take()) else { return };
        if let Some(Mark::File(places)) = self.marks.get_mut(&mark) {
            places.retain(|place| *place != id);
            if places.is_empty() {
                self.marks.remove(&mark);
                self.is_written.remove(&mark);
                self.kernel.unmark(mark);
            }
        }
    }

    pub(super) fn place(&mut self, id: PlaceId) -> Option<&mut Place> {
        self.places.get_index_mut(id as usize).map(|(_, place)| place)
    }

    fn is_on_device(&self, stat: &Stat) -> bool {
        stat.st_dev == self.identity.0
    }

    /// Sets marks on a folder and on those down to it from the root.
    pub(super) fn enter(&mut self, path: &Path) -> Entered {
        if self.folders.contains_key(path) {
            return Entered::Here;
        }
        let parent = if path == self.root { None } else { path.parent() };
        if let Some(parent) = parent {
            match self.enter(parent) {
                Entered::Here => {}
                further => return further,
            }
        }
        match self.kernel.mark(path, self.folder_flags()) {
            Ok(mark) => self.add_folder(path, mark),
            Err(Errno::NOENT | Errno::NOTDIR) => {
                let stat = statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW);
                let is_link =
                    stat.is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Symlink);
                match parent {
                    Some(parent) if !is_link => Entered::Missing(parent.to_path_buf()),
                    _ => Entered::Nowhere,
                }
            }
            Err(error) => {
                self.cannot(error);
                Entered::Nowhere
            }
        }
    }

    pub(super) fn folder_flags(&self) -> WatchFlags {
        if self.is_tree { OF_FOLDER | OF_TREE } else { OF_FOLDER }
    }

    fn add_folder(&mut self, path: &Path, mark: i32) -> Entered {
        let stat = statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW);
        let is_ours = stat.is_ok_and(|stat| self.is_on_device(&stat));
        // A folder that has two paths, mounted twice, is told of by one of them.
        if self.marks.contains_key(&mark) {
            return Entered::Nowhere;
        }
        if !is_ours {
            self.kernel.unmark(mark);
            return Entered::Nowhere;
        }
        self.marks.insert(mark, Mark::Folder(path.to_path_buf()));
        let folder = Folder { mark, names: HashMap::new(), missing: HashSet::new(), listed: None };
        self.folders.insert(path.to_path_buf(), folder);
        Entered::Here
    }

    /// Tells everything that happens below the root from now on, or only of what is followed.
    pub fn watch_tree(&mut self, is_tree: bool) {
        if std::mem::replace(&mut self.is_tree, is_tree) == is_tree {
            return;
        }
        for (path, folder) in &self.folders {
            let mark = self.kernel.mark(path, self.folder_flags());
            self.is_confused |= mark != Ok(folder.mark);
        }
        if is_tree {
            let root = self.root.clone();
            self.enter_below(&root);
        }
    }

    /// Sets marks on all folders below one, and returns what is in them.
    ///
    /// A folder is listed when it has its mark, so that what comes later is told.
    pub(super) fn enter_below(&mut self, folder: &Path) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut open = vec![folder.to_path_buf()];
        while let Some(folder) = open.pop() {
            if !matches!(self.enter(&folder), Entered::Here) {
                continue;
            }
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let Ok(entries) = open_folder(&folder, flags) else { continue };
            for entry in entries.flatten() {
                let name = super::events::name_of(entry.file_name());
                if name == "." || name == ".." || self.is_private(&name) {
                    continue;
                }
                let path = folder.join(name);
                if entry.file_type() == FileType::Directory {
                    open.push(path.clone());
                }
                found.push(path);
            }
        }
        found
    }
}

fn open_folder(path: &Path, flags: OFlags) -> Result<Dir, Errno> {
    Dir::new(open(path, flags, Mode::empty())?)
}
