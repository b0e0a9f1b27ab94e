//! Holds a step's processes still, and lets them go on.
//!
//! Knows control groups and `SIGSTOP`. Does not know why a step is to stand still.
//!
//! A control group of version 2 is frozen as one, without a signal that a parent could see; it needs the right to make
//! one below this process's own, which root has and others are given by delegation. Elsewhere each process is stopped,
//! again and again until nobody new is found: what has a signal waiting cannot fork any more.

#![cfg_attr(
    target_os = "linux",
    expect(
        clippy::disallowed_methods,
        reason = "`/proc` and control groups are not part of the world `System` replaces"
    )
)]

use std::collections::BTreeSet;

use rustix::process::Signal;

use super::tree;

/// How often new processes are looked for; each round finds what those of the one before had just forked.
const ROUNDS: u32 = 1000;

/// So many rounds in a row must find nobody: who is just ending may hide a child in one.
const QUIET_ROUNDS: u32 = 3;

/// Processes that stand still.
#[derive(Debug)]
pub(super) enum Frozen {
    /// A control group of their own, frozen.
    #[cfg(target_os = "linux")]
    Grouped(group::Group),
    /// Each was sent `SIGSTOP`.
    Stopped(BTreeSet<i32>),
}

impl Frozen {
    /// Holds still what `processes` returns each time it is asked; `name` tells control groups apart.
    pub(super) fn new(name: &str, mut processes: impl FnMut() -> Vec<i32>) -> Self {
        #[cfg(target_os = "linux")]
        if let Some(group) = group::Group::freeze(name, &mut processes) {
            return Self::Grouped(group);
        }
        _ = name;
        Self::stop(processes)
    }

    fn stop(mut processes: impl FnMut() -> Vec<i32>) -> Self {
        let mut stopped = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let stop = |pid| {
            // Who stands still by itself is not ours to wake.
            if !tree::is_stopped(pid) {
                tree::signal(pid, Signal::STOP);
                stopped.insert(pid);
            }
            Some(())
        };
        let stand_still = |pids: &BTreeSet<i32>| pids.iter().all(|pid| tree::is_stopped_or_gone(*pid));
        until_nobody_is_new(&mut processes, &mut seen, stop, stand_still);
        Self::Stopped(stopped)
    }

    /// Lets them go on.
    pub(super) fn thaw(self) {
        match self {
            #[cfg(target_os = "linux")]
            Self::Grouped(group) => group.thaw(),
            Self::Stopped(pids) => pids.into_iter().for_each(|pid| _ = tree::signal(pid, Signal::CONT)),
        }
    }
}

/// Does something to each process, until those found stand still and no further one is found then; nothing if that
/// fails with one. As long as one of them does anything, it may end and leave a child that nobody has seen.
fn until_nobody_is_new(
    processes: &mut impl FnMut() -> Vec<i32>,
    seen: &mut BTreeSet<i32>,
    mut act: impl FnMut(i32) -> Option<()>,
    stand_still: impl Fn(&BTreeSet<i32>) -> bool,
) -> Option<()> {
    let mut quiet = 0;
    for _ in 0..ROUNDS {
        let stood_still = stand_still(seen);
        let new: Vec<i32> = processes().into_iter().filter(|pid| seen.insert(*pid)).collect();
        quiet = if new.is_empty() && stood_still { quiet + 1 } else { 0 };
        if quiet == QUIET_ROUNDS {
            break;
        }
        for pid in new {
            act(pid)?;
        }
        std::thread::yield_now();
    }
    Some(())
}

#[cfg(target_os = "linux")]
mod group {
    use std::{
        collections::BTreeSet,
        fs,
        path::{Path, PathBuf},
    };

    use super::{ROUNDS, until_nobody_is_new};

    /// A control group that az has made, below the one this process is in.
    #[derive(Debug)]
    pub(in super::super) struct Group {
        folder: PathBuf,
    }

    impl Group {
        /// Moves processes into a frozen group of their own; nothing if that cannot be done with all of them.
        pub(super) fn freeze(name: &str, processes: &mut impl FnMut() -> Vec<i32>) -> Option<Self> {
            let (parent, own) = (own_folder()?, membership("self")?);
            let name = format!("az-{name}");
            let ours = Path::new(&own).join(&name);
            let group = Self { folder: parent.join(name) };
            fs::create_dir(&group.folder).ok()?;
            let take = |pid: i32| match membership(&pid.to_string()) {
                Some(place) if place == own => group.take(pid),
                // Its parent was taken before.
                Some(place) if Path::new(&place) == ours => Some(()),
                // One that is elsewhere could not be put back.
                Some(_) => None,
                None => Some(()),
            };
            let is_frozen = |_: &BTreeSet<i32>| {
                let events = fs::read_to_string(group.folder.join("cgroup.events"));
                events.is_ok_and(|events| events.lines().any(|line| line == "frozen 1"))
            };
            let moved = fs::write(group.folder.join("cgroup.freeze"), "1")
                .ok()
                .and_then(|()| until_nobody_is_new(processes, &mut BTreeSet::new(), take, is_frozen));
            if moved.is_some() {
                return Some(group);
            }
            group.thaw();
            None
        }

        fn take(&self, pid: i32) -> Option<()> {
            match fs::write(self.folder.join("cgroup.procs"), pid.to_string()) {
                Ok(()) => Some(()),
                // It has just ended.
                Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Some(()),
                Err(_) => None,
            }
        }

