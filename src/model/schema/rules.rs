//! Files under `rules/`: kinds, rules, private state of tools.
#![expect(dead_code, reason = "the types only describe: nothing reads their fields")]

use schemars::JsonSchema;

use super::{
    settings::Settings,
    values::{
        Argv, BlockComment, Boolean, ExitCodes, Extensions, Filled, FilledTexts, Interpreter, Parameters,
        Patterns,
    },
};

/// A file under `rules/`: how files of some kinds are read and run, what selected steps depend on, what is private to
/// tools.
#[derive(JsonSchema, Default)]
#[schemars(default, deny_unknown_fields, rename = "rules")]
pub(super) struct Rules {
    /// How files of some extensions are read and run.
    kind: Vec<Kind>,
    /// What selected steps depend on and how they behave; later rules win over earlier ones.
    rule: Vec<Rule>,
    /// Private state of tools, which is neither input nor output of a step.
    scratch: Vec<Scratch>,
}

/// How files of some extensions are read and run.
#[derive(JsonSchema, Default)]
#[schemars(default, deny_unknown_fields, rename = "kind", rename_all = "camelCase", extend("required" = ["name", "interpreter"]))]
struct Kind {
    /// What the kind is called; a kind of the same name replaces az's own.
    #[schemars(extend("examples" = ["ruby"]))]
    name: Filled,
    /// Extensions without dot.
    #[schemars(extend("examples" = [["rb"]]))]
    extensions: Extensions,
    /// Patterns of whole paths, which win over extensions.
    paths: Patterns,
    /// The program and its arguments; `{script}` is the file, `{args}` all arguments.
    #[schemars(extend("examples" = [["ruby", "{script}", "{args}"]]))]
    interpreter: Interpreter,
    /// Whether an interpreter in the file's first line (`#!`) is used instead. Default: `false`.
    shebang: Boolean,
    /// How comments are written, in which metadata stands.
    comments: Comments,
    /// How variables reach the script: `none`, `named` (as `-Name value`) or `env`. Default: `none`.
    parameters: Parameters,
    /// What exit codes mean: `success`, `warning`, `restart`, `attention`, `skipped` or `failure`. Default: 0 is
    /// success, all others are failure.
    #[schemars(extend("aliases" = ["exit_codes", "exit-codes"], "examples" = [{ "2": "warning" }]))]
    exit_codes: ExitCodes,
}

/// How comments are written.
#[derive(JsonSchema, Default)]
#[schemars(default, deny_unknown_fields, rename = "comments")]
struct Comments {
    /// What starts a comment that ends with its line: one, or a list.
    #[schemars(extend("examples" = [["#"]]))]
    line: FilledTexts,
    /// What starts and what ends a comment.
    #[schemars(extend("examples" = [["/*", "*/"]]))]
    block: BlockComment,
}

/// What selected steps depend on and how they behave.
#[derive(JsonSchema, Default)]
#[schemars(default, deny_unknown_fields, rename = "rule", extend("required" = ["match"]))]
struct Rule {
    /// The scripts it is for: numbers, ranges, `stage:NAME`, `tag:NAME`.
    #[schemars(extend("examples" = ["0400-0499", "tag:test, !0410"]))]
    r#match: Filled,
    /// What the rule is called where it is a reason. Default: its `match`.
    name: Filled,
    /// Patterns of what the steps make, such as `dist/**`. Say `[]` if they make nothing.
    outputs: Patterns,
    #[schemars(flatten)]
    settings: Settings,
    /// The program and its arguments that are run instead of the interpreter; `{script}` is the file, `{args}` all
    /// arguments.
    #[schemars(extend("examples" = [["make", "{script}"]]))]
    command: Argv,
}

/// Private state of one tool.
#[derive(JsonSchema, Default)]
#[schemars(default, deny_unknown_fields, rename = "scratch", extend("required" = ["name", "paths"]))]
struct Scratch {
    /// The name of the tool.
    name: Filled,
    /// The programs whose processes, with all they start, keep it: one, or a list. Default: everybody.
    programs: FilledTexts,
    /// Where it lies: from the workspace, from the home folder (`~/`), anywhere (`**/`), or from a variable (`$NAME/`).
    #[schemars(extend("examples" = [["**/target/**"]]))]
    paths: Patterns,
    /// Whether it only makes things faster, so that nobody's result depends on what is in it. Default: `false`.
    cache: Boolean,
    /// Whether it is never missed. Default: the same as `cache`.
    optional: Boolean,
}
