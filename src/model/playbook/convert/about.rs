//! What a playbook tells people and systems.

use super::fields::{Fields, from};
use crate::{
    model::playbook::{
        About, Approval, Check, Integration, Notification, Reporting, Requirements, Secret, SecretSource,
        Threshold, ThresholdAction, Trigger, TriggerKind, Validation,
    },
    text::document::write::{Draft, Item},
};

/// Adds what `metadata` says beside name, description and tags.
pub(super) fn about(about: &About, fields: &mut Fields) {
    let About { version, category, author, estimated_duration, created, updated } = about;
    fields.text("version", version.as_deref());
    fields.text("category", category.as_deref());
    fields.text("author", author.as_deref());
    fields.text("estimatedDuration", estimated_duration.as_deref());
    fields.text("created", created.as_deref());
    fields.text("lastUpdated", updated.as_deref());
}

pub(super) fn requirements(requirements: &Requirements) -> Fields {
    let Requirements { powershell, modules, tools, scripts, platforms, permissions, env, elevation, other } =
        requirements;
    let mut fields = Fields::default();
    fields.placed("minimumPowerShellVersion", powershell.as_ref());
    fields.placed_list("requiredModules", modules);
    fields.placed_list("requiredTools", tools);
    fields.placed_list("scripts", scripts);
    fields.placed_list("platforms", platforms);
    fields.placed_list("permissions", permissions);
    fields.placed_list("apiKeys", env);
    fields.flag("requiresAdmin", *elevation);
    other.iter().for_each(|(name, value)| fields.put(name, Draft::of_json(value)));
    fields
}

pub(super) fn validation(validation: &Validation) -> Fields {
    let Validation { before, after, thresholds } = validation;
    let mut fields = Fields::default();
    fields.list("preConditions", before.iter().map(check).collect());
    fields.list("postConditions", after.iter().map(check).collect());
    let mut limits = Fields::default();
    for Threshold { name, max_count, action } in thresholds {
        let mut limit = Fields::default();
        limit.number("maxCount", *max_count);
        let word = ThresholdAction::WORDS.iter().find(|(_, known)| known == action);
        limit.text("action", word.map(|(word, _)| *word));
        limits.put(name, limit.into_draft());
    }
    fields.table("thresholds", limits);
    fields
}

fn check(check: &Check) -> Item {
    let Check { name, condition, message } = check;
    let mut fields = Fields::default();
    fields.text("name", name.as_deref());
    fields.placed("condition", Some(condition));
    fields.text("message", message.as_deref());
    fields.into_draft().into()
}

/// Returns what is told under `notifications`, and what is told at the same moments by a second notification, which
/// stands at the root.
pub(super) fn notifications(notifications: &[Notification]) -> (Fields, Fields) {
    let (mut first, mut second) = (Fields::default(), Fields::default());
    for Notification { on, message, level, channels } in notifications {
        let mut fields = Fields::default();
        fields.text("message", Some(message));
        fields.text("level", level.as_deref());
        fields.texts("channels", channels);
        let into = if first.has(on.field()) { &mut second } else { &mut first };
        into.put(on.field(), fields.into_draft());
    }
    (first, second)
}

pub(super) fn reporting(reporting: &Reporting) -> Draft {
    let Reporting { enabled, formats, output_path, include_metrics, include_logs, summary, other } =
        reporting;
    let mut fields = Fields::default();
    fields.flag("enabled", *enabled);
    fields.placed_list("formats", formats);
    fields.text("outputPath", output_path.as_deref());
    fields.flag("includeMetrics", *include_metrics);
    fields.flag("includeLogs", *include_logs);
    fields.flag("summary", *summary);
    other.iter().for_each(|(name, value)| fields.put(name, Draft::of_json(value)));
    fields.into_draft()
}

pub(super) fn trigger(trigger: &Trigger) -> Item {
    let Trigger { kind, disabled, at } = trigger;
    let mut fields = Fields::default();
    match kind {
        TriggerKind::Schedule { cron, timezone } => {
            fields.text("type", Some("schedule"));
            fields.text("cron", Some(cron));
            fields.text("timezone", timezone.as_deref());
        }
        TriggerKind::Event { source, event } => {
            fields.text("type", Some("event"));
            fields.text("source", Some(source));
            fields.text("event", Some(event));
        }
        TriggerKind::Webhook { url, secret } => {
            fields.text("type", Some("webhook"));
            fields.text("url", Some(url));
            fields.text("secret", secret.as_deref());
        }
        TriggerKind::Files { paths } => {
            fields.text("type", Some("files"));
            fields.texts("paths", paths);
        }
    }
    fields.flag("enabled", disabled.then_some(false));
    from(fields.into_draft(), at)
}

/// Returns services by their kind, or in a list if one kind is told twice.
pub(super) fn integrations(integrations: &[Integration]) -> Draft {
    let is_twice = |index: usize, kind: &str| {
        integrations[..index].iter().any(|other| other.kind.eq_ignore_ascii_case(kind))
    };
    if integrations.iter().enumerate().any(|(index, one)| is_twice(index, &one.kind)) {
        let listed = integrations.iter().map(|Integration { kind, options }| {
            let mut fields = Fields::default();
            fields.text("type", Some(kind));
            options.iter().for_each(|(name, value)| fields.put(name, Draft::of_json(value)));
            fields.into_draft()
        });
        return Draft::list(listed);
    }
    let mut fields = Fields::default();
    for Integration { kind, options } in integrations {
        fields.put(kind, super::fields::table_of(options));
    }
    fields.into_draft()
}

pub(super) fn secret(secret: &Secret) -> Item {
    let Secret { name, source, at } = secret;
    let mut fields = Fields::default();
    fields.text("name", Some(name));
    match source {
        SecretSource::Environment { variable } => {
            fields.text("source", Some("environment"));
            fields.text("variable", Some(variable));
        }
        SecretSource::File { path } => {
            fields.text("source", Some("file"));
            fields.text("path", Some(path));
        }
        SecretSource::Vault { path, key } => {
            fields.text("source", Some("vault"));
            fields.text("path", Some(path));
            fields.text("key", key.as_deref());
        }
    }
    from(fields.into_draft(), at)
}

/// Returns who must agree; anybody is `true`.
pub(super) fn approval(approval: &Approval) -> Draft {
    let Approval { approvers, message, timeout } = approval;
    let mut fields = Fields::default();
    fields.texts("approvers", approvers);
    fields.text("message", message.as_deref());
    fields.duration("timeout", *timeout);
    let entries = fields.into_entries();
    if entries.is_empty() { Draft::Bool(true) } else { Draft::Table(entries) }
}
