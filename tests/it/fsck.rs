//! `az fsck` finds every damage that can matter, and mends it without losing anything.

use std::fs;

use crate::{repo::Repo, runs::chain};

/// What is read of the cache by more than statistics.
const FILES: [&str; 5] = ["journal", "index", "files", "cas/small", "gate/"];

fn built() -> Repo {
    let repo = chain();
    repo.file("in.txt", "two\n").az("build '*'").code(0);
    repo.scripts_run();
    repo.az("build '*'").code(0).ran([]);
    repo
}

/// Returns the files below the cache that fsck reads, by their names there.
fn files(repo: &Repo) -> Vec<String> {
    let listed = repo.sh("cd .azcache/v1 && find . -type f | sort");
    let names = listed.stdout().lines().map(|name| name.trim_start_matches("./").to_owned());
    names.filter(|name| FILES.iter().any(|file| name.starts_with(file))).collect()
}

#[test]
fn a_whole_cache_is_whole_and_none_is_too() {
    let repo = built();
    repo.az("fsck").code(0).says("nothing is damaged");
    repo.sh("rm -rf .azcache").code(0);
    repo.az("fsck").code(0);
    repo.sh("test ! -e .azcache").code(0);
}

#[test]
fn a_flipped_bit_in_any_file_is_found_and_mended() {
    let repo = built();
    repo.sh("cp -a .azcache ../saved").code(0);
    let files = files(&repo);
    assert!(
        FILES.iter().filter(|file| files.iter().any(|name| name.starts_with(**file))).count() >= 3,
        "{files:?}"
    );
    for name in files {
        for part in [0.0, 0.3, 0.7, 1.0] {
            repo.sh("chmod -R u+w .azcache; rm -rf .azcache && cp -a ../saved .azcache").code(0);
            let path = repo.path(&format!(".azcache/v1/{name}"));
            let mut bytes = fs::read(&path).unwrap();
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "a place"
            )]
            let at = ((bytes.len() - 1) as f64 * part) as usize;
            bytes[at] ^= 0x10;
            fs::write(&path, bytes).unwrap();
            repo.az("fsck").code(1).says(&name);
            repo.az("fsck --repair").code(0).says("mended");
            repo.az("fsck").code(0).says("nothing is damaged");
            repo.sh("rm out.txt").code(0);
            repo.az("build '*'").code(0);
            assert_eq!(
                (repo.read("out.txt"), repo.read("end.txt")),
                ("two\n".to_owned(), "4\n".to_owned()),
                "{name} at {at}"
            );
        }
    }
}

#[test]
fn a_large_content_that_is_another_one_is_found() {
    let repo = Repo::new().script("0400_make.sh", "yes text | head -c 20000 > large");
    repo.az("build '*'").code(0).ran(["0400"]);
    repo.sh("f=$(find .azcache/v1/cas -type f -size +8k); chmod u+w $f; echo other > $f").code(0);
    repo.az("fsck").code(1).says("not what its name says");
    repo.az("fsck --repair").code(0);
    repo.sh("rm large").code(0);
    repo.scripts_run();
    repo.az("build '*'").code(0).ran(["0400"]);
    repo.az("fsck").code(0);
}

#[test]
fn what_a_killed_az_had_taken_out_is_put_where_it_can_be_found() {
    let repo = built();
    repo.sh("mkdir -p .azcache/v1/staged && cd .azcache/v1/staged && echo mine > old-0123456789abcdef-sub%2fa && echo half > new-0123456789abcdef-b").code(0);
    repo.az("fsck").code(1).says("2 files");
    repo.az("fsck --repair").code(0).says("sub/a");
    repo.sh("grep -rq mine .azcache/v1/kept/*/sub/a && ! grep -rq half .azcache/v1").code(0);
    repo.az("fsck").code(0);
}

#[test]
fn a_build_does_it_too_and_says_so() {
    let repo = built();
    repo.sh("mkdir -p .azcache/v1/staged && echo mine > .azcache/v1/staged/old-0123456789abcdef-a").code(0);
    repo.edit("in.txt", "three\n").az("build '*'").code(0).says("kept");
    repo.sh("grep -rq mine .azcache/v1/kept && test -z \"$(ls .azcache/v1/staged)\"").code(0);
}

#[test]
fn what_cannot_be_mended_is_for_the_person() {
    let repo = built();
    repo.sh("rm .azcache/v1/index; mkdir .azcache/v1/index").code(0);
    repo.az("fsck --repair").code(1).says("for you to mend");
}
