//! Playbooks with mistakes.

use super::{Case, Fix::*, Place::*, try_all};

const CI: &str = "playbooks/ci.json";

/// A playbook of one job; what is between the braces is the job's.
macro_rules! job {
    ($text:literal) => {
        &[(CI, concat!(r#"{"metadata": {"name": "ci"}, "orchestration": {"jobs": {"one": {"#, $text, "}}}}"))]
    };
}

#[rustfmt::skip]
pub(super) const CASES: &[Case] = &[
    Case { name: "a value of a wrong type", files: &[(CI, r#"{"sequence": true}"#)], line: "build ci", exit: 2,
        code: "AZ0204", at: Text("true"), help: "such as [\"0402\"", fix: Edit(CI, "true", r#"["0100"]"#) },
    Case { name: "a sequence of nothing", files: &[(CI, r#"{"sequence": []}"#)], line: "build ci", exit: 2,
        code: "AZ0215", at: Text("["), help: "such as [\"0402\"", fix: Edit(CI, "[]", r#"["0100"]"#) },
    Case { name: "a field that does not exist", files: &[(CI, r#"{"sequence": ["0100"], "descripton": "ü"}"#)],
        line: "build ci", exit: 2, code: "AZ0203", at: Text("\"descripton\""), help: "did you mean `description`?",
        fix: Edit(CI, "descripton", "description") },
    Case { name: "a mistyped key of a playbook behind text of many bytes",
        files: &[(CI, "{\r\n\t\"name\": \"ü🚀\",\r\n\t\"sequnce\": [\"0100\"]\r\n}\r\n")], line: "build ci", exit: 2,
        code: "AZ0203", at: Text("\"sequnce\""), help: "did you mean `sequence`?", fix: Edit(CI, "sequnce", "sequence") },
    Case { name: "a range of a playbook runs backwards", files: &[(CI, r#"{"sequence": ["0100", "0200-0100"]}"#)],
        line: "build ci", exit: 2, code: "AZ0103", at: Text("0200-0100"), help: "0100-0200",
        fix: Edit(CI, "0200-0100", "0100-0200") },
    Case { name: "JSON that is not closed", files: &[(CI, "{\"sequence\": [\"0100\"}")], line: "build ci", exit: 2,
        code: "AZ0201", at: Text("}"), help: "write the missing `]`", fix: Edit(CI, "\"}", "\"]}") },
    Case { name: "TOML without a value", files: &[("playbooks/ci.toml", "sequence =\n")], line: "build ci", exit: 2,
        code: "AZ0201", at: Offset(10), help: "write the value", fix: Edit("playbooks/ci.toml", "=", "= [\"0100\"]") },
    Case { name: "YAML that is indented by a tab", files: &[("playbooks/ci.yaml", "# 🚀\r\nsequence:\r\n\t- 0100\r\n")],
        line: "build ci", exit: 2, code: "AZ0201", at: Text("\t"), help: "spaces", fix: Edit("playbooks/ci.yaml", "\t", "  ") },
    Case { name: "YAML in a file that is called JSON", files: &[(CI, "sequence:\n- 0100\nname: [ci\n")],
        line: "build ci", exit: 2, code: "AZ0201", at: Text("["), help: "write the missing `]`",
        fix: Edit(CI, "[ci", "ci") },
    Case { name: "a field of YAML that does not exist", 
        files: &[("playbooks/ci.yml", "orchestration:\n  jobs:\n    a:\n      é: &é 🚀\n      steps: [{ run: 0100 }]\n")],
        line: "build ci", exit: 2, code: "AZ0203", at: Text("é"), help: "fields here", fix: Edit("playbooks/ci.yml", "      é: &é 🚀\n", "") },
    Case { name: "YAML that repeats itself without end",
        files: &[("playbooks/ci.yaml", "sequence: 0100\nname: &x [*x]\n")], line: "build ci", exit: 2,
        code: "AZ0201", at: Text("*x"), help: "write the value itself", fix: Edit("playbooks/ci.yaml", "&x [*x]", "ci") },
    Case { name: "a playbook that is not UTF-8", files: &[(CI, "{\"sequence\": [\"0100\"], \"description\": \"\u{ff}\"}")],
        line: "build ci", exit: 2, code: "AZ0202", at: Text("\u{fffd}"), help: "iconv -f WINDOWS-1252",
        fix: Write(CI, "{\"sequence\": [\"0100\"], \"description\": \"ÿ\"}") },
    Case { name: "a playbook that cannot be opened", files: &[(CI, "->ci.json")], line: "build ci", exit: 2,
        code: "AZ0213", at: Nowhere, help: "replace it if it is a link", fix: Write(CI, r#"{"sequence": ["0100"]}"#) },
    Case { name: "a key stands twice", files: &[(CI, r#"{"sequence": ["0100"], "Sequence": ["0200"]}"#)],
        line: "build ci", exit: 2, code: "AZ0206", at: Text("\"Sequence\""), help: "remove one of the two",
        fix: Edit(CI, r#", "Sequence": ["0200"]"#, "") },
    Case { name: "a field az does not act on yet", files: &[(CI, r#"{"stages": [{"name": "a", "sequence": ["0100"], "retries": 1, "approval": true}]}"#)],
        line: "build ci", exit: 2, code: "AZ0207", at: Text("true"), help: "remove the field",
        fix: Edit(CI, r#", "approval": true"#, "") },
    Case { name: "no playbook at all", files: &[(CI, r#"{"compilerOptions": {}}"#)], line: "build ci", exit: 2,
        code: "AZ0208", at: Text("{"), help: "add `sequence`",
        fix: Edit(CI, r#""compilerOptions": {}"#, r#""sequence": ["0100"]"#) },
    Case { name: "a timeout of a step that is none",
        files: job!(r#""steps": [{"run": "0100", "timeout": "5 parsecs"}]"#), line: "build ci", exit: 2,
        code: "AZ0209", at: Text("\"5 parsecs\""), help: "30s", fix: Edit(CI, "5 parsecs", "30s") },
    Case { name: "an id that cannot be used", files: job!(r#""steps": [{"id": "1 st", "run": "0100"}]"#),
        line: "build ci", exit: 2, code: "AZ0210", at: Text("\"1 st\""), help: "write `step-1-st`", fix: Edit(CI, "1 st", "first") },
    Case { name: "a job without steps", files: job!(r#""needs": []"#), line: "build ci", exit: 2,
        code: "AZ0205", at: Text("{"), help: "steps", fix: Edit(CI, r#""needs": []"#, r#""steps": [{"run": "0100"}]"#) },
    Case { name: "a step that does nothing", files: job!(r#""steps": [{"name": "x"}]"#), line: "build ci", exit: 2,
        code: "AZ0214", at: Text("{"), help: "\"run\": \"0402\"", fix: Edit(CI, r#"{"name": "x"}"#, r#"{"name": "x", "run": "0100"}"#) },
    Case { name: "a job needs one that is not there",
        files: job!(r#""steps": [{"run": "0100"}]}, "two": {"needs": ["oen"], "steps": [{"run": "0100"}]"#),
        line: "build ci", exit: 2, code: "AZ0502", at: Text("\"oen\""), help: "did you mean `one`?",
        fix: Edit(CI, "oen", "one") },
    Case { name: "jobs need each other",
        files: job!(r#""needs": ["two"], "steps": [{"run": "0100"}]}, "two": {"needs": ["one"], "steps": [{"run": "0100"}]"#),
        line: "build ci", exit: 2, code: "AZ0501", at: Text("\"two\""), help: "remove one of these needs", fix: Edit(CI, r#""needs": ["one"], "#, "") },
    Case { name: "a shell that does not exist",
        files: job!(r#""steps": [{"script": "echo", "shell": "bahs"}]"#), line: "build ci", exit: 2,
        code: "AZ0215", at: Text("\"bahs\""), help: "did you mean `bash`?", fix: Edit(CI, "bahs", "bash") },
    Case { name: "a selection of a step that cannot be read", files: job!(r#""steps": [{"run": "stage:"}]"#),
        line: "build ci", exit: 2, code: "AZ0101", at: Text("stage:"), help: "write the stage's name behind the colon", fix: Edit(CI, "stage:", "stage:Testing") },
    Case { name: "an unknown field of a step", files: job!(r#""steps": [{"run": "0100", "ouputs": []}]"#),
        line: "build ci", exit: 2, code: "AZ0203", at: Text("\"ouputs\""), help: "did you mean `outputs`?",
        fix: Edit(CI, "ouputs", "outputs") },
    Case { name: "two steps own one file",
        files: job!(r#""steps": [{"script": "echo > x", "shell": "sh", "inputs": [], "outputs": ["x"]}]}, "two": {"steps": [{"script": "echo > x", "shell": "sh", "inputs": [], "outputs": ["x"]}]"#),
        line: "build ci", exit: 2, code: "AZ0503", at: Text("\"x\""), help: "let one write elsewhere",
        fix: Edit(CI, r#"echo > x", "shell": "sh", "inputs": [], "outputs": ["x"]"#,
            r#"echo > y", "shell": "sh", "inputs": [], "outputs": ["y"]"#) },
    Case { name: "an input of a step that is mistyped",
        files: &[("data/x.txt", ""), (CI, r#"{"metadata": {"name": "ci"}, "orchestration": {"jobs": {"one": {
            "steps": [{"run": "0100", "inputs": ["dta/*.txt"], "outputs": []}]}}}}"#)],
        line: "check --strict", exit: 4, code: "AZ0504", at: Text("\"dta/*.txt\""), help: "did you mean `data`?",
        fix: Edit(CI, "dta", "data") },
    Case { name: "a number of a playbook that no script has", files: &[(CI, r#"{"sequence": ["0100,0104"]}"#)],
        line: "check --strict", exit: 4, code: "AZ0104", at: Text("0104"), help: "the closest is 0100_a",
        fix: Edit(CI, ",0104", "") },
    Case { name: "a step that starts outside",
        files: &[("playbooks/p.json", r#"{"metadata": {"name": "p"}, "orchestration": {"variables": {"cwd": "/"}, "jobs": {"a": {"steps": [{"script": "true", "shell": "sh", "cwd": "../home"}]}}}}"#)],
        line: "check --strict", exit: 4, code: "AZ0406", at: Text("\"../home\""), help: "a folder of the workspace",
        fix: Edit("playbooks/p.json", "../home", "scripts") },
];

#[test]
fn mistakes_of_playbooks_are_told_and_can_be_mended() {
    try_all(CASES);
}
