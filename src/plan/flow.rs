//! Scopes: what belongs together in a plan, and when it runs.
//!
//! A playbook, its stages and jobs, their lists of steps, the steps and what follows them are scopes, one in another;
//! nodes stand in the innermost. Knows conditions and names as far as they are known before the run. Does not know how
//! anything ended: what follows from that is the engine's.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde_json::Value;

use super::formula::Formula;
use crate::{
    base::looks_secret,
    model::playbook::Parameter,
    text::expression::{Expr, Function, Part},
};

/// What belongs together: a job, a stage, a step, a list of steps.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scope {
    /// The scope it stands in, which comes before it among all scopes.
    pub parent: Option<usize>,
    /// What it is.
    pub kind: ScopeKind,
    /// What expressions call it; empty if they cannot.
    pub id: String,
    /// What people call it: job `deploy`.
    pub label: String,
    /// Its condition as it is written, also one that is known to hold; empty if it has none.
    pub written: String,
    /// What must hold that it runs; nothing for: all before it ended well.
    pub condition: Option<Box<Condition>>,
    /// Of a job: the scopes of the jobs it needs.
    pub needs: Vec<usize>,
    /// Its turn among its siblings. Those of one turn run at once; those of a later one come after them.
    pub turn: usize,
    /// Its failure stands, and is good enough for what comes after.
    pub is_tolerated: bool,
    /// Its failure is mended by what follows a failure.
    pub is_recovered: bool,
    /// What it hands on.
    pub outputs: Vec<(String, Arc<Formula>)>,
    /// What names stand for in it.
    pub names: Arc<Names>,
}

/// What a scope is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum ScopeKind {
    /// A playbook: one that was asked for, or one that a job or step uses.
    #[default]
    Playbook,
    /// A stage, which comes after the stages before it.
    Stage,
    /// A job, which comes after the jobs it needs.
    Job,
    /// Steps, by turns: those of a job or of one of its combinations, of a branch, of a loop's round.
    List,
    /// A step.
    Step,
    /// What a step itself does, where something follows it.
    Main,
    /// What follows its success.
    OnSuccess,
    /// What follows its failure.
    OnFailure,
}

/// A condition that can only be decided when its turn has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// As it is written.
    pub text: String,
    /// The same, read.
    pub expr: Expr,
    /// It must not hold: the `else` of a step that chooses.
    pub is_negated: bool,
    /// What it asked, and what it was answered, if it is decided already.
    pub facts: String,
    /// It says itself how things must have gone so far: `always()`, `failure()`.
    pub asks_status: bool,
}

/// What names stand for, as far as it is known before the run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Names {
    /// Variables.
    pub variables: BTreeMap<String, Value>,
    /// Variables whose values depend on how earlier steps end.
    pub late: BTreeMap<String, LateValue>,
    /// Environment variables that playbook, job and step set.
    pub env: BTreeMap<String, String>,
    /// Environment variables whose values depend on how earlier steps end.
    pub late_env: BTreeMap<String, LateValue>,
    /// `matrix`, `strategy`, `github`, `runner`.
    pub contexts: BTreeMap<String, Value>,
    /// Those that the step itself sets, above what earlier steps of its job hand on.
    pub own_env: Arc<BTreeSet<String>>,
    /// The names of a matrix whose values are not known yet, `matrix` among them.
    pub open_matrix: Vec<String>,
    /// Names that other combinations of its matrix have: they are nothing here, and no mistake.
    pub of_other_combinations: Arc<BTreeSet<String>>,
    /// Earlier steps of the job may hand on environment variables.
    pub may_be_handed_env: bool,
    /// Ids of all steps, in small letters: a bare name may mean one.
    pub steps: Arc<BTreeSet<String>>,
    /// Names that only conditions see, above all others.
    pub conditions: Arc<BTreeMap<String, Value>>,
    /// Names, in small letters, whose values are made of secrets, whatever they themselves look like.
    pub secret: BTreeSet<String>,
    /// Names, in small letters, of the secrets that playbooks fetch.
    pub fetched: Arc<BTreeSet<String>>,
}

