//! Random edits of every kind a file system knows: where a gate says that nothing is to be done, nothing is.
//!
//! Each build goes through the gate the one before left, amended as often as it comes. From time to time the gate is taken
//! away, and a full evaluation must find nothing to run, nothing to bring back, and every file as it stands.

use super::{random::Random, traced};
use crate::repo::{Output, Repo};

/// What happens to the files, each in one go of a shell.
const EDITS: [&str; 31] = [
    // Times that say nothing.
    "touch -r in/a ../time; printf %s $N > in/a; touch -r ../time in/a",
    "touch -r in/sub/c ../time; printf %s $N > in/sub/c; touch -r ../time in/sub/c",
    "echo $N > in/b; touch -d 2001-01-01 in/b",
    "echo $N > in/b; touch -d 2031-01-01 in/b",
    "cp -p in/a in/b",
    "cp -p in/sub/c in/a",
    // Names.
    "mv in/b in/b2",
    "mv in/b2 in/b",
    "mv in/a ../kept; mv in/b in/a; mv ../kept in/b",
    "echo $N > maybe",
    "rm -f maybe",
    "echo > in/sub/n$N",
    "rm -f in/sub/n*",
    "mv in/sub/n* in/ || mv in/n* in/sub/",
    "mkdir -p in/sub/more; echo $N > in/sub/more/d",
    "rm -rf in/sub/more",
    // Folders and links that are exchanged.
    "mv in/sub ../kept; mv alt in/sub; mv ../kept alt",
    "mv in/sub ../kept; ln -s ../alt in/sub; rm -rf in/old; mv ../kept in/old",
    "if [ -h in/sub ]; then rm in/sub; mv in/old in/sub; fi",
    "ln -sfn in/b link",
    "ln -sfn in/a link",
    // By another name, or not at all.
    "ln -f in/a ../hard; echo $N > ../hard",
    "find in alt -type f -exec touch {} +",
    "chmod 600 in/a; chmod 644 in/a",
    // Results.
    "rm -rf out",
    "echo by hand > out/ab",
    "rm -f out/sub; ln -s ab out/sub",
    // What a script does, in its last line.
    "sed -i '$ d' scripts/0455*; echo 'cat in/sub/c out/both link > out/seen 2>/dev/null; true' >> scripts/0455*",
    "sed -i '$ d' scripts/0455*; echo 'ls out in > out/seen 2>/dev/null; true' >> scripts/0455*",
    "sed -i '$ d' scripts/0455*; echo 'cat in/b > out/seen 2>/dev/null; echo $N > maybe' >> scripts/0455*",
    "sed -i '$ d' scripts/0455*; echo 'if grep -q [5-9] in/b; then cat out/both; fi > out/seen' >> scripts/0455*",
];

fn world(repo: &Repo) {
    let tolerant = |body: &str| format!("mkdir -p out; {{ {body}; }} 2>/dev/null; true");
    repo.file("in/a", "1").file("in/b", "2").file("in/sub/c", "3").file("alt/c", "4").file("alt/e", "5");
    repo.link("link", "in/a");
    repo.script(
        "0400_ab.sh",
        &format!("# Inputs: in/a, in/b\n# Outputs: out/ab\n{}", tolerant("cat in/a in/b > out/ab")),
    )
    .script("0410_sub.sh", &tolerant("ls -R in/sub > out/sub; cat in/sub/* >> out/sub"))
    .script("0420_link.sh", &tolerant("cat link > out/link"))
    .script(
        "0430_all.sh",
        &format!("# Inputs: in/**\n# Outputs: out/all\n{}", tolerant("cat in/a in/sub/c > out/all")),
    )
    .script("0440_two.sh", &tolerant("cat out/ab out/sub > out/two"))
    .script(
        "0450_maybe.sh",
        &tolerant("if [ -e maybe ]; then cat maybe > out/maybe; else echo > out/maybe; fi"),
    )
    .script("0445_first.sh", &tolerant("cat in/a > out/both"))
    .script("0455_between.sh", "mkdir -p out\ncat in/b > out/seen; true")
    .script("0460_last.sh", &tolerant("cat in/sub/c > out/both"));
}

/// As many worlds as `AZ_TEST_SEEDS` says, from `AZ_TEST_SEED` on; a few without it.
#[test]
fn l22_after_any_edits_a_full_evaluation_finds_nothing_that_the_gate_did_not() {
    let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let first = number("AZ_TEST_SEED").unwrap_or(0);
    for seed in first..first + number("AZ_TEST_SEEDS").unwrap_or(4) {
        let Some(repo) = traced() else { return };
        world(&repo);
        let mut random = Random(seed);
        let mut history = vec![format!("seed {seed}")];
        for _ in 0..30 {
            for _ in 0..=random.below(4) / 3 {
                let edit = EDITS[random.below(EDITS.len())].replace("$N", &random.below(10).to_string());
                _ = repo.sh(&format!("{{ {edit}; }} 2>/dev/null"));
                history.push(edit);
            }
            if random.below(4) == 0 {
                // Another request, for some of the same steps.
                history.push("build a part".to_owned());
                _ = repo.az("build 0420-0455").code(0);
                history.push(format!("ran {:?}", repo.scripts_run()));
            }
            // What a step and a later one made of each other's files may take one build more.
            let mut builds = 0;
            loop {
                history.push("build".to_owned());
                let built = repo.az("build '*'");
                _ = built.code(0);
                builds += 1;
                let ran = repo.scripts_run();
                if ran.is_empty() && !has_mended(&built) {
                    break;
                }
                history.push(format!("ran {ran:?}"));
                assert!(builds < 5, "never settles after\n{}", history.join("\n"));
            }
            if random.below(2) == 0 {
                history.push("without a gate".to_owned());
                is_nothing_to_do(&repo, &history);
            }
        }
    }
}

/// Tells whether a build brought something back.
fn has_mended(built: &Output) -> bool {
    built.stderr().contains("brought back") || built.stderr().contains("set aside")
}

/// Claims that a full evaluation finds nothing to do.
fn is_nothing_to_do(repo: &Repo, history: &[String]) {
    let state = || {
        repo.sh(
            "find . -path ./.azcache -prune -o -printf '%p %y %m %l %s\\n' -type f -exec cksum {} + | sort",
        )
    };
    let before = state().stdout().to_owned();
    let evaluated = repo.sh("rm -rf .azcache/v1/gate").code(0).az("build '*'");
    _ = evaluated.code(0);
    let history = history.join("\n");
    assert!(repo.scripts_run().is_empty(), "ran after\n{history}\n{evaluated}");
    assert!(!has_mended(&evaluated), "after\n{history}\n{evaluated}");
    assert_eq!(state().stdout(), before, "after\n{history}\n{evaluated}");
}
