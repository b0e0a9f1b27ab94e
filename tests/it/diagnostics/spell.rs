//! Writes one playbook in all four formats, with the place of its mistake in each.
//!
//! Knows how the formats spell tables, lists and texts. Does not know what az makes of them.
//!
//! A text of fields in JSON, such as `"one": { "name": "é 🚀", «"neeeds"»: [] }`, becomes a file a format: each of its
//! fields in a line of its own, all lines ended as Windows does, indented by tabs where the format has them. What
//! stands between `«` and `»` is the mistake; a tab stands before it, or before the text it lies in.

use std::{borrow::Cow, ops::Range};

/// Where fields stand in a playbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// At the root.
    Root,
    /// In `orchestration.jobs`, so that each is a job.
    Jobs,
}

/// A format of playbooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    Yaml,
    Toml,
    Psd1,
}

/// A file with a mistake.
pub(super) struct Written {
    pub(super) bytes: Vec<u8>,
    /// Where the mistake is; nothing if it is not marked.
    pub(super) at: Option<Range<usize>>,
}

impl Format {
    pub(super) const ALL: [Self; 4] = [Self::Json, Self::Yaml, Self::Toml, Self::Psd1];

    pub(super) fn extension(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Yaml => "yaml",
            Self::Toml => "toml",
            Self::Psd1 => "psd1",
        }
    }

    /// Returns what stands before and behind the fields, and how a line of them is indented.
    fn around(self, level: Level) -> [&'static str; 3] {
        match (self, level) {
            (Self::Json, Level::Root) => ["// été 🚀\n{\n", "}\n", "\t"],
            (Self::Json, Level::Jobs) => [
                "// été 🚀\n{\n\t\"metadata\": {\"name\": \"ci\"},\n\t\"orchestration\": {\n\t\t\"jobs\": {\n",
                "\t\t}\n\t}\n}\n",
                "\t\t\t",
            ],
            (Self::Yaml, Level::Root) => ["# été 🚀\n", "", ""],
            (Self::Yaml, Level::Jobs) => {
                ["# été 🚀\nmetadata: { name: ci }\norchestration:\n  jobs:\n", "", "    "]
            }
            (Self::Toml, Level::Root) => ["# été 🚀\n", "", "\t"],
            (Self::Toml, Level::Jobs) => {
                ["# été 🚀\nmetadata = { name = \"ci\" }\n[orchestration.jobs]\n", "", "\t"]
            }
            (Self::Psd1, Level::Root) => ["# été 🚀\n@{\n", "}\n", "\t"],
            (Self::Psd1, Level::Jobs) => [
                "# été 🚀\n@{\n\tmetadata = @{ name = 'ci' }\n\torchestration = @{\n\t\tjobs = @{\n",
                "\t\t}\n\t}\n}\n",
                "\t\t\t",
            ],
        }
    }

    fn opening(self, bracket: char) -> &'static str {
        match (self, bracket) {
            (Self::Psd1, '{') => "@{",
            (Self::Psd1, _) => "@(",
            (_, '{') => "{",
            _ => "[",
        }
    }

    fn closing(self, bracket: char) -> &'static str {
        match (self, bracket) {
            (_, '}') => "}",
            (Self::Psd1, _) => ")",
            _ => "]",
        }
    }

    /// Writes a text; the marks in it stay.
    fn text(self, text: &str, is_key: bool) -> String {
        let shown: String = text.chars().filter(|c| !"«»".contains(*c)).collect();
        let is_word = !shown.is_empty() && shown.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let is_plain = |c: char| c.is_alphanumeric() || "_ .-🚀$".contains(c);
        let is_other = ["true", "false", "null", ""].contains(&&*shown) || shown.trim() != shown;
        match self {
            Self::Toml | Self::Psd1 if is_key && is_word => text.to_owned(),
            Self::Yaml if shown.chars().all(is_plain) && !shown.starts_with('-') && !is_other => {
                text.to_owned()
            }
            Self::Psd1 => format!("'{}'", text.replace('\'', "''")),
            _ => format!("\"{text}\""),
        }
    }
}

/// Writes fields as a playbook.
pub(super) fn write(fields: &str, level: Level, format: Format) -> Written {
    let [before, behind, indent] = format.around(level);
    let lines = Translator::new(fields, format, indent).lines();
    let marked = format!("{before}{lines}{behind}").replace('\n', "\r\n");
    unmark(&marked)
}

/// Takes the marks out of a text.
pub(super) fn unmark(marked: &str) -> Written {
    let length = |end: &str| Some(bytes(&marked[..marked.find(end)?]).len());
    Written { bytes: bytes(marked), at: length("«").zip(length("»")).map(|(start, end)| start..end) }
}

/// Returns what is in the file: without marks, and with the byte 0xff, which is in no UTF-8 text, for `\u{ff}`.
fn bytes(marked: &str) -> Vec<u8> {
    let bytes = |c: char| match c {
        '\u{ff}' => vec![0xff],
        '«' | '»' => Vec::new(),
        _ => c.to_string().into_bytes(),
    };
    marked.chars().flat_map(bytes).collect()
}

impl Written {
    /// Returns what stands at a place.
    pub(super) fn text(&self, at: Range<usize>) -> String {
        let found = self.bytes.get(at).map(String::from_utf8_lossy);
        found.map_or_else(|| "<outside>".to_owned(), Cow::into_owned)
    }
}

/// Goes through a text of JSON and writes it in another format.
struct Translator<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    format: Format,
    indent: &'a str,
    open: Vec<char>,
    /// How deep the list is that is marked up to its end.
    whole: Option<usize>,
    out: String,
}

