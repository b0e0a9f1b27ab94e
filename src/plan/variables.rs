//! How variables reach a script: only through parameters it declares, or names its kind says.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Invocation;
use crate::{
    base::quoted_list,
    diag::{Diagnostic, code},
    model::{
        kind::{Kind, Parameters},
        script::{Parameter, Script},
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

/// Gives a script the variables that reach it; a value that does not fit is told and left out.
pub(super) fn hand_over(
    invocation: &mut Invocation,
    kind: &Kind,
    script: &Script,
    variables: &BTreeMap<String, Value>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    match kind.parameters {
        Parameters::None => {}
        Parameters::Env => {
            for (name, value) in variables.iter().filter(|(name, _)| script.mentioned.contains(*name)) {
                invocation.variables.insert(name.clone(), value.clone());
                invocation.env.insert(name.clone(), plain(value));
            }
        }
        Parameters::Named => {
            for (name, value) in variables.iter().filter(|(_, value)| !is_nothing(value)) {
                let parameter =
                    script.parameters.iter().find(|parameter| parameter.name.eq_ignore_ascii_case(name));
                let Some(parameter) = parameter else { continue };
                match argument(parameter, value) {
                    Ok(words) => {
                        invocation.variables.insert(parameter.name.clone(), value.clone());
                        invocation.argv.extend(words);
                    }
                    Err(wanted) => diagnostics.push(bad_parameter(script, parameter, value, &wanted)),
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

/// Returns the words of a command line that give a parameter its value.
///
/// # Errors
/// What is wanted instead.
fn argument(parameter: &Parameter, value: &Value) -> Result<Vec<String>, String> {
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
            None => Err("true or false".to_owned()),
        },
        ParameterType::Integer if text.trim().parse::<i64>().is_err() => Err("a whole number".to_owned()),
        ParameterType::Number if text.trim().parse::<f64>().is_err() => Err("a number".to_owned()),
        ParameterType::List(_) => {
            let items =
                value.as_array().map_or_else(|| vec![text], |items| items.iter().map(plain).collect());
            match items.iter().find(|item| !is_choice(item)) {
                Some(_) => Err(format!("values out of {}", quoted_list(&parameter.choices))),
                None => Ok(vec![flag, items.join(",")]),
            }
        }
        _ if !is_choice(&text) => Err(format!("one of {}", quoted_list(&parameter.choices))),
        _ => Ok(vec![flag, text]),
    }
}

/// Reads a truth as the old engine did.
fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(is) => Some(*is),
        _ => match plain(value).to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "$true" => Some(true),
            "false" | "0" | "no" | "$false" => Some(false),
            _ => None,
        },
    }
}

fn bad_parameter(script: &Script, parameter: &Parameter, value: &Value, wanted: &str) -> Diagnostic {
    let name = &parameter.name;
    let message = format!("parameter `{name}` of {} wants {wanted}, found `{}`", script.stem, plain(value));
    let help = match parameter.choices.first() {
        Some(choice) => format!("give another value, such as --var {name}={choice}"),
        None => format!("give it {wanted}: --var {name}=..."),
    };
    Diagnostic::error(code::BAD_PARAMETER, message).help(help)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn words(value_type: ParameterType, choices: &[&str], value: &Value) -> Result<String, String> {
        let choices = choices.iter().map(|choice| (*choice).to_owned()).collect();
        let parameter = Parameter { name: "P".into(), value_type, choices };
        argument(&parameter, value).map(|words| words.join(" "))
    }

    #[test]
    fn values_become_what_the_parameter_declares() {
        assert_eq!(words(ParameterType::Switch, &[], &json!("true")), Ok("-P".into()));
        assert_eq!(words(ParameterType::Switch, &[], &json!(false)), Ok("-P:$false".into()));
        assert_eq!(words(ParameterType::Integer, &[], &json!(3)), Ok("-P 3".into()));
        assert_eq!(words(ParameterType::Text, &["a", "b"], &json!("A")), Ok("-P A".into()));
        let list = ParameterType::List(Box::new(ParameterType::Text));
        assert_eq!(words(list, &[], &json!(["x", "y"])), Ok("-P x,y".into()));
        assert!(words(ParameterType::Integer, &[], &json!("three")).is_err());
        assert!(words(ParameterType::Switch, &[], &json!("perhaps")).is_err());
        assert!(words(ParameterType::Text, &["a"], &json!("c")).unwrap_err().contains("`a`"));
    }
}
