//! The least that any program can do: the same calls on the same paths, the same commands, the same bytes hashed.
//!
//! Knows lists. Does not know az, and decides nothing.

use std::{
    fs,
    path::Path,
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, StatxFlags, openat, statx};

/// Folders that a thread takes at once.
const CHUNK: usize = 16;

/// Does what the words ask for: `stat`, `hash` or `exec`, then in how many threads, then a file of what.
///
/// A zero byte ends a folder of what `stat` asks for, and a wave of what `exec` may run at once.
pub(crate) fn run(words: &[String]) {
    let [what, threads, list] = words else { panic!("a floor wants: what, threads, list") };
    let threads = threads.parse().expect("a number of threads");
    let text = fs::read_to_string(list).expect("the list is there");
    match what.as_str() {
        "stat" => {
            let folders: Vec<&str> = text.split_terminator('\0').collect();
            share(&folders, threads, CHUNK, |folder| ask(folder));
        }
        "hash" => {
            let paths: Vec<&str> = text.lines().collect();
            share(&paths, threads, CHUNK * 4, |path| hash(Path::new(path)));
        }
        "exec" => {
            for wave in text.split_terminator('\0') {
                let commands: Vec<&str> = wave.lines().collect();
                share(&commands, threads, 1, |command| execute(command));
            }
        }
        _ => panic!("no floor is called `{what}`"),
    }
}

/// Hashes a file.
pub(crate) fn hash(path: &Path) {
    let bytes = fs::read(path).expect("a file");
    std::hint::black_box(blake3::hash(&bytes));
}

fn share<T: Sync>(items: &[T], threads: usize, chunk: usize, work: impl Fn(&T) + Sync) {
    if threads == 1 || items.len() == 1 {
        return items.iter().for_each(work);
    }
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let start = next.fetch_add(chunk, Ordering::Relaxed);
                    let Some(rest) = items.get(start..).filter(|rest| !rest.is_empty()) else { return };
                    rest.iter().take(chunk).for_each(&work);
                }
            });
        }
    });
}

/// Asks for the names below one folder; see `asked` for the form.
fn ask(folder: &str) {
    let mut lines = folder.lines();
    let path = lines.next().unwrap_or_default();
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    // Without a folder the names are whole paths.
    let open = (!path.is_empty()).then(|| openat(CWD, path, flags, Mode::empty()));
    for line in lines {
        let (mark, name) = line.split_at(1);
        let follow = if mark == "n" { AtFlags::SYMLINK_NOFOLLOW } else { AtFlags::empty() };
        let wanted = StatxFlags::BASIC_STATS;
        let answer = match &open {
            Some(Ok(folder)) => statx(folder, name, follow, wanted),
            _ => statx(CWD, name, follow, wanted),
        };
        std::hint::black_box(answer).ok();
    }
}

fn execute(command: &str) {
    let status = Command::new("/bin/sh").args(["-e", "-c", command]).status().expect("a shell starts");
    assert!(status.success(), "`{command}` failed");
}
