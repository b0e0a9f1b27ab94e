//! One combination: its values, what people call it, and its part of a node's id.
//!
//! Does not know the matrix it comes from, so that its name does not change when another value is added.

use serde_json::{Map, Value};

use crate::base::Digest;

/// One combination of a matrix.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Combination {
    /// Names and values: in the order of the dimensions, then what `include` adds.
    pub values: Vec<(String, Value)>,
    /// Another combination would be called the same if texts such as `1` and `true` were written as they are.
    pub(super) is_exact: bool,
}

/// Characters of a name or value in a label; longer ones are cut and end in a digest.
const LONGEST_WORD: usize = 40;
/// Characters of a cut word in front of its digest.
const KEPT: usize = 24;
/// Characters of a suffix; so an id stays one that can be read and typed.
const LONGEST_SUFFIX: usize = 120;

impl Combination {
    pub(super) fn new(values: Vec<(String, Value)>) -> Self {
        Self { values, is_exact: false }
    }

    /// Returns the value of a name, in any case.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.values.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Returns what people call it: `[profile=quick, platform=Windows]`.
    pub fn label(&self) -> String {
        let pairs = self.pairs(short);
        format!("[{}]", pairs.join(", "))
    }

    /// Returns its part of a node's id: `[profile=quick,platform=Windows]`.
    ///
    /// Two different combinations of one matrix have different ones, in which no character is invisible. Lists and
    /// tables are named by their digests.
    pub fn suffix(&self) -> String {
        let pairs = self.pairs(|value| cut(kind(value), &canonical(value)));
        let whole = pairs.join(",");
        if whole.chars().count() <= LONGEST_SUFFIX {
            return format!("[{whole}]");
        }
        let mut room = LONGEST_SUFFIX;
        let fits = |pair: &&String| {
            let left = room.checked_sub(pair.chars().count() + 1);
            room = left.unwrap_or(0);
            left.is_some()
        };
        let first = pairs.iter().take_while(fits).cloned().collect::<Vec<_>>().join(",");
        let pairs = self.values.iter().map(|(name, value)| (name.clone(), value.clone()));
        format!("[{}]", cut(&first, &canonical(&Value::Object(pairs.collect()))))
    }

    fn pairs(&self, structured: impl Fn(&Value) -> String) -> Vec<String> {
        let pair = |(name, value): &(String, Value)| {
            let value = match value {
                Value::String(text) => word(text, self.is_exact),
                Value::Array(_) | Value::Object(_) => structured(value),
                Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
            };
            format!("{}={value}", word(name, false))
        };
        self.values.iter().map(pair).collect()
    }

    /// Tells whether both have the same names and values.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.values.len() == other.values.len()
            && self.values.iter().all(|(name, value)| other.value(name).is_some_and(|own| same(own, value)))
    }
}

/// Returns a value as a label has it.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => word(text, false),
        _ => short(value),
    }
}

/// Writes a value as JSON; one that is long, or has characters that might not be seen, by its digest.
fn short(value: &Value) -> String {
    let text = canonical(value);
    let is_seen = text.chars().all(|c| c.is_alphanumeric() || (' '..='~').contains(&c));
    if is_seen && text.chars().count() <= LONGEST_WORD { text } else { cut(kind(value), &text) }
}

/// Tells whether two values of a matrix are one; numbers are compared by what they count.
pub(super) fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let has = |(name, value): (&String, &Value)| other.get(name).is_some_and(|own| same(own, value));
            one.len() == other.len() && one.iter().all(has)
        }
        _ => one == other,
    }
}

/// Writes a text as it is, or in quotes if it would not be seen where it ends; `is_exact`: also if it reads as another
/// type.
fn word(text: &str, is_exact: bool) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "_-.+/@:~%".contains(c);
    let is_typed = || serde_json::from_str::<Value>(text).is_ok();
    let written = if text.is_empty() || !text.chars().all(is_plain) || (is_exact && is_typed()) {
        // Escapes all that no one could see, too.
        format!("{text:?}")
    } else {
        text.to_owned()
    };
    if written.chars().count() <= LONGEST_WORD {
        return written;
    }
    let kept: String = text.chars().take(KEPT).map(|c| if is_plain(c) { c } else { '_' }).collect();
    cut(&kept, &written)
}

/// Names what is too long: how it begins, and the digest of all of it.
fn cut(beginning: &str, whole: &str) -> String {
    format!("{beginning}…{}", &Digest::of(whole.as_bytes()).to_hex()[..12])
}

fn kind(value: &Value) -> &'static str {
    if value.is_array() { "list" } else { "table" }
}

/// Writes a value as JSON, tables in order of their names.
fn canonical(value: &Value) -> String {
    sorted(value).to_string()
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(sorted).collect(),
        Value::Object(entries) => {
            let mut entries: Vec<_> =
                entries.iter().map(|(name, value)| (name.clone(), sorted(value))).collect();
            entries.sort_by(|one, other| one.0.cmp(&other.0));
            Value::Object(entries.into_iter().collect::<Map<_, _>>())
        }
        _ => value.clone(),
    }
}
