//! The words of the command line.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::{
    cache::Cache, doctor::DoctorWords, inputs::Inputs, library::Library, matrix::Matrix,
    playbooks::Playbooks, runs::Runs, trust::Trust, verify::Verify, watch::Watch, why::Why,
};
use crate::{
    engine::HIGHEST_PRIORITY,
    text::{duration, size},
};

/// Runs numbered scripts and playbooks the way a build system builds targets.
#[derive(Debug, Parser)]
#[command(name = "az", version, disable_help_subcommand = true, disable_help_flag = true)]
#[command(max_term_width = 100)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) output: Output,
    #[command(subcommand)]
    pub(super) verb: Option<Verb>,
}

/// How anything is shown.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of all verbs")]
pub(super) struct Output {
    /// Act as if started in this folder
    #[arg(short = 'C', long = "directory", value_name = "DIR", global = true)]
    pub(super) directory: Option<PathBuf>,
    /// Form of what is printed on standard output
    #[arg(long = "format", value_enum, default_value_t = Form::Text, value_name = "FORMAT", global = true)]
    pub(super) form: Form,
    /// The same as --format json
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// Say less: failures and warnings only
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
    /// Say more: reused steps too; twice: the output of all steps
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub(super) verbose: u8,
    /// Use colours
    #[arg(long, value_enum, default_value_t = Color::Auto, value_name = "WHEN", global = true)]
    pub(super) color: Color,
    /// Show this help
    #[arg(short, long, action = clap::ArgAction::HelpShort, global = true)]
    pub(super) help: Option<bool>,
}

impl Output {
    /// Guesses from words that cannot be parsed how the answer is to be shown.
    pub(super) fn guess(words: &[OsString]) -> Self {
        let words: Vec<&str> = words.iter().filter_map(|word| word.to_str()).collect();
        let has = |text: &str| words.contains(&text);
        let follows = |value: &str| words.windows(2).any(|pair| pair == ["--format", value]);
        let form = match () {
            () if has("--json") || has("--format=json") || follows("json") => Form::Json,
            () if has("--format=jsonl") || follows("jsonl") => Form::Jsonl,
            () => Form::Text,
        };
        Self { directory: None, form, json: false, quiet: false, verbose: 0, color: Color::Auto, help: None }
    }

    /// Returns the form that was asked for.
    pub(super) fn form(&self) -> Form {
        if self.json { Form::Json } else { self.form }
    }

    /// Returns the form of what every verb can say; those of other programs are for findings alone.
    pub(super) fn format(&self) -> Format {
        match self.form() {
            Form::Text | Form::Sarif | Form::Github => Format::Text,
            Form::Json => Format::Json,
            Form::Jsonl => Format::Jsonl,
        }
    }
}

/// Forms of data on standard output, as they are typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    /// For people
    Text,
    /// One JSON value at the end
    Json,
    /// One JSON value a line, as things happen
    Jsonl,
    /// SARIF 2.1.0, for code scanners and editors; az check only
    Sarif,
    /// Annotations for GitHub's workflows; az check only
    Github,
}

/// Forms that every verb has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// For people.
    Text,
    /// One JSON value.
    Json,
    /// One JSON value a line.
    Jsonl,
}

/// When colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Run scripts and playbooks; what is up to date is not run again
    #[command(visible_aliases = ["run", "b", "seq"])]
    Build(Build),
    /// Run a playbook; the same as build, and a --timeout without a unit is one of minutes
    #[command(visible_aliases = ["orch", "o"], after_help = ORCHESTRATE)]
    Orchestrate(Build),
    /// Build, and build again whenever something has changed that steps depend on
    #[command(after_help = super::watch::EXAMPLES)]
    Watch(Watch),
    /// Run one script by its number, with live output
    #[command(hide = true)]
    Script(Script),
    /// Show what would run, and why
    Plan(Plan),
    /// Show scripts, playbooks, stages or tags
    List(List),
    /// List playbooks, show, compare and convert them
    #[command(visible_alias = "playbook")]
    Playbooks(Playbooks),
    /// Look through the playbooks by category and words; give them out and take them in
    Library(Library),
    /// Show the combinations of a matrix
    Matrix(Matrix),
    /// Look for mistakes in all files, and mend those that can be; run nothing
    #[command(visible_alias = "validate")]
    Check(Check),
    /// Run steps in fresh copies of the workspace, and tell whether they give the same result each time
    Verify(Verify),
    /// Say why a step ran, was reused, skipped, blocked or failed
    Why(Why),
    /// Show what a step was last seen to read, write and run
    Inputs(Inputs),
    /// Show the runs that are kept
    #[command(visible_alias = "jobs")]
    Runs(Runs),
    /// Look at the cache, empty or export it
    Cache(Cache),
    /// Say that the scripts, playbooks, rules and az.toml of a workspace may run without being asked for
    Trust(Trust),
    /// Show how az works on this machine, and whether what the scripts need is there
    Doctor(DoctorWords),
    /// Read all that the cache keeps, and say what of it is damaged
    #[command(after_help = super::fsck::NOTES)]
    Fsck {
        /// Mend what can be mended, and put what a killed az had taken out of its place where it can be found
        #[arg(long)]
        repair: bool,
    },
    /// Prove on this machine that az keeps its promises, with workspaces of its own
    #[command(after_help = super::selftest::EXAMPLES)]
    Selftest(Selftest),
    /// Print the JSON schema that editors check playbooks, rules and az.toml with
    Schema {
        /// What the schema is of: playbook (default), rules, config, job or step
        #[arg(value_name = "WHAT")]
        of: Option<String>,
    },
    /// Explain a verb, a code such as AZ0104, or a topic such as selection
    Help {
        /// A verb, a code or a topic
        topic: Option<String>,
    },
}

