//! Brings effects back, without ever losing what a person wrote.
//!
//! All contents are staged and verified in az's own folder (near their places, where that is another device) before the first one is put in. A path is then replaced
//! by exchanging it with the staged file and looking at what came out: if that is not what the decision was made
//! on, it is set aside as well. Nothing is changed but through a folder that is held open, so that a link that takes
//! the folder's place meanwhile leads nowhere.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
    io,
    path::{Path, PathBuf},
};

use rayon::prelude::*;
use thiserror::Error;

use super::{
    Blobs,
    staging::{self, SetAside, kept_path},
};
use crate::{
    base::WsPath,
    fingerprint::{Disk, State, View},
    sys::{self, FileKind, Pinned, System},
};

/// A path and what shall be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Where.
    pub path: WsPath,
    /// What shall be there.
    pub state: State,
}

/// What a restore did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Restored {
    /// Paths that were changed.
    pub written: Vec<WsPath>,
    /// Versions of a person that stood in the way.
    pub set_aside: Vec<SetAside>,
}

/// Why a path could not be brought back.
#[derive(Debug, Error)]
pub enum RestoreError {
    /// The path leads out of the workspace through a link, or into az's or git's own folders.
    #[error("`{0}` must not be written")]
    Forbidden(WsPath),
    /// The system refused.
    #[error("`{path}`: {error}")]
    System {
        /// Where.
        path: WsPath,
        /// Why.
        error: io::Error,
    },
}

