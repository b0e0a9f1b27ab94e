//! What a playbook tells people and systems: requirements, checks, notifications, reports, triggers, secrets.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::{
    Check, Counted, Integration, Moment, Notification, Reporting, Requirements, Secret, SecretSource,
    Threshold, ThresholdAction, Trigger, TriggerKind, Validation,
    fields::{IF, expression, placed_list, texts, truth, word},
};
use crate::{
    base::nearest,
    diag::{Diagnostic, Severity, code},
    model::{
        decode::{Key, Names, Placed, Table, Value},
        settings,
    },
    text::document::NodeValue,
};

/// What people are told to have ready; nothing of it can be looked up.
const IN_WORDS: [&str; 23] = [
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

/// Reads `requirements` or `prerequisites` into what is there already.
pub(super) fn requirements(value: Value<'_>, found: &mut Requirements) {
    let Some(mut table) = value.table(format!("`{}`", value.field())) else { return };
    let powershell = Key::new(
        "minimumPowerShellVersion",
        &["minPowerShellVersion", "powerShellVersion", "powershell", "minimumVersion"],
    );
    found.powershell =
        table.optional(powershell, |value| value.text_or_number().map(|text| value.placed(text)));
    let mut list = |names: Key| table.optional(names, placed_list).unwrap_or_default();
    found.modules.extend(list(Key::new("requiredModules", &["modules"])));
    found.tools.extend(list(Key::new("requiredTools", &["tools", "commands", "requiredCommands"])));
    found.scripts.extend(list(Key::new("scripts", &["requiredScripts"])));
    found.platforms.extend(list(Key::new("platforms", &["platform"])));
    let permissions = table.optional(Key::new("permissions", &["requiredPermissions"]), |value| {
        value.note_unused("rights in words tell people something, and az nothing");
        placed_list(value)
    });
    found.permissions.extend(permissions.unwrap_or_default());
    let mut list = |names: Key| table.optional(names, placed_list).unwrap_or_default();
    found.env.extend(list(Key::new("apiKeys", &["requiredApiKeys", "environment", "environmentVariables"])));
    found.elevation =
        table.optional(Key::new("requiresAdmin", &["requiresElevation", "admin", "adminRequired"]), truth);
    for name in IN_WORDS {
        if let Some(value) = table.raw(name) {
            found.other.insert(value.field().to_owned(), value.json());
        }
    }
    let rest = table.finish_open(super::extensions::OF_REQUIREMENTS);
    found.other.extend(rest);
}

/// Reads `validation`.
pub(super) fn validation(value: Value<'_>) -> Option<Validation> {
    let mut table = value.table("`validation`")?;
    let validation = Validation {
        before: table.optional(BEFORE, checks).unwrap_or_default(),
        after: table.optional(AFTER, checks).unwrap_or_default(),
        thresholds: table.optional("thresholds", thresholds).unwrap_or_default(),
    };
    table.finish_unread(super::extensions::OF_VALIDATION);
    Some(validation)
}

pub(super) const BEFORE: Key = Key::new("preConditions", &["pre_conditions", "before"]);
pub(super) const AFTER: Key = Key::new("postConditions", &["post_conditions", "after"]);

/// Reads conditions with what is told if they do not hold.
pub(super) fn checks(value: Value<'_>) -> Option<Vec<Check>> {
    value.list(|item| {
        if matches!(item.node().value, NodeValue::Text(_)) {
            return expression(item).map(|condition| Check { condition, ..Check::default() });
        }
        let mut table = item.table("a check")?;
        let name = table.optional("name", Value::text);
        let condition = table.required(IF, "what must hold", expression);
        let message = table.optional(Key::new("message", &["description"]), Value::text);
        table.finish();
        Some(Check { name, condition: condition?, message })
    })
}

fn thresholds(value: Value<'_>) -> Option<Vec<Threshold>> {
    let entries = value.map(Names::AnyCase, |name, _, value| {
        let mut table = value.table(format!("threshold `{name}`"))?;
        let max_count = Key::new("maxCount", &["max_count", "max"]);
        let threshold = Threshold {
            name: name.to_owned(),
            max_count: table.optional(max_count, |value| value.whole_number(0..=u32::MAX)),
            action: table
                .optional("action", |value| value.choice(&ThresholdAction::WORDS))
                .unwrap_or_default(),
        };
        table.informative(&["description", "notification", "message"]);
        table.finish();
        if Counted::of(name).is_none() {
            value.note_unused(
                "az counts `failed`, `warnings`, `skipped` and `blocked`; let a script count others",
            );
        }
        Some(threshold)
    })?;
    Some(entries.into_iter().map(|(_, threshold)| threshold).collect())
}

/// Reads `notifications`: moments with what is told then.
pub(super) fn notifications(value: Value<'_>) -> Option<Vec<Notification>> {
    if matches!(value.node().value, NodeValue::List(_)) {
        // A list of channels and conditions, of the steps that follow a run.
        value.note_unused("write `onSuccess` and `onFailure`, each with a message");
        value.leave_out();
        return Some(Vec::new());
    }
    let mut table = value.table("`notifications`")?;
    if is_off(&mut table) {
        value.leave_out();
        return Some(Vec::new());
    }
    let found = moments(&mut table);
    table.informative(&["channels", "enabled", "minimal", "settings"]);
    table.finish_unread(super::extensions::OF_NOTIFICATIONS);
    Some(found)
}

/// Tells whether a table says that it is not to act.
fn is_off(table: &mut Table<'_>) -> bool {
    matches!(table.peek("enabled").map(|node| &node.value), Some(NodeValue::Bool(false)))
}

/// Reads the moments among the fields of a table.
pub(super) fn moments(table: &mut Table<'_>) -> Vec<Notification> {
    let mut found = Vec::new();
    for (field, aliases, on) in Moment::FIELDS {
        found.extend(table.optional(Key::new(field, aliases), |value| notification(value, on)));
    }
    found
}

fn notification(value: Value<'_>, on: Moment) -> Option<Notification> {
    match &value.node().value {
        NodeValue::Text(_) => {
            return Some(Notification { on, message: value.text()?, level: None, channels: Vec::new() });
        }
        NodeValue::List(_) | NodeValue::Bool(_) | NodeValue::Null => {
            value.note_unused("write a message");
            return None;
        }
        _ => {}
    }
    let mut table = value.table(format!("`{}`", value.field()))?;
    if is_off(&mut table) {
        value.leave_out();
        return None;
    }
    let message = table.optional(Key::new("message", &["log", "text"]), Value::text);
    let level = table.optional("level", Value::text);
    let channels = table.optional(Key::new("channels", &["channel"]), texts).unwrap_or_default();
    check_channels(value, &channels);
    table.informative(&["enabled", "actions", "title", "recipients"]);
    table.finish_unread(super::extensions::OF_A_NOTIFICATION);
    if message.is_none() {
        value.note_unused("it has no message");
    }
    Some(Notification { on, message: message?, level, channels })
}

/// Channels of the format; what is none is warned of.
const CHANNELS: [&str; 9] =
    ["console", "log", "file", "email", "teams", "slack", "github", "webhook", "eventlog"];

/// Those of them that az reaches.
const REACHED: [&str; 4] = ["console", "log", "file", "github"];

fn check_channels(value: Value<'_>, channels: &[String]) {
    let context = value.context();
    let is_in =
        |channel: &String, known: &[&str]| known.iter().any(|known| known.eq_ignore_ascii_case(channel));
    for channel in channels.iter().filter(|channel| is_in(channel, &CHANNELS) && !is_in(channel, &REACHED)) {
        if context.is_first_note(channel) {
            let message = format!("az cannot reach the channel `{channel}` yet");
            let note = Diagnostic::note(code::UNUSED_FIELD, message).source(context.source());
            let help =
                format!("what az reaches are {}; let a step tell others", crate::base::quoted_list(REACHED));
            context.report(note.at(context.opening(value.span())).help(help));
        }
    }
    for channel in channels.iter().filter(|channel| !is_in(channel, &CHANNELS)) {
        let help = match nearest(channel, CHANNELS) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("channels are {}", crate::base::quoted_list(CHANNELS)),
        };
        let mut fault = context.error(code::BAD_VALUE, format!("there is no channel `{channel}`"));
        fault.severity = Severity::Warning;
        context.report(fault.at(context.opening(value.span())).help(help));
    }
}

