//! Who waits for whom.

use super::{Need, Node, Strength};

/// Who waits for whom, as two flat arrays.
#[derive(Debug)]
pub(super) struct Dependents {
    /// Where the dependents of each node begin; one entry more than nodes.
    starts: Vec<usize>,
    dependents: Vec<(usize, Strength)>,
}

impl Dependents {
    /// Turns the needs of the nodes around.
    ///
    /// # Panics
    /// If a node needs one that does not come before it.
    pub(super) fn of(nodes: &[Node]) -> Self {
        let mut starts = vec![0; nodes.len() + 1];
        for (node, need) in needs(nodes) {
            assert!(need.node < node, "node {node} needs {}, which does not come before it", need.node);
            starts[need.node + 1] += 1;
        }
        for index in 1..starts.len() {
            starts[index] += starts[index - 1];
        }
        let mut next = starts.clone();
        let mut dependents = vec![(0, Strength::Order); starts[nodes.len()]];
        for (node, need) in needs(nodes) {
            dependents[next[need.node]] = (node, need.strength);
            next[need.node] += 1;
        }
        Self { starts, dependents }
    }

    /// Returns the nodes that wait for this one.
    pub(super) fn of_node(&self, node: usize) -> &[(usize, Strength)] {
        &self.dependents[self.starts[node]..self.starts[node + 1]]
    }
}

fn needs(nodes: &[Node]) -> impl Iterator<Item = (usize, &Need)> {
    nodes.iter().enumerate().flat_map(|(index, node)| node.needs.iter().map(move |need| (index, need)))
}
