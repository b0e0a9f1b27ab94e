//! Plain readable lines, one for each thing worth knowing, as it happens.

use std::time::Duration;

use super::RunView;
use crate::{
    base::{duration, harmless, harmless_name, plural},
    event::{Counts, Event, Outcome, Reason},
};

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Failures and warnings only.
    Quiet,
    /// What ran, was restored, skipped, blocked or failed.
    Normal,
    /// Reused steps as well, and the output of all.
    Verbose,
}

/// Turns events into lines.
#[derive(Debug)]
pub struct Lines {
    verbosity: Verbosity,
    color: bool,
    width: usize,
}

/// Names are padded to this width at most.
const NAME_WIDTH: usize = 32;

impl Lines {
    /// Makes lines of this verbosity, with or without colour.
    pub fn new(verbosity: Verbosity, color: bool) -> Self {
        Self { verbosity, color, width: 0 }
    }

    /// Takes in an event, with what is known of the run after it, and returns the lines it is worth, each without its
    /// newline.
    pub fn lines(&mut self, event: &Event, view: &RunView) -> Vec<String> {
        match event {
            Event::OrchestrationStarted { nodes, .. } => {
                let longest = nodes.iter().map(|node| node.id.chars().count()).max().unwrap_or(0);
                self.width = longest.min(NAME_WIDTH);
                vec![]
            }
            Event::ScriptCompleted { node, cached: true, flags, .. } => {
                let level = if flags.is_empty() { Verbosity::Verbose } else { Verbosity::Normal };
                self.if_at_least(level, view, node)
            }
            Event::ScriptCompleted { node, cached: false, .. }
            | Event::Restored { node, .. }
            | Event::Skipped { node, .. }
            | Event::Cancelled { node, .. } => self.if_at_least(Verbosity::Normal, view, node),
            Event::ScriptFailed { node, .. } | Event::Blocked { node, .. } => {
                self.if_at_least(Verbosity::Quiet, view, node)
            }
            Event::Retry { node, attempt, delay_ms, error } if self.verbosity >= Verbosity::Normal => {
                let wait = duration(Duration::from_millis(*delay_ms));
                vec![self.line("retry", Paint::Yellow, node, &format!("{error}; try {attempt} in {wait}"))]
            }
            Event::SetAside { path, kept } => {
                vec![self.paint(Paint::Yellow, &format!("set aside `{path}`, edited by hand, as {kept}"))]
            }
            // Of failed steps each has said what is to be said.
            Event::OrchestrationFailed { exit_code, reason, .. }
                if !matches!(exit_code, 1 | 10) || view.counts().failed == 0 =>
            {
                vec![self.paint(Paint::Red, reason)]
            }
            Event::Warning { code, message, .. } => {
                vec![format!("{}[{code}]: {}", self.paint(Paint::Yellow, "warning"), harmless(message))]
            }
            Event::Note { code, message, .. } if self.verbosity >= Verbosity::Normal => {
                vec![format!("{}[{code}]: {}", self.paint(Paint::Gray, "note"), harmless(message))]
            }
            Event::Notified { level, channel, message, .. } if channel == "console" => {
                self.notified(level, message).into_iter().collect()
            }
            _ => vec![],
        }
    }

    /// Returns the line of a notification, if it is loud enough.
    fn notified(&self, level: &str, message: &str) -> Option<String> {
        let (paint, least) = match level {
            "error" => (Paint::Red, Verbosity::Quiet),
            "warning" => (Paint::Yellow, Verbosity::Quiet),
            "success" => (Paint::Green, Verbosity::Normal),
            "debug" => (Paint::Gray, Verbosity::Verbose),
            _ => (Paint::Gray, Verbosity::Normal),
        };
        let line = || format!("{}: {}", self.paint(paint, level), harmless(message));
        (self.verbosity >= least).then(line)
    }

    fn if_at_least(&self, level: Verbosity, view: &RunView, node: &str) -> Vec<String> {
        if self.verbosity >= level { self.node_line(view, node).into_iter().collect() } else { vec![] }
    }

