//! The file `az.toml`.

use schemars::JsonSchema;

use super::values::{Amount, Boolean, Filled, FilledTexts, Patterns, VariableNames, Variables};

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
