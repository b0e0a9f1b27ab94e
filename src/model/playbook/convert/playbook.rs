//! The whole file.

use super::{
    about::{about, integrations, notifications, reporting, requirements, secret, trigger, validation},
    fields::Fields,
    job::job,
    policy::{concurrency, defaults, options, parameter, profile},
    step::steps,
};
use crate::{
    model::playbook::{Body, Playbook},
    text::document::write::Item,
};

/// Returns the tree of a playbook that is made of jobs.
pub(super) fn tree(playbook: &Playbook) -> Vec<(String, Item)> {
    let Playbook {
        name,
        description,
        format: _,
        tags,
        about: rest,
        parameters,
        variables: _,
        env: _,
        secrets,
        options,
        defaults: _,
        concurrency: _,
        profile: _,
        profiles: _,
        requirements: needed,
        validation: checked,
        notifications: told,
        reporting: reported,
        triggers,
        integrations: services,
        before,
        body: _,
        after,
        extensions,
    } = playbook;
    let mut metadata = Fields::default();
    metadata.text("name", Some(name.as_str()).filter(|name| !name.is_empty()));
    metadata.text("description", description.as_deref());
    about(rest, &mut metadata);
    metadata.texts("tags", tags);
    let mut root = Fields::default();
    root.table("metadata", metadata);
    root.list("parameters", parameters.iter().map(parameter).collect());
    root.table("requirements", requirements(needed));
    root.list("secrets", secrets.iter().map(secret).collect());
    root.table("validation", validation(checked));
    root.list("triggers", triggers.iter().map(trigger).collect());
    if !before.is_empty() {
        root.put("preActions", steps(before));
    }
    root.table("orchestration", orchestration(playbook));
    if !after.is_empty() {
        root.put("postActions", steps(after));
    }
    let (first, second) = notifications(told);
    root.table("notifications", first);
    root.extend(second);
    if let Some(reported) = reported {
        root.put("reporting", reporting(reported));
    }
    if !services.is_empty() {
        root.put("integrations", integrations(services));
    }
    root.values("successCriteria", &options.success);
    root.values("extensions", extensions);
    root.into_entries()
}

fn orchestration(playbook: &Playbook) -> Fields {
    let mut fields = Fields::default();
    fields.text("profile", playbook.profile.as_deref());
    fields.values("defaultVariables", &playbook.variables);
    fields.text_map("env", &playbook.env);
    fields.table("options", options(&playbook.options));
    fields.table("defaults", defaults(&playbook.defaults));
    if let Some(exclusion) = &playbook.concurrency {
        fields.put("concurrency", concurrency(exclusion));
    }
    let mut profiles = Fields::default();
    playbook.profiles.iter().for_each(|one| profiles.put(&one.name, profile(one)));
    fields.table("profiles", profiles);
    let mut jobs = Fields::default();
    match &playbook.body {
        Body::Jobs(found) => found.iter().for_each(|one| jobs.put(&one.id, job(one))),
        // `modern` makes jobs of all other bodies; a file without jobs does not read back.
        Body::Sequence(_) | Body::Steps(_) | Body::Stages(_) => {}
    }
    fields.put("jobs", jobs.into_draft());
    fields
}
