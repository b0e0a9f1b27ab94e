//! Values and the types they are wanted as.

use std::{ops::RangeInclusive, time::Duration};

use super::{
    Context, Names, Placed, Table,
    place::{Step, Way},
};
use crate::{
    base::{Span, nearest, nearest_alone, quoted_list},
    diag::{Code, Diagnostic, Severity, code},
    text::{
        document::{Format, Node, NodeValue},
        duration,
    },
};

/// A value together with the field it belongs to.
///
/// Each question (`text`, `boolean`, ...) gives the value or reports why it is none, and gives nothing.
#[derive(Clone, Copy)]
pub struct Value<'a> {
    context: &'a Context<'a>,
    node: &'a Node,
    /// The field, for messages; empty for the whole file.
    field: &'a str,
    way: Way,
}

impl<'a> Value<'a> {
    /// Takes the whole file.
    pub fn root(context: &'a Context<'a>, node: &'a Node) -> Self {
        Self { context, node, field: "", way: Way::default() }
    }

    pub(super) fn of_field(context: &'a Context<'a>, node: &'a Node, field: &'a str, way: Way) -> Self {
        Self { context, node, field, way }
    }

    /// Returns the file.
    pub fn context(self) -> &'a Context<'a> {
        self.context
    }

    /// Returns the value as it was written.
    pub fn node(self) -> &'a Node {
        self.node
    }

    /// Returns the field the value belongs to, as it is written; of an item of a list, the list's.
    pub fn field(self) -> &'a str {
        self.field
    }

    /// Returns the value's place as a JSON pointer.
    pub fn pointer(self) -> String {
        self.context.pointer(self.way)
    }

    /// Gives what was read of the value its place.
    pub fn placed<T>(self, value: T) -> Placed<T> {
        Placed::new(value, self.pointer())
    }

    /// Reads a text that says something, with its place.
    pub fn placed_text(self) -> Option<Placed<String>> {
        self.nonempty_text().map(|text| self.placed(text))
    }

    /// Reads a text that is code: of a script, or of a condition. A script block is one too.
    pub fn placed_code(self) -> Option<Placed<String>> {
        match &self.node.value {
            NodeValue::Code(code) if !code.is_empty() => Some(self.placed(code.clone())),
            _ => self.placed_text(),
        }
    }

    /// Returns where the value stands.
    pub fn span(self) -> Span {
        self.node.span
    }

    /// Reads a text.
    pub fn text(self) -> Option<String> {
        match &self.node.value {
            NodeValue::Text(text) => Some(text.clone()),
            NodeValue::Reference(name) => Some(placeholder(name)),
            _ => self.wrong_type("a text"),
        }
    }

    /// Reads a text that says something.
    pub fn nonempty_text(self) -> Option<String> {
        let text = self.text()?;
        if text.trim().is_empty() {
            return self.bad_value("is empty", "write the text, or remove it");
        }
        Some(text)
    }

    /// Reads a text or a number, which keeps its written form.
    pub fn text_or_number(self) -> Option<String> {
        match &self.node.value {
            NodeValue::Text(text) | NodeValue::Number(text) => Some(text.clone()),
            NodeValue::Reference(name) => Some(placeholder(name)),
            _ => self.wrong_type("a text or a number"),
        }
    }

    /// Reads what an environment variable can be given: a text, a number or a boolean, as text.
    pub fn scalar(self) -> Option<String> {
        match &self.node.value {
            NodeValue::Text(text) | NodeValue::Number(text) => Some(text.clone()),
            NodeValue::Reference(name) => Some(placeholder(name)),
            NodeValue::Bool(value) => Some(value.to_string()),
            _ => self.wrong_type("a text, a number or a boolean"),
        }
    }

    /// Reads `true` or `false`.
    pub fn boolean(self) -> Option<bool> {
        match &self.node.value {
            NodeValue::Bool(value) => Some(*value),
            _ => self.wrong_type("a boolean"),
        }
    }

    /// Reads a whole number within bounds.
    pub fn whole_number(self, bounds: RangeInclusive<u32>) -> Option<u32> {
        let NodeValue::Number(raw) = &self.node.value else { return self.wrong_type("a number") };
        let (low, high) = (*bounds.start(), *bounds.end());
        let number = raw.parse().ok().filter(|number| bounds.contains(number));
        if number.is_none() {
            let wanted =
                if high == u32::MAX { format!("at least {low}") } else { format!("{low} to {high}") };
            let allowed = raw.parse().unwrap_or(i64::from(low)).clamp(low.into(), high.into());
            let problem = format!("wants a whole number, {wanted}, found {raw}");
            return self.bad_value(&problem, &format!("write {allowed}"));
        }
        number
    }

    /// Reads a duration: a text such as `5m`, or a number of seconds.
    pub fn duration(self) -> Option<Duration> {
        let (NodeValue::Text(raw) | NodeValue::Number(raw)) = &self.node.value else {
            return self.wrong_type("a duration");
        };
        let duration = duration::parse(raw).ok();
        if duration.is_none() {
            let message = format!("`{}` wants a duration, found `{raw}`", self.field);
            let help = "write 30s, 5m or 1h30m in quotes, or a number of seconds above 0";
            self.report(code::BAD_DURATION, message, help);
        }
        duration
    }

    /// Reads a text that names one of a few choices; letters match in any case.
    pub fn choice<T: Copy>(self, choices: &[(&'static str, T)]) -> Option<T> {
        let text = self.text()?;
        let found = choices.iter().find(|(name, _)| name.eq_ignore_ascii_case(&text));
        if found.is_none() {
            let names = || choices.iter().map(|(name, _)| *name);
            let problem = format!("wants one of {}, found `{text}`", quoted_list(names()));
            return match nearest(&text, names()) {
                Some(name) => self.mistyped(&problem, name, nearest_alone(&text, names()).is_some()),
                None => self.bad_value(&problem, &format!("write one of {}", quoted_list(names()))),
            };
        }
        found.map(|(_, choice)| *choice)
    }

    /// Reads a list; items that cannot be read are reported and left out.
    pub fn list<T>(self, mut item: impl FnMut(Self) -> Option<T>) -> Option<Vec<T>> {
        match &self.node.value {
            NodeValue::List(items) => {
                let place = |index| self.context.step(self.way, Step::Item(index));
                let items = items.iter().enumerate();
                let items = items.map(|(index, node)| Self { node, way: place(index), ..self });
                let mut list: Vec<T> = items.filter_map(&mut item).collect();
                // It stays as long as the playbook, and most lists have one item where room was made for four.
                list.shrink_to_fit();
                Some(list)
            }
            _ => self.wrong_type("a list"),
        }
    }

    /// Reads a list, or one item without its list.
    pub fn one_or_list<T>(self, mut item: impl FnMut(Self) -> Option<T>) -> Option<Vec<T>> {
        match &self.node.value {
            NodeValue::List(_) => self.list(item),
            NodeValue::Table(_) | NodeValue::Null => self.wrong_type("a text or a list of texts"),
            _ => item(self).map(|item| vec![item]),
        }
    }

    /// Opens a table whose fields are known; `what` names it in messages: ``job `build` ``.
    pub fn table(self, what: impl Into<String>) -> Option<Table<'a>> {
        match &self.node.value {
            NodeValue::Table(entries) => {
                Some(Table::new(self.context, self.node.span, self.way, entries, what.into()))
            }
            _ => self.no_table(),
        }
    }

    /// Returns what a table has under a name, in any case; nothing of what is no table.
    pub fn entry(self, name: &str) -> Option<Self> {
        let NodeValue::Table(entries) = &self.node.value else { return None };
        let found = entries.iter().find(|entry| entry.key.value.eq_ignore_ascii_case(name))?;
        let field = found.key.value.as_str();
        let way = self.context.step(self.way, Step::Field(field));
        Some(Self { context: self.context, node: &found.value, field, way })
    }

    /// Reads a table whose keys are names of the user's; the reader gets each key's text and place.
    ///
    /// Of a name that stands twice, the first is kept and the second reported.
    pub fn map<T>(
        self,
        names: Names,
        mut entry: impl FnMut(&'a str, Span, Self) -> Option<T>,
    ) -> Option<Vec<(&'a str, T)>> {
        let NodeValue::Table(entries) = &self.node.value else { return self.no_table() };
        let is_first = names.firsts(self.context, entries);
        let read = entries.iter().zip(is_first).filter(|(_, is_first)| *is_first).filter_map(|(found, _)| {
            let key = found.key.value.as_str();
            let way = self.context.step(self.way, Step::Field(key));
            let value = Self { context: self.context, node: &found.value, field: key, way };
            entry(key, found.key.span, value).map(|value| (key, value))
        });
        // There may be very many jobs: a list of them that grows has room for as many more.
        let mut all = Vec::with_capacity(entries.len());
        all.extend(read);
        Some(all)
    }

    /// Takes the value as JSON, whatever it is; of keys that stand twice the first is reported and kept.
    pub fn json(self) -> serde_json::Value {
        match &self.node.value {
            NodeValue::Null => serde_json::Value::Null,
            NodeValue::Bool(value) => (*value).into(),
            NodeValue::Number(raw) => {
                raw.parse().map_or_else(|_| raw.as_str().into(), serde_json::Value::Number)
            }
            NodeValue::Text(text) => text.as_str().into(),
            NodeValue::Reference(name) => placeholder(name).into(),
            NodeValue::Code(code) => {
                if !self.context.keeps_code() {
                    self.no_code::<()>();
                }
                code.as_str().into()
            }
            NodeValue::List(_) => self.list(|item| Some(item.json())).into(),
            NodeValue::Table(_) => {
                let entries =
                    self.map(Names::ExactCase, |_, _, value| Some(value.json())).unwrap_or_default();
                let entries = entries.into_iter().map(|(key, value)| (key.to_owned(), value));
                serde_json::Value::Object(entries.collect())
            }
        }
    }

    /// Notes that az does not act on the field yet, once for all fields of this name; a build refuses what has one.
    pub fn note_later(self) {
        if self.context.is_first_note(self.field) {
            let message = format!("az does not act on `{}` yet", self.field);
            let note = Diagnostic::note(code::UNSUPPORTED_FIELD, message).source(self.context.source());
            let help = "until it does, `az build` refuses what has it; remove the field to run without it";
            self.context.report(note.at(self.context.opening(self.node.span)).help(help));
        }
    }

    /// Notes that az does nothing with the field, and why, once for all fields of this name.
    pub fn note_unused(self, why: &str) {
        if self.context.is_first_note(self.field) {
            let message = format!("`{}` changes nothing: {why}", self.field);
            let note = Diagnostic::note(code::UNUSED_FIELD, message).source(self.context.source());
            let help = "leave it as it is, or remove it; what runs is the same";
            self.context.report(note.at(self.context.opening(self.node.span)).help(help));
        }
    }

    /// Says that what stands here is in no value that is read, so that who writes the file anew can keep it.
    pub fn leave_out(self) {
        self.context.leave_out(self);
    }

    /// Reports that the value is not allowed; `problem` goes on the sentence that the field's name begins.
    pub fn bad_value<T>(self, problem: &str, help: &str) -> Option<T> {
        self.report(code::BAD_VALUE, format!("`{}` {problem}", self.field), help);
        None
    }

    /// Warns of a value that is taken otherwise than it is written; `problem` goes on the sentence that the field's name
    /// begins.
    pub fn warn(self, problem: &str, help: &str) {
        let mut fault = self.fault(code::BAD_VALUE, format!("`{}` {problem}", self.field));
        fault.severity = Severity::Warning;
        self.context.report(fault.help(help));
    }

    /// Reports that the value is no table.
    pub fn no_table<T>(self) -> Option<T> {
        self.wrong_type(self.context.format().table())
    }

    /// Reports a text that is not allowed, and which one was probably, or even surely, meant.
    pub fn mistyped<T>(self, problem: &str, meant: &str, is_sure: bool) -> Option<T> {
        let fault = self.fault(code::BAD_VALUE, format!("`{}` {problem}", self.field));
        let fault = fault.help(format!("did you mean `{meant}`?"));
        let instead = if is_sure { self.text_instead(meant) } else { None };
        self.context.report(fault.edit_if(self.node.span, instead));
        None
    }

    /// Returns how another text is written in the place of this one.
    pub fn text_instead(self, text: &str) -> Option<String> {
        let NodeValue::Text(old) = &self.node.value else { return None };
        self.context.format().text_instead(self.raw(), old, text)
    }

    /// Reports that the value has not the wanted type.
    pub fn wrong_type<T>(self, wanted: &str) -> Option<T> {
        match self.respelled(wanted) {
            Some(text) => self.wrong_type_with(wanted, &format!("write {text}"), Some(text)),
            None => self.wrong_type_but(wanted, &self.help_for(wanted)),
        }
    }

    /// Reports that the value has not the wanted type, with a help of its own.
    pub fn wrong_type_but<T>(self, wanted: &str, help: &str) -> Option<T> {
        self.wrong_type_with(wanted, help, None)
    }

    fn wrong_type_with<T>(self, wanted: &str, help: &str, instead: Option<String>) -> Option<T> {
        if matches!(self.node.value, NodeValue::Code(_)) {
            return self.no_code();
        }
        if self.was_refused() {
            return None;
        }
        let found = self.node.describe(self.context.format());
        let message = if self.field.is_empty() {
            format!("expected {wanted}, found {found}")
        } else {
            format!("`{}` wants {wanted}, found {found}", self.field)
        };
        let fault = self.context.error(code::WRONG_TYPE, message).help(help);
        let fault = fault.edit_if(self.node.span, instead);
        self.context.report(fault.label(self.context.opening(self.node.span), found));
        None
    }

    /// Tells whether nothing is known of the value since it would have to be executed, which is told already.
    fn was_refused(self) -> bool {
        let is_unknown = matches!(self.node.value, NodeValue::Null) && self.context.format() == Format::Psd1;
        is_unknown && !self.raw().to_ascii_lowercase().contains("$null")
    }

    /// Reports a script block where a value is wanted.
    fn no_code<T>(self) -> Option<T> {
        let code = match &self.node.value {
            NodeValue::Code(code) => code.as_str(),
            _ => "",
        };
        if self.raw().starts_with('{') && begins_as_table(code) {
            let message = "`{` begins a script block, which would have to be executed";
            let fault = self.fault(code::EXECUTABLE, message.to_owned());
            let at = Span::new(self.node.span.start, self.node.span.start);
            self.context.report(fault.help("write `@{`, which begins a hashtable").edit(at, "@"));
            return None;
        }
        let is_short = !code.is_empty() && code.len() <= 60 && !code.contains(['\n', '\r', '\'']);
        let text = is_short.then(|| format!("'{code}'"));
        let help = text.as_ref().map_or_else(
            || {
                "write it as a text: a line that ends with @' before it, and a line that starts with '@ behind it"
                    .to_owned()
            },
            |text| format!("write it as a text: {text}"),
        );
        let is_block = self.raw().starts_with('{') && self.raw().ends_with('}');
        let fault = self.fault(code::EXECUTABLE, "a script block would have to be executed".to_owned());
        self.context.report(fault.help(help).edit_if(self.node.span, text.filter(|_| is_block)));
        None
    }

    /// Returns the value as it stands in the file.
    fn raw(self) -> &'a str {
        self.node.span.of(&self.context.source().text)
    }

    /// Returns how the same is written with the wanted type, where there is no doubt.
    fn respelled(self, wanted: &str) -> Option<String> {
        let (raw, format) = (self.raw(), self.context.format());
        if raw.is_empty() || raw.len() > 60 || raw.contains('\n') {
            return None;
        }
        match (&self.node.value, wanted) {
            (NodeValue::Number(number), "a text") if number == raw => Some(format.text(raw)),
            (NodeValue::Bool(value), "a text" | "a text or a number") => {
                Some(format.text(&value.to_string()))
            }
            // A text with blanks may be several values, as a whole command is.
            (NodeValue::Text(_) | NodeValue::Number(_) | NodeValue::Bool(_), "a list")
                if !raw.contains(char::is_whitespace) =>
            {
                format.list_around(raw)
            }
            (NodeValue::Text(text), "a boolean") => {
                as_boolean(text.trim()).map(|value| format.boolean(value).to_owned())
            }
            (NodeValue::Text(text), "a number") => Some(text.trim().parse::<u64>().ok()?.to_string()),
            _ => None,
        }
    }

    fn report(self, code: Code, message: String, help: &str) {
        self.context.report(self.fault(code, message).help(help));
    }

    fn fault(self, code: Code, message: String) -> Diagnostic {
        self.context.error(code, message).at(self.context.opening(self.node.span))
    }

    /// Returns what to write so that the value has the wanted type, in the file's own syntax.
    fn help_for(self, wanted: &str) -> String {
        let format = self.context.format();
        let raw = self.raw();
        let text = match &self.node.value {
            NodeValue::Text(text) => text.trim(),
            _ => raw,
        };
        let is_scalar =
            !matches!(self.node.value, NodeValue::List(_) | NodeValue::Table(_) | NodeValue::Null);
        let one_line = is_scalar && raw.len() <= 60 && !raw.contains('\n');
        let written = match wanted {
            "a text" | "a text or a number" if one_line => format.text(text),
            "a list" | "a text or a list of texts" if one_line => format.list(&[raw]),
            "a boolean" => match as_boolean(text) {
                Some(value) => format.boolean(value).to_owned(),
                None => format!("{} or {}", format.boolean(true), format.boolean(false)),
            },
            "a number" if text.parse::<u64>().is_ok() => text.to_owned(),
            "a duration" => format!("{}, or a number of seconds", format.text("5m")),
            "a list" if format == Format::Yaml => "a list: `- item` in a line of its own".to_owned(),
            "a list" => format!("a list: {}", format.list(&["..."])),
            _ if wanted == format.table() => {
                let field = format.field("name", "value");
                let example =
                    if format == Format::Yaml { format!("`{field}`") } else { format.record(&field) };
                format!("{wanted}: {example}")
            }
            _ => wanted.to_owned(),
        };
        format!("write {written}")
    }
}

/// Tells whether a script block was meant as a hashtable: it begins with a name and `=`, which sets nothing in a script.
fn begins_as_table(code: &str) -> bool {
    let code = code.trim_start();
    let name = code.find(|c: char| !(c.is_alphanumeric() || "_-.'\"".contains(c))).unwrap_or(code.len());
    let behind = code[name..].trim_start_matches([' ', '\t']);
    name > 0 && behind.starts_with('=') && !behind.starts_with("==")
}

/// Returns the boolean that a text is meant as, also by the words of YAML 1.1.
fn as_boolean(text: &str) -> Option<bool> {
    match text.trim_start_matches('$').to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "y" => Some(true),
        "false" | "no" | "off" | "n" => Some(false),
        _ => None,
    }
}

/// Returns a variable that stands in the place of a value, as the placeholder that a text would have for it.
fn placeholder(name: &str) -> String {
    format!("{{{{{name}}}}}")
}
