//! What clap says of a command line, in az's own look: code, place, help.

use std::{ffi::OsString, sync::Arc};

use clap::{
    CommandFactory,
    error::{ContextKind, ContextValue, ErrorKind},
};

use super::{
    arguments::{Arguments, Script, Verb},
    rewrite::OLD_OPTIONS,
    usage,
};
use crate::{
    base::{Span, nearest, quoted_list},
    diag::{Diagnostic, Source},
};

/// Turns clap's error into a diagnostic; `words` are the arguments without the program's name.
pub(super) fn diagnostic(error: &clap::Error, words: &[OsString]) -> Diagnostic {
    let argument = text(error, ContextKind::InvalidArg).map(|option| whole(words, &option).unwrap_or(option));
    let verb = text(error, ContextKind::InvalidSubcommand);
    let value = text(error, ContextKind::InvalidValue).filter(|value| !value.is_empty());
    let message = match (error.kind(), &verb, &argument, &value) {
        (_, Some(verb), ..) => format!("there is no verb `{verb}`"),
        (ErrorKind::InvalidValue, _, Some(option), None) => format!("`{option}` wants a value"),
        (ErrorKind::InvalidValue | ErrorKind::ValueValidation, _, Some(option), Some(value)) => {
            format!("`{value}` is no value of `{option}`")
        }
        (ErrorKind::UnknownArgument, _, Some(option), _) => format!("there is no option `{option}`"),
        (ErrorKind::ArgumentConflict, _, Some(option), _) => {
            let other = text(error, ContextKind::PriorArg).unwrap_or_default();
            if other == *option {
                format!("`{option}` stands twice")
            } else {
                format!("`{option}` cannot stand together with `{other}`")
            }
        }
        (ErrorKind::MissingRequiredArgument, _, Some(option), _) => format!("`{option}` is missing"),
        (ErrorKind::InvalidUtf8, ..) => "an argument is not UTF-8 text".to_owned(),
        _ => first_line(error),
    };
    let mut fault = *usage(message, help(error, words, verb.as_deref()));
    let wrong = value.as_ref().or(verb.as_ref()).or(argument.as_ref());
    if let Some((source, span)) = wrong.and_then(|wrong| place(words, wrong)) {
        fault = fault.source(&source).label(span, "here");
    }
    fault
}

/// Returns what is wrong with an option of `az build` that stands where the options of a script begin: the script would
/// get it, and run.
pub(super) fn misplaced(verb: Option<&Verb>, words: &[OsString]) -> Option<Diagnostic> {
    let Some(Verb::Script(Script { number, arguments, .. })) = verb else { return None };
    let first = arguments.first()?;
    let before = words.len().checked_sub(arguments.len() + 1).and_then(|place| words.get(place))?;
    if before == "--" {
        return None;
    }
    let name = first.split('=').next()?.strip_prefix("--")?;
    let command = Arguments::command();
    let mut options = command.find_subcommand("build")?.get_arguments();
    if !options.any(|option| option.get_long_and_visible_aliases().is_some_and(|names| names.contains(&name)))
    {
        return None;
    }
    let fault = *usage(
        format!("`{first}` is an option of `az build`, and `az {number}` runs a script"),
        format!("write `az build {number} {first}`; to hand it to the script, `az {number} -- {first}`"),
    );
    let (source, span) = place(words, first)?;
    Some(fault.source(&source).label(span, "the script's, or az's?"))
}

fn text(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => texts.first().cloned(),
        _ => None,
    }
    // clap names an option with its value: `--format <FORMAT>`.
    .map(|text| text.split(" <").next().unwrap_or_default().to_owned())
}

/// Returns the word of which clap read letters of one option each, as the options of older commands are written:
/// `-GenerateSummary` for `-G`.
fn whole(words: &[OsString], option: &str) -> Option<String> {
    let is_letter = option.len() == 2 && !option.ends_with('-');
    let mut words = words.iter().take_while(|word| *word != "--").filter_map(|word| word.to_str());
    let found = words.find(|word| {
        is_letter
            && word.len() > 3
            && word.starts_with(option)
            && word[1..].bytes().all(|byte| byte.is_ascii_alphabetic())
    });
    found.map(str::to_owned)
}

