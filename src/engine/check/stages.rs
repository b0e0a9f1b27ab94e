//! Stage names that look mistyped: nobody else uses them, and a name that is used or known is near.

use std::collections::BTreeMap;

use super::Findings;
use crate::{
    base::{nearest, plural},
    db::{Database, Workspace},
    diag::{Diagnostic, code},
    model::query::script_reading,
};

/// Stages that repositories of numbered scripts have always had.
const KNOWN: [&str; 8] = [
    "Prepare",
    "Core",
    "Infrastructure",
    "Development",
    "Services",
    "Configuration",
    "Validation",
    crate::model::script::DEFAULT_STAGE,
];

/// Adds a warning for each script whose stage looks mistyped.
pub(super) fn check(db: &Database, workspace: Workspace, findings: &mut Findings) {
    let mut users: BTreeMap<String, (String, usize)> = BTreeMap::new();
    let readings =
        || workspace.scripts(db).iter().filter_map(|file| script_reading(db, workspace, *file).as_ref());
    for reading in readings() {
        if let Some(stage) = &reading.header.stage {
            users.entry(stage.value.to_ascii_lowercase()).or_insert((stage.value.clone(), 0)).1 += 1;
        }
    }
    let suspects: BTreeMap<&str, Diagnostic> = users
        .iter()
        .filter_map(|(folded, (written, count))| Some((folded.as_str(), mistyped(&users, written, *count)?)))
        .collect();
    for reading in readings() {
        let Some(stage) = &reading.header.stage else { continue };
        if let Some(fault) = suspects.get(&*stage.value.to_ascii_lowercase()) {
            let fault = fault.clone().source(&reading.source).label(stage.span, "mistyped?");
            findings.add_all([fault], None);
        }
    }
}

fn mistyped(users: &BTreeMap<String, (String, usize)>, stage: &str, count: usize) -> Option<Diagnostic> {
    if KNOWN.iter().any(|known| known.eq_ignore_ascii_case(stage)) {
        return None;
    }
    let commoner = users.values().filter(|(_, users)| *users > count).map(|(name, _)| name.as_str());
    let near = nearest(stage, commoner.chain(KNOWN)).filter(|near| is_slip(stage, near))?;
    let others = users.get(&near.to_ascii_lowercase()).map_or(0, |(_, users)| *users);
    let who = if others == 0 { String::new() } else { format!(", which {} use", plural(others, "script")) };
    let fault =
        Diagnostic::warning(code::MISTYPED_STAGE, format!("the stage `{stage}` is close to `{near}`{who}"));
    Some(fault.help(format!("did you mean `{near}`?")))
}

/// Tells whether one name is a slip of the fingers for the other, rather than a name of its own that is alike.
fn is_slip(stage: &str, near: &str) -> bool {
    let (stage, near) = (stage.to_lowercase(), near.to_lowercase());
    match strsim::damerau_levenshtein(&stage, &near) {
        0 | 1 => true,
        2 => near.chars().count() >= 8 && !stage.contains(&near) && !near.contains(&stage),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_no_name_of_its_own() {
        assert!(is_slip("Testng", "Testing") && is_slip("testnig", "Testing"));
        assert!(is_slip("Infrastrutcre", "Infrastructure"));
        for (stage, near) in
            [("Deployment", "Development"), ("AIAutomation", "Automation"), ("Best", "Testing")]
        {
            assert!(!is_slip(stage, near), "{stage}");
        }
    }
}
