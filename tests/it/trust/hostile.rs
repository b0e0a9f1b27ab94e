//! Repositories that want to run something, or to speak to the terminal, as soon as anybody looks at them.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::PathBuf,
    process::Command,
};

use tempfile::TempDir;

/// A repository, with what is around it.
pub(super) struct Hostile {
    pub(super) name: &'static str,
    /// It has something that a terminal would obey.
    pub(super) is_loud: bool,
    folder: TempDir,
    variables: Vec<(String, String)>,
}

impl Hostile {
    fn new(name: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for inner in ["repo/scripts", "repo/playbooks", "repo/rules", "home", "bin", "tmp"] {
            fs::create_dir_all(folder.path().join(inner)).unwrap();
        }
        let new = Self { name, is_loud: false, folder, variables: Vec::new() };
        // Whatever is looked for by name is found here first.
        for program in [
            "pwsh",
            "powershell",
            "sh",
            "bash",
            "git",
            "python3",
            "python",
            "node",
            "cargo",
            "docker",
            "pager",
            "less",
        ] {
            new.program(&format!("bin/{program}"));
        }
        let script = format!("#!/bin/sh\n# Inputs: in\n# Outputs: out\n{}\n", new.bait());
        new.file("scripts/0100_a.sh", &script)
            .file("in", "1")
            .file("playbooks/other.json", r#"{"name":"other","sequence":["0100"]}"#)
    }

    /// A shell command that leaves a trace.
    pub(super) fn bait(&self) -> String {
        format!("/bin/echo out > {}", self.aside("canary").display())
    }

    /// Tells whether something ran.
    pub(super) fn canary(&self) -> bool {
        self.aside("canary").exists()
    }

    pub(super) fn root(&self) -> PathBuf {
        self.aside("repo")
    }

    pub(super) fn aside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn environment(&self) -> Vec<(String, String)> {
        let path = |name: &str| self.aside(name).display().to_string();
        let mut all: Vec<(String, String)> = [
            ("PATH", format!("{}:.:{}:/usr/bin:/bin", path("bin"), path("repo"))),
            ("HOME", path("home")),
            ("TMPDIR", path("tmp")),
            ("TERM", "xterm".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        all.extend(self.variables.iter().cloned());
        all
    }

    fn program(&self, path: &str) {
        let path = self.aside(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, format!("#!/bin/sh\n{}\necho 1.0\n", self.bait())).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn file(self, path: &str, text: impl AsRef<[u8]>) -> Self {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// Writes a file in which `@BAIT@` stands for a command that leaves a trace.
    fn baited(self, path: &str, text: &str) -> Self {
        let text = text.replace("@BAIT@", &self.bait());
        self.file(path, text)
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        let value = value.replace("@BAIT@", &self.bait());
        self.variables.push((name.to_owned(), value));
        self
    }

    fn loud(mut self) -> Self {
        self.is_loud = true;
        self
    }
}

/// A playbook whose one step has a condition.
fn conditioned(condition: &str) -> String {
    let condition = serde_json::to_string(condition).unwrap();
    format!(
        r#"{{"name":"ci","sequence":[{{"number":"0100","condition":{condition}}}],"variables":{{"x":{condition}}},
        "stages":[{{"name":"One","sequences":["0100"],"condition":{condition}}}]}}"#
    )
}

const ESCAPES: &str = "\u{1b}]0;title\u{7}\u{1b}[2J\u{9b}31m\u{202e}gpj\u{2066}\u{85}\r\u{8}\u{1b}c";

/// Returns all of them.
pub(super) fn all() -> Vec<Hostile> {
    [conditions(), programs(), folders(), texts(), formats(), sizes()].into_iter().flatten().collect()
}

fn conditions() -> Vec<Hostile> {
    let condition = |name, text: &str| {
        let hostile = Hostile::new(name);
        let text = conditioned(&text.replace("@BAIT@", &hostile.bait()));
        hostile.file("playbooks/ci.json", text)
    };
    vec![
        condition("a condition with a command of PowerShell", "(Invoke-Expression '@BAIT@') -eq $true"),
        condition("a condition with a subexpression", "$(@BAIT@) -eq ''"),
        condition("a condition with backticks", "`@BAIT@` == 1"),
        condition("a condition with a block and a call", "& { @BAIT@ }; $true"),
        condition("a condition with a static method", "[System.Diagnostics.Process]::Start('/bin/sh','-c \"@BAIT@\"') -ne $null"),
        condition("a condition of GitHub's with a command", "${{ hashFiles('**') == '' && format('{0}', '$(@BAIT@)') }}"),
        Hostile::new("headers with conditions and commands").baited(
            "scripts/0400_b.sh",
            "#!/bin/sh\n# Condition: $(@BAIT@)\n# Dependencies: `@BAIT@`, git\n# Inputs: $(@BAIT@), `x`\n\
             # Env: $(@BAIT@)\n# Timeout: $(@BAIT@)\n# Tags: `@BAIT@`\n@BAIT@\n",
        ),
        Hostile::new("a script of PowerShell with code everywhere").baited(
            "scripts/0401_c.ps1",
            "#Requires -Version 7\n<#\n.SYNOPSIS $(@BAIT@)\n#>\nparam([string]$x = $(@BAIT@), [ValidateScript({@BAIT@})]$y)\n\
             $(@BAIT@)\nbegin { @BAIT@ }\n",
        ),
    ]
}

fn programs() -> Vec<Hostile> {
    let kinds = "[[kind]]\nname = \"evil\"\nextensions = [\"evil\"]\ninterpreter = [\"./evil.sh\", \"{script}\"]\n\
        [[kind]]\nname = \"sh\"\nextensions = [\"sh\"]\ninterpreter = [\"/bin/sh\", \"-c\", \"@BAIT@\"]\n";
    let rules =
        "[[rule]]\nmatch = \"*\"\ncommand = [\"/bin/sh\", \"-c\", \"@BAIT@\"]\ncondition = \"$(@BAIT@)\"\n";
    let planted = Hostile::new("programs in the folder itself")
        .file("scripts/0402_d.py", "x\n")
        .file("scripts/0403_e.ps1", "x\n");
    for program in
        ["git", "pwsh", "sh", "python3", "az", "scripts/git", "node_modules/.bin/node", ".venv/bin/python"]
    {
        planted.program(&format!("repo/{program}"));
    }
    let kinds = Hostile::new("kinds that name an interpreter")
        .baited("rules/kinds.toml", kinds)
        .file("scripts/0404_f.evil", "x\n");
    kinds.program("repo/evil.sh");
    let path = Hostile::new("a folder of programs in the environment").file("scripts/0405_g.js", "x\n");
    path.program("repo/.bin/node");
    let root = path.root().join(".bin").display().to_string();
    let requirements = r#"{"name":"ci","sequence":["0100"],"requirements":{"tools":["git","pwsh","evil"],"commands":["$(@BAIT@)"],
        "minimumVersion":"$(@BAIT@)"},"prerequisites":{"commands":["@BAIT@"],"modules":["Evil"]},"preConditions":["$(@BAIT@)"]}"#;
    vec![
        planted,
        kinds,
        Hostile::new("rules with commands").baited("rules/r.toml", rules),
        path.variable("PATH", &format!("{root}:."))
            .variable("BASH_ENV", "./env.sh")
            .baited("env.sh", "@BAIT@\n"),
        Hostile::new("variables that shells obey")
            .variable("ENV", "./env.sh")
            .variable("PAGER", "@BAIT@")
            .variable("EDITOR", "@BAIT@")
            .variable("GIT_SSH_COMMAND", "@BAIT@")
            .variable("GIT_PAGER", "@BAIT@")
            .baited("env.sh", "@BAIT@\n"),
        Hostile::new("requirements that are asked by commands").baited("playbooks/ci.json", requirements),
    ]
}

fn folders() -> Vec<Hostile> {
    let git = "[core]\n\tfsmonitor = @BAIT@\n\tpager = @BAIT@\n\tsshCommand = @BAIT@\n\thooksPath = hooks\n\teditor = @BAIT@\n\
        [diff]\n\texternal = @BAIT@\n[alias]\n\tstatus = !@BAIT@\n[filter \"x\"]\n\tsmudge = @BAIT@\n\tclean = @BAIT@\n";
    let git = Hostile::new("a repository of git with commands in it")
        .baited(".git/config", git)
        .file(".git/HEAD", "ref: refs/heads/main\n")
        .file(".git/index", "DIRC\0\0\0\x02\0\0\0\0")
        .file(".gitattributes", "* filter=x diff=x\n");
    for hook in ["post-checkout", "pre-commit", "post-index-change", "fsmonitor-watchman"] {
        git.program(&format!("repo/.git/hooks/{hook}"));
        git.program(&format!("repo/hooks/{hook}"));
    }
    let links = Hostile::new("roots that are links out of the repository");
    fs::remove_dir_all(links.root().join("scripts")).unwrap();
    fs::remove_dir_all(links.root().join("rules")).unwrap();
    links.program("elsewhere/0100_a.sh");
    symlink("../elsewhere", links.root().join("scripts")).unwrap();
    symlink("/etc", links.root().join("rules")).unwrap();
    symlink("/", links.root().join("playbooks/all")).unwrap();
    symlink("/etc/passwd", links.root().join("playbooks/ci.json")).unwrap();
    let loops = Hostile::new("links that lead in circles");
    symlink("..", loops.root().join("scripts/up")).unwrap();
    symlink("0200_b.sh", loops.root().join("scripts/0200_b.sh")).unwrap();
    symlink("ci.json", loops.root().join("playbooks/ci.json")).unwrap();
    let pipes = Hostile::new("pipes in place of files");
    fs::remove_file(pipes.root().join("scripts/0100_a.sh")).unwrap();
    for pipe in ["scripts/0100_a.sh", "playbooks/ci.json", "rules/r.toml", "az.toml", "in"] {
        let path = pipes.root().join(pipe);
        _ = fs::remove_file(&path);
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    }
    let devices = Hostile::new("devices in place of files");
    symlink("/dev/zero", devices.root().join("scripts/0200_b.sh")).unwrap();
    symlink("/dev/tty", devices.root().join("az.toml")).unwrap();
    symlink("/dev/stdin", devices.root().join("playbooks/ci.json")).unwrap();
    symlink("/proc/self/fd/0", devices.root().join("rules/r.toml")).unwrap();
    let cache = Hostile::new("a cache that came with it")
        .file(".azcache/v1/journal", [0xff; 4096])
        .file(".azcache/v1/index", [0x41; 4096])
        .file(".azcache/v1/clock", "")
        .file(".azcache/v1/secret", "x")
        .file(".azcache/v1/runs/evil/events.jsonl", "{\"a\":\"\u{1b}[2J\"}\n")
        .file(
            ".azcache/v1/runs/evil/metadata.json",
            "{\"job_id\":\"\\u001b[2J\",\"status\":\"completed\",\"request\":[\"\\u001b]0;x\\u0007\"]}",
        );
    let config = "[workspace]\nscripts = [\"../../..\", \"/\", \"$(@BAIT@)\"]\nplaybooks = [\"/etc\", \"`@BAIT@`\"]\nrules = \"/etc\"\n\
        scratch = [\"**\", \"$(@BAIT@)\"]\n[defaults]\nshell = \"@BAIT@\"\n[environment.dev]\nx = \"$(@BAIT@)\"\n";
    let config = Hostile::new("a configuration with odd values")
        .baited("az.toml", &config.replace("\"../../..\", \"/\", ", "\"../elsewhere\", "))
        .baited("config.psd1", "@{ x = $(@BAIT@) }\n");
    vec![git, links, loops, pipes, devices, cache, config]
}

fn texts() -> Vec<Hostile> {
    let escaped = serde_json::to_string(ESCAPES).unwrap();
    let names = Hostile::new("names with what a terminal obeys").loud();
    let odd =
        ["-rf", "\u{1b}[2J", "a\nb", "\u{202e}gpj", "--json", "$(x)", "\u{9b}1m", "'; x", "%s", "🚀\u{200f}"];
    for (index, name) in odd.iter().enumerate() {
        fs::write(names.root().join(format!("scripts/02{index:02}_{name}.sh")), "#!/bin/sh\n").unwrap();
        fs::write(names.root().join(format!("playbooks/{name}.json")), "{").unwrap();
        fs::create_dir_all(names.root().join(format!("scripts/{name}"))).unwrap();
    }
    let values = format!(
        r#"{{"name":"ci","description":{escaped},"version":{escaped},{escaped}:1,"category":{escaped},
        "sequence":["0100",{escaped}],"variables":{{{escaped}:{escaped}}},"stages":[{{"name":{escaped},"sequences":["0100"],
        "condition":{escaped}}}],"matrix":{{"x":[{escaped}]}}}}"#
    );
    let raw = format!("{{\"name\": \"ci\", \"x{ESCAPES}\": nonsense {ESCAPES}\n");
    let header = format!(
        "#!/bin/sh\n# Description: {ESCAPES}\n# Stage: {ESCAPES}\n# Tags: a{ESCAPES}\n# Condition: {ESCAPES}\n# Nonsense: {ESCAPES}\n"
    );
    let bytes: Vec<u8> = (0..=255_u8).cycle().take(4096).collect();
    vec![
        names,
        Hostile::new("values with what a terminal obeys").loud().file("playbooks/ci.json", values),
        Hostile::new("mistakes in lines with what a terminal obeys")
            .loud()
            .file("playbooks/ci.json", &raw)
            .file("az.toml", format!("x = {ESCAPES}\n"))
            .file("rules/r.toml", format!("[[rule]]\nmatch = \"{ESCAPES}\"\n\"{ESCAPES}\" = 1\n"))
            .file("playbooks/y.yaml", format!("name: {ESCAPES}\n  x: [\n"))
            .file("playbooks/p.psd1", format!("@{{ '{ESCAPES}' = \n")),
        Hostile::new("headers with what a terminal obeys").loud().file("scripts/0400_b.sh", header),
        Hostile::new("any bytes")
            .loud()
            .file("playbooks/ci.json", &bytes)
            .file("scripts/0400_b.sh", &bytes)
            .file("rules/r.toml", &bytes)
            .file("az.toml", &bytes)
            .file("playbooks/y.yaml", &bytes),
    ]
}

