//! Steps: one after the other, at once, inside one another, and what follows them.
//!
//! Knows every action of a step. Does not know how a script is found or a command made.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;

use super::{Ends, Expanded, jobs::Frame};
use crate::{
    base::Spanned,
    diag::{Diagnostic, code},
    model::playbook::{Action, Branch, Items, Placed, PlaybookFormat, Step},
    plan::{
        EdgeKind,
        flow::{Condition, Names, Scope, ScopeKind},
        node::StepContext,
        profile,
        query::context,
        request::playbook_called,
        text_node::{command_node, module_node, show_node, text_node},
    },
    text::sequence,
};

impl Expanded {
    /// Adds steps, by turns: those that are said to run at once make one.
    pub(super) fn add_steps(&mut self, frame: &Frame<'_>, steps: &[Step]) -> Ends {
        let all_at_once = self.truth(&frame.course, &frame.names, frame.job.parallel.as_ref()) == Some(true);
        let mut ends = Ends::default();
        let mut row = Ends::default();
        let mut turn = 0;
        let mut last: Option<&Step> = None;
        let mut later: Option<Frame<'_>> = None;
        for (index, step) in steps.iter().enumerate() {
            if self.is_full(&frame.course, &step.at) {
                break;
            }
            let is_beside = last
                .is_some_and(|last| (all_at_once && !frame.is_inner) || self.is_beside(frame, last, step));
            if !is_beside {
                turn += 1;
                self.chain(&mut ends, std::mem::take(&mut row), &EdgeKind::Step);
            }
            let is_last = index + 1 == steps.len();
            if turn > 1 && !frame.names.may_be_handed_env {
                let handed = || Names { may_be_handed_env: true, ..Names::clone(&frame.names) };
                later.get_or_insert_with(|| Frame { names: Arc::new(handed()), ..frame.clone() });
            }
            let found = self.add_step(later.as_ref().unwrap_or(frame), step, turn, is_last);
            row.beside(found);
            last = Some(step);
        }
        self.chain(&mut ends, row, &EdgeKind::Step);
        ends
    }

    /// Tells whether two neighbours run at once: both are of one group, or both say that they may.
    fn is_beside(&mut self, frame: &Frame<'_>, before: &Step, step: &Step) -> bool {
        if before.group.is_some() || step.group.is_some() {
            return before.group == step.group;
        }
        let mut may =
            |step: &Step| self.truth(&frame.course, &frame.names, step.parallel.as_ref()) == Some(true);
        may(before) && may(step)
    }

    fn add_step(&mut self, frame: &Frame<'_>, step: &Step, turn: usize, is_last: bool) -> Ends {
        self.last_group += 1;
        let first = self.nodes.len();
        let course = &frame.course;
        let names = self.names_of_step(frame, step, self.scopes.len());
        let tolerated = step.continue_on_error.as_ref();
        let tolerated = tolerated.or(frame.job.defaults.continue_on_error.as_ref());
        let tolerated = tolerated.or(course.of.playbook.defaults.continue_on_error.as_ref());
        let is_tolerated = self.truth(course, &names, tolerated).unwrap_or(false);
        let label = step.name.clone().unwrap_or_else(|| step.id.clone());
        let scope = self.push_scope(Scope {
            parent: Some(frame.list),
            kind: ScopeKind::Step,
            id: step.id.clone(),
            label: format!("step `{label}`"),
            turn,
            is_tolerated,
            is_recovered: step.then.recovered && !step.then.on_failure.is_empty(),
            names: Arc::clone(&names),
            ..Scope::default()
        });
        let left_out = self.set_condition(course, scope, step.condition.as_ref(), &names);
        self.scopes[scope].outputs = self.outputs_of(course, &step.outputs, &step.at);
        let is_followed = !step.then.on_success.is_empty() || !step.then.on_failure.is_empty();
        let main = if is_followed { self.inner(scope, ScopeKind::Main, &names) } else { scope };
        let is_mended = self.scopes[scope].is_recovered;
        let frame = Frame {
            names: Arc::clone(&names),
            is_tolerated: frame.is_tolerated || is_tolerated,
            ..frame.clone()
        };
        // A node bounds itself.
        let shared = step.settings.timeout.filter(|_| step.action.has_steps());
        let inside = Frame {
            is_tolerated: frame.is_tolerated || is_mended,
            time_limits: self.limited(&frame.time_limits, shared),
            ..frame.clone()
        };
        let mut ends = self.add_action(&inside, step, main, is_last && !frame.is_inner);
        if is_followed {
            let mut after = Ends::default();
            for (steps, kind) in
                [(&step.then.on_success, ScopeKind::OnSuccess), (&step.then.on_failure, ScopeKind::OnFailure)]
            {
                let part = self.inner(scope, kind, &names);
                after.beside(self.add_list(&frame, step, steps, part, ""));
            }
            // The step is done when what follows it is.
            let own = ends.last.clone();
            self.chain(&mut ends, after, &EdgeKind::Step);
            ends.last.extend(own);
            ends.last.sort_unstable();
            ends.last.dedup();
        }
        if let Some(decision) = left_out {
            self.leave_out(first, &decision);
        }
        ends
    }

