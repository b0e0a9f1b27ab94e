//! A playbook: its names, what it runs, what comes before and after.
//!
//! Knows one playbook and what it is given. Does not know jobs' insides.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde_json::{Value, json};

use super::{Ends, Expanded, matrix::Round};
use crate::{
    base::Spanned,
    diag::Diagnostic,
    model::playbook::{Body, Given, Job, PlaybookFormat, Step},
    plan::{
        EdgeKind, Gate,
        around::around,
        flow::{Condition, Names, Scope, ScopeKind},
        formula::{SYNTAXES, SYNTAXES_OF_STEPS},
        names::Layering,
        node::{Ground, PlaybookContext},
        parameters, profile, references, registry, secrets,
    },
    text::{
        expression::{Expr, Function, Status},
        sequence,
    },
};

/// A playbook at work: where it stands, what it was given.
#[derive(Clone, Copy)]
pub(in crate::plan) struct Course<'a> {
    pub(in crate::plan) ground: &'a Ground<'a>,
    pub(in crate::plan) of: PlaybookContext<'a>,
    /// Its scope.
    pub(in crate::plan) scope: usize,
    /// In front of the ids of its nodes; empty, or ends with `/`.
    pub(in crate::plan) prefix: &'a str,
    /// What its variables are overruled by.
    pub(in crate::plan) given: &'a Names,
    /// Paths of the playbooks that use this one, the first of all first.
    pub(in crate::plan) users: &'a [&'a str],
    /// The span its nodes lie in.
    pub(in crate::plan) span: Option<usize>,
    /// Its failure is good enough for what comes after.
    pub(in crate::plan) is_tolerated: bool,
    /// The matrix its nodes are part of, and which of its combinations.
    pub(in crate::plan) cohort: Option<(usize, usize)>,
    /// What bounds how long its nodes take together with others.
    pub(in crate::plan) time_limits: &'a [usize],
    /// What tells the combinations it is part of from others, in identities.
    pub(in crate::plan) suffix: &'a str,
}

impl Course<'_> {
    /// Tells whether placeholders that nobody sets are errors.
    fn is_strict(&self) -> bool {
        self.of.playbook.format == PlaybookFormat::V0
    }

    /// Tells whether it is the playbook's word that all of it may overlap.
    pub(in crate::plan) fn may_overlap(&self) -> bool {
        self.of.playbook.options.parallel == Some(Given::Fixed(true))
    }

    /// Returns how an expression is meant where it can be read in two ways.
    pub(in crate::plan) fn rules(&self) -> crate::text::expression::Rules {
        match self.of.playbook.format {
            PlaybookFormat::V3 => crate::text::expression::Rules::GitHub,
            _ => crate::text::expression::Rules::PowerShell,
        }
    }

    /// Lays values over names; what is wrong is told at a place of the playbook.
    pub(in crate::plan) fn layer<T>(
        &self,
        (at, scope): (&str, usize),
        faults: &mut Vec<Diagnostic>,
        lay: impl FnOnce(&mut Layering<'_, '_>) -> T,
    ) -> T {
        let mut tell = |fault: Diagnostic| {
            // It was read from a copy of the value; the place is the playbook's.
            let fault = Diagnostic { labels: Vec::new(), ..fault };
            let fault = fault.source(self.of.source).label(self.of.span(at), "in here");
            if !faults.contains(&fault) {
                faults.push(fault);
            }
        };
        let syntaxes: &'static [_] = match self.of.playbook.format {
            PlaybookFormat::V0 => &SYNTAXES_OF_STEPS,
            _ => &SYNTAXES,
        };
        lay(&mut Layering {
            ground: self.ground,
            scope,
            tell: &mut tell,
            syntaxes,
            is_strict: self.is_strict(),
        })
    }
}

impl Expanded {
    /// Adds a playbook that was asked for.
    pub(in crate::plan) fn add_playbook(&mut self, ground: &Ground<'_>, context: PlaybookContext<'_>) {
        let mut given = self.round.as_ref().map(Round::names).unwrap_or_default();
        given.set(&ground.given);
        if let Some(profile) = context.profile {
            given.set(&profile.overrides);
        }
        let round = self.round.clone().unwrap_or_default();
        let scope = self
            .push_scope(Scope { label: format!("playbook `{}`", context.playbook.name), ..Scope::default() });
        let course = Course {
            ground,
            of: context,
            scope,
            prefix: "",
            given: &given,
            users: &[],
            span: None,
            is_tolerated: false,
            cohort: round.cohort,
            time_limits: &[],
            suffix: &round.suffix(),
        };
        self.add_course(&course);
    }

