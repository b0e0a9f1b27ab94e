//! What an expression may ask when its turn has come: names, how earlier steps ended, what they handed on, files,
//! programs.
//!
//! Knows one scope. Does not know which expression asks.

use std::{
    borrow::Cow,
    cell::RefCell,
    collections::BTreeMap,
    path::Path,
    rc::Rc,
    sync::atomic::{AtomicBool, Ordering},
};

use serde_json::Value;

use super::Course;
use crate::{
    base::{DigestWriter, Env, WsPath},
    engine::{pwsh::PowerShell, tools::Tools},
    fingerprint::{Question, Resolver, State, View, content, expand},
    plan::{Below, Doubts, LateValue, Names, context, fit, is_all, named},
    sys::FileKind,
    text::{
        expression::{Lookup, Machine, Status, status, to_text},
        pattern::Pattern,
    },
};

/// The world below all scopes.
pub(in crate::engine) struct Grounds<'a> {
    /// Files, in the state of the node's place.
    pub(in crate::engine) view: &'a dyn View,
    /// The environment az was started with.
    pub(in crate::engine) env: &'a Env,
    /// The file system that programs are looked for in.
    pub(in crate::engine) system: &'a dyn crate::sys::System,
    /// az has the rights of an administrator.
    pub(in crate::engine) is_administrator: bool,
    /// PowerShell, where conditions may be given to it.
    pub(in crate::engine) powershell: Option<&'a PowerShell<'a>>,
    /// Set if something is asked that has another answer each time, whatever the files say.
    pub(in crate::engine) momentary: &'a AtomicBool,
    /// When the run began: `20260930-114502`.
    pub(in crate::engine) started: &'a str,
}

/// What an expression of a scope may ask.
pub(in crate::engine) struct Scene<'a> {
    pub(super) course: &'a Course,
    pub(super) scope: usize,
    names: Cow<'a, Names>,
    pub(super) grounds: &'a Grounds<'a>,
    /// Values of other scopes that were filled, by the places of their formulas; nothing for one that is being filled.
    known: Rc<RefCell<BTreeMap<usize, Option<Value>>>>,
    questions: RefCell<Vec<Question>>,
    /// The value that is being filled, whose own name means what was below it.
    filling: Option<Filling>,
    /// Values that are not what their parameters are declared to be: sentences.
    misfits: RefCell<Vec<String>>,
}

/// A value that is being filled.
#[derive(Clone)]
struct Filling {
    name: String,
    is_env: bool,
    below: Option<Box<Below>>,
}

impl<'a> Scene<'a> {
    pub(in crate::engine) fn new(course: &'a Course, scope: usize, grounds: &'a Grounds<'a>) -> Self {
        let names = Cow::Borrowed(&*course.plan.scopes[scope].names);
        let (questions, misfits) = (RefCell::default(), RefCell::default());
        Self { course, scope, names, grounds, known: Rc::default(), questions, filling: None, misfits }
    }

    /// Returns what a condition of a scope may ask.
    pub(super) fn of_condition(course: &'a Course, scope: usize, grounds: &'a Grounds<'a>) -> Self {
        let names = course.plan.scopes[scope].names.in_conditions();
        Self { names, ..Self::new(course, scope, grounds) }
    }

    /// Returns what is wrong with values that were asked for.
    pub(in crate::engine) fn misfits(&self) -> Vec<String> {
        self.misfits.borrow().clone()
    }

    /// Returns what was asked of files.
    pub(in crate::engine) fn into_questions(self) -> Vec<Question> {
        self.questions.into_inner()
    }

    pub(in crate::engine) fn names(&self) -> &Names {
        &self.names
    }

