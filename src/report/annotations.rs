//! Diagnostics as the workflow commands that GitHub shows beside the lines.
//!
//! Knows how such commands are escaped. Does not know where diagnostics come from.

use std::fmt::Write;

use super::Finding;
use crate::{
    base::harmless,
    diag::{Diagnostic, Severity, Source},
};

/// Returns one line of text a finding: `::error file=a.json,line=1,col=2,title=AZ0203::message%0Ahelp: ...`.
pub fn annotations<'a>(findings: impl IntoIterator<Item = Finding<'a>>) -> String {
    let lines = findings.into_iter().map(|finding| annotation(&finding));
    lines.collect()
}

fn annotation(finding: &Finding<'_>) -> String {
    let fault = finding.fault;
    let command = match fault.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let mut properties = String::new();
    if let Some(path) = finding.file() {
        _ = write!(properties, "file={},", escaped_property(path));
    }
    if let Some((source, _)) = finding.place() {
        properties += &place(source, fault);
    }
    _ = write!(properties, "title={}", fault.code);
    format!("::{command} {properties}::{}\n", escaped(&finding.text()))
}

/// Writes the main place; columns are only taken of a place on one line.
fn place(source: &Source, fault: &Diagnostic) -> String {
    let Some(label) = fault.labels.first() else { return String::new() };
    let (start, end) = (source.place(label.span.start), source.place(label.span.end));
    if start.line == end.line {
        format!("line={0},endLine={0},col={1},endColumn={2},", start.line, start.column, end.column)
    } else {
        format!("line={},endLine={},", start.line, end.line)
    }
}

/// Returns a notification as a workflow command, one line of text: `::notice::all is well`.
pub fn workflow_command(level: &str, message: &str) -> String {
    let command = match level {
        "error" => "error",
        "warning" => "warning",
        "debug" => "debug",
        _ => "notice",
    };
    format!("::{command}::{}\n", escaped(&harmless(message)))
}

fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn escaped_property(text: &str) -> String {
    escaped(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{base::Span, diag::code};

    fn shown(fault: &Diagnostic, path: Option<&str>) -> String {
        annotations([Finding { path, fault }])
    }

    #[test]
    fn a_place_is_given_with_line_and_columns() {
        let source = Arc::new(Source::new("playbooks/a,b:c%.json", "é\n {\"naem\"}"));
        let fault = Diagnostic::error(code::UNKNOWN_FIELD, "unknown field `naem`: 100%\r\nbad")
            .source(&source)
            .label(Span::new(5, 11), "no such field")
            .help("did you mean `name`?");
        assert_eq!(
            shown(&fault, None),
            "::error file=playbooks/a%2Cb%3Ac%25.json,line=2,endLine=2,col=3,endColumn=9,title=AZ0203::\
             unknown field `naem`: 100%25%0D%0Abad%0Ahelp: did you mean `name`?\n"
        );
        let long = Diagnostic { labels: vec![], ..fault }.at(Span::new(0, 5));
        assert!(shown(&long, None).contains(",line=1,endLine=2,title="), "{}", shown(&long, None));
    }

    #[test]
    fn what_has_no_place_names_its_file_or_nothing() {
        let fault = Diagnostic::note(code::MORE_MISTAKES, "2 more");
        assert_eq!(shown(&fault, Some("az.toml")), "::notice file=az.toml,title=AZ0216::2 more\n");
        let warning = Diagnostic { severity: Severity::Warning, ..fault };
        assert_eq!(shown(&warning, None), "::warning title=AZ0216::2 more\n");
    }

    #[test]
    fn a_notification_is_one_line_whatever_it_says() {
        assert_eq!(
            workflow_command("success", "100 %\n::error::x\u{1b}[2J"),
            "::notice::100 %25%0A::error::x\\u{1b}[2J\n"
        );
        assert_eq!(workflow_command("warning", "a\r"), "::warning::a\\r\n");
        assert_eq!(workflow_command("debug", ""), "::debug::\n");
    }

    #[test]
    fn the_command_line_is_no_file() {
        let source = Arc::new(Source::new(crate::text::sequence::COMMAND_LINE, "0999"));
        let fault = Diagnostic::error(code::NO_SUCH_NUMBER, "none").source(&source).at(Span::new(0, 4));
        assert_eq!(shown(&fault, None), "::error title=AZ0104::none\n");
    }
}
