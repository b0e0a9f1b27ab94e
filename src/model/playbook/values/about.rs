//! What a playbook tells people and systems about itself and its runs.

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;

use super::Placed;

/// What a playbook tells people about itself; nothing of it changes what runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct About {
    /// The playbook's own version, never its format's.
    pub version: Option<String>,
    /// The shelf it stands on: `testing`, `deployment`.
    pub category: Option<String>,
    /// Who wrote it.
    pub author: Option<String>,
    /// How long it takes, in words.
    pub estimated_duration: Option<String>,
    /// When it was made.
    pub created: Option<String>,
    /// When it was last changed.
    pub updated: Option<String>,
}

/// What must be there before a playbook runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Requirements {
    /// The least version of PowerShell.
    pub powershell: Option<Placed<String>>,
    /// PowerShell modules.
    pub modules: Vec<Placed<String>>,
    /// Programs.
    pub tools: Vec<Placed<String>>,
    /// Scripts, by number.
    pub scripts: Vec<Placed<String>>,
    /// Systems: `Windows`, `Linux`, `macOS`, or `CrossPlatform` for all.
    pub platforms: Vec<Placed<String>>,
    /// Rights, in words.
    pub permissions: Vec<Placed<String>>,
    /// Environment variables that must be set.
    pub env: Vec<Placed<String>>,
    /// The rights of an administrator.
    pub elevation: Option<bool>,
    /// What else is said to be needed, in words az does not check.
    pub other: BTreeMap<String, Value>,
}

/// What is checked before and after a run.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Validation {
    /// What must hold before.
    pub before: Vec<Check>,
    /// What should hold after.
    pub after: Vec<Check>,
    /// Limits on what the run counts.
    pub thresholds: Vec<Threshold>,
}

/// A condition and what is told if it does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Check {
    /// What people call it.
    pub name: Option<String>,
    /// What must hold.
    pub condition: Placed<String>,
    /// What is told if it does not.
    pub message: Option<String>,
}

/// A limit on a count.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Threshold {
    /// What is counted.
    pub name: String,
    /// The most that is allowed.
    pub max_count: Option<u32>,
    /// What happens beyond it.
    pub action: ThresholdAction,
}

/// What happens beyond a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum ThresholdAction {
    /// Nothing.
    Continue,
    /// It is told.
    #[default]
    Warn,
    /// The run fails.
    Fail,
    /// The run fails as well: a limit is looked at when all has ended.
    Block,
}

/// What of a run is counted for a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Counted {
    /// Steps that failed.
    Failed,
    /// Warnings, and steps that ended with one.
    Warnings,
    /// Steps that were skipped.
    Skipped,
    /// Steps that were blocked.
    Blocked,
}

impl Counted {
    /// Returns what the name of a threshold counts; nothing if az does not count that.
    pub fn of(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().trim_end_matches('s') {
            "failed" | "failure" | "error" => Some(Self::Failed),
            "warning" => Some(Self::Warnings),
            "skipped" => Some(Self::Skipped),
            "blocked" => Some(Self::Blocked),
            _ => None,
        }
    }
}

impl ThresholdAction {
    /// The words for it.
    pub const WORDS: [(&'static str, Self); 4] =
        [("continue", Self::Continue), ("warn", Self::Warn), ("fail", Self::Fail), ("block", Self::Block)];
}

/// Something that is told at some moment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Notification {
    /// When.
    pub on: Moment,
    /// What; may hold placeholders.
    pub message: String,
    /// How loud: `Information`, `Warning`, `Error`, `Success`, `Debug`.
    pub level: Option<String>,
    /// Where: `console`, `log`, `github`, `email`, `teams`, `slack`; the console if none is written.
    pub channels: Vec<String>,
}

/// When something is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Moment {
    /// The run starts.
    Start,
    /// The run succeeded.
    Success,
    /// The run failed.
    Failure,
    /// The run has warnings.
    Warning,
    /// A stage is done.
    Progress,
    /// The machine wants a restart.
    Restart,
    /// The run ended, however.
    Complete,
}

impl Moment {
    /// The fields for the moments, with other names real files have for them.
    pub const FIELDS: [(&'static str, &'static [&'static str], Self); 7] = [
        ("onStart", &["start", "on_start"], Self::Start),
        ("onSuccess", &["success", "on_success"], Self::Success),
        ("onFailure", &["failure", "onError", "on_failure", "error"], Self::Failure),
        ("onWarning", &["warning", "on_warning"], Self::Warning),
        ("onProgress", &["onStageComplete", "on_progress"], Self::Progress),
        ("onRebootRequired", &["onRestart"], Self::Restart),
        ("onComplete", &["complete", "on_complete"], Self::Complete),
    ];

    /// Returns the word that events have for it: `start`, `success`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Warning => "warning",
            Self::Progress => "progress",
            Self::Restart => "restart",
            Self::Complete => "complete",
        }
    }

    /// Returns the field az writes for it.
    pub fn field(self) -> &'static str {
        Self::FIELDS.iter().find(|(.., moment)| *moment == self).map_or("onComplete", |(field, ..)| field)
    }
}

/// Reports that are written after a run.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Reporting {
    /// They are written.
    pub enabled: Option<bool>,
    /// `HTML`, `JSON`, `Markdown`, `XML`, `CSV`.
    pub formats: Vec<Placed<String>>,
    /// The folder they are put into.
    pub output_path: Option<String>,
    /// With times and counts.
    pub include_metrics: Option<bool>,
    /// With the logs.
    pub include_logs: Option<bool>,
    /// With a summary.
    pub summary: Option<bool>,
    /// What else is said of them, as it was written.
    pub other: BTreeMap<String, Value>,
}

/// What starts a playbook.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Trigger {
    /// What.
    pub kind: TriggerKind,
    /// It is off.
    pub disabled: bool,
    /// Where it stands.
    pub at: String,
}

/// The kinds of triggers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TriggerKind {
    /// A time, as five fields of cron.
    Schedule {
        /// The fields.
        cron: String,
        /// Their time zone; that of the machine if none is written.
        timezone: Option<String>,
    },
    /// An event.
    Event {
        /// Who says it.
        source: String,
        /// Which.
        event: String,
    },
    /// A request to a path.
    Webhook {
        /// The path or address.
        url: String,
        /// The name of the secret that the request must know.
        secret: Option<String>,
    },
    /// A change of files.
    Files {
        /// Patterns.
        paths: Vec<String>,
    },
}

/// A service that is told of a run, with its options as they were written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Integration {
    /// `slack`, `jira`, `datadog`, `github`.
    pub kind: String,
    /// What else is said of it.
    pub options: BTreeMap<String, Value>,
}

/// A value that is fetched when the playbook runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Secret {
    /// The variable that holds it.
    pub name: String,
    /// Where it comes from.
    pub source: SecretSource,
    /// Where it stands.
    pub at: String,
}

/// Where a secret comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SecretSource {
    /// An environment variable.
    Environment {
        /// Its name.
        variable: String,
    },
    /// A file.
    File {
        /// Its path.
        path: String,
    },
    /// A store.
    Vault {
        /// The path in it.
        path: String,
        /// The field at the path.
        key: Option<String>,
    },
}

/// Who must agree before something starts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Approval {
    /// Who may; anybody if nobody is named.
    pub approvers: Vec<String>,
    /// What they are asked.
    pub message: Option<String>,
    /// How long is waited.
    pub timeout: Option<Duration>,
}
