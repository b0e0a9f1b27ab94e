//! Why an item cannot be read, and what was probably meant.
//!
//! A suggestion is only made if it can be read itself: what stands in backticks behind "write" or "did you mean"
//! may replace the item as it is.

use super::Selector;
use crate::{
    base::{ScriptNumber, nearest},
    diag::{Code, code},
};

/// What a selection may consist of, for help lines.
pub(super) const FORMS: &str = "an item is a number `0402`, a range `0400-0499`, a prefix `04*`, `stage:NAME`, \
                                `tag:NAME` or a script's name `0402_Run-UnitTests`, each with `!` before it to leave it out";

/// The parts of a diagnostic that depend on the text alone.
pub(super) struct Refusal {
    pub(super) code: Code,
    pub(super) message: String,
    pub(super) label: &'static str,
    pub(super) help: String,
    /// The item as the help has it, where that is certainly what was meant.
    pub(super) meant: Option<String>,
}

/// Explains an item that is no selector; `text` is the item with its `!`, trimmed.
pub(super) fn refusal(text: &str) -> Refusal {
    let name = text.trim_start_matches(|c: char| c == '!' || c.is_whitespace());
    let sign = if text.starts_with('!') { "!" } else { "" };
    doubled_sign(text, name)
        .or_else(|| unpadded(name, sign))
        .or_else(|| reversed(name, sign))
        .or_else(|| without_name(name, sign))
        .unwrap_or_else(|| unreadable(text, name, sign))
}

fn doubled_sign(text: &str, name: &str) -> Option<Refusal> {
    let signs = text.chars().filter(|c| !c.is_whitespace()).take_while(|c| *c == '!').count();
    if name.is_empty() {
        return Some(Refusal {
            code: code::UNREADABLE_ITEM,
            message: "`!` says nothing to leave out".into(),
            label: "nothing follows",
            help: "write what to leave out behind it: `!0402`, `!04*`, `!tag:NAME`".into(),
            meant: None,
        });
    }
    (signs > 1).then(|| Refusal {
        code: code::UNREADABLE_ITEM,
        message: format!("`{text}` leaves out what is left out"),
        label: "more than one `!`",
        help: match meant(name) {
            Some(meant) => format!("write `!{meant}` to leave it out, or `{meant}` to select it"),
            None => "write one `!` to leave the item out, none to select it".into(),
        },
        meant: None,
    })
}

/// Numbers, ranges and prefixes of digits only, at least one of them not four digits long.
fn unpadded(name: &str, sign: &str) -> Option<Refusal> {
    let parts: Vec<&str> = name.split('-').collect();
    let are_digits =
        parts.iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    if !are_digits || parts.len() > 2 || parts.iter().all(|part| part.len() == 4) {
        return None;
    }
    let padded: Option<Vec<ScriptNumber>> = parts.iter().map(|part| padded(part)).collect();
    let meant = match padded.as_deref() {
        Some([number]) => Some(format!("{sign}{number}")),
        Some([first, last]) => Some(format!("{sign}{}-{}", first.min(last), first.max(last))),
        _ => None,
    };
    Some(Refusal {
        code: code::UNPADDED_NUMBER,
        message: format!("script numbers have four digits, but found `{name}`"),
        label: "not four digits",
        help: match &meant {
            Some(meant) => format!("write `{meant}`"),
            None => "script numbers go from `0000` to `9999`".into(),
        },
        meant,
    })
}

fn padded(digits: &str) -> Option<ScriptNumber> {
    digits.parse().ok().and_then(ScriptNumber::new)
}

fn reversed(name: &str, sign: &str) -> Option<Refusal> {
    let (first, last) = name.split_once('-')?;
    let (first, last) = (ScriptNumber::from_digits(first)?, ScriptNumber::from_digits(last)?);
    let meant = format!("{sign}{last}-{first}");
    Some(Refusal {
        code: code::REVERSED_RANGE,
        message: format!("the range `{name}` runs backwards"),
        label: "the first number is greater than the last",
        help: format!("did you mean `{meant}`?"),
        meant: Some(meant),
    })
}

fn without_name(name: &str, sign: &str) -> Option<Refusal> {
    let keyword = name.strip_suffix(':').unwrap_or(name).trim_end().to_ascii_lowercase();
    matches!(keyword.as_str(), "stage" | "tag").then(|| Refusal {
        code: code::UNREADABLE_ITEM,
        message: format!("`{name}` names no {keyword}"),
        label: "the name is missing",
        help: format!(
            "write the {keyword}'s name behind the colon: `{sign}{keyword}:NAME` (`az list` shows the names)"
        ),
        meant: None,
    })
}

fn unreadable(text: &str, name: &str, sign: &str) -> Refusal {
    Refusal {
        code: code::UNREADABLE_ITEM,
        message: format!("`{text}` is no selection item"),
        label: "cannot be read",
        help: match meant(name) {
            Some(meant) => format!("did you mean `{sign}{}`?", meant.replace(',', &format!(",{sign}"))),
            None => FORMS.into(),
        },
        meant: None,
    }
}

/// Returns a readable form near to an unreadable one.
fn meant(name: &str) -> Option<String> {
    if Selector::from_text(name).is_some() {
        return Some(name.to_owned());
    }
    repairs(name).into_iter().find(|repaired| is_readable(repaired))
}

fn is_readable(text: &str) -> bool {
    text.split(',').all(|item| Selector::from_text(item.trim()).is_some())
}

/// Returns what the text becomes by mending one usual slip each, the most certain first.
fn repairs(name: &str) -> Vec<String> {
    let joined: String = name.replace(['–', '—', '‑', '~'], "-").replace("..", "-").replace(" - ", "-");
    let digits = name.trim_matches('-');
    let mut repairs = vec![
        joined.replace(char::is_whitespace, ""),
        name.split([' ', '\t', ';', '+', '|', '\n'])
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(","),
        name.trim_matches(['"', '\'', '`', '“', '”', '„', '‘', '’']).to_owned(),
    ];
    let prefix = name.trim_end_matches(['?', '#', 'x', 'X', '%', '*']);
    if prefix.len() < name.len() {
        repairs.push(format!("{prefix}*"));
    }
    if name.starts_with('-') {
        repairs.push(format!("0000-{digits}"));
    } else if name.ends_with('-') {
        repairs.push(format!("{digits}-9999"));
    }
    if ["all", "any", "everything", "**", "*.*"].iter().any(|word| name.eq_ignore_ascii_case(word)) {
        repairs.push("*".into());
    }
    if let Some((keyword, value)) = name.split_once([':', '='])
        && let Some(keyword) = nearest(keyword.trim(), ["stage", "tag"])
    {
        repairs.push(format!("{keyword}:{}", value.trim()));
    }
    repairs
}
