//! The journal written anew: what later entries replaced is gone, and it says the same.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Write},
    path::Path,
};

use super::{
    super::{
        entries,
        index::{NO_RECORD, Open, Tables},
        record::BeginId,
        wire::Entry,
    },
    known::Known,
};
use crate::sys::{self, System};

/// So much is gathered before it is written.
const PIECE: usize = 1 << 20;

/// Replaces a journal by one that says of the records to keep, and of every key, what is known. O(their bytes).
///
/// A record that cannot be read is left out; keys it had made unusable stay so.
///
/// # Errors
/// The first error of the system; the old journal is then still there.
pub(super) fn write_anew(
    system: &dyn System,
    path: &Path,
    known: &mut Known,
    tables: &Tables,
    keep: &[bool],
) -> io::Result<()> {
    let temporary = sys::temporary_beside(system, path);
    let written = write_all(system, &temporary, known, tables, keep);
    written.and_then(|()| system.rename(&temporary, path)).inspect_err(|_| _ = system.remove_file(&temporary))
}

fn write_all(
    system: &dyn System,
    path: &Path,
    known: &mut Known,
    tables: &Tables,
    keep: &[bool],
) -> io::Result<()> {
    let mut file = io::BufWriter::with_capacity(PIECE, system.append(path)?);
    let interrupted = |key: &[u8; 32]| {
        let at = tables.blamed.binary_search_by(|row| row.key.cmp(key));
        at.is_ok_and(|at| tables.blamed[at].record == NO_RECORD)
    };
    // What an action began with that may still be withdrawn is said of the action, below.
    let open: Vec<&Open> =
        tables.open.iter().filter(|row| row.was_blamed == 0 && interrupted(&row.key)).collect();
    let begun: BTreeSet<[u8; 32]> = open.iter().map(|row| row.key).collect();
    let mut blamed: BTreeMap<u32, Vec<[u8; 32]>> = BTreeMap::new();
    for row in tables.blamed.iter().filter(|row| !begun.contains(&row.key)) {
        blamed.entry(row.record).or_default().push(row.key);
    }
    for (number, is_kept) in (0..).zip(keep) {
        let record =
            if *is_kept { known.record(number).map_err(|_| io::ErrorKind::InvalidData)? } else { None };
        let Some(record) = record else { continue };
        let id = system.random();
        if let Some(keys) = blamed.remove(&number) {
            file.write_all(&entries::encode(&Entry::Begin { id, identity: record.identity.clone(), keys }))?;
        }
        file.write_all(&entries::encode(&Entry::commit(BeginId(id), &record)))?;
    }
    let mut begin = |id: [u8; 16], keys: Vec<[u8; 32]>| {
        file.write_all(&entries::encode(&Entry::Begin { id, identity: String::new(), keys }))
    };
    let rest: Vec<[u8; 32]> = blamed.into_values().flatten().collect();
    if !rest.is_empty() {
        begin(system.random(), rest)?;
    }
    for action in open.chunk_by(|one, next| one.id == next.id) {
        begin(action[0].id, action.iter().map(|row| row.key).collect())?;
    }
    file.flush()?;
    // It takes the place of one that was flushed.
    let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.flusher()?()
}
