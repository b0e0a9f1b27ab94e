//! Plans a playbook under each of its profiles.
//!
//! Knows which profiles there are. Does not know what depends on them: what planning says is compared.

use super::{Ask, Engine, Targets, ask_for};
use crate::{db::SourceFile, diag::Diagnostic, model::query::playbook_reading, plan::Planned};

impl Engine {
    /// Returns what is wrong under a profile and not without, each with the name of the profile.
    pub(super) fn under_profiles(
        &self,
        targets: &Targets,
        file: SourceFile,
        without: &Planned,
    ) -> Vec<Diagnostic> {
        let profiles = playbook_reading(&self.db, file).value.iter().flat_map(|playbook| &playbook.profiles);
        let mut found = Vec::new();
        for profile in profiles {
            let ask =
                Ask { profile: Some(profile.name.clone()), ..ask_for(vec![file.path(&self.db).to_string()]) };
            let planned = self.planned_in(targets.workspace, &ask);
            let news = planned.diagnostics.into_iter().filter(|fault| !without.diagnostics.contains(fault));
            found.extend(news.map(|fault| Diagnostic {
                message: format!("under the profile `{}`, {}", profile.name, fault.message),
                ..fault
            }));
        }
        found
    }
}
