//! The whole playbook, in each of its formats.
#![expect(dead_code, reason = "the types only describe: nothing reads their fields")]

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::{
    about::{
        Conditions, Integrations, Moments, NotificationsOrList, Reporting, Requirements, Secret, Triggers,
        Validation,
    },
    job::{Job, ListedScripts, Stages},
    policy::{Concurrency, Defaults, OptionTable, Options, Parameters, ProfileOrScripts},
    step::{Definition, Item, LanguageStep, SomeSteps, Steps, TextStep},
    values::{Anything, EnvironmentVariables, Filled, Texts, Timeout, Truth, Variables, Word},
};

/// A playbook of any format, told by its content as az tells it.
pub(super) struct Playbook;

impl JsonSchema for Playbook {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "playbook".into()
    }

    /// Only the format at hand is looked at, so that editors say what is wrong with it, not why it is no other one.
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let inner =
            |table: &str, field: &str| json!({ "required": [table], "properties": { table: has(&[field]) } });
        let formats = [
            (inner("orchestration", "stages"), generator.subschema_for::<V2>()),
            (has(&["stages", "Stages"]), generator.subschema_for::<V1Stages>()),
            (has(&["sequence", "Sequence"]), generator.subschema_for::<V1Sequence>()),
            (has(&["steps", "Steps"]), generator.subschema_for::<V0>()),
            (has(&["scripts", "Scripts"]), generator.subschema_for::<Scripts>()),
            (has(&["sequences", "Sequences"]), generator.subschema_for::<Sequences>()),
            (inner("workflow", "steps"), generator.subschema_for::<Workflow>()),
        ];
        generator.subschema_for::<OldRoot>();
        let newest = generator.subschema_for::<V3>();
        let other = formats.into_iter().rev().fold(
            json!(newest),
            |other, (is_it, format)| json!({ "if": is_it, "then": format, "else": other }),
        );
        json_schema!({
            "type": "object",
            "if": inner("orchestration", "jobs"),
            "then": newest,
            "else": other,
        })
    }
}

/// Asks whether one of some fields is there.
fn has(names: &[&str]) -> Value {
    match names {
        [name] => json!({ "type": "object", "required": [name] }),
        _ => json!({ "anyOf": names.iter().map(|name| json!({ "required": [name] })).collect::<Vec<_>>() }),
    }
}

/// What all formats share; the closed one has it among its own fields.
fn root() -> Value {
    json!([{ "$ref": "#/$defs/root" }])
}

/// A playbook of jobs.
#[derive(JsonSchema, Default)]
#[schemars(default, deny_unknown_fields, rename = "v3", extend("required" = ["orchestration"]))]
struct V3 {
    /// What tells people about the playbook.
    metadata: Metadata,
    /// What is run.
    orchestration: JobOrchestration,
    #[schemars(flatten)]
    root: Root,
    /// Fields of your own, for programs of your own.
    extensions: Variables,
}

/// A playbook of stages; it may hold fields of your own.
#[derive(JsonSchema, Default)]
#[schemars(default, rename = "v2", extend("allOf" = root(), "required" = ["orchestration"]))]
struct V2 {
    /// What is run.
    orchestration: StageOrchestration,
}

/// A playbook of stages in the oldest form; it may hold fields of your own.
#[derive(JsonSchema, Default)]
#[schemars(default, rename = "v1Stages", extend("allOf" = root()))]
struct V1Stages {
    /// The stages, in order.
    #[schemars(extend("aliases" = ["Stages"]))]
    stages: Stages,
    /// The names of the stages in the order they run in. Default: as they are listed.
    #[schemars(rename = "executionOrder", extend("aliases" = ["execution_order", "stageOrder"]))]
    execution_order: Texts,
    /// Changes nothing: the stages are run.
    sequence: Value,
}

/// A playbook that is one sequence; it may hold fields of your own.
#[derive(JsonSchema, Default)]
#[schemars(default, rename = "v1Sequence", extend("allOf" = root()))]
struct V1Sequence {
    /// The scripts that are run: numbers, ranges, `stage:NAME`, `tag:NAME`, or definitions with parameters.
    #[schemars(extend("aliases" = ["Sequence"], "examples" = [["0402", "0440-0449", "!0445"]]))]
    sequence: WholeSequence,
}

/// A playbook of the language of steps; it may hold fields of your own.
#[derive(JsonSchema, Default)]
#[schemars(default, rename = "v0", extend("allOf" = root()))]
struct V0 {
    /// What is done, in order.
    #[schemars(extend("aliases" = ["Steps"]))]
    steps: SomeSteps<Item<LanguageStep>, LanguageStep>,
}

