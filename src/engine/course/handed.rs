//! What earlier steps of a job set for those behind them: variables of the environment, folders of `PATH`.
//!
//! What all steps of earlier turns set together is kept by turns, since every step behind them asks for it. Knows what
//! nodes handed on. Does not know what a step itself says.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{Course, before::Turns, called::is_boundary};
use crate::{plan::ScopeKind, text::handed::Handed};

/// What steps set, as far as it was asked for.
#[derive(Default)]
pub(super) struct Settings {
    rows: RefCell<BTreeMap<usize, Rows>>,
    /// Scopes what is set in which is part of what is kept.
    counted: RefCell<BTreeSet<usize>>,
}

/// The scopes that stand in one, by turns.
struct Rows {
    turns: Turns,
    /// What is set in as many of the first turns as their places say.
    set: Vec<Arc<Set>>,
}

/// What steps set together.
#[derive(Debug, Clone, Default)]
struct Set {
    env: BTreeMap<String, String>,
    /// The foremost last.
    path: Vec<String>,
}

impl Set {
    fn add(&mut self, handed: &Handed) {
        self.env.extend(handed.env.clone());
        self.path.extend(handed.path.iter().cloned());
    }
}

/// Tells whether something is set.
fn sets(handed: &Handed) -> bool {
    !handed.env.is_empty() || !handed.path.is_empty()
}

impl Course {
    /// Hears what a node hands on.
    pub(in crate::engine) fn hands_on(&mut self, node: usize, handed: Option<Arc<Handed>>) {
        let handed = handed.filter(|handed| **handed != Handed::default());
        let before = match &handed {
            Some(handed) => self.handed.insert(node, Arc::clone(handed)),
            None => self.handed.remove(&node),
        };
        let is_setter = handed.as_deref().is_some_and(sets);
        if is_setter {
            self.setters.insert(node)
        } else {
            self.setters.remove(&node)
        };
        if is_setter || before.as_deref().is_some_and(sets) {
            let mut around = self.around(node);
            if around.any(|scope| self.settings.counted.borrow().contains(&scope)) {
                self.forget_settings();
            }
        }
    }

    /// Forgets what is kept of what steps set.
    pub(super) fn forget_settings(&self) {
        self.settings.rows.borrow_mut().clear();
        self.settings.counted.borrow_mut().clear();
    }

    /// Returns the environment variables that earlier steps of the same job handed to a scope; `PATH` holds folders to
    /// put in front.
    pub(in crate::engine) fn env_handed_to(&self, scope: usize) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        for set in self.set_before(scope) {
            found.extend(set.env.clone());
        }
        found
    }

    /// Returns the environment variable of a name that earlier steps of the same job handed to a scope.
    pub(super) fn variable_handed_to(&self, scope: usize, name: &str) -> Option<String> {
        self.set_before(scope).iter().rev().find_map(|set| set.env.get(name).cloned())
    }

    /// Returns the folders that earlier steps of the same job put in front of `PATH`, the foremost first.
    pub(in crate::engine) fn path_handed_to(&self, scope: usize) -> Vec<String> {
        let sets = self.set_before(scope);
        sets.iter().flat_map(|set| &set.path).rev().cloned().collect()
    }

    /// Returns what is set in front of a scope in its job, in the order of the plan.
    fn set_before(&self, scope: usize) -> Vec<Arc<Set>> {
        if self.setters.is_empty() {
            return Vec::new();
        }
        let inside = self.upwards(Some(scope)).take_while(|above| !is_boundary(self.kind(*above)));
        let mut found: Vec<Arc<Set>> = inside.filter_map(|above| self.set_before_turn_of(above)).collect();
        found.reverse();
        // What a job hands on is put together when all its steps have ended.
        if self.kind(scope) == ScopeKind::List {
            found.push(self.set_in_turns(scope, usize::MAX));
        }
        found
    }

    /// Returns what is set by the siblings of a scope that it judges before it runs.
    fn set_before_turn_of(&self, scope: usize) -> Option<Arc<Set>> {
        let own = &self.plan.scopes[scope];
        match own.kind {
            ScopeKind::Main => None,
            ScopeKind::OnSuccess | ScopeKind::OnFailure => {
                Some(Arc::new(self.set_in(&self.mains(scope).collect::<Vec<_>>())))
            }
            _ => Some(self.set_in_turns(own.parent?, own.turn)),
        }
    }

    /// Returns what is set in all scopes in one whose turn is before another.
    fn set_in_turns(&self, parent: usize, turn: usize) -> Arc<Set> {
        let mut all = self.settings.rows.borrow_mut();
        let Rows { turns, set } = all
            .entry(parent)
            .or_insert_with(|| Rows { turns: self.turns_in(parent), set: vec![Arc::default()] });
        let before = turns.partition_point(|(at, _)| *at < turn);
        for (_, scopes) in turns.iter().take(before).skip(set.len() - 1) {
            let further = self.setters_in(scopes);
            let mut next = set.last().cloned().unwrap_or_default();
            if !further.is_empty() {
                let next = Arc::make_mut(&mut next);
                further.into_iter().for_each(|handed| next.add(handed));
            }
            set.push(next);
            self.settings.counted.borrow_mut().extend(scopes);
        }
        Arc::clone(&set[before])
    }

    fn set_in(&self, scopes: &[usize]) -> Set {
        let mut set = Set::default();
        self.setters_in(scopes).into_iter().for_each(|handed| set.add(handed));
        set
    }

    /// Returns what nodes of these scopes handed on that sets something, in the order of the plan.
    fn setters_in(&self, scopes: &[usize]) -> Vec<&Handed> {
        let mut nodes = Vec::new();
        scopes.iter().for_each(|scope| self.nodes_in(*scope, &mut nodes));
        nodes.retain(|node| self.setters.contains(node));
        nodes.sort_unstable();
        nodes.iter().filter_map(|node| self.handed.get(node)).map(|handed| &**handed).collect()
    }
}
