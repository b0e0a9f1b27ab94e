//! The settings and the types of their values.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::text::size;

/// More retries hide a defect rather than a hiccup.
pub const MAX_RETRIES: u32 = 10;

/// Priorities go from its negative to it.
pub const HIGHEST_PRIORITY: i32 = 100;
/// The resource that slots are: how many of the steps at work at once a step counts for.
pub const CPU: &str = "cpu";
/// The resource that is measured in bytes.
pub const MEMORY: &str = "memory";

/// What one place says of a step; what it does not say is empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
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
    /// Names of resources that are held while the step runs, in small letters, and how much of each: bytes of
    /// [`MEMORY`], slots of [`CPU`], of others a count.
    pub resources: BTreeMap<String, u64>,
    /// Steps with higher ones begin first where several could.
    pub priority: Option<i32>,
    /// What exit codes mean beyond the kind's own table.
    pub exit_codes: BTreeMap<i32, ExitMeaning>,
    /// The directory the step starts in, relative to the workspace.
    pub cwd: Option<String>,
    /// Whether the step is watched while it runs; nothing for az to decide.
    pub trace: Option<bool>,
    /// The step leaves a service behind, so nobody can tell what comes of it.
    pub service: Option<bool>,
    /// What becomes of processes that the step leaves behind; nothing for their end, or for a service to be kept.
    pub leftovers: Option<Leftovers>,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
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

/// What becomes of processes that are left when a step has ended. In any case it is told that there were some, and the
/// step's result is not used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Leftovers {
    /// They are ended, and the step has ended with them.
    Kill,
    /// They go on while the run lasts and are ended with it.
    Warn,
    /// They go on, also when az has ended.
    Keep,
}

impl Leftovers {
    /// The words for it.
    pub const WORDS: [(&str, Self); 3] = [("kill", Self::Kill), ("warn", Self::Warn), ("keep", Self::Keep)];
}

/// When a result may be used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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

/// Reads a resource: `gpu`, `gpu=2` or `gpu:2` for two of it, `memory=2GB`.
///
/// # Errors
/// What to write instead.
pub fn resource(text: &str) -> Result<(String, u64), String> {
    let (name, amount) = match text.split_once(['=', ':']) {
        Some((name, amount)) => (name, Some(amount.trim())),
        None => (text, None),
    };
    let name = resource_name(name).ok_or("write a name of letters, digits, `_`, `-` and `.`, as in `gpu`")?;
    let amount = match (&*name, amount) {
        (MEMORY, amount) => size::parse(amount.unwrap_or_default()).map_err(|_| MEMORY_HELP.to_owned())?,
        (_, None) => 1,
        (_, Some(amount)) => {
            let count = amount.parse::<u32>().ok().filter(|count| *count > 0);
            count.map(u64::from).ok_or_else(|| format!("write a whole number above 0, as in `{name}=2`"))?
        }
    };
    Ok((name, amount))
}

/// What to write for an amount of memory.
pub const MEMORY_HELP: &str = "write how much with its unit, as in `memory=512MB` or `memory=2GB`";

/// Reads the name of a resource, which is the same in any case; nothing if it cannot be one.
pub fn resource_name(text: &str) -> Option<String> {
    let name = text.trim();
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c));
    is_name.then(|| name.to_lowercase())
}