/// What is to be proven.
#[derive(Debug, Clone, Args)]
pub(super) struct Selftest {
    /// What is done to the workspaces
    #[arg(value_enum)]
    pub(super) what: Proof,
    /// How often; default: 1000 workspaces in memory or 100 with --processes, 100 kills, each damage there can be
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) rounds: Option<u64>,
    /// The number the first random workspace is made of; the next one has the next number
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) seed: u64,
    /// `model`: on disk and with a process for each step, instead of in memory
    #[arg(long)]
    pub(super) processes: bool,
}

/// What az proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Proof {
    /// Random workspaces live through random changes and faults; each build is held against running by hand
    Model,
    /// az is killed at any moment, and must find its way afterwards
    Crash,
    /// What az keeps is damaged, each file at each place
    Corrupt,
}

/// What is asked for.
#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(super) struct Request {
    /// Selections (0402, 0400-0499, 04*, stage:NAME, tag:NAME, !0404), playbooks, @FILE, or - for standard input
    #[arg(value_name = "SELECTION|PLAYBOOK")]
    pub(super) selection: Vec<String>,
    /// Run the playbook of this name, as if it were named alone
    #[arg(long, visible_alias = "playbook", value_name = "NAME")]
    pub(super) load_playbook: Option<String>,
    /// Run these scripts, as if they were named alone
    #[arg(long, value_name = "SELECTION")]
    pub(super) sequence: Vec<String>,
    /// Set a variable: NAME=TEXT, or NAME:=JSON for numbers, true, false and lists
    #[arg(long = "var", value_name = "NAME=VALUE")]
    pub(super) variables: Vec<String>,
    /// Set several variables at once: 'NAME=TEXT NAME:=JSON', with quotes around what has blanks, or as '@{...}' or '{...}'
    #[arg(long = "variables", visible_alias = "parameters", value_name = "NAME=VALUE ...")]
    pub(super) assignments: Vec<String>,
    /// Read variables from a file, JSON, YAML, TOML or psd1; what is set on the command line stands above
    #[arg(long = "vars-file", value_name = "FILE")]
    pub(super) variable_files: Vec<PathBuf>,
    /// Set names for conditions only, as with --variables; they stand above variables there
    #[arg(long, value_name = "NAME=VALUE ...")]
    pub(super) conditions: Vec<String>,
    /// Give conditions that az cannot read to pwsh, which then runs whatever stands in them; for old files you trust
    #[arg(long)]
    pub(super) unsafe_pwsh_conditions: bool,
    /// Run in this environment: the variable `environment` has this value, and its section of the configuration holds
    #[arg(long, value_name = "NAME", value_parser = environment)]
    pub(super) environment: Option<String>,
    /// Dimensions of a matrix that all runs for.
    #[arg(
        help = "Run all once for each value: NAME=A,B with texts, or NAME:=[1,true] with JSON; several are multiplied",
        long,
        value_name = "NAME=VALUES"
    )]
    pub(super) matrix: Vec<String>,
    /// Run playbooks under this one of their profiles; without any, what this profile of the configuration selects
    #[arg(long, visible_alias = "playbook-profile", value_name = "NAME")]
    pub(super) profile: Option<String>,
    /// Select the scripts that selected ones depend on, too
    #[arg(long)]
    pub(super) with_deps: bool,
    /// Let steps overlap of which nobody can tell what they read and write; `false`: one after the other
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    pub(super) parallel: Option<bool>,
    /// Do not trace: only what steps declare counts
    #[arg(long)]
    pub(super) no_trace: bool,
    /// Read this configuration above az.toml: one like it in any format, or AitherZero's config.psd1 or config.json
    #[arg(long, value_name = "FILE")]
    pub(super) configuration: Option<PathBuf>,
    /// Let steps write only what they declare to make, and use no network unless they ask for it
    #[arg(long)]
    pub(super) sandbox: bool,
    /// Warnings are errors
    #[arg(long)]
    pub(super) strict: bool,
    /// Nothing selected is no error
    #[arg(long)]
    pub(super) allow_empty: bool,
    /// Ask nothing, as az always does
    #[arg(long)]
    pub(super) non_interactive: bool,
}

