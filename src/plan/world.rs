//! What is known before the run: the names of a scope, the environment, the platform.
//!
//! Notices when it is asked for what only the run will tell. Does not know files or programs.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
};

use serde_json::{Map, Value};

use super::{
    flow::Names,
    formula::{Doubts, Formula},
};
use crate::{
    base::Env,
    text::expression::{Asked, Evaluation, Expr, Lookup, Machine, Status, evaluate},
};

/// What is known before the run.
pub(super) struct World<'a> {
    pub(super) names: &'a Names,
    /// The environment az was started with.
    pub(super) env: &'a Env,
    /// `linux`, `windows`, `macos`.
    pub(super) platform: &'a str,
    /// Names in small letters that have no value yet.
    pending: &'a BTreeSet<String>,
    /// It was asked for what only the run will tell.
    is_late: Cell<bool>,
}

/// No names.
static NONE: BTreeSet<String> = BTreeSet::new();

/// A value, or word that only the run will tell it.
pub(super) enum Known<T> {
    /// What it is.
    Now(T),
    /// The run will tell.
    Late,
}

/// Contexts that only the run fills.
const LATE: [&str; 3] = ["steps", "needs", "jobs"];

impl<'a> World<'a> {
    pub(super) fn new(names: &'a Names, env: &'a Env, platform: &'a str) -> Self {
        Self { names, env, platform, pending: &NONE, is_late: Cell::new(false) }
    }

    /// Returns the same, where these names have no value yet.
    pub(super) fn pending(self, pending: &'a BTreeSet<String>) -> Self {
        Self { pending, ..self }
    }

    /// Evaluates an expression.
    pub(super) fn evaluate(&self, expr: &Expr) -> Known<Evaluation> {
        self.is_late.set(false);
        let found = evaluate(expr, self);
        if self.is_late.get() || self.asks_late(&found.asked) { Known::Late } else { Known::Now(found) }
    }

    /// Fills a value.
    pub(super) fn fill(&self, formula: &Formula, doubts: &mut Doubts) -> Known<Value> {
        self.is_late.set(false);
        let mut own = Doubts::default();
        let value = formula.fill(self, &mut own);
        if self.is_late.get() || self.asks_late(&own.asked) {
            return Known::Late;
        }
        doubts.undefined.extend(own.undefined);
        doubts.unset.extend(own.unset);
        doubts.problems.extend(own.problems);
        Known::Now(value)
    }

    /// Tells whether one of all variables together was asked for that has no value yet: `vars.name`.
    fn asks_late(&self, asked: &[Asked]) -> bool {
        asked.iter().any(|asked| {
            let Some((all, rest)) = asked.name.split_once('.') else { return false };
            let name = rest.split('.').next().unwrap_or_default();
            let is_late =
                self.names.late_variable(name).is_some() || self.pending.contains(&name.to_ascii_lowercase());
            is_all(all) && self.names.variable(all).is_none() && is_late
        })
    }

    fn late<T>(&self) -> Option<T> {
        self.is_late.set(true);
        None
    }
}

impl Lookup for World<'_> {
    fn variable(&self, name: &str) -> Option<Value> {
        if self.pending.contains(&name.to_ascii_lowercase()) {
            return self.late();
        }
        if let Some(value) = self.names.variable(name) {
            return Some(value.clone());
        }
        if self.names.late_variable(name).is_some() || self.names.steps.contains(&name.to_ascii_lowercase()) {
            return self.late();
        }
        // When the run began.
        if name.eq_ignore_ascii_case("timestamp") {
            return self.late();
        }
        named(self.names, name)
    }

    fn env(&self, name: &str) -> Option<String> {
        let may_be_handed = self.names.may_be_handed_env && !self.names.own_env.contains(name);
        if may_be_handed || self.names.late_env.contains_key(name) {
            return self.late();
        }
        self.names.env.get(name).or_else(|| self.env.get(name)).cloned()
    }

    fn platform(&self) -> &str {
        self.platform
    }

    fn context(&self, name: &str) -> Option<Value> {
        let is_open = !self.names.open_matrix.is_empty() && name.eq_ignore_ascii_case("matrix");
        if is_open || LATE.iter().any(|late| late.eq_ignore_ascii_case(name)) {
            return self.late();
        }
        context(self.names, name)
    }

    fn member(&self, whole: &str, name: &str) -> Option<Value> {
        self.names.is_of_others(whole, name).then_some(Value::Null)
    }

    fn status(&self, _function: Status) -> Option<bool> {
        self.late()
    }

    fn path_exists(&self, _path: &str) -> Option<bool> {
        self.late()
    }

    fn command_exists(&self, _name: &str) -> Option<bool> {
        self.late()
    }

    fn list_files(&self, _folder: &str, _pattern: &str) -> Option<Vec<String>> {
        self.late()
    }

    fn hash_files(&self, _patterns: &[String]) -> Option<String> {
        self.late()
    }

    fn machine(&self, _question: Machine) -> Option<String> {
        self.late()
    }

    fn powershell(&self, _script: &str, _env: &BTreeMap<String, String>) -> Option<Result<bool, String>> {
        self.late()
    }
}

/// Returns the variables under the names old playbooks have for all of them together.
pub fn named(names: &Names, name: &str) -> Option<Value> {
    is_all(name).then(|| object(&names.variables))
}

/// Tells whether a name stands for all variables together.
pub fn is_all(name: &str) -> bool {
    ["variables", "params", "parameters", "vars", "inputs"].iter().any(|all| all.eq_ignore_ascii_case(name))
}

/// Returns a context that is known before the run.
pub fn context(names: &Names, name: &str) -> Option<Value> {
    let known = names.contexts.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    known.map(|(_, value)| value.clone()).or_else(|| match name.to_ascii_lowercase().as_str() {
        "vars" | "inputs" => Some(object(&names.variables)),
        "matrix" | "strategy" => Some(Value::Object(Map::new())),
        _ => None,
    })
}

fn object(variables: &BTreeMap<String, Value>) -> Value {
    Value::Object(variables.iter().map(|(name, value)| (name.clone(), value.clone())).collect())
}
