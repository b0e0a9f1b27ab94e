//! Drives a scheduler with real time, real signals and a pool of threads.
