//! Schemas of single values: which texts, numbers and truths the decoder takes for each.
//!
//! Knows what a value may look like. Does not know which field it belongs to.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Value, json};

use crate::model::settings::HIGHEST_PRIORITY;

/// Declares types that only stand for the schema of a value.
macro_rules! values {
    ($($(#[doc = $doc:literal])+ $name:ident => $schema:expr;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Default)]
        pub(super) struct $name;

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                lower_first(stringify!($name)).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema.try_into().unwrap_or_default()
            }
        }
    )+};
}

/// Words for a truth; old files write them as texts.
const TRUTHS: [&str; 10] = ["true", "false", "yes", "no", "on", "off", "1", "0", "$true", "$false"];
/// Where a text is, or holds, an expression that gives the value.
const EXPRESSION: &str = r"\{\{|\$\{|^\s*\$";
/// The name of a resource.
const RESOURCE: &str = r"^\s*[^\s:=]+\s*$";
const SIZE: &str = r"^\s*[0-9]+(\.[0-9]+)?\s*([kKmMgGtT][iI]?)?[bB]\s*$";
const RATE: &str = r"^\s*0*[1-9][0-9]*\s*/\s*[0-9a-zA-Z ]+$";
const DURATION: &str = r"^\s*[0-9]+\s*$|^\s*([0-9]+(d|D|h|H|m|M|s|S|ms|MS|Ms|mS)\s*)+$";

