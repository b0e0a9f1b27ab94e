//! The bombs, all made here.

use super::Bomb;

/// All of them.
pub(super) fn all() -> Vec<Bomb> {
    [
        documents(),
        tables(),
        yaml(),
        products(),
        selections(),
        patterns(),
        expressions(),
        placeholders(),
        playbooks(),
        long_playbooks(),
        long_texts(),
        circles(),
        scripts(),
        settings(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// One that comes as a single file.
fn bomb(name: &'static str, path: &str, text: impl Into<Vec<u8>>) -> Bomb {
    Bomb { name, files: vec![(path.to_owned(), text.into())], request: "p", refused: None }
}

impl Bomb {
    fn and(mut self, path: &str, text: impl Into<Vec<u8>>) -> Self {
        self.files.push((path.to_owned(), text.into()));
        self
    }

    fn asked(self, request: &'static str) -> Self {
        Self { request, ..self }
    }

    fn refused(self, code: &'static str) -> Self {
        Self { refused: Some(code), ..self }
    }
}

const JSON: &str = "playbooks/p.json";
const YAML: &str = "playbooks/p.yaml";
const TOML: &str = "playbooks/p.toml";
const PSD1: &str = "playbooks/p.psd1";
const SCRIPT: &str = "scripts/0200_b.sh";

/// Text made of numbered pieces.
fn each(count: usize, piece: impl Fn(usize) -> String) -> String {
    (0..count).map(piece).collect()
}

fn documents() -> Vec<Bomb> {
    vec![
        bomb("JSON lists in lists", JSON, format!("{}{}", "[".repeat(200_000), "]".repeat(200_000))),
        bomb(
            "JSON objects in objects",
            JSON,
            format!(
                "{{\"sequence\": [\"0100\"], \"variables\": {}1{}}}",
                "{\"a\":".repeat(100_000),
                "}".repeat(100_000)
            ),
        ),
        bomb(
            "a JSON text of 3 MiB",
            JSON,
            format!("{{\"name\": \"{}\", \"sequence\": [\"0100\"]}}", "x".repeat(3 << 20)),
        ),
        bomb(
            "a JSON number of a million digits",
            JSON,
            format!("{{\"sequence\": [\"0100\"], \"timeout\": {}}}", "9".repeat(1_000_000)),
        ),
        bomb(
            "a JSON key many times",
            JSON,
            format!("{{{}\"sequence\": [\"0100\"]}}", "\"a\": 1, ".repeat(200_000)),
        ),
        bomb("JSON that is broken all over", JSON, "{,\"\n".repeat(400_000)),
        bomb("a playbook beyond its size", JSON, " ".repeat(5 << 20)).refused("AZ0218"),
    ]
}

fn tables() -> Vec<Bomb> {
    vec![
        bomb(
            "TOML dots in dots",
            TOML,
            format!("sequence = ['0100']\n[variables]\na{} = 1\n", ".a".repeat(200_000)),
        ),
        bomb("TOML lists in lists", TOML, format!("a = {}{}\n", "[".repeat(200_000), "]".repeat(200_000))),
        bomb(
            "TOML tables in tables",
            TOML,
            format!("a = {}1{}\n", "{ a = ".repeat(100_000), "}".repeat(100_000)),
        ),
        bomb(
            "TOML heads without end",
            TOML,
            format!("sequence = ['0100']\n{}", each(100_000, |n| format!("[variables.a{n}.b]\n"))),
        ),
        bomb("TOML that is broken all over", TOML, "= [\n".repeat(250_000)),
        bomb(
            "psd1 lists in lists",
            PSD1,
            format!("@{{ a = {}{} }}", "@(".repeat(100_000), ")".repeat(100_000)),
        ),
        bomb("psd1 tables in tables", PSD1, format!("{}{}", "@{ a = ".repeat(100_000), "}".repeat(100_000))),
        bomb(
            "psd1 expressions in expressions",
            PSD1,
            format!("@{{ a = \"{}{}\" }}", "$(\"".repeat(50_000), "\")".repeat(50_000)),
        ),
        bomb("psd1 texts that are never closed", PSD1, "@{ a = @'\n".repeat(100_000)),
        bomb("psd1 parentheses and blocks", PSD1, format!("@{{ a = {}", "({".repeat(200_000))),
    ]
}

fn yaml() -> Vec<Bomb> {
    let laughs = each(30, |n| {
        let before = if n == 0 { "lol".to_owned() } else { format!("*a{}", n - 1) };
        format!("a{n}: &a{n} [{}]\n", vec![before; 10].join(", "))
    });
    let fat = format!(
        "a: &a [{}]\nb: [{}]\nsequence: ['0100']\n",
        vec!["x"; 20_000].join(","),
        vec!["*a"; 20_000].join(",")
    );
    let merges = each(3_000, |n| {
        if n == 0 {
            "a0: &a0 { k0: 1 }\n".to_owned()
        } else {
            format!("a{n}: &a{n} {{ <<: *a{}, k{n}: 1 }}\n", n - 1)
        }
    });
    let stairs = each(1_500, |n| format!("{}a:\n", " ".repeat(n)));
    vec![
        bomb("YAML laughs", YAML, format!("{laughs}sequence: ['0100']\n")),
        bomb("a fat anchor, told often", YAML, fat),
        bomb("an anchor in itself", YAML, "a: &a [*a, *a]\nsequence: ['0100']\n"),
        bomb("merges of merges", YAML, format!("{merges}sequence: ['0100']\n")),
        bomb("YAML flow lists in lists", YAML, "[".repeat(200_000)),
        bomb("YAML flow tables in tables", YAML, "{a: ".repeat(200_000)),
        bomb("YAML lists in a line", YAML, "- ".repeat(200_000)),
        bomb("YAML keys in a line", YAML, "? ".repeat(200_000)),
        bomb("YAML ever deeper", YAML, stairs),
        bomb(
            "many anchors",
            YAML,
            format!("{}sequence: ['0100']\n", each(100_000, |n| format!("a{n}: &a{n} x\n"))),
        ),
        bomb("many documents", YAML, "---\na: 1\n".repeat(200_000)),
        bomb("many tags", YAML, format!("sequence: [{} '0100']\n", "!!str ".repeat(100_000))),
        bomb(
            "a YAML text of 3 MiB",
            YAML,
            format!("sequence: ['0100']\ndescription: |\n{}", "  x\n".repeat(700_000)),
        ),
        bomb("a YAML text that is never closed", YAML, format!("a: \"{}", "\\x41\n ".repeat(400_000))),
    ]
}

/// A playbook of one job.
fn job(rest: &str) -> String {
    format!("metadata: {{ name: p, version: '3.0' }}\norchestration:\n  jobs:\n    j:\n{rest}")
}

fn products() -> Vec<Bomb> {
    let dimension =
        |n: usize, count: usize| format!("          d{n}: [{}]\n", each(count, |v| format!("{v},")));
    let matrix = |axes: usize, count: usize| {
        job(&format!(
            "      strategy:\n        matrix:\n{}      steps: [{{ run: '0100' }}]\n",
            each(axes, |n| dimension(n, count))
        ))
    };
    let jobs = each(200, |n| {
        let axes = format!("matrix: {{ a: [{0}], b: [{0}] }}", each(30, |v| format!("{v},")));
        format!("    j{n}: {{ strategy: {{ {axes} }}, steps: [{{ run: '0100' }}] }}\n")
    });
    let include = format!(
        "      strategy:\n        matrix:\n          a: [1]\n          include:\n{}      steps: [{{ run: '0100' }}]\n",
        each(50_000, |n| format!("            - {{ a: {n}, b: {n} }}\n"))
    );
    let exclude = format!(
        "      strategy:\n        matrix:\n          a: [{}]\n          exclude:\n{}      steps: [{{ run: '0100' }}]\n",
        each(900, |n| format!("{n},")),
        each(50_000, |n| format!("            - {{ a: {n} }}\n"))
    );
    let nested = |depth: usize| {
        let inner = "steps: [{ command: /echo x }]".to_owned();
        let steps = (0..depth).fold(inner, |inner, n| format!("steps: [{{ name: s{n}, type: foreach, items: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], as: x{n}, {inner} }}]"));
        format!("name: p\n{steps}\n")
    };
    vec![
        bomb("a matrix of 10^80", YAML, matrix(40, 100)),
        bomb("a matrix of 2^128 and more", YAML, matrix(130, 2)),
        bomb("a wide matrix", YAML, matrix(1, 100_000)),
        bomb(
            "matrices that wait for matrices",
            YAML,
            format!(
                "metadata: {{ name: p, version: '3.0' }}\norchestration:\n  jobs:\n{}",
                each(20, |n| {
                    let needs = if n == 0 { String::new() } else { format!("needs: j{}, ", n - 1) };
                    let axis = format!("matrix: {{ a: [{}] }}", each(900, |v| format!("{v},")));
                    format!("    j{n}: {{ {needs}strategy: {{ {axis} }}, steps: [{{ run: '0100' }}] }}\n")
                })
            ),
        )
        .refused("AZ0227"),
        bomb(
            "many matrices",
            YAML,
            format!("metadata: {{ name: p, version: '3.0' }}\norchestration:\n  jobs:\n{jobs}"),
        ),
        bomb("a long include", YAML, job(&include)),
        bomb("a long exclude", YAML, job(&exclude)),
        bomb("loops in loops", YAML, nested(12)),
        bomb("a product on the command line", JSON, "{\"sequence\": [\"0100\"]}"),
    ]
}

fn selections() -> Vec<Bomb> {
    let sequence = |items: String| format!("{{\"name\": \"p\", \"sequence\": [{items}\"0100\"]}}");
    let many = |mut bomb: Bomb| {
        bomb.files.extend((0..300).map(|n| (format!("scripts/{:04}_x.sh", n * 30), b"#!/bin/sh\n".to_vec())));
        bomb
    };
    vec![
        many(bomb("the whole range, often", JSON, sequence("\"0000-9999\", ".repeat(20_000)))),
        many(bomb(
            "each number taken out",
            JSON,
            sequence(each(50_000, |n| format!("\"!{:04}\", ", n % 9000))),
        )),
        bomb("ranges in one word", JSON, sequence(format!("\"{}\", ", "0000-9999,".repeat(100_000)))),
        bomb("numbers beyond all", JSON, sequence(format!("\"0000-{}\", ", "9".repeat(100_000)))),
        bomb("tags beyond all", JSON, sequence(each(50_000, |n| format!("\"tag:t{n}\", ")))),
        bomb("stars of numbers", JSON, sequence(format!("\"{}\", ", "*".repeat(100_000)))),
        bomb("one word of 3 MiB", JSON, sequence(format!("\"{}\", ", "a".repeat(3 << 20)))),
    ]
}

fn patterns() -> Vec<Bomb> {
    let declared = |pattern: &str| format!("#!/bin/sh\n# Inputs: {pattern}\n# Outputs: None\necho b\n");
    let deep = |mut bomb: Bomb| {
        bomb.files.push((format!("{}x.txt", "a/".repeat(40)), b"x".to_vec()));
        bomb.files.extend((0..100).map(|n| (format!("a/a/{}/{n}.txt", "a".repeat(60)), b"x".to_vec())));
        bomb
    };
    vec![
        deep(bomb("folders of any depth, often", SCRIPT, declared(&format!("{}b", "**/".repeat(60)))))
            .asked("0200"),
        deep(bomb(
            "folders of any depth with names between",
            SCRIPT,
            declared(&format!("{}b", "**/a/".repeat(30))),
        ))
        .asked("0200"),
        deep(bomb("stars in a name", SCRIPT, declared(&format!("a/a/*/{}b", "*a".repeat(40))))).asked("0200"),
        deep(bomb("braces, a product of 2^40", SCRIPT, declared(&format!("a/{}", "{a,b}".repeat(40)))))
            .asked("0200"),
        bomb(
            "braces in braces",
            SCRIPT,
            declared(&format!("a/{}{}", "{a,".repeat(5_000), "}".repeat(5_000))),
        )
        .asked("0200"),
        bomb("brackets", SCRIPT, declared(&format!("a/{}", "[a-z]".repeat(20_000)))).asked("0200"),
        bomb("question marks", SCRIPT, declared(&format!("a/{}", "?".repeat(100_000)))).asked("0200"),
        bomb("many patterns", SCRIPT, declared(&each(20_000, |n| format!("a{n}/**/*.x, ")))).asked("0200"),
        bomb("a path of 200,000 folders", SCRIPT, declared(&"a/".repeat(200_000))).asked("0200"),
        bomb("up and up", SCRIPT, declared(&"../".repeat(100_000))).asked("0200"),
    ]
}

fn expressions() -> Vec<Bomb> {
    let condition = |text: &str| {
        job(&format!("      steps: [{{ run: '0100', if: {} }}]\n", serde_json::to_string(text).unwrap()))
    };
    let format = (0..30).fold("'xxxxxxxxxx'".to_owned(), |inner, _| {
        format!("format('{{0}}{{0}}{{0}}{{0}}{{0}}{{0}}{{0}}{{0}}', {inner})")
    });
    vec![
        bomb("parentheses", YAML, condition(&"(".repeat(200_000))),
        bomb(
            "parentheses that close",
            YAML,
            condition(&format!("{}true{}", "(".repeat(50_000), ")".repeat(50_000))),
        ),
        bomb("not, not, not", YAML, condition(&format!("{}true", "!".repeat(200_000)))),
        bomb("-not, -not, -not", YAML, condition(&format!("{}$true", "-not ".repeat(100_000)))),
        bomb("a million of and", YAML, condition(&format!("true{}", " && true".repeat(100_000)))),
        bomb("indexes", YAML, condition(&format!("env{} == 1", "['a']".repeat(50_000)))),
        bomb("dots", YAML, condition(&format!("env{} == 1", ".a".repeat(100_000)))),
        bomb(
            "functions in functions",
            YAML,
            condition(&format!("{}1{}", "toJSON(".repeat(50_000), ")".repeat(50_000))),
        ),
        bomb("a text that doubles", YAML, condition(&format!("{format} == ''"))),
        bomb("JSON in an expression", YAML, condition(&format!("fromJSON('{}') == 1", "[".repeat(100_000)))),
    ]
}

fn placeholders() -> Vec<Bomb> {
    let condition = |text: &str| {
        job(&format!("      steps: [{{ run: '0100', if: {} }}]\n", serde_json::to_string(text).unwrap()))
    };
    let with = |text: &str| {
        job(&format!(
            "      steps: [{{ run: '0100', env: {{ A: {} }} }}]\n",
            serde_json::to_string(text).unwrap()
        ))
    };
    let doubling = {
        let variables =
            each(60, |n| format!("    v{n}: '${{{{ env.X }}}}{{{{v{0}}}}}{{{{v{0}}}}}'\n", n + 1));
        format!(
            "metadata: {{ name: p }}\norchestration:\n  defaultVariables:\n{variables}  jobs: {{ j: {{ steps: [{{ run: '0100', with: {{ A: '{{{{v0}}}}' }} }}] }} }}\n"
        )
    };
    vec![
        bomb(
            "a pattern that backtracks",
            YAML,
            condition(&format!("'{}b' -match '^(a+)+$'", "a".repeat(30_000))),
        ),
        bomb("a pattern that is large", YAML, condition("'a' -match '((((a{100}){100}){100}){100})'")),
        bomb(
            "a pattern of stars",
            YAML,
            condition(&format!("'{}' -like '{}b'", "a".repeat(30_000), "*a".repeat(3_000))),
        ),
        bomb("placeholders in placeholders", YAML, with(&"${{ ".repeat(100_000))),
        bomb("many placeholders", YAML, with(&"${{ env.X }}".repeat(100_000))),
        bomb("names that double", YAML, doubling),
        bomb(
            "names that hold themselves",
            YAML,
            "metadata: { name: p }\norchestration:\n  defaultVariables: { a: '{{b}}{{b}}', b: '{{a}}{{a}}' }\n  jobs: { j: { steps: [{ run: '0100', with: { A: '{{a}}' } }] } }\n",
        ),
        bomb(
            "braces of steps",
            YAML,
            format!("name: p\nsteps: [{{ command: '/echo {}' }}]\n", "${".repeat(100_000)),
        ),
    ]
}

fn playbooks() -> Vec<Bomb> {
    let head = "metadata: { name: p, version: '3.0' }\norchestration:\n  jobs:\n";
    vec![
        bomb(
            "100,000 steps",
            YAML,
            job(&format!("      steps:\n{}", "      - run: '0100'\n".repeat(100_000))),
        ),
        bomb(
            "30,000 jobs",
            YAML,
            format!("{head}{}", each(30_000, |n| format!("    j{n}: {{ steps: [{{ run: '0100' }}] }}\n"))),
        ),
        bomb(
            "20,000 jobs in a row",
            YAML,
            format!(
                "{head}{}",
                each(20_000, |n| if n == 0 {
                    "    j0: { steps: [{ run: '0100' }] }\n".to_owned()
                } else {
                    format!("    j{n}: {{ needs: j{}, steps: [{{ run: '0100' }}] }}\n", n - 1)
                })
            ),
        ),
        bomb(
            "jobs that need all before them",
            YAML,
            format!(
                "{head}{}",
                each(700, |n| format!(
                    "    j{n}: {{ needs: [{}], steps: [{{ run: '0100' }}] }}\n",
                    each(n, |m| format!("j{m},"))
                ))
            ),
        ),
        bomb(
            "jobs in a circle",
            YAML,
            format!(
                "{head}{}",
                each(10_000, |n| format!(
                    "    j{n}: {{ needs: j{}, steps: [{{ run: '0100' }}] }}\n",
                    (n + 1) % 10_000
                ))
            ),
        ),
    ]
}

fn long_playbooks() -> Vec<Bomb> {
    vec![
        bomb(
            "50,000 stages",
            JSON,
            format!(
                "{{\"name\": \"p\", \"stages\": [{}{{\"name\": \"e\", \"sequence\": [\"0100\"]}}]}}",
                each(50_000, |n| format!("{{\"name\": \"s{n}\", \"sequence\": [\"0100\"]}},"))
            ),
        ),
        bomb(
            "100,000 variables of the environment",
            YAML,
            job(&format!(
                "      env:\n{}      steps: [{{ run: '0100' }}]\n",
                each(100_000, |n| format!("        E{n}: x\n"))
            )),
        ),
        bomb(
            "a variable of 3 MiB",
            YAML,
            job(&format!("      env: {{ E: {} }}\n      steps: [{{ run: '0100' }}]\n", "x".repeat(3 << 20))),
        ),
        bomb(
            "steps in steps in steps",
            YAML,
            format!(
                "name: p\n{}",
                each(25, |n| format!("{}steps:\n{}- type: parallel\n", "    ".repeat(n), "    ".repeat(n)))
            ),
        ),
    ]
}

fn long_texts() -> Vec<Bomb> {
    vec![
        bomb(
            "a script of 3 MiB in a playbook",
            YAML,
            job(&format!(
                "      steps:\n      - shell: sh\n        script: |\n{}",
                "          echo \"$(echo $((1+1)))\"\n".repeat(80_000)
            )),
        ),
        bomb(
            "quotes without end in a script",
            YAML,
            job(&format!(
                "      steps:\n      - shell: sh\n        script: |\n          {}\n",
                "\"$(\"`".repeat(100_000)
            )),
        ),
        bomb(
            "a time beyond all",
            YAML,
            job(&format!("      timeout: {}h\n      steps: [{{ run: '0100' }}]\n", "9".repeat(1_000))),
        ),
        bomb(
            "many faults",
            YAML,
            job(&format!(
                "      steps:\n{}",
                each(60_000, |n| format!("      - {{ run: '0100', fild{n}: 1 }}\n"))
            )),
        ),
    ]
}

fn circles() -> Vec<Bomb> {
    let uses = |name: &str, whom: &[String]| {
        let jobs = whom
            .iter()
            .enumerate()
            .map(|(n, whom)| format!("    j{n}: {{ uses: 'playbook:{whom}' }}\n"))
            .collect::<String>();
        format!("metadata: {{ name: {name}, version: '3.0' }}\norchestration:\n  jobs:\n{jobs}")
    };
    let mut doubling =
        bomb("playbooks that use two of the next", YAML, uses("p", &["d1".to_owned(), "d1".to_owned()]));
    let mut chain = bomb("playbooks in a row", YAML, uses("p", &["d1".to_owned()]));
    for n in 1..40 {
        let next = format!("d{}", n + 1);
        let path = format!("playbooks/d{n}.yaml");
        doubling = doubling.and(&path, uses(&format!("d{n}"), &[next.clone(), next]));
    }
    for n in 1..500 {
        chain = chain.and(&format!("playbooks/d{n}.yaml"), uses(&format!("d{n}"), &[format!("d{}", n + 1)]));
    }
    let end = "metadata: { name: e, version: '3.0' }\norchestration: { jobs: { j: { steps: [{ run: '0100' }] } } }\n";
    let header = |needs: &str| format!("#!/bin/sh\n# Dependencies: {needs}\necho b\n");
    let mut row = bomb("2,000 scripts in a row", SCRIPT, header("0201")).asked("'*'");
    for n in 201..2200 {
        row = row.and(&format!("scripts/{n:04}_x.sh"), header(&format!("{:04}", n + 1)));
    }
    vec![
        bomb("a playbook that uses itself", YAML, uses("p", &["p".to_owned()])),
        bomb("two playbooks that use each other", YAML, uses("p", &["q".to_owned()]))
            .and("playbooks/q.yaml", uses("q", &["p".to_owned()])),
        doubling.and("playbooks/d40.yaml", end),
        chain.and("playbooks/d500.yaml", end),
        row,
    ]
}

fn scripts() -> Vec<Bomb> {
    let script = |name, text: String| bomb(name, SCRIPT, text).asked("0200");
    vec![
        script(
            "a header of 8 MiB",
            format!("#!/bin/sh\n{}echo b\n", "# a remark that says nothing\n".repeat(300_000)),
        ),
        script("one line of 16 MiB", format!("#!/bin/sh\n# {}\n", "x".repeat(16 << 20))),
        script("a key 100,000 times", format!("#!/bin/sh\n{}", "# Inputs: a\n".repeat(100_000))),
        script(
            "100,000 dependencies",
            format!("#!/bin/sh\n# Dependencies: {}\n", each(100_000, |n| format!("{:04}, ", n % 10_000))),
        ),
        script("commas", format!("#!/bin/sh\n# Tags: {}\n", ",".repeat(1_000_000))),
        bomb("PowerShell remarks in remarks", "scripts/0200_b.ps1", "<#\n.SYNOPSIS\n".repeat(100_000))
            .asked("0200"),
        bomb(
            "PowerShell parameters in parentheses",
            "scripts/0200_b.ps1",
            format!("param({}", "[string](".repeat(200_000)),
        )
        .asked("0200"),
        bomb(
            "PowerShell texts in texts",
            "scripts/0200_b.ps1",
            format!("param($a = \"{}\")", "$(\"".repeat(100_000)),
        )
        .asked("0200"),
        bomb(
            "many PowerShell parameters",
            "scripts/0200_b.ps1",
            format!("param({} $z)", each(50_000, |n| format!("[string]$a{n} = 'x',\n"))),
        )
        .asked("0200"),
        bomb("NUL in a script", SCRIPT, vec![0_u8; 8 << 20]).asked("0200"),
    ]
}

fn settings() -> Vec<Bomb> {
    let config = |name, text: String| bomb(name, "az.toml", text).and(JSON, "{\"sequence\": [\"0100\"]}");
    vec![
        config(
            "rules without end",
            each(20_000, |n| format!("[[rule]]\nmatch = \"{:04}\"\ninputs = [\"a/**\"]\n", n % 10_000)),
        ),
        config("az.toml, lists in lists", format!("a = {}", "[".repeat(200_000))),
        config("az.toml of 5 MiB", format!("# {}\n", "x".repeat(5 << 20))),
        config(
            "profiles without end",
            each(30_000, |n| format!("[profile.p{n}]\nscripts = [\"0000-9999\"]\n")),
        ),
        bomb(
            "rules of a folder",
            "rules/x.toml",
            each(20_000, |n| format!("[[rule]]\nmatch = \"0000-9999,!{:04}\"\n", n % 10_000)),
        )
        .and(JSON, "{\"sequence\": [\"0100\"]}"),
    ]
}
