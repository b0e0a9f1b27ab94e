//! Keeps what is asked for as a playbook.

use std::path::PathBuf;

use serde_json::json;

use super::library::is_folder_name;
use crate::{
    diag::{Diagnostic, code, has_errors},
    engine::{Ask, Engine, EngineError},
    text::sequence,
};

impl Engine {
    /// Saves selections and variables as a playbook of the oldest format with a name; returns where it is.
    ///
    /// # Errors
    /// If something other than scripts is asked for, if the name cannot be a file's, if there is such a playbook and
    /// `force` is off, or it cannot be written.
    pub fn save_playbook(&self, name: &str, ask: &Ask, force: bool) -> Result<PathBuf, EngineError> {
        let stem = name.strip_suffix(".json").unwrap_or(name);
        // What could not be asked for by this name again would be lost to whoever saved it.
        if !stem.split('/').all(is_folder_name) || !sequence::could_be_name(stem) {
            let message = format!("`{name}` cannot be the name of a playbook");
            let help = "begin with a letter, and go on with letters, digits, `_`, `-` and `.`, with `/` behind a folder: nightly, or team/nightly";
            return Err(Diagnostic::error(code::USAGE, message).help(help).into());
        }
        let mut items = Vec::new();
        let lists = ask.lists.iter().map(sequence::parse_lines);
        for parsed in std::iter::once(sequence::parse(&ask.arguments)).chain(lists) {
            let (sequence, faults) = parsed.without_words();
            if has_errors(&faults) {
                return Err(EngineError { diagnostics: faults, is_strict: false });
            }
            items.extend(sequence.items.iter().map(|item| item.value.to_string()));
        }
        let playbook = json!({
            "Name": stem.rsplit('/').next().unwrap_or(stem),
            "Description": format!("Saved from `az build {}`", items.join(" ")),
            "Sequence": items,
            "Variables": ask.variables,
            "Profile": ask.profile,
            "Created": self.system.now().to_rfc3339(),
            "Version": "1.0",
        });
        let text = serde_json::to_string_pretty(&playbook).unwrap_or_default() + "\n";
        let path = self.playbook_folder().join(format!("{stem}.json"));
        self.write_file(&path, text.as_bytes(), force)?;
        Ok(path.strip_prefix(&self.root).map_or(path.clone(), PathBuf::from))
    }
}
