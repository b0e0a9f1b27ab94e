//! Configuration, kinds and rules with mistakes.

use super::{Case, Fix::*, Place::*, try_all};

const CONFIG: &str = "az.toml";
const RULES: &str = "rules/own.toml";

#[rustfmt::skip]
pub(super) const CASES: &[Case] = &[
    Case { name: "a section that does not exist", files: &[(CONFIG, "[workspaec]\nscripts = \"scripts\"\n")],
        line: "build 0100", exit: 2, code: "AZ0203", at: Text("workspaec"), help: "did you mean `workspace`?",
        fix: Edit(CONFIG, "workspaec", "workspace") },
    Case { name: "no jobs at all", files: &[(CONFIG, "jobs = 0\n")], line: "build 0100", exit: 2,
        code: "AZ0215", at: Text("0"), help: "1", fix: Edit(CONFIG, "0", "1") },
    Case { name: "configuration that is no TOML", files: &[(CONFIG, "jobs 4\n")], line: "build 0100", exit: 2,
        code: "AZ0201", at: Offset(5), help: "write `name = value`", fix: Edit(CONFIG, "jobs", "jobs =") },
    Case { name: "a rule that matches nothing", files: &[(RULES, "[[rule]]\nmatch = \"02*\"\ntimeout = \"5m\"\n")],
        line: "check --strict", exit: 4, code: "AZ0402", at: Text("\"02*\""), help: "`az list` shows the scripts",
        fix: Edit(RULES, "02*", "01*") },
    Case { name: "a rule without a selection", files: &[(RULES, "[[rule]]\ntimeout = \"5m\"\n")],
        line: "build 0100", exit: 2, code: "AZ0205", at: Text("[[rule]]"), help: "match",
        fix: Edit(RULES, "timeout", "match = \"01*\"\ntimeout") },
    Case { name: "a rule that sets what a kind says",
        files: &[(RULES, "[[rule]]\nmatch = \"01*\"\ninterpreter = [\"sh\"]\n")], line: "build 0100", exit: 2,
        code: "AZ0404", at: Text("interpreter"), help: "remove `interpreter`", fix: Edit(RULES, "interpreter = [\"sh\"]\n", "") },
    Case { name: "a selection of a rule that cannot be read", files: &[(RULES, "[[rule]]\nmatch = \"100\"\ntimeout = 5\n")],
        line: "build 0100", exit: 2, code: "AZ0102", at: Text("100"), help: "0100", fix: Edit(RULES, "100", "0100") },
    Case { name: "two kinds of one extension",
        files: &[(RULES, "[[kind]]\nname = \"x\"\nextensions = [\"x\"]\ninterpreter = [\"sh\", \"{script}\"]\n\n[[kind]]\nname = \"y\"\nextensions = [\"x\"]\ninterpreter = [\"sh\", \"{script}\"]\n")],
        line: "check", exit: 2, code: "AZ0403", at: Text("\"x\""), help: "remove the extension `x` from one of the two",
        fix: Edit(RULES, "name = \"y\"\nextensions = [\"x\"]", "name = \"y\"\nextensions = [\"y\"]") },
    Case { name: "an unknown field of a rule", files: &[(RULES, "[[rule]]\nmatch = \"01*\"\ntimout = \"5m\"\n")],
        line: "build 0100", exit: 2, code: "AZ0203", at: Text("timout"), help: "did you mean `timeout`?",
        fix: Edit(RULES, "timout", "timeout") },
    Case { name: "an input of a rule that matches nothing",
        files: &[("data/x.txt", ""), (RULES, "[[rule]]\nmatch = \"01*\"\ninputs = \"data/*.md\"\n")],
        line: "check --strict", exit: 4, code: "AZ0504", at: Text("\"data/*.md\""), help: "`data` is there",
        fix: Edit(RULES, "*.md", "*.txt") },
    Case { name: "a configured folder that is not there",
        files: &[(CONFIG, "[workspace]\nscripts = [\"scripts\", \"scirpts\"]\n")], line: "check --strict", exit: 4,
        code: "AZ0405", at: Text("\"scirpts\""), help: "did you mean `scripts`?", fix: Edit(CONFIG, ", \"scirpts\"", "") },
    Case { name: "a configured folder that is a file", files: &[(CONFIG, "[workspace]\nrules = \"own\"\n"), ("own", "")],
        line: "check --strict", exit: 4, code: "AZ0405", at: Text("\"own\""), help: "mkdir -p 'own'",
        fix: Edit(CONFIG, "rules = \"own\"", "") },
    Case { name: "a configured folder outside", files: &[(CONFIG, "[workspace]\nplaybooks = \"../home\"\n")],
        line: "check --strict", exit: 4, code: "AZ0406", at: Text("\"../home\""), help: "a folder of the workspace",
        fix: Edit(CONFIG, "playbooks = \"../home\"", "") },
    Case { name: "a rule that starts steps outside", files: &[(RULES, "[[rule]]\nmatch = \"01*\"\ncwd = \"../home\"\n")],
        line: "check --strict", exit: 4, code: "AZ0406", at: Text("\"../home\""), help: "a folder of the workspace",
        fix: Edit(RULES, "../home", "scripts") },
    Case { name: "a mistyped placeholder in a command",
        files: &[(RULES, "[[rule]]\nmatch = \"01*\"\ncommand = [\"sh\", \"{scrpt}\"]\n")], line: "build 0100", exit: 2,
        code: "AZ0215", at: Text("\"{scrpt}\""), help: "did you mean `{script}`?", fix: Edit(RULES, "scrpt", "script") },
    Case { name: "a mistyped placeholder in a kind",
        files: &[(RULES, "[[kind]]\nname = \"x\"\nextensions = [\"x\"]\ninterpreter = [\"sh\", \"{script}\", \"{arg}\"]\n")],
        line: "build 0100", exit: 2, code: "AZ0215", at: Text("\"{arg}\""), help: "did you mean `{args}`?", fix: Edit(RULES, "{arg}", "{args}") },
    Case { name: "private state that is everything", files: &[(RULES, "[[rule]]\nmatch = \"01*\"\nscratch = [\"/\"]\n")],
        line: "build 0100", exit: 2, code: "AZ0215", at: Text("\"/\""), help: "such as `.tool-cache/**`",
        fix: Edit(RULES, "\"/\"", "\"tool/**\"") },
    Case { name: "private state of all tools that is everything", files: &[(CONFIG, "[workspace]\nscratch = \"**\"\n")],
        line: "build 0100", exit: 2, code: "AZ0215", at: Text("\"**\""), help: "such as `.tool-cache/**`",
        fix: Edit(CONFIG, "**", "**/tool/**") },
];

#[test]
fn mistakes_of_rules_and_configuration_are_told_and_can_be_mended() {
    try_all(CASES);
}