/// Brings every target into its state.
///
/// `is_replaceable` tells whether az may replace what it finds at a path; anything else is moved to `kept`, a folder
/// that is made when it is needed. Targets that already are as they shall be are not touched.
///
/// # Errors
/// [`RestoreError`]; targets put in before the error stay as they are, none is half written.
pub fn restore(
    disk: &Disk,
    blobs: &Blobs,
    targets: &[Target],
    kept: &Path,
    is_replaceable: impl Fn(&WsPath, &State) -> bool,
) -> Result<Restored, RestoreError> {
    let mut wanted: Vec<&Target> =
        targets.iter().filter(|target| disk.state(&target.path) != target.state).collect();
    // Deletions first and from the bottom up, so that an emptied folder can go and a file can take its place.
    wanted.sort_by_key(|target| {
        let is_there = target.state.exists();
        (is_there, (!is_there).then(|| Reverse(target.path.clone())))
    });
    let folders = folders_above(disk, &wanted);
    let system = &**disk.system();
    let is_link = |target: &&&Target| matches!(target.state, State::Link { .. });
    let links = wanted.iter().filter(is_link).map(|target| target.path.clone()).collect();
    let mut restorer = Restorer { disk, system, blobs, kept, folders, links, report: Restored::default() };
    let stage = |target: &&Target| restorer.stage(target, &wanted);
    let all: Vec<_> = wanted.par_iter().with_min_len(MANY).map(stage).collect();
    let mut staged = Vec::with_capacity(wanted.len());
    let mut failed = None;
    for (target, result) in wanted.iter().zip(all) {
        match result {
            Ok(temporary) => staged.push((*target, temporary)),
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    if let Some(error) = failed {
        restorer.discard_all(&staged);
        return Err(error);
    }
    for (place, (target, temporary)) in staged.iter().enumerate() {
        let put_in = restorer.put_in(target, temporary.as_deref(), &is_replaceable);
        put_in.map_err(|error| {
            // What came out of this one's place may lie where it was staged, so only later ones are litter.
            restorer.discard_all(&staged[place + 1..]);
            wrap(target, error)
        })?;
    }
    Ok(restorer.report)
}

/// From so many targets on a second thread is worth its start.
const MANY: usize = 32;

/// Returns what the folders above the targets are.
fn folders_above(disk: &Disk, targets: &[&Target]) -> HashMap<WsPath, State> {
    let mut folders = HashMap::new();
    for target in targets {
        let mut folder = target.path.parent();
        while let Some(above) = folder.filter(|above| !folders.contains_key(above)) {
            folder = above.parent();
            folders.insert(above.clone(), disk.state(&above));
        }
    }
    folders
}

fn wrap(target: &Target, error: io::Error) -> RestoreError {
    RestoreError::System { path: target.path.clone(), error }
}

/// Copies what is at `path` to `kept` and leaves it where it is.
///
/// # Errors
/// The first error of the system.
pub fn set_aside_copy(disk: &Disk, path: &WsPath, kept: &Path) -> io::Result<SetAside> {
    let system = &**disk.system();
    let to = kept_path(system, kept, path)?;
    match disk.state(path) {
        State::Link { target } => system.symlink(Path::new(&*target), &to)?,
        State::File { mode, .. } => system.copy(&disk.absolute(path), &to, mode)?,
        _ => return Err(io::ErrorKind::Unsupported.into()),
    }
    Ok(SetAside { path: path.clone(), kept: to })
}

struct Restorer<'a> {
    disk: &'a Disk,
    system: &'a dyn System,
    blobs: &'a Blobs,
    kept: &'a Path,
    /// What stands above the targets.
    folders: HashMap<WsPath, State>,
    /// Targets that shall be links.
    links: HashSet<WsPath>,
    report: Restored,
}

impl Restorer<'_> {
    /// Writes what shall be at the target near it; a deletion and a folder need nothing.
    fn stage(&self, target: &Target, all: &[&Target]) -> Result<Option<PathBuf>, RestoreError> {
        self.check_way(target)?;
        let temporary = || self.staging_place(&target.path, all);
        let staged = match &target.state {
            State::File { digest, mode, .. } => temporary().and_then(|place| {
                self.blobs.copy_out(digest, &self.pin(&place)?.path, *mode).map(|()| Some(place))
            }),
            State::Link { target } => temporary().and_then(|place| {
                self.system.symlink(Path::new(&**target), &self.pin(&place)?.path).map(|()| Some(place))
            }),
            State::Absent | State::Directory => Ok(None),
            State::Unknown => Err(io::ErrorKind::InvalidData.into()),
        };
        staged.map_err(|error| wrap(target, error))
    }

    /// Returns a free name in the nearest folder above a path that is there already, so that a restore that comes to
    /// nothing leaves no folders, and a folder can take the place of a file.
    fn staging_place(&self, path: &WsPath, all: &[&Target]) -> io::Result<PathBuf> {
        let mut folder = path.parent().expect("a target lies in a folder");
        loop {
            match self.state_of_folder(&folder) {
                State::Directory => break,
                State::Absent => {}
                _ if all.iter().any(|other| other.path == folder) => {}
                _ => return Err(io::ErrorKind::NotADirectory.into()),
            }
            folder = folder.parent().expect("the workspace is a folder");
        }
        let folder = self.disk.absolute(&folder);
        let staged = staging::place_for(self.system, self.disk.root(), path, &folder);
        Ok(staged.unwrap_or_else(|| sys::temporary_beside(self.system, &folder.join("staged"))))
    }

    fn state_of_folder(&self, folder: &WsPath) -> State {
        self.folders.get(folder).cloned().unwrap_or_else(|| self.disk.state(folder))
    }

    /// Refuses a path that leads through a link, also one that is yet to be made, or into a private folder, or is the
    /// workspace itself.
    fn check_way(&self, Target { path, state }: &Target) -> Result<(), RestoreError> {
        let is_private =
            |name: &str| crate::text::pattern::PRIVATE_FOLDERS.iter().any(|p| name.eq_ignore_ascii_case(p));
        if !path.is_inside() || path.as_str() == "." || path.as_str().split('/').any(is_private) {
            return Err(RestoreError::Forbidden(path.clone()));
        }
        let mut folder = path.parent();
        while let Some(above) = folder {
            // What goes does so before any link is made.
            let is_link = matches!(self.state_of_folder(&above), State::Link { .. })
                || state.exists() && self.links.contains(&above);
            if above.as_str() != "." && is_link {
                return Err(RestoreError::Forbidden(path.clone()));
            }
            folder = above.parent();
        }
        Ok(())
    }

    fn put_in(
        &mut self,
        target: &Target,
        staged: Option<&Path>,
        is_replaceable: &dyn Fn(&WsPath, &State) -> bool,
    ) -> io::Result<()> {
        let absolute = self.disk.absolute(&target.path);
        let found = self.disk.state(&target.path);
        if target.state == State::Directory {
            return self.put_in_folder(target, &absolute, &found, is_replaceable);
        }
        if found == State::Directory && target.state == State::Absent {
            // A folder goes only when nothing is left in it.
            if self.remove_folder(&absolute).is_ok() {
                self.report.written.push(target.path.clone());
            }
            return Ok(());
        }
        if found == State::Directory {
            // A folder stands where a file shall be; it is moved away whole, since anything may be in it.
            if self.remove_folder(&absolute).is_err() {
                self.move_aside(target, &absolute)?;
            }
        }
        match staged {
            None => self.take_out(target, &absolute, is_replaceable)?,
            Some(staged) => self.swap_in(target, staged, &absolute, is_replaceable)?,
        }
        self.report.written.push(target.path.clone());
        Ok(())
    }

    fn put_in_folder(
        &mut self,
        target: &Target,
        absolute: &Path,
        found: &State,
        is_replaceable: &dyn Fn(&WsPath, &State) -> bool,
    ) -> io::Result<()> {
        if *found == State::Directory {
            return Ok(());
        }
        if found.exists() {
            self.take_out(target, absolute, is_replaceable)?;
        }
        self.report.written.push(target.path.clone());
        self.create_folders(absolute)
    }

    /// Puts a staged file in, and looks at what was there.
    fn swap_in(
        &mut self,
        target: &Target,
        staged: &Path,
        absolute: &Path,
        is_replaceable: &dyn Fn(&WsPath, &State) -> bool,
    ) -> io::Result<()> {
        let rename_new = || self.system.rename_new(&self.pin(staged)?.path, &self.pin(absolute)?.path);
        let mut renamed = rename_new();
        if renamed.as_ref().is_err_and(sys::is_absent) {
            let folder = absolute.parent().expect("a target lies in a folder");
            self.create_folders(folder).inspect_err(|_| self.discard(staged))?;
            renamed = rename_new();
        }
        match renamed {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => {
                self.discard(staged);
                return Err(error);
            }
        }
        // From here on it may be what a person wrote.
        let old = staging::name_of_old(staged);
        if old != staged {
            self.system.rename(staged, &old).inspect_err(|_| self.discard(staged))?;
        }
        self.exchange(&old, absolute).inspect_err(|_| self.discard(&old))?;
        self.dispose(target, &old, is_replaceable).inspect_err(|_| {
            // It stays in its place rather than under a name that nobody knows.
            let is_back = self.exchange(&old, absolute).is_ok();
            if is_back && self.disk.state(&self.inside(&old)) == target.state {
                self.discard(&old);
            }
        })
    }

    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()> {
        self.system.exchange(&self.pin(one)?.path, &self.pin(other)?.path)
    }

    fn inside(&self, absolute: &Path) -> WsPath {
        WsPath::new(self.disk.root(), &WsPath::root(), absolute)
    }

    /// Takes a path out, and looks at what it was.
    fn take_out(
        &mut self,
        target: &Target,
        absolute: &Path,
        is_replaceable: &dyn Fn(&WsPath, &State) -> bool,
    ) -> io::Result<()> {
        let folder = absolute.parent().expect("a target lies in a folder");
        let temporary = staging::place_for(self.system, self.disk.root(), &target.path, folder)
            .map_or_else(|| sys::temporary_beside(self.system, absolute), |new| staging::name_of_old(&new));
        let renamed =
            self.pin(absolute).and_then(|from| self.system.rename(&from.path, &self.pin(&temporary)?.path));
        match renamed {
            Ok(()) => self.dispose(target, &temporary, is_replaceable).inspect_err(|_| {
                let put_back =
                    || self.system.rename_new(&self.pin(&temporary)?.path, &self.pin(absolute)?.path);
                // Where that fails, too, the next az finds it in its own folder.
                _ = put_back();
            }),
            Err(error) if sys::is_absent(&error) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Removes what came out of a target's place, or keeps it if it is not az's to remove.
    fn dispose(
        &mut self,
        target: &Target,
        came_out: &Path,
        is_replaceable: &dyn Fn(&WsPath, &State) -> bool,
    ) -> io::Result<()> {
        let state = self.disk.state(&self.inside(came_out));
        if state != State::Unknown && is_replaceable(&target.path, &state) {
            return self.system.remove_file(&self.pin(came_out)?.path);
        }
        self.keep(target, came_out)
    }

    fn move_aside(&mut self, target: &Target, absolute: &Path) -> io::Result<()> {
        self.keep(target, absolute)
    }

    fn keep(&mut self, target: &Target, from: &Path) -> io::Result<()> {
        let kept = kept_path(self.system, self.kept, &target.path)?;
        self.system.rename(&self.pin(from)?.path, &self.system.pin(self.kept, &kept)?.path)?;
        self.report.set_aside.push(SetAside { path: target.path.clone(), kept });
        Ok(())
    }

    fn discard_all(&self, staged: &[(&Target, Option<PathBuf>)]) {
        staged.iter().filter_map(|(_, staged)| staged.as_ref()).for_each(|path| self.discard(path));
    }

    fn discard(&self, staged: &Path) {
        // A staged file that stays behind is only litter; the error that led here is the one to tell.
        let Ok(staged) = self.pin(staged) else { return };
        let is_file = self.system.stat(&staged.path).is_ok_and(|stat| stat.kind != FileKind::Directory);
        if is_file {
            _ = self.system.remove_file(&staged.path);
        }
    }

    fn pin(&self, path: &Path) -> io::Result<Pinned> {
        self.system.pin(self.disk.root(), path)
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        self.system.remove_dir(&self.pin(path)?.path)
    }

    /// Makes a folder and those above it.
    fn create_folders(&self, path: &Path) -> io::Result<()> {
        let create = || self.system.create_dir(&self.pin(path)?.path);
        match create() {
            Err(error) if sys::is_absent(&error) => {
                self.create_folders(path.parent().ok_or(io::ErrorKind::NotFound)?)?;
                create()
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            created => created,
        }
    }
}
