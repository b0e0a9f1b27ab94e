//! How variables reach a script: only through parameters it declares, or names its kind says.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use super::{Invocation, flow::Names, powershell};
use crate::{
    base::quoted_list,
    diag::{Code, Diagnostic, code},
    model::{
        kind::{Kind, Parameters},
        script::{Parameter, ScriptReading},
    },
    text::script::ParameterType,
};

/// So many variables are looked for by a look at all there are.
const FEW: usize = 16;

/// Sets variables over others. A name is one in any case and keeps the spelling it has below.
pub(super) fn overlay(lower: &mut BTreeMap<String, Value>, higher: &BTreeMap<String, Value>) {
    if higher.len() > FEW {
        return overlay_many(lower, higher);
    }
    for (name, value) in higher {
        let known = lower.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name));
        if let Some((_, known)) = known {
            value.clone_into(known);
        } else {
            lower.insert(name.clone(), value.clone());
        }
    }
}

/// The same where a look at all names for each would take too long.
fn overlay_many(lower: &mut BTreeMap<String, Value>, higher: &BTreeMap<String, Value>) {
    let mut spelled: HashMap<String, String> =
        lower.keys().map(|name| (name.to_ascii_lowercase(), name.clone())).collect();
    for (name, value) in higher {
        let name = spelled.entry(name.to_ascii_lowercase()).or_insert_with(|| name.clone());
        lower.insert(name.clone(), value.clone());
    }
}

/// Who takes variables, and by which names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum Receiver {
    /// Nobody.
    #[default]
    Nobody,
    /// A text or script that mentions these names of its environment.
    Environment(BTreeSet<String>),
    /// A script that declares these parameters.
    Parameters(Vec<Parameter>),
}

impl Receiver {
    /// Returns how the scripts of a kind take variables; what the text mentions is known of any.
    pub(super) fn new(kind: &Kind, mentioned: &BTreeSet<String>, parameters: &[Parameter]) -> Self {
        match kind.parameters {
            Parameters::None => Self::Nobody,
            Parameters::Env => Self::Environment(mentioned.clone()),
            Parameters::Named => Self::Parameters(parameters.to_vec()),
        }
    }

    /// Tells whether a variable of this name reaches it.
    pub(super) fn takes(&self, name: &str) -> bool {
        match self {
            Self::Nobody => false,
            Self::Environment(mentioned) => mentioned.contains(name),
            Self::Parameters(declared) => {
                declared.iter().any(|parameter| parameter.name.eq_ignore_ascii_case(name))
            }
        }
    }

    /// Warns of parameters that a script cannot start without and that nobody gives.
    pub(super) fn missing(&self, reading: &ScriptReading, names: &Names) -> Option<Diagnostic> {
        let Self::Parameters(_) = self else { return None };
        let is_open =
            |name: &str| names.late_variable(name).is_none() && names.variable(name).is_none_or(is_nothing);
        let declared = reading.header.parameters.iter();
        let missing: Vec<_> =
            declared.filter(|of| of.mandatory && of.default.is_none() && is_open(&of.name.value)).collect();
        let first = missing.first()?;
        let stem = &reading.script.stem;
        let message = format!("nobody gives {stem} its parameter `{}`", first.name.value);
        let fault = Diagnostic::warning(code::MISSING_PARAMETER, message).source(&reading.source);
        let labels = missing.iter().map(|of| (of.name.span, "must be given"));
        let fault = labels.fold(fault, |fault, (span, text)| fault.label(span, text));
        let given: Vec<String> = missing.iter().map(|of| format!("--var {}=VALUE", of.name.value)).collect();
        Some(fault.help(format!("give it: {}", given.join(" "))))
    }

    /// Gives it the variables that reach it; one that does not fit is told and left out.
    pub(super) fn hand_over(
        &self,
        invocation: &mut Invocation,
        variables: &BTreeMap<String, Value>,
        misfit: &mut dyn FnMut(&Parameter, &Misfit, &Value),
    ) {
        match self {
            Self::Nobody => {}
            Self::Environment(mentioned) => {
                for (name, value) in variables.iter().filter(|(name, _)| mentioned.contains(*name)) {
                    invocation.variables.insert(name.clone(), value.clone());
                    // What nobody sets is empty, as in a shell.
                    let text = if value.is_null() { String::new() } else { plain(value) };
                    invocation.env.insert(name.clone(), text);
                }
            }
            Self::Parameters(declared) => give(declared, invocation, variables, misfit),
        }
    }
}