    /// Adds all that a playbook runs, below its scope.
    pub(super) fn add_course(&mut self, course: &Course<'_>) -> Ends {
        let Course { of, scope, .. } = *course;
        self.diagnostics.extend(profile::faults(of));
        self.diagnostics.extend(registry::faults(course.ground, of));
        self.diagnostics.extend(references::faults(of, course.rules()));
        let names = self.names_of(course);
        self.take_options(course, &names);
        self.scopes[scope].names = Arc::clone(&names);
        self.take_around(course, &names);
        let mut ends = Ends::default();
        let before = self.add_outer_steps(course, &names, &of.playbook.before, "before", 0);
        self.chain(&mut ends, before, &EdgeKind::Step);
        let body = match &of.playbook.body {
            Body::Sequence(texts) => {
                let own = of.profile.and_then(|profile| profile.scripts.as_ref());
                let texts = profile::narrowed(of.profile, own.unwrap_or(texts));
                let spanned: Vec<Spanned<&str>> =
                    texts.iter().map(|text| Spanned::new(text.value.as_str(), of.span(&text.at))).collect();
                let (sequence, faults) = sequence::parse_in(of.source, &spanned).without_words();
                self.diagnostics.extend(faults);
                self.add_playbook_sequence(course, &names, &sequence)
            }
            Body::Jobs(jobs) => self.add_jobs(course, &names, jobs),
            Body::Stages(stages) => self.add_stages(course, &names, stages),
            Body::Steps(job) => self.add_job(course, &names, job, ScopeKind::Stage, 1),
        };
        self.chain(&mut ends, body, &EdgeKind::Need);
        let after = self.add_outer_steps(course, &names, &of.playbook.after, "after", usize::MAX);
        self.chain(&mut ends, after, &EdgeKind::Step);
        ends
    }

    /// Takes over what stands around the body.
    fn take_around(&mut self, course: &Course<'_>, names: &Names) {
        let (found, faults) = around(course, names, &self.around);
        self.around.extend(found);
        self.diagnostics.extend(faults);
    }

    /// Takes over how the run as a whole goes, as the playbook that is asked for says.
    fn take_options(&mut self, course: &Course<'_>, names: &Names) {
        if !course.users.is_empty() {
            return;
        }
        let own = &course.of.playbook.options;
        let profile = course.of.profile.map(|profile| &profile.options);
        let goes_on = profile.and_then(|profile| profile.continue_on_error.as_ref());
        let goes_on = goes_on.or(own.continue_on_error.as_ref());
        self.goes_on |= self.truth(course, names, goes_on).unwrap_or(false);
        let timeout = profile.and_then(|profile| profile.timeout).or(own.timeout);
        self.timeout = self.timeout.into_iter().chain(timeout).min();
    }

    /// Adds steps in front of all others or behind them, which run whatever became of the others.
    fn add_outer_steps(
        &mut self,
        course: &Course<'_>,
        names: &Arc<Names>,
        steps: &[Step],
        id: &str,
        turn: usize,
    ) -> Ends {
        if steps.is_empty() {
            return Ends::default();
        }
        let job = Job { id: id.to_owned(), steps: steps.to_vec(), ..Job::default() };
        let ends = self.add_job(course, names, &job, ScopeKind::Stage, turn);
        if turn == usize::MAX {
            let always = Expr::Call(Function::Status(Status::Always), Vec::new());
            let own = |scope: &&mut Scope| {
                scope.parent == Some(course.scope) && scope.turn == turn && scope.condition.is_none()
            };
            for scope in self.scopes.iter_mut().filter(own) {
                scope.condition = Some(Condition::new("always()", always.clone()).into());
            }
        }
        ends
    }

