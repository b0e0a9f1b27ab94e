//! The private state of all steps: paths of an index, and those that came since.

use std::{collections::HashSet, sync::Arc};

use super::{flat::Damaged, index::View};
use crate::base::WsPath;

/// A set of private paths; a copy costs two counters.
#[derive(Debug, Clone, Default)]
pub(super) struct Private {
    /// Verified.
    index: Option<Arc<View>>,
    more: Arc<HashSet<WsPath>>,
}

impl Private {
    /// Takes the paths of an index and others; O(bytes of the index's paths) the first time.
    ///
    /// # Errors
    /// [`Damaged`] if the index is.
    pub(super) fn new(index: Option<&Arc<View>>, more: &Arc<HashSet<WsPath>>) -> Result<Self, Damaged> {
        if let Some(index) = index {
            index.verify_private()?;
        }
        Ok(Self { index: index.cloned(), more: Arc::clone(more) })
    }

    /// Tells whether a path is one of them.
    pub(super) fn contains(&self, path: &WsPath) -> bool {
        self.more.contains(path) || self.index.as_ref().is_some_and(|index| index.is_private(path))
    }

    /// Tells whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.more.is_empty() && !self.index.as_ref().is_some_and(|index| index.has_private())
    }

    /// Adds paths.
    pub(super) fn extend(&mut self, paths: &[WsPath]) {
        if paths.iter().any(|path| !self.contains(path)) {
            Arc::make_mut(&mut self.more).extend(paths.iter().cloned());
        }
    }
}
