//! The `az` binary.

use std::{process::ExitCode, sync::Arc};

use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    // Before anything else: the guard must begin with one thread and no descriptors.
    if std::env::args_os().nth(1).is_some_and(|argument| argument == az::execute::guard::GUARD_ARGUMENT) {
        return az::execute::guard::guard_main();
    }
    let system: Arc<dyn az::sys::System> = Arc::new(az::sys::Os);
    az::cli::run(&system, std::env::args_os().collect()).into()
}
