//! A world that lives in memory.

/// A world in memory.
#[derive(Debug, Default)]
pub struct Memory;
