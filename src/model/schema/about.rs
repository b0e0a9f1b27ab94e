//! What a playbook tells people and systems: requirements, checks, notifications, reports, triggers, secrets.
#![expect(
    dead_code,
    clippy::large_enum_variant,
    clippy::struct_field_names,
    reason = "the types only describe: nothing holds them"
)]

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::values::{
    Anything, Cron, Expression, Filled, List, Text, TextOrNumber, Texts, ThresholdAction, Truth, Whole, Word,
};

/// What must be there for the playbook to run; it may hold fields of your own.
#[derive(JsonSchema, Default)]
#[schemars(default, rename = "requirements", rename_all = "camelCase")]
pub(super) struct Requirements {
    /// The lowest version of PowerShell.
    #[schemars(rename = "minimumPowerShellVersion", extend("examples" = ["7.0"],
        "aliases" = ["minPowerShellVersion", "powerShellVersion", "powershell", "minimumVersion"]))]
    powershell: TextOrNumber,
    /// Modules of PowerShell.
    #[schemars(extend("aliases" = ["modules"]))]
    required_modules: Texts,
    /// Programs on the `PATH`.
    #[schemars(extend("aliases" = ["tools", "commands", "requiredCommands"]))]
    required_tools: Texts,
    /// Scripts that have to be run before.
    #[schemars(extend("aliases" = ["requiredScripts"]))]
    scripts: Texts,
    /// The systems it runs on.
    #[schemars(extend("aliases" = ["platform"]))]
    platforms: Texts,
    /// What whoever runs it has to be allowed.
    #[schemars(extend("aliases" = ["requiredPermissions"]))]
    permissions: Texts,
    /// Environment variables that have to be set.
    #[schemars(extend("aliases" = ["requiredApiKeys", "environment", "environmentVariables"]))]
    api_keys: Texts,
    /// Whether it needs the rights of an administrator. Default: `false`.
    #[schemars(extend("aliases" = ["requiresElevation", "admin", "adminRequired"]))]
    requires_admin: Truth,
    #[schemars(flatten)]
    other: InWords,
}

/// What people are told to have ready.
#[derive(Default)]
struct InWords;

impl JsonSchema for InWords {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "inWords".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names = [
            "estimatedDuration",
            "minVersion",
            "requiredSpace",
            "diskSpace",
            "requiredMemory",
            "memory",
            "internetConnection",
            "windowsFeatures",
            "requiredFeatures",
            "networkRequirements",
            "cloudAccounts",
            "gitRepository",
            "cleanWorkingTree",
            "branchUpToDate",
            "concurrent",
            "threadSafe",
            "description",
            "network",
            "python",
            "node",
            "git",
            "files",
            "services",
        ];
        let said = json!({ "description": "What people are told to have ready; it changes nothing." });
        let fields: serde_json::Map<_, _> =
            names.map(|name| (name.to_owned(), said.clone())).into_iter().collect();
        json_schema!({ "type": "object", "properties": fields })
    }
}

/// What must hold before and after the run; it may hold fields of your own.
#[derive(JsonSchema, Default)]
#[schemars(default, rename = "validation", rename_all = "camelCase")]
pub(super) struct Validation {
    #[schemars(flatten)]
    checks: Conditions,
    /// How often may be counted what: `failed`, `warnings`, `skipped`, `blocked`.
    thresholds: BTreeMap<String, Threshold>,
}

/// What must hold before and after the run.
#[derive(JsonSchema, Default)]
#[schemars(default, rename_all = "camelCase", inline)]
pub(super) struct Conditions {
    /// What must hold before the run.
    #[schemars(extend("aliases" = ["pre_conditions", "before"]))]
    pre_conditions: Vec<CheckOrExpression>,
    /// What must hold after the run.
    #[schemars(extend("aliases" = ["post_conditions", "after"]))]
    post_conditions: Vec<CheckOrExpression>,
}

/// A check, or only its condition.
#[derive(JsonSchema)]
#[schemars(untagged, inline)]
pub(super) enum CheckOrExpression {
    Expression(Filled),
    Check(Check),
}

/// A condition that must hold.
#[derive(JsonSchema, Default)]
#[schemars(default, deny_unknown_fields, rename = "check", extend("required" = ["if"]))]
pub(super) struct Check {
    /// What the check is called.
    name: Text,
    /// What must hold: an expression.
    #[schemars(extend("aliases" = ["condition", "conditional", "when", "runIf", "run_if"]))]
    r#if: Expression,
    /// What is told if it does not hold.
    #[schemars(extend("aliases" = ["description"]))]
    message: Text,
}