/// Reads `reporting`.
pub(super) fn reporting(value: Value<'_>) -> Option<Reporting> {
    let mut table = value.table("`reporting`")?;
    value.note_unused("az writes no reports of its own yet");
    let mut reporting = Reporting {
        enabled: table.optional(Key::new("enabled", &["generateReport", "saveResults"]), truth),
        formats: table
            .optional(Key::new("formats", &["format", "reportFormat", "outputFormat"]), placed_list)
            .unwrap_or_default(),
        output_path: table.optional(
            Key::new("outputPath", &["output_path", "path", "publishPath", "reportPath", "resultsPath"]),
            word,
        ),
        include_metrics: table.optional(Key::new("includeMetrics", &["include_metrics"]), truth),
        include_logs: table.optional(Key::new("includeLogs", &["include_logs"]), truth),
        ..Reporting::default()
    };
    reporting.summary = table.optional(Key::new("summary", &["generateSummary"]), truth);
    reporting.other = table.finish_open(super::extensions::OF_REPORTING);
    Some(reporting)
}

/// Reads `triggers`: a list of them; what old files have in their place is kept as it is.
pub(super) fn triggers(value: Value<'_>) -> Option<Vec<Trigger>> {
    if !matches!(value.node().value, NodeValue::List(_)) {
        value.note_unused("write a list, each with `type`: schedule, event or webhook");
        value.leave_out();
        return Some(Vec::new());
    }
    value.note_unused("az starts nothing by itself yet");
    value.list(trigger)
}

