//! How values are named and written in each format, for helps that can be copied into the file.

use super::Format;

impl Format {
    /// Returns what named values are called, without article: `object`.
    pub fn table_noun(self) -> &'static str {
        match self {
            Self::Json => "object",
            Self::Yaml => "mapping",
            Self::Toml => "table",
            Self::Psd1 => "hashtable",
        }
    }

    /// Returns what named values are called, with article: `an object`.
    pub fn table(self) -> &'static str {
        match self {
            Self::Json => "an object",
            Self::Yaml => "a mapping",
            Self::Toml => "a table",
            Self::Psd1 => "a hashtable",
        }
    }

    /// Writes a text: `"text"`, in psd1 `'text'`.
    pub fn text(self, text: &str) -> String {
        match self {
            Self::Psd1 => format!("'{}'", text.replace('\'', "''")),
            _ => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
        }
    }

    /// Writes a boolean: `true`, in psd1 `$true`.
    pub fn boolean(self, value: bool) -> &'static str {
        match (self, value) {
            (Self::Psd1, true) => "$true",
            (Self::Psd1, false) => "$false",
            (_, true) => "true",
            (_, false) => "false",
        }
    }

    /// Writes a list of values that are written already: `[a, b]`, in psd1 `@(a, b)`.
    pub fn list(self, items: &[&str]) -> String {
        match self {
            Self::Psd1 => format!("@({})", items.join(", ")),
            _ => format!("[{}]", items.join(", ")),
        }
    }

    /// Writes a list of texts: `["a", "b"]`.
    pub fn texts(self, texts: &[&str]) -> String {
        let texts: Vec<String> = texts.iter().map(|text| self.text(text)).collect();
        self.list(&texts.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Writes a named value: `"name": value`, `name: value` or `name = value`.
    pub fn field(self, name: &str, value: &str) -> String {
        match self {
            Self::Json => format!("\"{name}\": {value}"),
            Self::Yaml => format!("{name}: {value}"),
            Self::Toml | Self::Psd1 => format!("{name} = {value}"),
        }
    }

    /// Writes named values in one line, of one that is written already: `{ "name": value }`.
    pub fn record(self, field: &str) -> String {
        match self {
            Self::Psd1 => format!("@{{ {field} }}"),
            _ => format!("{{ {field} }}"),
        }
    }

    /// Writes a whole file that holds one value: in YAML and TOML it has no brackets around it.
    pub fn file(self, field: &str) -> String {
        match self {
            Self::Json | Self::Psd1 => self.record(field),
            Self::Yaml | Self::Toml => field.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        diag::Source,
        text::document::{NodeValue, read},
    };

    #[test]
    fn what_is_written_is_read_back() {
        for format in [Format::Json, Format::Yaml, Format::Toml] {
            let list = format.list(&[&format.text("a\\ \"b\""), format.boolean(true)]);
            let table = format.record(&format.field("x", &list));
            let text = format.file(&format.field("outer", &table));
            let (tree, faults) = read(&Arc::new(Source::new("file", text.as_str())), format);
            assert_eq!(faults, [], "{text}");
            let tree = tree.unwrap();
            assert_eq!(tree.find("/outer/x/0").unwrap().value, NodeValue::Text("a\\ \"b\"".into()), "{text}");
            assert_eq!(tree.find("/outer/x/1").unwrap().value, NodeValue::Bool(true), "{text}");
        }
    }

    #[test]
    fn psd1_has_signs_of_its_own() {
        let format = Format::Psd1;
        let list = format.list(&[&format.text("it's"), format.boolean(false)]);
        assert_eq!(format.file(&format.field("x", &list)), "@{ x = @('it''s', $false) }");
    }
}
