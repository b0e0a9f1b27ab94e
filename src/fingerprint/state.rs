//! What is at a path.

use std::{
    fmt,
    sync::{Arc, LazyLock},
};

use crate::base::{Digest, DigestWriter, bytes};

/// What is at a path, as far as a step can depend on it or leave it behind.
///
/// In: content, kind, permission bits, where a link points. Out: times, owner, inode, extended attributes: no
/// step's result may depend on them, and a restored file could not have them again.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum State {
    /// Nothing.
    Absent,
    /// A regular file.
    File {
        /// Digest of the content.
        digest: Digest,
        /// Bytes.
        size: u64,
        /// Permission bits, without set-user, set-group and sticky.
        mode: u32,
    },
    /// A symbolic link; what it leads to is another path's state.
    Link {
        /// Where it points, as it is written.
        target: Arc<str>,
    },
    /// A directory; its names are asked for separately.
    Directory,
    /// Something az cannot vouch for: unreadable, a device, a socket, a file that keeps changing.
    Unknown,
}

impl State {
    /// Returns the digest that enters keys: two states with the same one are interchangeable as inputs.
    ///
    /// Of the permission bits only the owner's execute bit counts, so that another umask is not another input.
    pub fn to_digest(&self) -> Digest {
        static ABSENT: LazyLock<Digest> = LazyLock::new(|| writer().field("absent").finish());
        static DIRECTORY: LazyLock<Digest> = LazyLock::new(|| writer().field("directory").finish());
        fn writer() -> DigestWriter {
            DigestWriter::new("az state v1")
        }
        match self {
            Self::Absent => *ABSENT,
            Self::File { digest, mode, .. } => {
                let kind = if mode & 0o100 == 0 { "file" } else { "executable" };
                writer().field(kind).field(digest.0).finish()
            }
            Self::Link { target } => writer().field("link").field(target.as_bytes()).finish(),
            Self::Directory => *DIRECTORY,
            Self::Unknown => writer().field("unknown").finish(),
        }
    }

    /// Tells whether two states are the same as inputs.
    pub fn is_same_input(&self, other: &Self) -> bool {
        *self != Self::Unknown && self.to_digest() == other.to_digest()
    }

    /// Tells whether something is there.
    pub fn exists(&self) -> bool {
        *self != Self::Absent
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("absent"),
            Self::File { digest, size, mode } => {
                let executable = if mode & 0o100 == 0 { "" } else { ", executable" };
                write!(f, "{} ({}{executable})", digest.to_short(), bytes(*size))
            }
            Self::Link { target } => write!(f, "link to {target}"),
            Self::Directory => f.write_str("folder"),
            Self::Unknown => f.write_str("unreadable"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str, mode: u32) -> State {
        State::File { digest: Digest::of(text.as_bytes()), size: text.len() as u64, mode }
    }

    #[test]
    fn content_and_execute_bit_count_and_the_rest_does_not() {
        assert!(file("a", 0o644).is_same_input(&file("a", 0o600)));
        assert!(!file("a", 0o644).is_same_input(&file("a", 0o755)));
        assert!(!file("a", 0o644).is_same_input(&file("b", 0o644)));
        assert!(!State::Absent.is_same_input(&State::Directory));
    }

    #[test]
    fn the_unknown_equals_nothing() {
        assert!(!State::Unknown.is_same_input(&State::Unknown));
    }
}
