//! The `az` binary.

use std::{
    ffi::{c_int, c_long},
    process::ExitCode,
    sync::Arc,
};

use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// The number of mimalloc's option `purge_delay`.
const PURGE_DELAY: c_int = 15;

#[expect(unsafe_code, reason = "the allocator's bindings have no safe word for an option")]
unsafe extern "C" {
    fn mi_option_set(option: c_int, value: c_long);
}

/// Has what was freed given back to the system at once: by itself the allocator keeps it for a second, and what a run of
/// many steps needs would be held beside all that it needed in that second.
#[expect(unsafe_code, reason = "as above")]
fn give_back_at_once() {
    // SAFETY: the allocator's own setter, of a number that it knows; it takes effect by itself, at any time.
    unsafe { mi_option_set(PURGE_DELAY, 0) }
}

fn main() -> ExitCode {
    give_back_at_once();
    // Before anything else: the guard must begin with one thread and no descriptors.
    if std::env::args_os().nth(1).is_some_and(|argument| argument == az::execute::guard::GUARD_ARGUMENT) {
        return az::execute::guard::guard_main();
    }
    let system: Arc<dyn az::sys::System> = Arc::new(az::sys::Os);
    az::cli::run(&system, std::env::args_os().collect()).into()
}
