//! What a step depends on, as values: states of paths, observations, components, keys, and their difference.
//!
//! Knows how to ask a view of the files and how to sum the answers up. Does not know records, steps or why anybody
//! asks.
//!
//! A **fingerprint** is a sorted list of components. Its key is the hash of that list and of nothing else, so two
//! keys differ exactly if a component differs, and an explanation of a difference is never empty.

mod component;
mod difference;
mod disk;
mod expand;
mod git_index;
mod moment;
mod observe;
mod resolve;
mod state;
#[cfg(test)]
mod tests;
mod view;

pub use component::{Component, ComponentKind, Fingerprint, HIDDEN, ParseKindError};
pub use difference::{Change, difference};
pub use disk::{Disk, KnownFile, Settled, is_settled, read_clock};
pub use expand::{Found, expand};
pub use moment::{Contents, Moment};
pub use observe::{Answer, HasMade, Question, answer, content, questions};
pub use resolve::{Resolved, Resolver};
pub use state::State;
pub use view::{Names, OnDisk, View};