/// A playbook that lists scripts; it may hold fields of your own.
#[derive(JsonSchema, Default)]
#[schemars(default, rename = "scripts", extend("allOf" = root()))]
struct Scripts {
    /// The scripts that are run, one after the other.
    #[schemars(extend("aliases" = ["Scripts"]))]
    scripts: ListedScripts,
}

/// A playbook of named sequences; it may hold fields of your own.
#[derive(JsonSchema, Default)]
#[schemars(default, rename = "sequences", extend("allOf" = root()))]
struct Sequences {
    /// The sequences, in order.
    #[schemars(extend("aliases" = ["Sequences"]))]
    sequences: Stages,
    /// The names of the sequences in the order they run in. Default: as they are listed.
    #[schemars(rename = "executionOrder", extend("aliases" = ["execution_order", "stageOrder"]))]
    execution_order: Texts,
}

/// A playbook of a workflow; it may hold fields of your own.
#[derive(JsonSchema, Default)]
#[schemars(default, rename = "workflow", extend("allOf" = root()))]
struct Workflow {
    /// What is run.
    workflow: WorkflowTable,
}

/// The steps of a workflow.
#[derive(JsonSchema, Default)]
#[schemars(default, deny_unknown_fields, rename = "workflowSteps", extend("required" = ["steps"]))]
struct WorkflowTable {
    /// What is done, in order.
    steps: Steps<Item<Definition>, Definition>,
}

/// Steps that are done once the run has ended; or a table, which changes nothing.
#[derive(JsonSchema, Default)]
#[schemars(untagged, inline)]
enum PostActions {
    #[default]
    None,
    Table(Anything),
    Steps(Vec<Item<TextStep>>),
}

