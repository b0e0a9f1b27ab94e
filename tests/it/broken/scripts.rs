//! Scripts with mistakes in their headers, and scripts that do not go together.

use super::{Case, Fix::*, Place::*, try_all};

const A: &str = "scripts/0100_a.sh";
const B: &str = "scripts/0200_b.sh";

#[rustfmt::skip]
pub(super) const CASES: &[Case] = &[
    Case { name: "scripts depend on each other",
        files: &[(A, "# Dependencies: 0200\n"), (B, "# Dependencies: 0100\n")], line: "build '*'", exit: 2,
        code: "AZ0501", at: Text("0200"), help: "0100_a waits for 0200_b", fix: Edit(A, "# Dependencies: 0200", "") },
    Case { name: "two scripts own one file",
        files: &[(A, "# Inputs: None\n# Outputs: out/x\nmkdir -p out && echo > out/x\n"),
            (B, "# Inputs: None\n# Outputs: out/x\nmkdir -p out && echo > out/x\n")],
        line: "build '*'", exit: 2, code: "AZ0503", at: Text("out/x"), help: "let one write elsewhere",
        fix: Write(B, "# Inputs: None\n# Outputs: out/y\nmkdir -p out && echo > out/y\n") },
    Case { name: "a script that is not UTF-8", files: &[(A, "# Description: \u{ff}\necho a\n")], line: "build 0100", exit: 2,
        code: "AZ0202", at: Text("\u{fffd}"), help: "iconv -f WINDOWS-1252", fix: Write(A, "# Description: ÿ\necho a\n") },
    Case { name: "a script in UTF-16", files: &[(A, "\u{ff}\u{fe}e\0\n\0")], line: "build 0100", exit: 2,
        code: "AZ0202", at: Text("\u{fffd}"), help: "iconv -f UTF-16", fix: Write(A, "echo a\n") },
    Case { name: "a script that cannot be opened", files: &[(A, "->0100_a.sh")], line: "build 0100", exit: 2,
        code: "AZ0213", at: Nowhere, help: "replace it if it is a link", fix: Write(A, "echo a\n") },
    Case { name: "a script that nothing says how to run", files: &[("scripts/0200_b.zig", "x\n")], line: "build 0200",
        exit: 2, code: "AZ0505", at: Nowhere, help: "extensions = [\"zig\"] to a file in rules/",
        fix: Write("rules/zig.toml", "[[kind]]\nname = \"zig\"\nextensions = [\"zig\"]\ninterpreter = [\"true\", \"{script}\"]\n") },
    Case { name: "a link that leads nowhere", files: &[(A, "->nowhere")], line: "check", exit: 2,
        code: "AZ0213", at: Nowhere, help: "replace it if it is a link", fix: Write(A, "echo a\n") },
    Case { name: "Windows line ends in a shell script", files: &[(A, "echo a\r\nexit 0\r\n")], line: "check --strict", exit: 4,
        code: "AZ0309", at: Text("\r"), help: "sed -i 's/\\r$//' 'scripts/0100_a.sh'", fix: Write(A, "echo a\nexit 0\n") },
    Case { name: "a policy of the cache that is none, when a step is built", files: &[(A, "# Cache: nevr\necho a\n")],
        line: "build 0100 --strict", exit: 4, code: "AZ0303", at: Text("nevr"), help: "never", fix: Edit(A, "nevr", "never") },
    Case { name: "an interpreter that is not installed",
        files: &[(A, "echo a\n"), ("scripts/0200_b.frob", "x\n"),
            ("rules/frob.toml", "[[kind]]\nname = \"frob\"\nextensions = [\"frob\"]\ninterpreter = [\"frobnicate\", \"{script}\"]\n")],
        line: "build '*'", exit: 2, code: "AZ0505", at: Nowhere, help: "leave these steps out of the selection",
        fix: Type("build '*,!0200'") },
    Case { name: "a pattern with an open bracket", files: &[(A, "# Inputs: src/[a\necho a\n")], line: "build 0100", exit: 2,
        code: "AZ0401", at: Text("src/[a"), help: "close its brackets", fix: Edit(A, "src/[a", "src/[a]") },
    Case { name: "an output where nobody may write", files: &[(A, "# Inputs: None\n# Outputs: .git/x\necho a\n")],
        line: "build 0100", exit: 2, code: "AZ0507", at: Text(".git/x"), help: "name the files or folders the step makes",
        fix: Edit(A, ".git/x", "None") },
    Case { name: "a condition that ends early", files: &[(A, "# Condition: Mode -eq\necho a\n")], line: "build 0100",
        exit: 2, code: "AZ0601", at: Offset(21), help: "write a variable, a number", fix: Edit(A, "-eq", "-eq null") },
    Case { name: "a condition only PowerShell could read", files: &[(A, "# Condition: (Get-Date).Hour -gt 5\necho a\n")],
        line: "build 0100", exit: 2, code: "AZ0602", at: Text("Get-Date"), help: "variable", fix: Edit(A, "(Get-Date).Hour", "Hour") },
    Case { name: "a declared input that is mistyped",
        files: &[("src/x.c", ""), (A, "# Inputs: sc/*.c\n# Outputs: None\necho a\n")], line: "check --strict", exit: 4,
        code: "AZ0504", at: Text("sc/*.c"), help: "did you mean `src`?", fix: Edit(A, "sc/", "src/") },
    Case { name: "a dependency on no script", files: &[(A, "# Dependencies: 0200\necho a\n"), (B, "echo b\n"),
            ("scripts/0300_c.sh", "# Dependencies: 0201\necho c\n")], line: "check --strict", exit: 4,
        code: "AZ0301", at: Text("0201"), help: "the closest is 0200_b", fix: Edit("scripts/0300_c.sh", "0201", "0200") },
    Case { name: "a tool that is not installed", files: &[(A, "# Dependencies: Frobnicator 3+\necho a\n")],
        line: "check --strict", exit: 4, code: "AZ0302", at: Text("Frobnicator 3+"), help: "(optional)",
        fix: Edit(A, "3+", "3+ (optional)") },
    Case { name: "a timeout of a script that is none", files: &[(A, "# Timeout: soon\necho a\n")],
        line: "check --strict", exit: 4, code: "AZ0303", at: Text("soon"), help: "30s", fix: Edit(A, "soon", "30s") },
    Case { name: "an exit code without a meaning", files: &[(A, "# ExitCodes: 3\necho a\n")],
        line: "check --strict", exit: 4, code: "AZ0303", at: Text("3"), help: "3=skipped", fix: Edit(A, ": 3", ": 3=skipped") },
    Case { name: "a mistyped stage of a script",
        files: &[(A, "# Stage: Testing\necho a\n"), (B, "# Stage: Testing\necho b\n"),
            ("scripts/0300_c.sh", "# Stage: Tetsing\necho c\n")], line: "check --strict", exit: 4,
        code: "AZ0304", at: Text("Tetsing"), help: "did you mean `Testing`?", fix: Edit("scripts/0300_c.sh", "Tetsing", "Testing") },
    Case { name: "a value that does not fit a parameter",
        files: &[("scripts/0100_a.ps1", "param([int]$Count)\n"), ("az.toml", "[variables]\nCount = \"many\"\n"),
            ("rules/x.toml", "[[rule]]\nmatch = \"0100\"\ncommand = [\"true\", \"{script}\"]\n")],
        line: "check", exit: 2, code: "AZ0305", at: Text("Count"), help: "give it a whole number", fix: Edit("az.toml", "\"many\"", "3") },
    Case { name: "a mistyped key", files: &[(A, "# Dependancies: None\necho a\n")], line: "check --strict", exit: 4,
        code: "AZ0306", at: Text("Dependancies"), help: "did you mean `Dependencies`?", fix: Edit(A, "Dependancies", "Dependencies") },
    Case { name: "an extension of no kind",
        files: &[(A, "echo a\n"), ("scripts/0200_b.frob", "x\n")], line: "check --strict", exit: 4,
        code: "AZ0308", at: Nowhere, help: "add a [[kind]] with extensions = [\"frob\"]",
        fix: Write("rules/frob.toml", "[[kind]]\nname = \"frob\"\nextensions = [\"frob\"]\ninterpreter = [\"sh\", \"{script}\"]\n") },
];

#[test]
fn mistakes_of_scripts_are_told_and_can_be_mended() {
    try_all(CASES);
}
