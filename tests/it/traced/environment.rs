//! L15 to L21: what reaches a step without being a file it names.

use std::{net::TcpListener, os::unix::net::UnixListener};

use super::{Course, has, traced};

#[test]
fn l15_a_name_that_read_text_mentions_is_learned() {
    let Some(repo) = traced() else { return };
    repo.file("lib.sh", "mode=${DEBUG:-none}\n").script("0400_use.sh", ". ./lib.sh; echo $mode > out");
    repo.az("build '*'").code(0).ran(["0400"]).az("build '*'").code(0).ran([]);
    repo.env("DEBUG", "1").az("build '*' --explain").code(0).ran(["0400"]).says("DEBUG");
    assert_eq!(repo.read("out"), "1\n");
    repo.az("build '*'").code(0).ran([]);
    repo.without_env("DEBUG").az("build '*'").code(0).ran([]);
    assert_eq!(repo.read("out"), "none\n");
    repo.env("DEBUG", "1").az("build '*'").code(0).ran([]);
    assert_eq!(repo.read("out"), "1\n");
}

#[test]
fn l15_a_name_in_text_that_private_state_stands_for_is_learned() {
    let Some(repo) = traced().filter(|repo| has(repo, "python3 --version")) else { return };
    repo.file("part.py", "import os\nmode = os.environ.get('DEBUG', 'none')\n");
    repo.script("0400_use.sh", "python3 -c 'import part; print(part.mode)' > out");
    repo.sh("python3 -c 'import part'").code(0);
    // What was compiled before stands for the text, which is only looked at.
    repo.az("build '*'").code(0).ran(["0400"]);
    repo.env("DEBUG", "1").az("build '*'").code(0).ran(["0400"]);
    assert_eq!(repo.read("out"), "1\n");
    repo.az("build '*'").code(0).ran([]).without_env("DEBUG").az("build '*'").code(0).ran([]);
    assert_eq!(repo.read("out"), "none\n");
}

#[test]
fn l15_a_name_in_text_that_is_merely_looked_at_changes_nothing() {
    let Some(repo) = traced() else { return };
    repo.file("part", "$DEBUG").script("0400_use.sh", "[ -e part ] && echo there > out");
    repo.az("build '*'").code(0).ran(["0400"]).env("DEBUG", "1").az("build '*'").code(0).ran([]);
}

#[test]
fn l15_a_run_that_missed_a_name_is_not_recorded() {
    let Some(repo) = traced() else { return };
    repo.env("DEBUG", "1");
    repo.file("lib.sh", "mode=${DEBUG:-none}\n").script("0400_use.sh", ". ./lib.sh; echo $mode > out");
    repo.az("build '*'").code(0).ran(["0400"]);
    repo.az("build '*' --explain").code(0).ran(["0400"]).says("DEBUG");
    assert_eq!(repo.read("out"), "1\n");
    repo.az("build '*'").code(0).ran([]);
}

#[test]
fn l15_a_failed_step_names_what_it_was_not_given() {
    let Some(repo) = traced() else { return };
    repo.env("LICENCE_SERVER", "x").file("lib.sh", ": ${LICENCE_SERVER:?is missing}\n");
    repo.script("0400_use.sh", ". ./lib.sh; echo ok > out");
    repo.az("build '*'").code(1).ran(["0400"]).says("`LICENCE_SERVER`");
    repo.az("build '*'").code(0).ran(["0400"]).az("build '*'").code(0).ran([]);
}

#[test]
fn l15_a_name_nobody_mentions_changes_nothing() {
    let Some(repo) = traced() else { return };
    repo.env("STRANGER", "one").script("0400_see.sh", "env | grep -c STRANG > out || true");
    repo.az("build '*'").code(0).ran(["0400"]);
    repo.env("STRANGER", "two").az("build '*'").code(0).ran([]);
    assert_eq!(repo.read("out"), "0\n");
}

#[test]
fn l16_what_is_piped_into_a_step_is_never_stale() {
    let Some(repo) = traced() else { return };
    let az = env!("CARGO_BIN_EXE_az");
    repo.script("0400_take.sh", "cat > out");
    for text in ["v1", "v2", "v2", "v3"] {
        repo.sh(&format!("printf {text} | {az} 0400")).code(0).ran(["0400"]);
        assert_eq!(repo.read("out"), text);
    }
    // What was piped in is not in the key, so nothing of that can be reused.
    repo.az("build 0400").code(0).ran(["0400"]);
    assert_eq!(repo.read("out"), "");
}

#[test]
fn l16_the_folder_for_temporary_files_is_empty_and_private() {
    let Some(repo) = traced() else { return };
    let guarded = "[ -e \"$TMPDIR/g\" ] || cp source \"$TMPDIR/g\"; cp \"$TMPDIR/g\" out; mktemp > name";
    repo.file("source", "1").script("0400_once.sh", guarded);
    let mut course = Course::new(&repo, "out");
    course.after("nothing", &["0400"]);
    repo.edit("source", "2");
    course.after("an edit", &["0400"]).as_clean("an edit").end();
}

