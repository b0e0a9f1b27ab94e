//! Which records were of use, and on which day: appended by builds, at most once a day for each record, and taken into
//! the index when that is written.

use std::{
    collections::HashMap,
    io::{self, Write},
};

use super::super::{Layout, frames};
use crate::{base::Timestamp, sys::System};

/// Days by key.
pub(super) type Days = HashMap<[u8; 32], u32>;

const DAY_NS: i64 = 86_400 * 1_000_000_000;

/// Returns the day of a time, counted from 1970.
pub(super) fn day_of(time: Timestamp) -> u32 {
    u32::try_from(time.0 / DAY_NS).unwrap_or(0)
}

/// Returns the last moment of a day.
pub(super) fn end_of(day: u32) -> Timestamp {
    Timestamp((i64::from(day) + 1).saturating_mul(DAY_NS))
}

/// Reads what was noted, and how many bytes that is; damage ends it.
pub(super) fn read(system: &dyn System, layout: &Layout) -> (Days, usize) {
    let bytes = system.read(&layout.used()).unwrap_or_default();
    let (mut days, mut at) = (Days::new(), 0);
    while let Some((payload, behind)) = frames::payload_at(&bytes, at) {
        let (day, keys): (u32, Vec<[u8; 32]>) = postcard::from_bytes(payload).unwrap_or_default();
        for key in keys {
            let known = days.entry(key).or_default();
            *known = day.max(*known);
        }
        at = behind;
    }
    // Nothing that is written behind damage could be read.
    (days, if at < bytes.len() { usize::MAX } else { at })
}

/// Notes that records were of use.
///
/// # Errors
/// The first error of the system.
pub(super) fn append(system: &dyn System, layout: &Layout, day: u32, keys: &[[u8; 32]]) -> io::Result<()> {
    let payload = postcard::to_stdvec(&(day, keys)).map_err(io::Error::other)?;
    system.append(&layout.used())?.write_all(&frames::frame(&payload))
}
