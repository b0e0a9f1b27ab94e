//! Diagnostics for people (miette's graphical reporter) and for programs (JSON).

use std::fmt;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};
use serde_json::{Value, json};

use super::{Diagnostic, Label, Severity};
use crate::base::{harmless, harmless_name};

/// How text for people may look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Colours may be used.
    pub color: bool,
    /// Characters outside ASCII may be used.
    pub unicode: bool,
    /// Columns to wrap at.
    pub width: usize,
}

impl Look {
    /// Returns the look without colour, 80 columns wide.
    pub fn plain() -> Self {
        Self { color: false, unicode: true, width: 80 }
    }
}

/// Renders one diagnostic with its source lines, ended by a newline.
pub fn render(diagnostic: &Diagnostic, look: Look) -> String {
    let theme = match (look.color, look.unicode) {
        (true, true) => GraphicalTheme::unicode(),
        (false, true) => GraphicalTheme::unicode_nocolor(),
        (_, false) => GraphicalTheme::none(),
    };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(look.width).with_context_lines(1);
    let mut out = String::new();
    let adapter = Adapter::new(diagnostic);
    if handler.render_report(&mut out, &adapter).is_err() {
        // miette fails only on a source it cannot slice; the message alone is still worth reading.
        out = format!("{}[{}]: {}\n", diagnostic.severity.as_str(), diagnostic.code, diagnostic.message);
    }
    out
}

/// Returns the diagnostic in the form of `az.check/v1`.
pub fn to_json(diagnostic: &Diagnostic) -> Value {
    let labels: Vec<Value> = diagnostic.labels.iter().map(|label| label_to_json(diagnostic, label)).collect();
    let mut value = json!({
        "code": diagnostic.code.to_string(),
        "severity": diagnostic.severity.as_str(),
        "message": diagnostic.message,
        "labels": labels,
    });
    if let Some(help) = &diagnostic.help {
        value["help"] = json!(help);
    }
    if let Some(source) = &diagnostic.source {
        value["file"] = json!(&*source.name);
    }
    value
}

fn label_to_json(diagnostic: &Diagnostic, label: &Label) -> Value {
    let mut value = json!({ "start": label.span.start, "end": label.span.end });
    if let Some(source) = &diagnostic.source {
        let place = source.place(label.span.start);
        value["line"] = json!(place.line);
        value["column"] = json!(place.column);
    }
    if let Some(text) = &label.text {
        value["text"] = json!(text);
    }
    value
}

/// Shows a diagnostic to miette.
struct Adapter<'a> {
    diagnostic: &'a Diagnostic,
    source: Option<NamedSource<String>>,
    labels: Vec<LabeledSpan>,
}

impl<'a> Adapter<'a> {
    fn new(diagnostic: &'a Diagnostic) -> Self {
        let source = diagnostic.source.as_deref();
        let labels = diagnostic.labels.iter().map(|label| {
            let span = source.map_or(label.span, |source| source.clamp(label.span));
            let text = label.text.as_ref().map(|text| harmless(text).into_owned());
            LabeledSpan::new(text, span.start, span.len())
        });
        Self {
            diagnostic,
            labels: labels.collect(),
            source: source
                .map(|source| NamedSource::new(harmless_name(&source.name), harmless_text(&source.text))),
        }
    }
}

/// Replaces what a terminal would obey by as many bytes that it does not, so that places stay where they are.
fn harmless_text(text: &str) -> String {
    let harmless = |c: char| match c {
        '\n' | '\r' | '\t' => c,
        _ if c.is_ascii_control() => '?',
        _ if c.is_control() => '¿',
        _ => c,
    };
    text.chars().map(harmless).collect()
}

impl miette::Diagnostic for Adapter<'_> {
    fn code(&self) -> Option<Box<dyn fmt::Display + '_>> {
        Some(Box::new(self.diagnostic.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.diagnostic.severity {
            Severity::Note => miette::Severity::Advice,
            Severity::Warning => miette::Severity::Warning,
            Severity::Error => miette::Severity::Error,
        })
    }

    fn help(&self) -> Option<Box<dyn fmt::Display + '_>> {
        self.diagnostic.help.as_ref().map(|help| Box::new(harmless(help)) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        if self.labels.is_empty() || self.source.is_none() {
            return None;
        }
        Some(Box::new(self.labels.iter().cloned()))
    }
}

impl fmt::Display for Adapter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&harmless(&self.diagnostic.message))
    }
}

impl fmt::Debug for Adapter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.diagnostic, f)
    }
}

impl std::error::Error for Adapter<'_> {}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        base::Span,
        diag::{Source, code},
    };

    fn sample(text: &str, word: &str) -> Diagnostic {
        let start = text.find(word).unwrap();
        Diagnostic::error(code::UNKNOWN_FIELD, format!("unknown field `{word}`"))
            .source(&Arc::new(Source::new("playbooks/ci.json", text)))
            .label(Span::new(start, start + word.len()), "not a job field")
            .help("did you mean `needs`?")
    }

    #[test]
    fn the_label_stands_under_the_word_after_wide_text_tabs_and_crlf() {
        let text = "\u{feff}{\r\n  \"naïve 🚀\": 1,\t\"neeeds\": []\r\n}\r\n";
        insta::assert_snapshot!(render(&sample(text, "neeeds"), Look::plain()));
    }

    #[test]
    fn json_has_line_and_column() {
        insta::assert_json_snapshot!(to_json(&sample("é\n ab", "ab")));
    }

    #[test]
    fn a_span_outside_the_text_is_no_panic() {
        let mut diagnostic = sample("{}", "{");
        diagnostic.labels[0].span = Span::new(100, 200);
        assert!(render(&diagnostic, Look::plain()).contains("unknown field"));
    }
}