fn trigger(value: Value<'_>) -> Option<Trigger> {
    let mut table = value.table("a trigger")?;
    let word = table.required("type", "schedule, event, webhook or files", |value| {
        value.choice(&[("schedule", 0), ("event", 1), ("webhook", 2), ("files", 3), ("file", 3), ("cron", 0)])
    });
    let enabled = table.optional("enabled", truth).unwrap_or(true);
    let kind = match word {
        Some(0) => schedule(&mut table),
        Some(1) => {
            let source = table.required("source", "who says it", Value::nonempty_text);
            let event = table.required("event", "which event", Value::nonempty_text);
            source.zip(event).map(|(source, event)| TriggerKind::Event { source, event })
        }
        Some(2) => {
            let url = table.required(
                Key::new("url", &["path"]),
                "the path that is asked for",
                Value::nonempty_text,
            );
            let secret = table.optional("secret", Value::nonempty_text);
            url.map(|url| TriggerKind::Webhook { url, secret })
        }
        Some(_) => {
            table.required("paths", "patterns of files", texts).map(|paths| TriggerKind::Files { paths })
        }
        None => None,
    };
    table.informative(&["name", "description"]);
    if word.is_some() {
        table.finish();
    }
    Some(Trigger { kind: kind?, disabled: !enabled, at: value.pointer() })
}

fn schedule(table: &mut Table<'_>) -> Option<TriggerKind> {
    let cron = table.required("cron", "five fields: minute hour day month weekday", cron);
    let timezone = table.optional(Key::new("timezone", &["timeZone", "tz"]), Value::nonempty_text);
    Some(TriggerKind::Schedule { cron: cron?, timezone })
}

/// Reads five fields of cron.
pub(super) fn cron(value: Value<'_>) -> Option<String> {
    let text = value.nonempty_text()?;
    if let Err(fault) = crate::text::cron::check(&text) {
        let context = value.context();
        let raw = value.span().of(&context.source().text);
        let inner = raw.find(&text).map_or(value.span(), |at| {
            let start = value.span().start + at;
            crate::base::Span::new(start + fault.at.start, start + fault.at.end)
        });
        let diagnostic = context.error(code::BAD_CRON, fault.message).label(inner, fault.label);
        context.report(diagnostic.help(fault.help));
        return None;
    }
    Some(text)
}

/// Reads `integrations`: a list, each with its type, or a table of them by type.
pub(super) fn integrations(value: Value<'_>) -> Option<Vec<Integration>> {
    value.note_unused("az tells no other service of a run yet");
    if matches!(value.node().value, NodeValue::Table(_)) {
        let entries = value.map(Names::AnyCase, |name, _, value| {
            let options = match value.json() {
                Json::Object(options) => options.into_iter().collect(),
                other => BTreeMap::from([("value".to_owned(), other)]),
            };
            Some(Integration { kind: name.to_owned(), options })
        })?;
        return Some(entries.into_iter().map(|(_, integration)| integration).collect());
    }
    value.list(|item| {
        if matches!(item.node().value, NodeValue::Text(_)) {
            return item.nonempty_text().map(|kind| Integration { kind, options: BTreeMap::new() });
        }
        let mut options = settings::variables(item)?;
        let name = options.keys().find(|name| name.eq_ignore_ascii_case("type")).cloned();
        let kind = name.and_then(|name| options.remove(&name));
        if let Some(Json::String(kind)) = kind {
            return Some(Integration { kind, options });
        }
        let context = item.context();
        let fault = context.error(code::MISSING_FIELD, "an integration has no `type`");
        let help = "add `type`: slack, jira or datadog";
        context.report(fault.at(context.opening(item.span())).help(help));
        None
    })
}

/// Reads `secrets`: a list of names with where each comes from.
pub(super) fn secrets(value: Value<'_>) -> Option<Vec<Secret>> {
    value.list(|item| {
        let mut table = item.table("a secret")?;
        let name = table.required("name", "the variable that holds it", Value::nonempty_text);
        let source = table.required("source", "environment, file or vault", |value| {
            value.choice(&[("environment", 0), ("env", 0), ("file", 1), ("vault", 2)])
        });
        let source = match source {
            Some(0) => {
                let variable = table.optional("variable", Value::nonempty_text).or_else(|| name.clone());
                variable.map(|variable| SecretSource::Environment { variable })
            }
            Some(1) => table
                .required("path", "the file", Value::nonempty_text)
                .map(|path| SecretSource::File { path }),
            Some(_) => {
                item.note_later();
                let path = table.required("path", "where it lies in the vault", Value::nonempty_text);
                let key = table.optional(Key::new("key", &["field"]), Value::nonempty_text);
                path.map(|path| SecretSource::Vault { path, key })
            }
            None => None,
        };
        table.informative(&["description"]);
        if source.is_some() {
            table.finish();
        }
        Some(Secret { name: name?, source: source?, at: item.pointer() })
    })
}

/// Reads a text in any form, for what only people read.
pub(super) fn plain(value: Value<'_>) -> Option<String> {
    word(value)
}

/// Reads a module list that stands at the root of the first format.
pub(super) fn modules(value: Value<'_>, found: &mut Requirements) {
    let modules: Vec<Placed<String>> = placed_list(value).unwrap_or_default();
    found.modules.extend(modules);
}
