//! The rows of the tables, version 1.

use bytemuck::{Pod, Zeroable};

use super::super::flat::{Kind, Table, Text};

/// What the file is.
pub(in crate::cache) const KIND: Kind = Kind { magic: *b"az index", format: 1 };

/// Half a digest: enough to find by; what is found by it is compared.
pub(in crate::cache) type Short = [u8; 16];

/// In place of a record: there is none.
pub(in crate::cache) const NO_RECORD: u32 = u32::MAX;

/// The record may be reused.
pub(in crate::cache) const REUSABLE: u32 = 1;
/// The action failed.
pub(in crate::cache) const FAILED: u32 = 2;
/// The action was stopped.
pub(in crate::cache) const INTERRUPTED: u32 = 4;
/// The action taught which names of the environment matter.
pub(in crate::cache) const LEARNED: u32 = 8;

/// The action wrote private state.
pub(in crate::cache) const PRIVATE: u32 = 16;

/// Returns what texts are found by.
pub(in crate::cache) fn short(domain: &'static str, texts: &[&[u8]]) -> Short {
    let mut writer = crate::base::DigestWriter::new(domain);
    texts.iter().for_each(|text| writer.add(text));
    *writer.finish().0.first_chunk().expect("a digest has 32 bytes")
}

macro_rules! table {
    ($($place:literal $(#[$about:meta])* $name:ident { $($(#[$field_about:meta])* $field:ident: $kind:ty),* })*) => {$(
        $(#[$about])*
        #[repr(C)]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Pod, Zeroable)]
        pub(in crate::cache) struct $name { $($(#[$field_about])* pub(in crate::cache) $field: $kind),* }

        impl Table for $name {
            const TABLE: usize = $place;
        }
    )*};
}

table! {
    0 #[doc = "A record, in the order of their commits."]
    Row {
        #[doc = "Where its frame begins in the journal."]
        frame: u64,
        #[doc = "When the action ended, in nanoseconds since 1970."]
        ended_ns: i64,
        #[doc = "Its key."]
        key: [u8; 32],
        #[doc = "Whose it is."]
        identity: Short,
        #[doc = "The set of questions it asked."]
        questions: Short,
        #[doc = "How it ended, and what it has."]
        flags: u32,
        #[doc = "When it was last of use, in days since 1970; 0 if not since it was made."]
        used_day: u32
    }
    1 #[doc = "The last reusable record of a key."]
    Green { key: [u8; 32], record: u32, reserved: u32 }
    2 #[doc = "A key whose records must not be used, and the failure that says so; none if an action never ended."]
    Blamed { key: [u8; 32], record: u32, reserved: u32 }
    3 #[doc = "A record under its weak key."]
    ByWeak { digest: Short, record: u32, reserved: u32 }
    4 #[doc = "A record of a step."]
    ByIdentity { digest: Short, record: u32, reserved: u32 }
    5 #[doc = "A state that az left at a path."]
    Left { digest: Short }
    6 #[doc = "A key that an action began with which has not ended, and what made it unusable before."]
    Open {
        id: [u8; 16],
        key: [u8; 32],
        #[doc = "The failure, if it was one."]
        record: u32,
        #[doc = "It was unusable before."]
        was_blamed: u32
    }
    7 #[doc = "Private state of any step, a part of the texts."]
    PrivateText { at: u64, length: u64 }
    8 #[doc = "A path in it that other steps read."]
    SharedText { at: u64, length: u64 }
}

/// The table of the texts' bytes.
pub(super) const TEXTS: usize = 9;

impl Text for PrivateText {
    const TEXTS: usize = TEXTS;

    fn place(&self) -> (u64, u64) {
        (self.at, self.length)
    }
}

impl Text for SharedText {
    const TEXTS: usize = TEXTS;

    fn place(&self) -> (u64, u64) {
        (self.at, self.length)
    }
}

/// A row that leads from something short to a record.
pub(in crate::cache) trait Link: Table {
    /// What leads to it.
    fn digest(&self) -> Short;
    /// The record.
    fn record(&self) -> u32;
}

impl Link for ByWeak {
    fn digest(&self) -> Short {
        self.digest
    }

    fn record(&self) -> u32 {
        self.record
    }
}

impl Link for ByIdentity {
    fn digest(&self) -> Short {
        self.digest
    }

    fn record(&self) -> u32 {
        self.record
    }
}

/// A row that a key leads to.
pub(in crate::cache) trait Keyed: Table {
    /// The key.
    fn key(&self) -> &[u8; 32];
    /// The record.
    fn record(&self) -> u32;
}

impl Keyed for Green {
    fn key(&self) -> &[u8; 32] {
        &self.key
    }

    fn record(&self) -> u32 {
        self.record
    }
}

impl Keyed for Blamed {
    fn key(&self) -> &[u8; 32] {
        &self.key
    }

    fn record(&self) -> u32 {
        self.record
    }
}