    /// Returns the line of a step that ended.
    fn node_line(&self, view: &RunView, id: &str) -> Option<String> {
        let node = view.nodes.get(id)?;
        let outcome = node.outcome?;
        let time = Duration::from_millis(node.duration_ms);
        let flags =
            if node.flags.is_empty() { String::new() } else { format!(" [{}]", node.flags.join(", ")) };
        let text = match outcome {
            Outcome::Ran => format!("{:>8}  {}{flags}", duration(time), clause(&node.reasons)),
            Outcome::Failed => {
                format!("{:>8}  {}{flags}", duration(time), node.error.as_deref().unwrap_or("failed"))
            }
            Outcome::Restored => {
                format!("{:>8}  {}", "", plural(node.restored.len(), "path") + " brought back")
            }
            Outcome::Cached => format!("{:>8}  {}{flags}", "", clause(&node.reasons)),
            Outcome::Skipped | Outcome::Blocked | Outcome::Cancelled => {
                format!("{:>8}  {}", "", clause(&node.reasons))
            }
        };
        Some(self.line(outcome.as_str(), Paint::of(outcome), id, &text))
    }

    fn line(&self, word: &str, paint: Paint, id: &str, text: &str) -> String {
        let word = self.paint(paint, &format!("{word:>9}"));
        let (id, text) = (harmless_name(id), harmless(text));
        format!("{word}  {id:<width$}  {text}", width = self.width).trim_end().to_owned()
    }

    fn paint(&self, paint: Paint, text: &str) -> String {
        let text = harmless(text);
        if self.color { format!("\u{1b}[{}m{text}\u{1b}[0m", paint as u8) } else { text.into_owned() }
    }
}

/// Returns the first reason in a clause, and how many more there are.
pub(super) fn clause(reasons: &[Reason]) -> String {
    match reasons {
        [] => String::new(),
        [only] => only.text.clone(),
        [first, rest @ ..] => format!("{} (+{} more)", first.text, rest.len()),
    }
}

/// Returns the last line of a run: `ran 2 steps, reused 14, 1 failed in 3.2 s (run 7f3a)`.
pub fn summary_line(view: &RunView) -> String {
    let duration_ms = view.ending.as_ref().map_or(0, |ending| ending.duration_ms);
    summary_of(view.counts(), duration_ms, &view.run)
}

/// Returns what to do about the first step that failed: where all it printed can be read, or how it gets more time.
pub fn help_line(view: &RunView) -> Option<String> {
    let failed = view.nodes.iter().find(|(_, node)| node.outcome == Some(Outcome::Failed));
    let (id, node) = failed?;
    let name = harmless_name(id);
    if node.flags.iter().any(|flag| flag == "timed_out") {
        let place = "`# Timeout: 5m` in its header, or `timeout` in its playbook";
        return Some(format!("help: if {name} needs more time, write {place}"));
    }
    // What could not even be started has said nothing.
    node.exit_code?;
    Some(format!("help: `az runs show --log '{name}'` shows all that it printed"))
}

/// Returns the last line of a run of which no more is known than this.
pub fn summary_of(counts: Counts, duration_ms: u64, run: &str) -> String {
    let Counts { total: _, ran, skipped, failed, blocked, cancelled, .. } = counts;
    let mut parts = vec![format!("ran {}", plural(ran + failed, "step"))];
    let reused = counts.reused();
    if reused > 0 {
        parts.push(format!("reused {reused}"));
    }
    for (count, word) in
        [(failed, "failed"), (blocked, "blocked"), (skipped, "skipped"), (cancelled, "cancelled")]
    {
        if count > 0 {
            parts.push(format!("{count} {word}"));
        }
    }
    let time = Duration::from_millis(duration_ms);
    let run = run.rsplit('-').next().unwrap_or_default();
    let run = if ran + failed == 0 || run.is_empty() { String::new() } else { format!(" (run {run})") };
    format!("{} in {}{run}", parts.join(", "), duration(time))
}

/// ANSI foreground colours.
#[derive(Debug, Clone, Copy)]
enum Paint {
    Red = 31,
    Green = 32,
    Yellow = 33,
    Gray = 90,
}

impl Paint {
    fn of(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Ran | Outcome::Restored => Self::Green,
            Outcome::Failed => Self::Red,
            Outcome::Blocked | Outcome::Cancelled => Self::Yellow,
            Outcome::Cached | Outcome::Skipped => Self::Gray,
        }
    }
}
