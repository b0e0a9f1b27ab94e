//! Where the C library keeps the empty path by which it asks about open files.
//!
//! Knows how to watch this process's own library make that call. Does not know the filter that makes use of it.
//!
//! C libraries express `fstat` as a `stat` of the empty path with `AT_EMPTY_PATH`, and that is the most frequent call
//! of all. What a pointer points to cannot be seen by a filter; but a library always passes the same string of its
//! own, and where in a page that lies is the same in every process, wherever the library is loaded. Since ld.so cannot
//! use the library that it loads, it has a string of its own.

#![expect(unsafe_code, reason = "a signal handler, and the calls that it is to see")]

use std::{
    mem::MaybeUninit,
    ptr,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use libc::{c_int, c_long, c_void, siginfo_t, ucontext_t};

use super::{
    filter::{PAGE_MASK, trap},
    sys,
};

/// The addresses that were seen; zero for none.
static SEEN: [AtomicU64; 2] = [AtomicU64::new(0), AtomicU64::new(0)];

/// Returns where in a page the empty paths of the C library and of ld.so lie, as far as that can be found out here; not
/// async-signal-safe the first time.
pub(super) fn places() -> &'static [u32] {
    static PLACES: OnceLock<Vec<u32>> = OnceLock::new();
    PLACES.get_or_init(|| {
        // The filter is the thread's own and ends with it.
        _ = thread::spawn(ask).join();
        let in_page = |seen: &AtomicU64| seen.load(Ordering::Relaxed) & u64::from(PAGE_MASK);
        let places = SEEN.iter().filter_map(|seen| u32::try_from(in_page(seen)).ok());
        // What starts a page is no address of a text only, but of many a buffer.
        places.filter(|place| *place != 0).collect()
    })
}

/// Makes the library and ld.so ask about open files while the kernel shows with what.
fn ask() {
    // SAFETY: all zeros is an action.
    let (mut action, mut before): (libc::sigaction, libc::sigaction) =
        unsafe { (MaybeUninit::zeroed().assume_init(), MaybeUninit::zeroed().assume_init()) };
    action.sa_sigaction = on_call as extern "C" fn(c_int, *mut siginfo_t, *mut c_void) as usize;
    action.sa_flags = libc::SA_SIGINFO;
    // SAFETY: both live through the call, and the handler does only what a handler may.
    if unsafe { libc::sigaction(libc::SIGSYS, &raw const action, &raw mut before) } != 0 {
        return;
    }
    if sys::install_for_thread(&trap(libc::SYS_newfstatat)).is_ok() {
        let mut stat = MaybeUninit::<libc::stat>::uninit();
        // SAFETY: `stat` takes what is written; the library does not exist, so nothing of it is run, but ld.so looks
        // for it in a file it asks about.
        unsafe {
            libc::fstat(libc::STDIN_FILENO, stat.as_mut_ptr());
            libc::dlopen(c"libaz-there-is-none.so".as_ptr(), libc::RTLD_LAZY);
        }
    }
    // SAFETY: it is what was there before.
    unsafe { libc::sigaction(libc::SIGSYS, &raw const before, ptr::null_mut()) };
}

/// Notes the path of a call, and carries the call out.
extern "C" fn on_call(_signal: c_int, _info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel hands a handler with `SA_SIGINFO` the context of what was interrupted.
    let context = unsafe { &mut *context.cast::<ucontext_t>() };
    let arguments = arguments_of(context);
    let [descriptor, path, status, flags] = arguments;
    let is_asked = flags & u64::from(libc::AT_EMPTY_PATH.cast_unsigned()) != 0 && path != 0;
    // SAFETY: it is the path of a call of this process, which ends with a zero.
    if is_asked && unsafe { *(path as *const u8) } == 0 {
        let free = SEEN.iter().find(|seen| [0, path].contains(&seen.load(Ordering::Relaxed)));
        free.into_iter().for_each(|seen| seen.store(path, Ordering::Relaxed));
        // SAFETY: the same descriptor and structure, by the call that needs no path.
        let result = unsafe { libc::syscall(libc::SYS_fstat, descriptor, status) };
        // SAFETY: every thread has its own.
        let error = unsafe { *libc::__errno_location() };
        answer(context, if result < 0 { -c_long::from(error) } else { result });
    } else {
        answer(context, -c_long::from(libc::ENOSYS));
    }
}

#[cfg(target_arch = "x86_64")]
fn arguments_of(context: &ucontext_t) -> [u64; 4] {
    let register = |register: c_int| {
        let register = usize::try_from(register).expect("registers are counted from zero");
        context.uc_mcontext.gregs[register].cast_unsigned()
    };
    [libc::REG_RDI, libc::REG_RSI, libc::REG_RDX, libc::REG_R10].map(register)
}

#[cfg(target_arch = "x86_64")]
fn answer(context: &mut ucontext_t, result: c_long) {
    const REGISTER: usize = libc::REG_RAX.cast_unsigned() as usize;
    context.uc_mcontext.gregs[REGISTER] = result;
}

#[cfg(target_arch = "aarch64")]
fn arguments_of(context: &ucontext_t) -> [u64; 4] {
    let registers = &context.uc_mcontext.regs;
    [registers[0], registers[1], registers[2], registers[3]]
}

#[cfg(target_arch = "aarch64")]
fn answer(context: &mut ucontext_t, result: c_long) {
    context.uc_mcontext.regs[0] = result.cast_unsigned();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_and_the_loader_are_seen_and_the_calls_carried_out() {
        let places = places();
        eprintln!("places: {places:x?}");
        assert!(places.iter().all(|place| *place > 0 && *place <= PAGE_MASK));
        // A handler that answered wrongly would leave the process without what it asks for.
        assert!(std::fs::File::open("/dev/null").and_then(|file| file.metadata()).is_ok());
    }
}