    fn inner(&mut self, parent: usize, kind: ScopeKind, names: &Arc<Names>) -> usize {
        let label = self.scopes[parent].label.clone();
        self.push_scope(Scope {
            parent: Some(parent),
            kind,
            label,
            names: Arc::clone(names),
            ..Scope::default()
        })
    }

    /// Returns what names stand for in a step.
    fn names_of_step(&mut self, frame: &Frame<'_>, step: &Step, scope: usize) -> Arc<Names> {
        if step.variables.is_empty() && step.with.is_empty() && step.settings.env.is_empty() {
            return Arc::clone(&frame.names);
        }
        let course = &frame.course;
        let mut own = Names::clone(&frame.names);
        let mut faults = Vec::new();
        let mut layer = step.variables.clone();
        layer.retain(|name, _| !course.given.has(name));
        let is_use = matches!(step.action, Action::Uses(_));
        course.layer((&step.at, scope), &mut faults, |over| {
            over.variables(&mut own, &layer);
            let below = own.clone();
            if !is_use {
                over.given(&mut own, &below, &step.with);
            }
            over.env(&mut own, &step.settings.env);
        });
        own.own_env = Arc::new(own.own_env.iter().chain(step.settings.env.keys()).cloned().collect());
        self.diagnostics.extend(faults);
        Arc::new(own)
    }

    /// Adds what a step itself does, in its scope.
    fn add_action(&mut self, frame: &Frame<'_>, step: &Step, scope: usize, is_last: bool) -> Ends {
        let own = StepContext { frame, step, scope, is_last };
        let course = &frame.course;
        match &step.action {
            Action::Run(texts) => {
                let source = course.of.source;
                let texts = profile::narrowed(course.of.profile, texts);
                let written = texts.len();
                let texts = self.selections(frame, &texts);
                if texts.is_empty() && written > 0 {
                    // Why was told, or is known later.
                    return Ends::default();
                }
                let spanned =
                    texts.iter().map(|text| Spanned::new(text.value.as_str(), course.of.span(&text.at)));
                let parsed = sequence::parse_in(source, &spanned.collect::<Vec<_>>());
                let (sequence, faults) = parsed.without_words();
                self.diagnostics.extend(faults);
                let nodes = self.add_scripts_of(course.ground, &sequence, source, own);
                self.tell_untaken(frame, &step.with, &step.at, (&nodes, None));
                self.one_by_one(frame, &nodes);
                Ends::of(nodes)
            }
            Action::Script { text, shell } => {
                let node = text_node(own, text, shell.as_ref(), &mut self.diagnostics);
                self.add_node(node)
            }
            Action::Command(line) => {
                let node = command_node(own, line, &mut self.diagnostics);
                self.add_node(node)
            }
            Action::Module { module, function } => {
                let node = module_node(own, module.as_ref(), function, &mut self.diagnostics);
                self.add_node(Some(node))
            }
            Action::Show(text) => {
                let node = show_node(own, text, &mut self.diagnostics);
                self.add_node(Some(node))
            }
            Action::Uses(name) => self.add_used(frame, name, &step.with, scope, &step.at),
            Action::Parallel(branches) => self.add_branches(frame, step, scope, branches),
            Action::Choose { condition, then, otherwise } => {
                self.add_choice(frame, step, scope, condition, (then, otherwise))
            }
            Action::Foreach { items, variable, steps } => {
                self.add_loop(frame, step, scope, items, (variable, steps))
            }
            // Nobody can agree yet, and reading the playbook told so: it does not run at all.
            Action::Approve => Ends::default(),
        }
    }

    fn add_node(&mut self, node: Option<crate::plan::Node>) -> Ends {
        let nodes = node.map(|node| self.push(node, self.last_group)).into_iter().collect();
        Ends::of(nodes)
    }

    /// Fills placeholders of selections.
    fn selections(&mut self, frame: &Frame<'_>, texts: &[Placed<String>]) -> Vec<Placed<String>> {
        let mut found = Vec::with_capacity(texts.len());
        for text in texts {
            if !text.value.contains('{') {
                found.push(text.clone());
                continue;
            }
            match self.known(&frame.course, &frame.names, text) {
                Some(Value::Array(items)) => {
                    let items = items.iter().map(crate::text::expression::to_text);
                    found.extend(items.map(|item| Placed::new(item, &*text.at)));
                }
                Some(value) => {
                    found.push(Placed::new(crate::text::expression::to_text(&value), &*text.at));
                }
                None => {}
            }
        }
        found
    }

