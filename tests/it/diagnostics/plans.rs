//! What of a playbook cannot be planned: jobs that need each other, paths, programs.

use super::{Body::*, Case, try_all};

#[rustfmt::skip]
pub(super) const CASES: &[Case] = &[
    Case { name: "jobs in a circle", code: "AZ0501", line: None,
        body: Jobs(r#""build": { "name": "é 🚀", "needs": [«"test"»], "steps": [{ "run": "0100" }] },
            "test": { "name": "é 🚀", "needs": ["lint"], "steps": [{ "run": "0402" }] },
            "lint": { "name": "é 🚀", "needs": ["build"], "steps": [{ "run": "0407" }] }"#) },
    Case { name: "a job that needs itself", code: "AZ0501", line: None,
        body: Jobs(r#""build": { "name": "é 🚀", "needs": «"build"», "steps": [{ "run": "0100" }] }"#) },
    Case { name: "a job that is not there", code: "AZ0502", line: None,
        body: Jobs(r#""build": { "steps": [{ "run": "0100" }] }, "test": { "name": "é 🚀", "needs": [«"biuld"»], "steps": [{ "run": "0402" }] }"#) },
    Case { name: "a name instead of an id", code: "AZ0502", line: None,
        body: Jobs(r#""b": { "name": "Build all", "steps": [{ "run": "0100" }] }, "test": { "name": "é 🚀", "needs": [«"Build all"»], "steps": [{ "run": "0402" }] }"#) },
    Case { name: "two owners of one file", code: "AZ0503", line: None,
        body: Jobs(r#""a": { "steps": [{ "name": "é 🚀", "run": "0100", "inputs": [], "outputs": ["out/report"] }] },
            "b": { "steps": [{ "name": "é 🚀", "run": "0402", "inputs": [], "outputs": [«"out/report"»] }] }"#) },
    Case { name: "an input that matches nothing", code: "AZ0504", line: None,
        body: Jobs(r#""a": { "steps": [{ "name": "é 🚀", "run": "0100", "inputs": [«"dta/*.txt"»], "outputs": [] }] }"#) },
    Case { name: "a shell that is not installed", code: "AZ0505", line: Some("build FILE"),
        body: Jobs(r#""a": { "steps": [{ "name": "é 🚀", "shell": "pwsh", "script": "echo 1" }] }"#) },
    Case { name: "a profile of a stage that is not there", code: "AZ0225", line: Some("plan FILE --profile fast"),
        body: Root(r#""name": "é 🚀", "profiles": { "fast": { "excludeStages": [«"Repotr"»] } },
        "stages": [{ "name": "Test", "sequence": ["0402"] }, { "name": "Report", "sequence": ["0100"] }]"#) },
    Case { name: "an output in the folder of git", code: "AZ0507", line: None,
        body: Jobs(r#""a": { "steps": [{ "name": "é 🚀", "run": "0100", "inputs": [], "outputs": [«".git/x"»] }] }"#) },
    Case { name: "a command that nobody knows", code: "AZ0510", line: None,
        body: Root(r#""name": "é 🚀", "steps": [{ "name": "é", "command": «"/deploy --fast"» }]"#) },
    Case { name: "a tool that is not installed", code: "AZ0513", line: Some("build FILE"),
        body: Root(r#""name": "é 🚀", "requirements": { "tools": ["sh", «"no-such-tool"»] }, "stages": [{ "name": "é 🚀", "sequence": ["0402"] }]"#) },
    Case { name: "a system that this is not", code: "AZ0513", line: Some("plan FILE"),
        body: Root(r#""name": "é 🚀", "requirements": { "platforms": [«"Windows"»] }, "stages": [{ "name": "é 🚀", "sequence": ["0402"] }]"#) },
    Case { name: "a precondition that is false", code: "AZ0514", line: Some("build FILE"),
        body: Root(r#""name": "é 🚀", "variables": { "Target": "prod" }, "validation": { "preConditions": [{ "name": "é 🚀", "condition": «"$Target -eq 'dev'"», "message": "only dev may be built" }] },
        "stages": [{ "name": "é 🚀", "sequence": ["0402"] }]"#) },
    Case { name: "a secret that nobody set", code: "AZ0515", line: Some("build FILE"),
        body: Root(r#""name": "é 🚀", "secrets": [«{ "name": "token", "source": "environment", "variable": "DEPLOY_TOKEN" }»], "stages": [{ "name": "é 🚀", "sequence": ["0402"] }]"#) },
    Case { name: "a precondition that asks a command", code: "AZ0602", line: Some("build FILE"),
        body: Root(r#""name": "é 🚀", "validation": { "preConditions": [{ "condition": "(git status «--porcelain»).Length -eq 0" }] }, "stages": [{ "name": "é 🚀", "sequence": ["0402"] }]"#) },
    Case { name: "a value where a shell would evaluate it", code: "AZ0605", line: None,
        body: Jobs(r#""a": { "steps": [{ "name": "é 🚀", "shell": "bash", "script": "echo $(( «${{ 1 }}» ))" }] }"#) },
    Case { name: "more than there is", code: "AZ0511", line: None,
        body: Jobs(r#""a": { "steps": [{ "name": "é 🚀", "run": "0100", "resources": { "tape": «2» } }] }"#) },
    Case { name: "a name like one that is known", code: "AZ0512", line: None,
        body: Jobs(r#""a": { "steps": [{ "name": "é 🚀", "run": "0100", "resources": [«"memroy"»] }] }"#) },
    Case { name: "a glob that is not closed", code: "AZ0401", line: None,
        body: Jobs(r#""a": { "steps": [{ "name": "é 🚀", "run": "0100", "inputs": [«"src/[a.c"»], "outputs": [] }] }"#) },
    Case { name: "a step that starts outside", code: "AZ0406", line: None,
        body: Jobs(r#""a": { "steps": [{ "name": "é 🚀", "run": "0100", "cwd": «"../home"» }] }"#) },
];

#[test]
fn playbooks_that_cannot_be_planned() {
    try_all(CASES);
}
