//! Jobs and stages.
#![expect(dead_code, reason = "the types only describe: nothing reads their fields")]

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde_json::{Value, json};

use super::{
    policy::{Concurrency, Defaults},
    settings::{Permissions, Settings},
    step::{Approval, Definition, Item, JobStep, ListedScript, Outputs, SomeSteps, Steps, TextStep},
    values::{
        Condition, Count, Expression, Filled, FilledTexts, Flag, Matrix, NamelessVariables, Text,
        TextOrNumber, Texts, Variables, Word,
    },
};

/// A job: steps that run one after the other, on their own or after other jobs.
#[derive(JsonSchema, Default)]
#[schemars(default, deny_unknown_fields, rename = "job", extend("allOf" = steps_or_playbook(), "dependentRequired" = with_playbook()))]
pub(super) struct Job {
    /// What the job is called where it is shown. Default: its id.
    name: Text,
    /// Ids of jobs that must be done first: one, or a list.
    #[schemars(extend("aliases" = ["dependsOn", "depends_on"], "examples" = [["build"]]))]
    needs: FilledTexts,
    #[schemars(flatten)]
    common: Common,
    /// What the job is permitted.
    permissions: Permissions,
    /// What the job does, in order.
    steps: SomeSteps<JobStep, JobStep>,
    /// A playbook that the job runs in place of steps: `playbook:NAME`.
    #[schemars(extend("examples" = ["playbook:ci"]))]
    uses: Filled,
    /// Variables of the playbook in `uses`.
    #[schemars(extend("aliases" = ["parameters", "params", "arguments"]))]
    with: Variables,
    /// Changes nothing: az runs every job on this machine.
    #[schemars(rename = "runsOn", extend("aliases" = ["runs-on", "runs_on"]))]
    runs_on: Value,
    /// A word for people; it changes nothing.
    category: Value,
    /// Words for people; they change nothing.
    tags: Value,
    /// Fields of your own, for programs of your own.
    extensions: Variables,
}

/// Stages in order: a list, or a table of them by id.
#[derive(JsonSchema, Default)]
#[schemars(untagged, inline)]
pub(super) enum Stages {
    #[default]
    #[schemars(skip)]
    None,
    Listed(#[schemars(length(min = 1))] Vec<NamedStage>),
    Named(BTreeMap<String, Stage>),
}

/// A stage: scripts that run once the stages before it are done; it may hold fields of your own.
#[derive(JsonSchema, Default)]
#[schemars(
    rename = "namedStage",
    extend("allOf" = [{ "$ref": "#/$defs/stage" }], "anyOf" = any_name())
)]
pub(super) struct NamedStage {}

/// A stage: scripts that run once the stages before it are done; it may hold fields of your own.
#[derive(JsonSchema, Default)]
#[schemars(default, rename = "stage", rename_all = "camelCase")]
pub(super) struct Stage {
    /// What the stage is called.
    #[schemars(extend("aliases" = ["stage"]))]
    name: Word,
    /// Stages that must be done first, beside those before it.
    #[schemars(extend("aliases" = ["dependsOn", "depends_on"]))]
    needs: Texts,
    #[schemars(flatten)]
    common: Common,
    /// Parameters of the scripts of the stage.
    #[schemars(extend("aliases" = ["parameters", "params", "arguments"]))]
    with: Variables,
    /// A text for PowerShell that runs before the rest of the stage.
    #[schemars(extend("aliases" = ["pre_script"]))]
    pre_script: Inline,
    /// The scripts of the stage: numbers, ranges, `stage:NAME`, `tag:NAME`, or definitions with parameters.
    #[schemars(extend("aliases" = ["sequence", "run", "numbers"], "examples" = [["0400-0449", "!0410"]]))]
    sequences: Sequence,
    /// The scripts of the stage, with parameters.
    scripts: ListedScripts,
    /// A text for PowerShell, or the number of a script.
    #[schemars(extend("aliases" = ["inline", "customScript"]))]
    script: Inline,
    /// A text for PowerShell.
    command: Inline,
    /// What the stage does, in order.
    steps: Steps<Item<Definition>, Definition>,
    /// What the stage does, all at once.
    jobs: Steps<Item<Definition>, Definition>,
    /// A playbook that the stage runs.
    playbook: Filled,
    /// A text for PowerShell that runs after the rest of the stage.
    #[schemars(extend("aliases" = ["post_script"]))]
    post_script: Inline,
    /// A word for people; it changes nothing.
    r#type: Value,
    /// A remark on the place among the stages; it changes nothing, stages run as they are listed.
    order: Value,
    /// Words for people; they change nothing.
    tags: Value,
    /// A word for people; it changes nothing.
    category: Value,
    /// A remark.
    comment: Value,
    /// How long people expect the stage to take; it changes nothing.
    estimated_duration: Value,
    /// The schema that editors check this with.
    #[schemars(rename = "$schema")]
    schema: Value,
}

/// Selections of scripts, or definitions of them with parameters.
#[derive(JsonSchema, Default)]
#[schemars(untagged, inline)]
pub(super) enum Sequence {
    #[default]
    #[schemars(skip)]
    None,
    Numbers(Texts),
    Steps(Steps<Item<Definition>, Definition>),
}

