//! What the machine az runs on can do.
//!
//! Asks by trying, since neither a version nor a name of a file system tells it. Leaves nothing behind.

#![cfg_attr(
    target_os = "linux",
    expect(unsafe_code, reason = "Landlock and the C library have no other way to be asked")
)]

use std::path::Path;

use super::Abilities;

/// Returns what the machine, and the file system of a folder, can do.
pub(super) fn of(folder: &Path) -> Abilities {
    Abilities { landlock: landlock(), shares_blocks: shares_blocks(folder) }
}

/// Returns how many bytes of memory the machine has; nothing where that cannot be found out.
#[cfg(target_os = "linux")]
pub(super) fn memory() -> Option<u64> {
    // SAFETY: takes a number and returns one; nothing of ours is read or written.
    let ask = |name| u64::try_from(unsafe { libc::sysconf(name) }).ok();
    ask(libc::_SC_PHYS_PAGES)?.checked_mul(ask(libc::_SC_PAGESIZE)?).filter(|bytes| *bytes > 0)
}

#[cfg(not(target_os = "linux"))]
pub(super) fn memory() -> Option<u64> {
    None
}

#[cfg(target_os = "linux")]
fn landlock() -> Option<u32> {
    const ASK_VERSION: u32 = 1;
    let nothing = std::ptr::null::<libc::c_void>();
    // SAFETY: with this flag the kernel takes no attributes, reads no memory of ours and makes no descriptor.
    let version = unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, nothing, 0_usize, ASK_VERSION) };
    u32::try_from(version).ok()
}

#[cfg(not(target_os = "linux"))]
fn landlock() -> Option<u32> {
    None
}

/// Clones a file without a name into another one.
#[cfg(target_os = "linux")]
fn shares_blocks(folder: &Path) -> Option<bool> {
    use rustix::fs::{Mode, OFlags, ioctl_ficlone, open};
    let nameless = || open(folder, OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC, Mode::RUSR | Mode::WUSR);
    let (from, to) = (nameless().ok()?, nameless().ok()?);
    rustix::io::write(&from, &[0; 4096]).ok()?;
    Some(ioctl_ficlone(&to, &from).is_ok())
}

#[cfg(not(target_os = "linux"))]
fn shares_blocks(_folder: &Path) -> Option<bool> {
    None
}
