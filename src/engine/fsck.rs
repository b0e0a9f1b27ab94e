//! Looks for damage in what az keeps, and mends it.

use std::{io, path::Path, sync::Arc};

use super::{Engine, EngineError, gate::gate_folder};
use crate::{
    cache::{self, Blobs, Checked, Damage, Remedy, SetAside, Store},
    diag::{Diagnostic, code},
    journal::new_run_id,
    sys::{LockMode, Wait},
};

/// What was found, and what was done about it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fsck {
    /// What was read.
    pub checked: Checked,
    /// What of the damage is mended now.
    pub mended: Vec<Damage>,
    /// What an az that was killed had taken out of its place, and where it is now.
    pub recovered: Vec<SetAside>,
    /// Versions of files that wait to be put where they can be found; `--repair` does it.
    pub stranded: usize,
}

impl Fsck {
    /// Tells whether something is left to be mended.
    pub fn is_damaged(&self) -> bool {
        self.stranded > 0 || self.checked.damages.len() > self.mended.len()
    }
}

impl Engine {
    /// Reads all of the cache; where `repairs`, makes it whole again as far as that can be done.
    ///
    /// # Errors
    /// If another az is at work there, or the system refuses.
    pub fn fsck(&self, repairs: bool) -> Result<Fsck, EngineError> {
        let refused = |error: &io::Error| -> EngineError {
            let message = format!("the cache cannot be read: {error}");
            Diagnostic::error(code::CACHE_UNUSABLE, message)
                .help("see who may read `.azcache`; removing it costs re-runs and nothing else")
                .into()
        };
        if self.system.stat(&self.layout.version()).is_err() {
            return Ok(Fsck::default());
        }
        let lock = self.system.lock(&self.layout.lock(0), LockMode::Exclusive, Wait::Try);
        if matches!(lock, Ok(None)) {
            let message =
                "another az is at work here, and what it writes looks damaged until it has".to_owned();
            return Err(Diagnostic::error(code::LOCKED, message)
                .help("run it again when that has ended")
                .into());
        }
        let gates = gate_folder(&self.layout);
        let checked = cache::check(&*self.system, &self.layout, &gates).map_err(|error| refused(&error))?;
        let mut fsck = Fsck { stranded: self.stranded(), checked, ..Fsck::default() };
        if repairs {
            self.repair_cache(&mut fsck, &gates).map_err(|error| refused(&error))?;
        }
        Ok(fsck)
    }

    fn stranded(&self) -> usize {
        self.system.list(&self.layout.staged()).map_or(0, |names| names.len())
    }

    fn repair_cache(&self, fsck: &mut Fsck, gates: &Path) -> io::Result<()> {
        for damage in &fsck.checked.damages {
            match damage.remedy {
                Remedy::Remove => self.system.remove_file(&damage.path)?,
                Remedy::RewriteRecords => {
                    Store::open(Arc::clone(&self.system), self.layout.clone()).prepare_to_write()?;
                }
                Remedy::RewriteContents => {
                    Blobs::new(Arc::clone(&self.system), self.layout.blobs()).mend_small()?;
                }
                Remedy::None => {}
            }
        }
        let blobs = Blobs::new(Arc::clone(&self.system), self.layout.blobs());
        let kept = self.layout.kept(&new_run_id(&*self.system));
        fsck.recovered = cache::recover(&*self.system, &self.root, &blobs, &kept);
        fsck.stranded = self.stranded();
        let still = cache::check(&*self.system, &self.layout, gates)?.damages;
        let is_mended = |damage: &&Damage| !still.iter().any(|other| other.path == damage.path);
        fsck.mended = fsck.checked.damages.iter().filter(is_mended).cloned().collect();
        Ok(())
    }
}
