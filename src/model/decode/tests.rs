//! Each fault of decoding, with its place and its help.

use std::{sync::Arc, time::Duration};

use super::{testing::told, *};
use crate::{
    base::Span,
    diag::Source,
    text::document::{Format, Node, NodeValue},
};

/// Decodes a text as a table with fields of every type and returns its faults, one line each.
fn faults(format: Format, text: &str) -> String {
    let source = Arc::new(Source::new("file", text));
    let reading = read(&source, format, |root| {
        let mut table = root.table("job `build`")?;
        table.optional("name", Value::nonempty_text);
        table.optional(Key::new("useEnv", &["use_env"]), |value| value.one_or_list(Value::text));
        table.optional("steps", |value| value.list(Value::text_or_number));
        table.optional("retries", |value| value.whole_number(0..=5));
        table.optional("strict", Value::boolean);
        table.optional("timeout", Value::duration);
        table.optional("shell", |value| value.choice(&[("bash", 1), ("pwsh", 2)]));
        table.optional("env", |value| value.map(Names::ExactCase, |_, _, value| value.scalar()));
        table.optional("jobs", |value| value.map(Names::AnyCase, |_, _, value| Some(value.json())));
        table.informative(&["author"]);
        table.unheeded(&["reporting"]);
        table.unsupported(&["if"]);
        table.finish();
        Some(())
    });
    told(&reading.diagnostics)
}

#[test]
fn every_fault_of_a_table_is_told_with_place_and_help() {
    let text = "\u{feff}{\r\n  \"ü\": 1, \"Name\": 402, \"retries\": 9, \"steps\": \"0402\", \"strict\": \"True\",\r\n  \
        \"timeout\": \"5 minutes\", \"shell\": \"bas\", \"env\": { \"A\": [\r\n1], \"A\": \"x\", \"a\": \"y\" },\r\n  \
        \"neme\": 1, \"if\": 1, \"reporting\": 1, \"author\": 1, \"name\": \"x\", \"use_env\": {}, \"useEnv\": \"A\",\r\n  \
        \"jobs\": { \"a\": 1, \"A\": 2 }\r\n}";
    insta::assert_snapshot!(faults(Format::Json, text));
}

#[test]
fn help_says_what_to_write_in_the_format() {
    let text = "name = [1]\nretries = \"3\"\nsteps = { a = 1 }\nstrict = 1\ntimeout = 0\nshell = \"fish\"\nenv = \"A=1\"\nuseEnv = [1]\njobs = []\n";
    insta::assert_snapshot!(faults(Format::Toml, text));
}

#[test]
fn help_says_what_to_write_in_yaml() {
    let text = "\u{feff}name:\r\n- é\r\nretries: '3'\r\nsteps:\r\n  a: 1\r\n  b: 2\r\nstrict: Yes # 🚀\r\ntimeout: 0\r\nshell: fish\r\n\
        env: A=1\r\nuseEnv: [1]\r\njobs:\r\n  - 1\r\nnome: |\r\n  x\r\n  y\r\nreporting: 1\r\nif: 1\r\n";
    insta::assert_snapshot!(faults(Format::Yaml, text));
    let again = "retries:\nsteps: ~\nstrict: off\nenv:\n- A\nenv: {}\n";
    insta::assert_snapshot!(faults(Format::Yaml, again));
}

#[test]
fn help_says_what_to_write_in_psd1() {
    let source = Arc::new(Source::new("file", "@{ a = it's; b = $null }"));
    let context = Context::new(&source, Format::Psd1);
    let node = Node { span: Span::new(7, 11), value: NodeValue::Text("it's".into()) };
    let value = Value::root(&context, &node);
    _ = value.list(Some);
    _ = value.boolean();
    _ = value.table("x").is_none();
    let number = Node { span: Span::new(7, 11), value: NodeValue::Number("1".into()) };
    _ = Value::root(&context, &number).text();
    let table = Node { span: Span::new(0, 13), value: NodeValue::Table(vec![]) };
    _ = Value::root(&context, &table).list(Some);
    let null = Node { span: Span::new(17, 22), value: NodeValue::Null };
    _ = Value::root(&context, &null).duration();
    insta::assert_snapshot!(told(&context.finish()));
}

#[test]
fn errors_and_warnings_are_told_in_the_order_of_the_file() {
    let told = faults(Format::Json, "{\"reporting\": 1, \"if\": 1, \"name\": 1, \"x\": 1, \"Reporting\": 2}");
    let codes: Vec<&str> = told.lines().map(|line| &line[..6]).collect();
    assert_eq!(codes, ["AZ0219", "AZ0207", "AZ0204", "AZ0203", "AZ0206"], "{told}");
}

