//! Random and mutated texts for every reader: a bounded number of rounds of what `cargo fuzz` does without end.
//!
//! Knows how inputs are made; the same seed makes the same. `AZ_FUZZ_ROUNDS` is how many each reader gets,
//! `AZ_FUZZ_SEED` where they begin. Does not know what must hold: that is `bodies`. What `cargo fuzz` found worth keeping
//! lies in `fuzz/corpus`, and is tried here as well.

mod bodies;
mod left;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use bodies::TARGETS;

/// Few enough for every run of the tests.
const ROUNDS: u64 = 60;
/// Longer seeds only cost time.
const LONGEST: usize = 6000;

/// Pieces that mean something to one reader or another.
const WORDS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "@{",
    "@(",
    "\"",
    "'",
    "@'\n",
    "\n'@",
    "@\"\n",
    "\n\"@",
    ":",
    "=",
    ",",
    ";",
    "\n",
    "\r\n",
    "\t",
    " ",
    "  ",
    "- ",
    "#",
    "<#",
    "#>",
    "//",
    "/*",
    "*/",
    "|",
    ">",
    "|-\n",
    "&a ",
    "*a",
    "<<: *a",
    "!!str ",
    "---\n",
    "...\n",
    "%YAML 1.2\n",
    "? ",
    "\\",
    "\\u00e9",
    "\\x",
    "`",
    "`n",
    "$",
    "$true",
    "$null",
    "$env:CI",
    "$(Get-Date)",
    "{{",
    "}}",
    "{{x:=1}}",
    "${{ a }}",
    "${x}",
    "-eq",
    "-and",
    "-not ",
    "-in",
    "-match",
    "==",
    "&&",
    "!",
    "always()",
    "Test-Path 'x'",
    "null",
    "true",
    "false",
    "0",
    "0402",
    "1e9999",
    "-1",
    "99999999999999999999",
    "0x1f",
    "1kb",
    "5m",
    "2026-01-01",
    "0400-0499",
    "04*",
    "stage:Test",
    "tag:a",
    "!0404",
    "é",
    "🚀",
    "\u{feff}",
    "\u{0}",
    "\u{2028}",
    "[[a]]\n",
    "[a.b]\n",
    "\"\"\"",
    "'''",
    "name",
    "sequence",
    "Sequence",
    "stages",
    "steps",
    "orchestration",
    "jobs",
    "metadata",
    "run",
    "script",
    "needs",
    "if",
    "strategy",
    "matrix",
    "timeout",
    "retries",
    "with",
    "env",
    "inputs",
    "outputs",
    "parallel",
    "then",
    "else",
    "items",
    "# Inputs: None\n",
    "# Outputs: x\n",
    "# Stage: Test\n",
    "# Timeout: 5m\n",
    "#!/bin/sh\n",
    "param(\n",
    ".NOTES\n",
    ".SYNOPSIS\n",
    "[string]$A = 'x'",
    "Import-Module ./a.psm1",
    "[[rule]]\n",
    "[[kind]]\n",
    "match = \"*\"\n",
    "[workspace]\n",
    "[profile.a]\n",
];

