//! Parameters, options, defaults and profiles.
#![expect(dead_code, clippy::large_enum_variant, reason = "the types only describe: nothing holds them")]

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde_json::Value;

use super::values::{
    Count, Duration, EnvironmentVariables, Filled, Flag, List, Minutes, Mode, ParameterType, Priority,
    Retries, Texts, Timeout, Truth, Variables, Word,
};

/// How the run as a whole goes.
#[derive(JsonSchema, Default)]
#[schemars(default, rename_all = "camelCase", inline)]
pub(super) struct Options {
    /// Whether steps may overlap; `false` runs them strictly one after the other. Default: `true`.
    #[schemars(extend("aliases" = ["runParallel"]))]
    parallel: Flag,
    /// `sequential` or `parallel`. Write `parallel: false` or `true` instead.
    #[schemars(extend("aliases" = ["executionMode"], "deprecated" = true, "insteadOf" = "parallel"))]
    mode: Mode,
    /// How many steps run at once. Default: the number of cores.
    #[schemars(extend("aliases" = ["max_concurrency", "max-concurrency", "maxParallel", "max-parallel", "maxParallelJobs", "workers"]))]
    max_concurrency: Count,
    /// Whether the run goes on after a failure. Default: `false`.
    #[schemars(extend("aliases" = ["continue-on-error", "continue_on_error", "allowFailure"]))]
    continue_on_error: Flag,
    /// Whether the run ends at the first failure; the opposite of `continueOnError`. Default: `true`.
    #[schemars(extend("aliases" = ["stop_on_error"]))]
    stop_on_error: Truth,
    /// How long the whole run may take, in minutes. Default: no limit.
    #[schemars(extend("aliases" = ["timeout-minutes", "timeout_minutes"]))]
    timeout_minutes: Minutes,
    /// Whether results are used again. Default: `true`.
    #[schemars(extend("aliases" = ["enableCache", "cache"]))]
    use_cache: Truth,
}

/// Options in a table of their own; it may hold fields of your own.
#[derive(JsonSchema, Default)]
#[schemars(default, rename = "options", rename_all = "camelCase")]
pub(super) struct OptionTable {
    #[schemars(flatten)]
    options: Options,
    /// In `parallelization`: whether steps may overlap.
    enabled: Flag,
    /// How long one attempt of a step may take. Default: no limit.
    #[schemars(extend("aliases" = ["scriptTimeout", "timeoutSeconds"]))]
    timeout: Timeout,
    /// Whether reports begin with a summary.
    #[schemars(extend("aliases" = ["summary"]))]
    generate_summary: Truth,
    /// How often a failed attempt of a step is repeated, 0 to 10. Default: 0.
    #[schemars(extend("aliases" = ["retryCount", "maxRetries"]))]
    retries: Retries,
    /// Variants of the playbook, by name.
    profiles: BTreeMap<String, ProfileOrScripts>,
}

/// What jobs and steps have that do not say otherwise.
#[derive(JsonSchema, Default)]
#[schemars(default, deny_unknown_fields, rename = "defaults", rename_all = "camelCase")]
pub(super) struct Defaults {
    #[schemars(flatten)]
    fields: DefaultFields,
    /// `shell` and `cwd` in a table of their own, as workflows of GitHub have them.
    run: RunDefaults,
    /// A remark.
    profile: Value,
}

/// What texts that a shell runs have if they do not say otherwise.
#[derive(JsonSchema, Default)]
#[schemars(default, deny_unknown_fields, rename = "runDefaults")]
struct RunDefaults {
    #[schemars(flatten)]
    fields: DefaultFields,
}

#[derive(JsonSchema, Default)]
#[schemars(default, rename_all = "camelCase", inline)]
struct DefaultFields {
    /// Whether the run goes on after a failure. Default: `false`.
    #[schemars(extend("aliases" = ["continue-on-error", "continue_on_error", "allowFailure"]))]
    continue_on_error: Flag,
    /// How long one attempt of a step may take: `30s`, `5m`, or a number of seconds. Default: no limit.
    #[schemars(extend("aliases" = ["timeoutSeconds", "timeout_seconds", "timeout-seconds", "timeoutSec"], "examples" = ["5m"]))]
    timeout: Timeout,
    /// How often a failed attempt of a step is repeated, 0 to 10. Default: 0.
    #[schemars(extend("aliases" = ["retry", "retryCount", "retry_count", "maxRetries", "max_retries"]))]
    retries: Retries,
    /// How long to wait before the first repetition; it doubles each time.
    #[schemars(extend("aliases" = ["retry_delay", "retry-delay", "delaySeconds"]))]
    retry_delay: Duration,
    /// Steps with higher ones begin first where several could: -100 to 100. Default: 0.
    priority: Priority,
    /// The shell that runs `script`: `sh`, `bash`, `pwsh`, `python`, ... Default: `pwsh`.
    #[schemars(extend("examples" = ["sh", "bash", "pwsh", "python"]))]
    shell: Filled,
    /// The folder steps start in, from the workspace. Default: the workspace.
    #[schemars(extend("aliases" = ["workingDirectory", "working-directory"]))]
    cwd: Filled,
}

/// The group of which one run is at work at a time: its name, or a table.
#[derive(JsonSchema, Default)]
#[schemars(untagged, inline)]
pub(super) enum Concurrency {
    #[default]
    #[schemars(skip)]
    None,
    Group(Filled),
    Table(ConcurrencyTable),
}

