//! The configuration as a value, whatever file it was written in.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZero,
    time::Duration,
};

use serde_json::Value as Json;

use crate::{
    model::decode::Placed,
    text::{
        rate::Rate,
        sequence::{self, Sequence},
    },
};

/// What a configuration says; what it does not say is empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Config {
    /// Folders that hold scripts, instead of the usual ones.
    pub scripts: Option<Vec<String>>,
    /// Folders that hold playbooks, instead of the usual ones.
    pub playbooks: Option<Vec<String>>,
    /// Patterns of paths that are private state of the steps that write them.
    pub scratch: Vec<String>,
    /// The folder of kinds and rules.
    pub rules: Option<String>,
    /// Bytes that a playbook may have, instead of the usual limit.
    pub max_playbook_size: Option<u64>,
    /// Variables of every run, below those of playbooks and of the command line.
    pub variables: BTreeMap<String, Json>,
    /// What the commands of steps run that begin with `/`, by their names without it: program and arguments.
    pub commands: BTreeMap<String, Vec<String>>,
    /// Names of environment variables that every step gets and that enter its key.
    pub use_env: BTreeSet<String>,
    /// Names of environment variables that every step gets and that do not enter its key.
    pub pass_env: BTreeSet<String>,
    /// How many steps run at once.
    pub jobs: Option<NonZero<u32>>,
    /// Whether the run goes on after a failure.
    pub continue_on_error: Option<bool>,
    /// What there is of what only some steps can have at a time, by its name in small letters.
    pub resources: BTreeMap<String, Resource>,
    /// How much the cache keeps, and for how long.
    pub cache: CacheLimits,
    /// What steps have that nothing else says.
    pub defaults: Defaults,
    /// Selections with a name, in the order of the file.
    pub profiles: Vec<Profile>,
    /// What holds for playbooks, by their names.
    pub registry: Vec<Registered>,
    /// What steps of some numbers have that nothing else says.
    pub ranges: Vec<Range>,
    /// What holds in an environment, by its name; of several of one name the last stands above the others.
    pub environments: Vec<Environment>,
}

/// How much the cache keeps, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct CacheLimits {
    /// Bytes; the largest number for no limit.
    pub max_size: Option<u64>,
    /// How long something is kept that is of no use; the longest time for no limit.
    pub max_age: Option<Duration>,
}

/// How much there is of something, and how often it may be used.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Resource {
    /// How much there is: bytes of memory, of others a count. Nothing for no bound.
    pub count: Option<u64>,
    /// How often attempts that hold it may start.
    pub rate: Option<Rate>,
}

/// What holds when az runs for an environment.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Environment {
    /// The environment: `staging`.
    pub name: String,
    /// What it says above the rest of the configuration.
    pub config: Config,
    /// Where it stands.
    pub at: String,
}

/// Environments that are known without being named anywhere.
pub const USUAL_ENVIRONMENTS: [&str; 3] = ["dev", "staging", "production"];

/// What steps have that nothing else says.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Defaults {
    /// How long one attempt may take.
    pub timeout: Option<Duration>,
    /// How often a failed attempt is repeated.
    pub retries: Option<u32>,
    /// How long to wait before the first repetition.
    pub retry_delay: Option<Duration>,
    /// Steps may overlap.
    pub parallel: Option<bool>,
    /// How many bytes are kept of what one attempt prints.
    pub log_limit: Option<u64>,
}

/// A selection with a name, and variables for it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Profile {
    /// What it is called.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// The items of its selection, each with its place.
    pub scripts: Vec<Placed<String>>,
    /// Variables, above those of the configuration.
    pub variables: BTreeMap<String, Json>,
    /// Where it stands.
    pub at: String,
}

/// What holds for a playbook.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Registered {
    /// The playbook.
    pub name: String,
    /// It may be run; nothing for yes.
    pub enabled: Option<bool>,
    /// The environments it may be run in; empty for all.
    pub allowed_environments: Vec<String>,
    /// Somebody must agree before it is run.
    pub requires_approval: Option<bool>,
    /// What its steps have that nothing else says.
    pub defaults: ScriptDefaults,
    /// Where it stands.
    pub at: String,
}

