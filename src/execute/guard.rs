//! The guard: the parent of all steps, which ends them when az dies.
