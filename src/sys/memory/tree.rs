//! The files of a world in memory.
//!
//! Knows inodes and names, and answers as a POSIX file system does. Does not know who asks, nor relative paths;
//! what changes them stands in `change`.
//! An inode is kept when its last name is gone, since an open file may still read it, and its number is never used
//! again.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fmt::Write,
    io::{self, ErrorKind},
    path::{Component, Path, PathBuf},
    time::Duration,
};

use crate::{
    base::Timestamp,
    sys::{Entry, FileKind, Stat},
};

/// The inode of `/`.
pub(super) const ROOT: u64 = 1;
/// As many links as Linux follows in one path.
const MOST_LINKS: usize = 40;
const READ: u32 = 0o400;
pub(super) const WRITE: u32 = 0o200;
const SEARCH: u32 = 0o100;

/// Whether a link in the last component is followed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Follow {
    Yes,
    No,
}

/// The clock all times come from.
#[derive(Clone)]
pub(super) struct Clock {
    /// How much time passes at each change.
    pub(super) step: Duration,
    /// How much has passed since the world began.
    pub(super) since_start: Duration,
    /// How far it was set back since.
    pub(super) set_back: Duration,
}

impl Clock {
    /// 2026-01-01T00:00:00Z.
    const START: Timestamp = Timestamp(1_767_225_600_000_000_000);

    pub(super) fn now(&self) -> Timestamp {
        let back =
            i64::try_from(self.set_back.as_nanos()).expect("a clock is set back by less than centuries");
        Timestamp(Self::START.plus(self.since_start).0 - back)
    }

    pub(super) fn advance(&mut self, time: Duration) {
        self.since_start += time;
    }

    /// Lets the time of one change pass and returns when it happened.
    pub(super) fn change(&mut self) -> i64 {
        self.advance(self.step);
        self.now().0
    }
}

/// All files.
#[derive(Clone)]
pub(super) struct Tree {
    pub(super) inodes: BTreeMap<u64, Inode>,
    pub(super) clock: Clock,
}

/// A file, directory or link without its name.
#[derive(Clone)]
pub(super) struct Inode {
    pub(super) body: Body,
    pub(super) mode: u32,
    pub(super) mtime_ns: i64,
    pub(super) ctime_ns: i64,
    pub(super) links: u64,
    /// How many bytes at its begin would outlive a loss of power.
    pub(super) flushed: usize,
}

/// What an inode holds.
#[derive(Clone)]
pub(super) enum Body {
    File(Vec<u8>),
    Directory(BTreeMap<OsString, u64>),
    Link(PathBuf),
}

/// Where a path leads.
pub(super) struct Place {
    /// The directories from `/` down to the one that holds the name, `/` itself left out.
    above: Vec<(OsString, u64)>,
    /// The last name; empty for `/`.
    pub(super) name: OsString,
    /// What the name stands for, if there is anything.
    pub(super) inode: Option<u64>,
}

impl Place {
    pub(super) fn directory(&self) -> u64 {
        self.above.last().map_or(ROOT, |(_, inode)| *inode)
    }

    pub(super) fn found(&self) -> io::Result<u64> {
        self.inode.ok_or_else(|| ErrorKind::NotFound.into())
    }

    pub(super) fn is_below(&self, inode: u64) -> bool {
        self.above.iter().any(|(_, above)| *above == inode)
    }
}

impl Tree {
    pub(super) fn new() -> Self {
        let clock =
            Clock { step: Duration::from_millis(1), since_start: Duration::ZERO, set_back: Duration::ZERO };
        let mut tree = Self { inodes: BTreeMap::new(), clock };
        let root = tree.make(Body::Directory(BTreeMap::new()), 0o755);
        debug_assert_eq!(root, ROOT, "the root is made first");
        tree
    }

    pub(super) fn stat(&self, inode: u64) -> Stat {
        let Inode { body, mode, mtime_ns, ctime_ns, links, .. } = self.get(inode);
        let (kind, size) = match body {
            Body::File(content) => (FileKind::File, content.len()),
            Body::Directory(_) => (FileKind::Directory, 0),
            Body::Link(target) => (FileKind::Link, target.as_os_str().len()),
        };
        Stat {
            kind,
            size: size as u64,
            mtime_ns: *mtime_ns,
            ctime_ns: *ctime_ns,
            inode,
            device: 1,
            mode: *mode,
            links: *links,
        }
    }

    pub(super) fn find(&self, path: &Path, follow: Follow) -> io::Result<u64> {
        self.walk(path, follow)?.found()
    }

