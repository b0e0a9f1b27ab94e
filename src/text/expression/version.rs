//! Versions: `[version]'7.0'`, and what the machine answers.
//!
//! A version is a table of `Major`, `Minor`, `Build` and `Revision`, as PowerShell shows it; what is not given is
//! absent, and compares as less.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::Machine;

const FIELDS: [&str; 4] = ["Major", "Minor", "Build", "Revision"];

/// Turns what the machine answered into the value that members are taken of.
pub(super) fn machine(question: Machine, answer: &Value) -> Value {
    match question {
        Machine::IsAdministrator => Value::Bool(answer.as_str() == Some("true")),
        Machine::PowerShellVersion | Machine::SystemVersion => {
            let mut value = answer.as_str().and_then(read).unwrap_or_default();
            if let Value::Object(fields) = &mut value
                && question == Machine::PowerShellVersion
                && let Some(build) = fields.get("Build").cloned()
            {
                fields.insert("Patch".to_owned(), build);
            }
            value
        }
    }
}

/// Reads `7`, `7.4`, `7.4.1-preview.3`; what is behind the numbers does not count.
pub(super) fn read(text: &str) -> Option<Value> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let mut fields = Map::new();
    for (field, number) in FIELDS.iter().zip(text[..end].trim_end_matches('.').split('.')) {
        fields.insert((*field).to_owned(), number.parse::<u32>().ok()?.into());
    }
    Some(Value::Object(fields))
}

/// Orders two values if the left one is a version and the right one can be.
pub(super) fn order(left: &Value, right: &Value) -> Option<Ordering> {
    Some(numbers(left)?.cmp(&numbers(right)?))
}

fn numbers(value: &Value) -> Option<Vec<u64>> {
    match value {
        Value::Object(fields) => {
            let known = FIELDS.iter().map_while(|field| fields.get(*field)?.as_u64());
            Some(known.collect()).filter(|numbers: &Vec<u64>| !numbers.is_empty())
        }
        Value::String(text) => numbers(&read(text)?),
        Value::Number(number) => numbers(&read(&number.to_string())?),
        _ => None,
    }
}
