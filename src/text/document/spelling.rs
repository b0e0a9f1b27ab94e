//! How a value is written in the place of another, for what az writes into a file itself.
//!
//! Knows the simple spellings only: what would need an escape, or could be read as something else, is not written.

use super::Format;

impl Format {
    /// Returns the format that a file of this name is written in.
    pub fn of_file(name: &str) -> Option<Self> {
        let file = name.rsplit('/').next().unwrap_or(name);
        file.rsplit_once('.').and_then(|(_, extension)| Self::from_extension(extension))
    }

    /// Writes a list around one value as it stands in the file; nothing if the value would be read as another there.
    pub fn list_around(self, written: &str) -> Option<String> {
        let is_quoted = written.starts_with(['"', '\'']);
        match self {
            Self::Yaml if !is_quoted && !written.chars().all(is_plain) => None,
            _ => Some(self.list(&[written])),
        }
    }

    /// Writes a text in the place of another, with the quotes that one has; nothing if that is not certain to be read
    /// as the text.
    ///
    /// `written` is what stands in the file for the text `old`.
    pub fn text_instead(self, written: &str, old: &str, new: &str) -> Option<String> {
        if new.is_empty() || !new.chars().all(|c| is_plain(c) || "./:*".contains(c)) {
            return None;
        }
        if written == old {
            let is_bare = new.starts_with(|c: char| c.is_ascii_alphabetic())
                && new.chars().all(is_plain)
                && !WORDS.iter().any(|word| word.eq_ignore_ascii_case(new))
                && !(self == Self::Psd1 && new.contains('-'));
            return if is_bare && self != Self::Json { Some(new.to_owned()) } else { Some(self.text(new)) };
        }
        let quote = written.chars().next().filter(|c| "\"'".contains(*c))?;
        let inside = written.strip_prefix(quote)?.strip_suffix(quote)?;
        (inside == old).then(|| format!("{quote}{new}{quote}"))
    }
}

/// Words that mean something else than a text where they stand without quotes.
const WORDS: [&str; 12] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "inf", "nan", "none"];

/// Tells whether a character stands for itself in every format, wherever it stands in a word.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::{
        diag::Source,
        text::document::{NodeValue, read},
    };

    #[test]
    fn a_file_tells_its_format() {
        assert_eq!(Format::of_file("playbooks/a.b/ci.JSON"), Some(Format::Json));
        assert_eq!(Format::of_file("scripts.json/0100_x"), None);
        assert_eq!(Format::of_file("command line"), None);
    }

    #[test]
    fn a_text_takes_the_quotes_of_the_one_it_replaces() {
        for (format, written, old, new, expected) in [
            (Format::Json, "\"neds\"", "neds", "needs", Some("\"needs\"")),
            (Format::Toml, "neds", "neds", "needs", Some("needs")),
            (Format::Toml, "'neds'", "neds", "needs", Some("'needs'")),
            (Format::Toml, "'''neds'''", "neds", "needs", None),
            (Format::Yaml, "biuld", "biuld", "build", Some("build")),
            (Format::Yaml, "ture", "ture", "true", Some("\"true\"")),
            (Format::Yaml, "1x", "1x", "0100", Some("\"0100\"")),
            (Format::Psd1, "neds", "neds", "fail-fast", Some("'fail-fast'")),
            (Format::Json, "\"n\\u0065ds\"", "neds", "needs", None),
            (Format::Json, "\"a\"", "a", "b\"c", None),
        ] {
            assert_eq!(format.text_instead(written, old, new).as_deref(), expected, "{written} {new}");
        }
    }

    #[test]
    fn a_value_becomes_a_list_of_one() {
        assert_eq!(Format::Psd1.list_around("'a'").as_deref(), Some("@('a')"));
        assert_eq!(Format::Json.list_around("\"a\"").as_deref(), Some("[\"a\"]"));
        assert_eq!(Format::Yaml.list_around("a").as_deref(), Some("[a]"));
        assert_eq!(Format::Yaml.list_around("a: b"), None);
    }

    proptest! {
        #[test]
        fn any_text_that_is_written_instead_is_read_as_the_same(
            old in "[a-zé]{1,6}",
            new in "[a-z0-9_./:*-]{1,5}|true|null|é|\"|'",
        ) {
            for (format, written, before, behind) in [
                (Format::Json, format!("\"{old}\""), "{\"a\": ", "}"),
                (Format::Toml, format!("\"{old}\""), "a = ", "\n"),
                (Format::Toml, format!("'{old}'"), "a = ", "\n"),
                (Format::Yaml, old.clone(), "a: ", "\n"),
                (Format::Yaml, format!("'{old}'"), "{a: ", "}\n"),
                (Format::Yaml, old.clone(), "- a: [", "]\n"),
                (Format::Psd1, format!("'{old}'"), "@{a=", "}"),
                (Format::Psd1, format!("\"{old}\""), "@{a=", "}"),
            ] {
                let Some(written) = format.text_instead(&written, &old, &new) else { continue };
                let source = Arc::new(Source::new("t", format!("{before}{written}{behind}")));
                let (tree, faults) = read(&source, format);
                prop_assert_eq!(faults, vec![]);
                let tree = tree.unwrap();
                let places = ["/a", "/0/a/0"];
                let value = places.iter().find_map(|place| tree.find(place)).map(|node| node.value.clone());
                prop_assert_eq!(value, Some(NodeValue::Text(new.clone())), "{:?}", source.text);
            }
        }
    }
}