/// Gives a script the variables it declares as parameters: as words of its command line, or by a command if one of them
/// is no text.
fn give(
    declared: &[Parameter],
    invocation: &mut Invocation,
    variables: &BTreeMap<String, Value>,
    misfit: &mut dyn FnMut(&Parameter, &Misfit, &Value),
) {
    let mut given = Vec::new();
    for (name, value) in variables.iter().filter(|(_, value)| !is_nothing(value)) {
        let parameter = declared.iter().find(|parameter| parameter.name.eq_ignore_ascii_case(name));
        let Some(parameter) = parameter else { continue };
        match argument(parameter, value) {
            Ok(argument) => given.push((parameter, value, argument)),
            Err(fault) => misfit(parameter, &fault, value),
        }
    }
    if given.iter().any(|(.., argument)| matches!(argument, Argument::Literal(_))) {
        let words: Vec<String> =
            given.iter().map(|(parameter, _, argument)| argument.called(parameter)).collect();
        if let Some(argv) = powershell::called(&invocation.argv, &words) {
            invocation.argv = argv;
            invocation
                .variables
                .extend(given.iter().map(|(of, value, _)| (of.name.clone(), (*value).clone())));
            return;
        }
    }
    for (parameter, value, argument) in given {
        match argument.words(parameter) {
            Some(words) => {
                invocation.variables.insert(parameter.name.clone(), value.clone());
                invocation.argv.extend(words);
            }
            None if value.is_array() => misfit(parameter, &Misfit::List, value),
            None => misfit(parameter, &Misfit::Table, value),
        }
    }
}

/// How a parameter is given its value.
#[derive(Debug, PartialEq, Eq)]
enum Argument {
    /// A switch or a truth, with its name.
    Truth(String),
    /// One text, which PowerShell makes a number of where one is declared.
    Text(String),
    /// A list or a table, as a literal of PowerShell.
    Literal(String),
}

impl Argument {
    /// Returns the words of a command line; nothing for what it cannot carry.
    fn words(&self, parameter: &Parameter) -> Option<Vec<String>> {
        match self {
            Self::Truth(word) => Some(vec![word.clone()]),
            Self::Text(text) => Some(vec![format!("-{}", parameter.name), text.clone()]),
            Self::Literal(_) => None,
        }
    }

    /// Returns the words of a command of PowerShell, which mean the same.
    fn called(&self, parameter: &Parameter) -> String {
        match self {
            Self::Truth(word) => word.clone(),
            Self::Text(text) => format!("-{} {}", parameter.name, powershell::quoted(text)),
            Self::Literal(literal) => format!("-{} {literal}", parameter.name),
        }
    }
}

fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(str::is_empty)
}

/// Writes a value as a person would: a text without quotes, anything else as JSON.
pub(super) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Why a value cannot be given to a parameter.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Misfit {
    /// The parameter wants something else: this.
    Wants(String),
    /// A list for a script that is not called by `pwsh -File SCRIPT` alone.
    List,
    /// A table for one.
    Table,
}

/// Returns how a parameter is given its value.
///
/// # Errors
/// Why it cannot be given.
fn argument(parameter: &Parameter, value: &Value) -> Result<Argument, Misfit> {
    let wants = |what: &str| Err(Misfit::Wants(what.to_owned()));
    let literal = |value: &Value| {
        let literal = powershell::literal(value).map(Argument::Literal);
        literal.ok_or_else(|| Misfit::Wants("names that differ in more than case".to_owned()))
    };
    match &parameter.value_type {
        ParameterType::Switch | ParameterType::Bool => match truth(value) {
            Some(true) if parameter.value_type == ParameterType::Switch => {
                Ok(Argument::Truth(format!("-{}", parameter.name)))
            }
            Some(is) => Ok(Argument::Truth(format!("-{}:${is}", parameter.name))),
            None => wants("true or false"),
        },
        ParameterType::Table => match table(value) {
            Some(table) => literal(&table),
            None => wants("a table, as in {\"name\": 1}"),
        },
        ParameterType::List(inner) => {
            let items = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
            let items: Result<Vec<Value>, Misfit> =
                items.iter().map(|value| item(parameter, inner, value)).collect();
            match items?.as_slice() {
                [one] if !one.is_array() && !one.is_object() => Ok(Argument::Text(plain(one))),
                items => literal(&Value::Array(items.to_vec())),
            }
        }
        ParameterType::Any | ParameterType::Other(_) if value.is_array() || value.is_object() => {
            literal(value)
        }
        other => scalar(parameter, other, value).map(|value| Argument::Text(plain(&value))),
    }
}

