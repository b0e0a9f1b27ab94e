//! The few system calls of the guard that no safe crate offers.
//!
//! Knows their arguments. Does not know why they are made.

#![expect(unsafe_code, reason = "raw system calls, one a block")]

#[cfg(target_os = "linux")]
use std::{io, os::unix::process::CommandExt, process::Command};
use std::{mem::MaybeUninit, os::unix::process::ExitStatusExt, process::ExitStatus, time::Duration};

/// A child that has ended and was waited for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reaped {
    pub(super) pid: i32,
    pub(super) status: ExitStatus,
    /// Processor time of the child and of those it waited for.
    pub(super) cpu: Duration,
}

/// Waits for any child that has ended; nothing if none has.
pub(super) fn reap() -> Option<Reaped> {
    let mut status = 0;
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: both pointers are to live locals of the types wait4 writes.
    let pid = unsafe { libc::wait4(-1, &raw mut status, libc::WNOHANG, usage.as_mut_ptr()) };
    if pid <= 0 {
        return None;
    }
    // SAFETY: an `rusage` is numbers only, so the zeroed value was valid, and wait4 has filled it.
    let usage = unsafe { usage.assume_init() };
    let cpu = duration_of(usage.ru_utime) + duration_of(usage.ru_stime);
    Some(Reaped { pid, status: ExitStatus::from_raw(status), cpu })
}

/// Gives all signals their default effect, so that steps do not inherit what az's parent ignored.
pub(super) fn default_all_signals() {
    // 32 and 33 belong to the C library, which lets nobody change them.
    for signal in (1..=31).chain(34..=64) {
        if signal != libc::SIGKILL && signal != libc::SIGSTOP {
            // SAFETY: SIG_DFL installs no code of ours; this process has a single thread so far.
            unsafe { libc::signal(signal, libc::SIG_DFL) };
        }
    }
}

/// Closes all descriptors after the standard three.
pub(super) fn close_inherited_descriptors() {
    #[cfg(target_os = "linux")]
    // SAFETY: called first thing in the guard, before anything in this process owns a descriptor above 2.
    unsafe {
        libc::syscall(libc::SYS_close_range, 3_u32, u32::MAX, 0_u32);
    }
}

/// Has something done in the process that a command starts, before it runs its program.
///
/// `act` must take no lock and should allocate nothing; the guard has a single thread, so what it does allocate finds
/// the allocator whole.
#[cfg(target_os = "linux")]
pub(super) fn before_exec(
    command: &mut Command,
    act: impl FnMut() -> io::Result<()> + Send + Sync + 'static,
) {
    // SAFETY: the guard, which forks, has one thread, so that nothing `act` may use is left in the middle of a change.
    unsafe { command.pre_exec(act) };
}

/// Installs a filter for this process and what it starts, giving up new rights only where the kernel demands it.
#[cfg(target_os = "linux")]
pub(super) fn install_filter(filter: &[libc::sock_filter]) -> io::Result<()> {
    let length = u16::try_from(filter.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    let program = libc::sock_fprog { len: length, filter: filter.as_ptr().cast_mut() };
    let install = || {
        let mode = libc::SECCOMP_SET_MODE_FILTER;
        // SAFETY: the kernel copies the program, which lives through the call, and does not write to it.
        unsafe { libc::syscall(libc::SYS_seccomp, mode, 0_u64, &raw const program) == 0 }
    };
    if install() {
        return Ok(());
    }
    // SAFETY: `PR_SET_NO_NEW_PRIVS` takes numbers only.
    unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1_u64, 0_u64, 0_u64, 0_u64) };
    if install() { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn duration_of(time: libc::timeval) -> Duration {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let micros = u64::try_from(time.tv_usec).unwrap_or(0);
    Duration::from_secs(seconds) + Duration::from_micros(micros)
}
