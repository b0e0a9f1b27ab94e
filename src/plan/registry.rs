//! What the configuration says of playbooks as such: whether one may run, and where.
//!
//! Knows `[playbook.NAME]` and the environment. Does not know what a playbook runs.

use super::node::{Ground, PlaybookContext};
use crate::{
    base::{nearest, quoted_list},
    db::{Db, Workspace},
    diag::{Diagnostic, code},
    model::{
        config::Registered,
        playbook::Playbook,
        query::{config, text},
    },
};

/// Returns the names that the configuration may have for a playbook: its own, and its file's.
pub(super) fn names_of(of: PlaybookContext<'_>) -> [&str; 2] {
    [of.playbook.name.as_str(), of.path.stem()]
}

/// Notes why the configuration keeps a playbook from running; a build refuses what has such a note.
pub(super) fn faults(ground: &Ground<'_>, of: PlaybookContext<'_>) -> Vec<Diagnostic> {
    let names = names_of(of);
    let is_called = |own: &&Registered| names.iter().any(|name| name.eq_ignore_ascii_case(&own.name));
    ground.config.registry.iter().filter(is_called).flat_map(|own| barred(ground, of.playbook, own)).collect()
}

fn barred(ground: &Ground<'_>, Playbook { name, .. }: &Playbook, own: &Registered) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    let mut tell = |field: &str, message: String, help: String| {
        let fault = Diagnostic::note(code::NOT_ALLOWED, message).help(help);
        faults.push(placed(ground, &format!("{}/{field}", own.at), fault));
    };
    if own.enabled == Some(false) {
        let help = format!("set `enabled = true` under `[playbook.{}]` in the configuration", own.name);
        tell("enabled", format!("the playbook `{name}` is not enabled"), help);
    }
    let allowed = &own.allowed_environments;
    let is_allowed = |environment: &str| allowed.iter().any(|own| own.eq_ignore_ascii_case(environment));
    match ground.environment {
        _ if allowed.is_empty() => {}
        Some(environment) if is_allowed(environment) => {}
        Some(environment) => {
            let message = format!("the playbook `{name}` may not run in the environment `{environment}`");
            tell("allowedEnvironments", message, format!("it may run in {}", quoted_list(allowed)));
        }
        None => {
            let message =
                format!("the playbook `{name}` may run in some environments only, and none is named");
            let help =
                format!("name one: --environment {}; it may run in {}", allowed[0], quoted_list(allowed));
            tell("allowedEnvironments", message, help);
        }
    }
    if own.requires_approval == Some(true) {
        let message = format!("the playbook `{name}` needs approval, and nobody can give it yet");
        let help = "`az plan` shows what it would run; what needs approval is not run without";
        tell("requiresApproval", message, help.to_owned());
    }
    faults
}

/// Gives a fault its place in the configuration, if az.toml alone says what holds.
fn placed(ground: &Ground<'_>, at: &str, fault: Diagnostic) -> Diagnostic {
    let Ground { db, workspace, .. } = *ground;
    let tree = config(db, workspace).tree.as_ref();
    if workspace.named_config(db).is_some() || ground.environment.is_some() {
        return fault;
    }
    let Some(tree) = tree else { return fault };
    fault.source(&text(db, workspace.config(db)).source).label(tree.at(at), "says so")
}

/// Tells that nobody knows the environment az is to run for.
pub(super) fn no_such_environment(db: &dyn Db, workspace: Workspace) -> Option<Diagnostic> {
    let wanted = workspace.environment(db).as_deref()?;
    let config = config(db, workspace).value.as_ref()?;
    let known = config.environment_names();
    if known.iter().any(|name| name.eq_ignore_ascii_case(wanted)) {
        return None;
    }
    let fault = Diagnostic::error(code::NO_SUCH_ENVIRONMENT, format!("there is no environment `{wanted}`"));
    Some(fault.help(match nearest(wanted, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!(
            "environments are {}; one of your own is a section of az.toml: [environment.{wanted}]",
            quoted_list(&known)
        ),
    }))
}
