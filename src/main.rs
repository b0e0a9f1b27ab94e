//! The `az` binary.

fn main() {}
