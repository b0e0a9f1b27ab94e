//! Conversion: what each format becomes, that nothing is lost, and every real playbook there and back.

use std::{fmt::Write as _, path::PathBuf, sync::Arc};

use super::{text::difference, *};
use crate::{
    base::{
        Span, Spanned,
        testing::{files, shared},
    },
    diag::{Source, code, has_errors},
    model::{
        decode::{Context, Value, testing::told},
        playbook::{detect::detect, read, read::read_all, root},
    },
    text::{
        document::{
            self, Format, Node, NodeValue,
            write::{Draft, WriteFormat},
        },
        expression,
    },
};

const FORMATS: [WriteFormat; 3] = [WriteFormat::Json, WriteFormat::Yaml, WriteFormat::Toml];

fn source(text: &str) -> Arc<Source> {
    Arc::new(Source::new("playbooks/old.x", text))
}

/// Returns the new text and what became of each part.
fn shown(text: &str, from: Format, to: WriteFormat) -> String {
    let source = source(text);
    let converted = convert(&source, from, to).unwrap_or_else(|faults| panic!("{}", told(&faults)));
    let mut shown = converted.text;
    for row in &converted.rows {
        let to = row.to.as_deref().unwrap_or("-");
        let _ = writeln!(shown, "# {} {} -> {to} {}", row.fate.as_str(), row.at, row.note);
    }
    shown
}

#[test]
fn a_sequence_becomes_a_job() {
    let text = r#"{"Name": "setup", "Description": "d", "Sequence": ["0000-0099", "!0050"],
        "Variables": {"Profile": "Minimal", "Deep": {"a": [1, null]}}, "Tags": ["x"], "$schema": "v1"}"#;
    insta::assert_snapshot!(shown(text, Format::Json, WriteFormat::Yaml));
}

const STAGES: &str = r#"// What this is for.

{
  "name": "ship", // its name
  "variables": { "fast": true },
  "stages": [
    // First of all
    { "name": "Build it", "sequences": ["0300"], "variables": { "a": null }, "timeout": 90, "comment": "c" },
    { "name": "Success", "condition": "{{fast}}", "sequence": ["0402", "0404"], "continueOnError": true,
      "tags": ["t"] },
    { "name": "Nothing", "description": "only says something", "sequences": [] },
    { "name": "Ship", "condition": "always()", "steps": [
        // of a step
        { "id": "push", "script": "0500", "order": 1, "timeout": "{{limit}}" },
        { "name": "last", "inline": "echo a\necho b" /* two lines */ } ] },
    { "name": "Tell", "when": "$Env:CI -eq 'true'", "sequences": ["0600"] }
  ],
  "profiles": { "quick": { "variables": { "fast": false }, "stages": ["Ship"], "estimatedDuration": "5m" } }
  // The end
}
"#;

#[test]
fn stages_become_jobs_that_need_each_other() {
    insta::assert_snapshot!("stages_yaml", shown(STAGES, Format::Json, WriteFormat::Yaml));
    insta::assert_snapshot!("stages_toml", shown(STAGES, Format::Json, WriteFormat::Toml));
    insta::assert_snapshot!("stages_json", shown(STAGES, Format::Json, WriteFormat::Json));
}

