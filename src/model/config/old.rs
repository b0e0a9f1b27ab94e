//! The configuration of AitherZero: `config.psd1`, and `config.json` before it.
//!
//! Knows the sections of real files, of which az needs one or two. The others are for scripts, which read the file
//! themselves, or for programs that are no more.

use super::{
    Config,
    parts::{profiles, ranges, registry},
};
use crate::{
    model::{
        decode::{Key, Table, Value},
        settings::{self, MAX_RETRIES},
    },
    text::document::{Node, NodeValue},
};

const SCRIPTS_READ_IT: &str = "it is for scripts, which read the file themselves";
const OLD_ENGINE: &str = "it spoke to an engine that is no more";
const ITSELF: &str = "az decides this by itself";
const KEEPS: &str = "az keeps every run; `az runs` lists them";
const TELLS: &str = "az tells nobody of a run";
const FOLDERS: &str = "az finds scripts and playbooks by itself; other folders stand in az.toml";

/// Sections that az has no use for, and why.
const OF_THE_FILE: &[(&str, &str)] = &[
    ("AI", SCRIPTS_READ_IT),
    ("Certificates", SCRIPTS_READ_IT),
    ("CertificateAuthority", SCRIPTS_READ_IT),
    ("CloudProviders", SCRIPTS_READ_IT),
    ("Core", SCRIPTS_READ_IT),
    ("Dashboard", SCRIPTS_READ_IT),
    ("Development", SCRIPTS_READ_IT),
    ("Environment", SCRIPTS_READ_IT),
    ("Environments", SCRIPTS_READ_IT),
    ("EnvironmentConfiguration", SCRIPTS_READ_IT),
    ("Features", SCRIPTS_READ_IT),
    ("Git", SCRIPTS_READ_IT),
    ("HyperV", SCRIPTS_READ_IT),
    ("Infrastructure", SCRIPTS_READ_IT),
    ("InstallationOptions", SCRIPTS_READ_IT),
    ("Interface", OLD_ENGINE),
    ("Logging", SCRIPTS_READ_IT),
    ("Manifest", ""),
    ("Metadata", ""),
    ("Modules", SCRIPTS_READ_IT),
    ("Network", SCRIPTS_READ_IT),
    ("Notifications", TELLS),
    ("Platform", SCRIPTS_READ_IT),
    ("Recovery", SCRIPTS_READ_IT),
    ("Reporting", SCRIPTS_READ_IT),
    ("Security", SCRIPTS_READ_IT),
    ("System", SCRIPTS_READ_IT),
    ("Testing", SCRIPTS_READ_IT),
    ("UI", OLD_ENGINE),
    ("Validation", SCRIPTS_READ_IT),
    ("Version", ""),
];
/// Fields of `Automation` that az has no use for, and why.
const OF_AUTOMATION: &[(&str, &str)] = &[
    ("AutoSave", KEEPS),
    ("CacheEnabled", ITSELF),
    ("CachePath", ITSELF),
    ("CacheResults", ITSELF),
    ("DefaultProfile", OLD_ENGINE),
    ("Description", ""),
    ("DryRunByDefault", "`az plan` shows what would run"),
    ("EnableHistory", KEEPS),
    ("Enabled", OLD_ENGINE),
    ("ExecutionHistory", KEEPS),
    ("HistoryPath", KEEPS),
    ("HistoryRetentionDays", KEEPS),
    ("LogPath", KEEPS),
    ("NotificationEnabled", TELLS),
    ("NotifyOnCompletion", TELLS),
    ("PlaybooksPath", FOLDERS),
    ("PlaybookPath", FOLDERS),
    ("ProgressBar", ITSELF),
    ("ScriptsPath", FOLDERS),
    ("ScriptPath", FOLDERS),
    ("ShowProgress", ITSELF),
    ("SkipConfirmation", ITSELF),
    ("ValidateBeforeRun", ITSELF),
    ("ValidateScripts", ITSELF),
    ("VerboseLogging", ITSELF),
];

/// Tells whether a file is such a configuration rather than az.toml in one format or another.
pub(super) fn is_old(root: &Node) -> bool {
    let NodeValue::Table(entries) = &root.value else { return false };
    let has = |name: &str| entries.iter().any(|entry| entry.key.value.eq_ignore_ascii_case(name));
    has("Automation") || has("Profiles") || has("Core") || has("Features")
}

/// Reads the whole file.
pub(super) fn decode(root: Value<'_>) -> Option<Config> {
    let mut table = root.table("the configuration")?;
    let mut config = Config::default();
    if let Some(inner) = table.raw("Automation") {
        automation(inner, &mut config);
    }
    config.profiles.extend(table.optional("Profiles", profiles).unwrap_or_default());
    config.variables = table.optional("Variables", settings::variables).unwrap_or_default();
    table.finish_open(OF_THE_FILE);
    Some(config)
}

fn automation(value: Value<'_>, config: &mut Config) -> Option<()> {
    let mut table = value.table("`Automation`")?;
    let jobs = Key::new("MaxConcurrency", &["MaxParallel", "MaxParallelJobs"]);
    config.jobs =
        table.optional(jobs, |value| value.whole_number(1..=u32::MAX)).and_then(std::num::NonZero::new);
    config.continue_on_error = table.optional("ContinueOnError", Value::boolean);
    defaults(&mut table, config);
    config.profiles.extend(table.optional("Profiles", profiles).unwrap_or_default());
    config.registry = table.optional("Playbooks", registry).unwrap_or_default();
    config.ranges = table.optional("ScriptRangeDefaults", ranges).unwrap_or_default();
    table.finish_open(OF_AUTOMATION);
    Some(())
}

/// Reads what steps have that nothing else says.
fn defaults(table: &mut Table<'_>, config: &mut Config) {
    let found = &mut config.defaults;
    let mode = Key::new("DefaultMode", &["Mode", "ExecutionMode"]);
    let words = [("parallel", Some(true)), ("sequential", Some(false)), ("interactive", None)];
    found.parallel = table.optional(mode, |mode| mode.choice(&words)).flatten();
    let timeout = Key::new("DefaultTimeout", &["Timeout", "TimeoutSeconds"]);
    found.timeout = table.optional(timeout, settings::timeout).flatten();
    let retries = Key::new("MaxRetries", &["Retries", "RetryCount"]);
    found.retries = table.optional(retries, |value| value.whole_number(0..=MAX_RETRIES));
    found.retry_delay = table.optional(Key::new("RetryDelay", &["RetryDelaySeconds"]), |value| {
        let is_zero = matches!(&value.node().value, NodeValue::Number(raw) if raw.parse() == Ok(0.0));
        if is_zero { None } else { value.duration() }
    });
}
