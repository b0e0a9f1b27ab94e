//! `az verify`: the same steps in fresh copies give the same result, or it is told where they do not.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use crate::{
    repo::Repo,
    traced::{has, traced},
};

/// Everything below a folder, with its content and the time of its last change; without az's clock, which is written
/// whenever az looks.
fn tree(folder: &Path) -> BTreeMap<PathBuf, (Vec<u8>, std::time::SystemTime)> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let metadata = path.symlink_metadata().unwrap();
        if path.ends_with("v1/clock") {
            continue;
        }
        if metadata.is_dir() {
            found.extend(tree(&path));
        }
        let content = if metadata.is_file() { fs::read(&path).unwrap() } else { Vec::new() };
        found.insert(path, (content, metadata.modified().unwrap()));
    }
    found
}

#[test]
fn steps_that_are_repeatable_are_equal_and_nothing_of_the_workspace_is_touched() {
    let repo = Repo::new().file("source", "1\n").file("sub/data", "2\n").link("to-data", "sub/data");
    repo.script(
        "0400_a.sh",
        "cat source to-data > made; mkdir d; cp made d/x; pwd; rm source; pwd >> $PLACES",
    );
    repo.env("PLACES", repo.unseen("places").to_str().unwrap());
    repo.script("0410_b.sh", "cat made d/x > both; test ! -e source; date +%N > $TMPDIR/x");
    repo.az("build 0400").code(0).ran(["0400"]);
    repo.file("source", "1\n").remove("d");
    let before = tree(&repo.path(""));
    let equal = repo.az("verify '*'").code(0).ran(["0400", "0400", "0410", "0410"]);
    equal.says("equal  0400_a").says("equal  0410_b").says("ran 2 steps 2 times: 2 equal").not("AZ");
    repo.az("verify 0400 --runs 3 -q").code(0).ran(["0400"; 3]).not("equal");
    let after = tree(&repo.path(""));
    let touched: Vec<_> = after.iter().filter(|(path, found)| before.get(*path) != Some(found)).collect();
    assert!(touched.is_empty() && before.len() == after.len(), "{:?}", touched.first());
    // The copies of one verification were at one place, and nothing of them is left.
    let places = fs::read_to_string(repo.unseen("places")).unwrap();
    let places: Vec<&str> = places.lines().collect();
    assert!(places.len() == 6 && places[0] != places[1], "{places:?}");
    assert!(places[1] == places[2] && places[3] == places[4] && places[4] == places[5], "{places:?}");
    for copy in &places[1..] {
        assert!(!Path::new(copy).exists() && copy.ends_with("/repo"), "{copy}");
    }
}

#[test]
fn what_differs_is_told_with_its_first_line() {
    let Some(repo) = traced() else { return };
    repo.file("source", "1\n").script("0400_stable.sh", "cat source > stable");
    repo.script("0410_clock.sh", "echo first > clock; date +%s.%N >> clock");
    repo.script("0420_says.sh", "cat stable > said; date +%s.%N");
    repo.script("0430_name.sh", "mkdir -p out; : > out/$(date +%s%N)");
    repo.script("0440_reads.sh", "cat clock > read");
    let found = repo.az("verify '*'").code(1);
    found.says("equal  0400_stable").says("differs  0410_clock").says("`clock`, line 2: `").says("AZ0722");
    found.says("differs  0420_says").says("the output, line 1: `").says("`out/").says("differs  0440_reads");
    found.says("ran 5 steps 2 times: 1 equal, 4 differs").not("`said`").not("`stable`");
    assert!(!repo.has_path("clock") && !repo.has_path(".azcache/v1/runs"));

    let json = repo.az("verify '*' --json").code(1).json();
    assert_eq!(
        (&json["schema"], &json["runs"], &json["exit_code"]),
        (&"az.verify/v1".into(), &2.into(), &1.into())
    );
    assert_eq!(
        (&json["steps"][0]["verdict"], &json["steps"][1]["verdict"]),
        (&"equal".into(), &"differs".into())
    );
    let difference = &json["steps"][1]["differences"][0];
    assert_eq!((&difference["what"], &difference["path"]), (&"path".into(), &"clock".into()));
    assert_eq!(difference["first_line"]["line"], 2);
    assert_ne!(difference["first_line"]["one"], difference["first_line"]["other"]);
    assert_eq!(json["diagnostics"][0]["code"], "AZ0722");
}

#[test]
fn a_step_that_is_not_seen_to_write_is_found_out_all_the_same() {
    let repo = Repo::new().script("0400_hidden.sh", "# Trace: off\ndate +%s.%N > hidden");
    repo.az("verify '*'").code(1).says("no step was seen to change").says("`hidden`, line 1: `");
    let declared = repo.script("0400_hidden.sh", "# Trace: off\n# Outputs: hidden\ndate +%s.%N > hidden");
    declared.az("verify '*'").code(1).says("0400_hidden gives another result each time: `hidden`");
}

#[test]
fn a_step_that_fails_or_ends_otherwise_is_told() {
    let repo = Repo::new().script("0400_bad.sh", "exit 3").script("0410_good.sh", "echo 1 > good");
    let failed = repo.az("verify '*'").code(1).ran(["0400", "0400", "0410", "0410"]);
    failed.says("failed  0400_bad").says("exit code 3").says("equal  0410_good").not("AZ0722");
    // The second copy sees what the first run left behind az's back.
    let hidden = repo.unseen("hidden").display().to_string();
    repo.script("0400_bad.sh", &format!("test ! -e '{hidden}' || exit 4; : > '{hidden}'"));
    let ended = repo.az("verify 0400").code(1).says("exit code 4").says("AZ0722");
    ended.says("the outcome: ran, then failed").says("the exit code: 0, then 4");
    repo.az("verify 0999").code(3);
    repo.az("verify 0400 --runs 1").code(2);
}

#[test]
fn copies_have_the_repository_and_none_that_lies_elsewhere() {
    let repo = Repo::new();
    if !has(&repo, "git --version") {
        return;
    }
    let git = "git -c user.name=n -c user.email=e@example.org -c init.defaultBranch=main";
    repo.script("0400_describe.sh", "git rev-parse HEAD > head; git status --porcelain");
    assert!(repo.sh(&format!("{git} init -q && git add . && {git} commit -qm one")).is_success());
    repo.az("verify '*'").code(0).ran(["0400", "0400"]);
    // A linked work tree would let a step change the repository it is linked to.
    assert!(repo.sh("git worktree add -q ../linked").is_success());
    let linked = repo.outside("linked").display().to_string();
    repo.az(&format!("-C {linked} verify '*'")).code(1).says("failed  0400_describe");
}
