//! A profile applied: of a playbook, which variables it sets, and which stages and scripts it leaves out; of the
//! configuration, what it selects, and with which variables.
//!
//! Knows playbooks, the configuration and the name of the profile that is wanted. Does not know nodes.

use std::sync::Arc;

use crate::{
    base::{Span, Spanned, nearest, quoted_list},
    diag::{Diagnostic, Severity, Source, code},
    model::{
        config::{self, Config},
        playbook::{Body, Job, Placed, Playbook, Profile},
    },
    text::sequence::{self, Sequence},
};

use super::node::PlaybookContext;

/// Returns the profile a playbook runs under: the one that is asked for, else the one it names itself.
///
/// Old playbooks name a profile of the engine's configuration, of which only the variables mean something here: see
/// [`apply`].
pub(super) fn chosen<'a>(playbook: &'a Playbook, wanted: Option<&str>) -> Option<&'a Profile> {
    let name = wanted.or(playbook.profile.as_deref())?;
    playbook.profiles.iter().find(|profile| profile.name.eq_ignore_ascii_case(name))
}

/// Tells whether one of the playbooks has a profile of this name.
pub(super) fn any_has<'a>(mut playbooks: impl Iterator<Item = &'a Playbook>, wanted: &str) -> bool {
    playbooks.any(|playbook| chosen(playbook, Some(wanted)).is_some())
}

/// Returns the profile of this name in the configuration.
pub(super) fn configured<'a>(config: Option<&'a Config>, wanted: &str) -> Option<&'a config::Profile> {
    config?.profiles.iter().find(|profile| profile.name.eq_ignore_ascii_case(wanted))
}

/// Lays the variables of a profile of the configuration over the others there, unless the name means one of a playbook.
pub(super) fn apply<'a>(config: &mut Config, playbooks: impl Iterator<Item = &'a Playbook>, wanted: &str) {
    if any_has(playbooks, wanted) {
        return;
    }
    let own = configured(Some(config), wanted).map(|profile| profile.variables.clone());
    super::variables::overlay(&mut config.variables, &own.unwrap_or_default());
}

/// Returns what a profile of the configuration selects, and the text that stands for it in messages. What is wrong with
/// it was told where it stands.
pub(super) fn selection(profile: &config::Profile) -> (Sequence, Arc<Source>) {
    let texts: Vec<&str> = profile.scripts.iter().map(|item| item.value.as_str()).collect();
    let source = Arc::new(Source::new(format!("profile `{}`", profile.name), texts.join(" ")));
    let mut start = 0;
    let texts: Vec<Spanned<&str>> = texts
        .into_iter()
        .map(|text| {
            let span = Span::new(start, start + text.len());
            start = span.end + 1;
            Spanned::new(text, span)
        })
        .collect();
    (sequence::parse_in(&source, &texts).sequence, source)
}

/// Tells that neither one of the playbooks nor the configuration has the profile that is asked for.
pub(super) fn no_such_profile<'a>(
    wanted: &str,
    playbooks: impl Iterator<Item = &'a Playbook>,
    config: Option<&Config>,
) -> Diagnostic {
    let configured = config.into_iter().flat_map(|config| &config.profiles);
    let names: Vec<&str> = playbooks
        .flat_map(|playbook| &playbook.profiles)
        .map(|profile| profile.name.as_str())
        .chain(configured.map(|profile| profile.name.as_str()))
        .collect();
    let help = match nearest(wanted, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if names.is_empty() => {
            "build a playbook that has `profiles`, or write one into az.toml: [profile.NAME] scripts = [\"0402\"]".to_owned()
        }
        None => format!("profiles are {}", quoted_list(&names)),
    };
    Diagnostic::error(code::NO_SUCH_PROFILE, format!("there is no profile `{wanted}`")).help(help)
}

/// Tells whether a stage or job runs under the profile.
pub(super) fn takes(profile: Option<&Profile>, job: &Job) -> bool {
    let Some(profile) = profile else { return true };
    let names = |list: &[Placed<String>]| list.iter().any(|name| is_called(job, &name.value));
    profile.stages.as_ref().is_none_or(|stages| names(stages)) && !names(&profile.exclude_stages)
}

fn is_called(job: &Job, name: &str) -> bool {
    job.id.eq_ignore_ascii_case(name) || job.name.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(name))
}

/// Warns of names in the profile that no stage has.
pub(super) fn faults(context: PlaybookContext<'_>) -> Vec<Diagnostic> {
    let Some(profile) = context.profile else { return Vec::new() };
    let jobs = match &context.playbook.body {
        Body::Stages(jobs) | Body::Jobs(jobs) => jobs.as_slice(),
        // Without stages there is nothing to name.
        Body::Sequence(_) | Body::Steps(_) => return Vec::new(),
    };
    let named = profile.stages.iter().flatten().chain(&profile.exclude_stages);
    let unknown = named.filter(|name| !jobs.iter().any(|job| is_called(job, &name.value)));
    unknown
        .map(|name| {
            let message =
                format!("profile `{}` names the stage `{}`, and there is none", profile.name, name.value);
            let names = jobs.iter().map(|job| job.name.as_deref().unwrap_or(&job.id));
            let mut fault = Diagnostic::error(code::NO_SUCH_PROFILE, message)
                .source(context.source)
                .label(context.span(&name.at), "no such stage");
            fault.severity = Severity::Warning;
            fault.help(match nearest(&name.value, names) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("remove `{}`, or add a stage of this name", name.value),
            })
        })
        .collect()
}

/// Returns selections with those that the profile leaves out behind them, written as exclusions.
pub(super) fn narrowed(profile: Option<&Profile>, texts: &[Placed<String>]) -> Vec<Placed<String>> {
    let excluded = profile.into_iter().flat_map(|profile| &profile.exclude_sequence);
    let excluded =
        excluded.map(|item| Placed::new(format!("!{}", item.value.trim_start_matches('!')), &*item.at));
    texts.iter().cloned().chain(excluded).collect()
}
