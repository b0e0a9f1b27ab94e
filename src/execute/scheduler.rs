//! Decides what happens next; a pure value without threads, clock or input and output.
