//! How the files of a world in memory change.
//!
//! Knows what POSIX allows and what each change does to the times. Does not know who asks, nor relative paths.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    io::{self, ErrorKind},
    path::Path,
};

use super::tree::{Body, Follow, Inode, Place, ROOT, Tree, WRITE};

/// What a rename does about the target.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum RenameMode {
    Replace,
    New,
    Exchange,
}

impl Tree {
    /// Returns the file a path leads to, made if it is absent; its content is left as it is.
    pub(super) fn open_to_write(&mut self, path: &Path, mode: u32) -> io::Result<u64> {
        let place = self.walk(path, Follow::Yes)?;
        let Some(inode) = place.inode else { return self.make_at(&place, Body::File(Vec::new()), mode) };
        self.content(inode)?;
        self.allow(inode, WRITE)?;
        Ok(inode)
    }

    pub(super) fn set_content(&mut self, inode: u64, content: Vec<u8>) {
        self.modify(inode, |inode| (inode.body, inode.flushed) = (Body::File(content), 0));
    }

    pub(super) fn flush(&mut self, inode: u64) {
        let inode = self.get_mut(inode);
        if let Body::File(content) = &inode.body {
            inode.flushed = content.len();
        }
    }

    pub(super) fn flush_all(&mut self) {
        let all: Vec<u64> = self.inodes.keys().copied().collect();
        all.into_iter().for_each(|inode| self.flush(inode));
    }

    /// Loses what was not flushed, as far as `lose` says.
    pub(super) fn lose_unflushed(&mut self, lose: &mut dyn FnMut(usize) -> (usize, bool)) {
        for inode in self.inodes.values_mut() {
            let Body::File(content) = &mut inode.body else { continue };
            let length = content.len();
            let at_risk = length.saturating_sub(inode.flushed);
            if at_risk > 0 {
                let (kept, is_zeroed) = lose(at_risk);
                content.truncate(inode.flushed + kept.min(at_risk));
                if is_zeroed {
                    content.resize(length, 0);
                }
            }
            inode.flushed = content.len();
        }
    }

    /// Adds to the end of an inode that was opened as a file.
    pub(super) fn append(&mut self, inode: u64, bytes: &[u8]) {
        self.modify(inode, |inode| {
            if let Body::File(content) = &mut inode.body {
                content.extend_from_slice(bytes);
            }
        });
    }

    pub(super) fn set_mode(&mut self, inode: u64, mode: u32) {
        let now = self.clock.change();
        let inode = self.get_mut(inode);
        inode.mode = mode & 0o7777;
        inode.ctime_ns = now;
    }

    pub(super) fn touch(&mut self, path: &Path) -> io::Result<()> {
        let inode = self.find(path, Follow::Yes)?;
        self.modify(inode, |_| ());
        Ok(())
    }

    pub(super) fn date(&mut self, path: &Path, mtime_ns: i64) -> io::Result<()> {
        let inode = self.find(path, Follow::Yes)?;
        self.modify(inode, |inode| inode.mtime_ns = mtime_ns);
        Ok(())
    }

    pub(super) fn copy(&mut self, from: &Path, to: &Path, mode: u32) -> io::Result<()> {
        let place = self.walk(to, Follow::No);
        if place.as_ref().is_ok_and(|place| place.inode.is_some()) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        let (inode, place) = (self.open(from)?, place?);
        let content = self.content(inode)?.to_vec();
        self.make_at(&place, Body::File(content), mode).map(drop)
    }

    pub(super) fn symlink(&mut self, target: &Path, path: &Path) -> io::Result<()> {
        let place = self.vacant(path)?;
        self.make_at(&place, Body::Link(target.to_owned()), 0o777).map(drop)
    }

    /// Makes the deepest directory first and those above it only if they are wanted, as the standard library does:
    /// so the error is that of the first path that is in the way.
    pub(super) fn create_dir_all(&mut self, path: &Path) -> io::Result<()> {
        let made = self.ensure_dir(path);
        let is_wanting = made.as_ref().is_err_and(|error| error.kind() == ErrorKind::NotFound);
        match path.parent().filter(|_| is_wanting) {
            Some(above) => {
                self.create_dir_all(above)?;
                self.ensure_dir(path)
            }
            None => made,
        }
    }

    /// Makes one directory; one that is there is fine.
    fn ensure_dir(&mut self, path: &Path) -> io::Result<()> {
        match self.create_dir(path) {
            Err(_) if self.find(path, Follow::Yes).is_ok_and(|inode| self.is_directory(inode)) => Ok(()),
            made => made,
        }
    }

    pub(super) fn create_dir(&mut self, path: &Path) -> io::Result<()> {
        let place = self.vacant(path)?;
        self.make_at(&place, Body::Directory(BTreeMap::new()), 0o755).map(drop)
    }

    pub(super) fn remove_file(&mut self, path: &Path) -> io::Result<()> {
        let place = self.walk(path, Follow::No)?;
        if self.is_directory(place.found()?) {
            return Err(ErrorKind::IsADirectory.into());
        }
        self.unlink(&place)
    }