/// What steps of some numbers have that nothing else says.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Range {
    /// The selection, as written: `0400-0499`.
    pub matches: String,
    /// What they have.
    pub defaults: ScriptDefaults,
    /// Where it stands.
    pub at: String,
}

/// What some steps have that nothing else says.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct ScriptDefaults {
    /// How long one attempt may take.
    pub timeout: Option<Duration>,
    /// Whether the run goes on if the step fails.
    pub continue_on_error: Option<bool>,
    /// The step needs the rights of an administrator.
    pub requires_elevation: Option<bool>,
    /// The stage the step belongs to.
    pub stage: Option<String>,
    /// The step may overlap others.
    pub allow_parallel: Option<bool>,
}

impl Range {
    /// Returns the selection, read; what cannot be read of it was told where it stands.
    pub fn sequence(&self) -> Sequence {
        sequence::parse(std::slice::from_ref(&self.matches)).sequence
    }
}

impl Config {
    /// Lets another configuration say what it says above this one.
    #[must_use]
    pub fn overlaid(mut self, above: &Self) -> Self {
        let above = above.clone();
        self.scripts = above.scripts.or(self.scripts);
        self.playbooks = above.playbooks.or(self.playbooks);
        self.rules = above.rules.or(self.rules);
        self.max_playbook_size = above.max_playbook_size.or(self.max_playbook_size);
        self.scratch.extend(above.scratch);
        self.commands.extend(above.commands);
        self.use_env.extend(above.use_env);
        self.pass_env.extend(above.pass_env);
        self.resources.extend(above.resources);
        self.jobs = above.jobs.or(self.jobs);
        self.continue_on_error = above.continue_on_error.or(self.continue_on_error);
        self.cache.max_size = above.cache.max_size.or(self.cache.max_size);
        self.cache.max_age = above.cache.max_age.or(self.cache.max_age);
        self.variables.retain(|name, _| !above.variables.keys().any(|own| own.eq_ignore_ascii_case(name)));
        self.variables.extend(above.variables);
        let (low, high) = (self.defaults, above.defaults);
        self.defaults = Defaults {
            timeout: high.timeout.or(low.timeout),
            retries: high.retries.or(low.retries),
            retry_delay: high.retry_delay.or(low.retry_delay),
            parallel: high.parallel.or(low.parallel),
            log_limit: high.log_limit.or(low.log_limit),
        };
        replace(&mut self.profiles, above.profiles, |profile| &profile.name);
        replace(&mut self.registry, above.registry, |playbook| &playbook.name);
        replace(&mut self.ranges, above.ranges, |range| &range.matches);
        self.environments.extend(above.environments);
        self
    }

    /// Returns the configuration as it is in an environment.
    #[must_use]
    pub fn in_environment(self, name: &str) -> Self {
        let is_meant = |environment: &&Environment| environment.name.eq_ignore_ascii_case(name);
        let own: Vec<Self> =
            self.environments.iter().filter(is_meant).map(|environment| environment.config.clone()).collect();
        own.iter().fold(self, Self::overlaid)
    }

    /// Returns the names of all environments there are: the usual ones, those with a section, and those that a playbook
    /// is allowed in.
    pub fn environment_names(&self) -> BTreeSet<&str> {
        let sections = self.environments.iter().map(|environment| environment.name.as_str());
        let allowed = self.registry.iter().flat_map(|playbook| &playbook.allowed_environments);
        USUAL_ENVIRONMENTS.into_iter().chain(sections).chain(allowed.map(String::as_str)).collect()
    }
}

/// Puts items in the place of those of the same name, in any case.
fn replace<T>(items: &mut Vec<T>, above: Vec<T>, name: impl Fn(&T) -> &str) {
    items.retain(|item| !above.iter().any(|other| name(other).eq_ignore_ascii_case(name(item))));
    items.extend(above);
}
