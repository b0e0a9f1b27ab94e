//! What finished steps left behind: blobs by digest, records by key, and how to bring effects back.
//!
//! Knows paths, states and keys. Returns values and emits no events; does not know plans or who asks. Damage is
//! never an error: what does not pass its checksum is not there.

mod blobs;
mod capture;
mod check;
mod entries;
mod evict;
mod flat;
mod frames;
mod gate;
mod index;
mod known;
mod layout;
mod lookup;
mod meanwhile;
mod own;
mod pack;
mod private;
mod record;
mod restore;
mod since;
mod staging;
mod store;
#[cfg(test)]
mod tests;
mod timeline;
mod wire;

pub use blobs::{Blobs, SMALL_BYTES};
pub use capture::{Capture, capture, known_states, missing};
pub use check::{Checked, Damage, Remedy, check};
pub use evict::{Evictable, Limits, evicted};
pub use gate::{Amendment, Draft, Gate, GateItem, GatePath, Known, Matters, in_order, write_gate};
pub use known::{FileChange, KnownFiles, WireStat, write_table};
pub use layout::Layout;
pub use lookup::{Hit, Lookup, Miss, Wanted, fingerprints, look_up, observe, strong_keys};
pub use meanwhile::Overlap;
pub use own::Own;
pub use record::{BeginId, Effect, Ending, Evidence, Record};
pub use restore::{RestoreError, Restored, Target, restore, set_aside_copy};
pub use since::ended_since;
pub use staging::{SetAside, recover};
pub use store::{Holding, Store, Unusable};
pub use timeline::{Place, Timeline};