/// How often something may be counted.
#[derive(JsonSchema, Default)]
#[schemars(default, deny_unknown_fields, rename = "threshold", rename_all = "camelCase")]
pub(super) struct Threshold {
    /// The highest count that is accepted.
    #[schemars(extend("aliases" = ["max_count", "max"]))]
    max_count: Whole,
    /// What follows above it: `continue`, `warn`, `fail` or `block`. Default: `warn`.
    action: ThresholdAction,
    /// What is counted.
    description: Value,
    /// What is told.
    notification: Value,
    /// What is told.
    message: Value,
}

/// What is told, and when; it may hold fields of your own.
#[derive(JsonSchema, Default)]
#[schemars(default, rename = "notifications")]
pub(super) struct Notifications {
    #[schemars(flatten)]
    moments: Moments,
    /// A remark on who is told.
    channels: Value,
    /// `false`: nothing is told.
    enabled: Value,
    /// A remark.
    minimal: Value,
    /// A remark.
    settings: Value,
}

/// Moments, or a list of channels that changes nothing.
#[derive(JsonSchema, Default)]
#[schemars(untagged, inline)]
pub(super) enum NotificationsOrList {
    #[default]
    #[schemars(skip)]
    None,
    Moments(Notifications),
    Listed(List),
}

/// Moments of a run, each with what is told then.
#[derive(JsonSchema, Default)]
#[schemars(default, rename_all = "camelCase", inline)]
pub(super) struct Moments {
    /// What is told as the first step starts.
    #[schemars(extend("aliases" = ["start", "on_start"]))]
    on_start: Notification,
    /// What is told once the run succeeded.
    #[schemars(extend("aliases" = ["success", "on_success"]))]
    on_success: Notification,
    /// What is told once the run failed.
    #[schemars(extend("aliases" = ["failure", "onError", "on_failure", "error"]))]
    on_failure: Notification,
    /// What is told if there were warnings.
    #[schemars(extend("aliases" = ["warning", "on_warning"]))]
    on_warning: Notification,
    /// What is told as stages end.
    #[schemars(extend("aliases" = ["onStageComplete", "on_progress"]))]
    on_progress: Notification,
    /// What is told if the machine wants a restart.
    #[schemars(extend("aliases" = ["onRestart"]))]
    on_reboot_required: Notification,
    /// What is told once the run ended, however it ended.
    #[schemars(extend("aliases" = ["complete", "on_complete"]))]
    on_complete: Notification,
}

/// A message, or a table with one.
#[derive(JsonSchema, Default)]
#[schemars(untagged, inline)]
pub(super) enum Notification {
    #[default]
    None,
    Message(Text),
    Table(NotificationTable),
    Off(bool),
    Actions(List),
}

/// A message and who gets it; it may hold fields of your own.
#[derive(JsonSchema, Default)]
#[schemars(default, rename = "notification")]
pub(super) struct NotificationTable {
    /// What is told; it may hold `{{variables}}`, `{{Failed}}`, `{{Duration}}`.
    #[schemars(extend("aliases" = ["log", "text"]))]
    message: Text,
    /// How much it matters: `info`, `warning`, `error`.
    level: Text,
    /// Who gets it: `console`, `log`, `file`, `email`, `teams`, `slack`, `github`, `webhook`, `eventlog`.
    #[schemars(extend("aliases" = ["channel"], "examples" = [["console", "log"]]))]
    channels: Texts,
    /// `false`: it is not told.
    enabled: Value,
    /// A remark.
    actions: Value,
    /// A remark.
    title: Value,
    /// A remark.
    recipients: Value,
}

/// Reports that are written after a run; it may hold fields of your own.
#[derive(JsonSchema, Default)]
#[schemars(default, rename = "reporting", rename_all = "camelCase")]
pub(super) struct Reporting {
    /// Whether reports are written. Default: `true`.
    #[schemars(extend("aliases" = ["generateReport", "saveResults"]))]
    enabled: Truth,
    /// In which forms: `HTML`, `JSON`, `Markdown`, `XML`, `CSV`.
    #[schemars(extend("aliases" = ["format", "reportFormat", "outputFormat"], "examples" = [["JSON", "Markdown"]]))]
    formats: Texts,
    /// The folder they are put into.
    #[schemars(extend("aliases" = ["output_path", "path", "publishPath", "reportPath", "resultsPath"]))]
    output_path: Word,
    /// Whether they hold times and counts.
    #[schemars(extend("aliases" = ["include_metrics"]))]
    include_metrics: Truth,
    /// Whether they hold what steps printed.
    #[schemars(extend("aliases" = ["include_logs"]))]
    include_logs: Truth,
    /// Whether they begin with a summary.
    #[schemars(extend("aliases" = ["generateSummary"]))]
    summary: Truth,
}

