//! What steps hold while they run, as the scheduler counts it.
//!
//! Knows names and amounts. Does not know who waits, nor what says how much there is: the plan does.

use std::collections::BTreeSet;

use crate::{
    execute::scheduler::{self, ResourceId},
    model::settings::CPU,
    plan::{Node, Plan, units},
};

/// The slots of the run: each step at work holds as many as it counts for.
const SLOTS: ResourceId = ResourceId(0);

/// What there is of each resource, and the numbers the scheduler knows them by.
#[derive(Debug)]
pub(super) struct Capacities<'p> {
    plan: &'p Plan,
    slots: u32,
    /// Sorted; the place of a name, plus one, is its number.
    names: Vec<&'p str>,
    /// Sorted; the place of a name is that of its rate.
    rates: Vec<&'p str>,
}

impl<'p> Capacities<'p> {
    /// Numbers the resources of a plan that runs with so many slots.
    pub(super) fn new(plan: &'p Plan, slots: usize) -> Self {
        let of_nodes = plan.nodes.iter().flat_map(|node| node.settings.resources.keys().map(String::as_str));
        let of_spans = plan.spans.iter().flat_map(|span| span.demands.iter().map(|(name, _)| name.as_str()));
        let names: BTreeSet<&str> = of_nodes.chain(of_spans).filter(|name| *name != CPU).collect();
        Self {
            plan,
            slots: u32::try_from(slots).unwrap_or(u32::MAX),
            names: names.into_iter().collect(),
            rates: plan.rates.keys().map(String::as_str).collect(),
        }
    }

    /// Returns how much there is of each, by number.
    pub(super) fn all(&self) -> Vec<u32> {
        let named = self.names.iter().map(|name| self.plan.capacities.get(*name).copied().unwrap_or(1));
        std::iter::once(self.slots).chain(named).collect()
    }

    /// Returns what a node holds while it runs: the slots it counts for, or all of them, and what it names.
    pub(super) fn of(&self, node: &Node) -> Vec<(ResourceId, u32)> {
        let wanted = &node.settings.resources;
        let slots = wanted.get(CPU).map_or(1, |slots| units(CPU, *slots));
        let slots = if node.is_alone { u32::MAX } else { slots };
        let named = wanted.iter().filter_map(|(name, amount)| Some((self.id(name)?, units(name, *amount))));
        std::iter::once((SLOTS, slots)).chain(named).collect()
    }

    /// Returns what the plan's nodes hold together.
    pub(super) fn spans(&self) -> Vec<scheduler::Span> {
        let span = |span: &crate::plan::Span| scheduler::Span {
            parent: span.parent,
            demands: span.demands.iter().filter_map(|(name, count)| Some((self.id(name)?, *count))).collect(),
        };
        self.plan.spans.iter().map(span).collect()
    }

    /// Returns how often attempts may start.
    pub(super) fn rates(&self) -> Vec<scheduler::Rate> {
        let rate = |rate: &crate::text::rate::Rate| scheduler::Rate { most: rate.most, per: rate.per };
        self.plan.rates.values().map(rate).collect()
    }

    /// Returns what bounds how often a node is started.
    pub(super) fn rates_of(&self, node: &Node) -> Vec<usize> {
        let names = node.settings.resources.keys();
        names.filter_map(|name| self.rates.binary_search(&name.as_str()).ok()).collect()
    }

    fn id(&self, name: &str) -> Option<ResourceId> {
        self.names.binary_search(&name).ok().map(|place| ResourceId(place + 1))
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, time::Duration};

    use super::*;
    use crate::{model::settings::Settings, plan::Span, text::rate::Rate};

    fn node(resources: &[(&str, u64)]) -> Node {
        let resources = resources.iter().map(|(name, amount)| ((*name).to_owned(), *amount)).collect();
        Node { settings: Settings { resources, ..Settings::default() }.into(), ..Node::default() }
    }

    fn plan() -> Plan {
        let capacities = [("gpu", 2), ("memory", 8192), ("group g", 1), ("api", u32::MAX)];
        let rate = Rate { most: 10, per: Duration::from_mins(1) };
        Plan {
            nodes: [
                node(&[]),
                node(&[("cpu", 3), ("gpu", 2), ("memory", 3 << 30)]),
                node(&[("api", 1), ("lock", 1)]),
                Node { is_alone: true, ..node(&[("cpu", 2)]) },
            ]
            .map(std::sync::Arc::new)
            .into(),
            spans: vec![Span { parent: None, demands: vec![("group g".to_owned(), 1)] }],
            capacities: capacities.map(|(name, count)| (name.to_owned(), count)).into(),
            rates: BTreeMap::from([("api".to_owned(), rate)]),
            ..Plan::default()
        }
    }

    #[test]
    fn cpu_counts_slots_and_memory_mebibytes() {
        let plan = plan();
        let capacities = Capacities::new(&plan, 4);
        // Slots, then api, gpu, group g, lock, memory.
        assert_eq!(capacities.all(), [4, u32::MAX, 2, 1, 1, 8192]);
        let of = |index: usize| -> Vec<(usize, u32)> {
            capacities.of(&plan.nodes[index]).into_iter().map(|(id, amount)| (id.0, amount)).collect()
        };
        assert_eq!(of(0), [(0, 1)]);
        assert_eq!(of(1), [(0, 3), (2, 2), (5, 3072)]);
        assert_eq!(of(2), [(0, 1), (1, 1), (4, 1)]);
        assert_eq!(of(3), [(0, u32::MAX)], "alone is all of them");
        assert_eq!(capacities.spans()[0].demands, [(ResourceId(3), 1)]);
    }

    #[test]
    fn what_a_node_names_bounds_how_often_it_starts() {
        let plan = plan();
        let capacities = Capacities::new(&plan, 4);
        assert_eq!(capacities.rates(), [scheduler::Rate { most: 10, per: Duration::from_mins(1) }]);
        assert_eq!(capacities.rates_of(&plan.nodes[2]), [0]);
        assert!(capacities.rates_of(&plan.nodes[1]).is_empty());
    }
}
