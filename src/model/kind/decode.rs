//! A kind out of a `[[kind]]` table.

use super::{Kind, Parameters};
use crate::{
    model::{
        decode::{Key, Value},
        settings,
    },
    text::script::CommentStyle,
};

const EXIT_CODES: Key = Key::new("exitCodes", &["exit_codes", "exit-codes"]);

/// Reads one kind that stands at a JSON pointer.
pub fn decode(value: Value<'_>, pointer: String) -> Option<Kind> {
    let mut table = value.table("the kind")?;
    let name = table.required("name", "what the kind is called, such as \"ruby\"", Value::nonempty_text);
    let extensions = table.optional("extensions", |value| value.one_or_list(extension)).unwrap_or_default();
    let paths = table.optional("paths", settings::patterns).unwrap_or_default();
    let meaning = "the program and its arguments, such as [\"ruby\", \"{script}\", \"{args}\"]";
    let interpreter = table.required("interpreter", meaning, interpreter);
    let shebang = table.optional("shebang", Value::boolean).unwrap_or_default();
    let comments = table.optional("comments", comments).unwrap_or_default();
    let words = [("none", Parameters::None), ("named", Parameters::Named), ("env", Parameters::Env)];
    let parameters = table.optional("parameters", |value| value.choice(&words)).unwrap_or_default();
    // A kind lists what its scripts return as it is; only a declaration stands for the low byte too.
    let exit_codes = table.optional(EXIT_CODES, settings::exit_code_entries).unwrap_or_default();
    table.finish();
    let exit_codes = exit_codes.into_iter().collect();
    let (name, interpreter) = (name?, interpreter?);
    Some(Kind { name, extensions, paths, interpreter, shebang, comments, parameters, exit_codes, pointer })
}

fn extension(value: Value<'_>) -> Option<String> {
    let text = value.nonempty_text()?;
    let bare = text.trim_start_matches(['.', '*']);
    if bare != text || bare.contains(['/', '*', '?']) {
        let help =
            format!("write \"{}\"; globs of whole paths go into `paths`", bare.trim_matches(['/', '*', '?']));
        return value.bad_value(&format!("wants extensions without dot, found `{text}`"), &help);
    }
    Some(text.to_ascii_lowercase())
}

fn interpreter(value: Value<'_>) -> Option<Vec<String>> {
    let argv = settings::argv(value)?;
    if !argv.iter().any(|word| word.contains("{script}")) {
        return value.bad_value("does not say where the script goes", "add \"{script}\" to the list");
    }
    Some(argv)
}

fn comments(value: Value<'_>) -> Option<CommentStyle> {
    let mut table = value.table("the comments of a kind")?;
    let line = table.optional("line", |value| value.one_or_list(Value::nonempty_text)).unwrap_or_default();
    let block = table.optional("block", |value| {
        let ends = value.list(Value::nonempty_text)?;
        match <[String; 2]>::try_from(ends) {
            Ok([start, end]) => Some((start, end)),
            Err(_) => value.bad_value("wants the start and the end of a comment", "write [\"/*\", \"*/\"]"),
        }
    });
    table.finish();
    Some(CommentStyle { line, block })
}