    /// Lets the scripts of a stage that is `parallel: false` run one after the other.
    fn one_by_one(&mut self, frame: &Frame<'_>, nodes: &[usize]) {
        if self.truth(&frame.course, &frame.names, frame.job.parallel.as_ref()) == Some(false) {
            let turns = nodes.windows(2).map(|pair| (pair[1], pair[0], EdgeKind::Turn));
            self.edges.extend(turns);
        }
    }

    /// Adds steps inside a step, as a list of its own.
    fn add_list(
        &mut self,
        frame: &Frame<'_>,
        step: &Step,
        steps: &[Step],
        parent: usize,
        suffix: &str,
    ) -> Ends {
        let list = self.inner(parent, ScopeKind::List, &frame.names);
        self.scopes[list].turn = 1;
        self.add_steps_in(frame, step, steps, list, suffix)
    }

    fn add_steps_in(
        &mut self,
        frame: &Frame<'_>,
        step: &Step,
        steps: &[Step],
        list: usize,
        suffix: &str,
    ) -> Ends {
        let prefix = format!("{}{}{suffix}/", frame.prefix, frame.called(step));
        let suffix = format!("{}{suffix}", frame.suffix);
        self.add_steps(&Frame { list, prefix, suffix, is_inner: true, ..frame.clone() }, steps)
    }

    fn add_branches(&mut self, frame: &Frame<'_>, step: &Step, scope: usize, branches: &[Branch]) -> Ends {
        let mut ends = Ends::default();
        for (index, branch) in branches.iter().enumerate() {
            let name = branch.name.clone().unwrap_or_else(|| (index + 1).to_string());
            ends.beside(self.add_list(frame, step, &branch.steps, scope, &format!("/{}", slug(&name))));
        }
        ends
    }

    fn add_choice(
        &mut self,
        frame: &Frame<'_>,
        step: &Step,
        scope: usize,
        condition: &Placed<String>,
        (then, otherwise): (&[Step], &[Step]),
    ) -> Ends {
        let mut ends = Ends::default();
        for (steps, is_negated, suffix) in [(then, false, "/then"), (otherwise, true, "/else")] {
            let list = self.inner(scope, ScopeKind::List, &frame.names);
            self.scopes[list].turn = 1;
            let left_out = match self.decided(&frame.course, condition, &frame.names) {
                super::jobs::Decided::Open(found) => {
                    self.scopes[list].condition = Some(Condition { is_negated, ..found }.into());
                    None
                }
                super::jobs::Decided::Holds if !is_negated => None,
                super::jobs::Decided::Fails(_) if is_negated => None,
                super::jobs::Decided::Holds | super::jobs::Decided::Fails(_) => {
                    let text = if is_negated {
                        format!("not ({})", condition.value)
                    } else {
                        condition.value.clone()
                    };
                    self.scopes[list].condition = Some(Condition::never(&text, "").into());
                    Some(crate::plan::Decision { text, holds: false, facts: String::new() })
                }
            };
            let first = self.nodes.len();
            let found = self.add_steps_in(frame, step, steps, list, suffix);
            if let Some(decision) = left_out {
                self.leave_out(first, &decision);
            }
            ends.beside(found);
        }
        ends
    }

    fn add_loop(
        &mut self,
        frame: &Frame<'_>,
        step: &Step,
        scope: usize,
        items: &Items,
        (variable, steps): (&str, &[Step]),
    ) -> Ends {
        let items = match items {
            Items::List(items) => items.clone(),
            Items::Expression(text) => match self.known(&frame.course, &frame.names, text) {
                Some(Value::Array(items)) => items,
                Some(Value::Null) | None => Vec::new(),
                // A text names several, as on a command line.
                Some(Value::String(text)) => {
                    text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(Value::from).collect()
                }
                Some(other) => vec![other],
            },
        };
        let at_once = self.truth(&frame.course, &frame.names, step.parallel.as_ref()) == Some(true);
        let mut ends = Ends::default();
        for (index, item) in items.iter().enumerate() {
            let mut names = Names::clone(&frame.names);
            let mut faults = Vec::new();
            let layer = BTreeMap::from([(variable.to_owned(), item.clone())]);
            let below = names.clone();
            frame.course.layer((&step.at, scope), &mut faults, |over| over.given(&mut names, &below, &layer));
            self.diagnostics.extend(faults);
            let names = Arc::new(names);
            let list = self.inner(scope, ScopeKind::List, &names);
            self.scopes[list].turn = if at_once { 1 } else { index + 1 };
            let text = crate::text::expression::to_text(item);
            let suffix = if text.len() <= 40 && !text.is_empty() { slug(&text) } else { index.to_string() };
            let frame = Frame { names, ..frame.clone() };
            let found = self.add_steps_in(&frame, step, steps, list, &format!("[{variable}={suffix}]"));
            if at_once {
                ends.beside(found);
            } else {
                self.chain(&mut ends, found, &EdgeKind::Step);
            }
        }
        ends
    }

