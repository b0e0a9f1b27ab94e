//! Mistakes outside of playbooks: scripts, rules, the command line, runs, the cache.

use std::path::Path;

use super::snapshot;
use crate::{repo::Repo, traced::traced};

/// A mistake, and how to see it.
pub(super) struct Mistake {
    pub(super) name: &'static str,
    pub(super) code: &'static str,
    /// Files, besides `scripts/0100_Prepare.sh` if no script is among them.
    files: &'static [(&'static str, &'static str)],
    /// Commands of a shell: the last one is told of the mistake.
    lines: &'static [&'static str],
}

/// The scripts of mistakes that only a traced step makes begin so; they are skipped, visibly, where nothing is traced.
const TRACED: [&str; 8] = ["AZ0509", "AZ0707", "AZ0708", "AZ0709", "AZ0711", "AZ0712", "AZ0722", "AZ0723"];

const A: &str = "scripts/0100_a.sh";
const B: &str = "scripts/0200_b.sh";
const PS: &str = "scripts/0100_a.ps1";
/// Lets scripts of PowerShell be planned where there is none.
const NO_PWSH: (&str, &str) =
    ("rules/x.toml", "[[rule]]\nmatch = \"0100\"\ncommand = [\"true\", \"{script}\"]\n");
const CI: &str = "playbooks/ci.json";

