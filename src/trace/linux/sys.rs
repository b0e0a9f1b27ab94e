//! The system calls of the tracer that no safe crate offers.
//!
//! Knows their arguments. Does not know why they are made.

#![expect(unsafe_code, reason = "raw system calls, one a block")]

use std::{
    io,
    mem::MaybeUninit,
    os::{
        fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd},
        unix::process::CommandExt,
    },
    process::Command,
    ptr,
};

use libc::{c_long, c_void, sock_filter, sock_fprog};

use super::entry::Entry;

/// A call that a process stands still in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stopped {
    pub(super) tid: i32,
    pub(super) audit: u32,
    pub(super) number: u32,
    pub(super) arguments: [u64; 6],
}

fn check(result: c_long) -> io::Result<c_long> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// Installs a filter for this thread and what it starts; async-signal-safe.
fn install(filter: &[sock_filter], flags: u64) -> io::Result<c_long> {
    let length = u16::try_from(filter.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    let program = sock_fprog { len: length, filter: filter.as_ptr().cast_mut() };
    let program = &raw const program;
    // SAFETY: the kernel copies the program, which lives through the call, and does not write to it.
    let result = unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, flags, program) };
    check(result)
}

/// Gives up, for this process and what it starts, that programs may get other rights; async-signal-safe.
fn give_up_new_rights() -> io::Result<()> {
    // SAFETY: `PR_SET_NO_NEW_PRIVS` takes numbers only.
    let result = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1_u64, 0_u64, 0_u64, 0_u64) };
    check(result.into()).map(drop)
}

/// Tells whether programs can no longer get other rights here; async-signal-safe.
pub(super) fn has_given_up_new_rights() -> bool {
    // SAFETY: `PR_GET_NO_NEW_PRIVS` takes numbers only.
    unsafe { libc::prctl(libc::PR_GET_NO_NEW_PRIVS, 0_u64, 0_u64, 0_u64, 0_u64) == 1 }
}

/// Installs a filter for the calling thread, which gives up new rights.
pub(super) fn install_for_thread(filter: &[sock_filter]) -> io::Result<()> {
    give_up_new_rights()?;
    install(filter, 0).map(drop)
}

/// Installs a filter, giving up new rights only where the kernel demands it.
fn install_with_least_loss(filter: &[sock_filter], flags: u64) -> io::Result<c_long> {
    match install(filter, flags) {
        Err(error) if error.raw_os_error() == Some(libc::EACCES) => {
            give_up_new_rights()?;
            install(filter, flags)
        }
        result => result,
    }
}

/// Installs a filter that asks a listener, and returns it; async-signal-safe.
pub(super) fn install_listener(filter: &[sock_filter]) -> io::Result<OwnedFd> {
    let flags = libc::SECCOMP_FILTER_FLAG_NEW_LISTENER;
    // Without the second flag, which came later, a signal lets a call start over; it is then looked at twice.
    let with_flag = install_with_least_loss(filter, flags | libc::SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
    let listener = match with_flag {
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => install_with_least_loss(filter, flags)?,
        result => result?,
    };
    let listener = RawFd::try_from(listener).map_err(|_| io::ErrorKind::InvalidData)?;
    // SAFETY: the kernel just made this descriptor for us alone.
    Ok(unsafe { OwnedFd::from_raw_fd(listener) })
}

/// Installs a filter that stops for the ptracer; async-signal-safe.
pub(super) fn install_traced(filter: &[sock_filter]) -> io::Result<()> {
    install_with_least_loss(filter, 0).map(drop)
}

/// Makes the process that a command starts enter a trace before it runs its program.
pub(super) fn before_exec(command: &mut Command, entry: Entry) {
    // SAFETY: entering is async-signal-safe, as each call it makes says: it allocates nothing and takes no lock.
    unsafe { command.pre_exec(move || entry.enter()) };
}

/// Sends bytes and at most one descriptor in one message with the given flags; async-signal-safe.
pub(super) fn send(socket: RawFd, bytes: &[u8], descriptor: Option<RawFd>, flags: i32) -> io::Result<()> {
    let mut part = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast::<c_void>(), iov_len: bytes.len() };
    // One header and one descriptor, with the alignment of the header.
    let mut control = [0_u64; 4];
    // SAFETY: a message header is numbers and pointers, for which zero is valid.
    let mut message: libc::msghdr = unsafe { MaybeUninit::zeroed().assume_init() };
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    if let Some(descriptor) = descriptor {
        message.msg_control = control.as_mut_ptr().cast::<c_void>();
        // SAFETY: computes a size from a size.
        message.msg_controllen = unsafe { libc::CMSG_SPACE(4) } as _;
        // SAFETY: the control buffer is larger than one header with one descriptor.
        let header = unsafe { libc::CMSG_FIRSTHDR(&raw const message) };
        // SAFETY: computes a size from a size.
        let length = unsafe { libc::CMSG_LEN(4) };
        // SAFETY: `header` points to the start of the control buffer, which is aligned for it.
        unsafe {
            (*header).cmsg_level = libc::SOL_SOCKET;
            (*header).cmsg_type = libc::SCM_RIGHTS;
            (*header).cmsg_len = length as _;
            ptr::write_unaligned(libc::CMSG_DATA(header).cast::<RawFd>(), descriptor);
        }
    }
    // SAFETY: the message points to locals that live through the call.
    let sent = unsafe { libc::sendmsg(socket, &raw const message, flags) };
    check(sent as c_long).map(drop)
}