    /// Returns a value that is written in another scope; one that asks for itself without anything below is nothing.
    fn late(&self, name: &str, is_env: bool, late: &LateValue) -> Option<Value> {
        // Values may ask for each other by many ways; each is filled once.
        let key = std::ptr::from_ref(&*late.formula).addr();
        if let Some(known) = self.known.borrow().get(&key) {
            return known.clone();
        }
        self.known.borrow_mut().insert(key, None);
        let known = Rc::clone(&self.known);
        let filling = Filling { name: name.to_owned(), is_env, below: late.below.clone() };
        let scene =
            Scene { known, filling: Some(filling), ..Scene::new(self.course, late.scope, self.grounds) };
        let filled = late.formula.fill(&scene, &mut Doubts::default());
        let value = match late.parameter.as_ref().map(|parameter| fit(parameter, &filled)) {
            None => filled,
            Some(Ok(value)) => value,
            Some(Err(misfit)) => {
                self.misfits.borrow_mut().push(format!("{}; {}", misfit.message, misfit.help));
                filled
            }
        };
        self.misfits.borrow_mut().extend(scene.misfits());
        self.questions.borrow_mut().extend(scene.into_questions());
        self.known.borrow_mut().insert(key, Some(value.clone()));
        Some(value)
    }

    /// Tells whether a name is that of the value that is being filled.
    fn is_filling(&self, name: &str, is_env: bool) -> bool {
        self.filling.as_ref().is_some_and(|filling| {
            let is_same = if is_env { filling.name == name } else { filling.name.eq_ignore_ascii_case(name) };
            filling.is_env == is_env && is_same
        })
    }

    /// Returns what was below the value that is being filled.
    fn below(&self) -> Option<Value> {
        let Filling { name, is_env, below } = self.filling.as_ref()?;
        match below.as_deref()? {
            Below::Value(value) => Some(value.clone()),
            Below::Late(late) => self.late(name, *is_env, late),
        }
    }

    /// Returns all variables together, as far as they were known before the run.
    fn variables(&self) -> Value {
        named(self.names(), "variables").unwrap_or_default()
    }

    fn workspace_path(&self, path: &str) -> WsPath {
        WsPath::new(self.grounds.view.root(), &WsPath::root(), Path::new(path))
    }

    /// Returns what is at a path, links followed, and notes the question.
    fn look(&self, path: &WsPath) -> State {
        let mut resolver = Resolver::new(self.grounds.view);
        let at = resolver.resolve(path).at;
        let mut questions = self.questions.borrow_mut();
        questions.extend(resolver.into_links().into_iter().map(Question::State));
        questions.push(Question::State(at.clone()));
        self.grounds.view.state(&at)
    }

    /// Returns the paths a pattern names, and notes the question.
    fn paths(&self, pattern: &str) -> Option<Vec<(WsPath, FileKind)>> {
        let parsed = Pattern::parse(pattern, self.grounds.view.root(), &WsPath::root()).ok()?;
        if let Some(path) = parsed.as_path() {
            return Some(match self.look(&path) {
                State::File { .. } => vec![(path, FileKind::File)],
                State::Directory => vec![(path, FileKind::Directory)],
                _ => Vec::new(),
            });
        }
        self.questions.borrow_mut().push(Question::Names(parsed.as_str().to_owned()));
        Some(expand(self.grounds.view, &mut Resolver::new(self.grounds.view), &parsed).paths)
    }
}

