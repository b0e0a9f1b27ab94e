//! Damage to the cache costs a re-run, never an error and never a wrong result.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{repo::Repo, runs::chain};

/// What can happen to a file.
#[derive(Debug, Clone, Copy)]
enum Damage {
    Removed,
    Emptied,
    CutInHalf,
    Flipped,
    Grown,
    MadeAFolder,
}

const DAMAGES: [Damage; 6] = [
    Damage::Removed,
    Damage::Emptied,
    Damage::CutInHalf,
    Damage::Flipped,
    Damage::Grown,
    Damage::MadeAFolder,
];

impl Damage {
    fn apply(self, path: &Path) {
        let mut bytes = fs::read(path).unwrap();
        fs::remove_file(path).unwrap();
        let middle = bytes.len() / 2;
        match self {
            Self::Removed => return,
            Self::MadeAFolder => return fs::create_dir(path).unwrap(),
            Self::Emptied => bytes.clear(),
            Self::CutInHalf => bytes.truncate(middle),
            Self::Flipped => bytes.iter_mut().skip(middle).take(1).for_each(|byte| *byte ^= 0x20),
            Self::Grown => bytes.extend(b"\x07\0\0\0garbage"),
        }
        fs::write(path, bytes).unwrap();
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files_below(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

fn assert_right(repo: &Repo, damage: Damage, what: &str) {
    let output = repo.az("build '*'");
    assert!(!output.stderr().contains('×'), "an error is told, {what}: {output}");
    output.code(0);
    assert_eq!(
        (repo.read("out.txt"), repo.read("end.txt")),
        ("two\n".to_owned(), "4\n".to_owned()),
        "{what}"
    );
    repo.scripts_run();
    if matches!(damage, Damage::MadeAFolder) {
        // Nobody but a person makes a folder there, so az leaves it, runs and warns each time.
        return;
    }
    // Whatever it was, it is mended by then.
    let again = repo.az("build '*'");
    assert_eq!(repo.scripts_run(), [""; 0], "{what}: {again}");
    again.code(0);
}

/// Breaks each file of the cache in each way, with the outputs there, gone, and of an earlier state.
fn break_each_file(outputs: &str) {
    let repo = chain();
    repo.az("build '*'").code(0);
    repo.file("in.txt", "two\n").az("build '*'").code(0);
    repo.az("build '*'").code(0);
    repo.sh("cp -a .azcache ../saved && cp -a out.txt end.txt ..").code(0);
    for file in files_below(&repo.path(".azcache")) {
        // What is in the folders of runs has no part in bringing anything back.
        if outputs != "true" && file.starts_with(repo.path(".azcache/v1/runs")) {
            continue;
        }
        for damage in DAMAGES {
            repo.sh("chmod -R u+w .azcache; rm -rf .azcache && cp -a ../saved .azcache && cp -a ../out.txt ../end.txt .")
                .code(0);
            repo.sh(outputs).code(0);
            damage.apply(&file);
            let name = file.strip_prefix(repo.path("")).unwrap().display();
            assert_right(&repo, damage, &format!("{name} {damage:?}, then {outputs}"));
        }
    }
}

#[test]
fn a_damaged_cache_gives_right_outputs_where_they_are_there() {
    break_each_file("true");
}

#[test]
fn a_damaged_cache_gives_right_outputs_where_they_must_be_brought_back() {
    break_each_file("rm out.txt end.txt");
}

#[test]
fn a_damaged_cache_gives_right_outputs_where_older_ones_lie() {
    break_each_file("printf 'one\\n' > out.txt");
}

#[test]
fn a_cache_that_cannot_be_written_costs_a_warning() {
    let repo = chain();
    repo.file(".azcache", "no folder").az("build '*'").code(0).ran(["0100", "0200"]).says("AZ0802");
    repo.az("build '*'").code(0).ran(["0100", "0200"]);
    repo.az("cache").code(0);
    repo.az("runs").code(0);
}

#[test]
fn looking_at_a_damaged_cache_never_breaks() {
    let repo = chain();
    repo.az("build '*'").code(0);
    repo.sh("cp -a .azcache ../saved").code(0);
    let az = env!("CARGO_BIN_EXE_az");
    let verbs =
        ["runs", "runs show", "runs show --log 0100", "why 0200", "why 0200 --cached", "cache", "cache list"];
    let line: Vec<String> = verbs.iter().map(|verb| format!("'{az}' {verb} || echo code $?")).collect();
    for file in files_below(&repo.path(".azcache")) {
        for damage in [Damage::Emptied, Damage::CutInHalf, Damage::Flipped, Damage::MadeAFolder] {
            repo.sh("chmod -R u+w .azcache; rm -rf .azcache && cp -a ../saved .azcache").code(0);
            damage.apply(&file);
            let output = repo.sh(&line.join("; "));
            // What is asked for may be gone, which is an answer; az itself must not break.
            let codes: Vec<&str> =
                output.stdout().lines().filter_map(|line| line.strip_prefix("code ")).collect();
            assert!(codes.iter().all(|code| *code == "2"), "{} {damage:?}: {output}", file.display());
            output.not("panicked");
        }
    }
}

#[test]
fn what_answers_one_request_answers_no_other_in_whose_place_it_stands() {
    let repo = Repo::new()
        .file("a", "1")
        .script("0100_a.sh", "# Inputs: a\n# Outputs: x\ncp a x")
        .script("0110_b.sh", "# Inputs: x, b\n# Outputs: y\ncat x b >y")
        .file("b", "1");
    let requests = ["build 0100", "build 0100,0110"];
    for request in requests {
        repo.az(request).code(0);
        _ = repo.scripts_run();
        repo.is_answered_by_gate(request);
    }
    let gates: Vec<_> = std::fs::read_dir(repo.path(".azcache/v1/gate"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(gates.len(), 2, "{gates:?}");
    let kept = gates[0].with_extension("kept");
    std::fs::rename(&gates[0], &kept).unwrap();
    std::fs::rename(&gates[1], &gates[0]).unwrap();
    std::fs::rename(&kept, &gates[1]).unwrap();
    repo.edit("b", "2");
    repo.az(requests[1]).code(0).ran(["0110"]);
    assert_eq!(repo.read("y"), "12");
}