#[rustfmt::skip]
pub(super) const MISTAKES: &[Mistake] = &[
    Mistake { name: "a list of selections that is not there", code: "AZ0109", files: &[], lines: &["az build @lst"] },
    Mistake { name: "a playbook that is called otherwise", code: "AZ0211", files: &[(CI, "{\"sequence\": [\"0100\"]}")],
        lines: &["az build cj"] },
    Mistake { name: "two playbooks of one name", code: "AZ0212",
        files: &[(CI, "{\"sequence\": [\"0100\"]}"), ("playbooks/ci.toml", "sequence = [\"0100\"]\n")], lines: &["az build ci"] },
    Mistake { name: "a playbook that cannot be opened", code: "AZ0213", files: &[],
        lines: &["mkdir playbooks; ln -s ci.json playbooks/ci.json; az build ci"] },
    Mistake { name: "more mistakes than are told", code: "AZ0216", files: &[],
        lines: &["mkdir playbooks; for i in $(seq 25); do echo \"$i = 1\"; done > playbooks/ci.toml",
            "echo 'orchestration = { jobs = { a = { steps = [\"0100\"] } } }' >> playbooks/ci.toml; az check playbooks | sed -n '/AZ0216/,$p'"] },
    Mistake { name: "a playbook that is too large", code: "AZ0218", files: &[(CI, "{\"sequence\": [\"0100\"]}")],
        lines: &["head -c 5000000 /dev/zero | tr '\\0' '\\n' >> playbooks/ci.json; az check"] },
    Mistake { name: "a word that is no dimension of a matrix", code: "AZ0221", files: &[],
        lines: &["az build 0100 --matrix os:=1"] },
    Mistake { name: "a matrix whose combinations are all excluded", code: "AZ0221",
        files: &[(CI, "{\"orchestration\": {\"jobs\": {\"one\": {\"name\": \"é 🚀\", \"strategy\": {\"matrix\": {\"os\": [\"a\"], \"exclude\": [{\"os\": \"a\"}]}}, \"steps\": [{\"run\": \"0100\"}]}}}}")],
        lines: &["az matrix expand ci"] },
    Mistake { name: "a matrix that explodes", code: "AZ0226",
        files: &[(CI, "{\"orchestration\": {\"jobs\": {\"one\": {\"name\": \"é 🚀\", \"strategy\": {\"matrix\": {\n\t\"a\": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],\n\t\"b\": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],\n\t\"c\": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]\n}}, \"steps\": [{\"run\": \"0100\"}]}}}}")],
        lines: &["az matrix expand ci"] },
    Mistake { name: "a dependency on no script", code: "AZ0301",
        files: &[(A, "echo a\n"), (B, "# é 🚀\n#\tDependencies: 0101\necho b\n")], lines: &["az check"] },
    Mistake { name: "a tool that is not installed", code: "AZ0302", files: &[(A, "# Dependencies: Frobnicator 3+\necho a\n")],
        lines: &["az check"] },
    Mistake { name: "a timeout of a script that is none", code: "AZ0303", files: &[(A, "# Timeout: soon\necho a\n")],
        lines: &["az check"] },
    Mistake { name: "a mistyped stage of a script", code: "AZ0304",
        files: &[(A, "# Stage: Testing\necho a\n"), (B, "# Stage: Testing\necho b\n"), ("scripts/0300_c.sh", "# Stage: Tetsing\necho c\n")],
        lines: &["az check"] },
    Mistake { name: "a value that does not fit a parameter", code: "AZ0305",
        files: &[(PS, "param([int]$Count)\n"), ("az.toml", "[variables]\nCount = \"many\"\n"), NO_PWSH], lines: &["az check"] },
    Mistake { name: "a mistyped key of a script", code: "AZ0306", files: &[(A, "# Dependancies: None\necho a\n")], lines: &["az check"] },
    Mistake { name: "a file that nothing runs", code: "AZ0308", files: &[(A, "echo a\n"), ("scripts/0200_b.frob", "x\n")],
        lines: &["az check"] },
    Mistake { name: "a shell script with Windows line ends", code: "AZ0309", files: &[(A, "echo a\r\nexit 0\r\n")], lines: &["az check"] },
    Mistake { name: "a list for a script of PowerShell", code: "AZ0311",
        files: &[(PS, "param([string[]]$Tags)\n"), NO_PWSH],
        lines: &["az build 0100 --var Tags:='[\"x\",\"y\"]'"] },
    Mistake { name: "a parameter that nobody gives", code: "AZ0314",
        files: &[(PS, "param([Parameter(Mandatory)][string]$Name, [Parameter(Mandatory)]$To, $Other)\n"), NO_PWSH],
        lines: &["az plan 0100"] },
    Mistake { name: "a file that looks like a script", code: "AZ0313", files: &[(A, "echo a\n"), ("scripts/0200-b.sh", "echo b\n")],
        lines: &["az check"] },
    Mistake { name: "a rule that matches nothing", code: "AZ0402", files: &[("rules/own.toml", "[[rule]]\nmatch = \"02*\"\ntimeout = \"5m\"\n")],
        lines: &["az check"] },
    Mistake { name: "two kinds of one extension", code: "AZ0403",
        files: &[("rules/own.toml", "[[kind]]\nname = \"x\"\nextensions = [\"x\"]\ninterpreter = [\"sh\", \"{script}\"]\n\n[[kind]]\nname = \"y\"\nextensions = [\"x\"]\ninterpreter = [\"sh\", \"{script}\"]\n")],
        lines: &["az check"] },
    Mistake { name: "a rule that sets what a kind says", code: "AZ0404",
        files: &[("rules/own.toml", "[[rule]]\nmatch = \"01*\"\ninterpreter = [\"sh\"]\n")], lines: &["az check"] },
    Mistake { name: "a configured folder that is not there", code: "AZ0405",
        files: &[("az.toml", "[workspace]\nscripts = [\"scripts\", \"scirpts\"]\n")], lines: &["az check"] },
    Mistake { name: "a step that would run inside itself", code: "AZ0506", files: &[(A, "# PassEnv: AZ_PARENT\naz build 0100\n")],
        lines: &["az build 0100 -vv 2>&1 | sed -n '/AZ0506/,/help:/p'"] },
    Mistake { name: "an output that was not made", code: "AZ0508", files: &[(A, "# Inputs: None\n# Outputs: out.txt\ntrue\n")],
        lines: &["az build 0100"] },
    Mistake { name: "an input that was not used", code: "AZ0509",
        files: &[("lib/b.c", "1\n"), (A, "# Inputs: lib/*.c\n# Outputs: None\ntrue\n")], lines: &["az build 0100", "az check -v"] },
    Mistake { name: "an assignment for a comparison", code: "AZ0601", files: &[(A, "# é 🚀\n#\tCondition: Mode = 'fast'\necho a\n")],
        lines: &["az check"] },
    Mistake { name: "a command in a condition", code: "AZ0602", files: &[(A, "# Condition: (Get-Date).Hour -gt 5\necho a\n")],
        lines: &["az check"] },
    Mistake { name: "a word that sets no variable", code: "AZ0604", files: &[], lines: &["az build 0100 --var Mode"] },
    Mistake { name: "a program that cannot be started", code: "AZ0702",
        files: &[("rules/own.toml", "[[rule]]\nmatch = \"01*\"\ncommand = [\"./bad\", \"{script}\"]\n"), ("bad", "#!/nowhere/sh\n")],
        lines: &["chmod +x bad", "az build 0100"] },
    Mistake { name: "a read that is not declared", code: "AZ0708", files: &[("data", "1\n"), (A, "# Inputs: None\n# Outputs: None\ncat data\n")],
        lines: &["az build 0100 2>&1 | sed -E 's/[(](dash|bash) /(sh /'"] },
    Mistake { name: "a write that is not declared", code: "AZ0709", files: &[(A, "# Inputs: None\n# Outputs: None\necho 1 > made\n")],
        lines: &["az build 0100 2>&1 | sed -E 's/[(](dash|bash) /(sh /'"] },
    Mistake { name: "a postcondition that is false", code: "AZ0713",
        files: &[(CI, "{\"postConditions\": [{\"condition\": \"Test-Path 'made'\", \"message\": \"it must make `made`\"}], \"sequence\": [\"0100\"]}")],
        lines: &["az build ci 2>&1 | grep warning"] },
    Mistake { name: "more failures than may be", code: "AZ0714",
        files: &[(A, "exit 1\n"), (CI, "{\"validation\": {\"thresholds\": {\"failures\": {\"maxCount\": 0, \"action\": \"fail\"}}}, \"sequence\": [\"0100\"]}")],
        lines: &["az build ci 2>&1 | grep warning"] },
    Mistake { name: "a file that a later step makes anew", code: "AZ0711", files: &[(A, "echo 1 > out\n"), (B, "echo 2 > out\n")],
        lines: &["az build '*' -j1"] },
    Mistake { name: "a step that depends on the time", code: "AZ0722", files: &[(A, "date +%s.%N > clock\n")],
        lines: &["az verify 0100 2>&1 | sed 's/[0-9]*[.][0-9]\\{9\\}/TIME/g'"] },
    Mistake { name: "another result for the same key", code: "AZ0723", files: &[(A, "date +%s.%N > clock\n")],
        lines: &["az build 0100", "az build 0100 --audit=100% 2>&1 | sed 's/[0-9]*[.][0-9]\\{9\\}/TIME/g'"] },
    Mistake { name: "a cache that cannot be written", code: "AZ0802", files: &[(".azcache", "")], lines: &["az build 0100"] },
    Mistake { name: "a key that is not in the cache", code: "AZ0804", files: &[], lines: &["az cache show ab"] },
    Mistake { name: "a verb that is mistyped", code: "AZ0901", files: &[], lines: &["az biuld 0100"] },
    Mistake { name: "an option that is mistyped", code: "AZ0901", files: &[], lines: &["az build 0100 --frce"] },
    Mistake { name: "a folder without anything for az", code: "AZ0902", files: &[("elsewhere/x", "")],
        lines: &["rm -r scripts; az list"] },
    Mistake { name: "a step that is not there", code: "AZ0904", files: &[(A, "echo a\n")], lines: &["az build 0100", "az why 0101"] },
    Mistake { name: "a run that is not there", code: "AZ0905", files: &[], lines: &["az runs show ab"] },
    Mistake { name: "a step that printed nothing", code: "AZ0907", files: &[(A, "# Condition: IsWindows\ntrue\n"), (B, "true\n")],
        lines: &["az build '*'", "az runs show --log 0100"] },
    Mistake { name: "a full disk", code: "AZ0908", files: &[], lines: &["az list > /dev/full"] },
    Mistake { name: "a file that may not be written", code: "AZ0909", files: &[(CI, "{\"sequnce\": [\"0100\"]}")],
        lines: &["chmod a-w playbooks/ci.json; az check --fix"] },
    Mistake { name: "an environment that nobody knows", code: "AZ0910", files: &[("az.toml", "[environment.qa]\njobs = 1\n")],
        lines: &["az build 0100 --environment lab"] },
    Mistake { name: "a playbook that must not run here", code: "AZ0911",
        files: &[(CI, "{\"sequence\": [\"0100\"]}"), ("az.toml", "[playbook.ci]\nallowedEnvironments = [\"dev\", \"qa\"]\nrequiresApproval = true\n")],
        lines: &["az build ci"] },
];