/// Everything the newest format can say.
const ALL: &str = r#"{
  "metadata": { "name": "all", "description": "d", "version": "1.0", "category": "c", "author": "a",
    "estimatedDuration": "5", "created": "2025", "lastUpdated": "2026", "tags": ["t"] },
  "parameters": [ { "name": "p", "type": "choice", "required": true, "default": "a", "allowed": ["a", "b"], "description": "d" }, "q" ],
  "requirements": { "minimumPowerShellVersion": "7.0", "requiredModules": ["M"], "requiredTools": ["git"], "scripts": ["0402"],
    "platforms": ["Linux"], "permissions": ["p"], "apiKeys": ["K"], "requiresAdmin": false, "diskSpace": "1 GB" },
  "secrets": [ { "name": "a", "source": "environment" }, { "name": "b", "source": "file", "path": "f" },
    { "name": "c", "source": "vault", "path": "v", "key": "k" } ],
  "validation": { "preConditions": [ { "name": "n", "condition": "true", "message": "m" }, "$x" ],
    "postConditions": [ "$y" ], "thresholds": { "errors": { "maxCount": 0, "action": "fail" } } },
  "triggers": [ { "type": "schedule", "cron": "0 2 * * *", "timezone": "UTC" }, { "type": "event", "source": "s", "event": "e" },
    { "type": "webhook", "url": "/x", "secret": "s" }, { "type": "files", "paths": ["a"], "enabled": false } ],
  "notifications": { "onStart": { "message": "m", "level": "Warning", "channels": ["log"] }, "onComplete": "done" },
  "onStart": "again",
  "reporting": { "enabled": true, "formats": ["HTML"], "outputPath": "o", "includeMetrics": true, "includeLogs": false, "summary": true },
  "integrations": [ { "type": "slack", "url": "u" }, { "type": "Slack", "url": "v" } ],
  "successCriteria": { "minimum": 1 },
  "extensions": { "notes": { "a": null } },
  "postActions": [ { "name": "n", "script": "echo", "if": "always()" } ],
  "orchestration": {
    "profile": "quick", "defaultVariables": { "v": 1.50, "w": [true] }, "env": { "E": "0402" },
    "options": { "parallel": true, "maxConcurrency": 3, "continueOnError": "{{go}}", "timeoutMinutes": 5, "useCache": false },
    "defaults": { "continueOnError": false, "timeout": "1h30m", "retries": 2, "retryDelay": "5s", "priority": 10, "shell": "sh", "cwd": "x" },
    "concurrency": { "group": "g", "cancelInProgress": true },
    "profiles": { "quick": { "description": "d", "variables": { "v": 2 }, "overrides": { "w": 3 }, "env": { "E": "x" },
      "stages": ["one"], "excludeStages": ["two"], "excludeSequence": ["0404"], "scripts": [], "parallel": false } },
    "jobs": {
      "one": { "name": "One", "description": "d", "env": { "A": "1" }, "timeout": 30, "retries": 1, "inputs": ["i"], "outputs": [],
        "useEnv": ["U"], "passEnv": ["P"], "cache": "24h", "retryDelay": "250ms", "resources": { "gpu": 2, "memory": "2GB" }, "priority": -5,
        "exitCodes": { "3010": "restart", "2": "warning" }, "scratch": ["s"], "trace": "off", "service": true, "network": true,
        "undeclared": "error", "permissions": { "filesystem": ["write", "out/**"] }, "defaults": { "shell": "bash" },
        "tags": ["x"], "runs-on": "ubuntu",
        "strategy": { "matrix": { "os": ["a", { "b": 1 }], "v": "{{list}}", "include": [ { "os": "z" } ], "exclude": [ { "os": "a" } ] },
          "failFast": false, "maxParallel": 2 },
        "parallel": true, "maxConcurrency": "{{n}}", "failFast": true, "variables": { "x": "0402" }, "concurrency": "g",
        "environment": "production", "approval": { "approvers": ["me"], "message": "m", "timeout": "1h" },
        "services": { "db": { "image": "x" } },
        "steps": [
          { "id": "a", "name": "A", "description": "d", "phase": "p", "run": ["0402", "04*"], "with": { "x": 1 },
            "variables": { "y": 2 }, "if": "$a", "continueOnError": true, "parallel": true, "group": "g", "cwd": "sub",
            "outputs": { "o": "$x" }, "approval": true,
            "onSuccess": [ { "run": "0403" } ], "onFailure": [ { "script": "echo", "shell": "sh" } ], "recovered": true },
          { "command": "/deploy now" },
          { "uses": "playbook:x", "with": { "a": 1 } },
          { "module": "M", "function": "F", "with": { "a": 1 } },
          { "branches": [ { "name": "b", "steps": [ { "run": "0402" } ] }, [ { "run": "0403" } ] ] },
          { "if": "$x", "then": [ { "run": "0402" } ], "else": [ { "run": "0403" } ], "skipIf": "$y" },
          { "items": [1, "a"], "as": "it", "steps": [ { "run": "0402" } ], "parallel": true },
          { "items": "{{list}}", "steps": [ { "run": "0402" } ] },
          { "message": "hello" },
          { "type": "approval", "approval": ["me", "you"] }
        ] },
      "two": { "needs": ["one"], "if": "always()", "uses": "playbook:y", "with": { "a": 1 }, "outputs": { "r": "$r" } }
    } } }"#;

