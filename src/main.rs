//! The `az` binary.

use std::{process::ExitCode, sync::Arc};

/// What az exits with when it is itself at fault.
const INTERNAL_ERROR: u8 = 100;

fn main() -> ExitCode {
    // Before anything else: the guard must begin with one thread and no descriptors.
    if std::env::args_os().nth(1).is_some_and(|argument| argument == az::execute::guard::GUARD_ARGUMENT) {
        return az::execute::guard::guard_main();
    }
    let system: Arc<dyn az::sys::System> = Arc::new(az::sys::Os);
    // What went wrong is on standard error already; scripts must be able to tell it from a failed step.
    let run = || az::cli::run(&system, std::env::args_os().collect());
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).unwrap_or(INTERNAL_ERROR).into()
}
