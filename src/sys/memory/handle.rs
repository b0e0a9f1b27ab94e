//! What is open or held in a world in memory.
//!
//! Knows inodes, so that an open file outlives its name. Does not know paths.

use std::{
    fmt,
    io::{self, Read, Write},
};

use super::{AppendFile, Lock, Memory, ReadFile, Stat};
use crate::sys::Flusher;

/// A file open to read.
pub(super) struct Reading {
    pub(super) world: Memory,
    pub(super) inode: u64,
    pub(super) position: usize,
}

impl Read for Reading {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let world = self.world.0.enter();
        let content = world.tree.content(self.inode)?;
        let count = content.get(self.position..).unwrap_or_default().read(buffer)?;
        self.position += count;
        Ok(count)
    }
}

impl ReadFile for Reading {
    fn stat(&self) -> io::Result<Stat> {
        Ok(self.world.0.enter().tree.stat(self.inode))
    }

    fn go_to(&mut self, offset: u64) -> io::Result<()> {
        self.position = usize::try_from(offset).unwrap_or(usize::MAX);
        Ok(())
    }
}

/// A file open to append to.
pub(super) struct Appending {
    pub(super) world: Memory,
    pub(super) inode: u64,
    pub(super) end: Option<u64>,
}

impl AppendFile for Appending {
    fn written_up_to(&mut self) -> Option<u64> {
        self.end
    }

    fn flusher(&self) -> io::Result<Flusher> {
        let (world, inode) = (self.world.clone(), self.inode);
        Ok(Box::new(move || {
            world.0.enter().tree.flush(inode);
            Ok(())
        }))
    }
}

impl Write for Appending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut world = self.world.0.enter();
        world.tree.append(self.inode, bytes);
        self.end = Some(world.tree.stat(self.inode).size);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A lock that is held until this is dropped.
pub(super) struct HeldLock {
    pub(super) world: Memory,
    pub(super) inode: u64,
}

impl Lock for HeldLock {}

impl fmt::Debug for HeldLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HeldLock({})", self.inode)
    }
}

impl Drop for HeldLock {
    fn drop(&mut self) {
        self.world.0.enter().unlock(self.inode);
        self.world.0.unlocked.notify_all();
    }
}
