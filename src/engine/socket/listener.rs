//! The socket that a watch listens at.
//!
//! Knows who may ask, and how bytes come and go. Does not know the answers.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::{Mode, fchmod},
    io::{Errno, read, write},
    net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, accept_with, bind, listen, socket_with},
};

use super::wire::{self, Answer, Question, Read};
use crate::{
    base::Digest,
    cache::Layout,
    sys::{Lock, LockMode, System, Wait},
};

/// Longer paths of sockets have no form; one byte is for the end.
const LONGEST: usize = 107;
/// Who has not asked by then has nothing to ask.
const PATIENCE: Duration = Duration::from_millis(20);
/// Questions that may wait.
const BACKLOG: i32 = 64;

/// Where the watch of a workspace listens: in its cache, or where the path of that is too long for a socket, in the
/// user's own temporary folder.
///
/// # Errors
/// If there is no such folder.
pub(super) fn socket_path(system: &dyn System, layout: &Layout) -> io::Result<PathBuf> {
    let path = layout.socket();
    if path.as_os_str().len() <= LONGEST {
        return Ok(path);
    }
    let name = Digest::of(path.as_os_str().as_encoded_bytes()).to_hex();
    Ok(system.temporary_root()?.join(format!("watch-{}", &name[..16])))
}

/// A socket; it is removed with this.
pub(in crate::engine) struct Listener {
    socket: OwnedFd,
    path: PathBuf,
    /// What stands at the path as long as nobody takes its place.
    name: Option<(u64, u64)>,
    /// Who holds it may take the place of a socket that is there: nobody listens at that.
    _lock: Box<dyn Lock>,
}

impl Listener {
    /// Listens; nothing if another watch does.
    ///
    /// # Errors
    /// As `bind` and `listen`.
    pub(in crate::engine) fn new(system: &dyn System, layout: &Layout) -> io::Result<Option<Self>> {
        system.create_dir_all(&layout.version())?;
        let lock = system.lock(&layout.watch_lock(), LockMode::Exclusive, Wait::Try)?;
        let Some(lock) = lock else { return Ok(None) };
        let path = socket_path(system, layout)?;
        match system.remove_file(&path) {
            Err(error) if !crate::sys::is_absent(&error) => return Err(error),
            _ => {}
        }
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
        // Before it has a name, so that nobody else can ever connect.
        fchmod(&socket, Mode::RUSR | Mode::WUSR)?;
        bind(&socket, &SocketAddrUnix::new(&path)?)?;
        listen(&socket, BACKLOG)?;
        let name = name_at(system, &path);
        Ok(Some(Self { socket, path, name, _lock: lock }))
    }

    /// Tells whether it can still be found.
    pub(in crate::engine) fn is_there(&self, system: &dyn System) -> bool {
        self.name.is_some() && name_at(system, &self.path) == self.name
    }

    /// Takes the path away, so that nobody asks any more.
    pub(in crate::engine) fn close(&self, system: &dyn System) {
        if self.is_there(system) {
            _ = system.remove_file(&self.path);
        }
    }

    /// Answers everybody who waits.
    pub(in crate::engine) fn serve(&self, system: &dyn System, mut answer: impl FnMut(&Question) -> Answer) {
        while let Ok(caller) = accept_with(&self.socket, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC) {
            let Some(question) = question(system, &caller) else { continue };
            if let Some(bytes) = wire::to_bytes(&answer(&question)) {
                // An answer fits into what the kernel keeps; who has gone away does not want it.
                _ = write(&caller, &bytes);
            }
        }
    }
}

fn name_at(system: &dyn System, path: &Path) -> Option<(u64, u64)> {
    system.stat(path).ok().map(|stat| (stat.device, stat.inode))
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Reads what a caller asks, if it is one of this user.
fn question(system: &dyn System, caller: &OwnedFd) -> Option<Question> {
    if !is_own(caller) {
        return None;
    }
    let deadline = system.monotonic() + PATIENCE;
    let (mut bytes, mut part) = (Vec::new(), [0; 256]);
    while bytes.len() <= wire::MOST + 2 {
        match read(caller, &mut part) {
            Ok(0) => return None,
            Ok(count) => bytes.extend_from_slice(&part[..count]),
            Err(Errno::AGAIN) => {
                let left = deadline.saturating_sub(system.monotonic());
                let left = Timespec::try_from(left).ok().filter(|_| !left.is_zero())?;
                match poll(&mut [PollFd::new(caller, PollFlags::IN)], Some(&left)) {
                    Ok(1..) => continue,
                    Ok(0) | Err(_) => return None,
                }
            }
            Err(Errno::INTR) => continue,
            Err(_) => return None,
        }
        match wire::from_bytes(&bytes) {
            Read::Whole(question) => return Some(question),
            Read::Part => {}
            Read::Nothing => return None,
        }
    }
    None
}

#[cfg(target_os = "linux")]
fn is_own(caller: &OwnedFd) -> bool {
    let user = rustix::net::sockopt::socket_peercred(caller).map(|who| who.uid);
    user.is_ok_and(|user| user == rustix::process::geteuid())
}

/// The permissions of the socket say it.
#[cfg(not(target_os = "linux"))]
fn is_own(_caller: &OwnedFd) -> bool {
    true
}

/// Tells where the paths of this process lead, as far as two processes can differ in it.
pub(in crate::engine) fn view(system: &dyn System) -> String {
    let space = system.read_link(Path::new("/proc/self/ns/mnt")).unwrap_or_default();
    let root = system.stat(Path::new("/")).map(|stat| (stat.device, stat.inode)).unwrap_or_default();
    format!("{} {root:?}", space.display())
}
