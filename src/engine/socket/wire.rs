//! What an az and a watch say to each other: one question, one answer.
//!
//! Each is a length of two bytes and a body whose first byte is the version; what is not of this form says nothing.

use std::{collections::BTreeSet, path::Path};

use serde::{Deserialize, Serialize};

use crate::{
    cache::Gate,
    sys::{Stat, System},
};

/// Another form has another one.
const VERSION: u8 = 1;
/// Longer bodies are none of ours.
pub(super) const MOST: usize = 60_000;

/// Whether a gate is clean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::engine) struct Question {
    /// The name of the gate.
    pub(in crate::engine) gate: String,
    /// What tells where the paths of who asks lead: the same paths are the same files for the same of these only.
    pub(in crate::engine) view: String,
}

/// What a watch knows of a gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::engine) enum Answer {
    /// It has to be looked at.
    Unknown,
    /// When this was asked, all was as it says.
    Clean(Clean),
}

/// What a clean gate says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::engine) struct Clean {
    pub(in crate::engine) total: u32,
    pub(in crate::engine) cached: u32,
    pub(in crate::engine) skipped: u32,
    /// Every step was reused and has no flag.
    pub(in crate::engine) is_plain: bool,
    /// Which file it is.
    pub(in crate::engine) file: GateFile,
    /// What was asked of the environment, and what tells these answers from others: who asks has to have the same.
    pub(in crate::engine) env: (BTreeSet<String>, [u8; 32]),
}

/// What tells the gate at a path from those that were there before and will be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::engine) struct GateFile {
    pub(in crate::engine) base: OneFile,
    /// What amends it.
    over: Option<OneFile>,
}

/// What tells one file at a path from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::engine) struct OneFile {
    inode: u64,
    size: u64,
    mtime_ns: i64,
    ctime_ns: i64,
}

impl GateFile {
    /// Returns which gate is at a path, if there is one.
    pub(in crate::engine) fn at(system: &dyn System, path: &Path) -> Option<Self> {
        let [base, over] = Gate::files(path).map(|path| {
            let Stat { inode, size, mtime_ns, ctime_ns, .. } = system.stat(&path).ok()?;
            Some(OneFile { inode, size, mtime_ns, ctime_ns })
        });
        Some(Self { base: base?, over })
    }
}

/// Writes a question or an answer.
pub(super) fn to_bytes(said: &impl Serialize) -> Option<Vec<u8>> {
    let body = postcard::to_extend(said, vec![VERSION]).ok().filter(|body| body.len() <= MOST)?;
    let length = u16::try_from(body.len()).ok()?;
    Some([&length.to_le_bytes()[..], &body].concat())
}

/// Reads a question or an answer, which may not be there as a whole yet.
pub(super) fn from_bytes<T: for<'a> Deserialize<'a>>(bytes: &[u8]) -> Read<T> {
    let Some((length, rest)) = bytes.split_first_chunk::<2>() else { return Read::Part };
    let length = usize::from(u16::from_le_bytes(*length));
    if length > MOST || length == 0 {
        return Read::Nothing;
    }
    let Some(body) = rest.get(..length) else { return Read::Part };
    match postcard::take_from_bytes(&body[1..]) {
        Ok((said, [])) if body[0] == VERSION => Read::Whole(said),
        _ => Read::Nothing,
    }
}

/// What bytes came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Read<T> {
    /// All of it.
    Whole(T),
    /// More has to come.
    Part,
    /// Nothing that anybody of ours would have said.
    Nothing,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_said_is_heard_when_all_of_it_is_there(gate in ".{0,40}", view in ".{0,40}") {
            let said = Question { gate, view };
            let bytes = to_bytes(&said).unwrap();
            for end in 0..bytes.len() {
                prop_assert_eq!(from_bytes::<Question>(&bytes[..end]), Read::Part);
            }
            prop_assert_eq!(from_bytes(&bytes), Read::Whole(said));
        }

        #[test]
        fn any_bytes_are_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            _ = from_bytes::<Question>(&bytes);
            _ = from_bytes::<Answer>(&bytes);
        }
    }

    #[test]
    fn another_version_and_bytes_behind_the_end_say_nothing() {
        let bytes = to_bytes(&Answer::Unknown).unwrap();
        assert_eq!(from_bytes(&bytes), Read::Whole(Answer::Unknown));
        let mut other = bytes.clone();
        other[2] = 2;
        assert_eq!(from_bytes::<Answer>(&other), Read::Nothing);
        let mut longer = bytes;
        longer[0] += 1;
        longer.push(0);
        assert_eq!(from_bytes::<Answer>(&longer), Read::Nothing);
        assert_eq!(from_bytes::<Answer>(&[0, 0]), Read::Nothing);
        assert_eq!(from_bytes::<Answer>(&[255, 255]), Read::Nothing);
    }
}
