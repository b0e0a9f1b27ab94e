//! Another name for a path, which leads where it led whatever others do meanwhile.

use std::{
    io,
    os::fd::{AsRawFd, OwnedFd},
    path::Path,
};

use rustix::{
    fs::{CWD, Mode, OFlags, ResolveFlags, openat, openat2},
    io::Errno,
};

use super::Pinned;

const FOLDER: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// Pins the folder of a path below `root`.
///
/// # Errors
/// As `openat2`; `PermissionDenied` if a link stands on the way, or if the path does not lie below `root`.
pub(super) fn pin(root: &Path, path: &Path) -> io::Result<Pinned> {
    let refused = || io::Error::from(io::ErrorKind::PermissionDenied);
    let below = path.strip_prefix(root).map_err(|_| refused())?;
    let (Some(folder), Some(name)) = (below.parent(), below.file_name()) else { return Err(refused()) };
    let root = openat(CWD, root, FOLDER, Mode::empty())?;
    let folder = if folder.as_os_str().is_empty() { root } else { open_below(&root, folder)? };
    let name = Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join(name);
    Ok(Pinned { path: name, _folder: Some(folder) })
}

fn open_below(root: &OwnedFd, folder: &Path) -> io::Result<OwnedFd> {
    let through = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    loop {
        match openat2(root, folder, FOLDER, Mode::empty(), through) {
            // Something on the way was renamed just then.
            Err(Errno::AGAIN | Errno::INTR) => {}
            Err(Errno::LOOP | Errno::XDEV) => return Err(io::ErrorKind::PermissionDenied.into()),
            Err(Errno::NOSYS) => return walk(root, folder),
            opened => return Ok(opened?),
        }
    }
}

/// Goes down by one name after the other, where the system cannot do it in one call.
fn walk(root: &OwnedFd, folder: &Path) -> io::Result<OwnedFd> {
    let mut here = openat(root, ".", FOLDER, Mode::empty())?;
    for name in folder.components() {
        let std::path::Component::Normal(name) = name else {
            return Err(io::ErrorKind::PermissionDenied.into());
        };
        here = openat(&here, name, FOLDER | OFlags::NOFOLLOW, Mode::empty())?;
    }
    Ok(here)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_pinned_below_its_root_and_through_no_link() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("w");
        std::fs::create_dir_all(root.join("a/b")).unwrap();
        std::os::unix::fs::symlink("..", root.join("out")).unwrap();
        std::os::unix::fs::symlink("a", root.join("inside")).unwrap();
        for path in ["x", "a/x", "a/b/x"] {
            let pinned = pin(&root, &root.join(path)).unwrap();
            std::fs::write(&pinned.path, path).unwrap();
            assert_eq!(std::fs::read_to_string(root.join(path)).unwrap(), path);
        }
        for path in ["out/x", "inside/x", "inside/b/x", "out/w/x", "a/../../x", ""] {
            let error = pin(&root, &root.join(path)).expect_err(path);
            assert_eq!(error.kind(), io::ErrorKind::PermissionDenied, "{path}");
        }
        assert!(super::super::is_absent(&pin(&root, &root.join("none/x")).unwrap_err()));
        assert_eq!(pin(&root, Path::new("/etc/x")).unwrap_err().kind(), io::ErrorKind::PermissionDenied);
        let open = openat(CWD, &root, FOLDER, Mode::empty()).unwrap();
        assert!(walk(&open, Path::new("a/b")).is_ok());
        assert!(walk(&open, Path::new("inside")).is_err() && walk(&open, Path::new("a/..")).is_err());
    }

    #[test]
    fn what_is_pinned_stays_what_it_was_when_a_link_takes_its_folder_s_place() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("w");
        std::fs::create_dir_all(root.join("a")).unwrap();
        std::fs::create_dir_all(folder.path().join("elsewhere")).unwrap();
        let pinned = pin(&root, &root.join("a/x")).unwrap();
        std::fs::rename(root.join("a"), root.join("moved")).unwrap();
        std::os::unix::fs::symlink("../elsewhere", root.join("a")).unwrap();
        std::fs::write(&pinned.path, "text").unwrap();
        assert!(root.join("moved/x").exists() && !folder.path().join("elsewhere/x").exists());
    }
}
