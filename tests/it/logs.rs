//! What scripts print, however much it is, and where it goes.

use serde_json::Value;

use crate::repo::Repo;

/// Ends the log of a step, of which no byte is stored on disk, with a line: it is larger than az may be.
const LARGE: &str = "truncate -s 1G /proc/self/fd/1; echo; echo the end";

/// Runs az with less memory than a large log wants.
fn small(repo: &Repo, line: &str) -> crate::repo::Output {
    repo.sh(&format!("ulimit -v 700000; '{}' {line}", env!("CARGO_BIN_EXE_az")))
}

#[test]
fn the_end_of_a_log_is_shown_without_the_rest_in_memory() {
    let repo = Repo::new().script("0100_a.sh", &format!("{LARGE}; exit 1"));
    small(&repo, "build 0100 --no-trace")
        .code(1)
        .says("| the end")
        .says("the last lines of 64.0 MiB")
        .ran(["0100"]);
    let count = small(&repo, "runs show --log 0100 | tail -c 8");
    assert_eq!(count.stdout(), "the end\n");
    small(&repo, "build 0100 -vv --no-trace").code(1).says("| the end").ran(["0100"]);
}

#[test]
fn all_lines_are_shown_where_that_is_asked_for() {
    let repo = Repo::new().script("0100_a.sh", "seq 1 1000; exit 1").script("0200_b.sh", "seq 2001 3000");
    let short = repo.az("build 0100").code(1).stderr().to_owned();
    assert_eq!(short.lines().filter(|line| line.trim_start().starts_with('|')).count(), 21, "{short}");
    assert!(short.contains("| 981\n") && !short.contains("| 980\n"), "{short}");
    repo.az("build 0100 -vv").code(1).says("| 1\n").says("| 1000\n").not("the last lines");
    repo.az("build 0200 -vv").code(0).says("| 2001\n").says("| 3000\n");
}

#[test]
fn the_output_of_a_live_script_does_not_mix_with_data() {
    let repo = Repo::new().script("0100_a.sh", "echo said; echo wrong >&2; exit 3");
    let text = repo.az("0100");
    assert_eq!((text.exit(), text.stdout()), (3, "said\n"));
    for line in ["0100 --format json", "--json 0100"] {
        let json = repo.az(line);
        assert_eq!((json.exit(), json.json()["nodes"][0]["exit_code"].as_i64()), (3, Some(3)));
        assert!(json.stderr().contains("said\n") && json.stderr().contains("wrong\n"), "{json}");
    }
    let lines = repo.az("--format jsonl 0100");
    let values: Vec<Value> = lines.stdout().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(values.last().unwrap()["schema"], "az.result/v1", "{lines}");
    assert!(values.len() > 2 && lines.stderr().contains("said\n"), "{lines}");
}

#[test]
fn no_thread_waits_for_what_a_step_prints() {
    // A step's parent is the guard, and that one's az.
    let count = "above() { sed -n 's/^PPid:[^0-9]*//p' /proc/$1/status; }\n\
                 sed -n 's/^Threads:[^0-9]*//p' /proc/$(above $(above $$))/status";
    let wait = |name: &str| format!("until test $(ls {name}.* | wc -l) = 4; do sleep 0.01; done");
    let declared = "# Inputs: None\n# Outputs: None\n# Timeout: 60s";
    let repo = Repo::new().script("0900_alone.sh", &format!("{declared}\n{count} > alone"));
    for number in 1..=4 {
        let (begun, ended) = (wait("begun"), wait("count"));
        let body = format!(
            "{declared}\ntouch begun.{number}; {begun}; echo said\n{count} > made.{number}\n\
             mv made.{number} count.{number}; {ended}"
        );
        repo.script(&format!("0{number}00_a.sh"), &body);
    }
    repo.az("build 0900 --no-trace -j 4").code(0);
    repo.az("build 0100-0400 --no-trace --parallel -j 4").code(0);
    let threads = |name: &str| repo.read(name).trim().parse::<u32>().unwrap();
    for number in 1..=4 {
        let (many, alone) = (threads(&format!("count.{number}")), threads("alone"));
        assert!(many <= alone + 3, "{many} threads for four steps, {alone} for one");
    }
}
