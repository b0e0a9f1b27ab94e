//! The tables as they are put together and written.

use std::collections::BTreeSet;

use bytemuck::Zeroable;

use super::{
    format::{
        BLOCK, Blamed, ByIdentity, ByWeak, CHECK, FAILED, FORMAT, Green, Header, INTERRUPTED, Left, MAGIC,
        Open, PrivateText, Row, SharedText, Span, TABLES, Table, Text, Texts,
    },
    view::{Damaged, View, block_check, checksum},
};

/// All tables, in memory.
#[derive(Debug, Default)]
pub(in crate::cache) struct Tables {
    /// Records in the order of their commits.
    pub(in crate::cache) rows: Vec<Row>,
    /// By key.
    pub(in crate::cache) green: Vec<Green>,
    /// By key.
    pub(in crate::cache) blamed: Vec<Blamed>,
    /// By weak key, then in the order of the commits.
    pub(in crate::cache) by_weak: Vec<ByWeak>,
    /// By identity, then in the order of the commits.
    pub(in crate::cache) by_identity: Vec<ByIdentity>,
    /// Sorted.
    pub(in crate::cache) left: Vec<Left>,
    /// Of actions that have not ended.
    pub(in crate::cache) open: Vec<Open>,
    /// Private state.
    pub(in crate::cache) private: BTreeSet<String>,
    /// What others read of it.
    pub(in crate::cache) shared: BTreeSet<String>,
}

impl Tables {
    /// Reads all tables of an index but that of open actions; O(rows).
    ///
    /// # Errors
    /// [`Damaged`].
    pub(in crate::cache) fn of(view: &View) -> Result<Self, Damaged> {
        let texts = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect();
        Ok(Self {
            rows: view.rows()?,
            green: view.rows()?,
            blamed: view.rows()?,
            by_weak: view.rows()?,
            by_identity: view.rows()?,
            left: view.rows()?,
            open: Vec::new(),
            private: texts(view.private()?),
            shared: texts(view.shared()?),
        })
    }

    /// Tells of each record whether it is worth keeping: the last reusable one of each key, the last of each step, and
    /// the failures that make others unusable.
    pub(in crate::cache) fn live(&self) -> Vec<bool> {
        let mut live = vec![false; self.rows.len()];
        let mut keep = |record: u32| {
            if let Some(is_live) = live.get_mut(record as usize) {
                *is_live = true;
            }
        };
        self.green.iter().for_each(|row| keep(row.record));
        self.blamed.iter().for_each(|row| keep(row.record));
        let of_steps = self.by_identity.chunk_by(|one, next| one.digest == next.digest);
        of_steps.filter_map(<[ByIdentity]>::last).for_each(|row| keep(row.record));
        // A failure that a later success has made good would be a failure again when it is read anew.
        let is_blamed = |key: &[u8; 32]| self.blamed.binary_search_by(|row| row.key.cmp(key)).is_ok();
        for (row, is_live) in self.rows.iter().zip(&mut live) {
            *is_live &= row.flags & (FAILED | INTERRUPTED) == 0 || is_blamed(&row.key);
        }
        live
    }

    /// Returns the file of an index of a journal that the tables tell all of.
    pub(in crate::cache) fn encode(&self, journal: &[u8]) -> Vec<u8> {
        let mut file = File { bytes: vec![0; BLOCK], tables: [Span::default(); TABLES] };
        file.put(&self.rows);
        file.put(&self.green);
        file.put(&self.blamed);
        file.put(&self.by_weak);
        file.put(&self.by_identity);
        file.put(&self.left);
        file.put(&self.open);
        let mut texts = String::new();
        file.put_texts::<PrivateText>(&self.private, &mut texts);
        file.put_texts::<SharedText>(&self.shared, &mut texts);
        texts.extend(std::iter::repeat_n('\0', texts.len().next_multiple_of(8) - texts.len()));
        file.put_bytes::<Texts>(texts.as_bytes());
        file.finish(journal)
    }
}

/// Returns what tells a journal from others: its first and last bytes, in which there are random numbers.
pub(in crate::cache) fn origin(journal: &[u8]) -> [u8; 32] {
    let most = journal.len().min(BLOCK);
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(journal.len() as u64).to_le_bytes());
    hasher.update(&journal[..most]).update(&journal[journal.len() - most..]);
    *hasher.finalize().as_bytes()
}

/// The file as it grows.
struct File {
    bytes: Vec<u8>,
    tables: [Span; TABLES],
}

impl File {
    fn put<T: Table>(&mut self, rows: &[T]) {
        self.put_bytes::<T>(bytemuck::cast_slice(rows));
    }

    fn put_bytes<T: Table>(&mut self, bytes: &[u8]) {
        let count = (bytes.len() / size_of::<T>()) as u64;
        self.tables[T::TABLE] = Span { at: self.bytes.len() as u64, count };
        self.bytes.extend_from_slice(bytes);
    }

    fn put_texts<T: Text>(&mut self, all: &BTreeSet<String>, texts: &mut String) {
        let place = |text: &String| {
            let at = texts.len() as u64;
            texts.push_str(text);
            T::new(at, text.len() as u64)
        };
        let rows: Vec<T> = all.iter().map(place).collect();
        self.put(&rows);
    }

    fn finish(mut self, journal: &[u8]) -> Vec<u8> {
        let checks_at = self.bytes.len();
        let checks: Vec<u8> = self.bytes[BLOCK..].chunks(BLOCK).flat_map(block_check).collect();
        debug_assert_eq!(checks.len() % CHECK, 0, "each checksum is whole");
        let mut header = Header {
            magic: MAGIC,
            format: FORMAT,
            length: (checks_at + checks.len()) as u64,
            checks_at: checks_at as u64,
            covered: journal.len() as u64,
            origin: origin(journal),
            tables: self.tables,
            ..Header::zeroed()
        };
        header.checksum = checksum(&header, &checks);
        self.bytes[..size_of::<Header>()].copy_from_slice(bytemuck::bytes_of(&header));
        self.bytes.extend_from_slice(&checks);
        self.bytes
    }
}
