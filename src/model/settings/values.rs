//! The settings and the types of their values.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// More retries hide a defect rather than a hiccup.
pub const MAX_RETRIES: u32 = 10;

/// What one place says of a step; what it does not say is empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Settings {
    /// Patterns of what the step reads; nothing if not declared, empty if declared to read nothing.
    pub inputs: Option<Vec<String>>,
    /// Patterns of what the step makes; nothing if not declared, empty if declared to make nothing.
    pub outputs: Option<Vec<String>>,
    /// Names of environment variables that are passed and enter the key.
    pub use_env: BTreeSet<String>,
    /// Names of environment variables that are passed and do not enter the key.
    pub pass_env: BTreeSet<String>,
    /// Environment variables with the values they are given.
    pub env: BTreeMap<String, String>,
    /// When a result may be used again.
    pub cache: Option<CachePolicy>,
    /// How long one attempt may take.
    pub timeout: Option<Duration>,
    /// How often a failed attempt is repeated.
    pub retries: Option<u32>,
    /// How long to wait before the first repetition.
    pub retry_delay: Option<Duration>,
    /// Names of resources that are held while the step runs, and how much of each.
    pub resources: BTreeMap<String, u32>,
    /// What exit codes mean beyond the kind's own table.
    pub exit_codes: BTreeMap<i32, ExitMeaning>,
    /// The directory the step starts in, relative to the workspace.
    pub cwd: Option<String>,
    /// Whether the step is watched while it runs; nothing for az to decide.
    pub trace: Option<bool>,
    /// The step leaves a service behind, so nobody can tell what comes of it.
    pub service: Option<bool>,
    /// The step may write only what it declares to make, its temporary files and its private state.
    pub sandbox: Option<bool>,
    /// The step may use the network; nothing for as its sandbox has it.
    pub network: Option<bool>,
    /// Patterns of what a sandboxed step may write beyond what it declares to make; nothing for the whole workspace, if
    /// it does not declare what it makes either.
    pub writable: Option<BTreeSet<String>>,
    /// What it means that the step reads or writes what it does not declare, though it declares something; nothing for a
    /// warning.
    pub undeclared: Option<Undeclared>,
    /// Patterns of paths that are private state of the step.
    pub scratch: BTreeSet<String>,
    /// The argv that is run instead of the interpreter; `{script}` and `{args}` are placeholders.
    pub command: Option<Vec<String>>,
}

/// What it means that a step reads or writes what it does not declare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Undeclared {
    /// It is told.
    Warning,
    /// The step fails.
    Error,
    /// Nothing.
    Allowed,
}

impl Undeclared {
    /// The words for it.
    pub const WORDS: [(&str, Self); 3] =
        [("warning", Self::Warning), ("error", Self::Error), ("allowed", Self::Allowed)];
}

/// When a result may be used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CachePolicy {
    /// By evidence: when everything the step depends on is known and unchanged.
    Auto,
    /// Whenever the key is the same, whatever the evidence says.
    Always,
    /// Never: the step runs each time.
    Never,
    /// By evidence, and no longer than this after the run.
    For(Duration),
}

/// What an exit code says about a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExitMeaning {
    /// Done.
    Success,
    /// Done, with something to look at.
    Warning,
    /// Done, and the machine wants a restart.
    Restart,
    /// Stopped for a person to look at; ends the chain and is not reused.
    Attention,
    /// The script chose to do nothing.
    Skipped,
    /// Failed.
    Failure,
}

impl Settings {
    /// Tells whether the step may write only what it declares to make, its temporary files and its private state.
    pub fn is_sandboxed(&self) -> bool {
        self.sandbox == Some(true)
    }

    /// Tells whether the step has no network: it says so, or it has a sandbox and does not ask for one.
    pub fn is_offline(&self) -> bool {
        !self.network.unwrap_or(!self.is_sandboxed())
    }
}

impl CachePolicy {
    /// The words for the policies that have one; the fourth is written as a duration.
    pub const WORDS: [(&'static str, Self); 3] =
        [("auto", Self::Auto), ("always", Self::Always), ("never", Self::Never)];
}

impl ExitMeaning {
    /// The words for the meanings.
    pub const WORDS: [(&'static str, Self); 6] = [
        ("success", Self::Success),
        ("warning", Self::Warning),
        ("restart", Self::Restart),
        ("attention", Self::Attention),
        ("skipped", Self::Skipped),
        ("failure", Self::Failure),
    ];

    /// Reads a meaning; letters match in any case.
    pub fn parse(word: &str) -> Option<Self> {
        let known = Self::WORDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word.trim()));
        known.map(|(_, meaning)| *meaning)
    }

    /// Returns the word for the meaning.
    pub fn as_str(self) -> &'static str {
        Self::WORDS.iter().find(|(_, meaning)| *meaning == self).map_or("failure", |(name, _)| name)
    }
}

/// Enters what a person declared an exit code to mean.
///
/// Unix keeps only the low byte of a code, so `3010` is seen as `194` there: a declared code above 255 declares its
/// low byte too, unless that has a meaning of its own.
pub fn declare_exit_code(codes: &mut BTreeMap<i32, ExitMeaning>, code: i32, meaning: ExitMeaning) {
    codes.insert(code, meaning);
    if code > 255 {
        codes.entry(code & 0xff).or_insert(meaning);
    }
}

/// Reads a resource: `gpu`, or `memory:4` for four of it.
pub fn resource(text: &str) -> Option<(String, u32)> {
    let (name, count) = text.split_once(':').unwrap_or((text, "1"));
    let is_name =
        |text: &str| !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c));
    let count = count.trim().parse().ok().filter(|count| *count > 0)?;
    is_name(name.trim()).then(|| (name.trim().to_owned(), count))
}
