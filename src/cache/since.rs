//! What the journal says of a time: whose actions ended well since it was so long.
//!
//! Knows entries. Does not know which of these actions matter to whom.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Layout, Record, entries,
    wire::{Entry, WireHanded},
};
use crate::sys::System;

/// So much of a journal is read; behind it too much has happened to be gone through.
const MOST_BYTES: u64 = 1 << 20;

/// Returns whose actions ended since the journal had a length, all of them well, so that nothing of them is known but
/// what they left in the workspace; nothing if more has happened than that, or it cannot be told.
///
/// More is a failure, which other actions may stand in for; one that is not over; and private state, of which it may be
/// known now that others read it.
pub fn ended_since(system: &dyn System, layout: &Layout, before: u64, now: u64) -> Option<BTreeSet<String>> {
    if now.checked_sub(before)? > MOST_BYTES {
        return None;
    }
    let journal = system.map(&layout.entries()).ok()?;
    let bytes = journal.get(..usize::try_from(now).ok()?)?;
    let mut at = usize::try_from(before).ok()?;
    let (mut open, mut ended) = (BTreeMap::new(), BTreeSet::new());
    while at < bytes.len() {
        let (entry, behind) = entries::decode_at(bytes, at)?;
        at = behind;
        match entry {
            Entry::Begin { id, identity, .. } => _ = open.insert(id, identity),
            Entry::Commit { id, record } => {
                let identity = open.remove(&id)?;
                let record = record.into_record(WireHanded::default()).filter(is_plain)?;
                ended.insert(record.identity);
                ended.insert(identity);
            }
            Entry::CommitHanding { .. } | Entry::Withdraw { .. } => return None,
        }
    }
    open.is_empty().then_some(ended)
}

fn is_plain(record: &Record) -> bool {
    record.is_reusable()
        && [&record.private, &record.borrowed, &record.scratch].into_iter().all(Vec::is_empty)
}
