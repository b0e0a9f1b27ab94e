//! The file `az.toml`.
#![expect(clippy::zero_sized_map_values, reason = "the types only describe: nothing has such a map")]

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde_json::Value;

use super::values::{
    AgeLimit, Amount, Argv, Boolean, Capacities, Duration, Filled, FilledTexts, Numbers, Patterns, Retries,
    Size, SizeLimit, TextOrNumber, Timeout, VariableNames, Variables,
};

/// The file az.toml: where scripts and playbooks lie, and what holds for every run.
#[derive(JsonSchema, Default)]
#[schemars(default, deny_unknown_fields, rename = "config")]
pub(super) struct Config {
    /// Where scripts, playbooks and rules lie.
    workspace: Workspace,
    /// Variables of every run, below those of playbooks and of the command line.
    variables: Variables,
    /// Environment variables that every step gets.
    env: Environment,
    /// How many steps run at once. Default: the number of cores.
    jobs: Amount,
    /// Whether a run goes on after a failure. Default: `false`.
    #[schemars(extend("aliases" = ["continueOnError", "continue-on-error"]))]
    continue_on_error: Boolean,
    /// What the commands of steps run that begin with `/`, by their names without it: program and arguments.
    #[schemars(extend("examples" = [{"test": ["npm", "test"]}]))]
    commands: BTreeMap<String, Argv>,
    /// How much there is of what only some steps can have at a time: `2`, a rate such as `10/min`, or both in a table. `memory` is a size such as `8GB`. Of what is not named here there is one.
    #[schemars(extend("examples" = [{ "gpu": 2, "api": "10/min", "memory": "8GB" }]))]
    resources: Capacities,
    /// How much the cache keeps, and for how long.
    cache: Cache,
    /// What steps have that nothing else says.
    defaults: Defaults,
    /// Selections with a name, and variables for each.
    profile: BTreeMap<String, Profile>,
    /// What holds for playbooks, by their names.
    playbook: BTreeMap<String, Registered>,
    /// What steps of some numbers have that nothing else says, by selections such as `0400-0499`.
    range: BTreeMap<String, Range>,
    /// What holds in an environment, above the rest: `az build --environment NAME`.
    environment: BTreeMap<String, OfEnvironment>,
}

/// How much the cache keeps, and for how long.
#[derive(JsonSchema, Default)]
#[schemars(default, deny_unknown_fields, rename = "cache")]
struct Cache {
    /// How much the cache holds, runs included: a size such as `10GiB`, or `none` for no limit. What was of no use for the longest time goes first. Default: `10GiB`.
    #[schemars(extend("aliases" = ["maxSize", "max-size"], "examples" = ["10GiB"]))]
    max_size: SizeLimit,
    /// How long a result or a run is kept that is of no use: `90d`, or `none` for no limit. Default: `90d`.
    #[schemars(extend("aliases" = ["maxAge", "max-age"], "examples" = ["90d"]))]
    max_age: AgeLimit,
}

/// What holds in an environment, above the rest of the configuration.
#[derive(JsonSchema, Default)]
#[schemars(default, deny_unknown_fields, rename = "environment")]
struct OfEnvironment {
    /// Variables of every run in the environment.
    variables: Variables,
    /// How many steps run at once in the environment.
    jobs: Amount,
    /// Whether a run in the environment goes on after a failure.
    #[schemars(extend("aliases" = ["continueOnError", "continue-on-error"]))]
    continue_on_error: Boolean,
    /// What steps have in the environment that nothing else says.
    defaults: Defaults,
    /// What holds for playbooks in the environment, by their names.
    playbook: BTreeMap<String, Registered>,
    /// What steps of some numbers have in the environment that nothing else says.
    range: BTreeMap<String, Range>,
    /// What commands of steps run in the environment that begin with `/`.
    commands: BTreeMap<String, Argv>,
    /// What the environment is.
    description: Value,
}

/// What steps have that nothing else says.
#[derive(JsonSchema, Default)]
#[schemars(default, deny_unknown_fields, rename = "defaults")]
struct Defaults {
    /// How long one attempt may take: `30s`, `5m`, or a number of seconds. Default: no limit.
    #[schemars(extend("examples" = ["5m"]))]
    timeout: Timeout,
    /// How often a failed attempt is repeated, 0 to 10. Default: 0.
    retries: Retries,
    /// How long to wait before the first repetition; it doubles each time.
    #[schemars(extend("aliases" = ["retryDelay", "retry-delay"]))]
    retry_delay: Duration,
    /// Whether steps may overlap. Default: `true`.
    parallel: Boolean,
    /// How much is kept of what one attempt prints, half of it from the beginning: a size such as `16MiB`, at least `64KiB`. Default: `64MiB`.
    #[schemars(extend("aliases" = ["logLimit", "log-limit"], "examples" = ["16MiB"]))]
    log_limit: Size,
}

