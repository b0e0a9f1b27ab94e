//! Secrets: where they come from, in which forms they may be printed, and how a stream of bytes is freed of them.
//!
//! Knows texts and bytes. Does not know playbooks, steps or keys, nor who must not see what.

mod cover;
mod file;
mod forms;
mod masker;
mod masks;
mod patterns;
mod provider;

pub use file::{asked_masks, asks_to_mask, mask_file};
pub use forms::is_maskable;
pub use masker::{Masker, Screen};
pub use masks::Masks;
pub use patterns::Patterns;
pub use provider::{FromEnvironment, FromFiles, Provider};

/// What stands for a secret.
pub const MASKED: &str = "***";
/// A text that is shorter stands in many a file by chance: that it stands there says nothing.
pub const SURE_BYTES: usize = 8;