/// How runs and jobs stand to each other.
#[derive(JsonSchema, Default)]
#[schemars(default, deny_unknown_fields, rename = "concurrency", rename_all = "camelCase")]
pub(super) struct ConcurrencyTable {
    /// The group of which one run is at work at a time.
    group: Filled,
    /// Whether a new run of the group ends the one at work. Default: `false`.
    #[schemars(extend("aliases" = ["cancel-in-progress", "cancel_in_progress"]))]
    cancel_in_progress: Truth,
    /// How many jobs run at once. Default: as many as fit.
    #[schemars(extend("aliases" = ["max_concurrency", "max-concurrency", "maxParallel", "max-parallel"]))]
    max_concurrency: Count,
}

/// What whoever runs the playbook gives: a list of parameters, or a table of them by name.
#[derive(JsonSchema, Default)]
#[schemars(untagged, inline)]
pub(super) enum Parameters {
    #[default]
    #[schemars(skip)]
    None,
    Listed(Vec<ParameterOrName>),
    Named(NamedParameters),
}

/// A parameter, or only its name.
#[derive(JsonSchema)]
#[schemars(untagged, inline)]
pub(super) enum ParameterOrName {
    Name(Filled),
    Parameter(Parameter),
}

/// A parameter of the playbook.
#[derive(JsonSchema, Default)]
#[schemars(default, deny_unknown_fields, rename = "parameter", extend("required" = ["name"]))]
pub(super) struct Parameter {
    /// The variable that holds it.
    name: Filled,
    #[schemars(flatten)]
    definition: ParameterFields,
}

/// Parameters by name: a table that defines each, or its default.
#[derive(Default)]
pub(super) struct NamedParameters;

/// What is said of a parameter.
#[derive(JsonSchema, Default)]
#[schemars(default, deny_unknown_fields, rename = "namedParameter")]
pub(super) struct NamedParameter {
    #[schemars(flatten)]
    definition: ParameterFields,
}

#[derive(JsonSchema, Default)]
#[schemars(default, rename_all = "camelCase", inline)]
struct ParameterFields {
    /// What it is for.
    #[schemars(extend("aliases" = ["desc"]))]
    description: Word,
    /// What it holds. Default: anything.
    r#type: ParameterType,
    /// The value it has if none is given.
    #[schemars(extend("aliases" = ["defaultValue", "default_value"]))]
    default: Value,
    /// Whether a value must be given. Default: `false`.
    #[schemars(extend("aliases" = ["mandatory"]))]
    required: Truth,
    /// The values it may have. Default: any.
    #[schemars(extend("aliases" = ["allowedValues", "allowed_values", "options", "choices", "enum", "validateSet", "values"]))]
    allowed: List,
    /// A value for people to look at.
    example: Value,
    /// Values for people to look at.
    examples: Value,
    /// What it is called where it is shown.
    label: Value,
}

impl JsonSchema for NamedParameters {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "NamedParameters".into()
    }

    /// A table with one of these fields defines a parameter; any other value is its default.
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let defines = ["type", "default", "required", "description", "allowed", "defaultValue"]
            .map(|name| serde_json::json!({ "required": [name] }));
        schemars::json_schema!({
            "type": "object",
            "additionalProperties": {
                "if": { "type": "object", "anyOf": defines },
                "then": generator.subschema_for::<NamedParameter>(),
            },
        })
    }
}

/// A variant of the playbook, or only its scripts.
#[derive(JsonSchema)]
#[schemars(untagged, inline)]
pub(super) enum ProfileOrScripts {
    Scripts(Vec<super::values::TextOrNumber>),
    Profile(Profile),
}

/// A variant of the playbook; it may hold fields of your own.
#[derive(JsonSchema, Default)]
#[schemars(default, rename = "profile", rename_all = "camelCase")]
pub(super) struct Profile {
    /// What it is for.
    #[schemars(extend("aliases" = ["desc"]))]
    description: Word,
    /// Variables, above those of the playbook.
    #[schemars(extend("aliases" = ["vars", "defaultVariables"]))]
    variables: Variables,
    /// Parameters, above those of the playbook.
    #[schemars(extend("aliases" = ["params"]))]
    parameters: Variables,
    /// Fields of the playbook with other values.
    overrides: Variables,
    /// Environment variables with the values they are given.
    #[schemars(extend("aliases" = ["environment"]))]
    env: EnvironmentVariables,
    /// The stages that are run. Default: all.
    #[schemars(extend("aliases" = ["includeStages", "include_stages"]))]
    stages: Texts,
    /// The stages that are left out.
    #[schemars(extend("aliases" = ["exclude_stages"]))]
    exclude_stages: Texts,
    /// The scripts that are run. Default: all.
    #[schemars(extend("aliases" = ["sequence", "sequences"]))]
    scripts: Texts,
    /// The scripts that are left out.
    #[schemars(extend("aliases" = ["excludeScripts", "exclude_scripts"]))]
    exclude_sequence: Texts,
    #[schemars(flatten)]
    options: Options,
    /// How long people expect it to take; it changes nothing.
    estimated_duration: Value,
    /// Words for people; they change nothing.
    tags: Value,
    /// A word for people; it changes nothing.
    category: Value,
}
