//! The same questions, answered by a walk over all there is: what is kept must say what this says.

use std::collections::BTreeSet;

use crate::{
    engine::course::{
        Course, Way,
        before::Sum,
        open::{MOST_NAMED, Waits},
    },
    execute::scheduler::Outcome as Ending,
    plan::ScopeKind,
    text::expression::{Need, Outcome},
};

/// Returns the scopes whose ends a scope judges before it runs.
pub(super) fn before(course: &Course, scope: usize) -> Vec<usize> {
    let scopes = &course.plan.scopes;
    let siblings =
        || (0..scopes.len()).filter(|other| scopes[*other].parent == scopes[scope].parent && *other != scope);
    let siblings = || siblings().filter(|_| scopes[scope].parent.is_some());
    let earlier = || siblings().filter(|other| scopes[*other].turn < scopes[scope].turn);
    match scopes[scope].kind {
        ScopeKind::Job => {
            let mut open = scopes[scope].needs.clone();
            let mut found: BTreeSet<usize> = earlier().collect();
            let mut needed = BTreeSet::new();
            while let Some(need) = open.pop() {
                if needed.insert(need) {
                    open.extend(&scopes[need].needs);
                }
            }
            found.extend(needed);
            found.into_iter().collect()
        }
        ScopeKind::OnSuccess | ScopeKind::OnFailure => {
            siblings().filter(|other| scopes[*other].kind == ScopeKind::Main).collect()
        }
        ScopeKind::Main => Vec::new(),
        ScopeKind::Playbook | ScopeKind::Stage | ScopeKind::List | ScopeKind::Step => earlier().collect(),
    }
}

/// Returns all nodes in a scope.
pub(super) fn nodes_in(course: &Course, scope: usize) -> Vec<usize> {
    let is_inside = |node: &usize| course.around(*node).any(|above| above == scope);
    (0..course.plan.nodes.len()).filter(is_inside).collect()
}

pub(super) fn result(course: &Course, scope: usize) -> Need {
    let own = &course.plan.scopes[scope];
    let is_left_out = matches!(course.ways.borrow().get(&scope), Some(Way::Skips(_) | Way::Blocked { .. }));
    let outcome = if is_left_out { Outcome::Skipped } else { outcome(course, scope) };
    Need { outcome, may_fail: own.is_tolerated }
}

fn outcome(course: &Course, scope: usize) -> Outcome {
    let kind = |scope: usize| course.plan.scopes[scope].kind;
    let children = &course.children[scope];
    let of_kind = |wanted: ScopeKind| {
        let found = children.iter().find(|child| kind(**child) == wanted);
        found.map(|child| result(course, *child).conclusion())
    };
    let (after, mended) = (of_kind(ScopeKind::OnSuccess), of_kind(ScopeKind::OnFailure));
    if let Some(main) = of_kind(ScopeKind::Main).filter(|_| after.is_some() || mended.is_some()) {
        return match (main, after) {
            (Outcome::Failure, _) if course.plan.scopes[scope].is_recovered => mended.unwrap_or(main),
            (Outcome::Success, Some(after)) if after != Outcome::Skipped => after,
            _ => main,
        };
    }
    let of_node = |node: &usize| {
        Some(match course.ends[*node]? {
            Ending::Ran | Ending::Warning | Ending::Cached => Outcome::Success,
            Ending::Attention | Ending::Failed | Ending::TimedOut => Outcome::Failure,
            Ending::Skipped | Ending::Blocked { .. } => Outcome::Skipped,
            Ending::Cancelled => Outcome::Cancelled,
        })
    };
    let mut all: Vec<Outcome> = course.members[scope].iter().filter_map(of_node).collect();
    all.extend(children.iter().map(|child| result(course, *child).conclusion()));
    let has_conditions = children.iter().any(|child| course.plan.scopes[*child].condition.is_some());
    let may_be_skipped = match kind(scope) {
        ScopeKind::Playbook | ScopeKind::List => false,
        ScopeKind::Stage | ScopeKind::Job => has_conditions,
        _ => true,
    };
    let is_skipped = may_be_skipped && !all.is_empty() && !all.contains(&Outcome::Success);
    let worst = [Outcome::Failure, Outcome::Cancelled].into_iter().find(|worst| all.contains(worst));
    worst.unwrap_or(if is_skipped { Outcome::Skipped } else { Outcome::Success })
}

/// Returns the first node of a scope that did not end well.
pub(super) fn culprit(course: &Course, scope: usize) -> Option<usize> {
    let is_bad = |ending: Ending| !ending.is_good() && ending != Ending::Skipped;
    nodes_in(course, scope).into_iter().find(|node| course.ends[*node].is_some_and(is_bad))
}