#[test]
fn all_that_can_be_said_is_written() {
    insta::assert_snapshot!("all_yaml", shown(ALL, Format::Json, WriteFormat::Yaml));
    insta::assert_snapshot!("all_toml", shown(ALL, Format::Json, WriteFormat::Toml));
    let once = convert(&source(ALL), Format::Json, WriteFormat::Json).unwrap();
    let twice = convert(&source(&once.text), Format::Json, WriteFormat::Json).unwrap();
    assert_eq!(once.text, twice.text, "what is written in the newest format stays as it is");
}

#[test]
fn what_cannot_be_written_is_refused_and_nothing_is_made() {
    let faults = convert(&source(r#"{"sequence": true}"#), Format::Json, WriteFormat::Yaml).unwrap_err();
    assert!(has_errors(&faults));
    let stages = r#"{"stages": [{"name": "a", "sequences": ["0402"], "needs": ["nobody"]}]}"#;
    let faults = convert(&source(stages), Format::Json, WriteFormat::Yaml).unwrap_err();
    assert!(faults.iter().any(|fault| fault.code == code::UNKNOWN_NEED && fault.is_error()));
    insta::assert_snapshot!(told(&faults));
}

/// The job before is needed as it is; one that has nothing to run and is needed is done before any other.
#[test]
fn a_stage_that_has_nothing_to_run_is_needed_by_nobody() {
    let stages = r#"{"stages": [{"name": "a"}, {"name": "b", "sequences": ["0402"], "needs": ["A"]},
        {"name": "c", "sequences": ["0403"], "needs": ["b"]}]}"#;
    let converted = convert(&source(stages), Format::Json, WriteFormat::Json).unwrap();
    let json: serde_json::Value = serde_json::from_str(&converted.text).unwrap();
    let jobs = &json["orchestration"]["jobs"];
    assert!(jobs["b"].get("needs").is_none());
    assert_eq!(jobs["c"]["needs"], serde_json::json!(["b"]));
}

/// Returns the playbooks of the corpus that can be read.
fn corpus() -> Option<Vec<(Arc<Source>, Format)>> {
    let folder = shared("corpus/playbooks")?;
    let read_one = |path: PathBuf| {
        let name = path.strip_prefix(&folder).ok()?.to_string_lossy().into_owned();
        let format = Format::from_extension(path.extension()?.to_str()?)?;
        let source = Arc::new(Source::new(name, std::fs::read_to_string(&path).ok()?));
        let reading = read(&source, format);
        (reading.value.is_some() && !has_errors(&reading.diagnostics)).then_some((source, format))
    };
    Some(files(&folder).into_iter().filter_map(read_one).collect())
}