/// What starts the playbook, or what old files have in its place.
#[derive(JsonSchema, Default)]
#[schemars(untagged, inline)]
pub(super) enum Triggers {
    #[default]
    None,
    Listed(Vec<Trigger>),
    Table(Anything),
    Word(TextOrNumber),
    Truth(bool),
}

/// What starts the playbook.
#[derive(JsonSchema)]
#[schemars(rename = "trigger", tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum Trigger {
    /// A time.
    Schedule(ScheduleTrigger),
    /// A time.
    Cron(ScheduleTrigger),
    /// An event that another system tells of.
    Event(EventTrigger),
    /// A request over the network.
    Webhook(WebhookTrigger),
    /// A change of files.
    Files(FilesTrigger),
    /// A change of files.
    File(FilesTrigger),
}

#[derive(JsonSchema, Default)]
#[schemars(default, inline, extend("required" = ["cron"]))]
pub(super) struct ScheduleTrigger {
    /// When: minute, hour, day, month and weekday.
    #[schemars(extend("examples" = ["0 2 * * *"]))]
    cron: Cron,
    /// The zone the time is in. Default: that of the machine.
    #[schemars(extend("aliases" = ["timeZone", "tz"], "examples" = ["Europe/Berlin"]))]
    timezone: Filled,
    #[schemars(flatten)]
    remarks: TriggerFields,
}

#[derive(JsonSchema, Default)]
#[schemars(default, inline, extend("required" = ["source", "event"]))]
pub(super) struct EventTrigger {
    /// Who tells of it.
    source: Filled,
    /// Which event it is.
    event: Filled,
    #[schemars(flatten)]
    remarks: TriggerFields,
}

#[derive(JsonSchema, Default)]
#[schemars(default, inline, extend("required" = ["url"]))]
pub(super) struct WebhookTrigger {
    /// The path that is asked for.
    #[schemars(extend("aliases" = ["path"]))]
    url: Filled,
    /// The secret that requests are signed with.
    secret: Filled,
    #[schemars(flatten)]
    remarks: TriggerFields,
}

#[derive(JsonSchema, Default)]
#[schemars(default, inline, extend("required" = ["paths"]))]
pub(super) struct FilesTrigger {
    /// Patterns of the files.
    paths: Texts,
    #[schemars(flatten)]
    remarks: TriggerFields,
}

#[derive(JsonSchema, Default)]
#[schemars(default, inline)]
pub(super) struct TriggerFields {
    /// Whether the trigger is heeded. Default: `true`.
    enabled: Truth,
    /// What it is called.
    name: Value,
    /// What it is for.
    description: Value,
}

/// Services that are told of a run: a list, or a table of them by type.
#[derive(JsonSchema, Default)]
#[schemars(untagged, inline)]
pub(super) enum Integrations {
    #[default]
    #[schemars(skip)]
    None,
    Named(Anything),
    Listed(Vec<Integration>),
}

/// A service that is told of a run, or only its type.
#[derive(JsonSchema)]
#[schemars(untagged, inline)]
pub(super) enum Integration {
    Type(Filled),
    Table(IntegrationTable),
}

/// A service that is told of a run, with options of its own.
#[derive(JsonSchema, Default)]
#[schemars(default, rename = "integration", extend("required" = ["type"]))]
pub(super) struct IntegrationTable {
    /// Which service: `slack`, `jira`, `datadog`.
    r#type: Text,
}

/// A secret, and where it comes from.
#[derive(JsonSchema)]
#[schemars(rename = "secret", tag = "source", rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum Secret {
    /// An environment variable.
    Environment(EnvironmentSecret),
    /// An environment variable.
    Env(EnvironmentSecret),
    /// A file.
    File(FileSecret),
    /// A vault.
    Vault(VaultSecret),
}

#[derive(JsonSchema, Default)]
#[schemars(default, inline, extend("required" = ["name"]))]
pub(super) struct EnvironmentSecret {
    /// The variable of az that holds it.
    name: Filled,
    /// The environment variable it is read from. Default: that of the same name.
    variable: Filled,
    /// What it is for.
    description: Value,
}

#[derive(JsonSchema, Default)]
#[schemars(default, inline, extend("required" = ["name", "path"]))]
pub(super) struct FileSecret {
    /// The variable of az that holds it.
    name: Filled,
    /// The file it is read from.
    path: Filled,
    /// What it is for.
    description: Value,
}

#[derive(JsonSchema, Default)]
#[schemars(default, inline, extend("required" = ["name", "path"]))]
pub(super) struct VaultSecret {
    /// The variable of az that holds it.
    name: Filled,
    /// Where it lies in the vault.
    path: Filled,
    /// Which field of it.
    #[schemars(extend("aliases" = ["field"]))]
    key: Filled,
    /// What it is for.
    description: Value,
}
