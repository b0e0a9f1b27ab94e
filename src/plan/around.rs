//! What stands around what a playbook runs: requirements, checks, limits, what is told, each with its place.
//!
//! Knows a playbook's text and its names. Does not know the machine, nor how a run goes: the engine asks.

use std::sync::Arc;

use super::{
    expand::Course,
    flow::Names,
    formula::{Doubts, Formula, SYNTAXES},
    world::World,
};
use crate::{
    base::{Span, Spanned},
    diag::{Diagnostic, Severity, Source, code},
    model::playbook::{
        Check as Written, Counted, Moment, Notification, Placed, Requirements, ThresholdAction,
    },
    text::expression::{Expr, parse_under},
};

/// What stands around what one playbook runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Around {
    /// The playbook's text.
    pub source: Arc<Source>,
    /// The playbook's scope in the plan, whose names hold.
    pub scope: usize,
    /// What must be there before it runs.
    pub requirements: Vec<Requirement>,
    /// What must hold before it runs.
    pub before: Vec<Check>,
    /// What should hold when all has ended.
    pub after: Vec<Check>,
    /// How much of something there may be in the run.
    pub limits: Vec<Limit>,
    /// What is told at which moment.
    pub notices: Vec<Notice>,
}

/// Something that must be there before a playbook runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// What.
    pub needs: Needs,
    /// Where it is written.
    pub at: Span,
}

/// What a playbook may require.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Needs {
    /// PowerShell of at least this version.
    PowerShell(String),
    /// A module of PowerShell.
    Module(String),
    /// A program.
    Tool(String),
    /// A script, by number, name or path.
    Script(String),
    /// One of these systems.
    Platforms(Vec<String>),
    /// A variable of the environment.
    Env(String),
    /// The rights of an administrator.
    Elevation,
}

/// A condition and what is told if it does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// As it is written.
    pub text: String,
    /// Where.
    pub at: Span,
    /// The same, read; nothing if it cannot be.
    pub expr: Option<Expr>,
    /// Why it cannot be read: errors.
    pub faults: Vec<Diagnostic>,
    /// What is told if it does not hold.
    pub message: Option<Formula>,
}

/// How much of something there may be in a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// What people call it.
    pub name: String,
    /// What is counted.
    pub counted: Counted,
    /// The most there may be.
    pub most: u32,
    /// What happens if there is more.
    pub action: ThresholdAction,
}

/// Something that is told at some moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// When.
    pub on: Moment,
    /// How loud: `information`, `success`, `warning`, `error`, `debug`.
    pub level: &'static str,
    /// Where, of `console`, `log`, `github`.
    pub channels: Vec<&'static str>,
    /// What.
    pub message: Formula,
}

/// Names that messages may ask for beside those of the playbook: what is known of the run.
pub const TOLD_OF_RUN: [&str; 7] =
    ["total", "completed", "failed", "skipped", "cached", "blocked", "duration"];

/// Returns what stands around a playbook, with what is doubtful of it. Of a playbook that another one uses, or that stands
/// in `known` already, only what may differ is taken.
pub(super) fn around(
    course: &Course<'_>,
    names: &Names,
    known: &[Around],
) -> (Option<Around>, Vec<Diagnostic>) {
    let playbook = course.of.playbook;
    let (validation, mut faults) = (&playbook.validation, Vec::new());
    let is_used = !course.users.is_empty();
    let is_again = known.iter().any(|other| Arc::ptr_eq(&other.source, course.of.source));
    let mut found = Around {
        source: Arc::clone(course.of.source),
        scope: course.scope,
        requirements: if is_again { Vec::new() } else { requirements(course, &playbook.requirements) },
        before: Vec::new(),
        after: Vec::new(),
        limits: Vec::new(),
        notices: Vec::new(),
    };
    if is_used {
        let is_more = !(validation.before.is_empty()
            && validation.after.is_empty()
            && validation.thresholds.is_empty()
            && playbook.notifications.is_empty());
        faults.extend((is_more && !is_again).then(|| of_a_used_one(course)));
    } else {
        let mut reader = Reader { course, names, faults: &mut faults };
        found.before = validation.before.iter().map(|check| reader.check(check)).collect();
        found.after = validation.after.iter().map(|check| reader.check(check)).collect();
        if !is_again {
            found.notices = playbook.notifications.iter().map(|one| reader.notice(one)).collect();
            let limit = |limit: &crate::model::playbook::Threshold| {
                let (counted, most) = (Counted::of(&limit.name)?, limit.max_count?);
                Some(Limit { name: limit.name.clone(), counted, most, action: limit.action })
            };
            found.limits = validation.thresholds.iter().filter_map(limit).collect();
        }
    }
    let is_empty = found.requirements.is_empty()
        && found.before.is_empty()
        && found.after.is_empty()
        && found.limits.is_empty()
        && found.notices.is_empty();
    ((!is_empty).then_some(found), faults)
}

