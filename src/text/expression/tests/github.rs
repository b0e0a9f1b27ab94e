//! GitHub's language: tables out of its documentation, and GitHub's own evaluator as the judge.

use std::{
    fmt::Write as _,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use super::*;

const TABLE: &str = include_str!("github.txt");
const STATUS: &str = include_str!("status.txt");

/// The contexts of the table.
const CONTEXTS: &str = r#"{
    "github": {"event_name": "push", "event": {
        "number": 7, "labels": [{"name": "bug", "n": 1}, {"name": "ui"}], "draft": false
    }},
    "steps": {"run-tests": {"outputs": {"has-workflows": "true"}}},
    "needs": {"build": {"result": "success"}},
    "matrix": {"version": 1.5, "os": "linux"},
    "env": {"CI": "true", "WHICH": "os"}
}"#;

fn world() -> Table {
    let contexts: Value = serde_json::from_str(CONTEXTS).unwrap();
    let mut world = serde_json::Map::new();
    for (name, value) in contexts.as_object().unwrap() {
        world.insert(format!("context:{name}"), value.clone());
    }
    for (name, value) in contexts["env"].as_object().unwrap() {
        world.insert(format!("env:{name}"), value.clone());
    }
    Table::of(&Value::Object(world).to_string())
}

/// Evaluates under GitHub's rules; nothing if that cannot be done.
fn evaluated(text: &str, world: &Table) -> Option<Value> {
    let source = Arc::new(Source::new("playbooks/x.yml", text));
    let parsed = parse_under(Rules::GitHub, &source, Spanned::new(text, Span::new(0, text.len())));
    let evaluation = evaluate(&parsed.expr?, world);
    evaluation.problems.is_empty().then(|| plain(&evaluation.value))
}

/// Makes one spelling of each number.
fn plain(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Object(entries) => entries.iter().map(|(name, value)| (name.clone(), plain(value))).collect(),
        other => other.clone(),
    }
}

#[test]
fn expressions_give_what_githubs_documentation_says() {
    let world = world();
    for line in TABLE.lines() {
        let (text, expected) = line.split_once('\t').unwrap();
        let expected = (expected != "error").then(|| plain(&serde_json::from_str(expected).unwrap()));
        assert_eq!(evaluated(text, &world), expected, "{text}");
        if expected.is_some() {
            assert_eq!(evaluated(&format!("${{{{ {text} }}}}"), &world), expected, "{text} in braces");
        }
    }
}

/// Asks GitHub's own evaluator; nothing, said aloud, if it is not there.
fn oracle(expressions: &[String]) -> Option<Vec<Value>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let package = root.join("target/oracle/node_modules/@actions/expressions");
    if !package.exists() {
        eprintln!("skipped: run tests/oracle/install.sh for GitHub's evaluator");
        return None;
    }
    #[expect(clippy::disallowed_methods, reason = "the judge is a process")]
    let mut node = Command::new("node");
    let script = root.join("tests/oracle/evaluate.mjs");
    let started = node.arg(script).arg(package).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut child) = started else {
        eprintln!("skipped: there is no node");
        return None;
    };
    let context: Value = serde_json::from_str(CONTEXTS).unwrap();
    let request = json!({"context": context, "expressions": expressions}).to_string();
    child.stdin.take().unwrap().write_all(request.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn githubs_own_evaluator_agrees() {
    let mut expressions: Vec<String> =
        TABLE.lines().filter_map(|line| line.split_once('\t')).map(|(text, _)| text.to_owned()).collect();
    let mut random = Random(7);
    expressions.extend((0..4000).map(|_| random.expression(3)));
    let Some(answers) = oracle(&expressions) else { return };
    let world = world();
    let (mut wrong, mut values) = (String::new(), 0);
    for (text, answer) in expressions.iter().zip(&answers) {
        let expected = answer.get("value").map(plain);
        let given = evaluated(text, &world);
        values += usize::from(expected.is_some());
        if given != expected {
            writeln!(wrong, "{text}: {given:?}, but GitHub {answer}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(values > 3000, "only {values} expressions have a value");
}

/// A fixed sequence of expressions of GitHub's language.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    fn expression(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.leaf().to_owned();
        }
        let inner = depth - 1;
        match self.below(9) {
            0 => self.leaf().to_owned(),
            1 => format!("!{}", self.leaf()),
            2 => format!("({})", self.expression(inner)),
            3..=5 => {
                let operator = self.one(&["==", "!=", "<", "<=", ">", ">=", "&&", "||"]);
                format!("{} {operator} {}", self.expression(inner), self.expression(inner))
            }
            6 => {
                let function = self.one(&["contains", "startsWith", "endsWith", "join"]);
                format!("{function}({}, {})", self.expression(inner), self.expression(inner))
            }
            7 => {
                let function = self.one(&["join", "toJSON"]);
                format!("{function}({})", self.expression(inner))
            }
            _ => format!("format('{{0}}-{{1}}', {}, {})", self.expression(inner), self.expression(inner)),
        }
    }

    fn leaf(&mut self) -> &'static str {
        self.one(&[
            "null",
            "true",
            "false",
            "0",
            "1",
            "-1",
            "1.5",
            "''",
            "'a'",
            "'A'",
            "'1'",
            "' '",
            "'true'",
            "'0x1'",
            "'1e1'",
            "'abc'",
            "github.event.number",
            "github.event.labels",
            "github.event.labels.*.name",
            "github.event.labels[0]",
            "github.event_name",
            "github.no.thing",
            "matrix.version",
            "matrix.*",
            "env.CI",
            "fromJSON('[1, \"a\", null]')",
            "fromJSON('{\"a\": 1}')",
        ])
    }
}

#[test]
fn status_functions_answer_as_the_table_says() {
    let mut rows = 0;
    for line in STATUS.lines() {
        let [run, needs, function, expected] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let needs: Vec<Need> = needs.chars().filter_map(need).collect();
        let function = match function {
            "always" => Status::Always,
            "success" => Status::Success,
            "failure" => Status::Failure,
            _ => Status::Cancelled,
        };
        assert_eq!(status(function, &needs, run == "cancelled"), expected == "yes", "{line}");
        rows += 1;
    }
    assert!(rows >= 200, "{rows}");
}

/// `S` succeeded, `F` failed, `f` failed and may, `C` was cancelled, `K` was skipped.
fn need(letter: char) -> Option<Need> {
    let outcome = match letter {
        'S' => Outcome::Success,
        'F' | 'f' => Outcome::Failure,
        'C' => Outcome::Cancelled,
        'K' => Outcome::Skipped,
        _ => return None,
    };
    Some(Need { outcome, may_fail: letter == 'f' })
}
