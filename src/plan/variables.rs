//! How variables reach a script: only through parameters it declares, or names its kind says.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Invocation;
use crate::{
    base::quoted_list,
    diag::{Code, Diagnostic, code},
    model::{
        kind::{Kind, Parameters},
        script::{Parameter, ScriptReading},
    },
    text::script::ParameterType,
};

/// Sets variables over others. A name is one in any case and keeps the spelling it has below.
pub(super) fn overlay(lower: &mut BTreeMap<String, Value>, higher: &BTreeMap<String, Value>) {
    for (name, value) in higher {
        let known = lower.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name));
        if let Some((_, known)) = known {
            value.clone_into(known);
        } else {
            lower.insert(name.clone(), value.clone());
        }
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
                    invocation.env.insert(name.clone(), plain(value));
                }
            }
            Self::Parameters(declared) => {
                for (name, value) in variables.iter().filter(|(_, value)| !is_nothing(value)) {
                    let parameter =
                        declared.iter().find(|parameter| parameter.name.eq_ignore_ascii_case(name));
                    let Some(parameter) = parameter else { continue };
                    match argument(parameter, value) {
                        Ok(words) => {
                            invocation.variables.insert(parameter.name.clone(), value.clone());
                            invocation.argv.extend(words);
                        }
                        Err(fault) => misfit(parameter, &fault, value),
                    }
                }
            }
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
    /// A command line carries single texts only. `pwsh -File` makes one text of `a,b`; and `-Command`, which makes a
    /// list of it, ends with other exit codes.
    List,
    /// As for a list; there is no way to write a table at all.
    Table,
}

/// Returns the words of a command line that give a parameter its value.
///
/// # Errors
/// Why it cannot be given.
fn argument(parameter: &Parameter, value: &Value) -> Result<Vec<String>, Misfit> {
    let wants = |what: &str| Err(Misfit::Wants(what.to_owned()));
    let flag = format!("-{}", parameter.name);
    let text = plain(value);
    let is_choice = |text: &String| {
        parameter.choices.is_empty()
            || parameter.choices.iter().any(|choice| choice.eq_ignore_ascii_case(text))
    };
    match &parameter.value_type {
        ParameterType::Switch | ParameterType::Bool => match truth(value) {
            Some(true) if parameter.value_type == ParameterType::Switch => Ok(vec![flag]),
            Some(is) => Ok(vec![format!("{flag}:${is}")]),
            None => wants("true or false"),
        },
        ParameterType::Integer if text.trim().parse::<i64>().is_err() => wants("a whole number"),
        ParameterType::Number if text.trim().parse::<f64>().is_err() => wants("a number"),
        ParameterType::Table => Err(Misfit::Table),
        ParameterType::List(_) => {
            let items = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
            match items {
                [item] if item.is_object() => Err(Misfit::Table),
                [item] if is_choice(&plain(item)) => Ok(vec![flag, plain(item)]),
                [_] => wants(&format!("values out of {}", quoted_list(&parameter.choices))),
                _ => Err(Misfit::List),
            }
        }
        ParameterType::Any | ParameterType::Other(_) if value.is_array() => Err(Misfit::List),
        ParameterType::Any | ParameterType::Other(_) if value.is_object() => Err(Misfit::Table),
        _ if !is_choice(&text) => wants(&format!("one of {}", quoted_list(&parameter.choices))),
        _ => Ok(vec![flag, text]),
    }
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
                let message = format!("parameter `{name}` of {stem} cannot be given the list `{found}`");
                let items = value.as_array().map_or(&[][..], Vec::as_slice);
                let joined = items.iter().map(plain).collect::<Vec<_>>().join(",");
                let help = format!(
                    "give one text, --var {name}={joined}, and split it in the script: ${name} -split ','"
                );
                (code::STRUCTURED_VALUE, message, help)
            }
            Self::Table => {
                let message = format!("parameter `{name}` of {stem} cannot be given the table `{found}`");
                let help = format!(
                    "declare it as [string]${name}, which is given JSON, and read it with ConvertFrom-Json"
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

    fn words(value_type: ParameterType, choices: &[&str], value: &Value) -> Result<String, Misfit> {
        let choices = choices.iter().map(|choice| (*choice).to_owned()).collect();
        let parameter = Parameter { name: "P".into(), value_type, choices };
        argument(&parameter, value).map(|words| words.join(" "))
    }

    fn list() -> ParameterType {
        ParameterType::List(Box::new(ParameterType::Text))
    }

    #[test]
    fn values_become_what_the_parameter_declares() {
        assert_eq!(words(ParameterType::Switch, &[], &json!("true")), Ok("-P".into()));
        assert_eq!(words(ParameterType::Switch, &[], &json!(false)), Ok("-P:$false".into()));
        assert_eq!(words(ParameterType::Integer, &[], &json!(3)), Ok("-P 3".into()));
        assert_eq!(words(ParameterType::Text, &["a", "b"], &json!("A")), Ok("-P A".into()));
        assert_eq!(words(list(), &[], &json!(["x"])), Ok("-P x".into()));
        assert_eq!(words(list(), &[], &json!("x,y")), Ok("-P x,y".into()));
        assert!(words(ParameterType::Integer, &[], &json!("three")).is_err());
        assert!(words(ParameterType::Switch, &[], &json!("perhaps")).is_err());
        let Err(Misfit::Wants(wanted)) = words(ParameterType::Text, &["a"], &json!("c")) else { panic!() };
        assert!(wanted.contains("`a`"));
    }

    #[test]
    fn what_a_command_line_cannot_carry_is_no_text_of_its_own() {
        for value_type in [list(), ParameterType::Any, ParameterType::Other("Thing".into())] {
            assert_eq!(
                words(value_type.clone(), &[], &json!(["x", "y"])),
                Err(Misfit::List),
                "{value_type:?}"
            );
            assert_eq!(
                words(value_type.clone(), &[], &json!({"x": 1})),
                Err(Misfit::Table),
                "{value_type:?}"
            );
        }
        assert_eq!(words(list(), &[], &json!([])), Err(Misfit::List));
        assert_eq!(words(ParameterType::Table, &[], &json!({"x": 1})), Err(Misfit::Table));
        assert_eq!(words(ParameterType::Table, &[], &json!("x")), Err(Misfit::Table));
        // A text is what the script asks for, so JSON is what it gets.
        assert_eq!(words(ParameterType::Text, &[], &json!({"x": 1})), Ok("-P {\"x\":1}".into()));
    }
}
