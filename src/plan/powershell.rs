//! Values in the words of PowerShell, and the command that hands a script more than texts.
//!
//! `pwsh -File` takes each argument as one text: of a list it makes one text, of a table nothing. So a script that is
//! given one is called by a command, with the values as literals, in which nothing is evaluated. JSON that the script's
//! side reads would not do: `ConvertFrom-Json` makes dates of texts that look like one, and tables whose names differ
//! by case. Knows values. Does not know which of them a script wants.

use serde_json::Value;

/// What PowerShell takes for a single quote inside of single quotes.
const QUOTES: [char; 5] = ['\'', '\u{2018}', '\u{2019}', '\u{201a}', '\u{201b}'];

/// The end of the command: exits as `-File` does. `$?` is false after an `exit` other than 0, and where the call itself
/// failed, which sets no code; a script that ends by itself has ended well, whatever programs it started came to. One
/// that throws ends the command, and with it `pwsh`, with 1.
const ENDING: &str = "; if ($?) { exit 0 }; if ($LASTEXITCODE) { exit $LASTEXITCODE }; exit 1";

/// Returns a text that no part of is evaluated.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('\'');
    for c in text.chars() {
        quoted.extend(QUOTES.contains(&c).then_some(c));
        quoted.push(c);
    }
    quoted.push('\'');
    quoted
}

/// Returns the literal of a value; nothing for a table in which two names differ only in case.
pub(super) fn literal(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null => "$null".to_owned(),
        Value::Bool(is) => format!("${is}"),
        Value::Number(number) if number.to_string().starts_with('-') => format!("({number})"),
        Value::Number(number) => number.to_string(),
        Value::String(text) => quoted(text),
        Value::Array(items) => {
            let literals = items.iter().map(literal).collect::<Option<Vec<_>>>()?;
            // Without its comma a single list would become its items.
            let comma = if items.len() == 1 { "," } else { "" };
            format!("@({comma}{})", literals.join(","))
        }
        Value::Object(entries) => {
            let mut names: Vec<String> = entries.keys().map(|name| name.to_lowercase()).collect();
            names.sort_unstable();
            names.dedup();
            if names.len() < entries.len() {
                return None;
            }
            let entry =
                |(name, value): (&String, &Value)| Some(format!("{}={}", quoted(name), literal(value)?));
            format!("@{{{}}}", entries.iter().map(entry).collect::<Option<Vec<_>>>()?.join(";"))
        }
    })
}

/// Makes of a command line that ends with `-File SCRIPT` one that calls the script with these words of PowerShell;
/// nothing if it ends otherwise.
pub(super) fn called(argv: &[String], words: &[String]) -> Option<Vec<String>> {
    let [start @ .., file, script] = argv else { return None };
    if !file.eq_ignore_ascii_case("-File") {
        return None;
    }
    // A bare name would be looked for among the commands.
    let here = if script.contains('/') { "" } else { "./" };
    let call: Vec<String> = std::iter::once(format!("& {}", quoted(&format!("{here}{script}"))))
        .chain(words.iter().cloned())
        .collect();
    let command = format!("{}{ENDING}", call.join(" "));
    Some(start.iter().cloned().chain(["-Command".to_owned(), command]).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_literals() {
        for (value, expected) in [
            (json!(null), "$null"),
            (json!(true), "$true"),
            (json!(-1.5), "(-1.5)"),
            (
                json!("it's \u{2019}so\u{2019} $x `n $(rm)\n"),
                "'it''s \u{2019}\u{2019}so\u{2019}\u{2019} $x `n $(rm)\n'",
            ),
            (json!([]), "@()"),
            (json!(["x"]), "@(,'x')"),
            (json!([["x"]]), "@(,@(,'x'))"),
            (json!([1, "b", [2, 3]]), "@(1,'b',@(2,3))"),
            (json!({}), "@{}"),
            (json!({ "a b": { "c": [null, false] } }), "@{'a b'=@{'c'=@($null,$false)}}"),
        ] {
            assert_eq!(literal(&value).as_deref(), Some(expected), "{value}");
        }
        assert_eq!(literal(&json!([{ "a": 1, "A": 2 }])), None);
    }

    #[test]
    fn a_script_is_called_by_its_path_and_ends_as_it_would_with_file() {
        let argv = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let found =
            called(&argv(&["pwsh", "-NoProfile", "-File", "scripts/it's.ps1"]), &argv(&["-T @(,'x')", "-F"]));
        let command = "& 'scripts/it''s.ps1' -T @(,'x') -F; if ($?) { exit 0 }; if ($LASTEXITCODE) { exit \
            $LASTEXITCODE }; exit 1";
        assert_eq!(found, Some(argv(&["pwsh", "-NoProfile", "-Command", command])));
        let here = called(&argv(&["pwsh", "-file", "0100_a.ps1"]), &[]).unwrap();
        assert!(here[2].starts_with("& './0100_a.ps1';"), "{here:?}");
        for other in [&["pwsh", "0100_a.ps1"][..], &["pwsh", "-File", "a.ps1", "-X"], &["pwsh"]] {
            assert_eq!(called(&argv(other), &[]), None, "{other:?}");
        }
    }

    /// Reads a quoted text as PowerShell does: two quotes stand for the second, one is the end.
    fn read(quoted: &str) -> Option<String> {
        let mut rest = quoted.chars().skip(1).peekable();
        let mut text = String::new();
        while let Some(c) = rest.next() {
            if QUOTES.contains(&c) && rest.next_if(|next| QUOTES.contains(next)).is_none() {
                return rest.next().is_none().then_some(text);
            }
            text.push(c);
        }
        None
    }

    proptest! {
        /// No text gets out of its quotes.
        #[test]
        fn any_text_is_read_back_as_it_is(text in "['\u{2018}-\u{201b}$`\"();&|\n a-cé]{0,24}") {
            prop_assert_eq!(read(&quoted(&text)), Some(text));
        }
    }
}
