//! The processes of a tree, as far as they were seen to do something.
//!
//! Knows threads, parents and programs. Does not know calls. A thread is asked about once, so a number that the
//! kernel gives to two processes of one tree makes them one; that only blurs who did something.

use std::{
    collections::HashMap,
    ffi::OsString,
    os::fd::{AsFd, OwnedFd},
    path::PathBuf,
};

use rustix::{
    fs::{CWD, Mode, OFlags},
    process::{Pid, PidfdFlags, pidfd_open},
};

use super::{sys, walk::Who};
use crate::trace::Process;

#[derive(Debug, Clone, Copy)]
struct Thread {
    pid: i32,
    process: u32,
}

/// The processes of one trace.
#[derive(Debug, Default)]
pub(super) struct Processes {
    list: Vec<Process>,
    /// Whether it ran a program since it was forked.
    has_run: Vec<bool>,
    threads: HashMap<i32, Thread>,
}

impl Processes {
    /// Finds whose thread it is.
    pub(super) fn find(&mut self, tid: i32) -> (Who, u32) {
        let Thread { pid, process } = match self.threads.get(&tid) {
            Some(known) => *known,
            None => self.add(tid),
        };
        (Who { tid, pid }, process)
    }

    pub(super) fn knows(&self, pid: i32) -> bool {
        self.threads.contains_key(&pid)
    }

    fn add(&mut self, tid: i32) -> Thread {
        let (pid, parent) = relatives(tid).unwrap_or((tid, 0));
        let thread = if let Some(known) = self.threads.get(&pid) {
            *known
        } else {
            let parent = self.threads.get(&parent).map(|thread| thread.process);
            let (program, arguments) = match parent {
                Some(parent) => {
                    let parent = &self.list[parent as usize];
                    (parent.program.clone(), parent.arguments.clone())
                }
                None => (PathBuf::new(), Vec::new()),
            };
            Thread { pid, process: self.push(Process { parent, program, arguments }, false) }
        };
        self.threads.insert(pid, thread);
        self.threads.insert(tid, thread);
        thread
    }

    fn push(&mut self, process: Process, has_run: bool) -> u32 {
        self.list.push(process);
        self.has_run.push(has_run);
        u32::try_from(self.list.len() - 1).expect("memory ends before four billion processes")
    }

    /// Records that a thread is about to make its process run a program.
    pub(super) fn run(&mut self, tid: i32, program: PathBuf, arguments: Vec<OsString>) {
        let (Who { pid, .. }, process) = self.find(tid);
        let at = process as usize;
        if self.has_run[at] {
            let process = self.push(Process { parent: Some(process), program, arguments }, true);
            self.threads.insert(pid, Thread { pid, process });
            self.threads.insert(tid, Thread { pid, process });
        } else {
            self.has_run[at] = true;
            self.list[at].program = program;
            self.list[at].arguments = arguments;
        }
    }

    pub(super) fn into_list(self) -> Vec<Process> {
        self.list
    }
}

/// Returns the process of a thread, and that process's parent.
fn relatives(tid: i32) -> Option<(i32, i32)> {
    relatives_by_descriptor(tid).or_else(|| relatives_by_status(tid))
}

/// As [`relatives`], for a process's first thread and where the kernel can say so: many times faster than its files.
fn relatives_by_descriptor(tid: i32) -> Option<(i32, i32)> {
    let process = pidfd_open(Pid::from_raw(tid)?, PidfdFlags::empty()).ok()?;
    sys::process_and_parent(process.as_fd())
}

fn relatives_by_status(tid: i32) -> Option<(i32, i32)> {
    let mut buffer = [0; 1024];
    let text = read_part(format!("/proc/{tid}/status").as_bytes(), 0, &mut buffer)?;
    let text = str::from_utf8(text).ok().or_else(|| text.utf8_chunks().next().map(|chunk| chunk.valid()))?;
    let number = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
    Some((number("Tgid:")?, number("PPid:")?))
}

/// Opens a file to read it without ever waiting for it.
pub(super) fn open_part(path: &[u8]) -> Option<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    rustix::fs::openat(CWD, path, flags, Mode::empty()).ok()
}

/// Reads a part of a file, less at its end.
pub(super) fn read_part<'a>(path: &[u8], from: u64, into: &'a mut [u8]) -> Option<&'a [u8]> {
    read_open(&open_part(path)?, from, into)
}

/// Reads a part of an open file, less at its end.
pub(super) fn read_open<'a>(file: &OwnedFd, from: u64, into: &'a mut [u8]) -> Option<&'a [u8]> {
    let mut length = 0;
    while length < into.len() {
        match rustix::io::pread(file, &mut into[length..], from.checked_add(length as u64)?) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return None,
        }
    }
    Some(&into[..length])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_name_the_same_relatives() {
        let tid = std::process::id().cast_signed();
        let (process, parent) = relatives_by_status(tid).unwrap();
        assert_eq!((process, parent), (tid, std::os::unix::process::parent_id().cast_signed()));
        match relatives_by_descriptor(tid) {
            Some(relatives) => assert_eq!(relatives, (process, parent)),
            None => eprintln!("skipped: this kernel does not tell by a descriptor"),
        }
        let thread = std::fs::read_link("/proc/thread-self").unwrap();
        let thread = thread.file_name().unwrap().to_str().unwrap().parse().unwrap();
        assert_eq!(relatives(thread), Some((process, parent)));
    }
}
