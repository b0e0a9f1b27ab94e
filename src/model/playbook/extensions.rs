//! Sections that people added to old formats, and why az does nothing with each.
//!
//! An empty text is for what only people read. Names that stand in none of the tables are warned of.

/// What az has in place of something.
const HOOKS: &str = "az runs no hooks of a playbook; write steps before and after";
const ITSELF: &str = "az decides this by itself";
const CHECKS: &str = "az checks no results of this kind; let a script do it and fail";
const TELLS: &str = "az tells nobody of it; let a step do it";
const ENGINE: &str = "it spoke to an engine that is no more";

/// At the root.
pub(super) const OF_A_PLAYBOOK: &[(&str, &str)] = &[
    ("metadata", ""),
    ("notes", ""),
    ("documentation", ""),
    ("costConsiderations", ""),
    ("compliance", ""),
    ("complianceFrameworks", ""),
    ("hooks", HOOKS),
    ("optimization", ITSELF),
    ("optimizations", ITSELF),
    ("performance", ""),
    ("caching", ITSELF),
    ("qualityGates", CHECKS),
    ("rebootHandling", ENGINE),
    ("aiAssistance", ENGINE),
    ("artifacts", TELLS),
];
/// In `metadata`.
pub(super) const OF_METADATA: &[(&str, &str)] =
    &[("githubWorkflow", ""), ("convertedFrom", ""), ("convertedAt", "")];
/// In `orchestration`.
pub(super) const OF_ORCHESTRATION: &[(&str, &str)] = &[];
/// In options, under any of their names.
pub(super) const OF_OPTIONS: &[(&str, &str)] = &[];
/// In a profile.
pub(super) const OF_A_PROFILE: &[(&str, &str)] = &[];
/// In a stage.
pub(super) const OF_A_STAGE: &[(&str, &str)] =
    &[("hooks", HOOKS), ("audit", ""), ("validation", CHECKS), ("successCriteria", CHECKS)];
/// In a step.
pub(super) const OF_A_STEP: &[(&str, &str)] = &[("successCriteria", CHECKS)];
/// In `requirements`.
pub(super) const OF_REQUIREMENTS: &[(&str, &str)] = &[];
/// In `validation`.
pub(super) const OF_VALIDATION: &[(&str, &str)] = &[];
/// In `notifications`.
pub(super) const OF_NOTIFICATIONS: &[(&str, &str)] = &[];
/// In one of the notifications.
pub(super) const OF_A_NOTIFICATION: &[(&str, &str)] = &[];
/// In `reporting`.
pub(super) const OF_REPORTING: &[(&str, &str)] = &[];