/// A selection with a name.
#[derive(JsonSchema, Default)]
#[schemars(default, deny_unknown_fields, rename = "profile", rename_all = "camelCase", extend("required" = ["scripts"]))]
struct Profile {
    /// What it is for.
    #[schemars(extend("aliases" = ["desc"]))]
    description: TextOrNumber,
    /// What is selected: numbers, ranges, `stage:NAME`, `tag:NAME`, `!` for what is left out.
    #[schemars(extend("aliases" = ["sequence", "sequences"], "examples" = [["0400-0499", "!0410"]]))]
    scripts: Numbers,
    /// Variables, above those of the configuration.
    #[schemars(extend("aliases" = ["vars", "parameters"]))]
    variables: Variables,
    /// Words for people; they change nothing.
    tags: Value,
    /// A word for people; it changes nothing.
    category: Value,
    /// How long people expect it to take; it changes nothing.
    estimated_duration: Value,
}

/// What holds for a playbook.
#[derive(JsonSchema, Default)]
#[schemars(default, deny_unknown_fields, rename = "playbook", rename_all = "camelCase")]
struct Registered {
    /// Whether it may be run. Default: `true`.
    enabled: Boolean,
    /// The environments it may be run in. Default: all.
    #[schemars(extend("aliases" = ["allowed_environments"], "examples" = [["dev", "ci"]]))]
    allowed_environments: FilledTexts,
    /// Whether somebody must agree before it is run. Default: `false`.
    #[schemars(extend("aliases" = ["requires_approval"]))]
    requires_approval: Boolean,
    /// What its steps have that nothing else says.
    #[schemars(extend("aliases" = ["script_defaults"]))]
    script_defaults: Range,
    /// What it is for.
    description: Value,
    /// What it is called.
    name: Value,
    /// What it belongs to.
    category: Value,
    /// Words for people; they change nothing.
    tags: Value,
    /// The file it stands in; it changes nothing.
    script: Value,
}

/// What some steps have that nothing else says.
#[derive(JsonSchema, Default)]
#[schemars(default, deny_unknown_fields, rename = "range", rename_all = "camelCase")]
struct Range {
    /// How long one attempt may take: `30s`, `5m`, or a number of seconds. Default: no limit.
    #[schemars(extend("aliases" = ["defaultTimeout", "default_timeout", "timeoutSeconds", "timeout_seconds"], "examples" = ["5m"]))]
    timeout: Timeout,
    /// Whether the run goes on if the step fails. Default: `false`.
    #[schemars(extend("aliases" = ["continue_on_error", "continue-on-error"]))]
    continue_on_error: Boolean,
    /// Whether the step needs the rights of an administrator. Default: `false`.
    #[schemars(extend("aliases" = ["requires_elevation"]))]
    requires_elevation: Boolean,
    /// The stage the step belongs to.
    stage: Filled,
    /// Whether the step may overlap others. Default: `true`.
    #[schemars(extend("aliases" = ["allow_parallel"]))]
    allow_parallel: Boolean,
    /// What the numbers are for.
    description: Value,
}

/// Where scripts, playbooks and rules lie.
#[derive(JsonSchema, Default)]
#[schemars(default, deny_unknown_fields, rename = "workspace")]
struct Workspace {
    /// Folders that hold scripts, instead of the usual ones.
    #[schemars(extend("examples" = [["scripts"]]))]
    scripts: FilledTexts,
    /// Folders that hold playbooks, instead of the usual ones.
    #[schemars(extend("examples" = [["playbooks"]]))]
    playbooks: FilledTexts,
    /// Patterns of paths that are private state of the steps that write them.
    #[schemars(extend("examples" = [["logs/**"]]))]
    scratch: Patterns,
    /// The folder of kinds and rules. Default: `rules`.
    rules: Filled,
    /// How large a playbook may be: a size such as `64MiB`, at most `128MiB`. Default: `4MiB`.
    #[schemars(extend("aliases" = ["maxPlaybookSize", "max-playbook-size"], "examples" = ["64MiB"]))]
    max_playbook_size: Size,
}

/// Environment variables that every step gets.
#[derive(JsonSchema, Default)]
#[schemars(default, deny_unknown_fields, rename = "env")]
struct Environment {
    /// Names of those that enter the key of each step.
    r#use: VariableNames,
    /// Names of those that do not.
    pass: VariableNames,
}