/// Texts that reach far into the readers.
const SEEDS: &[&str] = &[
    r#"{"metadata": {"name": "a"}, "orchestration": {"jobs": {"one": {"needs": "two", "steps": [{"run": ["0402", "stage:X"], "if": "{{a}} == 'b'", "timeout": "5m", "outputs": ["x/**"]}]}, "two": {"strategy": {"matrix": {"os": ["a", "b"], "exclude": [{"os": "a"}]}}, "steps": [{"script": "echo", "shell": "sh"}]}}}}"#,
    "name: a\nsteps:\n  - id: one\n    type: parallel\n    branches:\n      - name: b\n        steps:\n          - run: 0402\n  - foreach: '{{list}}'\n    as: x\n    steps: [{command: 'az check'}]\n",
    "@{\n  Name = 'a' # remark\n  Sequence = @(\n    @{ Script = '0402'; Parameters = @{ A = $true; B = 1kb }; Condition = '$env:CI -eq \"true\"' }\n    '0404'\n  )\n  Profiles = @{ Quick = @{ Variables = @{ X = @'\nhere\n'@ } } }\n}\n",
    "sequence = [\"0402\", '04*', \"!0404\"]\n[variables]\na = { b = 1.50, c = 2026-01-01 }\n[profiles.quick]\nscripts = [\"0402\"]\n",
    "a: &x [1, {b: c}]\nd: *x\ne: !!str 5\nf: |+\n  text\n\n  more\ng: >-\n  folded\n  text\n? complex\n: value\n",
    "@{ Automation = @{ MaxConcurrency = 4; DefaultMode = 'Parallel'; Profiles = @{ A = @{ Scripts = '0400-0499', '!0410' } }\n ScriptRangeDefaults = @{ '0400-0499' = @{ Timeout = 5 } }; Playbooks = @{ x = @{ Enabled = $true } } }; Core = @{} }",
    "jobs = 4\n[workspace]\nscripts = \"s\"\n[profile.a]\nscripts = [\"04*\"]\n[[rule]]\nmatch = \"04*\"\ninputs = [\"a/**\"]\n",
    "name=value\nlist:=[1, {\"a\": 2}]\ntext<<END\none\nEND\nx<<\n",
    "::add-mask::tuna\ntuna-and-salmon dHVuYS1hbmQtc2FsbW9u tuna-and-\nsalmon ::ADD-MASK::and%0Asalmon\n",
    r#"{"v":1,"seq":1,"time":"2026-01-01T00:00:00.000Z","event":{"type":"script_started","node":"0100_a","attempt":1,"reasons":[]}}"#,
    "0400-0499, !0404 stage:Testing\n04* # all\ntag:quick,a-name\n",
    "$a -eq 'x' -and -not (Test-Path './b') -or {{c:=d}} -in @('e', 1) && success()",
    "#!/usr/bin/env pwsh\n# Stage: Test\n# Dependencies: 0400, Git\n# Inputs: a/**, b\n<#\n.SYNOPSIS\n  Does it\n.NOTES\n  Tags: a, b\n#>\n[CmdletBinding()]\nparam(\n  [Parameter(Mandatory)][ValidateSet('a','b')][string]$A = \"x\",\n  [switch]$B\n)\n. ./c.ps1\n",
];

/// Numbers by splitmix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound.max(1)).unwrap()).unwrap()
    }

    fn one_of<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T {
        items[self.below(items.len())]
    }
}

/// Makes an input: words in a row, or a seed with a few pieces changed.
fn input(random: &mut Random, seeds: &[String]) -> String {
    if random.below(5) == 0 {
        return (0..random.below(40)).map(|_| random.one_of(WORDS)).collect();
    }
    let mut text = seeds[random.below(seeds.len())].clone();
    for _ in 0..random.below(6) {
        change(random, &mut text, seeds);
    }
    text
}

fn change(random: &mut Random, text: &mut String, seeds: &[String]) {
    let mut place = |text: &str| text.floor_char_boundary(random.below(text.len() + 1));
    let from = place(text);
    let near = text.ceil_char_boundary((from + place("0123456789abcdef")).min(text.len()));
    let far = place(text).max(from);
    match random.below(8) {
        0 => text.replace_range(from..near, ""),
        1 => text.insert_str(from, random.one_of(WORDS)),
        2 => text.replace_range(from..near, random.one_of(WORDS)),
        3 => text.truncate(from),
        4 => {
            let piece =
                text[from..far.min(text.ceil_char_boundary(from + 200).min(text.len())).max(from)].to_owned();
            let at = text.floor_char_boundary(random.below(text.len() + 1));
            text.insert_str(at, &piece);
        }
        5 => {
            let other = &seeds[random.below(seeds.len())];
            let cut = other.floor_char_boundary(random.below(other.len() + 1));
            text.replace_range(from.., &other[cut..]);
        }
        6 => {
            let word = random.one_of(WORDS);
            let times = 1 + random.below(80);
            text.insert_str(from, &word.repeat(times));
        }
        _ => {
            let swapped = text.replace('\n', "\r\n");
            *text = if random.below(2) == 0 { swapped } else { format!("\u{feff}{text}") };
        }
    }
}

/// Makes an input of bytes: one that is kept, with a few of its bytes changed.
fn bytes(random: &mut Random, kept: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = kept[random.below(kept.len())].clone();
    for _ in 0..random.below(6) {
        let from = random.below(bytes.len() + 1);
        let to = (from + random.below(12)).min(bytes.len());
        match random.below(5) {
            0 => drop(bytes.drain(from..to)),
            1 => bytes[from..to].iter_mut().for_each(|byte| *byte ^= 1 << random.below(8)),
            2 => bytes[from..to].fill([0, 1, 0x7f, 0xff][random.below(4)]),
            3 => bytes.truncate(from),
            _ => {
                let piece = bytes[from..to].to_vec();
                let at = random.below(bytes.len() + 1);
                bytes.splice(at..at, piece);
            }
        }
    }
    bytes
}

