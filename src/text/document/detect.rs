//! Which data format a text is written in.

use super::Format;

impl Format {
    /// Returns the format of a text by what it begins with; the extension (without dot) decides only where that is
    /// open, and where there is none, it is JSON.
    ///
    /// A mistake in the first line makes no other format of a file whose other lines are what its name says.
    pub fn detect(extension: Option<&str>, text: &str) -> Self {
        let named = extension.and_then(Self::from_extension);
        let Some(seen) = by_content(text) else { return named.unwrap_or(Self::Json) };
        match named {
            // Every JSON text is one of YAML too, whose remarks JSON does not know.
            Some(Format::Yaml) if seen == Format::Json => Format::Yaml,
            Some(named) if named != seen && is_of_lines(seen) && is_of_lines(named) => {
                let keeps = text.lines().any(|line| by_line(line) == Some(named));
                if keeps { named } else { seen }
            }
            _ => seen,
        }
    }
}

/// Tells whether each line of a format's texts shows that it is one.
fn is_of_lines(format: Format) -> bool {
    matches!(format, Format::Yaml | Format::Toml)
}

/// Returns the format, if the begin of the text leaves no doubt.
fn by_content(text: &str) -> Option<Format> {
    let (rest, format) = behind_remarks(text.strip_prefix('\u{feff}').unwrap_or(text));
    if format.is_some() {
        return format;
    }
    if rest.starts_with("@{") || rest.starts_with("@(") {
        return Some(Format::Psd1);
    }
    if let Some(inner) = rest.strip_prefix('{') {
        return behind_remarks(inner).0.starts_with(['"', '}']).then_some(Format::Json);
    }
    let line = rest.lines().next().unwrap_or_default();
    if let Some(inner) = rest.strip_prefix('[') {
        return if is_header(line) { Some(Format::Toml) } else { in_brackets(behind_remarks(inner).0) };
    }
    by_line(line)
}

/// Returns what stands behind blank lines and remarks, and the format if the remarks show it.
fn behind_remarks(text: &str) -> (&str, Option<Format>) {
    let mut rest = text.trim_start();
    let mut format = None;
    loop {
        let behind = if rest.starts_with("<#") {
            return (rest, Some(Format::Psd1));
        } else if rest.starts_with("//") {
            format = Some(Format::Json);
            rest.find('\n').map(|end| &rest[end..])
        } else if rest.starts_with("/*") {
            format = Some(Format::Json);
            rest.find("*/").map(|end| &rest[end + 2..])
        } else if rest.starts_with('#') {
            rest.find('\n').map(|end| &rest[end..])
        } else {
            return (rest, format);
        };
        rest = behind.unwrap_or_default().trim_start();
    }
}

/// Returns JSON if that is what begins behind `[`.
fn in_brackets(inner: &str) -> Option<Format> {
    let is_word = ["true", "false", "null"].iter().any(|word| inner.starts_with(word));
    let is_value = |first: char| matches!(first, '"' | '{' | '[' | ']' | '-') || first.is_ascii_digit();
    (is_word || inner.starts_with(is_value)).then_some(Format::Json)
}

/// Tells whether a line is the header of a TOML table; `[1]` and `["a"]` are taken for lists.
fn is_header(line: &str) -> bool {
    let line = line.split_once('#').map_or(line, |(before, _)| before).trim();
    let inner = match line.strip_prefix("[[").and_then(|rest| rest.strip_suffix("]]")) {
        Some(inner) => Some(inner),
        None => line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')),
    };
    inner.is_some_and(|inner| {
        let name = inner.trim();
        let is_word = matches!(name, "true" | "false" | "null");
        !is_word
            && name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && is_toml_key(name)
    })
}

/// Tells whether a text can be a key of TOML; what stands in quotes can be anything.
fn is_toml_key(key: &str) -> bool {
    let is_part = |part: &str| {
        let part = part.trim();
        let is_quoted = part.len() > 1 && part.starts_with(['"', '\'']) && part.ends_with(['"', '\'']);
        let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        is_quoted || (!part.is_empty() && part.chars().all(is_bare))
    };
    key.split('.').all(is_part)
}

/// Returns the format that a line shows: a header or `key = value` of TOML, an item, a mark or `key: value` of YAML.
fn by_line(line: &str) -> Option<Format> {
    let line = line.trim_end();
    let is_mark =
        |mark: &str| line == mark || line.strip_prefix(mark).is_some_and(|rest| rest.starts_with(' '));
    if ["---", "-", "?", "%YAML", "%TAG"].into_iter().any(is_mark) {
        return Some(Format::Yaml);
    }
    if is_header(line) {
        return Some(Format::Toml);
    }
    let key = key_length(line);
    let (name, rest) = line.split_at(key);
    if name.is_empty() || name.starts_with([' ', '\t', '#', '{', '[', '@', '/']) {
        None
    } else if rest.starts_with('=') {
        is_toml_key(name.trim()).then_some(Format::Toml)
    } else {
        rest.starts_with(':').then_some(Format::Yaml)
    }
}