    /// Opens to read; as on Unix a directory can be opened, and fails when it is read.
    pub(super) fn open(&self, path: &Path) -> io::Result<u64> {
        let inode = self.find(path, Follow::Yes)?;
        self.allow(inode, READ)?;
        Ok(inode)
    }

    pub(super) fn content(&self, inode: u64) -> io::Result<&[u8]> {
        match &self.get(inode).body {
            Body::File(content) => Ok(content),
            Body::Directory(_) | Body::Link(_) => Err(ErrorKind::IsADirectory.into()),
        }
    }

    pub(super) fn list(&self, path: &Path) -> io::Result<Vec<Entry>> {
        let inode = self.find(path, Follow::Yes)?;
        let names = self.names(inode)?;
        self.allow(inode, READ)?;
        Ok(names
            .iter()
            .map(|(name, inode)| Entry { name: name.clone(), kind: self.stat(*inode).kind })
            .collect())
    }

    pub(super) fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
        match &self.get(self.find(path, Follow::No)?).body {
            Body::Link(target) => Ok(target.clone()),
            Body::File(_) | Body::Directory(_) => Err(ErrorKind::InvalidInput.into()),
        }
    }

    pub(super) fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        let place = self.walk(path, Follow::Yes)?;
        place.found()?;
        let names = place.above.iter().map(|(name, _)| name).chain([&place.name]);
        Ok(names.fold(PathBuf::from("/"), |path, name| if name.is_empty() { path } else { path.join(name) }))
    }

    pub(super) fn to_listing(&self) -> String {
        let mut text = String::new();
        let mut pending = vec![(PathBuf::from("/"), ROOT)];
        while let Some((path, inode)) = pending.pop() {
            let Inode { body, mode, .. } = self.get(inode);
            let shown = path.display();
            match body {
                Body::File(content) => writeln!(text, "{shown} {mode:o} {} bytes", content.len()),
                Body::Link(target) => writeln!(text, "{shown} -> {}", target.display()),
                Body::Directory(_) if inode == ROOT => Ok(()),
                Body::Directory(_) => writeln!(text, "{shown}/"),
            }
            .expect("a string takes all that is written");
            if let Body::Directory(names) = body {
                pending.extend(names.iter().rev().map(|(name, inode)| (path.join(name), *inode)));
            }
        }
        text
    }

    /// Follows a path from `/` on.
    pub(super) fn walk(&self, path: &Path, follow: Follow) -> io::Result<Place> {
        let mut pending = Vec::new();
        let mut above: Vec<(OsString, u64)> = Vec::new();
        let mut links = 0;
        push_components(&mut pending, path);
        while let Some(name) = pending.pop() {
            let here = above.last().map_or(ROOT, |(_, inode)| *inode);
            let names = self.names(here)?;
            self.allow(here, SEARCH)?;
            if name == ".." {
                above.pop();
                continue;
            }
            let is_last = pending.is_empty();
            let Some(&inode) = names.get(&name) else {
                return if is_last {
                    Ok(Place { above, name, inode: None })
                } else {
                    Err(ErrorKind::NotFound.into())
                };
            };
            match &self.get(inode).body {
                Body::Link(target) if !is_last || follow == Follow::Yes => {
                    links += 1;
                    if links > MOST_LINKS {
                        return Err(io::Error::other("too many levels of symbolic links"));
                    }
                    if target.is_absolute() {
                        above.clear();
                    }
                    push_components(&mut pending, target);
                }
                _ => above.push((name, inode)),
            }
        }
        let (name, inode) = above.pop().unwrap_or((OsString::new(), ROOT));
        Ok(Place { above, name, inode: Some(inode) })
    }

    fn get(&self, inode: u64) -> &Inode {
        self.inodes.get(&inode).expect("inodes are never removed")
    }

    pub(super) fn names(&self, inode: u64) -> io::Result<&BTreeMap<OsString, u64>> {
        match &self.get(inode).body {
            Body::Directory(names) => Ok(names),
            Body::File(_) | Body::Link(_) => Err(ErrorKind::NotADirectory.into()),
        }
    }

    pub(super) fn allow(&self, inode: u64, bit: u32) -> io::Result<()> {
        if self.get(inode).mode & bit == 0 { Err(ErrorKind::PermissionDenied.into()) } else { Ok(()) }
    }
}

/// Pushes the names of a path so that the first is popped first.
fn push_components(pending: &mut Vec<OsString>, path: &Path) {
    let names = path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some(OsString::from("..")),
        Component::CurDir | Component::RootDir | Component::Prefix(_) => None,
    });
    let at = pending.len();
    pending.extend(names);
    pending[at..].reverse();
}
