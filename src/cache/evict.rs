//! What goes when there is too much, or when it was of no use for long.
//!
//! Knows sizes and times. Does not know what it is that goes, nor how.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use crate::base::{Digest, Timestamp};

/// How much is kept, and for how long; nothing for no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Bytes of all there is.
    pub max_size: Option<u64>,
    /// How long something is kept that is of no use.
    pub max_age: Option<Duration>,
}

/// Something that can go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evictable {
    /// When it was last of use.
    pub last_used: Timestamp,
    /// Bytes of its own.
    pub bytes: u64,
    /// What it needs of the blobs, which others may need too.
    pub blobs: Vec<Digest>,
}

/// Tells of each item whether it goes: what was of no use for too long, then, from what was of use the longest time ago
/// on, as many as it takes until the rest, with the blobs it needs and `fixed_bytes`, is not too much.
///
/// O(items * log items + their blobs).
pub fn evicted(
    items: &[Evictable],
    blobs: &BTreeMap<Digest, u64>,
    fixed_bytes: u64,
    limits: Limits,
    now: Timestamp,
) -> Vec<bool> {
    let is_too_old = |item: &Evictable| limits.max_age.is_some_and(|age| now.since(item.last_used) > age);
    let mut goes: Vec<bool> = items.iter().map(is_too_old).collect();
    let Some(max_size) = limits.max_size else { return goes };
    let mut users: HashMap<Digest, usize> = HashMap::new();
    let mut total = fixed_bytes;
    let size = |digest: &Digest| blobs.get(digest).copied().unwrap_or(0);
    for (item, _) in items.iter().zip(&goes).filter(|(_, goes)| !**goes) {
        total = total.saturating_add(item.bytes);
        for digest in &item.blobs {
            let count = users.entry(*digest).or_default();
            if *count == 0 {
                total = total.saturating_add(size(digest));
            }
            *count += 1;
        }
    }
    let mut by_use: Vec<usize> = (0..items.len()).filter(|index| !goes[*index]).collect();
    by_use.sort_by_key(|index| items[*index].last_used);
    for index in by_use {
        if total <= max_size {
            break;
        }
        goes[index] = true;
        total -= items[index].bytes;
        for digest in &items[index].blobs {
            let count = users.entry(*digest).or_default();
            *count -= 1;
            if *count == 0 {
                total -= size(digest);
            }
        }
    }
    goes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn digest(number: u8) -> Digest {
        Digest([number; 32])
    }

    fn items() -> impl Strategy<Value = Vec<Evictable>> {
        let item = (0_i64..50, 0_u64..20, prop::collection::vec(0_u8..6, 0..4));
        let item = item.prop_map(|(time, bytes, blobs)| Evictable {
            last_used: Timestamp(time * 1_000_000_000),
            bytes,
            blobs: blobs.into_iter().map(digest).collect(),
        });
        prop::collection::vec(item, 0..12)
    }

    /// Bytes of what stays, counted anew.
    fn size(items: &[Evictable], goes: &[bool], blobs: &BTreeMap<Digest, u64>) -> u64 {
        let stays = || items.iter().zip(goes).filter(|(_, goes)| !**goes).map(|(item, _)| item);
        let needed: std::collections::BTreeSet<&Digest> = stays().flat_map(|item| &item.blobs).collect();
        let shared: u64 = needed.into_iter().filter_map(|digest| blobs.get(digest)).sum();
        stays().map(|item| item.bytes).sum::<u64>() + shared
    }

    proptest! {
        #[test]
        fn what_stays_is_young_and_fits_and_no_less_than_that(
            items in items(),
            sizes in prop::collection::vec(0_u64..30, 6),
            max_size in prop::option::of(0_u64..120),
            max_age in prop::option::of(0_u64..60),
        ) {
            let blobs: BTreeMap<Digest, u64> = (0_u8..).map(digest).zip(sizes).collect();
            let limits = Limits { max_size, max_age: max_age.map(Duration::from_secs) };
            let now = Timestamp(50 * 1_000_000_000);
            let goes = evicted(&items, &blobs, 0, limits, now);
            let too_old = |item: &Evictable| limits.max_age.is_some_and(|age| now.since(item.last_used) > age);
            for (item, goes) in items.iter().zip(&goes) {
                prop_assert!(*goes || !too_old(item));
            }
            let left = size(&items, &goes, &blobs);
            prop_assert!(max_size.is_none_or(|most| left <= most));
            // Of what went though it was young, the last one that was of use had to.
            let young = (0..items.len()).filter(|index| goes[*index] && !too_old(&items[*index]));
            if let Some(last) = young.max_by_key(|index| (items[*index].last_used, *index)) {
                let mut one_more = goes.clone();
                one_more[last] = false;
                prop_assert!(size(&items, &one_more, &blobs) > max_size.unwrap());
                let kept = items.iter().zip(&goes).filter(|(_, goes)| !**goes);
                for (item, _) in kept {
                    prop_assert!(item.last_used >= items[last].last_used);
                }
            }
        }
    }
}
