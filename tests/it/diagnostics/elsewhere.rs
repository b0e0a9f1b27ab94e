//! Mistakes outside of playbooks: scripts, rules, the command line, runs, the cache.

/// A mistake, and how to see it.
pub(super) struct Mistake {
    pub(super) name: &'static str,
    pub(super) code: &'static str,
}

pub(super) const MISTAKES: &[Mistake] = &[];

/// Codes without a snapshot here, each with its reason.
pub(super) const WITHOUT: &[(&str, &str)] = &[];
