//! The language as tables: what a condition gives, and what is no condition.

mod corpus;
mod dialects;
mod github;
mod laws;
mod templates;
mod world;

use std::sync::Arc;

use serde_json::{Value, json};

use self::world::{Replay, Table};
use super::*;
use crate::{
    base::{Span, Spanned, testing::shared},
    diag::{Code, Diagnostic, Look, Source, code, render},
};

/// The world the tables ask.
struct World;

impl Lookup for World {
    fn variable(&self, name: &str) -> Option<Value> {
        match name.to_ascii_lowercase().as_str() {
            "environment" => Some(json!("Production")),
            "features" => Some(json!(["OpenTofu", "Docker"])),
            "skiptests" => Some(json!(false)),
            "count" => Some(json!(10)),
            "version" => Some(json!("1.5")),
            "empty" => Some(json!("")),
            "table" => Some(json!({"a": 1})),
            _ => None,
        }
    }

    fn env(&self, name: &str) -> Option<String> {
        (name == "CI").then(|| "true".to_owned())
    }

    fn platform(&self) -> &'static str {
        "linux"
    }
}

fn read(text: &str) -> Parsed {
    let source = Arc::new(Source::new("scripts/0400_x.ps1", text));
    parse(&source, Spanned::new(text, Span::new(0, text.len())))
}

fn expr(text: &str) -> Expr {
    let Parsed { expr, diagnostics, .. } = read(text);
    assert_eq!(diagnostics, [], "{text}");
    expr.unwrap()
}

fn value(text: &str) -> Value {
    evaluate(&expr(text), &World).value
}

fn faults(text: &str) -> Vec<Diagnostic> {
    let Parsed { expr, diagnostics, .. } = read(text);
    assert!(expr.is_none() && !diagnostics.is_empty(), "{text} is read as {expr:?}");
    diagnostics
}

#[test]
fn conditions_hold_or_not() {
    for text in [
        "Environment -eq 'Production'",
        "$environment -EQ \"production\"",
        "${Environment} == 'PRODUCTION'",
        "Features -contains 'OpenTofu'",
        "Features -contains 'docker' -and SkipTests -ne $true",
        "'Docker' -in $Features",
        "'x' -notin $Features && Features -notcontains 'x'",
        "IsLinux -eq $true",
        "$IsLinux -and -not $IsWindows -and !IsMacOS",
        "$env:CI -eq 'true'",
        "$env:NOT_THERE -eq $null",
        "Undefined -eq $null",
        "-not $Undefined",
        "Undefined -ne 'x'",
        "$Count -gt '9'",
        "$Count > 9 && $Count >= 10 && $Count < 11 && $Count <= 10 && $Count > -1",
        "$Count -ge 10.0 -and $Count -le 0xA",
        "Environment -in @('Staging', 'Production')",
        "Environment -in 'Staging', 'Production'",
        "Environment -like 'prod*' -and Environment -notlike 'x*'",
        "Features -like 'D*'",
        "'it''s' -eq \"it's\"",
        "\"a`\"b\" -eq 'a\"b'",
        "Environment -ieq 'production'",
        "$Table",
        "@(Features) -contains 'Docker'",
    ] {
        assert!(is_true(&value(text)), "{text}");
    }
    for text in [
        "IsWindows -eq $true",
        "SkipTests",
        "$null",
        "''",
        "0",
        "0.0",
        "@()",
        "@(0)",
        "Features -eq 'x'",
        "Undefined",
        "Undefined -contains 'x'",
        "Environment -eq 'Staging' -or $Empty",
        "5 -eq 'five'",
        "5 -gt 'one'",
    ] {
        assert!(!is_true(&value(text)), "{text}");
    }
}

#[test]
fn the_left_operand_decides_how_values_are_compared() {
    for (text, expected) in [
        ("5 -eq '5.0'", json!(true)),
        ("'5' -eq '5.0'", json!(false)),
        ("'5' -eq 5", json!(true)),
        ("10 -gt '9'", json!(true)),
        ("'10' -gt '9'", json!(false)),
        ("1 -eq $true", json!(true)),
        ("$true -eq 'False'", json!(true)),
        ("'True' -eq $true", json!(true)),
        ("$Version -eq 1.5", json!(true)),
        ("'' -eq $null", json!(false)),
        ("0 -eq $null", json!(false)),
        ("$false -eq $null", json!(false)),
        ("0 -eq ''", json!(true)),
        ("$null -lt 0", json!(true)),
        ("$null -gt -1", json!(true)),
        ("1, 2, 3 -gt 1", json!([2, 3])),
        ("@('a', 'B') -ne 'b'", json!(["a"])),
        ("@(Features) -eq 'docker'", json!(["Docker"])),
        ("'OpenTofu Docker' -eq $Features", json!(true)),
        ("$Table -eq $Table", json!(true)),
        ("$Table -gt 1", json!(false)),
    ] {
        assert_eq!(value(text), expected, "{text}");
    }
}

