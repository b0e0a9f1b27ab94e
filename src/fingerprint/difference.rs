//! The difference of two fingerprints: why one key is not the other.

use super::{Component, ComponentKind, Fingerprint};

/// A component that differs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Change {
    /// What sort of thing changed.
    pub kind: ComponentKind,
    /// Which one.
    pub name: String,
    /// What it was, nothing if it was not there.
    pub before: Option<String>,
    /// What it is, nothing if it is no longer there.
    pub after: Option<String>,
}

/// Returns the components in which two fingerprints differ, sorted; empty exactly if their keys are equal.
///
/// O(components).
pub fn difference(before: &Fingerprint, after: &Fingerprint) -> Vec<Change> {
    let (mut old, mut new) = (before.components().iter().peekable(), after.components().iter().peekable());
    let mut changes = Vec::new();
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return changes,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(a), Some(b)) => (a.kind, &a.name).cmp(&(b.kind, &b.name)),
        };
        let before = if order.is_le() { old.next() } else { None };
        let after = if order.is_ge() { new.next() } else { None };
        if before.map(|component| component.digest) != after.map(|component| component.digest) {
            changes.push(change(before, after));
        }
    }
}

fn change(before: Option<&Component>, after: Option<&Component>) -> Change {
    let either = before.or(after).expect("one side has the component");
    let short = |component: &Component| component.short.clone();
    Change {
        kind: either.kind,
        name: either.name.clone(),
        before: before.map(short),
        after: after.map(short),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fingerprints() -> impl Strategy<Value = Fingerprint> {
        let component = (0_usize..3, "[a-c]", "[01]").prop_map(|(kind, name, value)| {
            let kind = [ComponentKind::Script, ComponentKind::Input, ComponentKind::Environment][kind];
            Component::of_text(kind, name, &value)
        });
        prop::collection::vec(component, 0..6).prop_map(Fingerprint::new)
    }

    proptest! {
        #[test]
        fn keys_differ_exactly_if_an_explanation_exists(a in fingerprints(), b in fingerprints()) {
            prop_assert_eq!(a.key() != b.key(), !difference(&a, &b).is_empty());
        }

        #[test]
        fn the_explanation_is_complete_and_minimal(a in fingerprints(), b in fingerprints()) {
            let changes = difference(&a, &b);
            prop_assert_eq!(apply(&a, &b, &changes).key(), b.key());
            for left_out in 0..changes.len() {
                let mut some = changes.clone();
                some.remove(left_out);
                prop_assert_ne!(apply(&a, &b, &some).key(), b.key());
            }
        }
    }

    /// Takes the listed changes over from `b` to `a`, and nothing else.
    fn apply(a: &Fingerprint, b: &Fingerprint, changes: &[Change]) -> Fingerprint {
        let is_listed = |component: &&Component| {
            changes.iter().any(|change| change.kind == component.kind && change.name == component.name)
        };
        let kept = a.components().iter().filter(|component| !is_listed(component));
        let taken = b.components().iter().filter(is_listed);
        Fingerprint::new(kept.chain(taken).cloned().collect())
    }
}