/// Returns an item of a list as the list wants it.
fn item(parameter: &Parameter, wanted: &ParameterType, value: &Value) -> Result<Value, Misfit> {
    match wanted {
        ParameterType::Switch | ParameterType::Bool => {
            truth(value).map(Value::Bool).ok_or_else(|| Misfit::Wants("a list of true and false".to_owned()))
        }
        ParameterType::Table => table(value).ok_or_else(|| Misfit::Wants("a list of tables".to_owned())),
        ParameterType::Any | ParameterType::Other(_) | ParameterType::List(_)
            if value.is_array() || value.is_object() =>
        {
            Ok(value.clone())
        }
        other => scalar(parameter, other, value),
    }
}

/// Returns a single value if it is one of those that are allowed and reads as what is wanted.
fn scalar(parameter: &Parameter, wanted: &ParameterType, value: &Value) -> Result<Value, Misfit> {
    let wants = |what: &str| Err(Misfit::Wants(what.to_owned()));
    let text = plain(value);
    let choices = &parameter.choices;
    let is_choice = choices.is_empty() || choices.iter().any(|choice| choice.eq_ignore_ascii_case(&text));
    match wanted {
        ParameterType::Integer if text.trim().parse::<i64>().is_err() => wants("a whole number"),
        ParameterType::Number if text.trim().parse::<f64>().is_err() => wants("a number"),
        _ if !is_choice => wants(&format!("one of {}", quoted_list(choices))),
        ParameterType::Text => Ok(Value::String(text)),
        _ => Ok(value.clone()),
    }
}

/// Returns a table, also one that is written as a text of JSON.
fn table(value: &Value) -> Option<Value> {
    let read = value.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
    Some(read.unwrap_or_else(|| value.clone())).filter(Value::is_object)
}

/// Reads a truth as the old engine did.
pub(super) fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(is) => Some(*is),
        _ => match plain(value).to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "$true" => Some(true),
            "false" | "0" | "no" | "$false" => Some(false),
            _ => None,
        },
    }
}

impl Misfit {
    /// Says what does not fit, and what to do.
    pub(super) fn said(&self, stem: &str, parameter: &Parameter, value: &Value) -> (Code, String, String) {
        let (name, found) = (&parameter.name, plain(value));
        match self {
            Self::Wants(wanted) => {
                let message = format!("parameter `{name}` of {stem} wants {wanted}, found `{found}`");
                let help = match parameter.choices.first() {
                    Some(choice) => format!("give another value, such as --var {name}={choice}"),
                    None => format!("give it {wanted}: --var {name}=..."),
                };
                (code::BAD_PARAMETER, message, help)
            }
            Self::List => {
                let message = format!("parameter `{name}` of {stem} cannot be given the list `{found}` here");
                let items = value.as_array().map_or(&[][..], Vec::as_slice);
                let joined = items.iter().map(plain).collect::<Vec<_>>().join(",");
                let help = format!(
                    "give one text, --var {name}={joined}, and split it in the script: ${name} -split ','; or let the \
                     script be started by `pwsh -File`, with no arguments of its own"
                );
                (code::STRUCTURED_VALUE, message, help)
            }
            Self::Table => {
                let message =
                    format!("parameter `{name}` of {stem} cannot be given the table `{found}` here");
                let help = format!(
                    "declare it as [string]${name}, which is given JSON, and read it with ConvertFrom-Json; or let the \
                     script be started by `pwsh -File`, with no arguments of its own"
                );
                (code::STRUCTURED_VALUE, message, help)
            }
        }
    }

