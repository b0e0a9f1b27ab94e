//! Documents that are broken, and that the schema refuses as the decoder does.
//!
//! What no schema can know (a job that is not there, a circle, a number twice) is the decoder's alone.

#![expect(clippy::needless_pass_by_value, reason = "a case reads as the document it is")]

use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::{
    diag::{Source, has_errors},
    model::{config, playbook, rule},
    text::document::Format,
};

/// A playbook of one job with these fields.
fn job(fields: Value) -> Value {
    json!({ "orchestration": { "jobs": { "one": fields } } })
}

/// A playbook of one job with a step with these fields.
fn step(fields: Value) -> Value {
    job(json!({ "steps": [fields] }))
}

/// A step that runs, with one more field.
fn behaves(field: &str, value: Value) -> Value {
    let mut fields = json!({ "run": "0100" });
    fields[field] = value;
    step(fields)
}

/// A playbook of one job that runs, with one more field at its root.
fn root(field: &str, value: Value) -> Value {
    let mut document = step(json!({ "run": "0100" }));
    document[field] = value;
    document
}

/// Bodies of every format.
fn bodies() -> Vec<Value> {
    vec![
        json!([]),
        json!("0402"),
        json!({}),
        json!({ "compilerOptions": {} }),
        json!({ "sequence": [] }),
        json!({ "sequence": true }),
        json!({ "sequence": null }),
        json!({ "sequence": [["0402"]] }),
        json!({ "sequence": [{ "description": "nothing" }] }),
        json!({ "stages": [] }),
        json!({ "stages": [{ "sequence": ["0402"] }] }),
        json!({ "stages": ["0402"] }),
        json!({ "stages": [{ "name": "a", "sequences": ["0402"], "retries": 11 }] }),
        json!({ "orchestration": { "stages": "a" } }),
        json!({ "scripts": { "a": 1 } }),
        json!({ "steps": [] }),
        json!({ "steps": [{ "id": "a", "unknwon": 1, "run": "0402" }] }),
        json!({ "workflow": { "steps": 5 } }),
        json!({ "orchestration": { "jobs": {} } }),
        json!({ "orchestration": { "jobs": [] } }),
        json!({ "orchestration": { "jobs": { "one": { "steps": [{ "run": "0100" }] } }, "stages": [] } }),
        json!({ "orchestration": { "jobs": { "1st": { "steps": [{ "run": "0100" }] } } } }),
        json!({ "orchestration": { "jobs": { "always": { "steps": [{ "run": "0100" }] } } } }),
    ]
}

fn jobs() -> Vec<Value> {
    vec![
        job(json!({})),
        job(json!({ "steps": [] })),
        job(json!({ "steps": ["0402"] })),
        job(json!({ "steps": [{ "run": "0100" }], "need": ["a"] })),
        job(json!({ "steps": [{ "run": "0100" }], "needs": { "a": 1 } })),
        job(json!({ "steps": [{ "run": "0100" }], "with": { "a": 1 } })),
        job(json!({ "steps": [{ "run": "0100" }], "strategy": {} })),
        job(json!({ "steps": [{ "run": "0100" }], "matrix": { "os": [] } })),
        job(json!({ "steps": [{ "run": "0100" }], "matrix": { "os": "linux" } })),
        job(json!({ "steps": [{ "run": "0100" }], "matrix": {} })),
        job(
            json!({ "steps": [{ "run": "0100" }], "matrix": { "a": [1] }, "strategy": { "matrix": { "a": [1] } } }),
        ),
        job(json!({ "steps": [{ "run": "0100" }], "permissions": { "network": 1 } })),
        job(json!({ "steps": [{ "run": "0100" }], "permissions": { "files": "x" } })),
        job(json!({ "steps": [{ "run": "0100" }], "environment": { "name": "" } })),
        job(json!({ "steps": [{ "run": "0100" }], "maxConcurrency": 0 })),
        job(json!({ "steps": [{ "run": "0100" }], "defaults": { "timeot": 1 } })),
    ]
}

fn steps() -> Vec<Value> {
    vec![
        step(json!({ "name": "x" })),
        step(json!({ "run": [] })),
        step(json!({ "run": "0100", "script": "echo" })),
        step(json!({ "run": "0100", "uses": "playbook:x" })),
        step(json!({ "run": "0100", "shell": "sh" })),
        step(json!({ "script": "" })),
        step(json!({ "script": { "description": "x" } })),
        step(json!({ "then": [{ "run": "0100" }] })),
        step(json!({ "items": [1] })),
        step(json!({ "module": "m" })),
        step(json!({ "branches": [{ "name": "x" }] })),
    ]
}

fn roots() -> Vec<Value> {
    vec![
        root("descripton", json!("x")),
        root("metadata", json!({ "nme": "x" })),
        root("parameters", json!([{ "type": "string" }])),
        root("parameters", json!({ "a": { "type": "text!" } })),
        root("secrets", json!([{ "name": "a", "source": "file" }])),
        root("secrets", json!([{ "name": "a", "source": "safe" }])),
        root("triggers", json!([{ "type": "schedule", "cron": "0 2 * *" }])),
        root("triggers", json!([{ "type": "sometimes" }])),
        root("validation", json!({ "preConditions": [{ "name": "x" }] })),
        root("validation", json!({ "thresholds": { "a": { "action": "explode" } } })),
        root("integrations", json!([{ "channel": "#a" }])),
        root("concurrency", json!({ "group": "a", "limit": 1 })),
        root("profiles", json!({ "quick": 5 })),
        root("env", json!({ "A": [1] })),
        root("requirements", json!({ "requiredTools": { "git": 1 } })),
    ]
}