    /// Adds what another playbook runs, in the place of a step or of a job's steps.
    pub(super) fn add_used(
        &mut self,
        frame: &Frame<'_>,
        name: &Placed<String>,
        with: &BTreeMap<String, Value>,
        scope: usize,
        at: &str,
    ) -> Ends {
        let course = &frame.course;
        let Some((wanted, used)) = self.used(course, name) else { return Ends::default() };
        let mut users = course.users.to_vec();
        users.push(course.of.path.as_str());
        if users.contains(&used.path.as_str()) {
            let row: Vec<&str> = users.iter().copied().chain([used.path.as_str()]).collect();
            let message = format!("playbooks use each other in a circle: {}", row.join(" -> "));
            let fault = Diagnostic::error(code::CYCLE, message).source(course.of.source);
            let fault = fault.label(course.of.span(&name.at), "uses what uses it");
            self.diagnostics.push(fault.help("take what both need into a third playbook"));
            return Ends::default();
        }
        let mut own = Names::default();
        let mut faults = Vec::new();
        course.layer((at, scope), &mut faults, |over| over.given(&mut own, &frame.names, with));
        self.diagnostics.extend(faults);
        let inner = self.push_scope(Scope {
            parent: Some(scope),
            label: format!("playbook `{wanted}`"),
            turn: 1,
            ..Scope::default()
        });
        let prefix = if at == frame.job.at { frame.prefix.clone() } else { self.prefix_of_use(frame, scope) };
        let inside = super::playbook::Course {
            ground: course.ground,
            of: used,
            scope: inner,
            prefix: &prefix,
            given: &own,
            users: &users,
            span: frame.span,
            is_tolerated: frame.is_tolerated,
            cohort: frame.cohort,
            time_limits: &frame.time_limits,
            suffix: &frame.suffix,
        };
        let first = self.nodes.len();
        let ends = self.add_course(&inside);
        let nodes: Vec<usize> = (first..self.nodes.len()).collect();
        self.tell_untaken(frame, with, at, (&nodes, Some(used)));
        ends
    }

    /// Finds the playbook that is used; what is wrong with it is told here.
    fn used<'a>(
        &mut self,
        course: &super::playbook::Course<'a>,
        name: &Placed<String>,
    ) -> Option<(String, crate::plan::node::PlaybookContext<'a>)> {
        let wanted = name.value.trim();
        let wanted = wanted.strip_prefix("playbook:").unwrap_or(wanted).trim();
        // An action of GitHub's, which reading the playbook told of.
        if wanted.contains('@') {
            return None;
        }
        let (source, span) = (course.of.source, course.of.span(&name.at));
        let ground = course.ground;
        let found = playbook_called(ground.db, ground.workspace, wanted);
        match found.map(|file| context(ground.db, file, None)) {
            Ok(Some(found)) => {
                let open =
                    found.diagnostics.iter().filter(|fault| !self.diagnostics.contains(fault)).cloned();
                let open: Vec<Diagnostic> = open.collect();
                self.diagnostics.extend(open);
                Some((wanted.to_owned(), found))
            }
            Ok(None) => {
                let message = format!("the playbook `{wanted}` cannot be used: it has errors");
                let fault = Diagnostic::error(code::NO_SUCH_PLAYBOOK, message).source(source);
                let help = format!("`az check {wanted}` shows them");
                self.diagnostics.push(fault.label(span, "cannot be read").help(help));
                None
            }
            Err(fault) => {
                let fault = Diagnostic { labels: Vec::new(), ..*fault };
                self.diagnostics.push(fault.source(source).label(span, "no such playbook"));
                None
            }
        }
    }

    fn prefix_of_use(&self, frame: &Frame<'_>, scope: usize) -> String {
        let id = std::iter::successors(Some(scope), |scope| self.scopes[*scope].parent)
            .map(|scope| self.scopes[scope].id.as_str())
            .find(|id| !id.is_empty());
        format!("{}{}/", frame.prefix, id.unwrap_or_default())
    }
}

impl Frame<'_> {
    /// Returns what a step is called in ids: in the language of steps by its name, as expressions do.
    pub(in crate::plan) fn called(&self, step: &Step) -> String {
        let is_named = self.course.of.playbook.format == PlaybookFormat::V0 && step.id.starts_with("step_");
        let name = step.name.as_deref().filter(|name| is_named && !name.trim().is_empty());
        name.map_or_else(|| step.id.clone(), slug)
    }
}

/// Makes a part of an id of a name.
fn slug(name: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || "._-=:".contains(c) { c } else { '-' };
    name.chars().map(plain).collect()
}
