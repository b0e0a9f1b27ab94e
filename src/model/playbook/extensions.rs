//! Sections that people added to old formats, and why az does nothing with each.
//!
//! An empty text is for what only people read. Names that stand in none of the tables are warned of, but for those that
//! begin with `_`, `$`, `/` or `#`, which are remarks.

const HOOKS: &str = "az runs no hooks of a playbook; write steps before and after";
const ITSELF: &str = "az decides this by itself";
const CHECKS: &str = "az checks no results of this kind; let a script check them and fail";
const TELLS: &str = "az tells nobody of this; let a step do it";
const KEEPS: &str = "az keeps all that steps print";
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
    ("commitTypes", ""),
    ("compliance", ""),
    ("complianceFrameworks", ""),
    ("costConsiderations", ""),
    ("deliveryChannels", TELLS),
    ("deploymentReadiness", CHECKS),
    ("documentation", ""),
    ("enforcement", CHECKS),
    ("evidence", TELLS),
    ("finalScript", HOOKS),
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
    ("postExecutionScript", HOOKS),
    ("preExecution", HOOKS),
    ("qualityGates", CHECKS),
    ("rebootHandling", OLD_ENGINE),
    ("remediation", MENDS),
    ("reportSections", REPORTS),
    ("retention", ITSELF),
    ("rollback", MENDS),
    ("scaling", OLD_ENGINE),
    ("schedule", STARTS),
    ("templates", "az builds one playbook; write each variant as a profile"),
    ("thresholds", CHECKS),
    ("validationStages", "the playbook runs something else; write these as a playbook of their own"),
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
    ("captureOutput", KEEPS),
    ("continueOnWarning", "az goes on after warnings, unless --strict is given"),
    ("dryRun", "`az plan` shows what would run"),
    ("onScriptError", "write `continueOnError`"),
    ("onStageFailure", "write `continueOnError`"),
    ("organizationName", ""),
    ("validateBeforeRun", ITSELF),
    ("blockOnFailure", ITSELF),
    ("enforceTestFirst", CHECKS),
    ("rollbackOnFailure", MENDS),
    ("strategy", ITSELF),
    ("summaryFormat", REPORTS),
    ("summaryPath", REPORTS),
];
/// In a profile.
pub(super) const OF_A_PROFILE: &[(&str, &str)] = &[("testSelection", OLD_ENGINE)];
/// In a stage.
pub(super) const OF_A_STAGE: &[(&str, &str)] = &[
    ("audit", ""),
    ("customActions", OLD_ENGINE),
    ("dynamicSelection", OLD_ENGINE),
    ("hooks", HOOKS),
    ("onError", "write `continueOnError`"),
    ("runOnce", LOOP),
    ("successCriteria", CHECKS),
    ("validation", CHECKS),
];
/// In a step.
pub(super) const OF_A_STEP: &[(&str, &str)] = &[("successCriteria", CHECKS)];
/// In `requirements`.
pub(super) const OF_REQUIREMENTS: &[(&str, &str)] = &[("checkGitStatus", CHECKS)];
/// In `validation`.
pub(super) const OF_VALIDATION: &[(&str, &str)] = &[];
/// In `notifications`.
pub(super) const OF_NOTIFICATIONS: &[(&str, &str)] = &[
    ("onCoverageBelow", CHECKS),
    ("onConflict", OLD_ENGINE),
    ("onCoverageBelowThreshold", CHECKS),
    ("onCoverageFailure", CHECKS),
    ("onPRCreated", OLD_ENGINE),
    ("onTestFailure", CHECKS),
    ("onValidationFailure", CHECKS),
];
/// In one of the notifications.
pub(super) const OF_A_NOTIFICATION: &[(&str, &str)] = &[
    ("action", MENDS),
    ("continueWithWarnings", MENDS),
    ("createBackup", MENDS),
    ("createIssue", TELLS),
    ("createIssues", TELLS),
    ("failure", "write `onFailure`"),
    ("generateBadge", REPORTS),
    ("generateReport", REPORTS),
    ("includeArtifactLinks", MESSAGE),
    ("includeDuration", MESSAGE),
    ("includeEnvironment", MESSAGE),
    ("includeError", MESSAGE),
    ("includeFailures", MESSAGE),
    ("includeMetrics", MESSAGE),
    ("includeUrl", MESSAGE),
    ("logLevel", MESSAGE),
    ("notifyUser", MESSAGE),
    ("reportPath", REPORTS),
    ("resetToHead", MENDS),
    ("rollback", MENDS),
    ("rollbackChanges", MENDS),
    ("showDetails", MESSAGE),
    ("showDuration", MESSAGE),
    ("showNextSteps", MESSAGE),
    ("showProgress", MESSAGE),
    ("showQuickFix", MESSAGE),
    ("showSummary", MESSAGE),
    ("success", "write `onSuccess`"),
    ("suggestFixes", MENDS),
];
/// In `reporting`.
pub(super) const OF_REPORTING: &[(&str, &str)] = &[
    ("aggregateResults", REPORTS),
    ("commentOnPR", TELLS),
    ("distribution", TELLS),
    ("failurePrediction", OLD_ENGINE),
    ("generateInsights", OLD_ENGINE),
    ("includeArtifacts", REPORTS),
    ("includeCompliance", REPORTS),
    ("includeContainerInfo", REPORTS),
    ("includeContainerStatus", REPORTS),
    ("includeCoverage", REPORTS),
    ("includeFailures", REPORTS),
    ("includePhaseDetails", REPORTS),
    ("includePlaybookList", REPORTS),
    ("includeRemediation", REPORTS),
    ("includeThreatModel", REPORTS),
    ("includeTimings", REPORTS),
    ("optimizationSuggestions", OLD_ENGINE),
    ("publishCodeCoverage", TELLS),
    ("publishTestResults", TELLS),
    ("sections", REPORTS),
    ("summaryPath", REPORTS),
    ("trendAnalysis", REPORTS),
];
