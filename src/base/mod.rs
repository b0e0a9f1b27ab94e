//! The vocabulary every other module speaks: digests, numbers, spans, paths, times.
//!
//! Knows nothing about files on disk, scripts or playbooks; nothing in here does input or output.

mod digest;
mod env;
mod human;
mod nearest;
mod number;
mod path;
mod secrecy;
mod span;
mod terminal;
#[cfg(test)]
pub(crate) mod testing;
mod time;

pub use digest::{Digest, DigestWriter, ParseDigestError};
pub use env::Env;
pub use human::{bytes, list, plural, quoted_list};
pub use nearest::{nearest, nearest_alone};
pub use number::ScriptNumber;
pub use path::WsPath;
pub use secrecy::{Fetched, SecretPlace, looks_secret};
pub use span::{Span, Spanned};
pub use terminal::{Filter, harmless, harmless_colored, harmless_json, harmless_name, is_harmful};
pub use time::{Timestamp, duration};
