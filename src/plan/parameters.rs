//! Parameters of a playbook: what must be given, of which type, out of which values.
//!
//! Knows declarations and names. Does not know where a value came from.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Number, Value};

use super::{
    flow::{LateValue, Names},
    node::PlaybookContext,
    variables::truth,
};
use crate::{
    base::{nearest, quoted_list},
    diag::{Diagnostic, code},
    model::playbook::{Parameter, ParameterType, Playbook},
    text::expression::to_text,
};

/// Returns the defaults of parameters that no variable of the playbook sets.
pub(super) fn defaults(playbook: &Playbook, set: &BTreeMap<String, Value>) -> BTreeMap<String, Value> {
    let is_set = |name: &str| set.keys().any(|known| known.eq_ignore_ascii_case(name));
    let open = playbook.parameters.iter().filter(|parameter| !is_set(&parameter.name));
    open.filter_map(|parameter| Some((parameter.name.clone(), parameter.default.clone()?))).collect()
}

/// Makes the values what the parameters declare, and tells what is missing or does not fit; where a playbook is only
/// checked, what is missing is not known yet.
pub(super) fn check(of: PlaybookContext<'_>, names: &mut Names, is_check: bool) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    let tell = |parameter: &Parameter, message: String, label: &str, help: String| {
        let fault = Diagnostic::error(code::BAD_PARAMETER, message).source(of.source);
        fault.label(of.span(&parameter.at), label).help(help)
    };
    for parameter in &of.playbook.parameters {
        let Parameter { name, .. } = parameter;
        if let Some(late) = names.late_variable(name).cloned() {
            let parameter = Some(Arc::new(parameter.clone()));
            names.fit_late(name, LateValue { parameter, ..late });
            continue;
        }
        let Some(value) = names.variable(name).filter(|value| !value.is_null()).cloned() else {
            if parameter.required {
                // What asks for it has nothing to say beyond that.
                names.set_late(name, LateValue::unknown());
            }
            if parameter.required && !is_check {
                let message = format!("parameter `{name}` must be given");
                let help = format!("give it: --var {name}=VALUE");
                faults.push(tell(parameter, message, "has no value", help));
            }
            continue;
        };
        match fit(parameter, &value) {
            Ok(value) => names.set(&BTreeMap::from([(name.clone(), value)])),
            Err(misfit) => faults.push(tell(parameter, misfit.message, &misfit.label, misfit.help)),
        }
    }
    faults
}

/// Why a value is none for a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// What is wrong.
    pub message: String,
    /// What the parameter is, in a clause.
    label: String,
    /// What to do.
    pub help: String,
}

/// Returns a value as what a parameter is declared to be.
///
/// # Errors
/// If it cannot be that, or is none of the values allowed.
pub fn fit(parameter: &Parameter, value: &Value) -> Result<Value, Misfit> {
    let Parameter { name, kind, allowed, .. } = parameter;
    let Some(fit) = kind.map_or(Some(value.clone()), |kind| converted(kind, value)) else {
        let wanted = kind.map_or("", ParameterType::as_str);
        return Err(Misfit {
            message: format!("parameter `{name}` wants a {wanted}, found `{}`", to_text(value)),
            label: format!("is a {wanted}"),
            help: format!("give another value, such as --var {name}={}", example(*kind)),
        });
    };
    if allowed.is_empty() {
        return Ok(fit);
    }
    let is_it = |known: &&Value| **known == fit || to_text(known).eq_ignore_ascii_case(&to_text(&fit));
    if let Some(known) = allowed.iter().find(is_it) {
        return Ok(known.clone());
    }
    let texts: Vec<String> = allowed.iter().map(to_text).collect();
    let found = to_text(&fit);
    let help = match nearest(&found, texts.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("give one of {}: --var {name}={}", quoted_list(&texts), texts[0]),
    };
    let message = format!("parameter `{name}` cannot be `{found}`");
    Err(Misfit { message, label: format!("is one of {}", quoted_list(&texts)), help })
}

/// Warns of names that are given and mean nothing in the playbook, and nearly a parameter that is not given.
pub(super) fn mistyped(of: PlaybookContext<'_>, given: &Names) -> Vec<Diagnostic> {
    let Playbook { parameters, variables, .. } = of.playbook;
    let is_known = |name: &str| {
        let mut known = parameters.iter().map(|parameter| &parameter.name).chain(variables.keys());
        known.any(|known| known.eq_ignore_ascii_case(name))
    };
    let open = || parameters.iter().filter(|parameter| !given.has(&parameter.name));
    let told = given.variables.keys().filter(|name| !is_known(name)).filter_map(|name| {
        let near = nearest(name, open().map(|parameter| parameter.name.as_str()))?;
        let parameter = open().find(|parameter| parameter.name == near)?;
        let fault = Diagnostic::warning(code::BAD_PARAMETER, format!("no parameter is called `{name}`"));
        let fault = fault.source(of.source).label(of.span(&parameter.at), "was this one meant?");
        Some(fault.help(format!("did you mean `{near}`?")))
    });
    told.collect()
}

/// Returns a value as what a parameter is declared to be, if it can be that.
fn converted(kind: ParameterType, value: &Value) -> Option<Value> {
    let text = value.as_str().map(str::trim);
    match kind {
        ParameterType::Text if value.is_array() || value.is_object() => None,
        ParameterType::Text => Some(Value::String(to_text(value))),
        ParameterType::Number => match text {
            None => value.is_number().then(|| value.clone()),
            Some(text) => text
                .parse::<i64>()
                .map(Value::from)
                .ok()
                .or_else(|| Number::from_f64(text.parse().ok()?).map(Value::Number)),
        },
        ParameterType::Boolean => truth(value).map(Value::Bool),
        ParameterType::List => match value {
            Value::Array(_) => Some(value.clone()),
            Value::Object(_) => None,
            one => {
                let text = to_text(one);
                let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                Some(if text.contains(',') {
                    items.map(Value::from).collect()
                } else {
                    Value::Array(vec![one.clone()])
                })
            }
        },
        ParameterType::Object => match text {
            None => value.is_object().then(|| value.clone()),
            Some(text) => serde_json::from_str::<Value>(text).ok().filter(Value::is_object),
        },
    }
}

fn example(kind: Option<ParameterType>) -> &'static str {
    match kind {
        Some(ParameterType::Number) => "3",
        Some(ParameterType::Boolean) => "true",
        Some(ParameterType::List) => "a,b",
        Some(ParameterType::Object) => "'{\"name\": 1}'",
        Some(ParameterType::Text) | None => "text",
    }
}