impl Lookup for Scene<'_> {
    fn variable(&self, name: &str) -> Option<Value> {
        if self.is_filling(name, false) {
            return self.below();
        }
        let names = self.names();
        if let Some(value) = names.variable(name) {
            return Some(value.clone());
        }
        if let Some(late) = names.late_variable(name) {
            return self.late(name, false, late);
        }
        self.step_called(name).or_else(|| self.counts(name)).or_else(|| {
            match name.to_ascii_lowercase().as_str() {
                "jobs" | "steps" | "needs" => self.context(name),
                "timestamp" => {
                    self.grounds.momentary.store(true, Ordering::Relaxed);
                    Some(Value::String(self.grounds.started.to_owned()))
                }
                _ => is_all(name).then(|| self.variables()),
            }
        })
    }

    fn env(&self, name: &str) -> Option<String> {
        let names = self.names();
        let written = || {
            let late = names.late_env.get(name);
            let value = if self.is_filling(name, true) {
                self.below()
            } else {
                late.and_then(|late| self.late(name, true, late))
            };
            value.map(|value| to_text(&value)).or_else(|| names.env.get(name).cloned())
        };
        let handed = || self.course.variable_handed_to(self.scope, name);
        // What earlier steps hand on is above what the job says, and below what the step itself says.
        let is_own = names.own_env.contains(name) && !self.is_filling(name, true);
        let found = if is_own { written() } else { handed().or_else(written) };
        found.or_else(|| self.grounds.env.get(name).cloned())
    }

    fn platform(&self) -> &str {
        std::env::consts::OS
    }

    fn context(&self, name: &str) -> Option<Value> {
        match name.to_ascii_lowercase().as_str() {
            "steps" => Some(self.steps()),
            "needs" => Some(self.jobs_needed()),
            "jobs" => Some(self.jobs()),
            "vars" | "inputs" => Some(self.variables()),
            _ => context(self.names(), name),
        }
    }

    fn member(&self, whole: &str, name: &str) -> Option<Value> {
        if self.names().is_of_others(whole, name) {
            return Some(Value::Null);
        }
        if let Some(found) = self.one_of_run(whole, name) {
            return Some(found);
        }
        let is_theirs = is_all(whole) && self.names().variable(whole).is_none();
        if is_theirs && self.is_filling(name, false) {
            return self.below();
        }
        let late = self.names().late_variable(name).filter(|_| is_theirs)?;
        self.late(name, false, late)
    }

    fn status(&self, function: Status) -> Option<bool> {
        Some(status(function, &self.course.needs(self.scope), self.course.is_cancelled))
    }

    fn path_exists(&self, path: &str) -> Option<bool> {
        if path.contains(['*', '?', '[']) {
            return self.paths(path).map(|found| !found.is_empty());
        }
        Some(self.look(&self.workspace_path(path)).exists())
    }

    fn command_exists(&self, name: &str) -> Option<bool> {
        let path = self.env("PATH").unwrap_or_default();
        Some(Tools::new(self.grounds.system, &path).find(name, self.grounds.view.root()).is_some())
    }

    fn list_files(&self, folder: &str, pattern: &str) -> Option<Vec<String>> {
        let at = self.workspace_path(folder);
        let found = self.paths(&format!("{}/{pattern}", folder.trim_end_matches('/')))?;
        let names = found.iter().filter(|(path, _)| path.parent().as_ref() == Some(&at));
        Some(names.map(|(path, _)| path.file_name().to_owned()).collect())
    }

    fn hash_files(&self, patterns: &[String]) -> Option<String> {
        let mut files: BTreeMap<WsPath, crate::base::Digest> = BTreeMap::new();
        for pattern in patterns {
            let (pattern, is_excluded) =
                pattern.strip_prefix('!').map_or((pattern.as_str(), false), |rest| (rest, true));
            for (path, kind) in self.paths(pattern)? {
                if is_excluded {
                    files.remove(&path);
                } else if kind == FileKind::File {
                    self.look(&path);
                    files.insert(path.clone(), content(self.grounds.view, &path).digest);
                }
            }
        }
        Some(hash_of(&files))
    }

    fn powershell(&self, script: &str, env: &BTreeMap<String, String>) -> Option<Result<bool, String>> {
        self.grounds.momentary.store(true, Ordering::Relaxed);
        Some(self.grounds.powershell?.ask(script, env))
    }

    fn machine(&self, question: Machine) -> Option<String> {
        match question {
            Machine::IsAdministrator => Some(self.grounds.is_administrator.to_string()),
            Machine::PowerShellVersion => Some(self.powershell().unwrap_or_default()),
            Machine::SystemVersion => None,
        }
    }
}

/// Returns what `hashFiles` says of files, each with the digest of what is there.
pub(crate) fn hash_of(files: &BTreeMap<WsPath, crate::base::Digest>) -> String {
    if files.is_empty() {
        return String::new();
    }
    let digest = files.iter().fold(DigestWriter::new("az 2026-11 hashFiles"), |digest, (path, content)| {
        digest.field(path.as_str().as_bytes()).field(content.0)
    });
    digest.finish().to_hex()
}

impl Scene<'_> {
    /// Returns the version of the PowerShell that would run.
    fn powershell(&self) -> Option<String> {
        let path = self.env("PATH")?;
        Tools::new(self.grounds.system, &path).powershell(self.grounds.view.root())?.version
    }
}