/// A value that depends on how earlier steps end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LateValue {
    /// What gives it.
    pub formula: Arc<Formula>,
    /// The scope it is written in, whose names and earlier steps it asks for.
    pub scope: usize,
    /// What its own name means in it: what was there before.
    pub below: Option<Box<Below>>,
    /// The parameter it is given for, which it must fit.
    pub parameter: Option<Arc<Parameter>>,
}

/// What a name stood for before it was given a value that depends on how earlier steps end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Below {
    /// A value.
    Value(Value),
    /// Another that depends on how steps end.
    Late(LateValue),
}

/// Nodes that hold resources together, from the first that begins until all have ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Span {
    /// The span it lies in, which comes before it.
    pub parent: Option<usize>,
    /// Names of resources, and how much of each.
    pub demands: Vec<(String, u32)>,
}

/// When a node is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Gate {
    /// If all it needs ended well.
    #[default]
    Needs,
    /// When all it comes after has ended: its scopes then say what follows from how.
    Asked,
    /// The same, even if the run was given up.
    Always,
}

impl LateValue {
    /// Returns one of which nothing is known.
    pub(super) fn unknown() -> Self {
        let formula = Arc::new(Formula::Fixed(Value::Null));
        Self { formula, scope: 0, below: None, parameter: None }
    }
}

impl Condition {
    /// Makes one of an expression that was read.
    pub(super) fn new(text: &str, expr: Expr) -> Self {
        Self {
            text: text.to_owned(),
            asks_status: asks_status(&expr),
            expr,
            facts: String::new(),
            is_negated: false,
        }
    }

    /// Makes one that is known not to hold, by these facts.
    pub(super) fn never(text: &str, facts: &str) -> Self {
        Self { facts: facts.to_owned(), ..Self::new(text, Expr::Bool(false)) }
    }

    /// Tells whether it may hold though something before it failed, or the run was given up.
    pub fn survives(&self) -> bool {
        self.asks_status
    }
}