impl<'a> Translator<'a> {
    fn new(fields: &'a str, format: Format, indent: &'a str) -> Self {
        let rest = fields.chars().peekable();
        Self { rest, format, indent, open: Vec::new(), whole: None, out: indent.to_owned() }
    }

    fn lines(mut self) -> String {
        while let Some(next) = self.rest.next() {
            match next {
                ' ' | '\n' | '\r' => {}
                '"' => self.text(),
                '{' | '[' => {
                    self.open.push(next);
                    self.out.push_str(self.format.opening(next));
                    if self.rest.next_if_eq(&'»').is_some() {
                        // A list of TOML is marked as a whole, since a header of it begins with the same bracket.
                        if self.format == Format::Toml && next == '[' {
                            self.whole = Some(self.open.len());
                        } else {
                            self.out.push('»');
                        }
                    }
                    self.inside(next);
                }
                '}' | ']' => {
                    let is_whole = self.whole == Some(self.open.len());
                    self.open.pop();
                    self.inside(next);
                    self.out.push_str(self.format.closing(next));
                    if is_whole {
                        self.whole = None;
                        self.out.push('»');
                    }
                }
                ':' => self.out.push_str(if matches!(self.format, Format::Toml | Format::Psd1) {
                    " ="
                } else {
                    ":"
                }),
                ',' => self.separator(),
                _ => self.word(next),
            }
            if ":,".contains(next) {
                self.blank();
            }
        }
        self.out.push('\n');
        self.out
    }

    /// Tables have a blank inside their braces, if there is something between them.
    fn inside(&mut self, bracket: char) {
        let is_empty =
            if bracket == '}' { self.out.trim_end_matches('»').ends_with('{') } else { self.next_is('}') };
        if "{}".contains(bracket) && !is_empty {
            self.out.push(' ');
        }
    }

    fn separator(&mut self) {
        let is_line = self.open.is_empty();
        let sign = match self.format {
            Format::Json => ",",
            _ if is_line => "",
            Format::Psd1 if self.open.last() == Some(&'{') => ";",
            _ => ",",
        };
        self.out.push_str(sign);
        if is_line {
            self.out.push('\n');
        }
    }

    /// A tab goes before what is marked.
    fn blank(&mut self) {
        if self.out.ends_with('\n') {
            self.out.push_str(self.indent);
            return;
        }
        let rest: String = self.rest.clone().skip_while(|c| *c == ' ').take(2).collect();
        self.out.push(if rest.starts_with('«') || rest == "\"«" { '\t' } else { ' ' });
    }

    fn next_is(&self, wanted: char) -> bool {
        self.rest.clone().find(|c| *c != ' ') == Some(wanted)
    }

    fn text(&mut self) {
        let mut text = String::new();
        while let Some(next) = self.rest.next_if(|c| *c != '"') {
            text.push(next);
        }
        self.rest.next();
        let behind = self.rest.clone().find(|c| !" »".contains(*c));
        self.out.push_str(&self.format.text(&text, behind == Some(':')));
    }

    /// A number, a truth, a mark.
    fn word(&mut self, first: char) {
        let mut word = first.to_string();
        if !"«»".contains(first) {
            while let Some(next) = self.rest.next_if(|c| c.is_alphanumeric() || ".-+".contains(*c)) {
                word.push(next);
            }
        }
        let is_name = self.format == Format::Psd1 && ["true", "false", "null"].contains(&&*word);
        self.out.push_str(if is_name { "$" } else { "" });
        self.out.push_str(&word);
    }
}

#[test]
fn a_playbook_is_spelled_in_each_format() {
    let fields =
        r#""one": { "if": "a -eq 'b'", "n": [1, true, "0402"], «"x y"»: {}, "z": "b: c" }, "two": { }"#;
    for (format, expected, mark) in [
        (
            Format::Json,
            "\t\t\t\"one\": { \"if\": \"a -eq 'b'\", \"n\": [1, true, \"0402\"],\t\"x y\": {}, \"z\": \"b: c\" },",
            "\"x y\"",
        ),
        (Format::Yaml, "    one: { if: \"a -eq 'b'\", n: [1, true, 0402],\tx y: {}, z: \"b: c\" }", "x y"),
        (
            Format::Toml,
            "\tone = { if = \"a -eq 'b'\", n = [1, true, \"0402\"],\t\"x y\" = {}, z = \"b: c\" }",
            "\"x y\"",
        ),
        (
            Format::Psd1,
            "\t\t\tone = @{ if = 'a -eq ''b'''; n = @(1, $true, '0402');\t'x y' = @{}; z = 'b: c' }",
            "'x y'",
        ),
    ] {
        let written = write(fields, Level::Jobs, format);
        let text = written.text(0..written.bytes.len());
        assert!(!text.replace("\r\n", "").contains(['\r', '\n']), "{text}");
        assert_eq!(text.lines().find(|line| line.contains("x y")), Some(expected));
        assert_eq!(written.at.clone().map(|at| written.text(at)).as_deref(), Some(mark));
    }
}

#[test]
fn a_mark_in_a_text_is_a_part_of_it_and_a_tab_stands_before_the_text() {
    let written = write(r#""a": "«b:» c""#, Level::Root, Format::Yaml);
    assert_eq!(written.text(0..written.bytes.len()), "# été 🚀\r\na:\t\"b: c\"\r\n");
    assert_eq!(written.at.clone().map(|at| written.text(at)).as_deref(), Some("b:"));
}
