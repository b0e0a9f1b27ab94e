//! How the places overrule each other: step over job over header over rule over kind.

use std::collections::{BTreeMap, BTreeSet};

use super::Settings;

impl Settings {
    /// Returns these settings with `lower` for what they do not say.
    ///
    /// Layers from the highest: playbook step, playbook job, script header, rules (the last that matches first). The
    /// more particular place wins, since it was written with this step in view. Single values and the lists of inputs
    /// and outputs are replaced as a whole; sets and maps are joined, and of a name in both the higher layer's word
    /// holds: a name that is passed here is not keyed because a rule below says so, nor the reverse.
    #[must_use]
    pub fn layered_over(self, lower: &Self) -> Self {
        let use_env = joined(&self.use_env, &lower.use_env, &self.pass_env);
        let pass_env = joined(&self.pass_env, &lower.pass_env, &self.use_env);
        Self {
            inputs: self.inputs.or_else(|| lower.inputs.clone()),
            outputs: self.outputs.or_else(|| lower.outputs.clone()),
            use_env,
            pass_env,
            env: overlaid(self.env, &lower.env),
            cache: self.cache.or(lower.cache),
            timeout: self.timeout.or(lower.timeout),
            retries: self.retries.or(lower.retries),
            retry_delay: self.retry_delay.or(lower.retry_delay),
            resources: overlaid(self.resources, &lower.resources),
            priority: self.priority.or(lower.priority),
            exit_codes: overlaid(self.exit_codes, &lower.exit_codes),
            cwd: self.cwd.or_else(|| lower.cwd.clone()),
            trace: self.trace.or(lower.trace),
            service: self.service.or(lower.service),
            leftovers: self.leftovers.or(lower.leftovers),
            sandbox: self.sandbox.or(lower.sandbox),
            network: self.network.or(lower.network),
            undeclared: self.undeclared.or(lower.undeclared),
            writable: self.writable.or_else(|| lower.writable.clone()),
            scratch: joined(&self.scratch, &lower.scratch, &BTreeSet::new()),
            command: self.command.or_else(|| lower.command.clone()),
        }
    }
}

fn joined(
    higher: &BTreeSet<String>,
    lower: &BTreeSet<String>,
    without: &BTreeSet<String>,
) -> BTreeSet<String> {
    higher.iter().chain(lower.difference(without)).cloned().collect()
}

fn overlaid<K: Ord + Clone, V: Clone>(mut higher: BTreeMap<K, V>, lower: &BTreeMap<K, V>) -> BTreeMap<K, V> {
    for (key, value) in lower {
        higher.entry(key.clone()).or_insert_with(|| value.clone());
    }
    higher
}