impl Names {
    /// Returns the names as conditions see them.
    pub fn in_conditions(&self) -> Cow<'_, Self> {
        if self.conditions.is_empty() {
            return Cow::Borrowed(self);
        }
        let mut seen = self.clone();
        seen.set(&self.conditions);
        Cow::Owned(seen)
    }

    /// Returns the value of a variable, whose name is one in any case.
    pub fn variable(&self, name: &str) -> Option<&Value> {
        any_case(&self.variables, name)
    }

    /// Returns what gives a variable whose value is not known before the run.
    pub fn late_variable(&self, name: &str) -> Option<&LateValue> {
        any_case(&self.late, name)
    }

    /// Tells whether what a name stands for, with the members behind it, must not be shown.
    pub fn is_secret(&self, path: &str) -> bool {
        let is_of_run =
            |first: &str| ["steps", "needs", "jobs"].iter().any(|of| of.eq_ignore_ascii_case(first));
        let first = path.split('.').next().unwrap_or_default();
        // What a step or job is called says nothing of what it hands on.
        let called = path.contains('.') && is_of_run(first);
        let parts = path.split('.').enumerate().filter(|(place, _)| !called || *place != 1);
        parts
            .into_iter()
            .any(|(_, part)| looks_secret(part) || self.secret.contains(&part.to_ascii_lowercase()))
    }

    /// Tells whether a name, with the members behind it, stands for a secret that a playbook fetches.
    pub(super) fn is_fetched(&self, path: &str) -> bool {
        path.split('.').any(|part| self.fetched.contains(&part.to_ascii_lowercase()))
    }

    /// Remembers that the value of a name is made of a secret.
    pub(super) fn set_secret(&mut self, name: &str) {
        self.secret.insert(name.to_ascii_lowercase());
    }

    /// Remembers which of these values, that may ask for each other, are made of secrets.
    pub(super) fn set_secrets(&mut self, layer: &[(String, Formula)]) {
        loop {
            let count = self.secret.len();
            for (name, formula) in layer {
                if formula.asks_for(&|path| self.is_secret(path)) {
                    self.set_secret(name);
                }
            }
            if self.secret.len() == count {
                break;
            }
        }
    }

    /// Tells whether a text may ask for a value of a matrix that is not known yet.
    pub(super) fn asks_for_open(&self, text: &str) -> bool {
        let mut words = text.split(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '-'));
        words.any(|word| self.open_matrix.iter().any(|open| open.eq_ignore_ascii_case(word)))
    }

    /// Tells whether a member of all together is nothing here, and no mistake.
    pub fn is_of_others(&self, whole: &str, name: &str) -> bool {
        whole.eq_ignore_ascii_case("matrix")
            && self.of_other_combinations.iter().any(|other| other.eq_ignore_ascii_case(name))
    }

    /// Tells whether a bare name may mean a step.
    pub(super) fn is_step(&self, name: &str) -> bool {
        self.steps.contains(&name.to_ascii_lowercase())
    }

    /// Tells whether a variable has a value, now or later.
    pub(super) fn has(&self, name: &str) -> bool {
        self.variable(name).is_some() || self.late_variable(name).is_some()
    }

    /// Lays variables and contexts of others over those there are.
    pub(super) fn lay_over(&mut self, other: &Self) {
        self.set(&other.variables);
        other.late.iter().for_each(|(name, value)| self.set_late(name, value.clone()));
        self.contexts.extend(other.contexts.clone());
        self.of_other_combinations = Arc::clone(&other.of_other_combinations);
        self.secret.extend(other.secret.clone());
        if !other.fetched.is_empty() {
            Arc::make_mut(&mut self.fetched).extend(other.fetched.iter().cloned());
        }
    }

    /// Sets variables over those there are; what was late is so no more.
    pub(super) fn set(&mut self, variables: &BTreeMap<String, Value>) {
        for name in variables.keys() {
            self.late.retain(|known, _| !known.eq_ignore_ascii_case(name));
        }
        super::variables::overlay(&mut self.variables, variables);
    }

    /// Says more of a variable that is known only when it is its turn.
    pub(super) fn fit_late(&mut self, name: &str, value: LateValue) {
        self.late.retain(|known, _| !known.eq_ignore_ascii_case(name));
        self.late.insert(name.to_owned(), value);
    }

    /// Sets an environment variable that is known only when it is its turn.
    pub(super) fn set_late_env(&mut self, name: &str, value: LateValue) {
        let late = self.late_env.remove(name).map(Below::Late);
        let below = late.or_else(|| self.env.remove(name).map(|text| Below::Value(text.into())));
        self.env.remove(name);
        self.late_env.insert(name.to_owned(), LateValue { below: below.map(Box::new), ..value });
    }

    /// Sets a variable that is known only when it is its turn.
    pub(super) fn set_late(&mut self, name: &str, value: LateValue) {
        let late = self.late_variable(name).cloned().map(Below::Late);
        let below = late.or_else(|| self.variable(name).cloned().map(Below::Value)).map(Box::new);
        self.late.retain(|known, _| !known.eq_ignore_ascii_case(name));
        self.variables.retain(|known, _| !known.eq_ignore_ascii_case(name));
        self.late.insert(name.to_owned(), LateValue { below, ..value });
    }
}

/// Returns the value under a name in any case; the very same spelling is preferred.
fn any_case<'a, T>(map: &'a BTreeMap<String, T>, name: &str) -> Option<&'a T> {
    map.get(name)
        .or_else(|| map.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

/// Tells whether an expression asks how things went so far.
fn asks_status(expr: &Expr) -> bool {
    let in_parts =
        |parts: &[Part]| parts.iter().any(|part| matches!(part, Part::Value(expr) if asks_status(expr)));
    match expr {
        Expr::Call(Function::Status(_), _) => true,
        Expr::Call(_, inner) | Expr::List(inner) => inner.iter().any(asks_status),
        Expr::Joined(parts) => in_parts(parts),
        Expr::Placeholder(_, default) => default.as_deref().is_some_and(asks_status),
        Expr::Member(base, _) | Expr::Filter(base) | Expr::Not(base) | Expr::GitHub(base) => {
            asks_status(base)
        }
        Expr::Index(left, right) | Expr::Binary(left, _, _, right) => asks_status(left) || asks_status(right),
        _ => false,
    }
}