/// Notes that checks and notifications are those of the playbook that was asked for.
fn of_a_used_one(course: &Course<'_>) -> Diagnostic {
    let message = "checks and notifications of a playbook that another one uses change nothing";
    let at = ["/validation", "/preConditions", "/postConditions", "/notifications"];
    let place = course.of.tree.and_then(|tree| at.iter().find_map(|at| tree.find(at)));
    let fault = Diagnostic::note(code::UNUSED_FIELD, message).source(course.of.source);
    let help = "write them in the playbook that is asked for";
    match place {
        Some(node) => fault.at(first_line(course.of.source, node.span)).help(help),
        None => fault.help(help),
    }
}

fn first_line(source: &Source, span: Span) -> Span {
    let line = span.of(&source.text).lines().next().unwrap_or_default();
    Span::new(span.start, span.start + line.len())
}

fn requirements(course: &Course<'_>, written: &Requirements) -> Vec<Requirement> {
    let mut found = Vec::new();
    let span = |at: &str| course.of.span(at);
    if let (Some(first), Some(last)) = (written.platforms.first(), written.platforms.last()) {
        let platforms = written.platforms.iter().map(|platform| platform.value.clone()).collect();
        let at = Span::new(span(&first.at).start, span(&last.at).end);
        found.push(Requirement { needs: Needs::Platforms(platforms), at });
    }
    if written.elevation == Some(true) {
        let section = ["/requirements", "/prerequisites"];
        let section = course.of.tree.and_then(|tree| section.iter().find_map(|at| tree.find(at)));
        let at = section.map(|node| first_line(course.of.source, node.span)).unwrap_or_default();
        found.push(Requirement { needs: Needs::Elevation, at });
    }
    let mut add = |placed: &[Placed<String>], needs: fn(String) -> Needs| {
        let texts = placed.iter().filter(|one| !one.value.trim().is_empty());
        found.extend(
            texts.map(|one| Requirement { needs: needs(one.value.trim().to_owned()), at: span(&one.at) }),
        );
    };
    add(written.powershell.as_slice(), Needs::PowerShell);
    add(&written.modules, Needs::Module);
    add(&written.tools, Needs::Tool);
    add(&written.scripts, Needs::Script);
    add(&written.env, Needs::Env);
    found
}

/// Reads what is evaluated later.
struct Reader<'c, 'f> {
    course: &'c Course<'c>,
    names: &'c Names,
    faults: &'f mut Vec<Diagnostic>,
}

impl Reader<'_, '_> {
    fn check(&mut self, written: &Written) -> Check {
        let of = self.course.of;
        let at = of.span(&written.condition.at);
        let text = written.condition.value.clone();
        let parsed = parse_under(self.course.rules(), of.source, Spanned::new(&text, at));
        let label = written.message.as_ref().or(written.name.as_ref());
        let message = label.map(|label| self.text(label, at));
        Check { text, at, expr: parsed.expr, faults: parsed.diagnostics, message }
    }