fn formats() -> Vec<Hostile> {
    let workflow = "name: ci\non: push\njobs:\n  a:\n    runs-on: x\n    strategy:\n      matrix:\n        x: ${{ fromJSON('[1]') }}\n    steps:\n\
                    \x20     - run: \"@BAIT@\"\n      - uses: ./evil\n        if: $(@BAIT@)\n";
    let modern = "metadata.name = \"ci\"\n[orchestration.jobs.a]\nif = \"$(@BAIT@)\"\nenv = { X = \"$(@BAIT@)\" }\n\
        [orchestration.jobs.a.strategy.matrix]\nx = \"${{ fromJSON(steps.m.outputs.x) }}\"\ny = \"$(@BAIT@)\"\n\
        [[orchestration.jobs.a.steps]]\nscript = \"@BAIT@\"\nshell = \"@BAIT@\"\ncwd = \"$(@BAIT@)\"\nif = \"`@BAIT@`\"\n";
    let psd1 = "@{\n Name = 'ci'\n Sequence = @('0100', $(@BAIT@))\n Variables = @{ x = (Invoke-Expression '@BAIT@'); y = \"$(@BAIT@)\" }\n\
        ScriptBlock = { @BAIT@ }\n}\n@BAIT@\n";
    let yaml = "name: ci\nx: !!python/object/apply:os.system ['@BAIT@']\ny: !ruby/object:Gem::Installer {i: x}\nsequence: ['0100']\n\
        anchors: &a [*a]\nsteps:\n  - run: $(@BAIT@)\n    when: $(@BAIT@)\n";
    let steps = r#"{"name":"ci","steps":[{"name":"a","script":"$(@BAIT@)","if":"$(@BAIT@)","when":"`@BAIT@`","matrix":"$(@BAIT@)"}],
        "workflow":{"steps":[{"script":"@BAIT@"}]},"notifications":{"onSuccess":{"command":"@BAIT@"}},"validation":{"postConditions":["$(@BAIT@)"]}}"#;
    let dotenv = "X=$(@BAIT@)\nexport Y=`@BAIT@`\n";
    let odd = Hostile::new("files that other tools run")
        .baited(".envrc", "@BAIT@\n")
        .baited(".env", dotenv)
        .baited("Makefile", "all:\n\t@BAIT@\nX := $(shell @BAIT@)\n")
        .baited("package.json", r#"{"scripts":{"prepare":"@BAIT@"}}"#)
        .baited("mise.toml", "[env]\nX = \"{{ exec(command='@BAIT@') }}\"\n")
        .baited("profile.ps1", "@BAIT@\n")
        .baited(".bashrc", "@BAIT@\n")
        .baited("conftest.py", "import os\n");
    vec![
        Hostile::new("a workflow of GitHub")
            .baited(".github/workflows/ci.yml", workflow)
            .baited("playbooks/ci.yaml", workflow),
        Hostile::new("a playbook with jobs").baited("playbooks/ci.toml", modern),
        Hostile::new("a playbook in PowerShell's data language").baited("playbooks/ci.psd1", psd1),
        Hostile::new("a playbook in YAML with types").baited("playbooks/ci.yaml", yaml),
        Hostile::new("a playbook of steps").baited("playbooks/ci.json", steps),
        odd,
    ]
}

