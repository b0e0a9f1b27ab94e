//! An index that was opened.

use super::{
    super::flat::{Damaged, Flat},
    format::{KIND, Keyed, Left, Link, PrivateText, SharedText, Short, TEXTS},
    tables::{Origin, origin},
};
use crate::{
    base::WsPath,
    cache::flat::{Table, Text},
    sys::Mapped,
};

/// An index.
#[derive(Debug)]
pub(in crate::cache) struct View(Flat);

impl View {
    /// Looks at the bytes of an index; nothing if they are none, or one of another version.
    pub(in crate::cache) fn open(bytes: Mapped) -> Option<Self> {
        Flat::open(bytes, KIND).map(Self)
    }

    /// Returns how many bytes of the journal the index covers, if it is an index of this journal.
    pub(in crate::cache) fn covered_of(&self, journal: &[u8]) -> Option<usize> {
        let Origin { covered, journal: known } = Origin::read(self.0.about());
        let covered = usize::try_from(covered).ok()?;
        (origin(journal.get(..covered)?) == known).then_some(covered)
    }

    /// Returns how many rows a table has.
    pub(in crate::cache) fn count<T: Table>(&self) -> usize {
        self.0.count::<T>()
    }

    /// Returns a row.
    ///
    /// # Errors
    /// [`Damaged`], also if there is no such row.
    pub(in crate::cache) fn row<T: Table>(&self, index: usize) -> Result<T, Damaged> {
        self.0.row(index)
    }

    /// Returns all rows of a table.
    ///
    /// # Errors
    /// [`Damaged`].
    pub(in crate::cache) fn rows<T: Table>(&self) -> Result<Vec<T>, Damaged> {
        self.0.rows()
    }

    /// Returns the record of a key; O(log rows).
    ///
    /// # Errors
    /// [`Damaged`].
    pub(in crate::cache) fn find<T: Keyed>(&self, key: &[u8; 32]) -> Result<Option<u32>, Damaged> {
        let at = self.0.first(|row: &T| row.key() < key)?;
        if at == self.count::<T>() {
            return Ok(None);
        }
        let row: T = self.0.row(at)?;
        Ok((row.key() == key).then(|| row.record()))
    }

    /// Returns the records that something short leads to, in the order of their commits; O(log rows + found).
    ///
    /// # Errors
    /// [`Damaged`].
    pub(in crate::cache) fn find_all<T: Link>(&self, digest: &Short) -> Result<Vec<u32>, Damaged> {
        let mut found = Vec::new();
        for at in self.0.first(|row: &T| row.digest() < *digest)?..self.count::<T>() {
            let row: T = self.0.row(at)?;
            if row.digest() != *digest {
                break;
            }
            found.push(row.record());
        }
        Ok(found)
    }

    /// Tells whether az left a state at a path; O(log rows).
    ///
    /// # Errors
    /// [`Damaged`].
    pub(in crate::cache) fn has_left(&self, digest: &Short) -> Result<bool, Damaged> {
        let at = self.0.first(|row: &Left| row.digest < *digest)?;
        Ok(at < self.count::<Left>() && self.0.row::<Left>(at)?.digest == *digest)
    }

    /// Verifies all that [`View::is_private`] looks at.
    ///
    /// # Errors
    /// [`Damaged`].
    pub(in crate::cache) fn verify_private(&self) -> Result<(), Damaged> {
        self.0.verify(PrivateText::TABLE)?;
        self.0.verify(TEXTS).map(|_| ())
    }

    /// Tells whether a path is private state of any step; not where the index is damaged.
    pub(in crate::cache) fn is_private(&self, path: &WsPath) -> bool {
        self.0.find_text::<PrivateText>(path.as_str()).is_ok_and(|found| found.is_some())
    }

    /// Tells whether there is any private state.
    pub(in crate::cache) fn has_private(&self) -> bool {
        self.count::<PrivateText>() > 0
    }

    /// Tells whether a path in private state is read by others.
    ///
    /// # Errors
    /// [`Damaged`].
    pub(in crate::cache) fn is_shared(&self, path: &WsPath) -> Result<bool, Damaged> {
        self.0.find_text::<SharedText>(path.as_str()).map(|found| found.is_some())
    }

    /// Returns the shared paths at or below a folder; O(shared paths).
    ///
    /// # Errors
    /// [`Damaged`].
    pub(in crate::cache) fn shared_below(&self, folder: &WsPath) -> Result<Vec<WsPath>, Damaged> {
        let all = self.shared()?.into_iter();
        let paths = all.map(|text| WsPath::from_normal(text).ok_or(Damaged));
        let paths = paths.collect::<Result<Vec<_>, _>>()?;
        Ok(paths.into_iter().filter(|path| path.is_below(folder)).collect())
    }

    /// Returns all private paths.
    ///
    /// # Errors
    /// [`Damaged`].
    pub(super) fn private(&self) -> Result<Vec<&str>, Damaged> {
        self.texts::<PrivateText>()
    }

    /// Returns all shared paths.
    ///
    /// # Errors
    /// [`Damaged`].
    pub(super) fn shared(&self) -> Result<Vec<&str>, Damaged> {
        self.texts::<SharedText>()
    }

    fn texts<T: Text>(&self) -> Result<Vec<&str>, Damaged> {
        self.rows::<T>()?.iter().map(|row| self.0.text(row)).collect()
    }
}