    pub(super) fn remove_dir(&mut self, path: &Path) -> io::Result<()> {
        let place = self.walk(path, Follow::No)?;
        if !self.names(place.found()?)?.is_empty() {
            return Err(ErrorKind::DirectoryNotEmpty.into());
        }
        self.unlink(&place)
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path, mode: RenameMode) -> io::Result<()> {
        let (source, target) = (self.walk(from, Follow::No)?, self.walk(to, Follow::No)?);
        let moved = source.found()?;
        match (mode, target.inode) {
            (RenameMode::Exchange, None) => return Err(ErrorKind::NotFound.into()),
            (RenameMode::New, Some(_)) => return Err(ErrorKind::AlreadyExists.into()),
            _ => {}
        }
        if target.is_below(moved) || target.inode.is_some_and(|replaced| source.is_below(replaced)) {
            return Err(if target.is_below(moved) { into_itself(mode) } else { onto_its_holder(mode) });
        }
        if target.inode == Some(moved) {
            return Ok(());
        }
        self.writable(&source)?;
        self.writable(&target)?;
        if mode == RenameMode::Exchange {
            let other = target.found()?;
            self.link(&source, other);
        } else {
            self.make_room(moved, &target)?;
            self.unlink(&source)?;
        }
        self.link(&target, moved);
        Ok(())
    }

    /// Removes what a rename replaces, if that may be replaced.
    fn make_room(&mut self, moved: u64, target: &Place) -> io::Result<()> {
        let Some(replaced) = target.inode else { return Ok(()) };
        match (self.is_directory(moved), self.is_directory(replaced)) {
            (true, false) => return Err(ErrorKind::NotADirectory.into()),
            (false, true) => return Err(ErrorKind::IsADirectory.into()),
            (true, true) if !self.names(replaced)?.is_empty() => {
                return Err(ErrorKind::DirectoryNotEmpty.into());
            }
            _ => {}
        }
        self.unlink(target)
    }

    /// Returns a place with nothing at it.
    fn vacant(&self, path: &Path) -> io::Result<Place> {
        let place = self.walk(path, Follow::No)?;
        if place.inode.is_some() { Err(ErrorKind::AlreadyExists.into()) } else { Ok(place) }
    }

    fn is_directory(&self, inode: u64) -> bool {
        self.names(inode).is_ok()
    }

    fn writable(&self, place: &Place) -> io::Result<()> {
        if place.name.is_empty() {
            return Err(ErrorKind::ResourceBusy.into());
        }
        self.allow(place.directory(), WRITE)
    }

    pub(super) fn make(&mut self, body: Body, mode: u32) -> u64 {
        let now = self.clock.change();
        let number = self.inodes.last_key_value().map_or(ROOT, |(last, _)| last + 1);
        let inode = Inode { body, mode: mode & 0o7777, mtime_ns: now, ctime_ns: now, links: 1, flushed: 0 };
        self.inodes.insert(number, inode);
        number
    }

    fn make_at(&mut self, place: &Place, body: Body, mode: u32) -> io::Result<u64> {
        self.writable(place)?;
        let inode = self.make(body, mode);
        self.link(place, inode);
        Ok(inode)
    }

    /// Gives an inode the name of a place, whatever that stood for.
    fn link(&mut self, place: &Place, inode: u64) {
        self.set_names(place, |names| _ = names.insert(place.name.clone(), inode));
        let now = self.clock.now().0;
        let inode = self.get_mut(inode);
        inode.links = 1;
        inode.ctime_ns = now;
    }

    fn unlink(&mut self, place: &Place) -> io::Result<()> {
        self.writable(place)?;
        self.set_names(place, |names| _ = names.remove(&place.name));
        let now = self.clock.now().0;
        let inode = self.get_mut(place.found()?);
        inode.links = 0;
        inode.ctime_ns = now;
        Ok(())
    }

    fn set_names(&mut self, place: &Place, change: impl FnOnce(&mut BTreeMap<OsString, u64>)) {
        self.modify(place.directory(), |inode| match &mut inode.body {
            Body::Directory(names) => change(names),
            Body::File(_) | Body::Link(_) => unreachable!("a place lies in a directory"),
        });
    }

    fn modify(&mut self, inode: u64, change: impl FnOnce(&mut Inode)) {
        let now = self.clock.change();
        let inode = self.get_mut(inode);
        inode.mtime_ns = now;
        inode.ctime_ns = now;
        change(inode);
    }

    fn get_mut(&mut self, inode: u64) -> &mut Inode {
        self.inodes.get_mut(&inode).expect("inodes are never removed")
    }
}

/// What the system answers when a directory is to go below itself.
fn into_itself(mode: RenameMode) -> io::Error {
    match mode {
        RenameMode::Replace => ErrorKind::InvalidInput.into(),
        RenameMode::New | RenameMode::Exchange => ErrorKind::Unsupported.into(),
    }
}

/// What the system answers when something is to take the place of a directory it lies in.
fn onto_its_holder(mode: RenameMode) -> io::Error {
    match mode {
        RenameMode::Exchange => ErrorKind::Unsupported.into(),
        RenameMode::Replace | RenameMode::New => ErrorKind::DirectoryNotEmpty.into(),
    }
}
