//! Command lines that are mistyped or ask for what is not there.

use super::{Case, Fix::*, Place::*, try_all};

const PLAYBOOK: (&str, &str) = ("playbooks/ci.json", r#"{"sequence": ["0100"]}"#);
const TWO: &[(&str, &str)] = &[("scripts/0100_a.sh", "echo a\n"), ("scripts/0100_b.sh", "echo b\n")];
const ONE: &[(&str, &str)] = &[("scripts/0100_a.sh", "# Stage: Testing\necho a\n")];

#[rustfmt::skip]
pub(super) const CASES: &[Case] = &[
    Case { name: "a range runs backwards", files: &[], line: "build 0100-0001", exit: 2,
        code: "AZ0103", at: Text("0100-0001"), help: "0001-0100", fix: Type("build 0001-0100") },
    Case { name: "a number without zeros", files: &[], line: "build 100", exit: 2,
        code: "AZ0102", at: Text("100"), help: "0100", fix: Type("build 0100") },
    Case { name: "no item at all", files: &[], line: "build 0100..0200", exit: 2,
        code: "AZ0101", at: Text("0100..0200"), help: "0100-0200", fix: Type("build 0100-0200") },
    Case { name: "no such playbook", files: &[PLAYBOOK], line: "build cj", exit: 2,
        code: "AZ0211", at: Text("cj"), help: "did you mean `ci`?", fix: Type("build ci") },
    Case { name: "a playbook is excluded", files: &[PLAYBOOK], line: "build 0100 '!ci'", exit: 2,
        code: "AZ0101", at: Text("ci"), help: "`!0402`", fix: Type("build '*,!0402'") },
    Case { name: "two playbooks of one name", files: &[PLAYBOOK, ("playbooks/ci.toml", "sequence = [\"0100\"]\n")],
        line: "build ci", exit: 2, code: "AZ0212", at: Text("ci"), help: "write the path: `playbooks/ci.json`",
        fix: Type("build playbooks/ci.json") },
    Case { name: "no such number", files: ONE, line: "build 0100,0101 --strict", exit: 4,
        code: "AZ0104", at: Text("0101"), help: "the closest is 0100_a", fix: Type("build 0100_a --strict") },
    Case { name: "a number of two scripts", files: TWO, line: "build 0100 --strict", exit: 4,
        code: "AZ0105", at: Text("0100"), help: "`0100_a`", fix: Type("build 0100_a --strict") },
    Case { name: "a mistyped stage in a selection", files: ONE, line: "build stage:Tseting", exit: 3,
        code: "AZ0106", at: Text("stage:Tseting"), help: "did you mean `Testing`?", fix: Type("build stage:Testing") },
    Case { name: "a mistyped name of a script", files: &[("scripts/0100_hello.sh", "echo a\n")], line: "build 0100_helo",
        exit: 3, code: "AZ0108", at: Text("0100_helo"), help: "did you mean `0100_hello`?", fix: Type("build 0100_hello") },
    Case { name: "a list that is not there", files: &[], line: "build @list", exit: 2,
        code: "AZ0109", at: Nowhere, help: "a text file with selections", fix: Write("list", "0100\n") },
    Case { name: "a list with a mistake", files: &[("list", "# mine\n0100\n0200-0100 # back\n")], line: "build @list",
        exit: 2, code: "AZ0103", at: Text("0200-0100"), help: "0100-0200", fix: Edit("list", "0200-0100", "0100-0200") },
    Case { name: "nothing is selected", files: &[], line: "build '0100,!01*'", exit: 3,
        code: "AZ0107", at: Nowhere, help: "--allow-empty", fix: Type("build '0100,!01*' --allow-empty") },
    Case { name: "an empty repository", files: &[("scripts/", "")], line: "build '*'", exit: 3,
        code: "AZ0107", at: Nowhere, help: "scripts/0100_hello.sh", fix: Write("scripts/0100_hello.sh", "echo hello\n") },
    Case { name: "no workspace", files: &[("scripts-of-old/", "")], line: "list", exit: 2,
        code: "AZ0902", at: Nowhere, help: "0100_hello.sh", fix: Write("scripts/0100_hello.sh", "echo hello\n") },
    Case { name: "nothing is asked for", files: &[PLAYBOOK], line: "build", exit: 2,
        code: "AZ0901", at: Nowhere, help: "az build ci", fix: Type("build ci") },
    Case { name: "a mistyped verb", files: &[], line: "biuld 0100", exit: 2,
        code: "AZ0901", at: Text("biuld"), help: "did you mean `az build`?", fix: Type("build 0100") },
    Case { name: "a playbook in the place of a verb", files: &[PLAYBOOK], line: "ci", exit: 2,
        code: "AZ0901", at: Text("ci"), help: "az build ci", fix: Type("build ci") },
    Case { name: "a mistyped verb of a verb", files: &[], line: "runs lst", exit: 2,
        code: "AZ0901", at: Text("lst"), help: "did you mean `az runs list`?", fix: Type("runs list") },
    Case { name: "no verb of a verb", files: &[], line: "cache frobnicate", exit: 2,
        code: "AZ0901", at: Text("frobnicate"), help: "`az cache status`", fix: Type("cache status") },
    Case { name: "a mistyped path of a playbook", files: &[PLAYBOOK], line: "build playbooks/cj.json", exit: 2,
        code: "AZ0211", at: Text("playbooks/cj.json"), help: "did you mean `playbooks/ci.json`?", fix: Type("build playbooks/ci.json") },
    Case { name: "a mistyped ending of a playbook", files: &[PLAYBOOK], line: "build ci.jsn", exit: 2,
        code: "AZ0211", at: Text("ci.jsn"), help: "did you mean `ci.json`?", fix: Type("build ci.json") },
    Case { name: "a mistyped option", files: &[], line: "build --frce 0100", exit: 2,
        code: "AZ0901", at: Text("--frce"), help: "did you mean `--force`?", fix: Type("build --force 0100") },
    Case { name: "a wrong value of an option", files: &[], line: "list --color sometimes", exit: 2,
        code: "AZ0901", at: Text("sometimes"), help: "`auto`, `always`, `never`", fix: Type("list --color never") },
    Case { name: "a number of jobs that is none", files: &[], line: "build --jobs=many 0100", exit: 2,
        code: "AZ0901", at: Text("many"), help: "a whole number above 0", fix: Type("build --jobs=2 0100") },
    Case { name: "a timeout that is none", files: &[], line: "build 0100 --timeout soon", exit: 2,
        code: "AZ0901", at: Text("soon"), help: "5m", fix: Type("build 0100 --timeout 5m") },
    Case { name: "no jobs at all on the command line", files: &[], line: "build 0100 -j 0", exit: 2,
        code: "AZ0901", at: Text("0"), help: "a whole number above 0", fix: Type("build 0100 -j 1") },
    Case { name: "a variable without a value", files: &[], line: "build 0100 --var x", exit: 2,
        code: "AZ0604", at: Text("x"), help: "NAME=TEXT", fix: Type("build 0100 --var x=1") },
    Case { name: "a variable that is no JSON", files: &[], line: "build 0100 --var x:=yes", exit: 2,
        code: "AZ0604", at: Text("x:=yes"), help: "retries:=3", fix: Type("build 0100 --var x:=true") },
    Case { name: "a script that is not there", files: &[], line: "0999", exit: 2,
        code: "AZ0104", at: Nowhere, help: "the closest is `az 0100`", fix: Type("0100") },
    Case { name: "a mistyped list", files: &[], line: "list playboks", exit: 2,
        code: "AZ0901", at: Nowhere, help: "did you mean `az list playbooks`?", fix: Type("list playbooks") },
    Case { name: "a mistyped topic", files: &[], line: "help selektion", exit: 2,
        code: "AZ0901", at: Nowhere, help: "did you mean `az help selection`?", fix: Type("list") },
    Case { name: "a file az cannot check", files: &[("notes.txt", "x")], line: "check notes.txt", exit: 2,
        code: "AZ0208", at: Nowhere, help: "a script (0100_hello.sh)", fix: Type("check scripts/0100_a.sh") },
];

#[test]
fn mistakes_of_the_command_line_are_told_and_can_be_mended() {
    try_all(CASES);
}
