//! Faults by the file they belong to, each told once.

use std::collections::HashSet;

use indexmap::IndexMap;

use super::{Checked, CheckedFile};
use crate::{
    base::{Span, WsPath},
    diag::{Code, Diagnostic, Severity, code},
};

/// Exit code of errors.
const ERRORS: u8 = 2;
/// Exit code when nothing is there to be checked.
const NOTHING: u8 = 3;
/// Exit code of warnings where they count as errors.
const WARNINGS: u8 = 4;

/// Faults as they are found.
#[derive(Debug, Default)]
pub(super) struct Findings {
    files: IndexMap<String, Entry>,
    rest: Vec<Diagnostic>,
    told: HashSet<(Code, String, String, Vec<Span>)>,
}

#[derive(Debug)]
struct Entry {
    file: CheckedFile,
    /// The file was asked for; of others only errors are told.
    is_wanted: bool,
}

impl Findings {
    /// Opens a file, before faults of it are added.
    pub(super) fn file(&mut self, path: String, format: Option<&str>, is_wanted: bool) {
        let file = CheckedFile {
            path: path.clone(),
            format: format.map(str::to_owned),
            nodes: None,
            diagnostics: Vec::new(),
        };
        self.files.insert(path, Entry { file, is_wanted });
    }

    /// Says how many steps a playbook comes to.
    pub(super) fn count_nodes(&mut self, path: &WsPath, count: usize) {
        if let Some(entry) = self.files.get_mut(path.as_str()) {
            entry.file.nodes = Some(count);
        }
    }

    /// Adds faults to the files their places lie in; those without a place to `owner`.
    pub(super) fn add_all(&mut self, faults: impl IntoIterator<Item = Diagnostic>, owner: Option<&WsPath>) {
        for fault in faults {
            let source = fault.source.as_ref().map_or("", |source| &source.name);
            let spans = fault.labels.iter().map(|label| label.span).collect();
            if !self.told.insert((fault.code, source.to_owned(), fault.message.clone(), spans)) {
                continue;
            }
            let known = [Some(source), owner.map(WsPath::as_str)];
            let place = known.into_iter().flatten().find(|name| self.files.contains_key(*name));
            match place.map(str::to_owned) {
                Some(name) => self.files[&name].file.diagnostics.push(fault),
                None => self.rest.push(fault),
            }
        }
    }

    /// Returns what was asked for.
    pub(super) fn finish(self, is_strict: bool) -> Checked {
        let mut files = Vec::new();
        for Entry { mut file, is_wanted } in self.files.into_values() {
            // An error in a file that everything stands on is told even if the file was not asked for.
            if !is_wanted {
                file.diagnostics.retain(|fault| {
                    fault.is_error() && matches!(file.format.as_deref(), Some("config" | "rules"))
                });
            }
            if is_wanted || !file.diagnostics.is_empty() {
                // What counts the rest comes behind what is told.
                let place = |fault: &Diagnostic| fault.labels.first().map(|label| label.span);
                file.diagnostics.sort_by_key(|fault| (fault.code == code::MORE_MISTAKES, place(fault)));
                files.push(file);
            }
        }
        let mut checked = Checked { files, diagnostics: self.rest, exit_code: 0 };
        if checked.files.is_empty() && checked.diagnostics.is_empty() {
            checked.diagnostics.push(nothing_to_check());
            checked.exit_code = NOTHING;
            return checked;
        }
        let has = |severity| checked.count(severity) > 0;
        checked.exit_code = match (has(Severity::Error), has(Severity::Warning) && is_strict) {
            (true, _) => ERRORS,
            (false, true) => WARNINGS,
            (false, false) => 0,
        };
        if is_strict {
            let all = checked.files.iter_mut().flat_map(|file| &mut file.diagnostics);
            for fault in all.chain(&mut checked.diagnostics) {
                *fault = fault.clone().strict();
            }
        }
        checked
    }
}

fn nothing_to_check() -> Diagnostic {
    Diagnostic::warning(code::NOTHING_SELECTED, "there is nothing to check")
        .help("add a script such as scripts/0100_hello.sh, or a playbook to playbooks/")
}
