//! What is written so that the next start is fast and the cache stays small: the index, the journal anew, notes of use.
//!
//! A kill at any point leaves a journal that says the same, and an index of it or none.

use std::{collections::BTreeSet, io};

use super::{
    super::{flat::Damaged, index::Tables},
    Inner, Store, anew,
    known::Known,
    read,
    used::{self, Days},
};
use crate::{
    base::{Digest, Timestamp},
    sys::{self, Mapped},
};

/// Journals below this size are not worth rewriting.
const COMPACT_ABOVE_BYTES: u64 = 4 << 20;
/// Fewer bytes than this behind the index are read in about a millisecond.
const INDEX_ABOVE_BYTES: u64 = 256 << 10;
/// The index is written again when as much stands behind it as this part of what it covers: what is read at each start
/// stays small, and each record pays for writing a few times its own bytes, at the end of runs.
const BEHIND_OF_COVERED: u64 = 64;
/// Notes of what was of use are taken into the index when there are so many bytes of them.
const NOTES_ABOVE_BYTES: usize = 64 << 10;
/// A record as what takes room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// Its place in the order of the commits.
    pub number: u32,
    /// When it was last made, or of use, to the day.
    pub last_used: Timestamp,
    /// Bytes of it in the journal.
    pub bytes: u64,
    /// What it needs of the blobs.
    pub blobs: Vec<Digest>,
}

impl Store {
    /// Makes the next start fast, once enough was written since the last time: writes an index, and the journal anew if
    /// most of it was replaced. Who calls it holds the lock of the workspace, and is no az in a step of another.
    ///
    /// A kill at any point leaves a journal that says the same. O(records), so O(1) for each that was written.
    ///
    /// # Errors
    /// The first error of the system; nothing is lost by it.
    pub fn settle(&self) -> io::Result<()> {
        let mut state = self.lock();
        if state.file.is_none() {
            return Ok(());
        }
        let notes = self.note_used(&mut state)?;
        let size = self.system.stat(&self.layout.entries()).map_or(0, |stat| stat.size);
        let covered = state.known.covered() as u64;
        let behind = size.saturating_sub(covered);
        let is_long = behind > INDEX_ABOVE_BYTES && behind.saturating_mul(BEHIND_OF_COVERED) > covered;
        let is_lost = state.has_lost_index || state.known.has_holes() || state.is_damaged;
        if is_long || is_lost || notes > NOTES_ABOVE_BYTES { self.write_index(&mut state) } else { Ok(()) }
    }

    /// Notes which records were of use, each at most once a day; returns how many bytes of notes there are.
    fn note_used(&self, state: &mut Inner) -> io::Result<usize> {
        let today = used::day_of(self.system.now());
        let mut keys = Vec::new();
        for number in state.found.drain() {
            // What cannot be read is not noted.
            let Ok(row) = state.known.row(number) else { continue };
            if used::day_of(Timestamp(row.ended_ns)).max(row.used_day) < today {
                keys.push(row.key);
            }
        }
        if keys.is_empty() {
            return Ok(0);
        }
        let (days, bytes) = used::read(&*self.system, &self.layout);
        keys.retain(|key| days.get(key).is_none_or(|day| *day < today));
        if bytes == usize::MAX {
            _ = self.system.remove_file(&self.layout.used());
        }
        if keys.is_empty() {
            return Ok(bytes);
        }
        keys.sort_unstable();
        used::append(&*self.system, &self.layout, today, &keys)?;
        Ok(bytes.saturating_add(keys.len() * size_of::<Digest>()))
    }

    /// Writes an index, and the journal anew if that is worth it, however little was written.
    #[cfg(test)]
    pub(in crate::cache) fn settle_now(&self) -> io::Result<()> {
        self.write_index(&mut self.lock())
    }

    /// Writes an index of all that is in the journal, and before that the journal anew if that is worth it.
    fn write_index(&self, state: &mut Inner) -> io::Result<()> {
        let has_holes = state.known.has_holes();
        // Another az inside a step may have appended to the journal as well.
        let (mut known, is_damaged) = self.read_again(state);
        let tables = tables_of(&mut known);
        let live = tables.live().iter().filter(|is_live| **is_live).count();
        let is_mostly_dead =
            known.sound().len() as u64 > COMPACT_ABOVE_BYTES && live * 2 < known.count() as usize;
        let days = self.days_of_use(&known, &tables);
        if is_damaged || has_holes || is_mostly_dead || !state.unwritten.is_empty() {
            if state.unwritten.is_empty() {
                state.known = known;
            }
            self.write_anew(state, |tables| tables.live())?;
            self.write_index_of(state, &days)
        } else {
            let written = self.write_tables(state, &known, tables, &days);
            if written.is_err() {
                state.known = known;
            }
            written
        }
    }

