//! What the types cannot say: other spellings of fields, the schema's own name.
//!
//! Knows the keyword `aliases` that the types give a field, and takes it away. Does not know any field.

use serde_json::{Map, Value, json};

/// Gives a schema its name, and every field the spellings it is known under too.
pub(super) fn finish(schema: Value, name: &str, title: &str) -> Value {
    let Value::Object(mut fields) = schema else { return schema };
    let dialect = fields.shift_remove("$schema").unwrap_or_default();
    let mut named = Map::new();
    named.insert("$schema".to_owned(), dialect);
    named.insert("$id".to_owned(), format!("urn:az:schema:{name}:1").into());
    named.insert("title".to_owned(), title.into());
    fields.shift_remove("title");
    named.extend(fields);
    let mut schema = Value::Object(named);
    walk(&mut schema);
    schema
}

fn walk(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(walk),
        Value::Object(fields) => {
            if let Some(Value::String(text)) = fields.get_mut("description") {
                *text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            }
            if let Some(Value::Object(properties)) = fields.get_mut("properties") {
                let spellings = spell(properties);
                require_any_spelling(fields, &spellings);
            }
            for (keyword, value) in fields.iter_mut() {
                match keyword.as_str() {
                    "properties" | "$defs" => tables(value).for_each(walk),
                    "enum" | "const" | "examples" | "default" => {}
                    _ => walk(value),
                }
            }
        }
        _ => {}
    }
}

fn tables(value: &mut Value) -> impl Iterator<Item = &mut Value> {
    value.as_object_mut().into_iter().flat_map(Map::values_mut)
}

/// Puts the other spellings of each field behind it; returns those of all fields that have some.
fn spell(properties: &mut Map<String, Value>) -> Vec<(String, Vec<String>)> {
    let own: Vec<String> = properties.keys().cloned().collect();
    let mut found = Vec::new();
    let mut spelled = Map::new();
    for (name, mut schema) in std::mem::take(properties) {
        let aliases = schema.as_object_mut().and_then(|fields| {
            // The default of a type that only describes is no default of az.
            fields.shift_remove("default");
            fields.shift_remove("aliases")
        });
        let aliases: Vec<String> =
            aliases.and_then(|names| serde_json::from_value(names).ok()).unwrap_or_default();
        // The first field of a spelling has it, as in the decoder.
        let free: Vec<String> = aliases.into_iter().filter(|alias| !own.contains(alias)).collect();
        let others: Vec<(String, Value)> =
            free.iter().map(|alias| (alias.clone(), another(&schema, &name))).collect();
        spelled.insert(name.clone(), schema);
        for (alias, schema) in others {
            spelled.entry(alias).or_insert(schema);
        }
        if !free.is_empty() {
            found.push((name, free));
        }
    }
    *properties = spelled;
    found
}

/// Returns the schema of another spelling: the same values, and a word on how to write it.
fn another(schema: &Value, name: &str) -> Value {
    let mut other = schema.as_object().cloned().unwrap_or_default();
    for keyword in ["description", "examples", "default", "deprecated"] {
        other.shift_remove(keyword);
    }
    other.insert("description".to_owned(), format!("Another spelling of `{name}`.").into());
    other.insert("deprecated".to_owned(), true.into());
    Value::Object(other)
}

/// Lets a field that must be there be there under any of its spellings.
fn require_any_spelling(fields: &mut Map<String, Value>, spellings: &[(String, Vec<String>)]) {
    let Some(Value::Array(required)) = fields.get_mut("required") else { return };
    let mut any = Vec::new();
    required.retain(|name| {
        let Some((name, others)) = spellings.iter().find(|(spelled, _)| *name == **spelled) else {
            return true;
        };
        let names = std::iter::once(name).chain(others);
        any.push(json!({ "anyOf": names.map(|name| json!({ "required": [name] })).collect::<Vec<_>>() }));
        false
    });
    if required.is_empty() {
        fields.shift_remove("required");
    }
    if !any.is_empty() {
        let all = fields.entry("allOf").or_insert_with(|| json!([]));
        if let Value::Array(all) = all {
            all.extend(any);
        }
    }
}
