//! What steps hold while they run: names, counts, slots, memory, rates, priorities.

use serde_json::Value;

use crate::repo::Repo;

const DECLARED: &str = "# Inputs: None\n# Outputs: None\n# Timeout: 60s\n";

/// A script that notes how much it takes when it begins and ends.
fn taking(repo: &Repo, number: u32, resources: &str, amount: u32) {
    let body = format!(
        "# Resources: {resources}\n{DECLARED}echo +{amount} >> log; sleep 0.15; echo -{amount} >> log"
    );
    repo.script(&format!("0{number}00_a.sh"), &body);
}

/// A script that ends only once `other` is at work too.
fn meeting(repo: &Repo, name: &str, other: &str, resources: &str) {
    let wait = format!("until test -e at.{other}; do sleep 0.01; done");
    let body = format!("# Resources: {resources}\n{DECLARED}touch at.{}; {wait}", &name[..4]);
    repo.script(name, &body);
}

/// Returns the most that was taken at once, by the log of [`taking`].
fn most(repo: &Repo) -> i32 {
    let changes = repo.read("log").lines().map(|line| line.parse::<i32>().unwrap()).collect::<Vec<_>>();
    let sums = changes.iter().scan(0, |sum, change| {
        *sum += change;
        Some(*sum)
    });
    sums.max().unwrap()
}

/// Returns the starts of a run in order: the step and the time in milliseconds of the day.
fn starts(repo: &Repo, line: &str) -> Vec<(String, u64)> {
    let output = repo.az(&format!("{line} --format jsonl"));
    output.code(0);
    let events = output.stdout().lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let events: Vec<Value> = events.collect();
    let is_start = |event: &&Value| event["event"]["type"] == "ScriptStarted";
    let start = |event: &Value| {
        let number = event["event"]["node"].as_str().unwrap()[..4].to_owned();
        (number, millis(event["time"].as_str().unwrap()))
    };
    events.iter().filter(is_start).map(start).collect()
}

/// Reads the time of the day of `2026-01-02T03:04:05.678Z`.
fn millis(time: &str) -> u64 {
    let digits: String = time.split_once('T').unwrap().1.chars().filter(char::is_ascii_digit).collect();
    let part = |from: usize, to: usize| digits[from..to].parse::<u64>().unwrap();
    ((part(0, 2) * 60 + part(2, 4)) * 60 + part(4, 6)) * 1000 + part(6, 9)
}

#[test]
fn steps_that_hold_one_lock_never_overlap() {
    let repo = Repo::new();
    (1..=5).for_each(|number| taking(&repo, number, "db", 1));
    repo.az("build '*' -j4 --no-trace").code(0);
    assert_eq!(most(&repo), 1);
}

#[test]
fn of_what_there_are_two_two_are_held_at_once_and_never_three() {
    let config = "[resources]\ngpu = 2\n";
    let repo = Repo::new().file("az.toml", config);
    (1..=4).for_each(|number| taking(&repo, number, "GPU", 1));
    taking(&repo, 5, "gpu=2", 2);
    repo.az("build '*' -j4 --no-trace").code(0);
    assert!(most(&repo) <= 2);
    let repo = Repo::new().file("az.toml", config);
    meeting(&repo, "0100_a.sh", "0200", "gpu");
    meeting(&repo, "0200_b.sh", "0100", "gpu:1");
    repo.az("build '*' -j4 --no-trace").code(0).ran(["0100", "0200"]);
}

#[test]
fn a_step_counts_for_as_many_slots_as_it_says_and_one_slot_is_enough() {
    let repo = Repo::new();
    for (number, slots) in [(1, 3), (2, 2), (3, 2), (4, 1), (5, 64), (6, 3)] {
        taking(&repo, number, &format!("cpu={slots}"), slots.min(4));
    }
    repo.az("build '*' -j4 --no-trace").code(0);
    assert!(most(&repo) <= 4, "{}", repo.read("log"));
    let names: Vec<String> =
        starts(&repo, "build '*' -j1 --no-trace --force").into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["0100", "0200", "0300", "0400", "0500", "0600"]);
    let repo = Repo::new();
    meeting(&repo, "0100_a.sh", "0200", "cpu=2");
    meeting(&repo, "0200_b.sh", "0100", "cpu=2");
    repo.az("build '*' -j4 --no-trace").code(0).ran(["0100", "0200"]);
}

