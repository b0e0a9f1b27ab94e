//! Advice on files that many steps change, one after the other: they chain the steps.
//!
//! Knows what this run's steps left, and what they left before. Does not know how a chain is kept.

use super::desk::Desk;
use crate::{
    base::{WsPath, plural},
    cache::Record,
    diag::code,
    event::Event,
    fingerprint::State,
};

/// As many steps as change one file before it is worth a word.
const LEAST: usize = 3;
/// As many steps as are named.
const NAMED: usize = 3;

impl Desk<'_> {
    /// Tells of files that this run was the first to see changed by several steps, so that it is told once.
    pub(super) fn tell_of_chains(&mut self) {
        let mut chains = self.shared.timeline.left_by_many(LEAST);
        chains.retain(|(path, steps)| self.is_new_chain(path, steps));
        for (path, steps) in chains {
            let mut names: Vec<String> = steps.iter().take(NAMED).map(|step| self.id(*step)).collect();
            if steps.len() > NAMED {
                names.push("...".to_owned());
            }
            let message = format!(
                "{} change `{path}` and are chained by it: {}; if nothing reads it, name it under `scratch`",
                plural(steps.len(), "step"),
                names.join(", ")
            );
            self.teller.tell(Event::Note { code: code::CHAINED.to_string(), node: None, message });
        }
    }

    fn is_new_chain(&self, path: &WsPath, steps: &[usize]) -> bool {
        let store = &self.shared.cache.store;
        let changes = |record: &Record| {
            let at_path = record.effects.iter().find(|effect| effect.path == *path);
            at_path.is_some_and(|effect| matches!(effect.after, State::File { .. }))
        };
        let records = |step: usize| store.of(&self.shared.nodes[step].node.identity);
        let is_news = |step: &usize| {
            let (now, before): (Vec<_>, Vec<_>) =
                records(*step).into_iter().partition(|record| record.run == self.shared.run);
            now.iter().any(|record| changes(record)) && !before.iter().any(|record| changes(record))
        };
        let does_change = |step: &usize| records(*step).first().is_some_and(|record| changes(record));
        steps.iter().filter(|step| does_change(step)).count() >= LEAST && steps.iter().any(is_news)
    }
}