    fn notice(&mut self, written: &Notification) -> Notice {
        let at = self.course.of.tree.and_then(|tree| tree.find("/notifications"));
        let at = at.map(|node| first_line(self.course.of.source, node.span)).unwrap_or_default();
        Notice {
            on: written.on,
            level: level(written.level.as_deref(), written.on),
            channels: channels(&written.channels),
            message: self.text(&written.message, at),
        }
    }

    /// Reads a text for people: what is wrong in it stops nobody.
    fn text(&mut self, text: &str, at: Span) -> Formula {
        let (mut wrong, mut doubts) = (Vec::new(), Doubts::default());
        let formula = Formula::read_text(text, &SYNTAXES, &mut wrong);
        let ground = self.course.ground;
        let world = World::new(self.names, ground.env, ground.platform);
        // What only the run tells is told of there.
        _ = world.fill(&formula, &mut doubts);
        doubts.undefined.append(&mut doubts.unset);
        let is_of_run = |name: &String| {
            let first = name.split('.').next().unwrap_or_default().to_ascii_lowercase();
            TOLD_OF_RUN.contains(&first.as_str()) || ["results", "result", "summary"].contains(&&*first)
        };
        doubts.undefined.retain(|name| !is_of_run(name));
        let unset = doubts.undefined.iter().map(|name| {
            let message = format!("nobody sets `{name}`, so that it is empty in what is told");
            Diagnostic::note(code::UNKNOWN_VARIABLE, message).help(format!("set it with --var {name}=VALUE"))
        });
        let wrong = wrong.into_iter().map(|fault| Diagnostic {
            severity: Severity::Warning,
            labels: vec![],
            ..fault
        });
        let source = self.course.of.source;
        self.faults.extend(wrong.chain(unset).map(|fault| fault.source(source).label(at, "in here")));
        formula
    }
}

/// Returns how loud a notification is; of itself as its moment is.
fn level(written: Option<&str>, on: Moment) -> &'static str {
    match written.map(str::to_ascii_lowercase).as_deref() {
        Some("information" | "info" | "notice") => "information",
        Some("success") => "success",
        Some("warning" | "warn") => "warning",
        Some("error" | "critical") => "error",
        Some("debug" | "verbose" | "trace") => "debug",
        _ => match on {
            Moment::Success => "success",
            Moment::Warning | Moment::Restart => "warning",
            Moment::Failure => "error",
            Moment::Start | Moment::Progress | Moment::Complete => "information",
        },
    }
}

/// Returns the channels that az reaches; the console if none is written.
fn channels(written: &[String]) -> Vec<&'static str> {
    if written.is_empty() {
        return vec!["console"];
    }
    let reached = |name: &String| match name.to_ascii_lowercase().as_str() {
        "console" => Some("console"),
        "log" | "file" => Some("log"),
        "github" => Some("github"),
        _ => None,
    };
    let mut found: Vec<&'static str> = Vec::new();
    for channel in written.iter().filter_map(reached) {
        if !found.contains(&channel) {
            found.push(channel);
        }
    }
    found
}

impl Around {
    /// Returns why checks of what should hold afterwards cannot be read: warnings, since nothing depends on these.
    pub fn unreadable_after(&self) -> impl Iterator<Item = Diagnostic> {
        self.after.iter().flat_map(|check| &check.faults).map(weaker)
    }

    /// Returns why checks cannot be read: warnings, for who only looks.
    pub fn unreadable(&self) -> impl Iterator<Item = Diagnostic> {
        self.before.iter().chain(&self.after).flat_map(|check| &check.faults).map(weaker)
    }

    /// Returns why checks of what must hold before cannot be read: errors.
    pub fn unreadable_before(&self) -> impl Iterator<Item = Diagnostic> {
        self.before.iter().flat_map(|check| check.faults.clone())
    }
}

/// Makes a warning of an error.
fn weaker(fault: &Diagnostic) -> Diagnostic {
    Diagnostic { severity: fault.severity.min(Severity::Warning), ..fault.clone() }
}
