//! az as its users see it.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests touch the real world and fail loudly"
)]

mod guard;