#[test]
fn memory_is_shared_by_size() {
    let config = "[resources]\nmemory = \"8GB\"\n";
    let repo = Repo::new().file("az.toml", config);
    (1..=4).for_each(|number| taking(&repo, number, "memory=3GB", 3));
    taking(&repo, 5, "memory: 8GB", 8);
    repo.az("build '*' -j4 --no-trace").code(0);
    assert!(most(&repo) <= 8, "{}", repo.read("log"));
    let repo = Repo::new().file("az.toml", config);
    meeting(&repo, "0100_a.sh", "0200", "memory=4GB");
    meeting(&repo, "0200_b.sh", "0100", "memory=4GB");
    repo.az("build '*' -j4 --no-trace").code(0).ran(["0100", "0200"]);
}

#[test]
fn no_more_steps_start_in_a_stretch_of_time_than_a_rate_allows() {
    let repo = Repo::new().file("az.toml", "[resources]\napi = \"2/400ms\"\n");
    for number in 1..=5 {
        repo.script(&format!("0{number}00_a.sh"), &format!("# Resources: api\n{DECLARED}true"));
    }
    for jobs in ["-j4", "-j1"] {
        let starts = starts(&repo, &format!("build '*' {jobs} --no-trace --force"));
        assert_eq!(starts.len(), 5);
        for three in starts.windows(3) {
            let (first, third) = (three[0].1, three[2].1);
            // Past midnight the time of the day begins anew.
            assert!(third + 5 >= first + 400 || third < first, "{starts:?}");
        }
    }
}

#[test]
fn steps_with_higher_priorities_begin_first_where_several_could() {
    let repo = Repo::new();
    for (number, priority) in
        [(1, ""), (2, "# Priority: 5\n"), (3, "# Priority: 10\n"), (4, "# Priority: -5\n")]
    {
        repo.script(&format!("0{number}00_a.sh"), &format!("{priority}{DECLARED}sleep 0.1"));
    }
    // Two are asked for at once, and begin in either order.
    let first = |line: &str| {
        let mut names: Vec<String> = starts(&repo, line).into_iter().map(|(name, _)| name).take(2).collect();
        names.sort();
        names
    };
    assert_eq!(first("build '*' -j2 --no-trace --force"), ["0200", "0300"]);
    assert_eq!(first("build '*' -j2 --no-trace --force --priority 7"), ["0100", "0300"]);
    assert_eq!(first("build '*' -j2 --no-trace --force --priority -7"), ["0200", "0300"]);
    let alone: Vec<String> =
        starts(&repo, "build '*' -j1 --no-trace --force").into_iter().map(|(name, _)| name).collect();
    assert_eq!(alone, ["0100", "0200", "0300", "0400"], "one after the other, the order is that of the plan");
    for wrong in ["101", "high", "1.5"] {
        repo.az(&format!("build '*' --priority {wrong}")).code(2).says("-100 to 100");
    }
}

#[test]
fn what_could_never_be_granted_is_told_before_anything_runs() {
    let repo = Repo::new()
        .file("az.toml", "[resources]\ngpu = 2\n")
        .script("0100_a.sh", "true")
        .script("0200_b.sh", "# Resources: gpu=3\ntrue");
    for line in ["build '*'", "plan '*'", "check", "build '*' --dry-run"] {
        let output = repo.az(line);
        output
            .code(2)
            .says("AZ0511")
            .says("wants 3 of `gpu`, and there are 2")
            .says("scripts/0200_b.sh:2")
            .ran([]);
    }
    repo.file("az.toml", "[resources]\ngpu = 3\n").az("build '*'").code(0).ran(["0100", "0200"]);
    let much = Repo::new().script("0100_a.sh", "# Resources: memory=900000TiB\ntrue");
    much.az("build '*'").code(2).says("AZ0511").says("of memory").ran([]);
}