    /// The same as a diagnostic, where the parameter is declared.
    pub(super) fn told(&self, reading: &ScriptReading, parameter: &Parameter, value: &Value) -> Diagnostic {
        let (code, message, help) = self.said(&reading.script.stem, parameter, value);
        let fault = Diagnostic::error(code, message).help(help);
        let declared =
            reading.header.parameters.iter().find(|declared| declared.name.value == parameter.name);
        match declared {
            Some(declared) => fault.source(&reading.source).label(declared.name.span, "is declared here"),
            None => fault,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn given(value_type: ParameterType, choices: &[&str], value: &Value) -> Result<String, Misfit> {
        let choices = choices.iter().map(|choice| (*choice).to_owned()).collect();
        let parameter = Parameter { name: "P".into(), value_type, choices };
        argument(&parameter, value).map(|argument| match argument.words(&parameter) {
            Some(words) => words.join(" "),
            None => argument.called(&parameter),
        })
    }

    fn list(inner: ParameterType) -> ParameterType {
        ParameterType::List(Box::new(inner))
    }

    #[test]
    fn values_become_what_the_parameter_declares() {
        use ParameterType::{Any, Bool, Integer, Number, Other, Switch, Table, Text};
        let date = || Other("datetime".to_owned());
        for (value_type, choices, value, expected) in [
            (Switch, &[][..], json!("true"), "-P"),
            (Switch, &[], json!(false), "-P:$false"),
            (Bool, &[], json!("yes"), "-P:$true"),
            (Integer, &[], json!(3), "-P 3"),
            (Number, &[], json!("1.5"), "-P 1.5"),
            (Text, &["a", "b"], json!("A"), "-P A"),
            (date(), &[], json!("2026-01-02T03:04:05Z"), "-P 2026-01-02T03:04:05Z"),
            (Any, &[], json!("a b"), "-P a b"),
            // A text is what the script asks for, so JSON is what it gets.
            (Text, &[], json!({ "x": 1 }), "-P {\"x\":1}"),
            // One item is a list of one by itself; of a text with commas nobody knows that it is several.
            (list(Text), &[], json!(["x"]), "-P x"),
            (list(Text), &[], json!("x,y"), "-P x,y"),
            (list(Text), &[], json!([]), "-P @()"),
            (list(Text), &[], json!(["x", 1.50, true]), "-P @('x','1.5','true')"),
            (list(Text), &["a", "b"], json!(["A", "b"]), "-P @('A','b')"),
            (list(Integer), &[], json!([1, -2]), "-P @(1,(-2))"),
            (list(Bool), &[], json!(["true", 0]), "-P @($true,$false)"),
            (list(Table), &[], json!({ "a": 1 }), "-P @(,@{'a'=1})"),
            (list(Any), &[], json!([[1], { "b": null }]), "-P @(@(,1),@{'b'=$null})"),
            (Any, &[], json!(["x"]), "-P @(,'x')"),
            (Table, &[], json!({ "a": { "b": "c'd" } }), "-P @{'a'=@{'b'='c''d'}}"),
            (Table, &[], json!("{\"a\": [1, 2]}"), "-P @{'a'=@(1,2)}"),
        ] {
            assert_eq!(given(value_type, choices, &value), Ok(expected.to_owned()), "{value}");
        }
    }

    #[test]
    fn what_does_not_fit_says_what_is_wanted() {
        use ParameterType::{Integer, Number, Switch, Table, Text};
        for (value_type, choices, value, wanted) in [
            (Switch, &[][..], json!("perhaps"), "true or false"),
            (Integer, &[], json!("three"), "a whole number"),
            (Integer, &[], json!([3]), "a whole number"),
            (Number, &[], json!("1,5"), "a number"),
            (Text, &["a"], json!("c"), "one of `a`"),
            (list(Text), &["a", "b"], json!(["a", "c"]), "one of `a`"),
            (list(Integer), &[], json!([1, "x"]), "a whole number"),
            (Table, &[], json!("x"), "a table"),
            (Table, &[], json!([1]), "a table"),
            (Table, &[], json!({ "a": 1, "A": 2 }), "more than case"),
        ] {
            let Err(Misfit::Wants(found)) = given(value_type, choices, &value) else { panic!("{value}") };
            assert!(found.contains(wanted), "{value}: {found}");
        }
    }
}
