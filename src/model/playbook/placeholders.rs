//! Placeholders that nothing fills: `{{name}}` without a default, of a variable that the playbook does not know.
//!
//! Knows where placeholders stand in the texts of what runs. Does not fill them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Action, Job, Playbook, Step, fields::variable_of_playbook};
use crate::{
    base::{Span, nearest},
    diag::{Severity, code},
    model::decode::{Context, Value},
    text::document::{Format, Node, NodeValue},
};

/// Fields of the file under which texts are run.
const BODIES: [&str; 8] =
    ["orchestration", "stages", "steps", "sequence", "sequences", "scripts", "workflow", "postActions"];
/// Fields whose values are variables themselves, known to what stands beside them.
const VARIABLES: [&str; 4] = ["variables", "defaultVariables", "vars", "profiles"];
/// Variables of PowerShell's that az knows without being told.
const IS_THERE: [&str; 3] = ["IsWindows", "IsLinux", "IsMacOS"];

/// Warns of each name that a placeholder asks for and nothing in the playbook sets, once for a name.
pub(super) fn check(root: Value<'_>, playbook: &Playbook) {
    let NodeValue::Table(entries) = &root.node().value else { return };
    let known = known_names(playbook);
    let mut search = Search { context: root.context(), known: &known, told: BTreeSet::new() };
    for entry in entries {
        if BODIES.iter().any(|body| body.eq_ignore_ascii_case(&entry.key.value)) {
            search.node(&entry.value);
        }
    }
}

/// Returns the names in small letters, each with how it is written.
fn known_names(playbook: &Playbook) -> BTreeMap<String, String> {
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    let mut add = |name: &str| {
        known.insert(name.to_ascii_lowercase(), name.to_owned());
    };
    playbook.variables.keys().for_each(|name| add(name));
    playbook.parameters.iter().for_each(|parameter| add(&parameter.name));
    playbook.secrets.iter().for_each(|secret| add(&secret.name));
    playbook.env.keys().for_each(|name| add(name));
    for profile in &playbook.profiles {
        profile.variables.keys().chain(profile.overrides.keys()).for_each(|name| add(name));
    }
    let mut open: Vec<&Step> = playbook.before.iter().chain(&playbook.after).collect();
    for job in playbook.body.jobs() {
        of_job(job, &mut add);
        open.extend(&job.steps);
    }
    while let Some(step) = open.pop() {
        step.variables.keys().chain(step.with.keys()).for_each(|name| add(name));
        if let Action::Foreach { variable, .. } = &step.action {
            add(variable);
        }
        open.extend(step.inner());
    }
    known
}

fn of_job(job: &Job, add: &mut impl FnMut(&str)) {
    job.variables.keys().for_each(|name| add(name));
    if let Some(strategy) = &job.strategy {
        strategy.matrix.dimensions.iter().for_each(|(name, _)| add(name));
    }
}

struct Search<'a, 'k> {
    context: &'a Context<'a>,
    known: &'k BTreeMap<String, String>,
    told: BTreeSet<String>,
}

impl Search<'_, '_> {
    /// Looks through a value; its depth is bounded by the reader's.
    fn node(&mut self, node: &Node) {
        match &node.value {
            NodeValue::Text(text) if text.contains("{{") => self.text(node.span),
            NodeValue::Text(text) if self.context.format() == Format::Psd1 => {
                if let Some(name) = variable_of_playbook(text) {
                    self.asked(name, node.span);
                }
            }
            NodeValue::Reference(name) if !IS_THERE.iter().any(|known| known.eq_ignore_ascii_case(name)) => {
                self.asked(name, node.span);
            }
            NodeValue::List(items) => items.iter().for_each(|item| self.node(item)),
            NodeValue::Table(entries) => {
                for entry in entries {
                    let is_variables =
                        VARIABLES.iter().any(|name| name.eq_ignore_ascii_case(&entry.key.value));
                    if !is_variables {
                        self.node(&entry.value);
                    }
                }
            }
            _ => {}
        }
    }

    /// Looks for `{{name}}` in a text as it is written, so that its place is known.
    fn text(&mut self, span: Span) {
        let raw = span.of(&self.context.source().text);
        let mut from = 0;
        while let Some(start) = raw[from..].find("{{").map(|at| from + at + 2) {
            let Some(length) = raw[start..].find("}}") else { return };
            let (inner, before) = (&raw[start..start + length], raw[..start - 2].chars().next_back());
            from = start;
            let name = inner.trim();
            // `${{ }}` is an expression, which may be more than a name.
            if before != Some('$') {
                let at = inner.find(name).map_or(start, |at| start + at);
                self.asked(name, Span::new(span.start + at, span.start + at + name.len()));
            }
        }
    }

    fn asked(&mut self, name: &str, at: Span) {
        let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && name.chars().all(|part| part.is_alphanumeric() || "_-".contains(part));
        if is_name && !self.known.contains_key(&name.to_ascii_lowercase()) {
            self.unknown(name, at);
        }
    }

    fn unknown(&mut self, name: &str, at: Span) {
        if !self.told.insert(name.to_ascii_lowercase()) {
            return;
        }
        let message = format!("nothing in the playbook sets `{name}`");
        let mut fault = self.context.error(code::UNKNOWN_VARIABLE, message);
        // The command line may set it.
        fault.severity = Severity::Warning;
        let help = match nearest(name, self.known.values().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!(
                "add it to the variables, write `{{{{{name}:=value}}}}`, or give it: --var {name}=value"
            ),
        };
        self.context.report(fault.label(at, "is empty unless it is given").help(help));
    }
}