#[test]
fn every_real_playbook_is_written_in_each_format_and_reads_back() {
    let Some(corpus) = corpus() else { return };
    let mut refused = Vec::new();
    let mut differing = Vec::new();
    for (source, from) in &corpus {
        let expected = normal_form(&read(source, *from).value.unwrap());
        for to in FORMATS {
            match convert(source, *from, to) {
                Err(faults) => refused.push(format!("{} {to:?}: {}", source.name, told(&faults))),
                Ok(converted) => {
                    let back = Arc::new(Source::new("new.x", converted.text.as_str()));
                    let back = normal_form(&read(&back, to.as_read()).value.unwrap());
                    let nothing = |draft: &Draft| plain(draft, to);
                    // Extensions hold more: what nobody reads of the old file.
                    let odd = difference(&nothing(&expected), &nothing(&back), "");
                    differing.extend(odd.map(|at| format!("{} {to:?}: {at}", source.name)));
                }
            }
        }
    }
    assert!(corpus.len() > 100, "{} files", corpus.len());
    assert!(refused.is_empty(), "{}", refused.join("\n"));
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

#[test]
fn what_a_row_says_of_the_new_file_is_there() {
    let Some(mut corpus) = corpus() else { return };
    let code = "@{ Sequence = @(@{ Script = '0402'; Odd = { Get-Date } }); Foo = { Get-Item } }";
    corpus.push((source(code), Format::Psd1));
    for (source, from) in &corpus {
        let converted = convert(source, *from, WriteFormat::Json).unwrap();
        let new = Arc::new(Source::new("new.x", converted.text.as_str()));
        let tree = read(&new, Format::Json).tree.unwrap();
        for to in converted.rows.iter().filter_map(|row| row.to.as_deref()) {
            assert!(tree.find(to).is_some(), "{}: {to}", source.name);
        }
    }
}

#[test]
fn every_remark_of_a_real_playbook_is_kept() {
    let Some(corpus) = corpus() else { return };
    let mut count = 0;
    for (source, from) in &corpus {
        let tree = read(source, *from).tree.unwrap();
        let remarks = remarks::remarks(source, *from, &tree);
        for to in [WriteFormat::Yaml, WriteFormat::Toml] {
            let text = convert(source, *from, to).unwrap().text;
            let new = Arc::new(Source::new("new.x", text.as_str()));
            let kept: Vec<&str> = document::comments(&new, to.as_read())
                .iter()
                .map(|comment| comment.span.of(&text).trim_start_matches('#').trim())
                .collect();
            for line in remarks.iter().flat_map(|remark| &remark.lines) {
                assert!(kept.contains(&line.trim()), "{} {to:?}: {line}", source.name);
                count += 1;
            }
        }
    }
    assert!(count > 1000, "{count} lines");
}

#[test]
fn a_condition_that_can_be_read_still_can_be_where_the_stage_goes_on() {
    let Some(corpus) = corpus() else { return };
    let can_be_read = |text: &str| {
        let source = source(text);
        expression::parse(&source, Spanned::new(text, Span::new(0, text.len()))).expr.is_some()
    };
    let mut count = 0;
    for (source, from) in &corpus {
        for stage in read(source, *from).value.unwrap().body.jobs() {
            let Some(own) = stage.condition.clone().filter(|own| can_be_read(&own.value)) else { continue };
            let joined = modern::goes_on(Some(own.clone()), own.at).value;
            // Functions of outcomes are no part of conditions of scripts, which is what can be read here.
            let joined = joined.replace("failure()", "$Failed").replace("cancelled()", "$Cancelled");
            assert!(can_be_read(&joined), "{}: {joined}", source.name);
            count += 1;
        }
    }
    assert!(count > 20, "{count} conditions");
}

/// Returns a tree without extensions, and without what the format has no word for.
fn plain(draft: &Draft, to: WriteFormat) -> Draft {
    match draft {
        Draft::Null if to == WriteFormat::Toml => Draft::text(""),
        Draft::List(items) => Draft::list(items.iter().map(|item| plain(&item.value, to))),
        Draft::Table(entries) => {
            let kept = entries.iter().filter(|(name, _)| name != "extensions");
            Draft::Table(kept.map(|(name, item)| (name.clone(), plain(&item.value, to).into())).collect())
        }
        other => other.clone(),
    }
}

/// Changes the value at each place in turn that holds no others, and calls back with the place and the changed tree.
fn each_changed(tree: &Node, each: &mut dyn FnMut(&str, &Node)) {
    fn walk(root: &Node, at: &str, node: &Node, each: &mut dyn FnMut(&str, &Node)) {
        match &node.value {
            NodeValue::List(items) => {
                items.iter().enumerate().for_each(|(i, item)| walk(root, &format!("{at}/{i}"), item, each));
            }
            NodeValue::Table(entries) => entries.iter().for_each(|entry| {
                let name = entry.key.value.replace('~', "~0").replace('/', "~1");
                walk(root, &format!("{at}/{name}"), &entry.value, each);
            }),
            _ => {
                let mut changed = root.clone();
                change(&mut changed, at);
                each(at, &changed);
            }
        }
    }
    walk(tree, "", tree, each);
}

fn change(node: &mut Node, at: &str) {
    let Some(rest) = at.strip_prefix('/') else {
        node.value = match &node.value {
            NodeValue::Bool(value) => NodeValue::Bool(!value),
            NodeValue::Number(raw) if raw == "7" => NodeValue::Number("8".to_owned()),
            NodeValue::Number(_) => NodeValue::Number("7".to_owned()),
            NodeValue::Text(text) => NodeValue::Text(format!("{text}7")),
            NodeValue::Reference(name) => NodeValue::Reference(format!("{name}7")),
            NodeValue::Code(code) => NodeValue::Code(format!("{code}7")),
            _ => NodeValue::Text("x7".to_owned()),
        };
        return;
    };
    let (first, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let first = first.replace("~1", "/").replace("~0", "~");
    match &mut node.value {
        NodeValue::List(items) => change(&mut items[first.parse::<usize>().unwrap()], rest),
        NodeValue::Table(entries) => {
            let entry = entries.iter_mut().find(|entry| entry.key.value == first).unwrap();
            change(&mut entry.value, rest);
        }
        _ => {}
    }
}

/// A value is either in the model, so that another one gives another model, or it is told as left out.
#[test]
fn no_value_of_a_real_playbook_is_lost_unsaid() {
    let Some(corpus) = corpus() else { return };
    let mut lost = Vec::new();
    for (source, format) in corpus.iter().filter(|(source, _)| source.text.len() < 9_000) {
        let (reading, left_out) = read_all(source, *format);
        let (expected, tree) = (reading.value.unwrap(), reading.tree.unwrap());
        each_changed(&tree, &mut |at, changed| {
            let is_told = left_out.iter().any(|field| at.starts_with(field.at.as_str()));
            if is_told {
                return;
            }
            let context = Context::new(source, *format);
            let value = Value::root(&context, changed);
            let model = detect(value).and_then(|format| root::decode(value, format));
            // What is told as a mistake was read. A step that has `then` or `branches` needs no word for its type.
            let is_noticed = has_errors(&context.finish()) || at.ends_with("/type");
            if model.as_ref() == Some(&expected) && !is_noticed {
                let text = tree.at(at).of(&source.text).chars().take(40).collect::<String>();
                lost.push(format!("{} {at}: {text}", source.name));
            }
        });
    }
    assert!(lost.is_empty(), "{} values\n{}", lost.len(), lost.join("\n"));
}

#[test]
fn remarks_go_where_their_values_go() {
    let yaml = "# top\n\n# of the name\nname: x # its end\nstages:\n  # of the stage\n  - name: a\n    # of the numbers\n    sequences:\n      - '0402' # unit\n      # next\n      - '0404'\n# last\n";
    insta::assert_snapshot!(shown(yaml, Format::Yaml, WriteFormat::Yaml));
    let count = |text: &str| document::comments(&source(text), Format::Yaml).len();
    let text = convert(&source(yaml), Format::Yaml, WriteFormat::Yaml).unwrap().text;
    assert_eq!(count(&text), count(yaml));
}