#[test]
fn a_file_that_is_no_table_and_a_broken_file_are_told() {
    assert_eq!(
        faults(Format::Json, "[1]"),
        "AZ0204 error <[> expected an object, found a list => write an object: { \"name\": value }"
    );
    assert_eq!(
        faults(Format::Json, "{\"name\" 1}"),
        "AZ0201 error <1> expected `:` after the name => write `\"name\": value`"
    );
}

#[test]
fn required_fields_are_missed_at_the_table() {
    let check = |format, text: &str| {
        let source = Arc::new(Source::new("file", text));
        let reading: Reading<String> = read(&source, format, |root| {
            let mut table = root.table("the file")?;
            let mut job = table.raw("job")?.table("the job")?;
            job.required("steps", "a list of what the job does", Value::text)
        });
        told(&reading.diagnostics)
    };
    let rest = "the job has no `steps` => add `steps`: a list of what the job does";
    assert_eq!(check(Format::Json, "{\"job\":\n{\"a\": 1}\n}"), format!("AZ0205 error <{{> {rest}"));
    assert_eq!(check(Format::Toml, "x = 1\n[job]\na = 1\n"), format!("AZ0205 error <[job]> {rest}"));
}

#[test]
fn twenty_faults_are_told_errors_first_and_the_rest_is_counted() {
    let many =
        |count: usize| (0..count).map(|index| format!("unknown{index} = 1")).collect::<Vec<_>>().join("\n");
    assert_eq!(faults(Format::Toml, &many(20)).lines().count(), 20);
    let told = faults(Format::Toml, &format!("reporting = 1\n{}", many(25)));
    assert_eq!(told.lines().count(), 21);
    assert!(!told.contains("reporting"), "the note gives way to errors: {told}");
    let last = told.lines().last().unwrap();
    assert_eq!(
        last,
        "AZ0216 error <> 6 more mistakes in this file => mend those above; the rest is told in the next run"
    );
}

#[test]
fn large_tables_find_their_duplicates_too() {
    let entries: Vec<String> = (0..40).map(|index| format!("\"k{index}\": 1")).collect();
    let text = format!("{{\"jobs\": {{{}, \"K7\": 2}}}}", entries.join(", "));
    assert_eq!(
        faults(Format::Json, &text),
        "AZ0206 error <\"K7\" | \"k7\"> `k7` and `K7` are one field, and it stands twice => remove one of the two, or rename it"
    );
}

#[test]
fn values_come_out_as_written() {
    let text = r#"{"name": "n", "run": 1.50, "list": ["a", 2], "one": "x", "wait": 90, "on": true, "any": {"a": [null, 1, "x", 0.5, 12345678901234567890123]}}"#;
    let source = Arc::new(Source::new("file", text));
    let reading = read(&source, Format::Json, |root| {
        let mut table = root.table("the file")?;
        assert_eq!(table.optional("NAME", Value::text).as_deref(), Some("n"));
        assert_eq!(table.optional("run", Value::text_or_number).as_deref(), Some("1.50"));
        let list = table.optional("list", |value| value.one_or_list(Value::scalar));
        assert_eq!(list, Some(vec!["a".to_owned(), "2".to_owned()]));
        assert_eq!(table.optional("one", |value| value.one_or_list(Value::text)), Some(vec!["x".to_owned()]));
        assert_eq!(table.optional("wait", Value::duration), Some(Duration::from_secs(90)));
        assert_eq!(table.optional("on", Value::scalar).as_deref(), Some("true"));
        assert!(table.has("any") && !table.has("anything"));
        let any = table.raw("any")?.json();
        assert_eq!(any["a"].as_array().map(Vec::len), Some(5));
        assert_eq!(any["a"][3], serde_json::json!(0.5));
        table.finish();
        Some(())
    });
    assert_eq!((reading.value, reading.diagnostics), (Some(()), vec![]));
}

#[test]
fn of_very_many_unknown_fields_only_the_first_are_looked_at_closely() {
    let fields: Vec<String> = (0..30_000).map(|index| format!("\"zz{index}\": 1")).collect();
    let source = Arc::new(Source::new("file", format!("{{{}}}", fields.join(","))));
    let reading = read(&source, Format::Json, |root| {
        let mut table = root.table("the file")?;
        table.optional("name", Value::text);
        Some(table.finish_open(&[]).len())
    });
    assert_eq!(
        (reading.value, reading.diagnostics.len()),
        (Some(30_000), 21),
        "all are kept, 20 told, the rest counted"
    );
}
