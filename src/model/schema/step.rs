//! Steps in each of the forms that a list of them can have.
#![expect(dead_code, reason = "the types only describe: nothing reads their fields")]

use schemars::JsonSchema;
use serde_json::{Value, json};

use super::{
    settings::Settings,
    values::{
        Condition, Duration, Expression, Filled, Flag, Id, Items, Numbers, Patterns, Text, TextOrNumber,
        Texts, Truth, Variables, Word, any_case,
    },
};

/// A step of a job.
#[derive(JsonSchema, Default)]
#[schemars(default, deny_unknown_fields, rename = "step", extend("allOf" = one_action()))]
pub(super) struct JobStep {
    #[schemars(flatten)]
    what: Scripted,
    #[schemars(flatten)]
    how: StepFields<JobStep, JobStep>,
}

/// A step of the language of steps.
#[derive(JsonSchema, Default)]
#[schemars(default, deny_unknown_fields, rename = "languageStep", extend("allOf" = one_action()))]
pub(super) struct LanguageStep {
    #[schemars(flatten)]
    what: Scripted,
    #[schemars(flatten)]
    how: StepFields<Item<LanguageStep>, LanguageStep>,
}

/// The definition of a script that is run, with its parameters; it may hold fields of your own.
#[derive(JsonSchema, Default)]
#[schemars(default, rename = "definition", extend("allOf" = any_action(&[])))]
pub(super) struct Definition {
    /// What other steps and conditions call the step.
    id: Id,
    #[schemars(flatten)]
    what: Referenced,
    #[schemars(flatten)]
    how: StepFields<Item<Definition>, Definition>,
}

/// The definition of a script in a list of scripts; it may hold fields of your own.
#[derive(JsonSchema, Default)]
#[schemars(default, rename = "listedScript", extend("allOf" = any_script()))]
pub(super) struct ListedScript {
    /// The number of the script.
    id: Numbers,
    #[schemars(flatten)]
    what: Referenced,
    #[schemars(flatten)]
    how: StepFields<Item<ListedScript>, ListedScript>,
}

/// A text that PowerShell runs, with what is said about it; it may hold fields of your own.
#[derive(JsonSchema, Default)]
#[schemars(default, rename = "textStep", extend("allOf" = any_action(&[])))]
pub(super) struct TextStep {
    #[schemars(flatten)]
    what: Scripted,
    #[schemars(flatten)]
    how: StepFields<Item<TextStep>, TextStep>,
}

/// A step, or only the number of what it runs.
#[derive(JsonSchema, Default)]
#[schemars(untagged, inline)]
pub(super) enum Item<T> {
    #[default]
    #[schemars(skip)]
    None,
    Number(TextOrNumber),
    Step(T),
}

/// Steps in order, or one step without a list.
#[derive(JsonSchema, Default)]
#[schemars(untagged, inline)]
pub(super) enum Steps<I, T> {
    #[default]
    None,
    One(Box<T>),
    Many(Vec<I>),
}

/// Steps in order, at least one, or one step without a list.
#[derive(JsonSchema, Default)]
#[schemars(untagged, inline)]
pub(super) enum SomeSteps<I, T> {
    #[default]
    #[schemars(skip)]
    None,
    One(Box<T>),
    Many(#[schemars(length(min = 1))] Vec<I>),
}

/// What a step runs where `script` is a text.
#[derive(JsonSchema, Default)]
#[schemars(default)]
struct Scripted {
    /// What other steps and conditions call the step: letters, digits, `_` and `-`. Default: `step_N`.
    id: Id,
    /// The numbered scripts the step runs: numbers, ranges, `stage:NAME`, `tag:NAME`.
    #[schemars(extend("aliases" = ["step", "number", "sequence", "sequences"],
        "examples" = ["0402", ["0400-0449", "!0410"], "stage:Testing"]))]
    run: Numbers,
    /// A text that the step's shell runs.
    #[schemars(extend("aliases" = ["inline", "customScript", "scriptBlock", "inlineScript"]))]
    script: ScriptText,
}

/// What a step runs where `script` names one.
#[derive(JsonSchema, Default)]
#[schemars(default)]
struct Referenced {
    /// The numbered scripts the step runs: numbers, ranges, `stage:NAME`, `tag:NAME`.
    #[schemars(extend("aliases" = ["step", "number", "sequence", "sequences"], "examples" = ["0402"]))]
    run: Numbers,
    /// The script the step runs: its number, its name, or its path; or a text for PowerShell.
    #[schemars(extend("examples" = ["0402", "0402_Run-UnitTests"]))]
    script: Script,
    /// The script the step runs: another word for `script`.
    #[schemars(rename = "scriptPath", extend("aliases" = ["script_path", "path", "scriptNumber", "file"], "deprecated" = true))]
    script_path: Numbers,
    /// A text that PowerShell runs.
    #[schemars(extend("aliases" = ["customScript", "scriptBlock", "inlineScript"]))]
    inline: ScriptText,
}

