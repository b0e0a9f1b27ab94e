//! Copies of a workspace, in which steps can run without touching it.
//!
//! Knows files and folders. Does not know what is run in the copy.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    base::Digest,
    cache::Layout,
    sys::{self, FileKind, System},
};

/// A folder for copies of a workspace, that goes with this value.
pub(super) struct Workshop {
    system: Arc<dyn System>,
    folder: PathBuf,
    /// Where the workspace lies that is copied.
    root: PathBuf,
}

impl Workshop {
    /// Makes the folder, in which nobody else may look.
    ///
    /// It lies beside the folders for temporary files of steps, not among them: what is there is no step's result.
    pub(super) fn new(system: &Arc<dyn System>, root: &Path) -> io::Result<Self> {
        let name = format!("az-verify-{}", &Digest::of(&system.random()).to_hex()[..16]);
        let folder = system.temporary_root()?.with_file_name(name);
        system.create_dir_all(&folder)?;
        let made = Self { system: Arc::clone(system), folder, root: root.to_owned() };
        made.system.set_mode(&made.folder, 0o700)?;
        Ok(made)
    }

    /// Returns where each copy is when steps run in it: they all see the same path.
    pub(super) fn place(&self) -> PathBuf {
        let name = self.root.file_name().unwrap_or("workspace".as_ref());
        self.folder.join("at").join(name)
    }

    /// Copies the workspace, without az's own folder.
    pub(super) fn copy(&self) -> io::Result<PathBuf> {
        let place = self.place();
        self.copy_folder(&self.root, &place)?;
        // By its cache a folder is known as a workspace, whatever else is in it.
        self.system.create_dir_all(Layout::new(&place).top())?;
        Ok(place)
    }

    /// Moves the copy aside, to make room for the next.
    pub(super) fn put_aside(&self, name: &str) -> io::Result<PathBuf> {
        let aside = self.folder.join(name);
        self.system.rename(&self.place(), &aside)?;
        Ok(aside)
    }

    /// Removes a copy that is no longer needed.
    pub(super) fn discard(&self, aside: &Path) {
        // It goes with the workshop at the latest.
        _ = remove(&*self.system, aside);
    }

    fn copy_folder(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.system.create_dir_all(to)?;
        for entry in self.system.list(from)? {
            let (source, target) = (from.join(&entry.name), to.join(&entry.name));
            if source == Layout::new(&self.root).top() {
                continue;
            }
            let copied = match entry.kind {
                FileKind::Directory => self.copy_folder(&source, &target),
                FileKind::Link => self.copy_link(&source, &target),
                FileKind::File => self.copy_file(&source, &target),
                // Nothing that is read as content.
                FileKind::Other => Ok(()),
            };
            copied.map_err(|error| with_path(&source, &error))?;
        }
        self.system.set_mode(to, self.system.stat(from)?.mode | 0o700)
    }

    fn copy_file(&self, source: &Path, target: &Path) -> io::Result<()> {
        // What leads to a repository elsewhere would let steps change that one.
        let is_elsewhere =
            |path: &Path| self.system.read(path).is_ok_and(|text| text.starts_with(b"gitdir: /"));
        if source.file_name() == Some(".git".as_ref()) && is_elsewhere(source) {
            return Ok(());
        }
        self.system.copy(source, target, self.system.stat(source)?.mode)
    }

    /// Copies a link; one that leads to the workspace by its full path leads to the copy.
    fn copy_link(&self, source: &Path, target: &Path) -> io::Result<()> {
        let leads_to = self.system.read_link(source)?;
        let leads_to = match leads_to.strip_prefix(&self.root) {
            Ok(inside) => self.place().join(inside),
            Err(_) => leads_to,
        };
        self.system.symlink(&leads_to, target)
    }
}

/// Names the innermost path that an error is about.
fn with_path(path: &Path, error: &io::Error) -> io::Error {
    let text = error.to_string();
    let is_named = text.starts_with('`');
    let text = if is_named { text } else { format!("`{}`: {text}", path.display()) };
    io::Error::new(error.kind(), text)
}

impl Drop for Workshop {
    fn drop(&mut self) {
        // What cannot be removed lies where temporary files do.
        _ = remove(&*self.system, &self.folder);
    }
}

/// Removes a folder with all below it, also what steps have made unwritable.
fn remove(system: &dyn System, folder: &Path) -> io::Result<()> {
    if sys::remove_tree(system, folder).is_ok() {
        return Ok(());
    }
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        _ = system.set_mode(&folder, 0o700);
        let entries = system.list(&folder).unwrap_or_default().into_iter();
        let folders = entries.filter(|entry| entry.kind == FileKind::Directory);
        open.extend(folders.map(|entry| folder.join(entry.name)));
    }
    sys::remove_tree(system, folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::Memory;

    #[test]
    fn a_copy_has_all_but_azs_own_folder_and_leads_nowhere_else() {
        let system: Arc<dyn System> = Arc::new(Memory::new());
        let root = Path::new("/w/space");
        for folder in ["/w/space/d", "/w/space/.azcache/v1", "/w/space/sub"] {
            system.create_dir_all(Path::new(folder)).unwrap();
        }
        let write = |path: &str, text: &str| system.write(Path::new(path), text.as_bytes(), 0o755).unwrap();
        write("/w/space/d/x", "x");
        write("/w/space/.azcache/v1/journal", "");
        write("/w/space/.git", "gitdir: /w/elsewhere\n");
        write("/w/space/sub/.git", "gitdir: ../.git/modules/sub\n");
        system.symlink(Path::new("/w/space/d"), Path::new("/w/space/full")).unwrap();
        system.symlink(Path::new("d/x"), Path::new("/w/space/short")).unwrap();
        let workshop = Workshop::new(&system, root).unwrap();
        let copy = workshop.copy().unwrap();
        assert_eq!(copy.file_name(), root.file_name());
        assert_eq!(system.read(&copy.join("d/x")).unwrap(), b"x");
        assert_eq!(system.stat(&copy.join("d/x")).unwrap().mode, 0o755);
        assert_eq!(system.read_link(&copy.join("full")).unwrap(), copy.join("d"));
        assert_eq!(system.read_link(&copy.join("short")).unwrap(), Path::new("d/x"));
        assert!(system.stat(&copy.join(".git")).is_err() && system.stat(&copy.join("sub/.git")).is_ok());
        assert!(system.list(&copy.join(".azcache")).unwrap().is_empty());
        let aside = workshop.put_aside("1").unwrap();
        assert!(system.stat(&copy).is_err() && system.stat(&aside.join("d/x")).is_ok());
        drop(workshop);
        assert!(system.stat(&aside).is_err() && system.stat(root).is_ok());
    }
}
