//! Variables on the command line: one by one, several in one text, or in files.
//!
//! Knows how they are written. Does not know who takes them, nor of which type they are to be.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use serde_json::Value;

use super::{
    arguments::{Output, Request},
    build::start_folder,
};
use crate::{
    base::Span,
    diag::{Diagnostic, Source, code},
    model::{decode, settings},
    sys::System,
    text::{document::Format, sequence::COMMAND_LINE},
};

/// Variables by name, each name once in any case.
type Variables = BTreeMap<String, Value>;

/// Reads all variables of a request: those of files, above them those of the command line.
pub(super) fn of_request(
    system: &Arc<dyn System>,
    output: &Output,
    words: &Request,
) -> Result<Variables, Box<Diagnostic>> {
    let mut all = Variables::new();
    for path in &words.variable_files {
        lay_over(&mut all, of_file(system, &start_folder(system, output), path)?);
    }
    lay_over(&mut all, assigned(&words.assignments)?);
    lay_over(&mut all, given(&words.variables)?);
    Ok(all)
}

fn lay_over(all: &mut Variables, above: Variables) {
    all.retain(|name, _| !above.keys().any(|other| other.eq_ignore_ascii_case(name)));
    all.extend(above);
}

/// Reads words of which each is `NAME=TEXT` or `NAME:=JSON`; of a name that is given twice the last word holds.
pub(super) fn given(words: &[String]) -> Result<Variables, Box<Diagnostic>> {
    let mut all = Variables::new();
    for word in words {
        let (name, value) = variable(word, false)?;
        lay_over(&mut all, Variables::from([(name, value)]));
    }
    Ok(all)
}

/// Reads texts of which each sets several variables: as `NAME=TEXT NAME:=JSON`, or as a table in JSON or psd1.
pub(super) fn assigned(texts: &[String]) -> Result<Variables, Box<Diagnostic>> {
    let mut all = Variables::new();
    for text in texts {
        let text = text.trim();
        if let Some(format) = format_of_table(text) {
            lay_over(&mut all, table(&Arc::new(Source::new(COMMAND_LINE, text)), format)?);
            continue;
        }
        for piece in pieces(text)? {
            let (name, value) = variable(piece, true)?;
            lay_over(&mut all, Variables::from([(name, value)]));
        }
    }
    Ok(all)
}

/// Returns the format of a text that is a whole table, if it is one.
pub(super) fn format_of_table(text: &str) -> Option<Format> {
    match text {
        _ if text.starts_with("@{") => Some(Format::Psd1),
        _ if text.starts_with('{') => Some(Format::Json),
        _ => None,
    }
}

fn of_file(system: &Arc<dyn System>, folder: &Path, path: &Path) -> Result<Variables, Box<Diagnostic>> {
    let name = path.display().to_string();
    let unreadable = |why: String| {
        let fault = Diagnostic::error(code::UNREADABLE_FILE, format!("`{name}` cannot be read: {why}"));
        Box::new(fault.help("name a file with variables, such as vars.json: { \"version\": \"1.0\" }"))
    };
    let bytes = system.read(&folder.join(path)).map_err(|error| unreadable(error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| unreadable("it is not UTF-8".to_owned()))?;
    let format = Format::detect(path.extension().and_then(|extension| extension.to_str()), &text);
    table(&Arc::new(Source::new(name, text)), format)
}

fn table(source: &Arc<Source>, format: Format) -> Result<Variables, Box<Diagnostic>> {
    let reading = decode::read(source, format, settings::variables);
    match reading.diagnostics.into_iter().find(Diagnostic::is_error) {
        Some(fault) => Err(Box::new(fault)),
        None => Ok(reading.value.unwrap_or_default()),
    }
}

/// Parts a text at blanks, and at commas and semicolons behind which the next name stands; not inside of quotes or
/// brackets.
fn pieces(text: &str) -> Result<Vec<&str>, Box<Diagnostic>> {
    let (mut pieces, mut start, mut depth, mut quote) = (Vec::new(), 0, 0_usize, None);
    for (at, c) in text.char_indices() {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '\'' || c == '"' => quote = Some(c),
            None if "[{(".contains(c) => depth += 1,
            None if "]})".contains(c) => depth = depth.saturating_sub(1),
            None if depth == 0
                && (c.is_whitespace() || (",;".contains(c) && begins_with_name(&text[at + 1..]))) =>
            {
                pieces.push(&text[start..at]);
                start = at + c.len_utf8();
            }
            Some(_) | None => {}
        }
    }
    if quote.is_some() || depth > 0 {
        let what = if quote.is_some() { "a quote is open" } else { "a bracket is open" };
        let help = "close it, or give the variable by itself: --var NAME=TEXT takes the text as it is";
        return Err(bad(text, what, help));
    }
    pieces.push(&text[start..]);
    let pieces = pieces.into_iter().map(|piece| piece.trim_matches([',', ';']));
    Ok(pieces.filter(|piece| !piece.is_empty()).collect())
}

/// Tells whether a text begins with `NAME=` or `NAME:=`.
fn begins_with_name(text: &str) -> bool {
    let Some((name, _)) = text.trim_start().split_once('=') else { return text.trim().is_empty() };
    let name = name.strip_suffix(':').unwrap_or(name);
    name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c))
}

