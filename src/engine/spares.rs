//! Empty files and folders that are given to one step after the other.
//!
//! A file system finds another name for what is there far sooner than it makes something new, most of all where much
//! was removed shortly before. So the log of a step that printed nothing, and its folder for temporary files if that was
//! left alone, become those of the next one; until then they keep their names. Does not know what steps do with them.

use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::sys::{self, FileKind, Stat, System};

/// What is empty and nobody's right now, and what was lent.
#[derive(Debug, Default)]
pub(super) struct Spares {
    logs: Mutex<Vec<PathBuf>>,
    folders: Mutex<Vec<PathBuf>>,
    /// As it was when it was lent.
    lent: Mutex<HashMap<PathBuf, Stat>>,
}

impl Spares {
    /// Makes sure that a log is there; where it cannot be made, whoever writes it finds that out.
    pub(super) fn lend_log(&self, system: &dyn System, log: &Path) {
        if rename_spare(&self.logs, system, log) || system.append(log).is_ok() {
            self.note(system, log);
        }
    }

    /// Takes back a log in which nothing stands; tells whether that is so.
    pub(super) fn take_back_log(&self, system: &dyn System, log: &Path) -> bool {
        // What is no file stands for a log that cannot be kept.
        let is_empty = |stat: &Stat| stat.kind == FileKind::File && stat.size == 0;
        self.is_untouched(system, log, is_empty) && take_back(&self.logs, log)
    }

    /// Makes an empty folder; what is at its path is removed.
    ///
    /// # Errors
    /// As `mkdir`; `NotFound` if there is no folder to make it in.
    pub(super) fn lend_folder(&self, system: &dyn System, folder: &Path) -> io::Result<()> {
        if !rename_spare(&self.folders, system, folder) {
            match system.create_dir(folder) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    sys::remove_tree(system, folder)?;
                    system.create_dir(folder)?;
                }
                made => made?,
            }
        }
        self.note(system, folder);
        Ok(())
    }

    /// Takes back a folder in which nothing is; tells whether that is so.
    pub(super) fn take_back_folder(&self, system: &dyn System, folder: &Path) -> bool {
        self.is_untouched(system, folder, |stat| stat.kind == FileKind::Directory)
            // A clock of files may be too coarse to tell that something came and stayed.
            && system.list(folder).is_ok_and(|entries| entries.is_empty())
            && take_back(&self.folders, folder)
    }

    /// Removes what is spare.
    pub(super) fn clear(&self, system: &dyn System) {
        lock(&self.logs).drain(..).for_each(|spare| _ = system.remove_file(&spare));
        lock(&self.folders).drain(..).for_each(|spare| _ = system.remove_dir(&spare));
    }

    fn note(&self, system: &dyn System, path: &Path) {
        if let Ok(stat) = system.stat(path) {
            lock(&self.lent).insert(path.to_path_buf(), stat);
        }
    }

    fn is_untouched(&self, system: &dyn System, path: &Path, is_fit: impl Fn(&Stat) -> bool) -> bool {
        let lent = lock(&self.lent).remove(path);
        lent.is_some_and(|lent| is_fit(&lent) && system.stat(path).is_ok_and(|stat| stat == lent))
    }
}

fn take_back(spares: &Mutex<Vec<PathBuf>>, path: &Path) -> bool {
    lock(spares).push(path.to_path_buf());
    true
}

/// Gives something spare another name, if that is not taken by anything else.
fn rename_spare(spares: &Mutex<Vec<PathBuf>>, system: &dyn System, path: &Path) -> bool {
    // Held until it has its name: who wants the old one again must not find it on its way.
    let mut spares = lock(spares);
    if let Some(own) = spares.iter().position(|spare| spare == path) {
        spares.remove(own);
        return false;
    }
    let is_renamed = spares.last().is_some_and(|spare| system.rename_new(spare, path).is_ok());
    if is_renamed {
        spares.pop();
    }
    is_renamed
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::Memory;

    fn names(system: &Memory, folder: &str) -> Vec<String> {
        let entries = system.list(Path::new(folder)).unwrap();
        entries.into_iter().map(|entry| entry.name.into_string().unwrap()).collect()
    }

    #[test]
    fn what_was_left_alone_is_lent_again_and_all_else_stays() {
        let (system, spares) = (Memory::new().file("/t/x/old", "").file("/l/printed", ""), Spares::default());
        let (one, two) = (Path::new("/t/x"), Path::new("/t/y"));
        spares.lend_folder(&system, one).unwrap();
        assert_eq!(names(&system, "/t/x"), [""; 0], "what an earlier run left is gone");
        let inode = system.stat(one).unwrap().inode;
        assert!(spares.take_back_folder(&system, one));
        spares.lend_folder(&system, two).unwrap();
        assert_eq!(system.stat(two).unwrap().inode, inode);
        assert!(system.stat(one).is_err());
        system.write(Path::new("/t/y/left"), b"", 0o644).unwrap();
        assert!(!spares.take_back_folder(&system, two));
        assert_eq!(names(&system, "/t/y"), ["left"]);
        // Who comes again finds his own, whatever became of it meanwhile, and nobody else does.
        spares.lend_folder(&system, one).unwrap();
        assert!(spares.take_back_folder(&system, one));
        system.write(Path::new("/t/x/late"), b"", 0o644).unwrap();
        spares.lend_folder(&system, one).unwrap();
        assert_eq!(names(&system, "/t/x"), [""; 0]);
        let inode = system.stat(one).unwrap().inode;
        spares.lend_folder(&system, Path::new("/t/z")).unwrap();
        assert_ne!(system.stat(Path::new("/t/z")).unwrap().inode, inode);
        let (silent, printed) = (Path::new("/l/silent"), Path::new("/l/printed"));
        [silent, printed].iter().for_each(|log| spares.lend_log(&system, log));
        system.append(printed).unwrap().write_all(b"said").unwrap();
        assert!(spares.take_back_log(&system, silent) && !spares.take_back_log(&system, printed));
        // A step that is tried again goes on with its log.
        spares.lend_log(&system, printed);
        assert_eq!(system.read(printed).unwrap(), b"said");
        assert!(!spares.take_back_log(&system, printed));
        spares.clear(&system);
        assert_eq!(
            (names(&system, "/l"), names(&system, "/t")),
            (vec!["printed".to_owned()], vec!["x".to_owned(), "y".to_owned(), "z".to_owned()])
        );
    }

    #[test]
    fn what_another_mode_was_given_to_is_not_lent_again() {
        let (system, spares) = (Memory::new().file("/t/other", ""), Spares::default());
        spares.lend_folder(&system, Path::new("/t/x")).unwrap();
        system.set_mode(Path::new("/t/x"), 0o700).unwrap();
        assert!(!spares.take_back_folder(&system, Path::new("/t/x")));
        spares.lend_log(&system, Path::new("/t/log"));
        system.set_mode(Path::new("/t/log"), 0o600).unwrap();
        assert!(!spares.take_back_log(&system, Path::new("/t/log")));
    }
}