/// A text that is run, or a table around one.
#[derive(JsonSchema, Default)]
#[schemars(untagged, inline)]
pub(super) enum ScriptText {
    #[default]
    #[schemars(skip)]
    None,
    Text(Filled),
    Table(ScriptTable),
}

/// A reference to scripts, or a text that is run.
#[derive(JsonSchema, Default)]
#[schemars(untagged, inline)]
enum Script {
    #[default]
    #[schemars(skip)]
    None,
    Numbers(Numbers),
    Table(ScriptTable),
}

/// A text that is run, with what is said about it.
#[derive(JsonSchema, Default)]
#[schemars(default, deny_unknown_fields, rename = "scriptText", extend("required" = ["script"]))]
pub(super) struct ScriptTable {
    /// The text.
    #[schemars(extend("aliases" = ["inline", "customScript", "scriptBlock", "inlineScript"]))]
    script: Filled,
    /// What it is for.
    description: Value,
    /// What kind of text it is.
    r#type: Value,
}

/// One of the branches that run at once.
#[derive(JsonSchema, Default)]
#[schemars(default, deny_unknown_fields, inline, extend("required" = ["steps"]))]
struct Branch<I: Default, T: Default> {
    /// What the branch is called.
    name: Text,
    /// What the branch does, in order.
    steps: SomeSteps<I, T>,
    /// What the branch is for.
    description: Value,
}

