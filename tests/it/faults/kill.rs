//! az is killed at each of its calls that change anything.

use super::{processes_in, rounds, skips};
use crate::repo::{Repo, until};

/// Calls that change something.
const CALLS: &str = "write,pwrite64,writev,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,symlink,symlinkat,\
                     ftruncate,fdatasync,fsync,flock,fchmod,chmod,link,linkat,copy_file_range";

fn three() -> Repo {
    Repo::new()
        .file("a", "1\n")
        .script("0400_one.sh", "cat a > one")
        .script("0410_two.sh", "cat one one > two")
        .script("0420_three.sh", "cat one two > three")
}

fn is_right(repo: &Repo, a: &str, what: &str) {
    assert_eq!(repo.read("one"), a, "{what}");
    assert_eq!(repo.read("two"), a.repeat(2), "{what}");
    assert_eq!(repo.read("three"), a.repeat(3), "{what}");
}

/// Kills az, or one of its helpers or steps, at its n-th call, for each n there is; what it was to do is prepared before.
fn kill_at_each_call(prepare: &str, a: &str) {
    let repo = three();
    if skips(&repo, "strace", "strace -f -e trace=none true") {
        return;
    }
    repo.az("build '*'").code(0);
    repo.file("a", "0\n").az("build '*'").code(0);
    let az = env!("CARGO_BIN_EXE_az");
    let step = rounds("AZ_FAULT_STRIDE", 1);
    let mut killed = 0;
    for call in (1..).step_by(step) {
        repo.sh(prepare).code(0);
        let inject = format!("-e trace={CALLS} -e inject={CALLS}:signal=SIGKILL:when={call}");
        let done = repo.sh(&format!("strace -f -qq -o /dev/null {inject} '{az}' build '*'"));
        until("all processes have ended", || processes_in(&repo.path("")).is_empty());
        let what = format!("{prepare}, killed at call {call}");
        repo.az("build '*'").code(0);
        is_right(&repo, a, &what);
        repo.scripts_run();
        let again = repo.az("build '*'");
        assert_eq!(again.scripts_run(), [""; 0], "{what}: {again}");
        if done.is_success() {
            break;
        }
        killed += 1;
    }
    eprintln!("{killed} kills");
    assert!(killed * step > 10, "only {killed} kills");
}

#[test]
fn a_first_build_can_be_killed_at_each_call() {
    kill_at_each_call("rm -rf .azcache one two three; echo 1 > a", "1\n");
}

#[test]
fn a_build_after_an_edit_can_be_killed_at_each_call() {
    kill_at_each_call("echo $(( $(cat a) + 2 )) > a; cp a ../a; echo 5 > a; rm -f three", "5\n");
}

#[test]
fn a_restore_can_be_killed_at_each_call() {
    kill_at_each_call("echo 1 > a; rm -f one; echo tampered > two; rm -f three", "1\n");
}

#[test]
fn az_proves_itself_with_the_harness_it_ships() {
    let repo = Repo::new();
    let crash = rounds("AZ_CRASH_ROUNDS", 40);
    let crash = repo.az(&format!("selftest crash --rounds {crash} --json")).code(0).json();
    assert_eq!((crash["schema"].as_str(), crash["ok"].as_bool()), (Some("az.selftest/v1"), Some(true)));
    assert!(crash["figures"]["killed"].as_u64().unwrap() >= 40, "{crash}");
    let processes = rounds("AZ_PROCESS_SEEDS", 20);
    repo.az(&format!("selftest model --processes --rounds {processes}"))
        .code(0)
        .says("each left what running by hand leaves");
    repo.az("selftest corrupt --rounds 200").code(0).says("nothing wrong was used or left");
    repo.az("selftest model --rounds 20").code(0);
    repo.az("selftest nonsense").code(2);
}
