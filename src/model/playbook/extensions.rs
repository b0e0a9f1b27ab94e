//! Sections that people added to old formats, and why az does nothing with each.
//!
//! An empty text is for what only people read. Names that stand in none of the tables are warned of, but for those that
//! begin with `_`, `$`, `/` or `#`, which are remarks.

const HOOKS: &str = "az runs no hooks of a playbook; write steps before and after";
const ITSELF: &str = "az decides this by itself";
const CHECKS: &str = "az checks no results of this kind; let a script check them and fail";
const TELLS: &str = "az tells nobody of this; let a step do it";
const MESSAGE: &str = "az tells the message as it is written";
const REPORTS: &str = "az's reports have one form; let a script write others";
const MENDS: &str = "az undoes and mends nothing by itself; write steps for it";
const LOOP: &str = "az repeats no whole playbook; start it again, or let a step repeat with `retries`";
const STARTS: &str = "az starts this by nothing in the playbook but `triggers`";
const OLD_ENGINE: &str = "it spoke to an engine that is no more";

/// At the root.
pub(super) const OF_A_PLAYBOOK: &[(&str, &str)] = &[
    ("aiAssistance", OLD_ENGINE),
    ("aiInsights", OLD_ENGINE),
    ("artifacts", TELLS),
    ("auditChecks", CHECKS),
    ("automation", STARTS),
    ("businessKPIs", ""),
    ("caching", ITSELF),
    ("commitMessageTemplates", ""),
    ("compliance", ""),
    ("complianceFrameworks", ""),
    ("costConsiderations", ""),
    ("deliveryChannels", TELLS),
    ("documentation", ""),
    ("enforcement", CHECKS),
    ("evidence", TELLS),
    ("hooks", HOOKS),
    ("loop", LOOP),
    ("metadata", ""),
    ("metrics", CHECKS),
    ("monitoring", OLD_ENGINE),
    ("notes", ""),
    ("optimization", ITSELF),
    ("optimizations", ITSELF),
    ("performance", ""),
    ("postDeployment", ""),
    ("postExecution", HOOKS),
    ("preExecution", HOOKS),
    ("qualityGates", CHECKS),
    ("rebootHandling", OLD_ENGINE),
    ("remediation", MENDS),
    ("reportSections", REPORTS),
    ("retention", ITSELF),
    ("rollback", MENDS),
    ("scaling", OLD_ENGINE),
    ("schedule", STARTS),
    ("thresholds", CHECKS),
];
/// In `metadata`.
pub(super) const OF_METADATA: &[(&str, &str)] = &[
    ("aiOptimized", ""),
    ("convertedAt", ""),
    ("convertedFrom", ""),
    ("githubWorkflow", ""),
    ("optimizedFor", ""),
    ("performance", ""),
    ("purpose", ""),
    ("targetAudience", ""),
    ("tradeoffs", ""),
];
/// In `orchestration`.
pub(super) const OF_ORCHESTRATION: &[(&str, &str)] =
    &[("consolidateResults", REPORTS), ("consolidation", REPORTS)];
/// In options, under any of their names.
pub(super) const OF_OPTIONS: &[(&str, &str)] = &[
    ("autoGenerateReports", REPORTS),
    ("blockOnFailure", ITSELF),
    ("enforceTestFirst", CHECKS),
    ("rollbackOnFailure", MENDS),
    ("strategy", ITSELF),
];
/// In a profile.
pub(super) const OF_A_PROFILE: &[(&str, &str)] = &[("testSelection", OLD_ENGINE)];
/// In a stage.
pub(super) const OF_A_STAGE: &[(&str, &str)] = &[
    ("audit", ""),
    ("customActions", OLD_ENGINE),
    ("dynamicSelection", OLD_ENGINE),
    ("hooks", HOOKS),
    ("successCriteria", CHECKS),
    ("validation", CHECKS),
];
/// In a step.
pub(super) const OF_A_STEP: &[(&str, &str)] = &[("successCriteria", CHECKS)];
/// In `requirements`.
pub(super) const OF_REQUIREMENTS: &[(&str, &str)] = &[];
/// In `validation`.
pub(super) const OF_VALIDATION: &[(&str, &str)] = &[];
/// In `notifications`.
pub(super) const OF_NOTIFICATIONS: &[(&str, &str)] = &[
    ("onCoverageBelow", CHECKS),
    ("onCoverageFailure", CHECKS),
    ("onPRCreated", OLD_ENGINE),
    ("onTestFailure", CHECKS),
];
/// In one of the notifications.
pub(super) const OF_A_NOTIFICATION: &[(&str, &str)] = &[
    ("continueWithWarnings", MENDS),
    ("createBackup", MENDS),
    ("createIssue", TELLS),
    ("generateBadge", REPORTS),
    ("includeArtifactLinks", MESSAGE),
    ("includeDuration", MESSAGE),
    ("includeEnvironment", MESSAGE),
    ("includeError", MESSAGE),
    ("includeFailures", MESSAGE),
    ("includeMetrics", MESSAGE),
    ("includeUrl", MESSAGE),
    ("logLevel", MESSAGE),
    ("notifyUser", MESSAGE),
    ("resetToHead", MENDS),
    ("rollback", MENDS),
    ("rollbackChanges", MENDS),
    ("showDuration", MESSAGE),
    ("showProgress", MESSAGE),
    ("showQuickFix", MESSAGE),
    ("suggestFixes", MENDS),
];
/// In `reporting`.
pub(super) const OF_REPORTING: &[(&str, &str)] = &[
    ("aggregateResults", REPORTS),
    ("commentOnPR", TELLS),
    ("distribution", TELLS),
    ("failurePrediction", OLD_ENGINE),
    ("generateInsights", OLD_ENGINE),
    ("includeCompliance", REPORTS),
    ("includeRemediation", REPORTS),
    ("includeThreatModel", REPORTS),
    ("optimizationSuggestions", OLD_ENGINE),
    ("publishCodeCoverage", TELLS),
    ("publishTestResults", TELLS),
    ("sections", REPORTS),
    ("trendAnalysis", REPORTS),
];