/// Receives one byte; none at the end of the stream. Async-signal-safe.
pub(super) fn receive_byte(socket: RawFd) -> io::Result<Option<u8>> {
    let mut byte = 0_u8;
    loop {
        // SAFETY: one byte is written at most, to a live local.
        let received = unsafe { libc::recv(socket, (&raw mut byte).cast::<c_void>(), 1, 0) };
        match check(received as c_long) {
            Ok(0) => return Ok(None),
            Ok(_) => return Ok(Some(byte)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Asks that the process and az wake each other on one processor; tells whether the kernel can.
pub(super) fn wake_on_same_processor(listener: BorrowedFd<'_>) -> bool {
    const SYNC_WAKE_UP: u64 = 1;
    // SAFETY: the argument of this call is a number.
    unsafe { libc::ioctl(listener.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_SET_FLAGS, SYNC_WAKE_UP) == 0 }
}

/// Receives the next call that waits, with the number it is answered by.
pub(super) fn receive_call(listener: BorrowedFd<'_>) -> io::Result<(u64, Stopped)> {
    // SAFETY: the structure is numbers only; the kernel demands that it is zeroed.
    let mut call: libc::seccomp_notif = unsafe { MaybeUninit::zeroed().assume_init() };
    // SAFETY: the kernel writes one structure of this type, to a live local.
    let result = unsafe { libc::ioctl(listener.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_RECV, &raw mut call) };
    check(result.into())?;
    let stopped = Stopped {
        tid: call.pid.cast_signed(),
        audit: call.data.arch,
        number: call.data.nr.cast_unsigned(),
        arguments: call.data.args,
    };
    Ok((call.id, stopped))
}

/// Lets a call go on. That its process is gone is no error.
pub(super) fn let_go_on(listener: BorrowedFd<'_>, id: u64) -> io::Result<()> {
    let flags = u32::try_from(libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE).expect("the flag is 1");
    answer(listener, libc::seccomp_notif_resp { id, val: 0, error: 0, flags })
}

/// Makes a call fail with `EACCES`, without having taken place. That its process is gone is no error.
pub(super) fn refuse(listener: BorrowedFd<'_>, id: u64) -> io::Result<()> {
    answer(listener, libc::seccomp_notif_resp { id, val: 0, error: -libc::EACCES, flags: 0 })
}

fn answer(listener: BorrowedFd<'_>, mut answer: libc::seccomp_notif_resp) -> io::Result<()> {
    // SAFETY: the kernel reads one structure of this type, from a live local.
    let result =
        unsafe { libc::ioctl(listener.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_SEND, &raw mut answer) };
    match check(result.into()) {
        Err(error) if error.raw_os_error() != Some(libc::ENOENT) => Err(error),
        _ => Ok(()),
    }
}

/// Reads memory of another process; returns how much was read.
pub(super) fn read_memory(tid: i32, address: u64, into: &mut [u8]) -> io::Result<usize> {
    let local = libc::iovec { iov_base: into.as_mut_ptr().cast::<c_void>(), iov_len: into.len() };
    let remote = libc::iovec { iov_base: address as *mut c_void, iov_len: into.len() };
    // SAFETY: the local part is a live buffer of that length; the remote part is not our memory.
    let read = unsafe { libc::process_vm_readv(tid, &raw const local, 1, &raw const remote, 1, 0) };
    check(read as c_long).map(|read| usize::try_from(read).expect("checked not to be negative"))
}

/// Returns the process that a descriptor stands for, and its parent, where the kernel (6.13) can tell.
pub(super) fn process_and_parent(process: BorrowedFd<'_>) -> Option<(i32, i32)> {
    /// `struct pidfd_info` as it was first.
    #[repr(C)]
    #[derive(Default)]
    struct Info {
        mask: u64,
        _group: u64,
        _tid: u32,
        pid: u32,
        parent: u32,
        _rest: [u32; 9],
    }
    const NUMBERS: u64 = 1;
    // `PIDFD_GET_INFO`: reads and writes a structure of this size.
    const GET_INFO: u64 = 0xc000_ff0b | ((size_of::<Info>() as u64) << 16);
    let mut info = Info { mask: NUMBERS, ..Info::default() };
    // SAFETY: the kernel reads and writes at most the size that is part of the request, in a live local of numbers.
    let result = unsafe { libc::ioctl(process.as_raw_fd(), GET_INFO as _, &raw mut info) };
    (result == 0 && info.mask & NUMBERS != 0).then(|| (info.pid.cast_signed(), info.parent.cast_signed()))
}

/// What a ptraced process has stopped for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// A call of the filter.
    Call,
    /// It has just begun to run another program.
    Executed,
    /// A signal is about to reach it.
    Signal(i32),
    /// It has been stopped as by job control, and stays so until it is continued.
    Group,
    /// Something that only has to go on.
    Other,
    /// It has ended.
    Ended,
}

/// The requests to ptrace that are made, in one type with every C library.
mod request {
    use libc::c_long;

    #[cfg(target_arch = "x86_64")]
    pub(super) const POKEUSER: c_long = 6;
    pub(super) const CONT: c_long = 7;
    pub(super) const DETACH: c_long = 17;
    pub(super) const SEIZE: c_long = 0x4206;
    pub(super) const INTERRUPT: c_long = 0x4207;
    pub(super) const LISTEN: c_long = 0x4208;
    pub(super) const GET_SYSCALL_INFO: c_long = 0x420e;
}

/// Attaches to a process without stopping it, and to all it will start; it dies with this thread.
pub(super) fn seize(pid: i32) -> io::Result<()> {
    let options = libc::PTRACE_O_TRACESECCOMP
        | libc::PTRACE_O_TRACEFORK
        | libc::PTRACE_O_TRACEVFORK
        | libc::PTRACE_O_TRACECLONE
        | libc::PTRACE_O_TRACEEXEC
        | libc::PTRACE_O_EXITKILL;
    ptrace(request::SEIZE, pid, usize::try_from(options).expect("options are bits"))
}

/// Lets a stopped process go on, with a signal or none (0).
pub(super) fn resume(pid: i32, signal: i32) -> io::Result<()> {
    ptrace(request::CONT, pid, usize::try_from(signal).unwrap_or(0))
}

/// Leaves a process stopped as by job control until it is continued.
pub(super) fn stay_stopped(pid: i32) -> io::Result<()> {
    ptrace(request::LISTEN, pid, 0)
}

/// Asks a process to stop.
pub(super) fn interrupt(pid: i32) -> io::Result<()> {
    ptrace(request::INTERRUPT, pid, 0)
}

/// Lets go of a stopped process, with a signal or none (0).
pub(super) fn detach(pid: i32, signal: i32) -> io::Result<()> {
    ptrace(request::DETACH, pid, usize::try_from(signal).unwrap_or(0))
}

/// Makes the call that a process has stopped in fail with `EACCES`, without having taken place.
#[cfg(target_arch = "x86_64")]
pub(super) fn refuse_stopped(pid: i32) -> io::Result<()> {
    const ORIGINAL_RAX: usize = std::mem::offset_of!(libc::user_regs_struct, orig_rax);
    const RAX: usize = std::mem::offset_of!(libc::user_regs_struct, rax);
    // A call of no number is skipped, and what stands in the register of results is its result.
    ptrace_at(request::POKEUSER, pid, ORIGINAL_RAX, usize::MAX)?;
    ptrace_at(request::POKEUSER, pid, RAX, (-(libc::EACCES as isize)).cast_unsigned())
}

/// Ends the process, where a single call of it cannot be refused.
#[cfg(not(target_arch = "x86_64"))]
pub(super) fn refuse_stopped(pid: i32) -> io::Result<()> {
    let Some(pid) = rustix::process::Pid::from_raw(pid) else { return Ok(()) };
    Ok(rustix::process::kill_process(pid, rustix::process::Signal::KILL)?)
}

fn ptrace(request: c_long, pid: i32, data: usize) -> io::Result<()> {
    ptrace_at(request, pid, 0, data)
}

fn ptrace_at(request: c_long, pid: i32, at: usize, data: usize) -> io::Result<()> {
    // SAFETY: none of these requests reads or writes memory of ours; the last two arguments are numbers.
    let result = unsafe { libc::syscall(libc::SYS_ptrace, request, c_long::from(pid), at, data) };
    check(result).map(drop)
}

/// Asks which call a process has stopped in.
pub(super) fn stopped_call(pid: i32) -> io::Result<Stopped> {
    #[repr(C)]
    #[derive(Default)]
    struct Info {
        kind: u8,
        _pad: [u8; 3],
        audit: u32,
        _pointers: [u64; 2],
        number: u64,
        arguments: [u64; 6],
        _data: u64,
    }
    const OF_FILTER: u8 = 3;
    let mut info = Info::default();
    let size = size_of::<Info>();
    // SAFETY: the kernel writes at most `size` bytes of numbers to a live local of that size.
    let result = unsafe {
        libc::syscall(libc::SYS_ptrace, request::GET_SYSCALL_INFO, c_long::from(pid), size, &raw mut info)
    };
    check(result)?;
    if info.kind != OF_FILTER {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let number = u32::try_from(info.number).map_err(|_| io::ErrorKind::InvalidData)?;
    Ok(Stopped { tid: pid, audit: info.audit, number, arguments: info.arguments })
}

/// Waits for a process that this thread traces; none if there is no more of them.
///
/// # Errors
/// [`io::ErrorKind::Interrupted`] by an [`Alarm`]; anything else is a mistake.
pub(super) fn wait(does_block: bool) -> io::Result<Option<(i32, Stop)>> {
    let mut status = 0;
    let options = libc::__WALL | libc::__WNOTHREAD | if does_block { 0 } else { libc::WNOHANG };
    // SAFETY: the status is written to a live local.
    let pid = unsafe { libc::waitpid(-1, &raw mut status, options) };
    match check(pid.into()) {
        Ok(0) => Err(io::ErrorKind::WouldBlock.into()),
        Ok(_) => Ok(Some((pid, stop_of(status)))),
        Err(error) if error.raw_os_error() == Some(libc::ECHILD) => Ok(None),
        Err(error) => Err(error),
    }
}

fn stop_of(status: i32) -> Stop {
    const OF_GROUP: [i32; 4] = [libc::SIGSTOP, libc::SIGTSTP, libc::SIGTTIN, libc::SIGTTOU];
    const EVENT_STOP: i32 = 128;
    if !libc::WIFSTOPPED(status) {
        return Stop::Ended;
    }
    let signal = libc::WSTOPSIG(status);
    match status >> 16 {
        libc::PTRACE_EVENT_SECCOMP => Stop::Call,
        libc::PTRACE_EVENT_EXEC => Stop::Executed,
        EVENT_STOP if OF_GROUP.contains(&signal) => Stop::Group,
        0 => Stop::Signal(signal),
        _ => Stop::Other,
    }
}

/// Wakes this thread from a [`wait`] after some time.
#[derive(Debug)]
pub(super) struct Alarm(libc::timer_t);

impl Alarm {
    pub(super) fn new() -> io::Result<Self> {
        extern "C" fn nothing(_: i32) {}
        // Nobody in az uses this signal, whose default is to be ignored. No `SA_RESTART`: it is there to interrupt.
        const SIGNAL: i32 = libc::SIGURG;
        // SAFETY: an action is numbers, for which zero is valid.
        let mut action: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
        action.sa_sigaction = nothing as extern "C" fn(i32) as usize;
        // SAFETY: the handler does nothing, and the action is a live local.
        check(unsafe { libc::sigaction(SIGNAL, &raw const action, ptr::null_mut()) }.into())?;
        // SAFETY: an event is numbers, for which zero is valid.
        let mut event: libc::sigevent = unsafe { MaybeUninit::zeroed().assume_init() };
        event.sigev_notify = libc::SIGEV_THREAD_ID;
        event.sigev_signo = SIGNAL;
        // SAFETY: takes nothing.
        event.sigev_notify_thread_id = unsafe { libc::gettid() };
        let mut timer = MaybeUninit::uninit();
        // SAFETY: the event is read from, the timer written to live locals.
        let result = unsafe { libc::timer_create(libc::CLOCK_MONOTONIC, &raw mut event, timer.as_mut_ptr()) };
        check(result.into())?;
        // SAFETY: written by the call, which succeeded.
        Ok(Self(unsafe { timer.assume_init() }))
    }

    /// Goes off after some milliseconds, in place of any time set before; never for 0.
    pub(super) fn set(&self, milliseconds: u32) {
        let value = libc::timespec {
            tv_sec: (milliseconds / 1000).into(),
            tv_nsec: (milliseconds % 1000 * 1_000_000).into(),
        };
        let interval = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        let time = libc::itimerspec { it_interval: interval, it_value: value };
        // SAFETY: the timer is ours until it is dropped, and the time a live local.
        unsafe { libc::timer_settime(self.0, 0, &raw const time, ptr::null_mut()) };
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        // SAFETY: the timer is ours and not used again.
        unsafe { libc::timer_delete(self.0) };
    }
}
