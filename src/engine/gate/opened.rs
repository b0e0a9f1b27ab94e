//! A gate that was read, for who keeps it open: a watch.

use std::{collections::BTreeSet, path::Path};

use super::{GOOD_FOR_DAYS, JournalEnd, Preface, identity_of, today};
use crate::{
    cache::{Gate, Layout, ended_since},
    event::Counts,
    sys::System,
};

/// A gate, with what stands first in it.
#[derive(Debug)]
pub(in crate::engine) struct Opened {
    pub(in crate::engine) gate: Gate,
    pub(super) preface: Preface,
}

impl Opened {
    /// Reads a gate; nothing if there is none that can be relied on.
    pub(in crate::engine) fn read(system: &dyn System, path: &Path) -> Option<Self> {
        let gate = Gate::read(system, path)?;
        let preface = postcard::from_bytes(gate.preface()).ok()?;
        Some(Self { gate, preface })
    }

    /// Tells whether nobody has run anything since it was written, and all was decided not long ago.
    pub(in crate::engine) fn is_current(&self, system: &dyn System, layout: &Layout) -> bool {
        JournalEnd::now(system, layout).is_ok_and(|end| end == self.preface.journal) && self.is_young(system)
    }

    fn is_young(&self, system: &dyn System) -> bool {
        today(system).saturating_sub(self.preface.evaluated) <= GOOD_FOR_DAYS
    }

    /// Returns the items that something was run for since it was written, by who asked for other steps as well, and lets
    /// the gate begin where the journal ends now; nothing if it cannot be relied on any more.
    pub(super) fn catch_up(&mut self, system: &dyn System, layout: &Layout) -> Option<Vec<usize>> {
        let (then, now) = (self.preface.journal, JournalEnd::now(system, layout).ok()?);
        if !self.is_young(system) {
            return None;
        }
        if now == then {
            return Some(Vec::new());
        }
        if self.preface.is_whole || now.inode != then.inode {
            return None;
        }
        let ended = ended_since(system, layout, then.size, now.size)?;
        self.preface.journal = now;
        let ended: BTreeSet<u64> = ended.iter().map(|identity| identity_of(identity)).collect();
        Some(self.gate.items_of(&ended).collect())
    }

    /// Returns how the steps ended.
    pub(in crate::engine) fn counts(&self) -> Counts {
        let Preface { total, cached, skipped, .. } = self.preface;
        let [total, cached, skipped] = [total, cached, skipped].map(|count| count as usize);
        Counts { total, cached, skipped, ..Counts::default() }
    }

    /// Returns what was asked of the environment, and what tells these answers from others.
    pub(in crate::engine) fn env(&self) -> &(BTreeSet<String>, [u8; 32]) {
        &self.preface.env
    }

    /// Tells whether every step was reused and has no flag.
    pub(in crate::engine) fn is_plain(&self) -> bool {
        self.preface.is_plain
    }

    /// Returns what stands first in a gate of nothing but paths, for who tries what is made of these.
    #[cfg(test)]
    pub(in crate::engine) fn preface_of_nothing(system: &dyn System, layout: &Layout) -> Vec<u8> {
        let preface = Preface {
            total: 1,
            cached: 1,
            skipped: 0,
            is_plain: true,
            request: Vec::new(),
            is_whole: true,
            journal: JournalEnd::now(system, layout).unwrap(),
            env: (BTreeSet::new(), [0; 32]),
            evaluated: today(system),
            resume: None,
        };
        postcard::to_stdvec(&preface).unwrap()
    }
}
