//! Names and their values, layer over layer: configuration, playbook, job, step, command line.
//!
//! Knows how placeholders of one layer are filled from those below and beside them. Does not know what takes a value.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde_json::Value;

use super::{
    flow::{LateValue, Names},
    formula::{Doubts, Formula},
    node::Ground,
    world::{Known, World},
};
use crate::{
    diag::{Diagnostic, code},
    text::expression::{Syntax, to_text},
};

/// The ways to write a value into an environment variable; `${x}` is for whoever reads it.
const IN_ENV: [Syntax; 2] = [Syntax::GitHub, Syntax::Braces];

/// Lays values over names, and tells what is wrong with them.
pub(super) struct Layering<'g, 'f> {
    pub(super) ground: &'g Ground<'g>,
    /// The scope the values are written in.
    pub(super) scope: usize,
    /// Called with what is wrong; who calls knows where that is.
    pub(super) tell: &'f mut dyn FnMut(Diagnostic),
    /// The ways to write a value into a text.
    pub(super) syntaxes: &'static [Syntax],
    /// A placeholder that nobody sets is an error; else it is empty, as it was to the engines that read old files.
    pub(super) is_strict: bool,
}

/// Returns where a name is set that an expression asks for.
fn how_to_set(name: &str) -> String {
    let (context, member) = name.split_once('.').unwrap_or(("", name));
    match context.to_ascii_lowercase().as_str() {
        "matrix" => format!("add `{member}` to the matrix of the job, or ask for a value that is in it"),
        "env" => format!("set it under `env`, or in the environment of az: {member}=VALUE az ..."),
        "secrets" => format!("give it in the environment of az, and write `env.{member}`"),
        "vars" | "inputs" => format!("set it with --var {member}=VALUE, or in the playbook's `variables`"),
        _ => format!("set it with --var {name}=VALUE, or in the playbook's `variables`"),
    }
}

impl Layering<'_, '_> {
    /// Lays variables over names. A value may ask for what is below, and for its neighbours; its own name means what is
    /// below.
    pub(super) fn variables(&mut self, names: &mut Names, layer: &BTreeMap<String, Value>) {
        let mut open: Vec<(String, Formula)> = Vec::new();
        let mut plain = BTreeMap::new();
        for (name, value) in layer {
            match self.read(value) {
                Formula::Fixed(value) => _ = plain.insert(name.clone(), value),
                formula => open.push((name.clone(), formula)),
            }
        }
        names.set(&plain);
        names.set_secrets(&open);
        let mut pending: BTreeSet<String> = open.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
        loop {
            let before = open.len();
            let mut left = Vec::new();
            for (name, formula) in open {
                pending.remove(&name.to_ascii_lowercase());
                match self.fill(names, &formula, &pending) {
                    Known::Now(value) => names.set(&BTreeMap::from([(name, value)])),
                    Known::Late => {
                        pending.insert(name.to_ascii_lowercase());
                        left.push((name, formula));
                    }
                }
            }
            open = left;
            if open.len() == before || open.is_empty() {
                break;
            }
        }
        self.leave_late(names, open);
    }

    /// Lays values over names that may only ask for what is below: what a step or job gives to what it runs.
    pub(super) fn given(&mut self, names: &mut Names, below: &Names, layer: &BTreeMap<String, Value>) {
        for (name, value) in layer {
            let formula = self.read(value);
            if formula.asks_for(&|path| below.is_secret(path)) {
                names.set_secret(name);
            }
            match self.fill(below, &formula, &BTreeSet::new()) {
                Known::Now(value) => names.set(&BTreeMap::from([(name.clone(), value)])),
                Known::Late => names.set_late(name, self.late(formula)),
            }
        }
    }

    /// Lays environment variables over those there are.
    pub(super) fn env(&mut self, names: &mut Names, layer: &BTreeMap<String, String>) {
        for (name, text) in layer {
            let mut faults = Vec::new();
            let formula = Formula::read_text(text, &IN_ENV, &mut faults);
            faults.into_iter().for_each(&mut *self.tell);
            if formula.asks_for(&|path| names.is_secret(path)) {
                names.set_secret(name);
            }
            match self.fill(names, &formula, &BTreeSet::new()) {
                Known::Now(value) => {
                    names.late_env.remove(name);
                    names.env.insert(name.clone(), to_text(&value));
                }
                Known::Late => {
                    names.set_late_env(name, self.late(formula));
                }
            }
        }
    }

    /// Reads a value with its placeholders.
    pub(super) fn read(&mut self, value: &Value) -> Formula {
        let mut faults = Vec::new();
        let formula = Formula::read(value, self.syntaxes, &mut faults);
        faults.into_iter().for_each(&mut *self.tell);
        formula
    }

    /// Fills a value; what cannot be filled is told.
    pub(super) fn fill(
        &mut self,
        names: &Names,
        formula: &Formula,
        pending: &BTreeSet<String>,
    ) -> Known<Value> {
        if let Formula::Fixed(value) = formula {
            return Known::Now(value.clone());
        }
        let mut doubts = Doubts::default();
        let world = World::new(names, self.ground.env, self.ground.platform).pending(pending);
        let found = world.fill(formula, &mut doubts);
        self.doubts(&doubts);
        found
    }

    /// Tells what could not be filled.
    pub(super) fn doubts(&mut self, doubts: &Doubts) {
        // What GitHub knows of an event is nothing here, as it is nothing there for other events.
        let is_outer = |name: &&String| ["github.", "runner."].iter().any(|outer| name.starts_with(outer));
        let unset = doubts.unset.iter().filter(|_| self.is_strict);
        for name in doubts.undefined.iter().chain(unset).filter(|name| !is_outer(name)) {
            let fault = Diagnostic::error(code::UNKNOWN_VARIABLE, format!("nobody sets `{name}`"));
            (self.tell)(fault.help(how_to_set(name)));
        }
        for problem in &doubts.problems {
            let fault = Diagnostic::error(code::UNSUPPORTED_CONDITION, problem.message.clone());
            (self.tell)(fault.help(problem.help.clone()));
        }
    }

    fn late(&self, formula: Formula) -> LateValue {
        LateValue { formula: Arc::new(formula), scope: self.scope, below: None, parameter: None }
    }

    /// Reads what gives an output: an expression, or a text with values in it.
    pub(super) fn output(&mut self, written: &str) -> Formula {
        let written = written.trim();
        // `$result.Count`, `$env:NAME`: as old files write what a script gave.
        let text = if written.starts_with('$') && !written.starts_with("${") {
            format!("${{{{ {written} }}}}")
        } else {
            written.to_owned()
        };
        self.read(&Value::String(text))
    }

    /// Leaves what the run will tell; what only waits for itself is told.
    fn leave_late(&mut self, names: &mut Names, mut open: Vec<(String, Formula)>) {
        loop {
            let before = open.len();
            open.retain(|(name, formula)| {
                let world = World::new(names, self.ground.env, self.ground.platform);
                let is_late = matches!(world.fill(formula, &mut Doubts::default()), Known::Late);
                if is_late {
                    names.set_late(name, self.late(formula.clone()));
                }
                !is_late
            });
            if open.len() == before {
                break;
            }
        }
        let circle: Vec<&String> = open.iter().map(|(name, _)| name).collect();
        if let Some(first) = circle.first() {
            let others = if circle.len() == 1 { "itself" } else { "each other" };
            let message = format!("the variables {} need {others}", crate::base::quoted_list(&circle));
            let help = format!("give one of them, such as `{first}`, a value of its own");
            (self.tell)(Diagnostic::error(code::CYCLE, message).help(help));
        }
    }
}
