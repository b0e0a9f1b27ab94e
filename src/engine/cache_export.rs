//! The cache in the layout of `.orchestration-cache`: `results/`, `artifacts/`, `metadata/`.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::{Map, Value, json};

use super::{CacheEntry, Engine, EngineError};
use crate::{
    base,
    cache::{Blobs, Effect, Ending},
    diag::{Diagnostic, code},
    fingerprint::{ComponentKind, State},
    sys,
};

/// What was exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Exported {
    /// Entries, each with a result and its metadata.
    pub entries: usize,
    /// Files that steps left.
    pub artifacts: usize,
    /// Files whose content is no longer in the cache.
    pub missing: usize,
}

/// The folders of the layout.
const FOLDERS: [&str; 3] = ["results", "artifacts", "metadata"];

impl Engine {
    /// Writes all entries below `to`: `results/KEY.json`, `metadata/KEY.meta.json`, `artifacts/KEY/PATH`.
    ///
    /// Files outside the workspace, links and folders are named in the result and not copied.
    ///
    /// # Errors
    /// If `to` holds anything else, or the first error of the system.
    pub fn export_cache(&self, to: &Path) -> Result<Exported, EngineError> {
        let found = self.system.list(to).unwrap_or_default();
        if let Some(other) = found.iter().find(|entry| !FOLDERS.iter().any(|name| entry.name == *name)) {
            let name = other.name.to_string_lossy();
            let message = format!("`{}` is no export of a cache: it holds `{name}`", to.display());
            let fault = Diagnostic::error(code::USAGE, message);
            return Err(fault.help("name a folder that is empty or not there yet").into());
        }
        let mut exported = Exported::default();
        for entry in self.cache_entries() {
            self.export_entry(to, &entry, &mut exported).map_err(|error| {
                let message = format!("`{}` cannot be written: {error}", to.display());
                EngineError::from(
                    Diagnostic::error(code::CACHE_UNUSABLE, message).help("name another folder"),
                )
            })?;
        }
        Ok(exported)
    }

    fn export_entry(&self, to: &Path, entry: &CacheEntry, exported: &mut Exported) -> io::Result<()> {
        let key = entry.key.to_hex();
        let blobs = Blobs::new(Arc::clone(&self.system), self.layout.blobs());
        let log = entry.record.log.and_then(|digest| blobs.read(&digest).ok());
        self.write_json(&to.join("results"), &format!("{key}.json"), &result(entry, log.as_deref()))?;
        self.write_json(&to.join("metadata"), &format!("{key}.meta.json"), &metadata(entry))?;
        exported.entries += 1;
        let folder = to.join("artifacts").join(&key);
        for effect in entry.record.effects.iter().filter(|effect| effect.path.is_inside()) {
            let State::File { digest, mode, .. } = &effect.after else { continue };
            let path = folder.join(effect.path.as_str());
            self.system.create_dir_all(path.parent().expect("an artifact lies in a folder"))?;
            // An earlier export of the same entry gives way.
            _ = self.system.remove_file(&path);
            match blobs.copy_out(digest, &path, *mode) {
                Ok(()) => exported.artifacts += 1,
                Err(_) => exported.missing += 1,
            }
        }
        Ok(())
    }

    fn write_json(&self, folder: &Path, name: &str, value: &Value) -> io::Result<()> {
        self.system.create_dir_all(folder)?;
        let path: PathBuf = folder.join(name);
        sys::replace(&*self.system, &path, format!("{value:#}\n").as_bytes())
    }
}

fn result(entry: &CacheEntry, log: Option<&[u8]>) -> Value {
    let record = &entry.record;
    let artifact =
        |effect: &Effect| json!({ "Path": effect.path.as_str(), "State": effect.after.to_string() });
    json!({
        "Key": entry.key.to_hex(),
        "Success": matches!(record.ending, Ending::Reusable | Ending::NotReusable(_)),
        "Reusable": entry.is_usable,
        "Error": match &record.ending { Ending::Failed(how) => Some(how), _ => None },
        "ExitCode": record.exit_code,
        "Duration": base::duration(record.duration),
        "Output": log.map(|log| String::from_utf8_lossy(log).into_owned()),
        "Artifacts": record.effects.iter().map(artifact).collect::<Vec<_>>(),
    })
}

fn metadata(entry: &CacheEntry) -> Value {
    let record = &entry.record;
    let components = record.fingerprint.components();
    let of = |kind: ComponentKind| components.iter().filter(move |component| component.kind == kind);
    let variables: Map<String, Value> =
        of(ComponentKind::Variable).map(|variable| (variable.name.clone(), json!(variable.short))).collect();
    let scripts: Vec<&str> = of(ComponentKind::Script).map(|script| script.name.as_str()).collect();
    json!({
        "Key": entry.key.to_hex(),
        "Timestamp": record.ended.to_rfc3339(),
        "JobId": record.run,
        "Identity": record.identity,
        "Scripts": scripts,
        "Variables": variables,
        "Components": components.iter().map(|component| {
            json!({ "Kind": component.kind.as_str(), "Name": component.name, "Value": component.short })
        }).collect::<Vec<_>>(),
    })
}
