use proptest::prelude::*;
use serde_json::json;

use super::*;

fn outputs(text: &str) -> Result<Vec<(String, Value)>, String> {
    let mut handed = Handed::default();
    handed.take(HandedFile::Output, text.as_bytes()).map_err(|fault| fault.to_string())?;
    Ok(handed.outputs.into_iter().collect())
}

fn is_read(text: &str, expected: &[(&str, Value)]) {
    let expected = expected.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    assert_eq!(outputs(text), Ok(expected), "{text:?}");
}

fn fault(file: HandedFile, text: impl AsRef<[u8]>) -> String {
    let mut handed = Handed::default();
    let fault = handed.take(file, text.as_ref()).unwrap_err();
    assert!(handed.is_empty(), "something of a faulty file is taken");
    fault.to_string()
}

#[test]
fn outputs_are_read_as_github_reads_them() {
    is_read("", &[]);
    is_read("\n\r\na=1\n\n", &[("a", json!("1"))]);
    // The value is all behind the first `=`, as it is.
    is_read("a= b = c \r\nb=", &[("a", json!(" b = c ")), ("b", json!(""))]);
    is_read("a=1\na=2\n", &[("a", json!("2"))]);
    is_read("a=x<<y\n", &[("a", json!("x<<y"))]);
    is_read("a<<END\none\n\n two=2\nEND\nb=3", &[("a", json!("one\n\n two=2")), ("b", json!("3"))]);
    is_read("a<<END\nEND", &[("a", json!(""))]);
    is_read("a<<END\r\none\r\ntwo\r\nEND\r\n", &[("a", json!("one\r\ntwo"))]);
    is_read("a<<=E\nx\n=E\n", &[("a", json!("x"))]);
    is_read("\u{feff}a=1", &[("a", json!("1"))]);
}

#[test]
fn outputs_may_have_a_type() {
    is_read(
        "n:=3\nf:=0.1\nb:=true\nz:=null",
        &[("b", json!(true)), ("f", json!(0.1)), ("n", json!(3)), ("z", json!(null))],
    );
    is_read(r#"m:= {"a": [1, "x"]} "#, &[("m", json!({"a": [1, "x"]}))]);
    is_read("s:=\"x\"\nt=:=3", &[("s", json!("x")), ("t", json!(":=3"))]);
}

#[test]
fn a_fault_names_the_file_the_line_and_what_to_write() {
    use HandedFile::{Env, Output, Path, Summary};
    let long = vec![b'\n'; 1 + usize::try_from(MOST_BYTES).unwrap()];
    let deep = format!("a:={}{}", "[".repeat(33), "]".repeat(33));
    let faults = [
        fault(Output, "a=1\nsecret\n"),
        fault(Output, "=1"),
        fault(Output, "a b=1"),
        fault(Output, "a =1"),
        fault(Output, "\na<<\nx\n"),
        fault(Output, "x=1\na<<END\nx\n END\n"),
        fault(Output, "a:=secret"),
        fault(Output, "a:=1e999"),
        fault(Output, deep),
        fault(Output, long),
        fault(Output, b"a=1\nb=\xff\n"),
        fault(Env, "NODE_OPTIONS=--x"),
        fault(Env, "A=1\nGITHUB_TOKEN=x"),
        fault(Env, "AZ_OUTPUT<<END\nx\nEND"),
        fault(Env, "TMPDIR=/"),
        fault(Env, "N:=3"),
        fault(Env, "N=\0"),
        fault(Path, "/a\n/b:/c"),
        fault(Summary, b"\n\n\xff"),
    ];
    assert!(!faults.iter().any(|fault| fault.contains("secret")), "{faults:?}");
    insta::assert_snapshot!(faults.join("\n"));
}

#[test]
fn variables_folders_and_summaries_are_read() {
    let mut handed = Handed::default();
    handed.take(HandedFile::Env, b"A=1\nB<<X\n1\n2\nX\n").unwrap();
    handed.take(HandedFile::Path, b"/a b\r\n\n/c").unwrap();
    handed.take(HandedFile::Summary, b"").unwrap();
    assert_eq!(handed.summary, None);
    handed.take(HandedFile::Summary, b"# Done\n").unwrap();
    assert_eq!(handed.env, BTreeMap::from([("A".into(), "1".into()), ("B".into(), "1\n2".into())]));
    assert_eq!(handed.path, ["/a b", "/c"]);
    assert_eq!(handed.summary.as_deref(), Some("# Done\n"));
    assert!(handed.outputs.is_empty() && !handed.is_empty());
    for text in ["A", "1\n2", "/c", "Done"] {
        assert!(handed.has_text(&|own| own.contains(text)), "{text}");
    }
    assert!(!handed.has_text(&|own| own.contains("Else")));
}

#[test]
fn a_text_is_found_wherever_it_stands_in_a_value() {
    for value in [json!("abc"), json!(["x", {"y": "abc"}]), json!({"abc": 1})] {
        assert!(value_has_text(&value, &|text| text.contains("bc")), "{value}");
    }
    assert!(value_has_text(&json!([12345]), &|text| text.contains("234")));
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(".{0,3}", inner, 0..3)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Writes an output in each form that can hold it.
fn written(name: &str, value: &Value) -> Vec<String> {
    let mut forms = vec![format!("{name}:={value}\n")];
    if let Some(text) = value.as_str() {
        forms.push(format!("{name}<<~end~\n{text}\n~end~\n"));
        if !text.contains('\n') && !text.ends_with('\r') {
            forms.push(format!("{name}={text}\n"));
        }
    }
    forms
}

proptest! {
    #[test]
    fn what_is_written_is_read(pairs in prop::collection::btree_map("[a-z_]{1,4}", values(), 0..4)) {
        let forms: Vec<Vec<String>> = pairs.iter().map(|(name, value)| written(name, value)).collect();
        for form in 0..3 {
            let text: String = forms.iter().map(|forms| forms[form.min(forms.len() - 1)].as_str()).collect();
            let mut handed = Handed::default();
            handed.take(HandedFile::Output, text.as_bytes()).unwrap();
            // What stands before the line end of a block is taken for a part of it.
            let is_same = |(name, value): (&String, &Value)| {
                let read = &handed.outputs[name];
                read == value || (value.as_str().is_some_and(|text| text.strip_suffix('\r') == read.as_str()))
            };
            prop_assert!(pairs.iter().all(is_same), "{text:?}: {handed:?}");
            prop_assert_eq!(handed.outputs.len(), pairs.len());
        }
    }

    #[test]
    fn any_bytes_are_read_or_a_fault(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        for file in HandedFile::ALL {
            _ = Handed::default().take(file, &bytes).map_err(|fault| fault.to_string());
        }
    }

    #[test]
    fn any_lines_are_read_or_a_fault(text in "([aA_=:<E \r\n]|<<E\n|\nE\n|:=|\\[|é){0,30}") {
        for file in HandedFile::ALL {
            if let Err(fault) = Handed::default().take(file, text.as_bytes()) {
                let lines = text.matches('\n').count() + 1;
                prop_assert!(fault.line.is_none_or(|line| (1..=lines).contains(&line)), "{fault}");
            }
        }
    }
}