fn sizes() -> Vec<Hostile> {
    let deep = format!("{{\"name\":\"ci\",\"x\":{}1{}}}", "[".repeat(20_000), "]".repeat(20_000));
    let huge = format!("{{\"name\":\"ci\",\"sequence\":[{}\"0100\"]}}", "\"0100\",".repeat(200_000));
    let many = r#"{"name":"ci","sequence":["0100"],"matrix":{"a":"1..1000000","b":[1,2,3],"c":"${{ fromJSON('[]') }}"}}"#;
    let aliases: String =
        (1..30).map(|level| format!("a{level}: &a{level} [*a{}, *a{}]\n", level - 1, level - 1)).collect();
    let conditions = format!("({}$true{})", "(".repeat(5000), ")".repeat(5000));
    vec![
        Hostile::new("a playbook that is deep").file("playbooks/ci.json", deep),
        Hostile::new("a playbook that is huge").file("playbooks/ci.json", huge),
        Hostile::new("a matrix without end").file("playbooks/ci.json", many),
        Hostile::new("aliases that multiply")
            .file("playbooks/ci.yaml", format!("name: ci\na0: &a0 [1]\n{aliases}")),
        Hostile::new("a condition that is deep").file("playbooks/ci.json", conditioned(&conditions)),
    ]
}
