//! Finds and signals the descendants of a process.
//!
//! Knows `/proc`. Does not know steps. Where there is no `/proc` nothing is found, and only process groups are ended.

#![cfg_attr(
    target_os = "linux",
    expect(clippy::disallowed_methods, reason = "`/proc` is not part of the world `System` replaces")
)]

use std::collections::BTreeSet;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// Whether a signal reached the process, or it is not there to be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// It got the signal or is gone.
    Reached,
    /// It belongs to another user.
    Forbidden,
}

/// Returns the children of a process, in any order; none if it is gone.
#[cfg(target_os = "linux")]
pub(super) fn children(pid: i32) -> Vec<i32> {
    let Ok(tasks) = std::fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let read = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("children")).ok();
    let lists: Option<Vec<String>> = tasks.flatten().map(read).collect();
    match lists {
        Some(lists) => {
            lists.iter().flat_map(|list| list.split_ascii_whitespace()).flat_map(str::parse).collect()
        }
        // The process has just gone, or the kernel is built without these lists.
        None => children_by_parent(pid),
    }
}

/// Returns the children of a process: none, where there is no way to know.
#[cfg(not(target_os = "linux"))]
pub(super) fn children(_pid: i32) -> Vec<i32> {
    Vec::new()
}

/// The children of this process, as long as it has one thread: the kernel's list of them is kept open.
#[derive(Debug)]
pub(super) struct OwnChildren {
    #[cfg(target_os = "linux")]
    list: Option<std::fs::File>,
}

impl OwnChildren {
    pub(super) fn new() -> Self {
        Self {
            #[cfg(target_os = "linux")]
            list: std::fs::File::open("/proc/thread-self/children").ok(),
        }
    }

    /// Returns those there are now, in any order.
    pub(super) fn now(&self) -> Vec<i32> {
        self.listed().unwrap_or_else(|| children(std::process::id().cast_signed()))
    }

    /// Returns what the list says; nothing if there is none, or it does not fit.
    #[cfg(target_os = "linux")]
    fn listed(&self) -> Option<Vec<i32>> {
        use std::os::unix::fs::FileExt;
        let mut text = [0; 4096];
        let read = self.list.as_ref()?.read_at(&mut text, 0).ok()?;
        // The kernel gives at most a page at once, and no half number.
        let is_whole = read < text.len() / 2;
        let text = str::from_utf8(&text[..read]).ok().filter(|_| is_whole)?;
        Some(text.split_ascii_whitespace().flat_map(str::parse).collect())
    }

    #[cfg(not(target_os = "linux"))]
    fn listed(&self) -> Option<Vec<i32>> {
        None
    }
}

/// Returns the children of a process by asking every process for its parent; O(processes).
#[cfg(target_os = "linux")]
fn children_by_parent(parent: i32) -> Vec<i32> {
    let Ok(processes) = std::fs::read_dir("/proc") else { return Vec::new() };
    let pids = processes.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(|pid| parent_of(*pid) == Some(parent)).collect()
}

#[cfg(target_os = "linux")]
fn parent_of(pid: i32) -> Option<i32> {
    state_and_parent(pid)?.1.parse().ok()
}

/// Tells whether a process stands still because of a signal.
#[cfg(target_os = "linux")]
pub(super) fn is_stopped(pid: i32) -> bool {
    state_and_parent(pid).is_some_and(|(state, _)| state == "T")
}

/// Tells whether a process is stopped, has ended, or is gone.
#[cfg(target_os = "linux")]
pub(super) fn is_stopped_or_gone(pid: i32) -> bool {
    state_and_parent(pid).is_none_or(|(state, _)| matches!(&*state, "T" | "Z" | "X"))
}

/// Tells that it does, where nobody can know.
#[cfg(not(target_os = "linux"))]
pub(super) fn is_stopped_or_gone(_pid: i32) -> bool {
    true
}

/// Tells that it does not, where nobody can know.
#[cfg(not(target_os = "linux"))]
pub(super) fn is_stopped(_pid: i32) -> bool {
    false
}

#[cfg(target_os = "linux")]
fn state_and_parent(pid: i32) -> Option<(String, String)> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in parentheses and may contain anything: what follows the last one is state and parent.
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().map(str::to_owned);
    Some((fields.next()?, fields.next()?))
}

/// Returns all that descends from the given processes, and these themselves, parents first.
pub(super) fn with_descendants(roots: &[i32]) -> Vec<i32> {
    let mut found = roots.to_vec();
    let mut seen: BTreeSet<i32> = roots.iter().copied().collect();
    let mut next = 0;
    while let Some(&pid) = found.get(next) {
        next += 1;
        found.extend(children(pid).into_iter().filter(|child| seen.insert(*child)));
    }
    found
}

/// Returns the value of a variable in the environment a process was started with.
#[cfg(target_os = "linux")]
pub(super) fn variable_of(pid: i32, name: &str) -> Option<Vec<u8>> {
    let environment = std::fs::read(format!("/proc/{pid}/environ")).ok()?;
    let value = |entry: &[u8]| Some(entry.strip_prefix(name.as_bytes())?.strip_prefix(b"=")?.to_vec());
    environment.split(|byte| *byte == 0).find_map(value)
}

/// Returns nothing, where another process's environment is not to be seen.
#[cfg(not(target_os = "linux"))]
pub(super) fn variable_of(_pid: i32, _name: &str) -> Option<Vec<u8>> {
    None
}

/// Sends a signal to a process.
pub(super) fn signal(pid: i32, signal: Signal) -> Reach {
    let Some(pid) = Pid::from_raw(pid) else { return Reach::Reached };
    match kill_process(pid, signal) {
        Err(rustix::io::Errno::PERM) => Reach::Forbidden,
        _ => Reach::Reached,
    }
}

/// Sends a signal to a process group.
pub(super) fn signal_group(group: i32, signal: Signal) {
    if let Some(group) = Pid::from_raw(group) {
        // An error means that nobody is left in it.
        _ = kill_process_group(group, signal);
    }
}

/// Returns the process group of a process, if it is there.
pub(super) fn group_of(pid: i32) -> Option<i32> {
    rustix::process::getpgid(Pid::from_raw(pid)).ok().map(Pid::as_raw_pid)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn both_ways_to_find_children_agree() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let (ours, theirs) = (std::process::id().cast_signed(), child.id().cast_signed());
        assert!(children(ours).contains(&theirs));
        assert!(children_by_parent(ours).contains(&theirs));
        // Whoever reads the list is asked for children of its own thread.
        let own = OwnChildren::new();
        assert_eq!((own.now().contains(&theirs), own.listed().is_some()), (true, own.list.is_some()));
        assert!(with_descendants(&[ours]).contains(&theirs));
        assert_eq!(signal(theirs, Signal::KILL), Reach::Reached);
        child.wait().unwrap();
        assert!(children(theirs).is_empty() && !own.now().contains(&theirs));
    }
}
