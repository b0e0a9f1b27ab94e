//! The sequential order: a topological order of the declared edges, ties broken by the order of the text.

use std::{cmp::Reverse, collections::BinaryHeap};

use petgraph::{algo::tarjan_scc, graphmap::DiGraphMap};

/// Returns the order of `count` nodes, each given by its rank among equals; `edges` are (later, earlier).
///
/// The order is the one in which always the lowest node goes first that nothing holds back. O(edges log nodes).
///
/// # Errors
/// One circle: its nodes in the order in which each waits for the next, the lowest first.
pub(super) fn sequential_order(count: usize, edges: &[(usize, usize)]) -> Result<Vec<usize>, Vec<usize>> {
    let mut waits_for = vec![0_usize; count];
    let mut holds_back: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (later, earlier) in edges {
        waits_for[*later] += 1;
        holds_back[*earlier].push(*later);
    }
    let mut ready: BinaryHeap<Reverse<usize>> =
        (0..count).filter(|node| waits_for[*node] == 0).map(Reverse).collect();
    let mut order = Vec::with_capacity(count);
    while let Some(Reverse(node)) = ready.pop() {
        order.push(node);
        for later in &holds_back[node] {
            waits_for[*later] -= 1;
            if waits_for[*later] == 0 {
                ready.push(Reverse(*later));
            }
        }
    }
    if order.len() == count { Ok(order) } else { Err(circle(edges)) }
}

/// Returns a shortest circle through the lowest node that is on one.
fn circle(edges: &[(usize, usize)]) -> Vec<usize> {
    let graph = DiGraphMap::<usize, ()>::from_edges(edges.iter().copied());
    if let Some((node, _)) = edges.iter().find(|(later, earlier)| later == earlier) {
        return vec![*node];
    }
    let mut knots: Vec<Vec<usize>> = tarjan_scc(&graph).into_iter().filter(|knot| knot.len() > 1).collect();
    knots.iter_mut().for_each(|knot| knot.sort_unstable());
    knots.sort();
    let knot = knots.into_iter().next().expect("an order that cannot be completed has a circle");
    let start = knot[0];
    let mut came_from = std::collections::BTreeMap::new();
    let mut queue = std::collections::VecDeque::from([start]);
    while let Some(node) = queue.pop_front() {
        let mut next: Vec<usize> =
            graph.neighbors(node).filter(|next| knot.binary_search(next).is_ok()).collect();
        next.sort_unstable();
        for next in next {
            if next == start {
                return path_back(start, node, &came_from);
            }
            if let std::collections::btree_map::Entry::Vacant(e) = came_from.entry(next) {
                e.insert(node);
                queue.push_back(next);
            }
        }
    }
    vec![start]
}

fn path_back(start: usize, end: usize, came_from: &std::collections::BTreeMap<usize, usize>) -> Vec<usize> {
    let mut path = vec![end];
    while let Some(before) = path.last().filter(|node| **node != start).and_then(|node| came_from.get(node)) {
        path.push(*before);
    }
    path.reverse();
    path
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ties_go_by_rank_and_edges_win() {
        assert_eq!(sequential_order(3, &[]), Ok(vec![0, 1, 2]));
        assert_eq!(sequential_order(3, &[(0, 2)]), Ok(vec![1, 2, 0]));
        assert_eq!(sequential_order(4, &[(0, 3), (1, 0)]), Ok(vec![2, 3, 0, 1]));
    }

    #[test]
    fn a_circle_is_named_whole_and_nothing_else() {
        assert_eq!(sequential_order(5, &[(4, 0), (0, 1), (1, 2), (2, 0), (3, 2)]), Err(vec![0, 1, 2]));
        assert_eq!(sequential_order(2, &[(1, 1)]), Err(vec![1]));
    }

    proptest! {
        #[test]
        fn every_edge_is_kept(count in 1_usize..30, raw in prop::collection::vec((0_usize..30, 0_usize..30), 0..60)) {
            let edges: Vec<_> = raw.into_iter().map(|(a, b)| (a % count, b % count)).collect();
            match sequential_order(count, &edges) {
                Ok(order) => {
                    let place = |node| order.iter().position(|other| *other == node);
                    prop_assert!(edges.iter().all(|(later, earlier)| place(*earlier) < place(*later)));
                }
                Err(circle) => {
                    let next = circle.iter().cycle().skip(1);
                    prop_assert!(circle.iter().zip(next).all(|(a, b)| edges.contains(&(*a, *b))));
                }
            }
        }
    }
}