    /// Reads the journal again; what was held of it before goes first, if the journal has all of that.
    fn read_again(&self, state: &mut Inner) -> (Known, bool) {
        if state.unwritten.is_empty() {
            state.known = Known::read(None, Mapped::from(Vec::new()));
        }
        read(&*self.system, &self.layout)
    }

    fn write_index_of(&self, state: &mut Inner, days: &Days) -> io::Result<()> {
        let (mut known, _) = read(&*self.system, &self.layout);
        let tables = tables_of(&mut known);
        self.write_tables(state, &known, tables, days)
    }

    fn write_tables(
        &self,
        state: &mut Inner,
        known: &Known,
        mut tables: Tables,
        days: &Days,
    ) -> io::Result<()> {
        for row in &mut tables.rows {
            row.used_day = days.get(&row.key).copied().unwrap_or(0);
        }
        sys::replace(&*self.system, &self.layout.index(), &tables.encode(known.sound()))?;
        // Until they go, notes that are in the index are read twice, and say the same.
        _ = self.system.remove_file(&self.layout.used());
        (state.known, state.is_damaged) = read(&*self.system, &self.layout);
        state.has_lost_index = false;
        state.found.clear();
        Ok(())
    }

    /// Returns when which record was last of use. Where no index tells, that is today: it costs some room, and a record
    /// that is of use costs a run.
    fn days_of_use(&self, known: &Known, tables: &Tables) -> Days {
        let (mut days, _) = used::read(&*self.system, &self.layout);
        let today = used::day_of(self.system.now());
        let is_unknown = known.covered() == 0;
        for row in &tables.rows {
            let used = if is_unknown { today } else { row.used_day };
            let day = days.entry(row.key).or_default();
            *day = (*day).max(used);
        }
        days
    }

    /// Replaces the journal by one that says the same of the records to keep, and opens that.
    pub(super) fn write_anew(
        &self,
        state: &mut Inner,
        keep: impl Fn(&mut Tables) -> Vec<bool>,
    ) -> io::Result<()> {
        let path = self.layout.entries();
        let (mut known, _) = read(&*self.system, &self.layout);
        let mut tables = tables_of(&mut known);
        for frame in &state.unwritten {
            // All of the index is verified by then, so nothing can turn out to be damaged.
            _ = known.add(frame);
        }
        if !state.unwritten.is_empty() {
            tables = tables_of(&mut known);
        }
        let keep = keep(&mut tables);
        anew::write_anew(&*self.system, &path, &mut known, &tables, &keep)?;
        self.reopen(state)?;
        state.unwritten.clear();
        state.own.clear();
        state.found.clear();
        (state.known, state.is_damaged) = read(&*self.system, &self.layout);
        Ok(())
    }

    /// Returns all records that are of use, in the order of their commits; O(bytes of the journal).
    pub fn holdings(&self) -> Vec<Holding> {
        let (mut known, _) = read(&*self.system, &self.layout);
        let tables = tables_of(&mut known);
        let days = self.days_of_use(&known, &tables);
        let mut holdings = Vec::new();
        for ((number, row), is_live) in (0..).zip(&tables.rows).zip(tables.live()) {
            let record = if is_live { known.record(number).ok().flatten() } else { None };
            let Some(record) = record else { continue };
            let used = days.get(&row.key).map_or(Timestamp(0), |day| used::end_of(*day));
            holdings.push(Holding {
                number,
                last_used: if used::day_of(record.ended) < used::day_of(used) { used } else { record.ended },
                bytes: known.size_of(number),
                blobs: record.blobs().collect(),
            });
        }
        holdings
    }

    /// Keeps only these of the records that [`Store::holdings`] returned. Who calls it holds the lock of the workspace,
    /// and is no az in a step of another.
    ///
    /// # Errors
    /// The first error of the system; all records are then still there.
    pub fn keep_only(&self, numbers: &BTreeSet<u32>) -> io::Result<()> {
        let mut state = self.lock();
        let (mut known, _) = read(&*self.system, &self.layout);
        let tables = tables_of(&mut known);
        let days = self.days_of_use(&known, &tables);
        self.write_anew(&mut state, |tables| tables.keep_only(numbers))?;
        self.write_index_of(&mut state, &days)
    }
}

/// Returns the tables of an index; where an index turns out to be damaged, by the journal alone.
fn tables_of(known: &mut Known) -> Tables {
    loop {
        match known.tables() {
            Ok(tables) => return tables,
            Err(Damaged) => known.forget_index(),
        }
    }
}
