//! The functions: GitHub's, and those that ask what `Test-Path` and its like ask.

use serde_json::{Number, Value};

use super::{
    Expr, Function, Kind,
    evaluate::Evaluator,
    loose::{self, folded, number_text},
    status::Status,
    version,
};

/// How long a text may get that `format` and `join` make, in bytes.
const MAX_TEXT: usize = 1 << 20;

impl Evaluator<'_> {
    /// Calls a function. Its values were counted when it was read; what is missing all the same is null.
    pub(super) fn call(&mut self, function: Function, arguments: &[Expr]) -> Value {
        match function {
            Function::Status(status) => return self.status(status),
            Function::Choose => return self.choose(arguments),
            _ => {}
        }
        let values: Vec<Value> = arguments.iter().map(|argument| self.value(argument)).collect();
        let first = values.first().unwrap_or(&Value::Null);
        let second = values.get(1);
        match function {
            Function::Contains => Value::Bool(contains(first, second.unwrap_or(&Value::Null))),
            Function::StartsWith => Value::Bool(has(first, second, |text, part| text.starts_with(part))),
            Function::EndsWith => Value::Bool(has(first, second, |text, part| text.ends_with(part))),
            Function::Format => self.format(first, values.get(1..).unwrap_or_default()),
            Function::Join => Value::String(join(first, second)),
            Function::ToJson => Value::String(to_json(first)),
            Function::FromJson => self.parsed_json(first),
            Function::Version => self.version(first),
            Function::HashFiles | Function::FileExists | Function::CommandExists | Function::ListFiles => {
                self.outside(function, &values)
            }
            Function::Status(_) | Function::Choose => Value::Null,
        }
    }

    fn status(&mut self, status: Status) -> Value {
        if status == Status::Always {
            return Value::Bool(true);
        }
        let answer = self.lookup.status(status).map(Value::Bool);
        let name = Function::Status(status).to_string();
        match self.known(Kind::Status, &name, answer) {
            Value::Null => Value::Bool(false),
            known => known,
        }
    }

    fn choose(&mut self, arguments: &[Expr]) -> Value {
        let mut rest = arguments;
        while let [condition, value, others @ ..] = rest {
            let holds = self.value(condition);
            if self.is_true(&holds) {
                return self.value(value);
            }
            rest = others;
        }
        rest.first().map_or(Value::Null, |otherwise| self.value(otherwise))
    }

    /// Asks about files and programs.
    fn outside(&mut self, function: Function, values: &[Value]) -> Value {
        let texts: Vec<String> = values.iter().map(|value| self.text(value)).collect();
        let (first, second) = (texts.first().map_or("", String::as_str), texts.get(1));
        let (kind, name, answer) = match function {
            Function::HashFiles => {
                (Kind::Files, texts.join(", "), self.lookup.hash_files(&texts).map(Value::String))
            }
            Function::FileExists => {
                (Kind::Path, first.to_owned(), self.lookup.path_exists(first).map(Value::Bool))
            }
            Function::CommandExists => {
                (Kind::Command, first.to_owned(), self.lookup.command_exists(first).map(Value::Bool))
            }
            _ => {
                let pattern = second.map_or("*", String::as_str);
                let names = self.lookup.list_files(first, pattern);
                let answer = names.map(|names| names.into_iter().map(Value::String).collect());
                (Kind::Files, format!("{}/{pattern}", first.trim_end_matches('/')), answer)
            }
        };
        self.known(kind, &name, answer)
    }

    fn parsed_json(&mut self, text: &Value) -> Value {
        let text = self.text(text);
        match serde_json::from_str(&text) {
            Ok(value) => value,
            Err(error) => {
                let message = format!("`fromJSON()` is given what is no JSON: {error}");
                self.problem(message, "give it a text such as `[1, 2]` or `{\"a\": true}`");
                Value::Null
            }
        }
    }

    fn version(&mut self, text: &Value) -> Value {
        if text.is_object() {
            return text.clone();
        }
        let text = self.text(text);
        version::read(&text).unwrap_or_else(|| {
            self.problem(format!("`{text}` is no version"), "write numbers with dots, as in `7.4`");
            Value::Null
        })
    }

    fn format(&mut self, format: &Value, values: &[Value]) -> Value {
        let format = loose::to_text(format);
        if let Some(text) = formatted(&format, values) {
            Value::String(text)
        } else {
            let help =
                "write `{0}` for the first value behind it, `{1}` for the second, and `{{` for a brace";
            self.problem(format!("`{format}` is no format for {} values", values.len()), help);
            Value::Null
        }
    }
}

fn contains(list: &Value, wanted: &Value) -> bool {
    match list {
        Value::Array(items) => items.iter().any(|item| loose::is_equal(item, wanted)),
        text => has(text, Some(wanted), |text, part| text.contains(part)),
    }
}

fn has(text: &Value, part: Option<&Value>, is: impl Fn(&str, &str) -> bool) -> bool {
    let part = part.unwrap_or(&Value::Null);
    let is_single = |value: &Value| !value.is_array() && !value.is_object();
    is_single(text) && is_single(part) && is(&folded(&loose::to_text(text)), &folded(&loose::to_text(part)))
}

fn join(list: &Value, separator: Option<&Value>) -> String {
    let is_single = |value: &&Value| !value.is_array() && !value.is_object();
    let separator = separator.filter(is_single).map_or_else(|| ",".to_owned(), loose::to_text);
    match list {
        Value::Array(items) => items.iter().map(loose::to_text).collect::<Vec<_>>().join(&separator),
        single if is_single(&single) => loose::to_text(single),
        _ => String::new(),
    }
}

/// Fills `{0}` and its like; nothing if a brace or a number is out of place, or the text gets too long.
fn formatted(format: &str, values: &[Value]) -> Option<String> {
    let mut text = String::new();
    let mut rest = format;
    while let Some(at) = rest.find(['{', '}']) {
        text.push_str(&rest[..at]);
        let (brace, behind) = rest[at..].split_at(1);
        rest = if let Some(behind) = behind.strip_prefix(brace) {
            text.push_str(brace);
            behind
        } else {
            let (number, behind) = behind.split_once('}').filter(|_| brace == "{")?;
            let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
            let value = values.get(number.parse::<usize>().ok().filter(|_| is_number)?)?;
            text.push_str(&loose::to_text(value));
            behind
        };
        if text.len() > MAX_TEXT {
            return None;
        }
    }
    text.push_str(rest);
    Some(text)
}

/// Writes JSON with two blanks for each level, as GitHub does.
pub(super) fn to_json(value: &Value) -> String {
    serde_json::to_string_pretty(&plain(value)).unwrap_or_default()
}

/// Writes whole numbers without `.0`.
fn plain(value: &Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => {
            let whole = number_text(number).parse::<i64>().ok().map(Number::from);
            Value::Number(whole.unwrap_or_else(|| number.clone()))
        }
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Object(entries) => {
            Value::Object(entries.iter().map(|(name, value)| (name.clone(), plain(value))).collect())
        }
        other => other.clone(),
    }
}
