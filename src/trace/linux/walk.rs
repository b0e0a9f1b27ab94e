//! Resolves the paths of calls to physical ones, as the kernel is about to.
//!
//! Knows links, `..`, `/proc` and what it has already seen of the disk. Does not know calls.
//!
//! It keeps two memories. One says of each path whether it is a link; it lasts for the whole trace, since nobody but
//! the tree is expected to change links while it runs, and a link on the way is recorded as a question, so that
//! somebody else's change will be noticed. The other says what a whole path came to. What the tree itself makes a
//! link, or moves, is never kept from then on, because az sees a call before it takes effect.

use std::mem::MaybeUninit;

use rustc_hash::{FxHashMap, FxHashSet};
use rustix::{fs::CWD, io::Errno};

use super::{
    memory::Unread,
    paths::{PathId, Paths},
};

/// As many links as the kernel follows in one path.
const LINK_LIMIT: usize = 40;

/// What becomes of a link at the end of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// It is what the path names.
    Entry = 0,
    /// It is followed.
    Through = 1,
    /// It is followed, to have a look at what it leads to.
    Look = 2,
}

/// The process for which a path is resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Who {
    pub(super) tid: i32,
    pub(super) pid: i32,
}

/// Resolves paths for one trace.
#[derive(Debug, Default)]
pub(super) struct Walker {
    pub(super) paths: Paths,
    /// The target of what is a link, nothing for what is not; what is not in it was not looked at.
    links: FxHashMap<PathId, Option<Box<[u8]>>>,
    /// Whether something was there when a path was first looked at.
    there: FxHashMap<PathId, bool>,
    /// What the tree itself changes.
    unsteady: FxHashSet<PathId>,
    whole: FxHashMap<Box<[u8]>, PathId>,
    /// The links passed on the way of the last path, unless they were told before.
    pub(super) passed: Vec<PathId>,
    /// The same, those at which the path ends.
    pub(super) passed_last: Vec<PathId>,
    key: Vec<u8>,
}

impl Walker {
    /// Resolves `path`, which if relative starts from the physical `base`.
    pub(super) fn resolve(&mut self, who: Who, base: &[u8], path: &[u8], way: Way) -> PathId {
        self.passed.clear();
        self.passed_last.clear();
        self.key.clear();
        self.key.push(way as u8);
        if path.first() != Some(&b'/') {
            self.key.extend_from_slice(base);
            self.key.push(0);
        }
        self.key.extend_from_slice(path);
        if let Some(known) = self.whole.get(&*self.key) {
            return *known;
        }
        let (id, is_steady) = Walk::new(self, who, base).go(path, way != Way::Entry);
        if is_steady {
            self.whole.insert(self.key.as_slice().into(), id);
        }
        id
    }

    /// Tells whether a path is a link.
    pub(super) fn is_link(&mut self, id: PathId) -> bool {
        self.target(id).is_some()
    }

    /// Forgets what is known of a path that is about to become something else.
    pub(super) fn unsettle(&mut self, id: PathId) {
        self.links.remove(&id);
        self.unsteady.insert(id);
        self.whole.clear();
    }

    /// Tells whether something was at a path when it was first looked at, if it was.
    pub(super) fn was_there(&self, id: PathId) -> Option<bool> {
        self.there.get(&id).copied()
    }

    fn target(&mut self, id: PathId) -> Option<Box<[u8]>> {
        if let Some(known) = self.links.get(&id) {
            return known.clone();
        }
        let target = read_link(self.paths.bytes(id));
        let is_there = !matches!(target, Err(Errno::NOENT | Errno::NOTDIR));
        self.there.entry(id).or_insert(is_there);
        let target = target.ok().map(Vec::into_boxed_slice);
        if !self.unsteady.contains(&id) {
            self.links.insert(id, target.clone());
        }
        target
    }
}

/// One walk along a path.
struct Walk<'a> {
    walker: &'a mut Walker,
    who: Who,
    /// Where it has come to: physical, empty for the root.
    here: Vec<u8>,
    hops: usize,
    /// What was found holds for other processes and later too.
    is_steady: bool,
}

impl<'a> Walk<'a> {
    fn new(walker: &'a mut Walker, who: Who, base: &[u8]) -> Self {
        let here = if base == b"/" { Vec::new() } else { base.to_vec() };
        Self { walker, who, here, hops: 0, is_steady: true }
    }

