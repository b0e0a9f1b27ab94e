//! The schemas against the decoder: neither knows a field, or allows a value, that the other does not.

mod broken;
mod files;
mod maker;
mod random;

use std::fmt::Write as _;

use jsonschema::Validator;
use serde_json::Value;

use super::*;

fn validator(what: SchemaOf) -> Validator {
    jsonschema::validator_for(&schema(what)).unwrap()
}

/// Returns what is wrong with a document, a line for each.
fn faults(validator: &Validator, document: &Value) -> String {
    let mut lines = String::new();
    for fault in validator.iter_errors(document) {
        let _ = writeln!(lines, "{}: {fault:.160}", fault.instance_path());
    }
    lines
}

/// Calls back for each property with the name of its definition.
fn properties(schema: &Value, mut each: impl FnMut(&str, &str, &Value)) {
    let own = schema["properties"].as_object().into_iter().flatten().map(|found| ("", found));
    let named = schema["$defs"].as_object().into_iter().flatten();
    let inner = named.flat_map(|(name, schema)| {
        let variants = schema["oneOf"].as_array().into_iter().flatten();
        let tables = std::iter::once(schema).chain(variants);
        tables
            .filter_map(|table| table["properties"].as_object())
            .flatten()
            .map(move |found| (name.as_str(), found))
    });
    own.chain(inner).for_each(|(table, (name, schema))| each(table, name, schema));
}

#[test]
fn every_schema_is_one_and_has_a_name() {
    for (word, what) in SchemaOf::WORDS {
        let schema = schema(what);
        assert_eq!(jsonschema::meta::validate(&schema).map_err(|fault| fault.to_string()), Ok(()), "{word}");
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        assert_eq!(schema["$id"], format!("urn:az:schema:{word}:1"));
        assert_eq!(schema, super::schema(what));
    }
}

#[test]
fn every_field_says_what_it_means() {
    for (word, what) in SchemaOf::WORDS {
        properties(&schema(what), |table, field, schema| {
            let text = schema["description"].as_str().unwrap_or_default();
            let is_tag = schema.get("const").is_some();
            assert!(is_tag || (text.len() > 8 && text.ends_with('.')), "{word} {table}.{field}: `{text}`");
            assert!(!text.contains('\n'), "{word} {table}.{field}");
        });
    }
}

/// The whole schema has as many lines as a book: this is what of it people see, without other spellings.
#[test]
fn the_schemas_are_as_they_were() {
    for (word, what) in SchemaOf::WORDS {
        let mut shown = String::new();
        properties(&schema(what), |table, field, schema| {
            let text = schema["description"].as_str().unwrap_or_default();
            if !text.starts_with("Another spelling") {
                let value = schema["$ref"].as_str().and_then(|name| name.rsplit('/').next()).unwrap_or("...");
                let _ = writeln!(shown, "{table}.{field} ({value}): {text}");
            }
        });
        insta::assert_snapshot!(word, shown);
    }
}
