//! What az asks the file system for when there is nothing to do, as `strace` sees it.
//!
//! The list has one entry for each folder that was opened, ended by a zero byte: a line with the folder (empty where
//! whole paths were asked for), then a line for each name, with `n` in front where a link is not followed and `f` where
//! it is.

use std::{
    fmt::Write as _,
    fs,
    process::{Command, Stdio},
};

/// What one process asked for.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// Calls that ask for the state of a path.
    pub(crate) stats: usize,
    /// All other calls.
    pub(crate) others: usize,
    /// The stats in the form of the list.
    pub(crate) list: String,
}

/// Says whether there is a tool on `PATH`.
pub(crate) fn has(tool: &str) -> bool {
    Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// Runs a command under `strace`; it should have one thread that asks.
pub(crate) fn asked(command: &Command) -> Asked {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let mut strace = Command::new("strace");
    strace.args(["-f", "-y", "-qq", "-s", "4096", "-o"]).arg(file.path()).arg(command.get_program());
    strace.args(command.get_args());
    command.get_current_dir().map(|folder| strace.current_dir(folder));
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => strace.env(name, value),
            None => strace.env_remove(name),
        };
    }
    assert!(strace.stdout(Stdio::null()).status().expect("strace starts").success());
    let bytes = fs::read(file.path()).expect("a trace");
    read(&String::from_utf8_lossy(&bytes))
}

/// Reads what `strace -f -y` wrote.
fn read(trace: &str) -> Asked {
    let mut asked = Asked::default();
    // Names of the last entry, so that whole paths come in entries that threads can share.
    let mut last: Option<(String, usize)> = None;
    for line in trace.lines() {
        let Some((_, call)) = line.trim_start().split_once(char::is_whitespace) else { continue };
        let call = call.trim_start();
        // Not calls: signals, ends, and the second halves of calls that were counted.
        if call.starts_with(['-', '+', '<']) {
            continue;
        }
        let Some((folder, name, follows)) = stat(call) else {
            asked.others += 1;
            continue;
        };
        asked.stats += 1;
        let folder = folder.unwrap_or_default();
        match &mut last {
            Some((same, names)) if *same == folder && (*names < 64 || !folder.is_empty()) => *names += 1,
            _ => {
                if last.is_some() {
                    asked.list.push('\0');
                }
                _ = writeln!(asked.list, "{folder}");
                last = Some((folder, 1));
            }
        }
        _ = writeln!(asked.list, "{}{name}", if follows { 'f' } else { 'n' });
    }
    asked.list.push('\0');
    asked
}

/// Returns the folder, the name, and whether links are followed, if this is a call that asks for a path's state.
fn stat(call: &str) -> Option<(Option<String>, String, bool)> {
    let (function, arguments) = call.split_once('(')?;
    let (folder, rest) = match function {
        "statx" | "newfstatat" => arguments.split_once(", ")?,
        "stat" | "lstat" => ("AT_FDCWD", arguments),
        _ => return None,
    };
    let name = rest.strip_prefix('"')?.split_once('"')?.0;
    // The state of an open file is part of reading it.
    if name.is_empty() {
        return None;
    }
    let follows = function != "lstat" && !rest.contains("AT_SYMLINK_NOFOLLOW");
    let open = folder.split_once('<').map(|(_, path)| path.trim_end_matches('>').to_owned());
    let is_from_here = folder.starts_with("AT_FDCWD");
    Some((open.filter(|_| !is_from_here), name.to_owned(), follows))
}