/// Codes without a snapshot here, each with its reason.
pub(super) const WITHOUT: &[(&str, &str)] = &[
    ("AZ0224", "no playbook is known that cannot be converted"),
    ("AZ0310", "needs a script that somebody changes while it is declared: tests/it/declare.rs"),
    ("AZ0312", "needs another user than root: tests/it/settings.rs"),
    ("AZ0516", "needs a file that others can read: tests/it/secrets/sources.rs"),
    ("AZ0517", "needs a secret that is there: tests/it/secrets/sources.rs"),
    ("AZ0701", "stands for a step's outcome, which has words of its own"),
    ("AZ0703", "stands for a step's outcome, which has words of its own"),
    ("AZ0704", "needs a change while a step runs"),
    ("AZ0705", "needs a change between the end of a step and az's look at it"),
    ("AZ0706", "needs the guard to be killed: tests/it/guard.rs"),
    ("AZ0707", "needs a program that reads a text with the name of a variable: tests/it/laws"),
    ("AZ0710", "needs steps that overlap at a certain time: tests/it/laws/repair.rs"),
    ("AZ0712", "needs steps that overlap at a certain time: tests/it/traced/owners.rs"),
    ("AZ0720", "needs a kernel with Landlock: tests/it/sandbox.rs"),
    ("AZ0721", "needs a kernel without Landlock: tests/it/sandbox.rs"),
    ("AZ0730", "needs a system that refuses to be asked"),
    ("AZ0731", "needs a watch with a limit: tests/it/watch/ends.rs"),
    ("AZ0732", "needs a watch whose workspace goes: tests/it/watch/ends.rs"),
    ("AZ0801", "what is told depends on the byte that is damaged: tests/it/damage.rs"),
    ("AZ0803", "stands for a line of the summary: tests/it/incremental.rs"),
    ("AZ0227", "needs thousands of lines; `limits/bombs` has them"),
    ("AZ0903", "needs a defect of az"),
    ("AZ0906", "needs two az at once: tests/it/cache.rs, tests/it/stop.rs"),
    ("AZ0912", "needs a watch, and an edit while it is at work: tests/it/trust/watched.rs"),
    ("AZ0913", "needs a state folder in the workspace: tests/it/trust/agreed.rs"),
];

