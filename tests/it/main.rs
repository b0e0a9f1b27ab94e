//! az as its users see it.

fn main() {}
