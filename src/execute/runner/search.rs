//! Finds a program on `PATH` as the kernel would be asked for it, with one look at each place.
//!
//! A process that looks for its program by trying to start it pays for each failure, and for being watched at each. So
//! az looks in its stead, where the way there holds no link and so nothing else is to be known of it than that the
//! program is not there. Does not know what a trace is good for.

use std::path::PathBuf;

use super::Command;

/// Where a program was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) program: PathBuf,
    /// Where it was looked for before, and nothing was.
    pub(super) absent: Vec<PathBuf>,
}

/// Returns where the program of a command is found; nothing where whoever starts it has to look for it: it is named by
/// a path, or there is a doubt about what would be started.
#[cfg(target_os = "linux")]
pub(super) fn found(command: &Command) -> Option<Found> {
    use std::path::Path;

    use rustix::{
        fs::{CWD, FileType, Mode, OFlags, ResolveFlags, openat2, stat},
        io::Errno,
    };

    let name = command.argv.first()?.to_str().filter(|name| !name.is_empty() && !name.contains('/'))?;
    let (_, folders) = command.env.iter().rev().find(|(name, _)| name == "PATH")?;
    let mut absent = Vec::new();
    for folder in folders.to_str()?.split(':') {
        if !folder.starts_with('/') {
            return None;
        }
        let program = Path::new(folder).join(name);
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match openat2(CWD, &program, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS) {
            Err(Errno::NOENT) => absent.push(program),
            Err(_) => return None,
            Ok(_) => {
                let mode = stat(&program).ok()?.st_mode;
                let is_everybodys = FileType::from_raw_mode(mode).is_file() && mode & 0o111 == 0o111;
                return is_everybodys.then_some(Found { program, absent });
            }
        }
    }
    None
}

/// Elsewhere whoever starts a program looks for it.
#[cfg(not(target_os = "linux"))]
pub(super) fn found(_: &Command) -> Option<Found> {
    None
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::{
        fs,
        os::unix::fs::{PermissionsExt as _, symlink},
        path::Path,
    };

    use super::*;
    use crate::{execute::runner::Stdio, model::settings::Leftovers};

    fn search(program: &str, folders: &[&Path]) -> Option<Found> {
        let path = std::env::join_paths(folders).unwrap();
        found(&Command {
            argv: vec![program.into()],
            env: vec![("PATH".into(), path)],
            cwd: "/".into(),
            stdio: Stdio::Log("/dev/null".into()),
            screen: None,
            bounds: None,
            leftovers: Leftovers::Kill,
            mark: "0400".into(),
        })
    }

    #[test]
    fn a_program_is_found_where_the_kernel_would_start_it_and_else_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().canonicalize().unwrap();
        let [none, empty, full] = ["none", "empty", "full"].map(|name| top.join(name));
        [&empty, &full].iter().for_each(|folder| fs::create_dir(folder).unwrap());
        let make = |path: &Path, mode| {
            fs::write(path, "").unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        };
        make(&full.join("tool"), 0o755);
        make(&full.join("data"), 0o644);
        symlink("tool", full.join("link")).unwrap();
        symlink("none", full.join("broken")).unwrap();
        symlink("empty", top.join("led")).unwrap();
        let at = |name: &str| Found {
            program: full.join(name),
            absent: [&none, &empty].iter().map(|folder| folder.join(name)).collect(),
        };
        let folders = [&*none, &*empty, &*full];
        assert_eq!(search("tool", &folders), Some(at("tool")));
        assert_eq!(search("link", &folders), Some(at("link")), "what it leads to is seen when it is started");
        for doubtful in ["data", "broken", "gone", "./tool", ""] {
            assert_eq!(search(doubtful, &folders), None, "{doubtful}");
        }
        // What a link on the way leads to would have to be known as well.
        assert_eq!(search("tool", &[&top.join("led"), &*full]), None);
        assert_eq!(search("tool", &[Path::new("relative"), &*full]), None);
    }
}