/// Returns the folder of what is kept for a target.
fn corpus(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target)
}

/// Returns what is kept for a target.
fn kept(target: &str) -> Vec<Vec<u8>> {
    let mut paths: Vec<_> =
        std::fs::read_dir(corpus(target)).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// The seeds of this file, our own files, and real ones where they are.
fn seeds() -> Vec<String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut seeds: Vec<String> = SEEDS.iter().map(|&seed| seed.to_owned()).collect();
    let shared = std::env::var_os("AZ_SHARED").map_or_else(|| here.join("../shared"), Into::into);
    for folder in
        [here.join("playbooks"), here.join("rules"), here.join("scripts"), shared.join("corpus/playbooks")]
    {
        read_all(&folder, &mut seeds);
    }
    seeds
}

fn read_all(folder: &Path, seeds: &mut Vec<String>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            read_all(&path, seeds);
        } else if let Ok(text) = std::fs::read_to_string(&path)
            && text.len() <= LONGEST
        {
            seeds.push(text);
        }
    }
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn what_must_hold_of_any_text_holds() {
    let (rounds, begin, seeds) = (number("AZ_FUZZ_ROUNDS", ROUNDS), number("AZ_FUZZ_SEED", 1), seeds());
    let kept: Vec<_> = TARGETS.iter().map(|(name, _)| kept(name)).collect();
    let mut broken = Vec::new();
    for round in 0..rounds {
        let seed = begin.wrapping_add(round);
        for (at, (name, body)) in TARGETS.iter().enumerate() {
            let mut random = Random(seed.wrapping_mul(31).wrapping_add(u64::try_from(at).unwrap()));
            let input = match random.below(2) {
                0 => bytes(&mut random, &kept[at]),
                _ => input(&mut random, &seeds).into_bytes(),
            };
            if catch_unwind(AssertUnwindSafe(|| body(&input))).is_err() {
                broken.push(format!("{name}, AZ_FUZZ_SEED={seed}: {:?}", String::from_utf8_lossy(&input)));
            }
        }
        if broken.len() > 20 {
            break;
        }
    }
    assert!(broken.is_empty(), "{} inputs:\n{}", broken.len(), broken.join("\n"));
}

/// Every seed as it stands.
#[test]
fn what_must_hold_of_real_texts_holds() {
    let broken: Vec<String> = seeds()
        .iter()
        .flat_map(|text| TARGETS.iter().map(move |target| (text, target)))
        .filter(|(text, (_, body))| catch_unwind(AssertUnwindSafe(|| body(text.as_bytes()))).is_err())
        .map(|(text, (name, _))| format!("{name}: {text:.300?}"))
        .collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// All that is kept, some of which has something in it: a corpus of a form that is no more is of no use.
#[test]
fn what_must_hold_of_what_is_kept_holds() {
    let (mut faults, mut all_bytes) = (Vec::new(), 0);
    for (name, body) in TARGETS {
        let kept = kept(name);
        let answers = kept.iter().map(|input| catch_unwind(AssertUnwindSafe(|| body(input))));
        let answers: Vec<Option<bool>> = answers.map(Result::ok).collect();
        let bytes: usize = kept.iter().map(Vec::len).sum();
        all_bytes += bytes;
        if answers.contains(&None) {
            faults.push(format!("{name} fails"));
        }
        if !answers.contains(&Some(true)) {
            faults
                .push(format!("nothing that is kept for {name} is read: fuzz/keep.py says how to renew it"));
        }
        if kept.len() > 60 || bytes > 200_000 {
            faults.push(format!("{name} has {} files of {bytes} bytes", kept.len()));
        }
    }
    assert!(all_bytes < 2_000_000, "{all_bytes} bytes are kept");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// `fuzz/` has a target for each function, and nothing else.
#[test]
fn cargo_fuzz_has_the_same_targets() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let manifest = std::fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
    let mut found = Vec::new();
    for entry in std::fs::read_dir(fuzz.join("fuzz_targets")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(&format!("run(\"{name}\", data)")), "{name} runs another one");
        assert!(manifest.contains(&format!("name = \"{name}\"\n")), "{name} is not built");
        found.push(name);
    }
    found.sort();
    let mut wanted: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    wanted.sort_unstable();
    assert_eq!(found, wanted);
}