/// Selections of scripts, at least one, or definitions of them with parameters.
#[derive(JsonSchema, Default)]
#[schemars(untagged, inline)]
enum WholeSequence {
    #[default]
    #[schemars(skip)]
    None,
    Text(super::values::TextOrNumber),
    One(Box<Definition>),
    Many(#[schemars(length(min = 1))] Vec<Item<Definition>>),
}

/// What tells people about a playbook of jobs.
#[derive(JsonSchema, Default)]
#[schemars(default, deny_unknown_fields, rename = "metadata", rename_all = "camelCase")]
struct Metadata {
    #[schemars(flatten)]
    about: About,
    /// The workflow of GitHub the playbook was made of.
    #[schemars(rename = "githubWorkflow")]
    workflow: Value,
    /// The file the playbook was made of.
    converted_from: Value,
    /// When the playbook was made of another file.
    converted_at: Value,
}

/// What tells people about the playbook; it may hold fields of your own.
#[derive(JsonSchema, Default)]
#[schemars(default, rename = "openMetadata")]
struct OpenMetadata {
    #[schemars(flatten)]
    about: About,
}

/// What a playbook of jobs runs.
#[derive(JsonSchema, Default)]
#[schemars(default, deny_unknown_fields, rename = "jobOrchestration", extend("required" = ["jobs"]))]
struct JobOrchestration {
    /// The jobs, by id. Jobs that do not need each other may overlap.
    #[schemars(extend("minProperties" = 1, "propertyNames" = super::values::id()))]
    jobs: BTreeMap<String, Job>,
    #[schemars(flatten)]
    shared: Shared,
}

/// What a playbook of stages runs; it may hold fields of your own.
#[derive(JsonSchema, Default)]
#[schemars(default, rename = "stageOrchestration")]
struct StageOrchestration {
    /// The stages, in order.
    stages: Stages,
    /// The names of the stages in the order they run in. Default: as they are listed.
    #[schemars(rename = "executionOrder", extend("aliases" = ["execution_order", "stageOrder"]))]
    execution_order: Texts,
    #[schemars(flatten)]
    shared: Shared,
}

/// What tells people about the playbook.
#[derive(JsonSchema, Default)]
#[schemars(default, rename_all = "camelCase", inline)]
struct About {
    /// What the playbook is called. Default: the name of its file.
    name: Filled,
    /// What the playbook is for.
    #[schemars(extend("aliases" = ["desc"]))]
    description: Word,
    /// Words the playbook is found by.
    tags: Texts,
    /// The version of the playbook.
    version: Word,
    /// What the playbook belongs to.
    category: Word,
    /// Who wrote it.
    author: Word,
    /// How long people expect the run to take; it changes nothing.
    #[schemars(extend("aliases" = ["estimated_duration", "expectedDuration"]))]
    estimated_duration: Word,
    /// When it was written.
    #[schemars(extend("aliases" = ["createdAt", "created_at"]))]
    created: Word,
    /// When it was last changed.
    #[schemars(extend("aliases" = ["updated", "lastModified", "last_updated", "modified"]))]
    last_updated: Word,
}

/// What may stand at the root or in `orchestration`.
#[derive(JsonSchema, Default)]
#[schemars(default, rename_all = "camelCase", inline)]
struct Shared {
    /// Variables of the playbook, below those of the command line.
    #[schemars(extend("aliases" = ["vars", "defaultVariables"]))]
    variables: Variables,
    /// Environment variables of all steps, with the values they are given.
    #[schemars(extend("aliases" = ["environment"]))]
    env: EnvironmentVariables,
    /// What whoever runs the playbook gives.
    #[schemars(extend("aliases" = ["inputs", "params"]))]
    parameters: Parameters,
    /// Secrets, and where each comes from.
    secrets: Vec<Secret>,
    /// What jobs and steps have that do not say otherwise.
    defaults: Defaults,
    /// The group of which one run is at work at a time, and how many jobs run at once.
    concurrency: Concurrency,
    #[schemars(flatten)]
    options: Options,
    /// Whether the first failure ends the run; the opposite of `continueOnError`. Default: `true`.
    #[schemars(extend("aliases" = ["fail_fast", "fail-fast"]))]
    fail_fast: Truth,
    /// Options in a table of their own.
    #[schemars(rename = "options")]
    options_table: OptionTable,
    /// Another word for `options`.
    #[schemars(extend("deprecated" = true))]
    configuration: OptionTable,
    /// Another word for `options`.
    #[schemars(extend("deprecated" = true))]
    settings: OptionTable,
    /// Another word for `options`.
    #[schemars(extend("deprecated" = true))]
    execution: OptionTable,
    /// Another word for `options`.
    #[schemars(extend("deprecated" = true))]
    error_handling: OptionTable,
    /// Another word for `options`.
    #[schemars(extend("deprecated" = true))]
    parallelization: OptionTable,
    /// Variants of the playbook, by name.
    profiles: BTreeMap<String, ProfileOrScripts>,
    /// The profile that holds if none is asked for.
    #[schemars(extend("aliases" = ["defaultProfile", "default_profile"]))]
    profile: ProfileName,
}

/// The name of a profile, or what old files have in its place.
#[derive(JsonSchema, Default)]
#[schemars(untagged, inline)]
enum ProfileName {
    #[default]
    #[schemars(skip)]
    None,
    Name(Word),
    Table(ProfileTable),
}

/// The name of a profile, with options; it may hold fields of your own.
#[derive(JsonSchema, Default)]
#[schemars(default, rename = "profileName")]
struct ProfileTable {
    /// The name of the profile.
    name: Word,
    #[schemars(flatten)]
    options: Options,
}

/// What playbooks of all formats but the newest have at their root.
#[derive(JsonSchema, Default)]
#[schemars(default, rename = "root")]
struct OldRoot {
    /// What tells people about the playbook.
    metadata: OpenMetadata,
    #[schemars(flatten)]
    root: Root,
}

/// What playbooks of every format have at their root.
#[derive(JsonSchema, Default)]
#[schemars(default, rename_all = "camelCase", inline)]
struct Root {
    #[schemars(flatten)]
    about: About,
    #[schemars(flatten)]
    shared: Shared,
    /// What must be there for the playbook to run.
    #[schemars(extend("aliases" = ["prerequisites"]))]
    requirements: Requirements,
    /// Modules of PowerShell that must be there. Write `requirements.requiredModules` instead.
    #[schemars(extend("deprecated" = true))]
    required_modules: Texts,
    /// How long one attempt of a step may take. Default: no limit.
    #[schemars(extend("aliases" = ["timeoutSeconds", "timeout_seconds", "timeout-seconds", "timeoutSec"], "examples" = ["5m"]))]
    timeout: Timeout,
    /// Changes nothing: a run succeeds if nothing in it failed.
    success_criteria: Variables,
    /// What must hold before and after the run.
    validation: Validation,
    #[schemars(flatten)]
    checks: Conditions,
    /// What is told, and when.
    notifications: NotificationsOrList,
    #[schemars(flatten)]
    moments: Moments,
    /// Reports that are written after the run.
    reporting: Reporting,
    /// What starts the playbook: a list, each with `type`.
    #[schemars(extend("aliases" = ["on"]))]
    triggers: Triggers,
    /// Services that are told of the run.
    integrations: Integrations,
    /// Actions before all that the playbook runs: steps, or texts of PowerShell.
    #[schemars(extend("aliases" = ["pre_actions"]))]
    pre_actions: PostActions,
    /// Steps that are done once the run has ended.
    #[schemars(extend("aliases" = ["post_actions"]))]
    post_actions: PostActions,
    /// The schema that editors check the file with.
    #[schemars(rename = "$schema")]
    schema: Value,
    /// The name of the schema.
    #[schemars(rename = "schema")]
    schema_name: Value,
    /// The version of the format.
    schema_version: Value,
}
