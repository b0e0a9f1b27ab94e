//! What rules, jobs and steps say of how something runs.

use schemars::JsonSchema;

use super::values::{
    Boolean, Cache, Duration, Environment, ExitCodes, Filled, Leftovers, Minutes, Network, Patterns,
    Priority, Resources, Retries, Switch, Timeout, Undeclared, VariableNames,
};

#[derive(JsonSchema, Default)]
#[schemars(default, rename_all = "camelCase")]
pub(super) struct Settings {
    /// Patterns of what the step reads, such as `src/**`. Say `[]` if it reads nothing. Without it az finds out by watching the step.
    inputs: Patterns,
    /// Names of environment variables that the step gets and that its result depends on.
    #[schemars(extend("aliases" = ["use_env", "use-env"]))]
    use_env: VariableNames,
    /// Names of environment variables that the step gets and that its result does not depend on.
    #[schemars(extend("aliases" = ["pass_env", "pass-env"]))]
    pass_env: VariableNames,
    /// Environment variables with the values they are given.
    env: Environment,
    /// When a result may be used again: `auto` if everything it depends on is unchanged, `always` if what is declared is unchanged, `never`, or for a time such as `24h`. Default: `auto`.
    #[schemars(extend("examples" = ["auto", "never", "24h"]))]
    cache: Cache,
    /// How long one attempt may take: `30s`, `5m`, `1h30m`, or a number of seconds. Default: no limit.
    #[schemars(extend("aliases" = ["timeoutSeconds", "timeout_seconds", "timeout-seconds", "timeoutSec"], "examples" = ["5m", 300]))]
    timeout: Timeout,
    /// How long one attempt may take, in minutes. Write `timeout` with a unit instead.
    #[schemars(extend("aliases" = ["timeout-minutes", "timeout_minutes"], "deprecated" = true, "insteadOf" = "timeout"))]
    timeout_minutes: Minutes,
    /// How often a failed attempt is repeated, 0 to 10. Default: 0.
    #[schemars(extend("aliases" = ["retry", "retryCount", "retry_count", "maxRetries", "max_retries"], "examples" = [2]))]
    retries: Retries,
    /// How long to wait before the first repetition; it doubles each time.
    #[schemars(extend("aliases" = ["retry_delay", "retry-delay", "retryDelaySeconds", "delaySeconds"], "examples" = ["5s"]))]
    retry_delay: Duration,
    /// Names of what only some steps can have at a time, with how much: `gpu`, `{ gpu: 2 }`. `cpu` counts steps at work, `memory` has a unit. Of what az.toml does not name under `[resources]` there is one.
    #[schemars(extend("examples" = ["gpu", { "cpu": 2, "memory": "2GB" }]))]
    resources: Resources,
    /// Steps with higher ones begin first where several could: -100 to 100. Default: 0.
    #[schemars(extend("examples" = [10]))]
    priority: Priority,
    /// What exit codes mean: `success`, `warning`, `restart`, `attention`, `skipped` or `failure`.
    #[schemars(extend("aliases" = ["exit_codes", "exit-codes"], "examples" = [{ "2": "warning" }]))]
    exit_codes: ExitCodes,
    /// The folder the step starts in, from the workspace. Default: the workspace.
    #[schemars(extend("aliases" = ["workingDirectory", "working-directory", "working_directory"]))]
    cwd: Filled,
    /// Patterns of paths that are the step's private state: neither input nor output.
    #[schemars(extend("examples" = [".tool-cache/**"]))]
    scratch: Patterns,
    /// Whether the step is watched while it runs. Default: where the machine can.
    trace: Switch,
    /// Whether the step may write only what it declares to make, its temporary files and its private state. Default: `off`.
    sandbox: Switch,
    /// Whether the step may use the network. Default: `on`, and `off` in a sandbox.
    network: Switch,
    /// Whether the step leaves a service behind; its result is then never used again. Default: `false`.
    service: Boolean,
    /// What becomes of processes that the step leaves behind: `kill` ends them, `warn` ends them with the run, `keep` lets them be. Default: `kill`, and `keep` for a service.
    leftovers: Leftovers,
    /// What it means that the step reads or writes what it does not declare, though it declares something: `warning`, `error` or `allowed`. Default: `warning`.
    undeclared: Undeclared,
}

/// What a job is permitted.
#[derive(JsonSchema, Default)]
#[schemars(default, rename = "permissions", rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Permissions {
    /// What may be written beside the outputs: patterns, `write` for all of the workspace, `read` for nothing. Puts the job's steps into a sandbox.
    filesystem: Patterns,
    /// `true` or `["*"]` for all of the network, `false` or `[]` for none; single hosts cannot be told apart.
    network: Network,
    /// Changes nothing outside of Windows.
    registry: Boolean,
}
