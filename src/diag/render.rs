//! Diagnostics for people (miette's graphical reporter) and for programs (JSON).

use std::fmt;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode};
use serde_json::{Value, json};

use super::{Diagnostic, Label, Severity, excerpt::Excerpt};
use crate::base::harmless;

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
    let adapter = Adapter::new(diagnostic, look);
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
    if !diagnostic.edits.is_empty() {
        let edits = diagnostic.edits.iter();
        let edits =
            edits.map(|edit| json!({ "start": edit.span.start, "end": edit.span.end, "text": edit.text }));
        value["edits"] = edits.collect();
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
    source: Option<Excerpt>,
    labels: Vec<LabeledSpan>,
}

impl<'a> Adapter<'a> {
    fn new(diagnostic: &'a Diagnostic, look: Look) -> Self {
        let mark = if look.unicode { "…" } else { "..." };
        let spans = || diagnostic.labels.iter().map(|label| label.span);
        let source = diagnostic.source.as_deref().map(|source| Excerpt::new(source, spans(), mark));
        let shown = source.iter().flat_map(Excerpt::labels);
        let labels = diagnostic.labels.iter().zip(shown).map(|(label, span)| {
            let text = label.text.as_ref().map(|text| harmless(text).into_owned());
            LabeledSpan::new(text, span.start, span.len())
        });
        Self { diagnostic, labels: labels.collect(), source }
    }
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
        self.diagnostic.advice().map(|help| Box::new(harmless(&help).into_owned()) as Box<dyn fmt::Display>)
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
    fn of_a_long_line_only_what_is_marked_is_shown() {
        let filler = "\"é🚀\": 1, ".repeat(1000);
        let text = format!("{{{filler}\r\n{filler}\"neeeds\": 1, {filler}\"needs\": 2}}\r\n{filler}");
        let mut diagnostic = sample(&text, "neeeds");
        let start = text.find("needs").unwrap();
        diagnostic.labels.push(Label { span: Span::new(start, start + 5), text: Some("first".into()) });
        insta::assert_snapshot!(render(&diagnostic, Look::plain()));
        let place = diagnostic.source.as_ref().unwrap().place(text.find("neeeds").unwrap());
        assert_eq!(
            (place.line, to_json(&diagnostic)["labels"][0]["column"].as_u64()),
            (2, Some(place.column as u64))
        );
        assert!(render(&diagnostic, Look::plain()).contains(&format!(":2:{}]", place.column)));
    }

    #[test]
    fn a_huge_line_and_a_huge_label_stay_small() {
        let text = format!("[{}", "1,".repeat(1 << 20));
        for span in [Span::new(0, text.len()), Span::new(text.len(), text.len()), Span::new(1 << 20, 1 << 21)]
        {
            let mut diagnostic = sample(&text, "[");
            diagnostic.labels[0].span = span;
            let shown = render(&diagnostic, Look::plain());
            let widest = shown.lines().map(|line| line.chars().count()).max().unwrap();
            assert!(widest <= 180, "{widest} columns: {shown}");
        }
        let lines = "x: 1\n".repeat(1000);
        let mut diagnostic = sample(&lines, "x");
        diagnostic.labels[0].span = Span::new(0, lines.len());
        assert!(render(&diagnostic, Look::plain()).lines().count() < 12);
    }

    #[test]
    fn an_edit_is_in_the_json_and_people_are_told_that_az_can_write_it() {
        let plain = sample("{ab}", "ab");
        assert!(to_json(&plain).get("edits").is_none());
        let edited = plain.clone().edit(Span::new(1, 3), "needs");
        assert_eq!(to_json(&edited)["edits"], serde_json::json!([{ "start": 1, "end": 3, "text": "needs" }]));
        assert_eq!(to_json(&edited)["help"], to_json(&plain)["help"]);
        assert!(render(&edited, Look::plain()).contains("did you mean `needs`? (az check --fix writes it)"));
    }

    #[test]
    fn a_span_outside_the_text_is_no_panic() {
        let mut diagnostic = sample("{}", "{");
        diagnostic.labels[0].span = Span::new(100, 200);
        assert!(render(&diagnostic, Look::plain()).contains("unknown field"));
    }
}
