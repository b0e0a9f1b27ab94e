//! What the configuration says of a step that nothing else says.
//!
//! Knows `[defaults]`, `[range]` and the script defaults of `[playbook]`, and how they overrule each other. Does not know
//! what headers, rules and playbooks say above them.

use super::{node::PlaybookContext, registry, select::takes};
use crate::{
    diag::{Diagnostic, code},
    model::{
        config::{Config, ScriptDefaults},
        script::{Script, ScriptReading},
        settings::Settings,
    },
    text::sequence::Sequence,
};

/// What the configuration says of steps, read once for all of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Defaults {
    /// What any step has.
    any: Settings,
    /// What the scripts of a selection have, in the order of the file.
    ranges: Vec<(Sequence, ScriptDefaults)>,
    /// What the scripts of a playbook have, by its name.
    playbooks: Vec<(String, ScriptDefaults)>,
}

/// What the configuration says of one step: the lowest layer of all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Layer {
    /// How it behaves.
    pub(super) settings: Settings,
    /// Its failure is good enough for what comes after.
    pub(super) continue_on_error: Option<bool>,
    /// It may overlap others.
    pub(super) allow_parallel: Option<bool>,
    /// It needs the rights of an administrator.
    pub(super) requires_elevation: Option<bool>,
}

impl Defaults {
    pub(super) fn of(config: &Config) -> Self {
        let any = Settings {
            timeout: config.defaults.timeout,
            retries: config.defaults.retries,
            retry_delay: config.defaults.retry_delay,
            ..Settings::default()
        };
        let ranges = config.ranges.iter().map(|range| (range.sequence(), range.defaults.clone())).collect();
        let playbooks = config
            .registry
            .iter()
            .map(|playbook| (playbook.name.clone(), playbook.defaults.clone()))
            .collect();
        Self { any, ranges, playbooks }
    }

    /// Returns what any step has, whatever it runs.
    pub(super) fn of_any(&self) -> &Settings {
        &self.any
    }

    /// Returns what a script has that a playbook runs, or that is asked for by itself: the playbook's word stands above
    /// that of ranges, a later range above an earlier one, all above what any step has.
    pub(super) fn of_script(&self, script: &Script, playbook: Option<PlaybookContext<'_>>) -> Layer {
        let names = playbook.map(registry::names_of);
        let is_called = |name: &str| names.iter().flatten().any(|own| own.eq_ignore_ascii_case(name));
        let of_playbook = self.playbooks.iter().filter(|(name, _)| is_called(name));
        let of_ranges = self.ranges.iter().rev().filter(|(sequence, _)| takes(sequence, script));
        let mut layer = Layer::default();
        for (_, lower) in of_playbook {
            layer.lay_below(lower);
        }
        for (_, lower) in of_ranges {
            layer.lay_below(lower);
        }
        layer.settings = layer.settings.layered_over(&self.any);
        layer
    }
}

impl Layer {
    fn lay_below(&mut self, lower: &ScriptDefaults) {
        self.settings.timeout = self.settings.timeout.or(lower.timeout);
        self.continue_on_error = self.continue_on_error.or(lower.continue_on_error);
        self.allow_parallel = self.allow_parallel.or(lower.allow_parallel);
        self.requires_elevation = self.requires_elevation.or(lower.requires_elevation);
    }

    /// Tells whether a script never overlaps another: its header says so, or the configuration if the header is silent.
    pub(super) fn is_alone(&self, script: &Script, reading: Option<&ScriptReading>) -> bool {
        let is_silent = reading.is_none_or(|reading| reading.header.allow_parallel.is_none());
        !script.allow_parallel || (is_silent && self.allow_parallel == Some(false))
    }

    /// az asks nobody for rights: a script that wants them is told before it fails for the lack of them.
    pub(super) fn needs_administrator(&self, reading: &ScriptReading) -> Option<Diagnostic> {
        let own = reading.header.requires_elevation.as_ref();
        let is_wanted = own.map_or(self.requires_elevation == Some(true), |wanted| wanted.value);
        if !is_wanted {
            return None;
        }
        let stem = &reading.script.stem;
        let message = format!("{stem} needs the rights of an administrator, and az runs without them");
        let help = format!("start az as an administrator, or leave the script out: `!{stem}`");
        let fault = Diagnostic::warning(code::NEEDS_ADMINISTRATOR, message).help(help);
        Some(match own {
            Some(wanted) => fault.source(&reading.source).label(wanted.span, "wants them"),
            None => fault,
        })
    }
}