const FORMS: &str = "write NAME=TEXT, or NAME:=JSON as in --var retries:=3";

fn variable(word: &str, has_quotes: bool) -> Result<(String, Value), Box<Diagnostic>> {
    let whole = quoted(word).filter(|_| has_quotes);
    let word = whole.unwrap_or(word);
    let (name, value) = word.split_once('=').ok_or_else(|| bad(word, "it has no `=`", FORMS))?;
    let (name, value) = match name.strip_suffix(':') {
        Some(name) => {
            (name, serde_json::from_str(value).map_err(|error| bad(word, &error.to_string(), FORMS))?)
        }
        None if has_quotes && whole.is_none() => (name, Value::String(without_quotes(value))),
        None => (name, Value::String(value.to_owned())),
    };
    if name.trim().is_empty() {
        Err(bad(word, "it has no name", FORMS))
    } else {
        Ok((name.trim().to_owned(), value))
    }
}

/// Returns what stands in the quotes, if the whole text is in one pair of them.
fn quoted(text: &str) -> Option<&str> {
    let quote = text.chars().next().filter(|c| "'\"".contains(*c))?;
    let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
    if inner.contains(quote) { None } else { Some(inner) }
}

/// Returns a text as a shell would read it: quotes hold blanks and are no part of it.
fn without_quotes(text: &str) -> String {
    let (mut plain, mut quote) = (String::new(), None);
    for c in text.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '\'' || c == '"' => quote = Some(c),
            _ => plain.push(c),
        }
    }
    plain
}

#[expect(clippy::unnecessary_box_returns, reason = "outcomes hold boxed diagnostics")]
fn bad(word: &str, why: &str, help: &str) -> Box<Diagnostic> {
    let source = Arc::new(Source::new(COMMAND_LINE, word));
    let fault = Diagnostic::error(code::BAD_VARIABLE, format!("`{word}` is no variable: {why}"));
    let fault = fault.source(&source).label(Span::new(0, word.len()), "cannot be read");
    Box::new(fault.help(help))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Value {
        json!(assigned(&[text.to_owned()]).unwrap())
    }

    #[test]
    fn several_variables_stand_in_one_text() {
        for (text, wanted) in [
            ("target=database", json!({ "target": "database" })),
            ("a=1 b=two", json!({ "a": "1", "b": "two" })),
            ("  a=1,b=2 ; c=3;", json!({ "a": "1", "b": "2", "c": "3" })),
            ("tags=x,y,n:=2", json!({ "tags": "x,y", "n": 2 })),
            ("text='two words' b=\"a=b c\"", json!({ "text": "two words", "b": "a=b c" })),
            ("'text=two words' b=1", json!({ "text": "two words", "b": "1" })),
            (
                "list:=[1, \"a b\"] deep:={\"a\": [true]}",
                json!({ "list": [1, "a b"], "deep": { "a": [true] } }),
            ),
            ("url=https://x/?a=b,c", json!({ "url": "https://x/?a=b,c" })),
            ("empty= b=1", json!({ "empty": "", "b": "1" })),
            ("A=1 a=2", json!({ "a": "2" })),
            (
                "@{ Name = 'x'; Deep = $true; List = 1, 2 }",
                json!({ "Name": "x", "Deep": true, "List": [1, 2] }),
            ),
            ("{ \"a\": 1, \"b\": [null] }", json!({ "a": 1, "b": [null] })),
            ("", json!({})),
        ] {
            assert_eq!(read(text), wanted, "{text}");
        }
    }

    #[test]
    fn what_is_no_variable_is_told() {
        for (text, why) in [
            ("database", "it has no `=`"),
            ("=x", "it has no name"),
            ("a='x", "a quote is open"),
            ("who=O'Brien", "a quote is open"),
            ("a=( b=1", "a bracket is open"),
            ("n:=x", "expected value"),
            ("a=1 target = database", "it has no `=`"),
        ] {
            let fault = assigned(&[text.to_owned()]).unwrap_err();
            assert_eq!(fault.code, code::BAD_VARIABLE);
            assert!(fault.message.contains(why), "{text}: {}", fault.message);
        }
        assert!(assigned(&["@{ a = }".to_owned()]).is_err());
    }

    #[test]
    fn a_single_variable_is_taken_as_it_is() {
        let words = ["who=O'Brien", "q='a b'", "N:=3"].map(str::to_owned);
        assert_eq!(json!(given(&words).unwrap()), json!({ "who": "O'Brien", "q": "'a b'", "N": 3 }));
    }

    proptest! {
        #[test]
        fn any_quoted_text_comes_back(text in "[^'\"]{0,20}", name in "[a-z][a-z0-9_]{0,5}") {
            let wanted = json!({ name.clone(): text, "last": "1" });
            prop_assume!(name != "last");
            for line in [format!("{name}='{text}' last=1"), format!("{name}=\"{text}\", last=1")] {
                prop_assert_eq!(&read(&line), &wanted);
            }
        }

        #[test]
        fn any_text_is_variables_or_a_fault(text in "(?s).{0,40}") {
            _ = assigned(&[text]);
        }
    }
}
