//! Runs one command through the guard.
