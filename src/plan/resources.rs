//! What there is of the resources that steps hold, and which steps could never get what they want.
//!
//! Knows the configuration, the machine's memory, and what playbooks bound. Does not know who holds what, and when.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    Node,
    places::{Place, Places},
};
use crate::{
    base::nearest,
    diag::{Diagnostic, code},
    model::{
        config::Config,
        settings::{CPU, MEMORY},
    },
    text::{rate::Rate, size},
};

/// How finely memory is granted.
const MEBIBYTE: u64 = 1 << 20;

/// What says how much there is.
pub(super) struct Ground<'a> {
    pub(super) config: &'a Config,
    /// Bytes the machine has; nothing where that is not known.
    pub(super) memory: Option<u64>,
}

/// Returns an amount of a resource in the units it is granted in: memory in MiB, at least one.
pub fn units(name: &str, amount: u64) -> u32 {
    // Rounding down lets four of 2 GB into 8 GB.
    let units = if name == MEMORY { (amount / MEBIBYTE).max(1) } else { amount };
    u32::try_from(units).unwrap_or(u32::MAX)
}

impl Ground<'_> {
    /// Returns how much there is of a resource; nothing for no bound. Of what nobody speaks of there is one.
    fn amount(&self, name: &str) -> Option<u64> {
        match self.config.resources.get(name) {
            Some(resource) => resource.count,
            None if name == MEMORY => self.memory,
            None => Some(1),
        }
    }

    /// Adds how much there is of what nodes want beside slots, in units, to what playbooks bound.
    pub(super) fn add_capacities(&self, nodes: &[Arc<Node>], capacities: &mut BTreeMap<String, u32>) {
        let wanted: BTreeSet<&String> =
            nodes.iter().flat_map(|node| node.settings.resources.keys()).collect();
        for name in wanted.into_iter().filter(|name| *name != CPU) {
            let amount = || self.amount(name).map_or(u32::MAX, |amount| units(name, amount));
            if !capacities.contains_key(name) {
                capacities.insert(name.clone(), amount());
            }
        }
    }

    /// Returns how often what nodes want may be used.
    pub(super) fn rates(&self, nodes: &[Arc<Node>]) -> BTreeMap<String, Rate> {
        let wanted = nodes.iter().flat_map(|node| node.settings.resources.keys());
        let rate = |name: &String| Some((name.clone(), self.config.resources.get(name)?.rate?));
        wanted.filter_map(rate).collect()
    }

    /// Finds steps that want more than there is, and names that are probably mistyped; `bounded` are the playbooks' own.
    pub(super) fn faults(
        &self,
        nodes: &[Arc<Node>],
        bounded: &BTreeMap<String, u32>,
        places: &Places<'_>,
    ) -> Vec<Diagnostic> {
        let mut told = BTreeSet::new();
        let mut faults = Vec::new();
        let runs = |node: &&Arc<Node>| node.condition.as_ref().is_none_or(|decision| decision.holds);
        for node in nodes.iter().filter(runs) {
            let own = node.settings.resources.iter().filter(|(name, _)| !bounded.contains_key(*name));
            // With fewer slots than a step counts for, it has all of them.
            for (name, wanted) in own.filter(|(name, _)| *name != CPU) {
                let fault = self.too_much(node, name, *wanted).or_else(|| self.unknown(name));
                let Some(fault) = fault else { continue };
                let place = places.resource(node, name);
                let key = place.as_ref().map_or_else(
                    || (node.identity.clone(), None),
                    |(source, span)| (source.name.to_string(), Some(*span)),
                );
                if told.insert((key, name.clone())) {
                    faults.push(at(fault, place));
                }
            }
        }
        faults
    }

    fn too_much(&self, node: &Node, name: &str, wanted: u64) -> Option<Diagnostic> {
        let there = self.amount(name).filter(|there| units(name, *there) < units(name, wanted))?;
        let id = &node.id;
        let (message, help) = if name == MEMORY {
            let [wanted, there] = [wanted, there].map(size::write);
            let message = format!("{id} wants {wanted} of memory, and there are {there}");
            let line = format!("`memory = \"{wanted}\"` under `[resources]`");
            (message, format!("let it want less, or say in az.toml how much there is: {line}"))
        } else {
            let is_known = self.config.resources.contains_key(name);
            let unknown = if is_known { "" } else { ": nothing says how many there are" };
            let verb = if there == 1 { "is" } else { "are" };
            let message = format!("{id} wants {wanted} of `{name}`, and there {verb} {there}{unknown}");
            let line = format!("`{name} = {wanted}` under `[resources]`");
            (message, format!("let it want at most {there}, or write {line} in az.toml"))
        };
        Some(Diagnostic::error(code::IMPOSSIBLE_DEMAND, message).help(help))
    }

    /// A lock needs no configuration, so that only a name close to a known one is doubtful.
    fn unknown(&self, name: &str) -> Option<Diagnostic> {
        if name == MEMORY || self.config.resources.contains_key(name) {
            return None;
        }
        let known = self.config.resources.keys().map(String::as_str).chain([CPU, MEMORY]);
        let near = nearest(name, known)?;
        let message = format!("nothing says how much of `{name}` there is, so one step at a time has it");
        let help =
            format!("did you mean `{near}`? Otherwise write `{name} = 1` under `[resources]` in az.toml");
        Some(Diagnostic::warning(code::UNKNOWN_RESOURCE, message).help(help))
    }
}

/// Adds a place, if there is one.
fn at(fault: Diagnostic, place: Option<Place>) -> Diagnostic {
    match place {
        Some((source, span)) => fault.source(&source).label(span, "wanted here"),
        None => fault,
    }
}
