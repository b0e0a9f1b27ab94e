//! Where contents wait for their places, and where what came out of a place waits for what becomes of it.
//!
//! In az's own folder, so that nobody who lists the workspace sees them, and so that they are found again when az was
//! killed: what a person had written may be among them.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{Blobs, Layout};
use crate::{
    base::WsPath,
    sys::{self, FileKind, System},
};

/// A name begins with this as long as it is az's own; what came out of a place has another one.
const NEW: &str = "new-";
const OLD: &str = "old-";
/// Digits behind that, in front of the path that a name stands for.
const DIGITS: usize = 16;
/// The longest name that file systems take.
const LONGEST_NAME: usize = 255;

/// A version that was set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// Where it was.
    pub path: WsPath,
    /// Where it is.
    pub kept: PathBuf,
}

/// Returns a free name for what shall be at a path; nothing if the folder that is to hold it in the end lies
/// on another device, or the name would be too long.
pub(super) fn place_for(system: &dyn System, root: &Path, path: &WsPath, folder: &Path) -> Option<PathBuf> {
    let staged = Layout::new(root).staged();
    let name = path.as_str().replace('%', "%25").replace('/', "%2f");
    let device = |folder: &Path| system.stat_target(folder).ok().map(|stat| stat.device);
    let here =
        device(&staged).or_else(|| system.create_dir_all(&staged).ok().and_then(|()| device(&staged)))?;
    let is_same = device(folder) == Some(here);
    let random = u64::from_le_bytes(system.random()[..8].try_into().expect("eight of sixteen bytes"));
    let name = format!("{NEW}{random:016x}-{name}");
    (is_same && name.len() <= LONGEST_NAME).then(|| staged.join(name))
}

/// Returns the name of what came out of the place for which something was staged.
pub(super) fn name_of_old(staged: &Path) -> PathBuf {
    let name = staged.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_prefix(NEW));
    name.map_or_else(|| staged.to_path_buf(), |name| staged.with_file_name(format!("{OLD}{name}")))
}

/// Returns the path that a name stands for.
fn origin(name: &str) -> Option<WsPath> {
    let path = name.strip_prefix(OLD)?.get(DIGITS + 1..)?.replace("%2f", "/").replace("%25", "%");
    WsPath::from_normal(&path).filter(WsPath::is_inside)
}

/// Clears away what a killed az left: what it had not put in yet, or is known by content, goes; all else is moved to `kept` and returned.
///
/// To be asked by who holds the lock of the workspace. What cannot be moved stays for the next time.
pub fn recover(system: &dyn System, root: &Path, blobs: &Blobs, kept: &Path) -> Vec<SetAside> {
    let staged = Layout::new(root).staged();
    let mut found = Vec::new();
    for entry in system.list(&staged).unwrap_or_default() {
        let lies_at = staged.join(&entry.name);
        let is_known = || {
            let digest = sys::hash_file(system, &lies_at).map(|(_, digest)| digest);
            digest.is_ok_and(|digest| blobs.verify(&digest))
        };
        let is_new = entry.name.as_encoded_bytes().starts_with(NEW.as_bytes());
        if is_new || (entry.kind == FileKind::File && is_known()) {
            _ = system.remove_file(&lies_at);
            continue;
        }
        let path = entry.name.to_str().and_then(origin).unwrap_or_else(|| WsPath::root().join("unknown"));
        let moved = kept_path(system, kept, &path).and_then(|to| system.rename(&lies_at, &to).map(|()| to));
        found.extend(moved.ok().map(|kept| SetAside { path, kept }));
    }
    found
}

/// Returns a free place for a version of `path`.
pub(super) fn kept_path(system: &dyn System, kept: &Path, path: &WsPath) -> io::Result<PathBuf> {
    let mut name = path.as_str().trim_start_matches('/').to_owned();
    let is_folder = |folder: &Path| {
        system
            .stat(folder)
            .map_or_else(|error| sys::is_absent(&error), |stat| stat.kind == FileKind::Directory)
    };
    // A link that was set aside may stand where the folder of this version would be; nothing goes through it.
    let ways: Vec<PathBuf> = kept.join(&name).ancestors().skip(1).map(Path::to_path_buf).collect();
    if !ways.iter().take_while(|folder| folder.starts_with(kept)).all(|folder| is_folder(folder)) {
        name = name.replace('/', "~");
    }
    let mut to = kept.join(&name);
    let mut number = 1;
    while system.stat(&to).is_ok() {
        number += 1;
        to = kept.join(format!("{name}.{number}"));
    }
    system.create_dir_all(to.parent().expect("a kept file lies in the kept folder"))?;
    // What a person had is not for all users of a machine.
    _ = system.set_mode(kept, 0o700);
    Ok(to)
}