values! {
    /// Any text.
    Text => json!({ "type": "string" });
    /// A text that says something.
    Filled => filled();
    /// A text, a number, or nothing.
    Word => json!({ "type": ["string", "number", "null"] });
    /// A text or a number.
    TextOrNumber => text_or_number();
    /// Texts or numbers: one, or a list.
    Texts => json!({ "anyOf": [{ "type": ["string", "number", "null"] }, list_of(&text_or_number())] });
    /// Texts that say something: one, or a list.
    FilledTexts => one_or_list(&filled());
    /// Scripts by number, range, stage or tag: one, or a list.
    Numbers => numbers();
    /// `true` or `false`.
    Boolean => json!({ "type": "boolean" });
    /// A truth in any spelling.
    Truth => truth();
    /// A truth, or an expression that gives one.
    Flag => any_of([truth(), json!({ "type": "string", "pattern": EXPRESSION })]);
    /// How many things run at once, or an expression that gives it.
    Count => any_of([
        json!({ "type": "integer", "minimum": 1, "maximum": 4096 }),
        json!({ "type": "string", "pattern": format!("^[0-9]*[1-9][0-9]*$|{EXPRESSION}") }),
    ]);
    /// A whole number above 0.
    Amount => json!({ "type": "integer", "minimum": 1 });
    /// A whole number.
    Whole => json!({ "type": "integer", "minimum": 0 });
    /// A size.
    Size => size();
    /// A size, or no limit.
    SizeLimit => any_of([size(), choice(&["none"])]);
    /// How long something is kept, or no limit.
    AgeLimit => any_of([duration(), choice(&["none"])]);
    /// How long something takes.
    Duration => duration();
    /// How long something may take; a number that is not above 0 is no limit.
    Timeout => any_of([
        json!({ "type": "integer" }),
        json!({ "type": "string", "pattern": DURATION }),
        json!({ "type": "string", "pattern": r"\{\{|\$\{" }),
    ]);
    /// Minutes.
    Minutes => json!({ "type": "integer", "minimum": 1, "maximum": 525_600 });
    /// How often something is tried again.
    Retries => json!({ "type": "integer", "minimum": 0, "maximum": crate::model::settings::MAX_RETRIES });
    /// An expression, or a truth as such.
    Expression => expression();
    /// A condition: an expression, or a table around one.
    Condition => any_of([json!({ "type": ["string", "boolean"] }), condition_table()]);
    /// Names and values of az's variables.
    Variables => json!({ "type": "object" });
    /// A table of anything.
    Anything => json!({ "type": "object" });
    /// Environment variables and their values.
    Environment => environment();
    /// Environment variables and their values, or a table that holds them as `variables`.
    EnvironmentVariables => any_of([environment(), wrapped_environment()]);
    /// Environment variables and their values, in the place of an environment's name.
    NamelessVariables => json!({
        "anyOf": [environment(), wrapped_environment()],
        "not": { "required": ["name"] },
    });
    /// Names of environment variables: one, or a list.
    VariableNames => one_or_list(&json!({ "type": "string", "pattern": "^[^= ]+$" }));
    /// Patterns of paths: one, or a list.
    Patterns => one_or_list(&filled());
    /// When a result may be used again.
    Cache => any_of([
        json!({ "type": "boolean" }),
        choice(&["auto", "always", "never"]),
        json!({ "type": "string", "pattern": DURATION }),
    ]);
    /// `on`, `off`, or a truth.
    Switch => any_of([json!({ "type": "boolean" }), choice(&["on", "off"])]);
    /// What it means that a step does what it does not declare.
    Undeclared => choice(&["warning", "error", "allowed"]);
    /// What becomes of processes that a step leaves behind.
    Leftovers => choice(&["kill", "warn", "keep"]);
    /// Names of resources, with how much of each.
    Resources => any_of([
        json!({
            "type": "object",
            "propertyNames": { "pattern": RESOURCE },
            "patternProperties": { (any_case(&["memory"])): size() },
            "additionalProperties": { "type": "integer", "minimum": 1 },
        }),
        one_or_list(&any_of([
            json!({
                "type": "string",
                "pattern": r"^\s*[^\s:=]+\s*([:=]\s*0*[1-9][0-9]*\s*)?$",
                "not": { "pattern": any_case(&["memory"]).replace("^(", r"^\s*(").replace(")$", r")\s*([:=]|$)") },
            }),
            json!({
                "type": "string",
                "pattern": SIZE.replace('^', &any_case(&["memory"]).replace("^(", r"^\s*(").replace(")$", r")\s*[:=]")),
            }),
        ])),
    ]);
    /// How much there is of resources, by their names.
    Capacities => json!({
        "type": "object",
        "propertyNames": { "pattern": RESOURCE, "not": { "pattern": any_case(&["cpu"]) } },
        "patternProperties": { (any_case(&["memory"])): size() },
        "additionalProperties": any_of([
            json!({ "type": "integer", "minimum": 1 }),
            json!({ "type": "string", "pattern": RATE }),
            json!({
                "type": "object",
                "properties": {
                    "count": { "type": "integer", "minimum": 1, "description": "How many there are. Default: any number." },
                    "rate": { "type": "string", "pattern": RATE, "description": "How often it may be used." },
                },
                "additionalProperties": false,
            }),
        ]),
    });
    /// What goes first.
    Priority => json!({ "type": "integer", "minimum": -HIGHEST_PRIORITY, "maximum": HIGHEST_PRIORITY });
    /// Exit codes and what they mean.
    ExitCodes => json!({
        "type": "object",
        "propertyNames": { "pattern": r"^\s*[+-]?[0-9]+\s*$" },
        "additionalProperties": choice(&["success", "warning", "restart", "attention", "skipped", "failure"]),
    });
    /// A program and its arguments.
    Argv => json!({
        "type": "array",
        "items": { "type": "string" },
        "prefixItems": [{ "type": "string", "pattern": r"\S" }],
        "minItems": 1,
    });
    /// A program and its arguments, among them the script.
    Interpreter => json!({
        "type": "array",
        "items": { "type": "string" },
        "prefixItems": [{ "type": "string", "pattern": r"\S" }],
        "contains": { "type": "string", "pattern": r"\{script\}" },
        "minItems": 1,
    });
    /// An id of a job or step.
    Id => id();
    /// Any list.
    List => json!({ "type": "array" });
    /// Values to go through: a list, or an expression that gives one.
    Items => any_of([json!({ "type": "array" }), filled()]);
    /// Five fields of cron.
    Cron => json!({ "type": "string", "pattern": r"^\s*\S+\s+\S+\s+\S+\s+\S+\s+\S+\s*$|^\s*@[A-Za-z]+\s*$" });
    /// What a parameter holds.
    ParameterType => choice(&[
        "string", "number", "boolean", "array", "object", "text", "choice", "int", "integer", "bool", "switch", "list",
        "hashtable", "map",
    ]);
    /// What follows when a threshold is passed.
    ThresholdAction => choice(&["continue", "warn", "fail", "block"]);
    /// Whether steps overlap.
    Mode => choice(&["sequential", "parallel"]);
    /// Which hosts a job may reach.
    Network => any_of([json!({ "type": "boolean" }), one_or_list(&filled())]);
    /// Dimensions of a matrix.
    Matrix => matrix();
    /// File extensions without dot: one, or a list.
    Extensions => one_or_list(&json!({ "type": "string", "pattern": r"^[^.*/?\s][^*/?]*$" }));
    /// How variables reach scripts.
    Parameters => choice(&["none", "named", "env"]);
    /// The start and the end of a comment.
    BlockComment => json!({ "type": "array", "items": filled(), "minItems": 2, "maxItems": 2 });
}

fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

/// Allows any of several forms.
pub(super) fn any_of<const N: usize>(forms: [Value; N]) -> Value {
    json!({ "anyOf": Value::Array(forms.into()) })
}

/// Allows one of some words, in any case; editors offer them as they are written here.
pub(super) fn choice(words: &[&str]) -> Value {
    any_of([json!({ "enum": words }), json!({ "type": "string", "pattern": any_case(words) })])
}

/// Returns a pattern for some words in any case; patterns of JSON schemas have no flag for that.
pub(super) fn any_case(words: &[&str]) -> String {
    let letter = |c: char| match c {
        'a'..='z' => format!("[{}{c}]", c.to_ascii_uppercase()),
        'A'..='Z' => format!("[{c}{}]", c.to_ascii_lowercase()),
        '0'..='9' | '-' => c.to_string(),
        other => format!("\\{other}"),
    };
    let words: Vec<String> = words.iter().map(|word| word.chars().map(letter).collect()).collect();
    format!("^({})$", words.join("|"))
}

fn text_or_number() -> Value {
    json!({ "type": ["string", "number"] })
}

fn filled() -> Value {
    json!({ "type": "string", "pattern": r"\S" })
}

fn list_of(item: &Value) -> Value {
    json!({ "type": "array", "items": item })
}

fn one_or_list(item: &Value) -> Value {
    json!({ "anyOf": [item, list_of(item)] })
}

fn numbers() -> Value {
    let item = text_or_number();
    json!({ "anyOf": [item, { "type": "array", "items": item, "minItems": 1 }] })
}

fn truth() -> Value {
    any_of([
        json!({ "type": "boolean" }),
        json!({ "enum": [0, 1] }),
        json!({ "type": "string", "pattern": any_case(&TRUTHS).replace("^(", r"^\s*(").replace(")$", r")\s*$") }),
    ])
}

fn size() -> Value {
    json!({ "type": "string", "pattern": SIZE })
}

fn duration() -> Value {
    any_of([json!({ "type": "integer", "minimum": 1 }), json!({ "type": "string", "pattern": DURATION })])
}

fn expression() -> Value {
    any_of([json!({ "type": "boolean" }), filled()])
}

fn condition_table() -> Value {
    let spellings = ["if", "condition", "conditional", "when", "runIf", "run_if"];
    let one: serde_json::Map<_, _> =
        spellings.iter().map(|name| ((*name).to_owned(), expression())).collect();
    json!({ "type": "object", "properties": one, "additionalProperties": false, "maxProperties": 1 })
}

fn environment() -> Value {
    json!({
        "type": "object",
        "propertyNames": { "pattern": "^[^=]+$" },
        "additionalProperties": { "type": ["string", "number", "boolean"] },
    })
}

fn wrapped_environment() -> Value {
    json!({
        "type": "object",
        "properties": { "variables": environment() },
        "required": ["variables"],
        "additionalProperties": false,
    })
}

/// Words that expressions have a meaning of their own for cannot be ids.
pub(super) fn id() -> Value {
    let reserved = ["always", "success", "failure", "cancelled", "true", "false", "null", "this"];
    json!({
        "type": "string",
        "pattern": "^[A-Za-z][A-Za-z0-9_-]*$",
        "not": { "pattern": any_case(&reserved) },
    })
}

fn matrix() -> Value {
    let expression = json!({ "type": "string", "pattern": EXPRESSION });
    let combinations = any_of([list_of(&json!({ "type": "object" })), expression.clone()]);
    let table = json!({
        "type": "object",
        "properties": { "include": combinations, "exclude": combinations },
        "additionalProperties": { "anyOf": [{ "type": "array", "minItems": 1 }, expression] },
        "minProperties": 1,
    });
    json!({ "anyOf": [table, expression] })
}
