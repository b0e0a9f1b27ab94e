//! Every real playbook of the corpus: it loads, or is refused for a reason that stands reviewed in the snapshot.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::Value as Json;

use super::{Playbook, read};
use crate::{
    base::testing::{files, shared},
    diag::{Diagnostic, Source, code, has_errors},
    model::decode::Reading,
    text::document::Format,
};

fn readings(corpus: &Path) -> Vec<(String, Arc<Source>, Reading<Playbook>)> {
    let files = files(corpus);
    let read = |path: PathBuf| {
        let name = path.strip_prefix(corpus).unwrap().to_string_lossy().into_owned();
        let source = Arc::new(Source::new(name.as_str(), std::fs::read_to_string(&path).unwrap()));
        let format = Format::from_extension(path.extension().unwrap().to_str().unwrap()).unwrap();
        let reading = read(&source, format);
        (name, source, reading)
    };
    files.into_iter().map(read).collect()
}

/// `AZ0219 note 12: message`, with the line it stands on.
fn line(fault: &Diagnostic, text: &str) -> String {
    let at = fault.labels.first().map_or(0, |label| text[..label.span.start].matches('\n').count() + 1);
    format!("{} {} line {at}: {}", fault.code, fault.severity.as_str(), fault.message)
}

#[test]
fn every_real_playbook_loads_or_is_refused_for_a_reason() {
    let Some(corpus) = shared("corpus/playbooks") else { return };
    let mut shown = String::new();
    let (mut count, mut loaded) = (0, 0);
    for (name, source, reading) in readings(&corpus) {
        count += 1;
        let is_loaded = reading.value.is_some() && !has_errors(&reading.diagnostics);
        loaded += usize::from(is_loaded);
        let format = reading.value.as_ref().map_or("-", |playbook| playbook.format.as_str());
        let _ = writeln!(shown, "{name} | {} | {format}", if is_loaded { "loads" } else { "REFUSED" });
        let mut told: BTreeMap<String, usize> = BTreeMap::new();
        for fault in &reading.diagnostics {
            *told.entry(line(fault, &source.text)).or_default() += 1;
        }
        let is_pending = |line: &String| line.starts_with("AZ0207");
        for line in told.keys().filter(|line| !is_pending(line)) {
            let _ = writeln!(shown, "    {line}");
        }
    }
    insta::assert_snapshot!("corpus", shown);
    assert!(count >= 149, "{count} files");
    assert!(loaded * 10 >= count * 9, "{loaded} of {count} load");
}

#[test]
fn no_field_of_a_real_playbook_is_unknown_without_an_explanation() {
    let Some(corpus) = shared("corpus/playbooks") else { return };
    let mut unexplained = Vec::new();
    for (name, source, reading) in readings(&corpus) {
        let unknown = reading.diagnostics.iter().filter(|fault| fault.code == code::UNKNOWN_FIELD);
        unexplained.extend(unknown.map(|fault| format!("{name}: {}", line(fault, &source.text))));
    }
    assert!(unexplained.is_empty(), "{}", unexplained.join("\n"));
}

/// A document with every field that a schema of the old engine names, at every place it names one.
fn of_schema(schema: &Json, whole: &Json, without: &str) -> Json {
    let inner = |schema: &Json| of_schema(schema, whole, without);
    if let Some(name) = schema["$ref"].as_str() {
        return inner(whole.pointer(name.trim_start_matches('#')).unwrap());
    }
    if let Some(first) =
        schema["oneOf"].as_array().and_then(|all| all.iter().find(|one| !one["type"].is_null()))
    {
        return inner(first);
    }
    if let Some(first) = schema["enum"].as_array().and_then(|all| all.first()) {
        return first.clone();
    }
    match schema["type"].as_str() {
        Some("object") => {
            let named = schema["properties"].as_object().into_iter().flatten();
            let named = named.filter(|(name, _)| name.as_str() != without);
            let patterns = schema["patternProperties"].as_object().into_iter().flatten();
            let patterns = patterns.map(|(_, value)| ("any".to_owned(), inner(value)));
            named.map(|(name, value)| (name.clone(), inner(value))).chain(patterns).collect()
        }
        Some("array") => vec![inner(&schema["items"])].into(),
        Some("integer" | "number") => schema["minimum"].as_u64().unwrap_or(1).max(1).into(),
        Some("boolean") => true.into(),
        _ => "x".into(),
    }
}

#[test]
fn every_field_of_the_old_engines_schemas_is_read() {
    let Some(schemas) = shared("corpus/schemas") else { return };
    for (file, without) in [
        ("playbook-schema-v2.json", ""),
        ("playbook-schema-v3.json", "stages"),
        ("playbook-schema-v3.json", "jobs"),
    ] {
        let schema: Json =
            serde_json::from_str(&std::fs::read_to_string(schemas.join(file)).unwrap()).unwrap();
        let mut document = of_schema(&schema, &schema, without);
        // Of what a step runs it has one; and nothing needs a job that is not there.
        if let Some(job) = document.pointer_mut("/orchestration/jobs/any") {
            job["needs"] = serde_json::json!([]);
            job["strategy"]["matrix"] = serde_json::json!({ "any": [1] });
            let step = job["steps"][0].clone();
            let only = |kept: &str| {
                let mut step = step.clone();
                for other in ["run", "script", "uses"].iter().filter(|other| **other != kept) {
                    step.as_object_mut().unwrap().shift_remove(*other);
                }
                if kept == "run" {
                    step.as_object_mut().unwrap().shift_remove("shell");
                }
                step["id"] = kept.into();
                step
            };
            job["steps"] = vec![only("run"), only("script"), only("uses")].into();
        }
        let source = Arc::new(Source::new("x.json", serde_json::to_string_pretty(&document).unwrap()));
        let reading = read(&source, Format::Json);
        assert!(source.text.len() > 1500, "{file} names many fields");
        let bad: Vec<String> = reading
            .diagnostics
            .iter()
            .filter(|fault| {
                let is_of_shape =
                    [code::UNKNOWN_FIELD, code::WRONG_TYPE, code::MISSING_FIELD].contains(&fault.code);
                is_of_shape || fault.is_error()
            })
            .map(|fault| line(fault, &source.text))
            .collect();
        assert!(bad.is_empty(), "{file} without {without}: {}\n{}", bad.join("\n"), source.text);
    }
}