pub(super) fn sum(course: &Course, scope: usize) -> Sum {
    let all = before(course, scope).into_iter().map(|before| (before, result(course, before).conclusion()));
    all.fold(Sum::default(), |sum, (before, outcome)| sum.and(Sum::of(before, outcome)))
}

/// Returns what a status function of a scope is told.
pub(super) fn needs(course: &Course, scope: usize) -> Vec<Need> {
    let kind = |scope: usize| course.plan.scopes[scope].kind;
    let results = |scope: usize| before(course, scope).into_iter().map(|before| result(course, before));
    let job = course.plan.scopes[scope].parent.filter(|_| kind(scope) == ScopeKind::List);
    let job = job.filter(|job| matches!(kind(*job), ScopeKind::Job | ScopeKind::Stage));
    if let Some(job) = job.or_else(|| Some(scope).filter(|scope| kind(*scope) == ScopeKind::Job)) {
        return results(job).collect();
    }
    let mut found = Vec::new();
    for above in course.upwards(Some(scope)) {
        if matches!(kind(above), ScopeKind::Job | ScopeKind::Playbook) {
            break;
        }
        found.extend(results(above));
        if kind(above) == ScopeKind::Stage {
            break;
        }
    }
    found.retain(|need| need.outcome != Outcome::Skipped);
    found
}

/// Returns the scopes in front of a scope in its job, with those in them.
fn parts_before(course: &Course, scope: usize) -> Vec<usize> {
    let kind = |scope: usize| course.plan.scopes[scope].kind;
    let is_boundary =
        |scope: &usize| matches!(kind(*scope), ScopeKind::Job | ScopeKind::Stage | ScopeKind::Playbook);
    let around = course.upwards(Some(scope)).take_while(|above| !is_boundary(above));
    let mut found: Vec<usize> = around.flat_map(|above| before(course, above)).collect();
    if kind(scope) == ScopeKind::List {
        found.extend(&course.children[scope]);
    }
    found
}

/// Returns the steps in front of a scope in its job.
pub(super) fn earlier_steps(course: &Course, scope: usize) -> Vec<usize> {
    let mut open = parts_before(course, scope);
    let mut steps = BTreeSet::new();
    while let Some(scope) = open.pop() {
        if course.plan.scopes[scope].kind == ScopeKind::Step {
            steps.insert(scope);
        }
        if course.plan.scopes[scope].kind != ScopeKind::Playbook {
            open.extend(&course.children[scope]);
        }
    }
    steps.into_iter().collect()
}

/// Returns the nodes in front of a scope in its job.
pub(super) fn earlier_nodes(course: &Course, scope: usize) -> BTreeSet<usize> {
    parts_before(course, scope).into_iter().flat_map(|part| nodes_in(course, part)).collect()
}

/// Returns the nodes without an end that decide about a node.
pub(super) fn waits(course: &Course, node: usize) -> Waits {
    let scopes = &course.plan.scopes;
    let is_special = |scope: usize| {
        scopes[scope].condition.is_some()
            || matches!(scopes[scope].kind, ScopeKind::OnFailure | ScopeKind::OnSuccess)
    };
    let needs_special = |scope: usize| {
        let needs = scopes[scope].needs.iter().filter(|_| scopes[scope].kind == ScopeKind::Job);
        needs
            .copied()
            .any(|need| is_special(need) || course.children[need].iter().any(|list| is_special(*list)))
    };
    let is_conditional = course.plan.nodes[node].late.is_some()
        || course.around(node).any(|scope| is_special(scope) || needs_special(scope));
    if !is_conditional {
        return Waits::default();
    }
    let before = course.around(node).flat_map(|scope| before(course, scope));
    let all: BTreeSet<usize> = before.flat_map(|before| nodes_in(course, before)).collect();
    let open: Vec<usize> =
        all.into_iter().filter(|other| *other < node && course.ends[*other].is_none()).collect();
    let more = open.len().saturating_sub(MOST_NAMED);
    Waits { nearest: open[more..].to_vec(), is_more: more > 0 }
}

/// Returns the first node of another combination that failed.
pub(super) fn failed_beside(course: &Course, node: usize) -> Option<usize> {
    let (cohort, member) = course.plan.nodes[node].cohort?;
    let is_bad = |ending: Ending| matches!(ending, Ending::Failed | Ending::TimedOut);
    (0..course.plan.nodes.len()).find(|other| {
        let beside = course.plan.nodes[*other].cohort;
        beside.is_some_and(|(its, part)| its == cohort && part != member)
            && course.ends[*other].is_some_and(is_bad)
    })
}
