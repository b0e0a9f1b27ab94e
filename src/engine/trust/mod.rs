//! Whether what a workspace holds may run without a person having asked for it.
//!
//! What a person types is their decision, as with make. Whatever else wants to run something (a watch after an edit of what
//! decides, later a hook, a schedule, a server, an editor) asks [`may_run`] first, and runs nothing else than the set of
//! files that was agreed to: [`Agreed`] is handed on with the build, which compares what it has read, and each script once
//! more when it starts.
//!
//! Knows which files decide, and who agreed to what. Does not know what runs, nor how anything is shown.

mod record;
mod set;
#[cfg(test)]
mod tests;

use std::{fmt, path::Path, sync::Arc};

pub use record::{Record, Records};
pub use set::{ChangedFile, DecidingSet, Role};

use super::{Engine, EngineError};
use crate::{
    base::{Digest, WsPath, plural},
    diag::{Diagnostic, code},
    sys::System,
};

/// The variable that says what is trusted where no person is: the hash of a set, or `ci`.
pub const VARIABLE: &str = "AZ_TRUST";
/// Whatever this process finds is trusted.
const IN_CI: &str = "ci";

/// Why something may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// Exactly this content is agreed to.
    Content,
    /// Whatever the content of this workspace becomes is trusted.
    Edits,
}

/// What may run unattended: one set, and no other.
#[derive(Clone)]
pub struct Agreed(pub(super) Arc<DecidingSet>);

impl fmt::Debug for Agreed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Agreed").field(&self.0.hash()).finish()
    }
}

impl Agreed {
    /// Says why a script must not be started: it is not what was agreed to, at this very moment.
    pub(super) fn refuses(&self, system: &dyn System, root: &Path, script: &WsPath) -> Option<String> {
        let is_agreed = self.0.is_still(system, root, script);
        (!is_agreed).then(|| {
            format!(
                "`{script}` is not what was agreed to: it was edited, and nobody has trusted that (az trust)"
            )
        })
    }
}

/// A set that nobody has agreed to.
#[derive(Debug, Clone)]
pub struct Untrusted {
    /// The set as it is.
    pub now: Arc<DecidingSet>,
    /// What differs from the set that was agreed to last; all of it if none was.
    pub changes: Vec<ChangedFile>,
    /// No set of this workspace was ever agreed to.
    pub is_first: bool,
    /// Why what is recorded could not be asked.
    pub why_not_asked: Option<String>,
}

impl Untrusted {
    fn new(now: &Arc<DecidingSet>, before: Option<&DecidingSet>, why_not_asked: Option<String>) -> Self {
        let none = DecidingSet::default();
        Self {
            now: Arc::clone(now),
            changes: before.unwrap_or(&none).changes_to(now),
            is_first: before.is_none(),
            why_not_asked,
        }
    }

    /// Returns the diagnostic, for who has nobody to ask.
    pub fn diagnostic(&self) -> Diagnostic {
        let files = plural(self.changes.len(), "file");
        let what = if self.is_first {
            format!("{files} that decide what runs, to which nobody has agreed")
        } else {
            format!("{files} that decide what runs changed since somebody agreed to them")
        };
        let names: Vec<String> = self.changes.iter().take(3).map(|file| format!("`{}`", file.path)).collect();
        let more = self.changes.len().saturating_sub(names.len());
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let names = if names.is_empty() { names.concat() } else { format!(": {}{more}", names.join(", ")) };
        let why = self.why_not_asked.iter().map(|why| format!("; {why}")).collect::<String>();
        let help = "look at them with `az trust --show`, then `az trust` (`az trust --edits` for your own workspace)";
        Diagnostic::error(code::UNTRUSTED, format!("{what}{names}{why}")).help(help)
    }
}

/// Tells whether a set may run without a person having asked for it: `agreed` is the set that a person has asked for or
/// agreed to while this process lived, if there is one; beside it counts what is recorded, and the variable `AZ_TRUST`.
///
/// # Errors
/// The set with what differs in it, if nobody has agreed to it.
pub fn may_run(
    system: &dyn System,
    now: &Arc<DecidingSet>,
    agreed: Option<&DecidingSet>,
) -> Result<Grant, Box<Untrusted>> {
    if agreed.is_some_and(|agreed| agreed.is_same(now)) {
        return Ok(Grant::Content);
    }
    if let Some(grant) = granted_by_variable(system, now) {
        return Ok(grant);
    }
    let records = match Records::of(system, now.root()) {
        Ok(records) => records,
        Err(fault) => return Err(Box::new(Untrusted::new(now, agreed, Some(fault.message)))),
    };
    match records.get(system, now.root()) {
        Some(record) if record.edits => Ok(Grant::Edits),
        Some(record) if record.hash == Some(now.hash()) => Ok(Grant::Content),
        record => {
            let recorded = record.as_ref().filter(|record| record.hash.is_some()).map(|record| &record.set);
            Err(Box::new(Untrusted::new(now, agreed.or(recorded), None)))
        }
    }
}

/// Tells whether whatever a workspace holds may run, by its record or by the variable; without a look at what it holds.
pub fn trusts_edits(system: &dyn System, root: &Path) -> bool {
    let is_recorded = || {
        let records = Records::of(system, root).ok()?;
        Some(records.get(system, root)?.edits)
    };
    variable(system).is_some_and(|value| value == IN_CI) || is_recorded().unwrap_or(false)
}

fn granted_by_variable(system: &dyn System, now: &DecidingSet) -> Option<Grant> {
    let value = variable(system)?;
    if value == IN_CI {
        return Some(Grant::Edits);
    }
    (Digest::from_hex(&value) == Ok(now.hash())).then_some(Grant::Content)
}

fn variable(system: &dyn System) -> Option<String> {
    system.env().remove(std::ffi::OsStr::new(VARIABLE))?.into_string().ok()
}

impl Engine {
    /// Returns the files that decide what runs here, as they were read; `known` are the same from an earlier time, of which
    /// what has not changed is not hashed again.
    pub fn deciding(&self, known: Option<&DecidingSet>) -> Arc<DecidingSet> {
        Arc::new(DecidingSet::of(self, known))
    }

    /// Refuses to go on if what was read is not what was agreed to.
    pub(super) fn check_agreed(&self, agreed: Option<&Agreed>) -> Result<(), EngineError> {
        let Some(Agreed(agreed)) = agreed else { return Ok(()) };
        let now = self.deciding(Some(agreed));
        if agreed.is_same(&now) {
            return Ok(());
        }
        Err(EngineError::from(Untrusted::new(&now, Some(agreed), None).diagnostic()))
    }
}