/// A branch, a list of steps, or one step.
#[derive(JsonSchema)]
#[schemars(untagged, inline)]
enum Branches<I: Default, T: Default> {
    Branch(Branch<I, T>),
    Steps(#[schemars(length(min = 1))] Vec<I>),
    Step(T),
}

/// Whether the step overlaps others; or, in the language of steps, the branches that run at once.
#[derive(JsonSchema, Default)]
#[schemars(untagged, inline)]
enum Parallel<I: Default, T: Default> {
    #[default]
    #[schemars(skip)]
    None,
    Flag(Flag),
    Branches(Vec<Branches<I, T>>),
}

/// Paths that the step makes, or values that it hands on.
#[derive(JsonSchema, Default)]
#[schemars(untagged, inline)]
pub(super) enum Outputs {
    #[default]
    #[schemars(skip)]
    None,
    Paths(Patterns),
    Named(std::collections::BTreeMap<String, OutputValue>),
    Listed(Vec<Output>),
}

/// What a value that is handed on comes from.
#[derive(JsonSchema)]
#[schemars(untagged, inline)]
pub(super) enum OutputValue {
    Expression(Expression),
    Number(f64),
    Table(OutputTable),
}

/// A value that is handed on.
#[derive(JsonSchema, Default)]
#[schemars(default, deny_unknown_fields, rename = "outputValue", extend("required" = ["value"]))]
pub(super) struct OutputTable {
    /// The expression that gives it.
    value: Expression,
    /// What it is.
    description: Value,
}

/// A value that is handed on, with its name.
#[derive(JsonSchema, Default)]
#[schemars(default, deny_unknown_fields, rename = "output", extend("required" = ["name", "value"]))]
pub(super) struct Output {
    /// The name later steps know it by.
    name: Filled,
    /// The expression that gives it.
    value: Expression,
    /// What it is.
    description: Value,
}

/// Who must agree before it goes on: `true`, names, or a table.
#[derive(JsonSchema, Default)]
#[schemars(untagged, inline)]
pub(super) enum Approval {
    #[default]
    #[schemars(skip)]
    None,
    Wanted(bool),
    Names(Texts),
    Table(ApprovalTable),
}

/// Who must agree before it goes on.
#[derive(JsonSchema, Default)]
#[schemars(default, deny_unknown_fields, rename = "approval")]
pub(super) struct ApprovalTable {
    /// Who may agree.
    #[schemars(extend("aliases" = ["reviewers", "by", "from"]))]
    approvers: Texts,
    /// What they are asked.
    #[schemars(extend("aliases" = ["prompt"]))]
    message: Text,
    /// How long to wait for an answer.
    timeout: Duration,
}

/// What steps of every form have.
#[derive(JsonSchema, Default)]
#[schemars(default, rename_all = "camelCase")]
struct StepFields<I: Default, T: Default> {
    /// What the step is called where it is shown.
    name: Word,
    /// What the step is for.
    #[schemars(extend("aliases" = ["desc"]))]
    description: Word,
    /// What kind of step it is: `script`, `powershell`, `bash`, `parallel`, `conditional`, `foreach`, `approval`, or a
    /// word of your own.
    #[schemars(extend("examples" = ["script"]))]
    r#type: Filled,
    /// A command line of az or another program.
    command: Filled,
    /// A playbook that the step runs: `playbook:NAME`.
    #[schemars(extend("aliases" = ["playbook"], "examples" = ["playbook:ci"]))]
    uses: Filled,
    /// The shell that runs `script`. Default: that of `defaults`, else `pwsh`.
    #[schemars(extend("examples" = ["sh", "bash", "pwsh", "python"]))]
    shell: Filled,
    /// A module of PowerShell of which the step calls a function.
    module: Filled,
    /// The function of `module` that is called.
    #[schemars(extend("aliases" = ["cmdlet"]))]
    function: Filled,
    /// A text that is shown.
    message: Text,
    /// What runs at once: each with `steps`, or a step by itself.
    branches: Vec<Branches<I, T>>,
    /// Whether the step overlaps those beside it.
    parallel: Parallel<I, T>,
    /// Another word for `parallel`.
    #[schemars(extend("aliases" = ["allow_parallel"], "deprecated" = true))]
    allow_parallel: Flag,
    /// The steps that are run if the step's `if` holds.
    #[schemars(extend("aliases" = ["action", "actions"]))]
    then: Steps<I, T>,
    /// The steps that are run if the step's `if` does not hold.
    r#else: Steps<I, T>,
    /// The values that `steps` are run for, each in turn: a list, or an expression that gives one.
    #[schemars(extend("aliases" = ["in", "foreach"]))]
    items: Items,
    /// The variable that holds the value at hand. Default: `item`.
    #[schemars(extend("aliases" = ["variable", "item"]))]
    r#as: Filled,
    /// The steps that are run for each of `items`.
    steps: SomeSteps<I, T>,
    /// The condition on which the step runs: an expression such as `env == 'prod'`, `failure()`, `always()`.
    #[schemars(extend("aliases" = ["condition", "conditional", "when", "runIf", "run_if"],
        "examples" = ["always()", "{{environment}} == 'prod'"]))]
    r#if: Condition,
    /// A condition that must hold beside `if`.
    additional_condition: Expression,
    /// A condition on which the step does not run.
    #[schemars(extend("aliases" = ["skip_if"]))]
    skip_if: Expression,
    /// Parameters of the scripts that are run, or variables of the playbook in `uses`.
    #[schemars(extend("aliases" = ["parameters", "params", "arguments"]))]
    with: Variables,
    /// Variables of the step, above those of its job and its playbook.
    #[schemars(extend("aliases" = ["vars", "defaultVariables"]))]
    variables: Variables,
    /// Patterns of what the step makes, such as `dist/**`, `[]` if nothing; or names of values that it hands on.
    outputs: Outputs,
    #[schemars(flatten)]
    settings: Settings,
    /// Whether the run goes on if the step fails. Default: `false`.
    #[schemars(extend("aliases" = ["continue-on-error", "continue_on_error", "allowFailure"]))]
    continue_on_error: Flag,
    /// Whether the step must succeed; the opposite of `continueOnError`. Default: `true`.
    required: Truth,
    /// Whether the step may fail; another word for `continueOnError`. Default: `false`.
    optional: Truth,
    /// Steps of one group run at once.
    #[schemars(extend("aliases" = ["parallelGroup", "parallel_group"]))]
    group: Word,
    /// A word for what the step belongs to, where it is shown.
    #[schemars(extend("aliases" = ["stage", "category"]))]
    phase: Word,
    /// Who must agree before the step runs.
    approval: Approval,
    /// The steps that follow if the step succeeded.
    #[schemars(extend("aliases" = ["on_success", "on-success"]))]
    on_success: Steps<I, T>,
    /// The steps that follow if the step failed.
    #[schemars(extend("aliases" = ["on_failure", "on-failure"]))]
    on_failure: Steps<I, T>,
    /// Whether a failure counts as mended once `onFailure` has run. Default: `false`.
    recovered: Truth,
    /// Words for people; they change nothing.
    tags: Value,
    /// A remark on the place among the steps; it changes nothing, steps run as they are listed.
    order: Value,
    /// How long people expect the step to take; it changes nothing.
    estimated_duration: Value,
    /// A remark.
    comment: Value,
    /// Fields of your own, for programs of your own.
    extensions: Variables,
    /// The schema that editors check this with.
    #[schemars(rename = "$schema")]
    schema: Value,
}

