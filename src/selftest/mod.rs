//! Random workspaces that live through random changes and faults: never a stale result, never a step more than must run.
//!
//! Knows how a workspace is made, changed, built and compared, all in memory. Does not know how that is asked for.

mod change;
mod model;
mod random;
mod runner;
mod script;
mod shell;

#[cfg(test)]
mod tests {
    use super::model::{Counts, live};

    /// As many workspaces as `AZ_MODEL_SEEDS` says, from `AZ_MODEL_SEED` on; some without it.
    #[test]
    fn whatever_happens_az_leaves_what_running_by_hand_leaves() {
        let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
        let first = number("AZ_MODEL_SEED").unwrap_or(0);
        let mut counts = Counts::default();
        for seed in first..first + number("AZ_MODEL_SEEDS").unwrap_or(60) {
            counts += live(seed).unwrap_or_else(|fault| panic!("{fault}"));
        }
        assert!(counts.ran > counts.builds / 10 && counts.settled * 20 < counts.builds, "{counts:?}");
    }
}
