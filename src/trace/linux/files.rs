//! What calls on files mean.
//!
//! Knows opening, changing, renaming. Does not know how a path is found or a change remembered.

use rustix::fs::{Dir, FileType, Mode, OFlags};

use super::{
    calls::{Follow, Place},
    ledger::{Identity, Of},
    memory::Unread,
    observer::{Event, Named, Observer, process_of},
    paths::PathId,
};
use crate::trace::{Asked, Changed, Gap};

/// The bit of `O_TMPFILE` that is not `O_DIRECTORY`.
const NAMELESS: i32 = libc::O_TMPFILE & !libc::O_DIRECTORY;
const RESOLVE_IN_ROOT: u64 = 0x10;
const RENAME_NOREPLACE: u32 = 1;
const RENAME_EXCHANGE: u32 = 2;

impl Observer<'_> {
    pub(super) fn open_how(&mut self, event: &Event, place: Place, how: usize) -> Result<(), Unread> {
        let mut bytes = [0; 24];
        event.memory.bytes(event.arguments[how], &mut bytes)?;
        let number =
            |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes of twenty-four"));
        if number(16) & RESOLVE_IN_ROOT != 0 {
            self.gaps.insert(Gap::ForeignRoot);
        }
        // Flags the kernel does not know make it fail.
        self.open(event, place, i32::try_from(number(0)).unwrap_or(libc::O_PATH))
    }

    pub(super) fn open(&mut self, event: &Event, place: Place, flags: i32) -> Result<(), Unread> {
        let has = |flag: i32| flags & flag == flag;
        let is_exclusive = has(libc::O_CREAT | libc::O_EXCL);
        let does_follow = !has(libc::O_NOFOLLOW) && !is_exclusive;
        let follow = if does_follow { Follow::Always } else { Follow::Never };
        let Some(Named { id, is_open: false }) = self.opened(event, place, follow, has(libc::O_DIRECTORY))?
        else {
            return Ok(());
        };
        let does_write = flags & libc::O_ACCMODE != libc::O_RDONLY;
        if has(libc::O_PATH) || has(NAMELESS) {
            self.ask(event, id, Asked::PROBED);
        } else if is_exclusive {
            self.make(event, id);
        } else if has(libc::O_TRUNC) {
            self.open_emptied(event, id, has(libc::O_CREAT));
        } else if does_write || has(libc::O_CREAT) {
            self.open_kept(event, id, does_write, has(libc::O_CREAT));
        } else if has(libc::O_DIRECTORY) {
            self.ask(event, id, Asked::PROBED);
        } else {
            self.ask(event, id, Asked::PROBED | Asked::READ);
            self.notice_environment(id);
        }
        Ok(())
    }

    /// Resolves the path that is to be opened. What is to be a folder and is none is not opened, only looked at.
    fn opened(
        &mut self,
        event: &Event,
        place: Place,
        follow: Follow,
        wants_folder: bool,
    ) -> Result<Option<Named>, Unread> {
        if !wants_folder {
            return self.named(event, place, follow);
        }
        let named = self.named_by(event, place, follow, true)?;
        let is_folder = |id| self.identity(id).is_some_and(|found| found.is_folder());
        if follow == Follow::Always && named.is_some_and(|named| !named.is_open && is_folder(named.id)) {
            self.use_last(event, place)?;
        }
        Ok(named)
    }

    /// Opens for emptying. What also creates does not care whether a file is there, but whether something else is, and
    /// whether there is a folder for it.
    fn open_emptied(&mut self, event: &Event, id: PathId, does_create: bool) {
        let before = self.identity(id);
        let is_for_file = before.map_or(does_create, |before| before.has_content());
        if !does_create || !is_for_file {
            self.ask(event, id, Asked::PROBED);
        } else if before.is_none() {
            self.ask_folder_of(event, id);
        }
        if is_for_file {
            self.change(event, id, Changed::REPLACED, Of::Content);
        }
    }

    /// Opens for writing or creating, keeping what is there.
    fn open_kept(&mut self, event: &Event, id: PathId, does_write: bool, does_create: bool) {
        self.ask(event, id, Asked::PROBED | Asked::READ);
        match self.identity(id) {
            None if does_create => self.change(event, id, Changed::REPLACED, Of::Entry),
            Some(_) if does_write => self.change(event, id, Changed::WRITTEN, Of::Content),
            None if does_write => self.attempt(id),
            _ => {}
        }
    }

    /// Asks whether there is a folder for a new name, if there is none. That there is one is not asked: who puts back
    /// what was made there makes the folder as well.
    fn ask_folder_of(&mut self, event: &Event, id: PathId) {
        let path = self.walker.paths.bytes(id).clone();
        let end = path.iter().rposition(|byte| *byte == b'/').unwrap_or(0).max(1);
        let folder = &path[..end];
        if !Identity::of(folder).is_some_and(|folder| folder.is_folder()) {
            let folder = self.walker.paths.intern(folder);
            self.ask(event, folder, Asked::PROBED);
        }
    }

    fn attempt(&mut self, id: PathId) {
        self.witness.before_attempt(self.walker.paths.path(id));
    }

    fn identity(&self, id: PathId) -> Option<Identity> {
        Identity::of(self.walker.paths.bytes(id))
    }

    /// The environment of the tree's own processes is known; that of others is not.
    fn notice_environment(&mut self, id: PathId) {
        let path = self.walker.paths.bytes(id);
        if path.ends_with(b"/environ") && process_of(path).is_some_and(|(pid, _)| !self.processes.knows(pid))
        {
            self.gaps.insert(Gap::Environ);
        }
    }

    pub(super) fn read_link(&mut self, event: &Event, id: PathId) {
        let is_link = self.walker.is_link(id);
        self.ask(event, id, if is_link { Asked::PROBED | Asked::READ } else { Asked::PROBED });
    }

    pub(super) fn truncate(&mut self, event: &Event, id: PathId) {
        let is_emptied = event.arguments[1] == 0;
        self.ask(event, id, if is_emptied { Asked::PROBED } else { Asked::PROBED | Asked::READ });
        if self.identity(id).is_some() {
            let changed = if is_emptied { Changed::REPLACED } else { Changed::WRITTEN };
            self.change(event, id, changed, Of::Content);
        } else {
            self.attempt(id);
        }
    }

    /// Sets what is not content.
    pub(super) fn set(&mut self, event: &Event, named: Named, changed: Changed) {
        let Named { id, is_open } = named;
        if !is_open {
            self.ask(event, id, Asked::PROBED);
        }
        if self.identity(id).is_some() {
            self.change(event, id, changed, Of::Attributes);
        } else {
            self.attempt(id);
        }
    }

    pub(super) fn set_xattr(&mut self, event: &Event, named: Named, name: usize) -> Result<(), Unread> {
        self.set(event, named, Changed::XATTR);
        let mut text = Vec::new();
        event.memory.string_below(event.arguments[name], 256, &mut text)?;
        self.attributes.insert((named.id, text));
        Ok(())
    }

    /// Creates what must not be there yet.
    pub(super) fn make(&mut self, event: &Event, id: PathId) {
        self.ask(event, id, Asked::PROBED);
        if self.identity(id).is_none() {
            self.change(event, id, Changed::REPLACED, Of::Entry);
        } else {
            self.attempt(id);
        }
    }

    /// Creates a folder, or makes sure that it is one.
    pub(super) fn make_folder(&mut self, event: &Event, id: PathId) {
        self.make(event, id);
        if self.identity(id).is_some_and(|it| it.is_folder()) {
            self.change(event, id, Changed::FOLDER, Of::Entry);
        }
    }

    pub(super) fn remove(&mut self, event: &Event, id: PathId) {
        self.ask(event, id, Asked::PROBED);
        let Some(before) = self.identity(id) else { return self.attempt(id) };
        if before.is_link() {
            self.walker.unsettle(id);
        }
        self.change(event, id, Changed::REPLACED, Of::Entry);
    }

    /// Gives a file a second name.
    pub(super) fn link(&mut self, event: &Event, original: PathId, to: Place) -> Result<(), Unread> {
        let Some(Named { id: name, .. }) = self.named(event, to, Follow::Never)? else { return Ok(()) };
        self.ask(event, original, Asked::PROBED | Asked::READ);
        if self.walker.is_link(original) {
            self.walker.unsettle(name);
        }
        self.make(event, name);
        if self.identity(name).is_none() {
            // By its other name it could be written.
            self.forbids(event, original);
        }
        self.ledger.alias(&self.walker.paths, original, name);
        Ok(())
    }

    pub(super) fn rename(
        &mut self,
        event: &Event,
        from: PathId,
        to: Place,
        flags: Option<usize>,
    ) -> Result<(), Unread> {
        let Some(Named { id: to, .. }) = self.named(event, to, Follow::Never)? else { return Ok(()) };
        let flags = flags.map_or(0, |flags| event.bits(flags));
        let (source, target) = (self.identity(from), self.identity(to));
        self.ask(event, from, Asked::PROBED | Asked::READ);
        // A file replaces a file without asking, unless it is the same file, which then keeps both names.
        let does_matter =
            |target: &Identity| target.is_folder() || source.is_some_and(|it| it.is_same_file(target));
        let has_conditions = flags != 0 || source.is_some_and(|source| source.is_folder());
        if has_conditions || target.as_ref().is_some_and(does_matter) {
            self.ask(event, to, Asked::PROBED);
        }
        if source.is_some() && target.is_none() {
            self.ask_folder_of(event, to);
        }
        let is_refused = flags & RENAME_NOREPLACE != 0 && target.is_some();
        let Some(source) = source.filter(|_| !is_refused && from != to) else {
            self.attempt(from);
            self.attempt(to);
            return Ok(());
        };
        self.relocate(event, from, to, source);
        match target {
            Some(target) if flags & RENAME_EXCHANGE != 0 => {
                self.ask(event, to, Asked::READ);
                self.relocate(event, to, from, target);
            }
            // It may be a link that is replaced by what is none.
            Some(target) if target.is_link() => self.walker.unsettle(to),
            _ => {}
        }
        Ok(())
    }

    /// Records that what is at one path, with all below it, is about to be at another.
    fn relocate(&mut self, event: &Event, from: PathId, to: PathId, source: Identity) {
        let mut moved = vec![(from, to)];
        if source.is_folder() {
            let from = self.walker.paths.bytes(from).to_vec();
            let to = self.walker.paths.bytes(to).to_vec();
            for name in names_below(&from) {
                let old = self.walker.paths.intern(&[&*from, &*name].concat());
                let new = self.walker.paths.intern(&[&*to, &*name].concat());
                self.ask(event, old, Asked::READ);
                moved.push((old, new));
            }
        }
        if source.is_folder() || source.is_link() {
            for (old, new) in &moved {
                self.walker.unsettle(*old);
                self.walker.unsettle(*new);
            }
        }
        for (old, new) in moved {
            self.change(event, old, Changed::REPLACED, Of::Entry);
            self.change(event, new, Changed::REPLACED, Of::Entry);
        }
    }
}

/// Returns the paths of all that is below a folder, each from the slash after the folder on.
fn names_below(folder: &[u8]) -> Vec<Vec<u8>> {
    let mut found: Vec<Vec<u8>> = Vec::new();
    let mut folders = vec![Vec::new()];
    while let Some(below) = folders.pop() {
        let path = [folder, &*below].concat();
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = rustix::fs::open(path.as_slice(), flags, Mode::empty());
        let Ok(directory) = opened.and_then(Dir::new) else { continue };
        for entry in directory.flatten() {
            let name = entry.file_name().to_bytes();
            if name == b"." || name == b".." {
                continue;
            }
            let path = [&*below, b"/", name].concat();
            let is_folder = match entry.file_type() {
                FileType::Unknown => {
                    Identity::of(&[folder, &*path].concat()).is_some_and(|it| it.is_folder())
                }
                file_type => file_type == FileType::Directory,
            };
            if is_folder {
                folders.push(path.clone());
            }
            found.push(path);
        }
    }
    found
}