/// Fields that say what a step runs, in all their spellings; one of each group.
const RUN: &[&str] = &["run", "step", "number", "sequence", "sequences"];
const TEXT: &[&str] = &["script", "inline", "customScript", "scriptBlock", "inlineScript"];
const USES: &[&str] = &["uses", "playbook"];
const REFERENCE: &[&str] = &["scriptPath", "script_path", "path", "scriptNumber", "file"];
const CHOICE: &[&str] = &["then", "else", "action"];
const IF: &[&str] = &["if", "condition", "conditional", "when", "runIf", "run_if"];
const ITEMS: &[&str] = &["items", "in", "foreach"];

/// A step runs one thing, and has the fields of no other.
fn one_action() -> Value {
    let actions = [
        has_any(RUN),
        // Converted workflows keep what a step used beside the script that stands for it.
        json!({ "anyOf": [has_any(TEXT), has_any(USES)] }),
        json!({ "required": ["command"], "not": { "required": ["module"] } }),
        has_any(&["module"]),
        has_any(&["message"]),
        json!({ "anyOf": [has_any(&["branches"]), has_branches()] }),
        has_any(CHOICE),
        has_any(ITEMS),
        is_approval(),
    ];
    let mut all = vec![json!({ "oneOf": actions })];
    all.push(only_with(&["shell"], &[TEXT, &["command"]].concat()));
    all.extend(parts());
    all.into()
}

/// A step of an old format runs at least one thing.
fn any_action(more: &[&str]) -> Value {
    let fields =
        [RUN, TEXT, USES, REFERENCE, CHOICE, ITEMS, &["command", "module", "message", "branches"], more];
    // Old files begin their fields with a capital too.
    let capital = |field: &str| field[..1].to_ascii_uppercase() + &field[1..];
    let names = fields.concat().into_iter().flat_map(|field| [field.to_owned(), capital(field)]);
    let mut actions: Vec<Value> = names.map(|field| json!({ "required": [field] })).collect();
    actions.extend([has_branches(), is_approval()]);
    let mut all = vec![json!({ "anyOf": actions })];
    all.extend(parts());
    all.into()
}

/// An id that is the number of a script stands only where a script runs.
fn any_script() -> Value {
    let others =
        [has_any(&["module", "branches"]), has_any(CHOICE), has_any(ITEMS), has_branches(), is_approval()];
    let mut all = any_action(&["id"]);
    if let Value::Array(all) = &mut all {
        all.push(json!({ "if": { "required": ["id"] }, "then": { "not": { "anyOf": others } } }));
    }
    all
}

/// What some actions cannot be without, or beside.
fn parts() -> [Value; 8] {
    let made_of_steps =
        json!({ "anyOf": [has_any(CHOICE), has_any(ITEMS), has_any(&["branches"]), has_branches()] });
    let one_thing = has_any(&[RUN, TEXT, USES, REFERENCE, &["command", "module", "message"]].concat());
    let expression = json!({ "type": ["string", "boolean"] });
    let decides: serde_json::Map<_, _> =
        IF.iter().map(|name| ((*name).to_owned(), expression.clone())).collect();
    [
        json!({ "not": { "allOf": [made_of_steps, one_thing] } }),
        only_with(CHOICE, IF),
        json!({ "if": has_any(CHOICE), "then": { "properties": decides } }),
        only_with(ITEMS, &["steps"]),
        only_with(&["as", "variable", "item", "steps"], ITEMS),
        only_with(&["module"], &["function", "cmdlet", "command"]),
        only_with(&["function", "cmdlet"], &["module"]),
        only_with(&["actions"], CHOICE),
    ]
}

/// Allows fields only beside one of some others.
fn only_with(fields: &[&str], others: &[&str]) -> Value {
    json!({ "if": has_any(fields), "then": has_any(others) })
}

fn has_any(fields: &[&str]) -> Value {
    json!({ "anyOf": fields.iter().map(|field| json!({ "required": [field] })).collect::<Vec<_>>() })
}

fn has_branches() -> Value {
    json!({ "required": ["parallel"], "properties": { "parallel": { "type": "array" } } })
}

fn is_approval() -> Value {
    json!({ "required": ["type"], "properties": { "type": { "pattern": any_case(&["approval", "manual"]) } } })
}
