//! The names of environment variables a text mentions.
//!
//! Does not know languages: every form is looked for in every text, so that a name is rather passed once too often
//! than withheld. A name that is no environment variable is harmless: it is unset, and stays so.

use std::collections::BTreeSet;

/// Calls and tables that hold environment variables by a quoted name.
const BY_QUOTED_NAME: [&str; 6] =
    ["environ", "getenv", "process.env", "GetEnvironmentVariable", "env::var", "env!"];

/// Returns every name the text mentions as `$NAME`, `${NAME}`, `$env:NAME`, `os.environ["NAME"]`, `getenv("NAME")`,
/// `process.env.NAME` or a near relative of these; O(text).
pub fn mentioned_names(text: &str) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    for (at, _) in text.match_indices('$') {
        let behind = &text[at + 1..];
        let behind = behind.strip_prefix('{').unwrap_or(behind);
        let behind = behind.trim_start_matches(['!', '#']);
        // `$env:NAME` asks for NAME, `$env` for a variable of this name.
        let is_drive =
            |name: &&str| name.eq_ignore_ascii_case("env") && behind[name.len()..].starts_with(':');
        names.extend(name_at(behind).filter(|name| !is_drive(name)));
    }
    for (at, mark) in text.match_indices(':') {
        let is_env = text[..at].len() >= 3 && text.as_bytes()[at - 3..at].eq_ignore_ascii_case(b"env");
        names.extend(is_env.then(|| name_at(&text[at + mark.len()..])).flatten());
    }
    for word in BY_QUOTED_NAME {
        for (at, _) in text.match_indices(word) {
            names.extend(quoted_name(&text[at + word.len()..]));
        }
    }
    for (at, word) in text.match_indices("process.env.") {
        names.extend(name_at(&text[at + word.len()..]));
    }
    names
}

/// Returns the name a text starts with.
fn name_at(text: &str) -> Option<&str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let name = &text[..text.find(|c| !is_part(c)).unwrap_or(text.len())];
    (!name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit())).then_some(name)
}

/// Reads `["NAME"]`, `("NAME")` and `.get('NAME'`.
fn quoted_name(text: &str) -> Option<&str> {
    let is_call = |c: char| c.is_ascii_alphabetic() || c == '.' || c == '_' || c == '?';
    let behind = text.trim_start_matches(is_call).trim_start().strip_prefix(['[', '('])?.trim_start();
    let quote = behind.chars().next().filter(|c| "\"'`".contains(*c))?;
    let name = name_at(&behind[1..])?;
    behind[1 + name.len()..].starts_with(quote).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_found_and_nothing_else() {
        for (text, expected) in [
            ("echo $HOME ${CI:-x} ${#LIST} ${!REF}", &["CI", "HOME", "LIST", "REF"][..]),
            ("if ($env:CI -and ${env:GH_TOKEN}) {}", &["CI", "GH_TOKEN"]),
            ("echo $env ${env}/x $Env:UPPER", &["UPPER", "env"]),
            ("Test-Path Env:AITHERZERO_ROOT", &["AITHERZERO_ROOT"]),
            ("os.environ[\"A\"] + os.environ.get('B', '') + os.getenv( \"C\" )", &["A", "B", "C"]),
            ("process.env.NODE_ENV || process.env['X_1']", &["NODE_ENV", "X_1"]),
            ("[Environment]::GetEnvironmentVariable('P')", &["P"]),
            ("std::env::var(\"R\")", &["R"]),
            ("env!(\"S\"), option_env!(\"T\"), include!(\"U\")", &["S", "T"]),
            ("$1 $@ $? ${} $( ls ) 5$ $é environ(\"a b\") getenv(x) https://env.example", &[]),
            ("émoji 🚀$A_1ü", &["A_1"]),
        ] {
            let names: Vec<&str> = mentioned_names(text).into_iter().collect();
            assert_eq!(names, expected, "{text}");
        }
    }
}