/// Scripts by number, one text or a list, or definitions of them with parameters.
#[derive(JsonSchema, Default)]
#[schemars(untagged, inline)]
pub(super) enum ListedScripts {
    #[default]
    #[schemars(skip)]
    None,
    Numbers(Vec<TextOrNumber>),
    Text(Filled),
    Steps(Steps<Item<ListedScript>, ListedScript>),
}

/// A text for PowerShell, or several with what is said about them.
#[derive(JsonSchema, Default)]
#[schemars(untagged, inline)]
enum Inline {
    #[default]
    #[schemars(skip)]
    None,
    Text(Filled),
    Step(Box<TextStep>),
    Steps(Vec<Item<TextStep>>),
}

/// What jobs and stages have in common.
#[derive(JsonSchema, Default)]
#[schemars(default, rename_all = "camelCase", inline)]
struct Common {
    /// What it is for.
    #[schemars(extend("aliases" = ["desc"]))]
    description: Word,
    /// The condition on which it runs: an expression such as `env == 'prod'`, `failure()`, `always()`.
    #[schemars(extend("aliases" = ["condition", "conditional", "when", "runIf", "run_if"],
        "examples" = ["always()", "{{environment}} == 'prod'"]))]
    r#if: Condition,
    /// A condition that must hold beside `if`.
    additional_condition: Expression,
    /// A condition on which it does not run.
    #[schemars(extend("aliases" = ["skip_if"]))]
    skip_if: Expression,
    /// Variables, above those of the playbook.
    #[schemars(extend("aliases" = ["vars", "defaultVariables"]))]
    variables: Variables,
    /// Names of values that are handed on to later jobs; or patterns of what the steps make.
    outputs: Outputs,
    #[schemars(flatten)]
    settings: Settings,
    /// What the steps have that do not say otherwise.
    defaults: Defaults,
    /// Whether the run goes on after a failure here. Default: `false`.
    #[schemars(extend("aliases" = ["continue-on-error", "continue_on_error", "allowFailure"]))]
    continue_on_error: Flag,
    /// The combinations of values that it runs for, each once.
    strategy: Strategy,
    /// The combinations of values that it runs for: a short form of `strategy`.
    #[schemars(extend("aliases" = ["matrixDimensions"], "deprecated" = true, "insteadOf" = "strategy"))]
    matrix: Matrix,
    /// Whether the steps may overlap. Default: `false` in a job, `true` in a stage.
    #[schemars(extend("aliases" = ["runParallel", "run_parallel"]))]
    parallel: Flag,
    /// How many of the steps run at once. Default: as many as fit.
    #[schemars(extend("aliases" = ["max_concurrency", "max-concurrency", "maxParallel", "max-parallel"]))]
    max_concurrency: Count,
    /// Whether the first failure ends it. Default: `true`.
    #[schemars(extend("aliases" = ["fail_fast", "fail-fast"]))]
    fail_fast: Flag,
    /// The group of which one run is at work at a time.
    concurrency: Concurrency,
    /// Who must agree before it runs.
    approval: Approval,
    /// Services that run beside the steps.
    services: Variables,
    /// The name of the environment it acts on; or environment variables of the steps.
    environment: Surroundings,
}

/// The combinations of values that a job runs for.
#[derive(JsonSchema, Default)]
#[schemars(default, deny_unknown_fields, rename = "strategy", rename_all = "camelCase", extend("required" = ["matrix"]))]
struct Strategy {
    /// Dimensions with their values; `include` adds combinations, `exclude` leaves some out.
    #[schemars(extend("aliases" = ["matrixDimensions"], "examples" = [{ "os": ["ubuntu", "windows"] }]))]
    matrix: Matrix,
    /// Whether the first failure ends the other combinations. Default: `true`.
    #[schemars(extend("aliases" = ["fail-fast", "fail_fast"]))]
    fail_fast: Flag,
    /// How many combinations run at once. Default: as many as fit.
    #[schemars(extend("aliases" = ["max-parallel", "max_parallel", "maxConcurrency"]))]
    max_parallel: Count,
}

/// The name of an environment, or environment variables.
#[derive(JsonSchema, Default)]
#[schemars(untagged, inline)]
enum Surroundings {
    #[default]
    #[schemars(skip)]
    None,
    Name(Filled),
    Named(NamedEnvironment),
    Variables(NamelessVariables),
}

/// An environment that a job acts on.
#[derive(JsonSchema, Default)]
#[schemars(default, deny_unknown_fields, rename = "namedEnvironment", extend("required" = ["name"]))]
struct NamedEnvironment {
    /// What it is called.
    name: Filled,
    /// Where it can be seen; it changes nothing.
    url: Value,
}

/// A job has steps, or a playbook in their place.
fn steps_or_playbook() -> Value {
    json!([{ "anyOf": [{ "required": ["steps"] }, { "required": ["uses"] }] }])
}

/// Variables are handed to a playbook only.
fn with_playbook() -> Value {
    json!({ "with": ["uses"], "parameters": ["uses"], "params": ["uses"], "arguments": ["uses"] })
}

/// A stage has a name; old files begin their fields with a capital too.
fn any_name() -> Value {
    ["name", "stage", "Name", "Stage"].map(|name| json!({ "required": [name] })).as_slice().into()
}
