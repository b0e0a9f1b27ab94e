//! Which set of files a watch may run: the one that was there when a person started it, and what is trusted since.
//!
//! Knows what has changed, so that a set is read again only where it may be another one. Does not know how anybody is asked.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    engine::{
        Engine,
        socket::GateFile,
        trust::{Agreed, DecidingSet, Grant, Records, Untrusted, may_run, trusts_edits},
    },
    sys::{Stat, System},
};

/// What a watch may run.
pub(super) struct Consent {
    /// The user's word when it was started: whatever the files become.
    is_free: bool,
    /// The set that may run; nothing where a record says that whatever it becomes may.
    agreed: Option<Arc<DecidingSet>>,
    /// The gate that the last build of this set has left.
    gate: Option<GateFile>,
    /// What the record was when a set was refused, while one is.
    refused: Option<Refused>,
}

/// A set is refused, and this was the record then, if there was one.
struct Refused {
    record: Option<Stat>,
}

/// What a build of a watch may run.
pub(super) enum May {
    /// Whatever it finds.
    Whatever,
    /// One set, and no other.
    Only(Agreed),
}

impl May {
    /// Returns what the build is told.
    pub(super) fn agreed(self) -> Option<Agreed> {
        match self {
            Self::Whatever => None,
            Self::Only(agreed) => Some(agreed),
        }
    }
}

/// What differs from a gate, and nothing else does.
pub(super) struct Differing {
    pub(super) gate: GateFile,
    pub(super) paths: Vec<PathBuf>,
}

impl Consent {
    /// What stands there now may run, since a person has asked for it.
    pub(super) fn to(agreed: Option<Arc<DecidingSet>>, is_free: bool) -> Self {
        Self { is_free, agreed, gate: None, refused: None }
    }

    /// Returns what may run without another look, as far as what differs tells; nothing if a look is needed.
    pub(super) fn as_it_was(
        &self,
        system: &dyn System,
        root: &Path,
        differing: Option<&Differing>,
    ) -> Option<May> {
        if self.is_free {
            return Some(May::Whatever);
        }
        let Some(agreed) = &self.agreed else { return trusts_edits(system, root).then_some(May::Whatever) };
        let Differing { gate, paths } = differing?;
        let is_same = self.gate.as_ref() == Some(gate)
            && !paths.iter().any(|path| agreed.may_be_changed_by(system, path));
        is_same.then(|| May::Only(Agreed(Arc::clone(agreed))))
    }

    /// Returns what may run of what an engine has read.
    ///
    /// # Errors
    /// If nobody has agreed to it.
    pub(super) fn after_a_look(&mut self, engine: &Engine) -> Result<May, Box<Untrusted>> {
        if self.is_free {
            return Ok(May::Whatever);
        }
        let now = engine.deciding(self.agreed.as_deref());
        match may_run(&*engine.system, &now, self.agreed.as_deref()) {
            Ok(Grant::Content) => {
                self.agreed = Some(Arc::clone(&now));
                Ok(May::Only(Agreed(now)))
            }
            Ok(Grant::Edits) => {
                self.agreed = None;
                Ok(May::Whatever)
            }
            Err(untrusted) => {
                self.refused = Some(Refused { record: record_of(&*engine.system, now.root()) });
                Err(untrusted)
            }
        }
    }

    /// A build has ended, and left this gate.
    pub(super) fn built(&mut self, gate: Option<GateFile>) {
        self.gate = gate;
        self.refused = None;
    }

    /// There was nothing to run.
    pub(super) fn rests(&mut self) {
        self.refused = None;
    }

    /// A person has agreed to a set.
    pub(super) fn agree(&mut self, set: &Arc<DecidingSet>) {
        *self = Self::to(Some(Arc::clone(set)), self.is_free);
    }

    /// Tells whether a set is refused.
    pub(super) fn is_refused(&self) -> bool {
        self.refused.is_some()
    }

    /// Tells whether somebody has agreed to something, or revoked it, since a set was refused.
    pub(super) fn has_news(&mut self, system: &dyn System, root: &Path) -> bool {
        let Some(Refused { record: before }) = &mut self.refused else { return false };
        let now = record_of(system, root);
        std::mem::replace(before, now) != now
    }
}

fn record_of(system: &dyn System, root: &Path) -> Option<Stat> {
    Records::of(system, root).ok()?.stat(system, root)
}
