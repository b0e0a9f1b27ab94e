//! Diagnostics as SARIF 2.1.0, which code scanners and editors read.
//!
//! Knows the part of the standard that az has something to say in. Does not know where diagnostics come from.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use crate::{
    base::Span,
    diag::{Code, Diagnostic, Edit, Label, Severity, Source, all_codes},
    text::sequence::COMMAND_LINE,
};

/// A diagnostic and the file it belongs to.
#[derive(Debug, Clone, Copy)]
pub struct Finding<'a> {
    /// The file, relative to the workspace or absolute; known also where the diagnostic has no place.
    pub path: Option<&'a str>,
    /// What is wrong.
    pub fault: &'a Diagnostic,
}

impl<'a> Finding<'a> {
    /// Returns the file that the diagnostic's places lie in, with the main one.
    pub(super) fn place(&self) -> Option<(&'a Source, &'a Label)> {
        let source = self.fault.source.as_deref().filter(|source| &*source.name != COMMAND_LINE)?;
        Some((source, self.fault.labels.first()?))
    }

    /// Returns the file that is at fault.
    pub(super) fn file(&self) -> Option<&'a str> {
        let source = self.fault.source.as_deref().map(|source| &*source.name);
        source.filter(|name| *name != COMMAND_LINE).or(self.path)
    }

    /// Returns message and help.
    pub(super) fn text(&self) -> String {
        match self.fault.advice() {
            Some(help) => format!("{}\nhelp: {help}", self.fault.message),
            None => self.fault.message.clone(),
        }
    }
}

/// Returns a log of one run with all findings.
pub fn sarif<'a>(findings: impl IntoIterator<Item = Finding<'a>>) -> Value {
    let findings: Vec<Finding<'a>> = findings.into_iter().collect();
    let told: BTreeSet<Code> = findings.iter().map(|finding| finding.fault.code).collect();
    let codes = told.into_iter().enumerate().map(|(index, code)| (code, index)).collect::<BTreeMap<_, _>>();
    let log = Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "az",
                    semantic_version: env!("CARGO_PKG_VERSION"),
                    rules: codes.keys().map(|code| rule(*code)).collect(),
                },
            },
            column_kind: "utf16CodeUnits",
            results: findings.iter().map(|finding| result(finding, &codes)).collect(),
        }],
    };
    serde_json::to_value(log).expect("a log holds texts and numbers only")
}

fn rule(code: Code) -> Rule {
    let info = all_codes().find(|info| info.code == code);
    let (title, text) = info.map_or(("", ""), |info| (info.title, info.text));
    Rule { id: code.to_string(), short_description: Message::new(title), help: Message::new(text) }
}

fn result(finding: &Finding<'_>, codes: &BTreeMap<Code, usize>) -> SarifResult {
    let fault = finding.fault;
    let location = |source: &Source, label: &Label, id: Option<usize>| Location {
        id,
        physical: PhysicalLocation {
            artifact_location: Artifact::new(&source.name),
            region: Some(Region::new(source, label.span)),
        },
        message: label.text.as_deref().map(Message::new),
    };
    let (locations, related_locations) = match (finding.place(), finding.file()) {
        (Some((source, main)), _) => {
            let others = fault.labels.iter().enumerate().skip(1);
            (
                vec![location(source, main, None)],
                others.map(|(id, label)| location(source, label, Some(id))).collect(),
            )
        }
        (None, Some(path)) => {
            let physical = PhysicalLocation { artifact_location: Artifact::new(path), region: None };
            (vec![Location { id: None, physical, message: None }], Vec::new())
        }
        (None, None) => (Vec::new(), Vec::new()),
    };
    SarifResult {
        rule_id: fault.code.to_string(),
        rule_index: codes.get(&fault.code).copied().unwrap_or_default(),
        level: match fault.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        },
        message: Message::new(&finding.text()),
        locations,
        related_locations,
        fixes: finding.place().and_then(|(source, _)| fix(source, fault)).into_iter().collect(),
    }
}

fn fix(source: &Source, fault: &Diagnostic) -> Option<Fix> {
    let replacement = |edit: &Edit| Replacement {
        deleted_region: Region::new(source, edit.span),
        inserted_content: Message::new(&edit.text),
    };
    let replacements: Vec<Replacement> = fault.edits.iter().map(replacement).collect();
    (!replacements.is_empty()).then(|| Fix {
        description: Message::new(fault.help.as_deref().unwrap_or(&fault.message)),
        artifact_changes: [Change { artifact_location: Artifact::new(&source.name), replacements }],
    })
}

#[derive(Serialize)]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    column_kind: &'static str,
    results: Vec<SarifResult>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    semantic_version: &'static str,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: String,
    short_description: Message,
    help: Message,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult {
    rule_id: String,
    rule_index: usize,
    level: &'static str,
    message: Message,
    locations: Vec<Location>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<Fix>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    #[serde(rename = "physicalLocation")]
    physical: PhysicalLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: Artifact,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Artifact {
    uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri_base_id: Option<&'static str>,
}

impl Artifact {
    /// Names a file: relative to the root of the sources, or by itself if it lies elsewhere.
    fn new(path: &str) -> Self {
        let uri = encoded(path);
        if path.starts_with('/') {
            Self { uri: format!("file://{uri}"), uri_base_id: None }
        } else {
            Self { uri, uri_base_id: Some("%SRCROOT%") }
        }
    }
}

/// Writes a path as the path of a URI.
fn encoded(path: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    path.bytes()
        .map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// A place in both ways of counting: lines and columns from 1, the end behind the last column; and bytes.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    start_column: usize,
    end_line: usize,
    end_column: usize,
    byte_offset: usize,
    byte_length: usize,
}

impl Region {
    fn new(source: &Source, span: Span) -> Self {
        let span = source.clamp(span);
        let (start, end) = (source.place_utf16(span.start), source.place_utf16(span.end));
        Self {
            start_line: start.line,
            start_column: start.column,
            end_line: end.line,
            end_column: end.column,
            byte_offset: span.start,
            byte_length: span.len(),
        }
    }
}

#[derive(Serialize)]
struct Message {
    text: String,
}

impl Message {
    fn new(text: &str) -> Self {
        Self { text: text.to_owned() }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Fix {
    description: Message,
    artifact_changes: [Change; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Change {
    artifact_location: Artifact,
    replacements: Vec<Replacement>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Replacement {
    deleted_region: Region,
    inserted_content: Message,
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diag::code;

    #[test]
    fn a_finding_has_its_rule_places_and_fix() {
        let text = "\u{feff}{\"🚀\": 1,\r\n \"naem\": 2}";
        let source = Arc::new(Source::new("playbooks/a b.json", text));
        let at = |word: &str| Span::new(text.find(word).unwrap(), text.find(word).unwrap() + word.len());
        let fault = Diagnostic::error(code::UNKNOWN_FIELD, "unknown field `naem`")
            .source(&source)
            .label(at("\"naem\""), "no such field")
            .label(at("\"🚀\""), "beside this")
            .help("did you mean `name`?")
            .edit(at("\"naem\""), "\"name\"");
        let elsewhere = Diagnostic::warning(code::NO_SUCH_FOLDER, "none");
        let findings = [
            Finding { path: None, fault: &fault },
            Finding { path: Some("/etc/x.json"), fault: &elsewhere },
            Finding { path: None, fault: &elsewhere },
        ];
        let mut log = sarif(findings);
        log["runs"][0]["tool"]["driver"]["semanticVersion"] = "VERSION".into();
        insta::assert_json_snapshot!(log);
    }
}