#[test]
fn l16_a_step_of_an_inner_az_has_another_folder_for_temporary_files() {
    let Some(repo) = traced() else { return };
    repo.env("AZ_BINARY", env!("CARGO_BIN_EXE_az"));
    repo.script("0400_outer.sh", "\"$AZ_BINARY\" build 0500 --force")
        .script("0500_name.sh", "echo $TMPDIR > name");
    repo.az("build 0500").code(0);
    let outer = repo.read("name");
    repo.az("build 0500 --force").code(0);
    assert_eq!(repo.read("name"), outer, "the same in every run");
    repo.az("build 0400").code(0);
    assert_ne!(repo.read("name"), outer, "both may run at the same time");
}

#[test]
fn l17_a_file_that_is_merely_looked_at_is_an_input() {
    let Some(repo) = traced().filter(|repo| has(repo, "make --version")) else { return };
    repo.file("../sdk/v.h", "1").file("rules.mk", "out: ../sdk/v.h\n\tdate +%N > out\n");
    repo.script("0400_make.sh", "make -s -B -f rules.mk");
    repo.az("build '*'").code(0).ran(["0400"]).az("build '*'").code(0).ran([]);
    let patch = "touch -r ../sdk/v.h ../time && printf 2 > ../sdk/v.h && touch -r ../time ../sdk/v.h";
    repo.sh(patch).code(0).az("build '*'").code(0).ran(["0400"]).says("v.h");
    repo.touch("../sdk/v.h").az("build '*'").code(0).ran([]);
}

#[test]
fn l17_the_outer_step_sees_what_an_inner_az_reads() {
    let Some(repo) = traced() else { return };
    repo.env("AZ_BINARY", env!("CARGO_BIN_EXE_az")).file("deep", "1");
    repo.script("0400_outer.sh", "\"$AZ_BINARY\" build 0500; cat made > out");
    repo.script("0500_inner.sh", "cat deep > made");
    repo.az("build 0400").code(0).ran(["0400", "0500"]);
    repo.az("build 0400").code(0).ran([]);
    repo.edit("deep", "2").az("build 0400").code(0).ran(["0400", "0500"]);
    assert_eq!((&*repo.read("made"), &*repo.read("out")), ("2", "2"));
    repo.edit("deep", "1").az("build 0400").code(0).ran([]);
    assert_eq!((&*repo.read("made"), &*repo.read("out")), ("1", "1"));
    repo.script("0500_inner.sh", "cat deep deep > made").az("build 0400").code(0).ran(["0400", "0500"]);
    assert_eq!(repo.read("out"), "11");
}

#[test]
fn l18_a_rotating_secret_is_reused_only_if_it_is_passed_without_key() {
    let Some(keyed) = traced() else { return };
    let body = "[ -n \"$GITHUB_TOKEN\" ]; echo done > out";
    keyed.script("0400_use.sh", body);
    keyed.env("GITHUB_TOKEN", "ghp_first_0123456789").az("build '*'").code(0).ran(["0400"]);
    keyed.az("build '*'").code(0).ran([]).env("GITHUB_TOKEN", "ghp_second_0123456789");
    keyed.az("build '*' --explain").code(0).ran(["0400"]).says("GITHUB_TOKEN").not("ghp_");
    keyed.sh("grep -r ghp_ .azcache").code(1);

    let Some(passed) = traced() else { return };
    passed.script("0400_use.sh", &format!("# PassEnv: GITHUB_TOKEN\n{body}"));
    passed.env("GITHUB_TOKEN", "ghp_first_0123456789").az("build '*'").code(0).ran(["0400"]);
    passed.env("GITHUB_TOKEN", "ghp_second_0123456789").az("build '*'").code(0).ran([]).not("ghp_");
    passed.sh("grep -r ghp_ .azcache").code(1);
}

#[test]
fn l18_a_secret_that_a_step_writes_down_is_not_stored() {
    let Some(repo) = traced() else { return };
    repo.env("GITHUB_TOKEN", "ghp_first_0123456789");
    repo.script("0400_use.sh", "echo \"token=$GITHUB_TOKEN\" > netrc");
    repo.az("build '*'").code(0).ran(["0400"]).sh("grep -r ghp_ .azcache").code(1);
    repo.az("build '*' --explain").code(0).ran(["0400"]).says("secret").not("ghp_");
}