#[test]
fn precedence_is_that_of_powershell() {
    for (text, expected) in [
        ("a -or b -and c", "($a -or $b) -and $c"),
        ("a -and b -or c", "($a -and $b) -or $c"),
        ("a || b && c", "$a -or ($b -and $c)"),
        ("a && b || c && d || e", "(($a -and $b) -or ($c -and $d)) -or $e"),
        ("a && b -and c", "($a -and $b) -and $c"),
        ("-not a -eq b", "(-not $a) -eq $b"),
        ("-not (a -eq b)", "-not ($a -eq $b)"),
        ("a -eq b -and c -eq d", "$a -eq $b -and $c -eq $d"),
        ("a -eq b -eq c", "($a -eq $b) -eq $c"),
        ("!a, b", "-not @($a, $b)"),
        ("@(1, 2), 3", "@(@(1, 2), 3)"),
        ("@((1,2))", "@(1, 2)"),
        ("@(a)", "@($a)"),
        ("${a b} -eq ${env:x-y}", "${a b} -eq ${env:x-y}"),
        ("iswindows -EQ True", "$IsWindows -eq $true"),
        ("$a -eq-1", "$a -eq -1"),
    ] {
        assert_eq!(expr(text).to_string(), expected, "{text}");
    }
}

#[test]
fn what_powershell_alone_could_evaluate_is_refused_at_its_place() {
    for (text, place) in [
        ("a -and (Get-Process git -ErrorAction Stop)", "Get-Process git -ErrorAction Stop"),
        ("Test-Path './x' -PathType Leaf", "Test-Path './x' -PathType"),
        ("(Get-ChildItem x -Recurse).Count -eq 0", "Get-ChildItem x -Recurse"),
        ("$a.Contains('(') -eq 1", ".Contains('(')"),
        ("foo(1, 2) -eq 1", "foo(1, 2)"),
        ("\"$(git status)\" -eq ''", "$(git status)"),
        ("$PSVersionTable.OS -eq 1", "$PSVersionTable.OS"),
        ("$(git status) -eq ''", "$(git status)"),
        ("[int]$a -eq 1", "[int]"),
        ("[System.Environment]::MachineName -eq 'x'", "[System.Environment]::MachineName"),
        ("git --version", "--version"),
        ("@{a=1} -eq 1", "@{a=1}"),
        ("a | b", "|"),
        ("$global:x -eq 1", "$global:x"),
        ("$_ -eq 1", "$_"),
        ("a -is 'x'", "-is"),
        ("a + 1 -eq 2", "+"),
        ("$a -1 -eq 2", "-"),
        ("env:CI -eq 'x'", "env:CI"),
        ("a; b", ";"),
    ] {
        let faults = faults(text);
        let found: Vec<(Code, &str)> =
            faults.iter().map(|fault| (fault.code, fault.labels[0].span.of(text))).collect();
        assert_eq!(found, [(code::UNSUPPORTED_CONDITION, place)], "{text}");
        assert!(faults[0].help.is_some(), "{text}");
    }
}

#[test]
fn a_slip_has_its_place_and_its_remedy() {
    let mut mended_slips = 0;
    for (text, place, help) in [
        ("a = 'x'", "=", "write `-eq`"),
        ("a === 'x'", "===", "write `-eq`"),
        ("a => 1", "=>", "write `-ge`"),
        ("a <> 1", "<>", "write `-ne`"),
        ("a and b", "and", "write `-and`; a variable of this name is written `$and`"),
        ("not a", "not", "write `-not`; a variable of this name is written `$not`"),
        ("a -contians 'x'", "-contians", "did you mean `-contains`?"),
        ("a -eq 10kb", "10kb", "write `'10kb'` if it is meant as text"),
        ("a -eq 1.2.3", "1.2.3", "write `'1.2.3'` if it is meant as text"),
        ("a -eq 'x", "'x", "write `'` at its end"),
        ("(a -eq 1", "(", "write `)` at the end"),
        ("a)", ")", "remove it, or write `(` before it"),
        ("a -eq", "", "write a variable, a number or a `'text'` here"),
        ("", "", "write a variable, a number or a `'text'` here"),
        ("@(a,)", ")", "write a variable, a number or a `'text'` before it"),
        ("a -eq ‘x’", "‘", "write `'`"),
        ("a -or b && c", "&&", "write parentheses around what belongs together: `(a -or b) && c`"),
    ] {
        let found = faults(text);
        assert_eq!(found[0].code, code::BAD_CONDITION, "{text}");
        assert_eq!(found[0].labels[0].span.of(text), place, "{text}");
        assert_eq!(found[0].help.as_deref(), Some(help), "{text}");
        if let Some(mended) = mended(text, &found) {
            assert_eq!(read(&mended).diagnostics, [], "{text} -> {mended}");
            mended_slips += 1;
        }
    }
    assert!(mended_slips >= 10, "only {mended_slips} slips were mended by their help");
    assert!(faults("git status")[0].help.as_deref().unwrap().starts_with("write an operator"));
}