fn behaviours() -> Vec<Value> {
    let fields = [
        ("ouputs", json!([])),
        ("timeout", json!("5 parsecs")),
        ("timeout", json!(true)),
        ("retries", json!(11)),
        ("retries", json!("2")),
        ("retryDelay", json!(0)),
        ("id", json!("1 st")),
        ("id", json!("failure")),
        ("continueOnError", json!("maybe")),
        ("required", json!("{{a}}")),
        ("cache", json!("sometimes")),
        ("inputs", json!([1])),
        ("inputs", json!([""])),
        ("useEnv", json!("A=1")),
        ("env", json!({ "A=B": 1 })),
        ("resources", json!({ "gpu": 0 })),
        ("resources", json!(["gpu:x"])),
        ("resources", json!(["memory:4"])),
        ("resources", json!("memory")),
        ("resources", json!({ "memory": 4 })),
        ("resources", json!({ "memory": "4" })),
        ("resources", json!({ "a b": 1 })),
        ("priority", json!(101)),
        ("priority", json!("high")),
        ("priority", json!(1.5)),
        ("exitCodes", json!({ "two": "warning" })),
        ("exitCodes", json!({ "2": "fine" })),
        ("undeclared", json!("maybe")),
        ("sandbox", json!("maybe")),
        ("service", json!("yes")),
        ("with", json!([1])),
        ("if", json!(5)),
        ("approval", json!({ "who": "x" })),
        ("outputs", json!({ "a": { "from": "x" } })),
        ("cwd", json!("")),
    ];
    fields.map(|(field, value)| behaves(field, value)).into()
}

#[test]
fn what_the_decoder_refuses_for_its_shape_the_schema_refuses_too() {
    let (validator, documents) =
        (validator(SchemaOf::Playbook), [bodies(), jobs(), steps(), roots(), behaviours()].concat());
    let mut wrong = String::new();
    for document in &documents {
        let source = Arc::new(Source::new("ci.json", document.to_string()));
        let (is_refused, is_valid) =
            (has_errors(&playbook::read(&source, Format::Json).diagnostics), validator.is_valid(document));
        if !is_refused || is_valid {
            let _ =
                writeln!(wrong, "decoder refuses: {is_refused}, schema refuses: {}: {document}", !is_valid);
        }
    }
    assert_eq!(wrong, "");
    assert!(documents.len() >= 60, "{}", documents.len());
}

#[test]
fn broken_rules_and_configurations_are_refused_too() {
    let files = [
        (SchemaOf::Rules, "[[rule]]\nname = \"x\"\n"),
        (SchemaOf::Rules, "[[rules]]\nmatch = \"*\"\n"),
        (SchemaOf::Rules, "[rule]\nmatch = \"*\"\n"),
        (SchemaOf::Rules, "[[rule]]\nmatch = \"*\"\nstage = \"x\"\n"),
        (SchemaOf::Rules, "[[rule]]\nmatch = \"*\"\ncommand = []\n"),
        (SchemaOf::Rules, "[[rule]]\nmatch = \"*\"\ntimeout = \"soon\"\n"),
        (SchemaOf::Rules, "[[kind]]\nname = \"ruby\"\n"),
        (SchemaOf::Rules, "[[kind]]\nname = \"ruby\"\ninterpreter = [\"ruby\"]\n"),
        (
            SchemaOf::Rules,
            "[[kind]]\nname = \"ruby\"\ninterpreter = [\"{script}\"]\nextensions = [\".rb\"]\n",
        ),
        (
            SchemaOf::Rules,
            "[[kind]]\nname = \"ruby\"\ninterpreter = [\"{script}\"]\ncomments = { block = [\"#\"] }\n",
        ),
        (SchemaOf::Rules, "[[scratch]]\nname = \"x\"\n"),
        (SchemaOf::Config, "jobs = 0\n"),
        (SchemaOf::Config, "continue_on_error = \"yes\"\n"),
        (SchemaOf::Config, "[workspaec]\n"),
        (SchemaOf::Config, "[workspace]\nscript = \"a\"\n"),
        (SchemaOf::Config, "[workspace]\nrules = \"\"\n"),
        (SchemaOf::Config, "[env]\nuse = [\"A=1\"]\n"),
        (SchemaOf::Config, "[cache]\nmax_size = 5\n"),
        (SchemaOf::Config, "[cache]\nmax_size = \"much\"\n"),
        (SchemaOf::Config, "[cache]\nmax-age = \"soon\"\n"),
        (SchemaOf::Config, "[cache]\nsize = \"1GiB\"\n"),
    ];
    for (what, text) in files {
        let source = Arc::new(Source::new("file.toml", text));
        let diagnostics = match what {
            SchemaOf::Rules => rule::read(&source).diagnostics,
            _ => config::read(&source).diagnostics,
        };
        assert!(has_errors(&diagnostics), "the decoder takes {text}");
        let document: Value = toml::from_str(text).unwrap();
        assert!(!validator(what).is_valid(&document), "the schema takes {text}");
    }
}