        pub(super) fn thaw(self) {
            let parent = self.folder.parent().unwrap_or(Path::new("/"));
            for _ in 0..ROUNDS {
                // Each goes on when it is taken out. As long as they stand still, none forks into the group.
                let left = fs::read_to_string(self.folder.join("cgroup.procs")).unwrap_or_default();
                for pid in left.lines() {
                    // One that has just ended is in nobody's way.
                    _ = fs::write(parent.join("cgroup.procs"), pid);
                }
                if fs::remove_dir(&self.folder).is_ok() {
                    return;
                }
            }
            // What cannot be moved goes on where it is.
            _ = fs::write(self.folder.join("cgroup.freeze"), "0");
        }
    }

    /// Returns the name of the group of version 2 that a process is in.
    fn membership(process: &str) -> Option<String> {
        let text = fs::read_to_string(format!("/proc/{process}/cgroup")).ok()?;
        text.lines().find_map(|line| line.strip_prefix("0::")).map(str::to_owned)
    }

    /// Returns the folder of the group this process is in.
    pub(super) fn own_folder() -> Option<PathBuf> {
        let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
        let own = membership("self")?;
        mounts.lines().find_map(|line| {
            let (place, kind) = line.split_once(" - ")?;
            let mut fields = place.split(' ').skip(3);
            let (root, mounted) = (fields.next()?, fields.next()?);
            let is_group = kind.starts_with("cgroup2 ");
            let below = Path::new(&own).strip_prefix(root).ok()?;
            is_group.then(|| Path::new(mounted).join(below))
        })
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::{
        path::Path,
        process::{Child, Command},
        thread,
        time::{Duration, Instant},
    };

    use super::*;

    /// A process that starts the next one and ends, again and again; each adds a letter to a file.
    struct Storm {
        folder: tempfile::TempDir,
        guard: Child,
    }

    impl Storm {
        /// Starts it below a process that inherits what is left behind, as the guard does.
        fn new() -> Option<Self> {
            let folder = tempfile::tempdir().unwrap();
            let guard = "import ctypes, os, sys\nctypes.CDLL(None).prctl(36, 1)\n\
                         os.spawnvp(os.P_NOWAIT, 'sh', ['sh', '-c', sys.argv[2], sys.argv[1], sys.argv[2]])\n\
                         while True: os.wait()\n";
            let file = folder.path().join("letters");
            let next = "printf x >>\"$0\"; sh -c \"$1\" \"$0\" \"$1\" &";
            let guard = Command::new("python3").args(["-c", guard]).arg(&file).arg(next).spawn();
            if guard.is_err() {
                eprintln!("skipped: there is no python3");
            }
            Some(Self { folder, guard: guard.ok()? })
        }

        fn processes(&self) -> Vec<i32> {
            tree::with_descendants(&[self.guard.id().cast_signed()])
        }

        fn letters(&self) -> u64 {
            std::fs::metadata(self.folder.path().join("letters")).map_or(0, |meta| meta.len())
        }

        /// Waits until it has gone on from `before`.
        fn goes_on(&self, before: u64) {
            let start = Instant::now();
            while self.letters() <= before + 3 {
                assert!(start.elapsed() < Duration::from_secs(20), "it stands still at {before}");
                thread::sleep(Duration::from_millis(1));
            }
        }

        fn is_held_and_let_go(&self, freeze: impl Fn() -> Frozen) {
            self.goes_on(0);
            for _ in 0..5 {
                let frozen = freeze();
                // What was on its way may still arrive.
                thread::sleep(Duration::from_millis(20));
                let before = self.letters();
                thread::sleep(Duration::from_millis(20));
                assert_eq!(self.letters(), before, "{frozen:?}");
                frozen.thaw();
                self.goes_on(before);
            }
        }
    }

    impl Drop for Storm {
        fn drop(&mut self) {
            // What stands still cannot outrun who ends it.
            Frozen::stop(|| self.processes());
            self.processes().into_iter().for_each(|pid| _ = tree::signal(pid, Signal::KILL));
            _ = self.guard.wait();
        }
    }

    #[test]
    fn who_forks_all_the_time_is_held_still_by_signals() {
        let Some(storm) = Storm::new() else { return };
        storm.is_held_and_let_go(|| Frozen::stop(|| storm.processes()));
    }

    #[test]
    fn who_forks_all_the_time_is_held_still_by_a_control_group_that_is_gone_afterwards() {
        let Some(storm) = Storm::new() else { return };
        let name = format!("test-{}", std::process::id());
        let freeze = || Some(Frozen::Grouped(group::Group::freeze(&name, &mut || storm.processes())?));
        let Some(first) = freeze() else {
            eprintln!("skipped: no control group can be made here");
            return;
        };
        first.thaw();
        storm.is_held_and_let_go(|| freeze().unwrap());
        let folder = group::own_folder().unwrap().join(format!("az-{name}"));
        assert!(!Path::new(&folder).exists());
    }

    #[test]
    fn who_stands_still_already_is_not_woken() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let pid = child.id().cast_signed();
        tree::signal(pid, Signal::STOP);
        let start = Instant::now();
        while !tree::is_stopped(pid) {
            assert!(start.elapsed() < Duration::from_secs(20));
        }
        Frozen::stop(|| vec![pid]).thaw();
        assert!(tree::is_stopped(pid));
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