/// Returns the length of what stands before the first `=`, or `:` with a blank or the line's end behind it.
fn key_length(line: &str) -> usize {
    let bytes = line.as_bytes();
    let first = bytes.first().copied().filter(|byte| matches!(byte, b'"' | b'\''));
    let quoted = first.and_then(|quote| bytes.iter().skip(1).position(|byte| *byte == quote));
    let from = quoted.map_or(0, |length| length + 2);
    let is_end = |at: &usize| match bytes[*at] {
        b'=' => true,
        b':' => bytes.get(at + 1).is_none_or(u8::is_ascii_whitespace),
        _ => false,
    };
    (from..bytes.len()).find(is_end).unwrap_or(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::testing::shared;

    #[test]
    fn every_file_of_the_corpus_is_what_its_name_says() {
        let Some(corpus) = shared("corpus/playbooks") else { return };
        let (mut folders, mut count) = (vec![corpus], 0);
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let text = std::fs::read_to_string(&path).unwrap();
                let named =
                    path.extension().and_then(|extension| Format::from_extension(extension.to_str()?));
                assert_eq!(Some(Format::detect(None, &text)), named, "{}", path.display());
                count += 1;
            }
        }
        assert!(count > 100, "{count} files");
    }

    #[test]
    fn the_content_tells_the_format() {
        use Format::{Json, Psd1, Toml, Yaml};
        for (text, format) in [
            ("\u{feff}{\"a\": 1}", Json),
            ("\r\n\t {\n // c\n \"a\": 1}", Json),
            ("// c\n/* { */ {a: 1}", Json),
            ("{}", Json),
            ("[\"0402\"]", Json),
            ("[\n {\"a\": 1}]", Json),
            ("[[1], 2]", Json),
            ("[-1]", Json),
            ("[true]", Json),
            ("# c\n\n[table]\na = 1", Toml),
            ("[[jobs]] # c\n", Toml),
            ("[a.'b c'.\"d\"]", Toml),
            ("name = \"x: y\"", Toml),
            ("\"a b\" = 1", Toml),
            ("a.b = { c = 1 }", Toml),
            ("name: x = y", Yaml),
            ("'a = b': 1", Yaml),
            ("\"a\": 1", Yaml),
            ("a b:\n  - c", Yaml),
            ("# c\n---\n", Yaml),
            ("--- # c", Yaml),
            ("- 0402", Yaml),
            ("-\n  a: 1", Yaml),
            ("%YAML 1.2\n---\n", Yaml),
            ("? a\n: b", Yaml),
            ("0402: x", Yaml),
            ("url: http://x", Yaml),
            ("#Requires -Version 7.0\n@{\n a = 1 }", Psd1),
            ("<#\n a: 1 #>\n@{}", Psd1),
            ("@(1, 2)", Psd1),
        ] {
            for extension in [None, Some("json"), Some("yaml"), Some("toml"), Some("psd1"), Some("txt")] {
                let is_yaml_too = format == Json && extension == Some("yaml");
                let format = if is_yaml_too { Yaml } else { format };
                assert_eq!(Format::detect(extension, text), format, "{text:?} as {extension:?}");
            }
        }
    }

    #[test]
    fn the_name_decides_where_the_content_does_not() {
        for text in
            ["", "# only\n", "{a: 1}", "[a, b]", "hello", "a:b", "$x = 1", "export A=1", "@x", "{'a': 1}"]
        {
            for (extension, format) in [
                (None, Format::Json),
                (Some("jsonc"), Format::Json),
                (Some("YML"), Format::Yaml),
                (Some("toml"), Format::Toml),
                (Some("psd1"), Format::Psd1),
            ] {
                assert_eq!(Format::detect(extension, text), format, "{text:?} as {extension:?}");
            }
        }
    }

    #[test]
    fn a_slip_in_the_first_line_makes_no_other_format() {
        assert_eq!(Format::detect(Some("toml"), "name: \"x\"\nsequence = []\n"), Format::Toml);
        assert_eq!(Format::detect(Some("toml"), "name: x\nsequence: []\n"), Format::Yaml);
        assert_eq!(Format::detect(Some("yaml"), "name = x\nsequence:\n- 0402\n"), Format::Yaml);
        assert_eq!(Format::detect(Some("yaml"), "name = 'x'\n[jobs]\n"), Format::Toml);
    }
}