fn help(error: &clap::Error, words: &[OsString], wrong_verb: Option<&str>) -> String {
    if let Some(verb) = wrong_verb {
        return help_on_verb(words, verb);
    }
    let kinds = [ContextKind::SuggestedArg, ContextKind::SuggestedValue];
    if let Some(near) = kinds.iter().find_map(|kind| text(error, *kind)) {
        return format!("did you mean `{near}`?");
    }
    if error.kind() == ErrorKind::UnknownArgument
        && let Some(old) = text(error, ContextKind::InvalidArg).and_then(|option| whole(words, &option))
    {
        return match nearest(&old, OLD_OPTIONS.iter().map(|(name, _)| *name)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`az help migrate` shows what the options of older commands are called here".to_owned(),
        };
    }
    if let Some(ContextValue::Strings(values)) = error.get(ContextKind::ValidValue)
        && !values.is_empty()
    {
        return format!("write {}", quoted_list(values.iter()));
    }
    // Values are read by functions of az's own, which say what to write instead.
    if error.kind() == ErrorKind::ValueValidation
        && let Some(instead) = std::error::Error::source(error)
    {
        return instead.to_string();
    }
    if error.kind() == ErrorKind::ArgumentConflict {
        return "leave one of them out".to_owned();
    }
    if error.kind() == ErrorKind::InvalidValue
        && let Some(ContextValue::String(option)) = error.get(ContextKind::InvalidArg)
    {
        return format!("write it as `{option}`");
    }
    match words.first().and_then(|word| word.to_str()) {
        Some(verb) if !verb.starts_with('-') => format!("`az help {verb}` shows its options"),
        _ => "`az help` shows verbs and options".to_owned(),
    }
}

/// clap would suggest hidden verbs and aliases of one letter too.
fn help_on_verb(words: &[OsString], wrong: &str) -> String {
    let command = Arguments::command();
    let outer = words.iter().take_while(|word| *word != wrong).find_map(|word| command.find_subcommand(word));
    if let Some(outer) = outer {
        let (name, verbs) = (outer.get_name(), || outer.get_subcommands().map(clap::Command::get_name));
        return match nearest(wrong, verbs()) {
            Some(near) => format!("did you mean `az {name} {near}`?"),
            None => format!("write {}", quoted_list(verbs().map(|verb| format!("az {name} {verb}")))),
        };
    }
    let verbs = command.get_subcommands().filter(|verb| !verb.is_hide_set());
    let names = verbs.flat_map(|verb| std::iter::once(verb.get_name()).chain(verb.get_visible_aliases()));
    match nearest(wrong, names.filter(|name| name.len() > 1)) {
        Some(near) => format!("did you mean `az {near}`?"),
        None => format!("to run a playbook or scripts, write `az build {wrong}`; `az help` shows the verbs"),
    }
}

fn first_line(error: &clap::Error) -> String {
    let text = error.to_string();
    text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

/// Finds a word of the command line, written alone or as `--option=value`.
fn place(words: &[OsString], wrong: &str) -> Option<(Arc<Source>, Span)> {
    let words: Vec<String> = words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let mut start = 0;
    for word in &words {
        let found = if word == wrong {
            Some(0)
        } else if word.starts_with('-') {
            word.find(wrong).filter(|at| *at == 0 || word[..*at].ends_with('=') || !word.starts_with("--"))
        } else {
            None
        };
        if let Some(at) = found {
            let source = Source::new(crate::text::sequence::COMMAND_LINE, words.join(" "));
            return Some((Arc::new(source), Span::new(start + at, start + at + wrong.len())));
        }
        start += word.len() + 1;
    }
    None
}