#[test]
fn l18_a_secret_that_a_step_prints_is_not_stored() {
    let Some(repo) = traced() else { return };
    repo.env("GITHUB_TOKEN", "ghp_first_0123456789").script("0400_use.sh", "echo \"token=$GITHUB_TOKEN\"");
    repo.az("build '*' -v").code(0).not("ghp_").ran(["0400"]).sh("grep -r ghp_ .azcache").code(1);
    repo.az("build '*' --explain").code(0).ran(["0400"]).says("secret").not("ghp_");
    repo.az("runs show --log 0400").code(0).says("token=***");
    // What is shown of a failure; a text too short for a secret stays.
    repo.env("GITHUB_TOKEN", "ghp").env("MORE_SECRET", "swordfish-swordfish");
    repo.script("0400_use.sh", "echo \"token=$GITHUB_TOKEN, $MORE_SECRET$MORE_SECRET.\"; exit 1");
    repo.az("build '*'").code(1).says("token=ghp, ***.").not("sword");
    repo.az("0400").code(1);
    repo.sh("grep -r swordfish .azcache").code(1);
}

#[test]
fn l20_a_program_built_into_a_scratch_folder() {
    let Some(repo) = traced() else { return };
    repo.file("az.toml", "[workspace]\nscratch = [\"target/**\"]\n").file("source", "echo 1\n");
    let build =
        "mkdir -p target/debug; cp source target/debug/app; chmod +x target/debug/app; echo $$ > target/own";
    repo.script("0400_build.sh", build).script("0410_run.sh", "target/debug/app > ran");
    repo.az("build '*'").code(0).ran_once_or_twice(["0400", "0410"]).az("build '*'").code(0).ran([]);
    repo.edit("source", "echo 2\n").az("build '*'").code(0).ran_in_order(["0400", "0410"]);
    repo.remove("target").az("build '*'").code(0).ran(["0400"]);
    assert_eq!(repo.read("ran"), "2\n");
    // Back on the other branch: 0410 never sees the wrong program.
    repo.edit("source", "echo 1\n").az("build '*'").code(0);
    assert_eq!((&*repo.read("target/debug/app"), &*repo.read("ran")), ("echo 1\n", "1\n"));
    _ = repo.scripts_run();
    repo.az("build '*'").code(0).ran([]);
    // And by itself it runs on what it reads.
    repo.edit("source", "echo 2\n").az("build 0400").code(0);
    repo.az("build 0410").code(0);
    assert_eq!(repo.read("ran"), "2\n");
}

#[test]
fn l20_who_first_reads_private_state_gets_that_of_the_branch() {
    let Some(repo) = traced() else { return };
    repo.file("az.toml", "[workspace]\nscratch = [\"target/**\"]\n").file("source", "a\n");
    repo.script("0400_make.sh", "mkdir -p target; cp source target/app");
    repo.az("build '*'").code(0).ran(["0400"]);
    repo.edit("source", "b\n").az("build '*'").code(0).ran(["0400"]);
    repo.edit("source", "a\n").az("build '*'").code(0);
    _ = repo.scripts_run();
    repo.script("0410_run.sh", "cat target/app > ran").az("build '*'").code(0);
    assert_eq!(repo.read("ran"), "a\n");
    _ = repo.scripts_run();
    repo.az("build '*'").code(0).ran([]);
}

/// A server and a client in one program; a further argument is the port of somebody else.
const TALK: &str = "
import socket, sys
server = socket.socket()
server.bind(('127.0.0.1', 0)); server.listen()
socket.create_connection(server.getsockname())
for port in sys.argv[1:2]: socket.create_connection(('127.0.0.1', int(port)))
open('out', 'w').write('done')
";

#[test]
fn l21_a_step_that_talks_to_its_own_server_is_reusable() {
    let Some(repo) = traced().filter(|repo| has(repo, "python3 --version")) else { return };
    repo.file("talk.py", TALK).script("0400_talk.sh", "python3 talk.py");
    repo.az("build '*'").code(0).ran(["0400"]).az("build '*'").code(0).ran([]);
}

#[test]
fn l21_a_step_that_talks_to_strangers_is_not() {
    let Some(repo) = traced().filter(|repo| has(repo, "python3 --version")) else { return };
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let local = UnixListener::bind(repo.outside("socket")).unwrap();
    let port = server.local_addr().unwrap().port();
    repo.file("talk.py", TALK).script("0400_talk.sh", &format!("python3 talk.py {port}"));
    repo.az("build '*'").code(0).ran(["0400"]);
    repo.az("build '*' --explain").code(0).ran(["0400"]).says("it connected to 127.0.0.1");
    repo.az("plan '*'").code(0).says("it connected to 127.0.0.1");
    repo.file("local.py", "import socket; socket.socket(socket.AF_UNIX).connect('../socket')\n");
    repo.script("0400_talk.sh", "python3 local.py").az("build '*'").code(0).ran(["0400"]);
    repo.az("build '*' --explain").code(0).ran(["0400"]).says("socket");
    drop(local);
    // The user's word counts more.
    repo.file("local.py", "").script("0400_talk.sh", &format!("# Cache: always\npython3 talk.py {port}"));
    repo.az("build '*'").code(0).ran(["0400"]).az("build '*'").code(0).ran([]);
}