    /// Returns what names stand for in a playbook as a whole.
    fn names_of(&mut self, course: &Course<'_>) -> Arc<Names> {
        let Course { ground, of, given, .. } = *course;
        let playbook = of.playbook;
        let mut names = Names {
            variables: ground.config.variables.clone(),
            contexts: contexts(ground),
            steps: Arc::new(step_ids(of)),
            conditions: Arc::clone(&ground.conditions),
            ..Names::default()
        };
        let mut faults = Vec::new();
        let mut layer = playbook.variables.clone();
        let profile = of.profile.into_iter();
        for higher in profile.clone().map(|profile| &profile.variables) {
            crate::plan::variables::overlay(&mut layer, higher);
        }
        layer.extend(parameters::defaults(playbook, &layer));
        layer.retain(|name, _| !given.has(name));
        // The playbook's own spelling is that which its scripts and texts know.
        let declared = playbook.parameters.iter().map(|parameter| &parameter.name);
        for name in playbook.variables.keys().chain(declared).filter(|name| given.has(name)) {
            names.set(&BTreeMap::from([(name.clone(), Value::Null)]));
        }
        names.lay_over(given);
        faults.extend(secrets::lay(of, &mut names, given, ground.secrets, &mut self.secrets));
        course.layer(("/variables", course.scope), &mut faults, |over| over.variables(&mut names, &layer));
        faults.extend(parameters::check(of, &mut names, ground.is_check));
        faults.extend(parameters::mistyped(of, given));
        let mut env = playbook.env.clone();
        for higher in profile.map(|profile| &profile.env) {
            env.extend(higher.clone());
        }
        course.layer(("/env", course.scope), &mut faults, |over| over.env(&mut names, &env));
        self.diagnostics.extend(faults);
        Arc::new(names)
    }

    /// Lets scopes be asked where something depends on how earlier ones ended.
    pub(in crate::plan) fn open_gates(&mut self) {
        let scopes = &self.scopes;
        let root_of = |mut scope: usize| {
            while let Some(parent) = scopes[scope].parent {
                scope = parent;
            }
            scope
        };
        let is_special = |scope: &Scope| {
            scope.condition.is_some()
                || scope.is_tolerated
                || scope.is_recovered
                || matches!(scope.kind, ScopeKind::OnSuccess | ScopeKind::OnFailure)
        };
        let special: BTreeSet<usize> =
            (0..scopes.len()).filter(|scope| is_special(&scopes[*scope])).map(root_of).collect();
        let survives = |scope: usize| {
            std::iter::successors(Some(scope), |scope| scopes[*scope].parent).any(|scope| {
                let scope = &scopes[scope];
                scope.kind == ScopeKind::OnFailure
                    || scope.condition.as_deref().is_some_and(Condition::survives)
            })
        };
        for node in self.nodes.iter_mut().filter(|node| node.deferred.is_some()) {
            Arc::make_mut(node).gate = Gate::Asked;
        }
        for node in &mut self.nodes {
            let Some(scope) = node.scope.filter(|scope| special.contains(&root_of(*scope))) else { continue };
            Arc::make_mut(node).gate = if survives(scope) { Gate::Always } else { Gate::Asked };
        }
    }
}

/// Returns what `github` and `runner` are here: what GitHub itself says in the environment, if it does.
fn contexts(ground: &Ground<'_>) -> BTreeMap<String, Value> {
    let github: serde_json::Map<String, Value> = ground
        .env
        .beginning("GITHUB_")
        .filter_map(|(name, value)| {
            let name = name.strip_prefix("GITHUB_")?.to_ascii_lowercase();
            Some((name, Value::from(value)))
        })
        .filter(|(name, _)| !["token", "output", "env", "path", "step_summary"].contains(&name.as_str()))
        .collect();
    let system = match ground.platform {
        "windows" => "Windows",
        "macos" => "macOS",
        _ => "Linux",
    };
    BTreeMap::from([
        ("github".to_owned(), Value::Object(github)),
        ("runner".to_owned(), json!({ "os": system })),
    ])
}

/// Returns the ids of all steps of a playbook, in small letters.
fn step_ids(of: PlaybookContext<'_>) -> BTreeSet<String> {
    let mut open: Vec<&Step> = of.playbook.before.iter().chain(&of.playbook.after).collect();
    open.extend(of.playbook.body.jobs().iter().flat_map(|job| &job.steps));
    let mut ids = BTreeSet::new();
    while let Some(step) = open.pop() {
        ids.insert(step.id.to_ascii_lowercase());
        ids.extend(step.name.as_ref().map(|name| name.to_ascii_lowercase()));
        open.extend(step.inner());
    }
    ids
}
