//! L15 to L20: what reaches a step without being a file it names.

use super::declared;
use crate::repo::Repo;

#[test]
fn l15_a_name_the_script_mentions_is_part_of_its_key() {
    let repo = Repo::new().script("0400_debug.sh", &declared("", "out", "echo debug=${DEBUG:-none} > out"));
    repo.az("build '*'").code(0).ran(["0400"]).az("build '*'").code(0).ran([]);
    repo.env("DEBUG", "1").az("build '*'").code(0).ran(["0400"]).says("DEBUG");
    assert_eq!(repo.read("out"), "debug=1\n");
    repo.without_env("DEBUG").az("build '*'").code(0).ran([]);
    assert_eq!(repo.read("out"), "debug=none\n");
    // Set to nothing is something else than not set, though this script cannot tell.
    repo.env("DEBUG", "").az("build '*'").code(0).ran(["0400"]);
}

#[test]
fn l15_a_name_nobody_mentions_is_withheld_and_changes_nothing() {
    let repo = Repo::new()
        .env("STRANGER", "one")
        .script("0400_see.sh", &declared("", "out", "env > out; grep -c STRANG out || true"));
    repo.az("build '*'").code(0).ran(["0400"]);
    assert!(!repo.read("out").contains("STRANGER"));
    repo.env("STRANGER", "two").az("build '*'").code(0).ran([]);
}

#[test]
fn l16_the_folder_for_temporary_files_is_empty_at_each_start() {
    let repo = Repo::new().script(
        "0400_once.sh",
        &declared("", "out", "[ -e \"$TMPDIR/g\" ] && exit 1; touch \"$TMPDIR/g\"; echo $TMPDIR > out"),
    );
    repo.az("build '*'").code(0).ran(["0400"]);
    let first = repo.read("out");
    repo.az("build '*' --force").code(0).ran(["0400"]);
    assert_eq!(repo.read("out"), first, "the folder has the same name each time");
}

#[test]
fn l18_a_rotating_secret_is_reused_only_if_it_is_passed_without_key() {
    let body = "[ -n \"$GITHUB_TOKEN\" ]; echo done > out";
    let keyed = Repo::new().script("0400_use.sh", &declared("", "out", body));
    keyed.env("GITHUB_TOKEN", "ghp_first_0123456789").az("build '*'").code(0).ran(["0400"]);
    keyed.env("GITHUB_TOKEN", "ghp_second_0123456789");
    keyed.az("build '*' --explain").code(0).ran(["0400"]).says("GITHUB_TOKEN").not("ghp_");
    keyed.sh("grep -r ghp_ .azcache").code(1);

    let passed = format!("# PassEnv: GITHUB_TOKEN\n{}", declared("", "out", body));
    let passed = Repo::new().script("0400_use.sh", &passed);
    passed.env("GITHUB_TOKEN", "ghp_first_0123456789").az("build '*'").code(0).ran(["0400"]);
    passed.env("GITHUB_TOKEN", "ghp_second_0123456789").az("build '*'").code(0).ran([]).not("ghp_");
    passed.sh("grep -r ghp_ .azcache").code(1);
}

#[test]
fn l20_a_program_built_into_a_scratch_folder() {
    let built = declared("source", "target/debug/app", "mkdir -p target/debug; cp source target/debug/app");
    let repo = Repo::new()
        .file("source", "1")
        .script("0400_build.sh", &format!("# Scratch: target/**\n{built}; echo $$ > target/private"))
        .script("0410_run.sh", &declared("target/debug/app", "ran", "cat target/debug/app > ran"));
    repo.az("build '*'").code(0).ran_in_order(["0400", "0410"]);
    repo.edit("source", "2").az("build '*'").code(0).ran_in_order(["0400", "0410"]);
    repo.remove("target").az("build '*'").code(0).not("0410_run     ");
    assert_eq!((&*repo.read("target/debug/app"), &*repo.read("ran")), ("2", "2"));
    _ = repo.scripts_run();
    // Back on the other branch: 0410 never sees the wrong program.
    repo.edit("source", "1").az("build '*'").code(0).ran([]);
    assert_eq!((&*repo.read("target/debug/app"), &*repo.read("ran")), ("1", "1"));
}

#[test]
fn a_secret_parameter_is_keyed_and_never_written_down() {
    let repo = Repo::new();
    let kind = "[[kind]]\nname = \"pwsh\"\nextensions = [\"ps1\"]\ninterpreter = [\"sh\", \"-c\", \"true\", \"{script}\", \"{args}\"]\n\
                comments = { line = [\"#\"], block = [\"<#\", \"#>\"] }\nparameters = \"named\"\n";
    repo.file("rules/kind.toml", kind);
    repo.file("scripts/0400_log.ps1", "# Inputs:\n# Outputs:\nparam([string]$Password)\n");
    repo.az("build 0400 --var Password=hunter2secret")
        .code(0)
        .az("build 0400 --var Password=hunter2secret")
        .says("reused 1");
    repo.az("build 0400 --var Password=another1 --explain")
        .code(0)
        .says("secret Password changed")
        .not("another1")
        .not("hunter2");
    repo.sh("grep -r hunter2secret .azcache").not("hunter2secret");
}

#[test]
fn a_secret_that_a_step_leaves_or_prints_is_in_no_record() {
    let repo = Repo::new()
        .env("API_TOKEN", "hunter2secret")
        .script("0400_leave.sh", "echo \"${API_TOKEN}\" > left")
        .script("0410_print.sh", "echo \"$API_TOKEN\"")
        .script("0420_use.sh", "test -n \"$API_TOKEN\"");
    repo.az("build '*'").code(0).ran(["0400", "0410", "0420"]);
    repo.az("build '*' --explain").code(0).ran(["0400", "0410"]).says("holds a secret");
    repo.sh("grep -rl hunter2secret .azcache/v1/cas .azcache/v1/journal").not(".azcache");
    repo.env("API_TOKEN", "another2secret")
        .az("build 0420 --explain")
        .code(0)
        .says("secret API_TOKEN changed");
}

#[test]
fn l16_what_is_piped_into_a_step_is_in_no_record() {
    let repo = Repo::new().script("0400_save.sh", "cat > out");
    let az = env!("CARGO_BIN_EXE_az");
    for text in ["v1", "v2"] {
        repo.sh(&format!("echo {text} | '{az}' 0400")).code(0);
        assert_eq!(repo.read("out"), format!("{text}\n"));
    }
    repo.sh(&format!("'{az}' build 0400 --explain")).code(0).ran(["0400", "0400", "0400"]).says("piped in");
    repo.sh(&format!("'{az}' build 0400 < /dev/null")).code(0).ran([]);
}
