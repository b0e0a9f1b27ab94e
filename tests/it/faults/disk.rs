//! Disks that are full, cannot be written, or lose their power.

use super::skips;
use crate::repo::Repo;

const AZ: &str = env!("CARGO_BIN_EXE_az");
/// A namespace of mounts of its own.
const MOUNTS: &str = "unshare -m --propagation private sh -ec";

fn two() -> Repo {
    Repo::new()
        .file("a", "1\n")
        .script("0400_one.sh", "yes $(cat a) | head -c 200000 > one")
        .script("0410_two.sh", "tail -c 2 one > two")
}

#[test]
fn a_full_disk_costs_a_warning_and_nothing_is_lost_when_there_is_room_again() {
    let repo = two();
    if skips(&repo, "mounts", &format!("{MOUNTS} true")) {
        return;
    }
    repo.sh("mkdir .azcache").code(0);
    let script = format!(
        "mount -t tmpfs -o size=96k tmpfs .azcache; for n in 1 2; do {AZ} build '*' 2>> ../told; tail -c 2 one | cmp - two; done; \
         mount -o remount,size=10m .azcache; {AZ} build '*'; rm one; {AZ} build '*'; test $(wc -c < one) = 200000; {AZ} build '*'; {AZ} fsck"
    );
    let done = repo.sh(&format!("{MOUNTS} \"{}\"", script.replace('$', "\\$")));
    done.code(0).says("nothing is damaged").says("ran 0 steps, reused 2");
    let told = std::fs::read_to_string(repo.outside("told")).unwrap();
    assert_eq!(told.matches("AZ0802").count(), 2, "one warning a build: {told}");
}

#[test]
fn a_cache_that_can_only_be_read_costs_a_warning() {
    let repo = two();
    if skips(&repo, "mounts", &format!("{MOUNTS} true")) {
        return;
    }
    repo.az("build '*'").code(0);
    repo.file("a", "2\n");
    let script = "mount --bind .azcache .azcache; mount -o remount,bind,ro .azcache";
    repo.sh(&format!("{MOUNTS} \"{script}; {AZ} build '*' && cat two\"")).code(0).says("AZ0802").says("2");
    repo.az("build '*'").code(0);
    assert_eq!(repo.read("two"), "2\n");
}

#[test]
fn a_cache_of_somebody_else_costs_a_warning() {
    let repo = two();
    let as_nobody = "setpriv --reuid=65534 --regid=65534 --clear-groups";
    repo.sh("cp -r . ../copy; chmod 777 .. . ../copy; mkdir .azcache; chmod 700 .azcache").code(0);
    if skips(&repo, "other users", &format!("{as_nobody} {AZ} --version")) {
        return;
    }
    repo.sh(&format!("{as_nobody} {AZ} build '*' && cat two")).code(0).says("AZ0802");
    assert_eq!(repo.read("two"), "1\n");
}

/// On ext4, data that was not flushed is gone when the file system is shut down without its journal being written.
#[test]
fn power_that_is_cut_after_a_run_makes_nothing_stale() {
    let repo = Repo::new().env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin");
    let trial = "command -v mkfs.ext4 && command -v python3 && dd if=/dev/zero of=image bs=1M count=0 seek=64 && mkfs.ext4 -q image \
                 && mkdir m && mount -o loop image m && umount m && rmdir m";
    if skips(&repo, "loop devices", &format!("{MOUNTS} \"{trial}\"")) {
        return;
    }
    repo.file("cut.py", "import fcntl, os, struct, sys\nfcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587d, struct.pack('I', 2))\n");
    // The first build may have been flushed by time; the second was only by az.
    let script = format!(
        "mkdir -p m; mount -o loop image m; cd m; mkdir -p scripts; echo 1 > a; \
         printf '#!/bin/sh\\ncat a > one; echo ran >> {ran}\\n' > scripts/0400_one.sh; chmod +x scripts/*; \
         {AZ} build '*'; sync; echo 2 > a; sync a; {AZ} build '*'; cat one; cd ..; python3 cut.py m; umount m; \
         mount -o loop image m; echo 00000000-0000-0000-0000-000000000001 > boot; \
         mount --bind boot /proc/sys/kernel/random/boot_id; cd m; cat a; {AZ} build '*'; cat one; test $(cat one) = $(cat a); {AZ} build '*'; {AZ} fsck",
        ran = repo.unseen("ran").display()
    );
    for _ in 0..super::rounds("AZ_POWER_ROUNDS", 2) {
        repo.sh(&format!("rm -f {}; mkfs.ext4 -q -F image", repo.unseen("ran").display())).code(0);
        let done = repo.sh(&format!("{MOUNTS} \"{}\"", script.replace('$', "\\$")));
        done.code(0).says("nothing is damaged");
        // What was committed is not run again, unless what it had made is lost and cannot be brought back.
        let ran = std::fs::read_to_string(repo.unseen("ran")).unwrap().lines().count();
        assert!((2..=3).contains(&ran), "{ran}");
    }
}
