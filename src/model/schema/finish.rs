//! What the types cannot say: other spellings of fields, the schema's own name.
//!
//! Knows the keywords `aliases` and `insteadOf` that the types give a field, and takes them away. Does not know any
//! field.

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
                let found = spell(properties);
                require_any_spelling(fields, &found);
                if fields.get("additionalProperties") == Some(&Value::Bool(false)) {
                    forbid_both(fields, &found);
                }
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

/// A field of a table.
struct Field {
    /// Its spellings, the one az writes first.
    names: Vec<String>,
    /// The field that says the same in another way.
    instead_of: Option<String>,
}

impl Field {
    fn is_called(&self, name: &str) -> bool {
        self.names.first().is_some_and(|own| own == name)
    }

    /// Asks whether the field is there in any spelling.
    fn is_there(&self) -> Value {
        json!({ "anyOf": self.names.iter().map(|name| json!({ "required": [name] })).collect::<Vec<_>>() })
    }
}

/// Puts the other spellings of each field behind it; returns the fields.
fn spell(properties: &mut Map<String, Value>) -> Vec<Field> {
    let own: Vec<String> = properties.keys().cloned().collect();
    let mut found = Vec::new();
    for (name, mut schema) in std::mem::take(properties) {
        let mut take = |keyword: &str| schema.as_object_mut().and_then(|fields| fields.shift_remove(keyword));
        // The default of a type that only describes is no default of az.
        take("default");
        let aliases = take("aliases").and_then(|names| serde_json::from_value::<Vec<String>>(names).ok());
        let instead_of = take("insteadOf").and_then(|name| name.as_str().map(str::to_owned));
        let other = another(&schema, &name);
        properties.insert(name.clone(), schema);
        let mut names = vec![name];
        // A spelling that is a field of its own, or of a field before it, is that one's, as in the decoder.
        for alias in aliases.unwrap_or_default().into_iter().filter(|alias| !own.contains(alias)) {
            if !properties.contains_key(&alias) {
                properties.insert(alias.clone(), other.clone());
            }
            names.push(alias);
        }
        found.push(Field { names, instead_of });
    }
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

/// Lets a field that must be there be there in any of its spellings.
fn require_any_spelling(table: &mut Map<String, Value>, fields: &[Field]) {
    let Some(Value::Array(required)) = table.get_mut("required") else { return };
    let mut any = Vec::new();
    required.retain(|name| {
        let field = fields.iter().find(|field| name.as_str().is_some_and(|name| field.is_called(name)));
        let field = field.filter(|field| field.names.len() > 1);
        any.extend(field.map(Field::is_there));
        field.is_none()
    });
    if required.is_empty() {
        table.shift_remove("required");
    }
    demand(table, any);
}

/// Of two fields that say the same only one can be there.
fn forbid_both(table: &mut Map<String, Value>, fields: &[Field]) {
    let rules = fields.iter().filter_map(|field| {
        let other = fields
            .iter()
            .find(|other| field.instead_of.as_ref().is_some_and(|name| other.is_called(name)))?;
        Some(json!({ "not": { "allOf": [field.is_there(), other.is_there()] } }))
    });
    demand(table, rules.collect());
}

fn demand(table: &mut Map<String, Value>, rules: Vec<Value>) {
    if !rules.is_empty()
        && let Value::Array(all) = table.entry("allOf").or_insert_with(|| json!([]))
    {
        all.extend(rules);
    }
}
