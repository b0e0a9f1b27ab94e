//! `[resources]`: how much there is of what only some steps can have at a time, and how often it may be used.

use std::collections::BTreeMap;

use super::Resource;
use crate::{
    model::{
        decode::{Names, Value},
        settings::{self, CPU, MEMORY, resource_name_at},
    },
    text::{
        document::NodeValue,
        rate::{self, Rate},
    },
};

/// Reads all resources, by their names in small letters.
pub(super) fn resources(value: Value<'_>) -> Option<BTreeMap<String, Resource>> {
    let entries = value.map(Names::AnyCase, |name, at, value| {
        let name = resource_name_at(name, at, value)?;
        let resource = match &*name {
            CPU => {
                return value
                    .bad_value("is how many steps run at once", "write `jobs = 4` at the top instead");
            }
            MEMORY => Resource { count: Some(settings::memory(value)?), rate: None },
            _ => resource(value)?,
        };
        Some((name, resource))
    })?;
    Some(entries.into_iter().map(|(_, entry)| entry).collect())
}

/// Reads a resource: a count, a rate, or both in a table.
fn resource(value: Value<'_>) -> Option<Resource> {
    match &value.node().value {
        NodeValue::Number(_) => Some(Resource { count: Some(settings::count(value)?), rate: None }),
        NodeValue::Text(_) => Some(Resource { count: None, rate: Some(rate(value)?) }),
        NodeValue::Table(_) => {
            let mut table = value.table(format!("resource `{}`", value.field()))?;
            let (count, rate) = (table.optional("count", settings::count), table.optional("rate", rate));
            table.finish();
            Some(Resource { count, rate })
        }
        _ => value.wrong_type_but("a number or a rate", &help()),
    }
}

fn rate(value: Value<'_>) -> Option<Rate> {
    let text = value.text()?;
    let found = rate::parse(&text);
    if found.is_none() {
        return value.bad_value(&format!("wants a rate, found `{text}`"), &help());
    }
    found
}

fn help() -> String {
    format!("write how many there are, as `2`, or {}", rate::FORMS)
}
