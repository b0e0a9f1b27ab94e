//! The rows and the header of the file, version 1.
//!
//! Old reader, new data: another format number is no index. New reader, old data: the same, and the index is made anew.
//! Numbers are little endian: on a machine where they are not, the number of the format is another one, and there is no index.

use bytemuck::{Pod, Zeroable};

/// The first bytes of an index.
pub(super) const MAGIC: u64 = u64::from_ne_bytes(*b"az index");
/// Its format; also another order of bytes is another format.
pub(super) const FORMAT: u64 = 1;
/// Where the tables begin, and how much of them one checksum is for.
pub(super) const BLOCK: usize = 4096;
/// Bytes of a block's checksum.
pub(super) const CHECK: usize = 8;

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

/// Where a table lies.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, Pod, Zeroable)]
pub(super) struct Span {
    pub(super) at: u64,
    pub(super) count: u64,
}

/// The start of the file.
#[repr(C)]
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
pub(super) struct Header {
    pub(super) magic: u64,
    pub(super) format: u64,
    /// Bytes of the file.
    pub(super) length: u64,
    /// Where the checksums of the blocks lie, which end the file.
    pub(super) checks_at: u64,
    /// Bytes of the journal that the tables tell of.
    pub(super) covered: u64,
    /// What tells this journal from others.
    pub(super) origin: [u8; 32],
    pub(super) tables: [Span; TABLES],
    /// Of all above, and of the checksums of the blocks.
    pub(super) checksum: [u8; 32],
}

/// How many tables there are.
pub(super) const TABLES: usize = 10;

/// A row of a table.
pub(in crate::cache) trait Table: Pod {
    /// Which table it is of.
    const TABLE: usize;
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
        #[doc = "Nothing."]
        reserved: u32
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

/// The table of the texts' bytes, eight in a row.
#[repr(C)]
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
pub(super) struct Texts([u8; 8]);

impl Table for Texts {
    const TABLE: usize = 9;
}

/// A row that stands for a text.
pub(in crate::cache) trait Text: Table {
    /// Makes a row.
    fn new(at: u64, length: u64) -> Self;
    /// Where the text lies among the texts, and how long it is.
    fn place(&self) -> (u64, u64);
}

impl Text for PrivateText {
    fn new(at: u64, length: u64) -> Self {
        Self { at, length }
    }

    fn place(&self) -> (u64, u64) {
        (self.at, self.length)
    }
}

impl Text for SharedText {
    fn new(at: u64, length: u64) -> Self {
        Self { at, length }
    }

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