    fn go(mut self, path: &[u8], does_follow: bool) -> (PathId, bool) {
        let mut rest = path.to_vec();
        if rest.first() == Some(&b'/') {
            self.here.clear();
        }
        loop {
            let start = rest.iter().position(|byte| *byte != b'/').unwrap_or(rest.len());
            let end = rest[start..].iter().position(|byte| *byte == b'/').map_or(rest.len(), |at| start + at);
            let name = &rest[start..end];
            if name.is_empty() {
                break;
            }
            // A slash at the end asks for what a link leads to.
            let is_last = end == rest.len();
            match name {
                b"." => {}
                b".." => self.up(),
                name => {
                    let parent = self.here.len();
                    self.enter(name);
                    if (!is_last || does_follow)
                        && let Some(target) = self.follow(is_last)
                    {
                        self.here.truncate(if target.first() == Some(&b'/') { 0 } else { parent });
                        rest.splice(..end, target);
                        continue;
                    }
                }
            }
            rest.drain(..end);
        }
        let here: &[u8] = if self.here.is_empty() { b"/" } else { &self.here };
        (self.walker.paths.intern(here), self.is_steady)
    }

    fn up(&mut self) {
        let parent = self.here.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
        self.here.truncate(parent);
    }

    /// Goes to a name below; in `/proc`, `self` is who asks rather than az.
    fn enter(&mut self, name: &[u8]) {
        let is_in_proc = self.here == b"/proc";
        self.here.push(b'/');
        let Who { tid, pid } = self.who;
        match name {
            b"self" if is_in_proc => self.here.extend(pid.to_string().into_bytes()),
            b"thread-self" if is_in_proc => self.here.extend(format!("{pid}/task/{tid}").into_bytes()),
            name => self.here.extend_from_slice(name),
        }
    }

    /// Returns the target of the link here, if it is one that leads to another path.
    fn follow(&mut self, is_last: bool) -> Option<Vec<u8>> {
        if self.hops >= LINK_LIMIT {
            return None;
        }
        let target = if self.here.starts_with(b"/proc/") {
            self.is_steady = false;
            self.follow_in_proc()?
        } else {
            let id = self.walker.paths.intern(&self.here);
            self.is_steady &= !self.walker.unsteady.contains(&id);
            let target = self.walker.target(id)?;
            let passed = if is_last { &mut self.walker.passed_last } else { &mut self.walker.passed };
            passed.push(id);
            target.into_vec()
        };
        self.hops += 1;
        Some(target)
    }

    /// Follows what in `/proc` looks like a link: the text of some is no path.
    fn follow_in_proc(&self) -> Option<Vec<u8>> {
        let target = read_link(&self.here).ok()?;
        let is_of_descriptor = self.here.len() > 6 && self.here[6..].contains(&b'/');
        if is_of_descriptor && target.first() == Some(&b'/') {
            return living(&self.here, target);
        }
        // `/proc/mounts` and the like lead to `self/mounts`; a pipe or socket has no path.
        (!is_of_descriptor).then_some(target)
    }
}

/// Returns the physical path that a link in `/proc` leads to, if it leads to a path.
///
/// # Errors
/// If az may not see where it leads to.
pub(super) fn physical(link: &str) -> Result<Option<Vec<u8>>, Unread> {
    match read_link(link.as_bytes()) {
        Ok(target) if target.first() == Some(&b'/') => Ok(living(link.as_bytes(), target)),
        Ok(_) | Err(Errno::NOENT | Errno::SRCH) => Ok(None),
        Err(_) => Err(Unread::Hidden),
    }
}

/// Returns the path a descriptor leads to, unless the kernel says that it has been removed.
fn living(link: &[u8], target: Vec<u8>) -> Option<Vec<u8>> {
    let Some(name) = target.strip_suffix(b" (deleted)") else { return Some(target) };
    // A file may really be called so.
    let is_removed = rustix::fs::stat(link).is_ok_and(|stat| stat.st_nlink == 0);
    if !is_removed {
        return Some(target);
    }
    // What is relative to a removed folder was below its name.
    (!name.starts_with(b"/memfd:")).then(|| name.to_vec())
}

fn read_link(path: &[u8]) -> rustix::io::Result<Vec<u8>> {
    // The kernel gives no longer target than this.
    let mut target = [const { MaybeUninit::uninit() }; 4096];
    match rustix::fs::readlinkat_raw(CWD, path, &mut target[..])? {
        ([], _) => Err(Errno::INVAL),
        (target, _) => Ok(target.to_vec()),
    }
}
