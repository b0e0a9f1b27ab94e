//! Counts the steps of reading, so that tests can claim how they grow with the text. Does nothing outside tests.

/// Notes that about this many characters or tokens were looked at.
pub(super) fn step(count: usize) {
    #[cfg(test)]
    STEPS.with(|steps| steps.set(steps.get() + count));
    #[cfg(not(test))]
    let _ = count;
}

#[cfg(test)]
std::thread_local! {
    static STEPS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Returns the steps of this thread since the last call.
#[cfg(test)]
pub(super) fn take_steps() -> usize {
    STEPS.take()
}
