//! Runs what must hold of any input, with memory that is bounded by it.
//!
//! An allocation far larger than the input is the mark of a length that was believed: it ends the process, which is a
//! finding. Everything else is in the bodies.

#[path = "../../tests/it/fuzz/bodies/mod.rs"]
#[expect(dead_code, reason = "what makes inputs is for the test")]
mod bodies;

use std::{
    alloc::{GlobalAlloc, Layout, System},
    backtrace::Backtrace,
    process::abort,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

/// A single allocation may have this much, and so much for each byte of the input: lists and tables that are read have room
/// for some megabytes at first, whatever they say, and so have regular expressions.
const FLOOR: usize = 16 << 20;
const FOR_EACH_BYTE: usize = 512;

static MOST: AtomicUsize = AtomicUsize::new(usize::MAX);

/// Runs a target.
pub fn run(target: &str, data: &[u8]) {
    let (_, body) = bodies::TARGETS.iter().find(|(name, _)| *name == target).expect("a target has a body");
    MOST.store(FLOOR + FOR_EACH_BYTE * data.len(), Relaxed);
    body(data);
    MOST.store(usize::MAX, Relaxed);
}

struct Bounded;

#[global_allocator]
static ALLOCATOR: Bounded = Bounded;

fn check(bytes: usize) {
    // Who panics reads all there is to read of the program.
    if bytes > MOST.load(Relaxed) && !std::thread::panicking() {
        MOST.store(usize::MAX, Relaxed);
        eprintln!("{bytes} bytes are asked for at once\n{}", Backtrace::force_capture());
        abort();
    }
}

// SAFETY: all of it is the system's allocator, asked with the same words; a check in front of it ends the process.
unsafe impl GlobalAlloc for Bounded {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        check(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        check(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        check(size);
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}