/// Does what the help lines say, if each of them names the words to write at its place.
fn mended(text: &str, faults: &[Diagnostic]) -> Option<String> {
    let mut mended = text.to_owned();
    for fault in faults.iter().rev() {
        let words = fault.help.as_deref()?.split(';').next()?;
        let words = words.strip_prefix("write `").or_else(|| words.strip_prefix("did you mean `"))?;
        let words =
            words.trim_end_matches(" if it is meant as text").trim_end_matches('?').strip_suffix('`')?;
        let span = fault.labels[0].span;
        mended.replace_range(span.start..span.end, words);
    }
    Some(mended)
}

#[test]
fn all_slips_are_reported_at_once() {
    let shown: String = faults("Tëst = 'x' -and $a.Split(';') -eq 1 -or c -contians 2")
        .iter()
        .map(|fault| render(fault, Look::plain()))
        .collect();
    insta::assert_snapshot!(shown);
}

#[test]
fn depth_and_length_are_bounded() {
    let nested = |depth: usize| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
    assert!(read(&nested(64)).expr.is_some());
    assert_eq!(faults(&nested(65))[0].message, "a condition nests at most 64 deep");
    assert!(read(&nested(100_000)).expr.is_none());
    assert!(read(&format!("{}a", "!".repeat(100_000))).expr.is_none());
    assert!(read(&format!("a{}", " -and a".repeat(256))).expr.is_some());
    assert_eq!(
        faults(&format!("a{}", " -and a".repeat(257)))[0].message,
        "a condition has at most 256 operators"
    );
}

#[test]
fn names_are_told_with_their_places() {
    let text = "Environment -eq $b -and $env:CI -and ($IsLinux -or Environment)";
    let parsed = read(text);
    let places: Vec<(&str, String)> =
        parsed.names.iter().map(|name| (name.span.of(text), name.value.to_string())).collect();
    let named = |written, name: &str| (written, name.to_owned());
    let environment = named("Environment", "$Environment");
    assert_eq!(places, [environment.clone(), named("$b", "$b"), named("$env:CI", "$env:CI"), environment]);
}

#[test]
fn places_lie_in_the_source_of_a_quoted_text() {
    let text = r#"{"condition": "é = 1"}"#;
    let source = Arc::new(Source::new("playbooks/ci.json", text));
    let start = text.find("\"é").unwrap();
    let parsed = parse(&source, Spanned::new("é = 1", Span::new(start, text.len() - 1)));
    assert_eq!(parsed.diagnostics[0].labels[0].span.of(text), "=");
    assert_eq!(parsed.diagnostics[0].labels[0].span.start, start + "\"é ".len());
}

#[test]
fn the_right_side_is_asked_only_if_it_decides() {
    struct Refusing;
    impl Lookup for Refusing {
        fn variable(&self, name: &str) -> Option<Value> {
            panic!("{name} was asked for")
        }
        fn env(&self, _: &str) -> Option<String> {
            None
        }
        fn platform(&self) -> &'static str {
            "linux"
        }
    }
    assert_eq!(evaluate(&expr("$false -and x"), &Refusing).value, json!(false));
    assert_eq!(evaluate(&expr("$true -or x"), &Refusing).value, json!(true));
}

#[test]
fn every_condition_of_the_corpus_is_read() {
    let Some(scripts) = shared("corpus/scripts") else { return };
    let mut conditions = 0;
    for date in ["2025-08-08", "2025-11-04"] {
        let rows = std::fs::read_to_string(scripts.join(format!("{date}.jsonl"))).unwrap();
        for row in rows.lines().map(|row| serde_json::from_str::<Value>(row).unwrap()) {
            let Some(condition) = row["condition"].as_str() else { continue };
            let holds = is_true(&value(condition));
            assert_eq!(holds, condition.starts_with("Features"), "{condition}");
            conditions += 1;
        }
    }
    assert_eq!(conditions, 8);
}