#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(super) struct Build {
    #[command(flatten)]
    pub(super) request: Request,
    /// Steps at work at once; default: the number of cores
    #[arg(short, long, visible_alias = "max-concurrency", value_name = "N", value_parser = at_least_one)]
    pub(super) jobs: Option<usize>,
    /// Priority of steps that have none of their own, -100 to 100: higher ones begin first
    #[arg(long, value_name = "N", allow_negative_numbers = true, default_value_t = 0, hide_default_value = true, value_parser = priority)]
    pub(super) priority: i32,
    /// Show what would run, and run nothing
    #[arg(long, visible_alias = "what-if")]
    pub(super) dry_run: bool,
    /// Say why each step ran, with what it was and what it is
    #[arg(long)]
    pub(super) explain: bool,
    /// Save the selection and the variables as a playbook of this name, then run it; --force writes over one that is
    /// there
    #[arg(long, value_name = "NAME", conflicts_with_all = ["dry_run", "matrix"])]
    pub(super) save_playbook: Option<String>,
    /// Go on with independent steps after a failure; exit 10
    #[arg(long)]
    pub(super) continue_on_error: bool,
    /// Run all selected steps, whatever the cache says, and record them
    #[arg(long, conflicts_with = "no_cache")]
    pub(super) force: bool,
    /// Neither look anything up nor record anything
    #[arg(long)]
    pub(super) no_cache: bool,
    /// Do not wait for another az that is at work here: exit 75
    #[arg(long)]
    pub(super) no_wait: bool,
    /// Run this share of the steps that could be reused all the same, and compare: 5%
    #[arg(long, value_name = "N%", conflicts_with_all = ["force", "no_cache", "dry_run"])]
    pub(super) audit: Option<String>,
    /// What decides which steps are audited; default: random
    #[arg(long, value_name = "TEXT", requires = "audit")]
    pub(super) audit_seed: Option<String>,
    /// End the whole run after this time: 90s, 5m, 1h
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(super) timeout: Option<Duration>,
    /// Reuse what is unchanged, as az always does
    #[arg(long, conflicts_with_all = ["force", "no_cache"])]
    pub(super) use_cache: bool,
    /// List at the end what the steps hand on
    #[arg(long)]
    pub(super) capture_outputs: bool,
    /// Keep what has ended, as az always does: the same command again goes on from there
    #[arg(long)]
    pub(super) checkpoint: bool,
    /// Tell what is decided on each step and why, and show the output of all of them
    #[arg(long)]
    pub(super) debug: bool,
}

const ORCHESTRATE: &str = "\
Examples:
  az orchestrate run --playbook deploy-web-app --environment production
  az orch deploy --parameters \"target=database version='1.0 beta'\" --dry-run
  az o ci --parallel --timeout 30          thirty minutes; 90s and 5m can be written, too";

/// Reads a count of which there must be one.
///
/// # Errors
/// What to write instead.
pub(super) fn at_least_one(text: &str) -> Result<usize, String> {
    let count = text.parse().ok().filter(|count| *count > 0);
    count.ok_or_else(|| "write a whole number above 0, such as 4".to_owned())
}

/// Reads how much the cache keeps, in bytes; the largest number for no limit.
///
/// # Errors
/// What to write instead.
pub(super) fn size_limit(text: &str) -> Result<u64, String> {
    let read = if is_none(text) { Ok(u64::MAX) } else { size::parse(text) };
    read.map_err(|why| format!("{why}; write {}, or `none` for no limit", size::FORMS))
}

/// Reads how long the cache keeps what is of no use; the longest time for no limit.
///
/// # Errors
/// What to write instead.
pub(super) fn age_limit(text: &str) -> Result<Duration, String> {
    let read = if is_none(text) { Ok(Duration::MAX) } else { duration::parse(text) };
    read.map_err(|why| format!("{why}; write {}, or `none` for no limit", duration::FORMS))
}

