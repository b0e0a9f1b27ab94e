//! Where the newest format has what stands at the root of a file, in `metadata` or in `orchestration`.

/// Names of fields, in lower case, and the place of what they say.
const SECTIONS: [(&[&str], &str); 38] = [
    (&["name"], "/metadata/name"),
    (&["description", "desc"], "/metadata/description"),
    (&["tags"], "/metadata/tags"),
    (&["version"], "/metadata/version"),
    (&["category"], "/metadata/category"),
    (&["author"], "/metadata/author"),
    (&["estimatedduration", "estimated_duration", "expectedduration"], "/metadata/estimatedDuration"),
    (&["created", "createdat", "created_at"], "/metadata/created"),
    (&["lastupdated", "updated", "lastmodified", "last_updated", "modified"], "/metadata/lastUpdated"),
    (&["metadata"], "/metadata"),
    (&["orchestration"], "/orchestration"),
    (&["variables", "vars", "defaultvariables"], "/orchestration/defaultVariables"),
    (&["env", "environment"], "/orchestration/env"),
    (&["parameters", "inputs", "params"], "/parameters"),
    (&["secrets"], "/secrets"),
    (&["defaults", "timeout", "timeoutseconds", "timeout_seconds", "timeoutsec"], "/orchestration/defaults"),
    (&["concurrency"], "/orchestration/concurrency"),
    (&["parallel", "runparallel", "mode", "executionmode"], "/orchestration/options/parallel"),
    (
        &["maxconcurrency", "max_concurrency", "maxparallel", "max-parallel"],
        "/orchestration/options/maxConcurrency",
    ),
    (
        &["continueonerror", "continue_on_error", "stoponerror", "failfast", "allowfailure"],
        "/orchestration/options/continueOnError",
    ),
    (&["timeoutminutes", "timeout_minutes", "timeout-minutes"], "/orchestration/options/timeoutMinutes"),
    (&["usecache", "enablecache", "cache"], "/orchestration/options/useCache"),
    (
        &["options", "configuration", "execution", "errorhandling", "parallelization"],
        "/orchestration/options",
    ),
    (&["profiles"], "/orchestration/profiles"),
    (&["profile", "defaultprofile", "default_profile"], "/orchestration/profile"),
    (&["requirements", "prerequisites", "requiredmodules"], "/requirements"),
    (&["successcriteria"], "/successCriteria"),
    (&["preconditions", "pre_conditions", "before"], "/validation/preConditions"),
    (&["postconditions", "post_conditions", "after"], "/validation/postConditions"),
    (&["validation"], "/validation"),
    (&["notifications"], "/notifications"),
    (&["reporting"], "/reporting"),
    (&["triggers", "on"], "/triggers"),
    (&["integrations"], "/integrations"),
    (&["postactions", "post_actions"], "/postActions"),
    (&["jobs", "stages", "sequence", "steps", "scripts", "sequences", "workflow"], "/orchestration/jobs"),
    (&["executionorder", "execution_order", "stageorder"], "/orchestration/jobs"),
    (&["extensions"], "/extensions"),
];

/// Returns the place of what a field says that stands at the root, in `metadata` or in `orchestration`.
pub(super) fn place_of(field: &str) -> Option<String> {
    let lower = field.to_ascii_lowercase();
    let found = SECTIONS.iter().find(|(names, _)| names.contains(&lower.as_str()));
    match found {
        Some((_, place)) => Some((*place).to_owned()),
        None if lower.starts_with("on") => Some(format!("/notifications/{field}")),
        None => None,
    }
}
