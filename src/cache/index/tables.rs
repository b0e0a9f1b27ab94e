//! The tables as they are put together and written.

use std::collections::BTreeSet;

use super::{
    super::flat::{About, Damaged, FlatWriter},
    format::{
        Blamed, ByIdentity, ByWeak, FAILED, Green, INTERRUPTED, KIND, Left, Open, PrivateText, Row,
        SharedText, TEXTS,
    },
    view::View,
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

    /// Forgets what makes keys unusable of which no record is kept, and returns the records that are.
    pub(in crate::cache) fn keep_only(&mut self, numbers: &BTreeSet<u32>) -> Vec<bool> {
        let green = &self.green;
        let has_record = |key: &[u8; 32]| {
            let at = green.binary_search_by(|row| row.key.cmp(key));
            at.is_ok_and(|at| numbers.contains(&green[at].record))
        };
        self.blamed.retain(|row| numbers.contains(&row.record) || has_record(&row.key));
        (0..).zip(&self.rows).map(|(number, _)| numbers.contains(&number)).collect()
    }

    /// Returns the file of an index of a journal that the tables tell all of.
    pub(in crate::cache) fn encode(&self, journal: &[u8]) -> Vec<u8> {
        let mut file = FlatWriter::default();
        file.put(&self.rows);
        file.put(&self.green);
        file.put(&self.blamed);
        file.put(&self.by_weak);
        file.put(&self.by_identity);
        file.put(&self.left);
        file.put(&self.open);
        let mut texts = String::new();
        let mut place = |text: &String| {
            let at = texts.len() as u64;
            texts.push_str(text);
            (at, text.len() as u64)
        };
        let private = self.private.iter().map(&mut place);
        let private: Vec<_> = private.map(|(at, length)| PrivateText { at, length }).collect();
        let shared = self.shared.iter().map(&mut place);
        let shared: Vec<_> = shared.map(|(at, length)| SharedText { at, length }).collect();
        file.put(&private);
        file.put(&shared);
        file.put_bytes(TEXTS, texts.as_bytes());
        file.finish(KIND, Origin { covered: journal.len() as u64, journal: origin(journal) }.write())
    }
}

/// Which journal an index is of.
pub(super) struct Origin {
    /// Bytes of the journal that the tables tell of.
    pub(super) covered: u64,
    /// What tells it from others.
    pub(super) journal: [u8; 32],
}

impl Origin {
    pub(super) fn read(about: &About) -> Self {
        let mut origin = Self { covered: 0, journal: [0; 32] };
        let (covered, rest) = about.split_first_chunk().expect("it has room for a number");
        origin.covered = u64::from_le_bytes(*covered);
        origin.journal.copy_from_slice(&rest[..32]);
        origin
    }

    fn write(&self) -> About {
        let mut about = [0; 64];
        about[..8].copy_from_slice(&self.covered.to_le_bytes());
        about[8..40].copy_from_slice(&self.journal);
        about
    }
}

/// How much of the start and the end of a journal tells it from others.
const PART: usize = 4096;

/// Returns what tells a journal from others: its first and last bytes, in which there are random numbers.
pub(super) fn origin(journal: &[u8]) -> [u8; 32] {
    let most = journal.len().min(PART);
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(journal.len() as u64).to_le_bytes());
    hasher.update(&journal[..most]).update(&journal[journal.len() - most..]);
    *hasher.finalize().as_bytes()
}