/// Returns what people see of a mistake; nothing, said aloud, where it cannot be made.
fn shown(mistake: &Mistake) -> Option<String> {
    let repo = if TRACED.contains(&mistake.code) { traced()? } else { Repo::new() };
    if mistake.files.iter().all(|(path, _)| !path.starts_with("scripts")) {
        repo.file("scripts/0100_Prepare.sh", "echo\n");
    }
    for (path, text) in mistake.files {
        repo.file(path, text);
    }
    let folder = Path::new(env!("CARGO_BIN_EXE_az")).parent()?.to_str()?.to_owned();
    repo.env("PATH", &format!("{folder}:/usr/local/bin:/usr/bin:/bin"));
    let (last, before) = mistake.lines.split_last()?;
    for line in before {
        repo.sh(line).code(0);
    }
    let output = repo.sh(last);
    let text = format!("{}{}", output.stdout(), output.stderr());
    let root = repo.path("").parent()?.to_str()?.to_owned();
    Some(text.replace(&folder, "[BIN]").replace(&root, "[REPO]"))
}

#[test]
fn mistakes_outside_of_playbooks() {
    for mistake in MISTAKES {
        if let Some(shown) = shown(mistake) {
            assert!(shown.contains(mistake.code), "{}: {} is not told: {shown}", mistake.name, mistake.code);
            snapshot(mistake.code, mistake.name, &shown);
        }
    }
}
