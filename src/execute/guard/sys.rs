//! The few system calls of the guard that no safe crate offers.
//!
//! Knows their arguments. Does not know why they are made.

#![expect(unsafe_code, reason = "raw system calls, one a block")]

#[cfg(target_os = "linux")]
use std::{
    ffi::{CStr, CString, c_char, c_int, c_void},
    io,
    os::unix::process::CommandExt,
    process::Command,
    ptr,
    sync::atomic::{AtomicI32, Ordering},
};
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

/// Texts as the kernel takes them.
#[cfg(target_os = "linux")]
pub(super) struct Texts {
    /// They stay where they are.
    _texts: Vec<CString>,
    pointers: Vec<*const c_char>,
}

#[cfg(target_os = "linux")]
impl Texts {
    pub(super) fn new(texts: Vec<CString>) -> Self {
        let pointers = texts.iter().map(|text| text.as_ptr()).chain([ptr::null()]).collect();
        Self { _texts: texts, pointers }
    }
}

/// Runs a program in this process, and returns why it cannot; async-signal-safe.
#[cfg(target_os = "linux")]
pub(super) fn execute(program: &CStr, arguments: &Texts, environment: &Texts) -> io::Error {
    let (arguments, environment) = (arguments.pointers.as_ptr(), environment.pointers.as_ptr());
    // SAFETY: all three are texts that end with a zero, and lists of such that end with a null.
    unsafe { libc::execve(program.as_ptr(), arguments, environment) };
    io::Error::last_os_error()
}

/// Gives some signals their default effect and lets all of them in; async-signal-safe.
#[cfg(target_os = "linux")]
pub(super) fn let_signals_in(caught: &[c_int]) {
    for signal in caught {
        // SAFETY: SIG_DFL installs no code of ours.
        unsafe { libc::signal(*signal, libc::SIG_DFL) };
    }
    let mut none = MaybeUninit::uninit();
    // SAFETY: the set is written to a live local.
    unsafe { libc::sigemptyset(none.as_mut_ptr()) };
    mask_signals(none.as_ptr());
}

/// Says which signals wait, and returns which did.
#[cfg(target_os = "linux")]
fn mask_signals(mask: *const libc::sigset_t) -> MaybeUninit<libc::sigset_t> {
    let mut before = MaybeUninit::uninit();
    // SAFETY: `mask` points to a set that its caller has filled, and what was is written to a live local.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, mask, before.as_mut_ptr()) };
    before
}

/// Starts a process that does without a copy of this one's memory: it uses this one's own, on a stack of its own, while
/// this one stands still until it runs a program or has failed. Copying the little there is takes longer than all else
/// that starting a small program does.
///
/// `act` makes it run a program, or returns why it cannot. It must take no lock and must neither allocate nor change
/// anything. Signals wait until it lets them in.
///
/// # Errors
/// Those of `act`, and as `clone`.
#[cfg(target_os = "linux")]
pub(super) fn start_sharing(act: &dyn Fn() -> io::Error) -> io::Result<i32> {
    /// What `act` and a few calls below it need.
    const STACK: usize = 128 << 10;
    struct Birth<'a> {
        act: &'a dyn Fn() -> io::Error,
        error: AtomicI32,
    }
    extern "C" fn born(birth: *mut c_void) -> c_int {
        // SAFETY: it points to `birth` below, which lives until this process has another memory or is gone.
        let birth = unsafe { &*birth.cast::<Birth<'_>>() };
        let error = (birth.act)();
        birth.error.store(error.raw_os_error().unwrap_or(libc::EINVAL), Ordering::Relaxed);
        127
    }
    let mut stack = Box::<[u128]>::new_uninit_slice(STACK / size_of::<u128>());
    let birth = Birth { act, error: AtomicI32::new(0) };
    let mut all = MaybeUninit::uninit();
    // SAFETY: the set is written to a live local.
    unsafe { libc::sigfillset(all.as_mut_ptr()) };
    let before = mask_signals(all.as_ptr());
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    let top = stack.as_mut_ptr_range().end.cast::<c_void>();
    // SAFETY: this process has one thread, which stands still as long as the other uses its memory; `top` is the end of
    // a stack that nobody else uses, aligned for any processor, and `birth` outlives the call.
    let pid = unsafe { libc::clone(born, top, flags, (&raw const birth).cast_mut().cast()) };
    let failure = if pid < 0 { Some(io::Error::last_os_error()) } else { None };
    mask_signals(before.as_ptr());
    match (failure, birth.error.load(Ordering::Relaxed)) {
        (Some(error), _) => Err(error),
        (None, 0) => Ok(pid),
        (None, error) => {
            // It has ended; nobody else is told of it.
            _ = rustix::process::waitpid(
                rustix::process::Pid::from_raw(pid),
                rustix::process::WaitOptions::empty(),
            );
            Err(io::Error::from_raw_os_error(error))
        }
    }
}

fn duration_of(time: libc::timeval) -> Duration {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let micros = u64::try_from(time.tv_usec).unwrap_or(0);
    Duration::from_secs(seconds) + Duration::from_micros(micros)
}