fn is_none(text: &str) -> bool {
    text.trim().eq_ignore_ascii_case("none")
}

/// Reads a priority.
///
/// # Errors
/// What to write instead.
fn priority(text: &str) -> Result<i32, String> {
    let known = text.parse().ok().filter(|number: &i32| number.abs() <= HIGHEST_PRIORITY);
    known.ok_or_else(|| format!("write a whole number from -{HIGHEST_PRIORITY} to {HIGHEST_PRIORITY}"))
}

/// Reads the name of an environment.
///
/// # Errors
/// What to write instead.
pub(super) fn environment(text: &str) -> Result<String, String> {
    let is_name = text.starts_with(|c: char| c.is_alphanumeric())
        && text.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c));
    if is_name { Ok(text.to_owned()) } else { Err("write a name, such as staging".to_owned()) }
}

/// Reads a duration.
///
/// # Errors
/// What to write instead.
fn time(text: &str) -> Result<Duration, String> {
    duration::parse(text).map_err(|_| format!("write {}", duration::FORMS))
}

#[derive(Debug, Clone, Args)]
pub(super) struct Plan {
    #[command(flatten)]
    pub(super) request: Request,
}

#[derive(Debug, Clone, Args)]
pub(super) struct List {
    /// What to list: scripts (default), playbooks, stages or tags; then a selection such as 04* or stage:NAME
    #[arg(value_name = "WHAT|SELECTION")]
    pub(super) words: Vec<String>,
}

#[derive(Debug, Clone, Args)]
#[command(after_help = CHECK)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(super) struct Check {
    /// Files, folders, selections or playbooks; default: everything
    #[arg(value_name = "PATH|SELECTION")]
    pub(super) words: Vec<String>,
    /// Check this playbook, by name or path; may be given several times
    #[arg(long = "playbook", value_name = "NAME|PATH")]
    pub(super) playbooks: Vec<String>,
    /// Warnings are errors; exit 4 if there are no others
    #[arg(long, conflicts_with = "declare")]
    pub(super) strict: bool,
    /// Show what is certain to mend a mistake as a diff, write it, and check again
    #[arg(long, group = "writes")]
    pub(super) fix: bool,
    /// Check as if run in this environment: the variable `environment` has this value, its configuration holds
    #[arg(long, value_name = "NAME", value_parser = environment, conflicts_with = "declare")]
    pub(super) environment: Option<String>,
    /// A program that scripts or playbooks need and that is not installed here is an error
    #[arg(long, conflicts_with = "declare")]
    pub(super) dependencies: bool,
    /// Plan each playbook under each of its profiles too, and tell what is wrong in which
    #[arg(long, conflicts_with = "declare")]
    pub(super) simulate: bool,
    /// Write what steps were last seen to read and make into the headers of their scripts, or show it as rules
    #[arg(
        long, value_enum, value_name = "WHERE", num_args = 0..=1, default_missing_value = "headers",
        require_equals = true, group = "writes"
    )]
    pub(super) declare: Option<DeclareWhere>,
    /// With --fix or --declare: show what would be written, and write nothing
    #[arg(long, visible_alias = "what-if", requires = "writes")]
    pub(super) dry_run: bool,
}

const CHECK: &str = "\
Examples:
  az check                          all files: az.toml, rules, scripts, playbooks
  az check ci 04* drafts/new.json   a playbook, a selection, a file anywhere
  az check --fix --dry-run          what az would mend, as a diff
  az check --fix                    mend it, and tell what is left
  az check --format sarif           for code scanners; --format github annotates a pull request

--fix replaces only the words that are wrong: comments, layout and line ends stay. A file is left as it is if it
would have more errors than before, is read-only or lies outside the workspace, or if somebody changes it meanwhile.
Exit codes: 0 all is well, or warnings only; 2 errors are left, or a file could not be mended; 3 there is nothing to
check; 4 warnings under --strict.";

/// Where declarations go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum DeclareWhere {
    /// Into the headers
    Headers,
    /// To standard output, as TOML for a file below rules/
    Rules,
}

#[derive(Debug, Clone, Args)]
pub(super) struct Script {
    /// The number, its first three digits, or the script's name
    pub(super) number: String,
    /// Neither look anything up nor record anything
    #[arg(long)]
    pub(super) no_cache: bool,
    /// Set a variable: NAME=TEXT, or NAME:=JSON
    #[arg(long = "var", value_name = "NAME=VALUE")]
    pub(super) variables: Vec<String>,
    /// Handed to the script
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(super) arguments: Vec<String>,
}
