//! The language of steps.

use super::{ended, repo};
use crate::repo::{Output, Repo};

/// Writes a playbook of steps as `p`, with what stands above them.
fn steps(repo: &Repo, above: &str, steps: &str) -> Repo {
    repo.playbook("p.yaml", &format!("name: p\n{above}steps:\n{steps}"))
}

#[test]
fn f335_name_description_and_version_are_shown() {
    let text = "description: What it is for\nversion: \"1.10\"\n";
    let repo = steps(&repo(), text, "  - { name: a, command: 'true' }\n");
    repo.az("playbooks").code(0).says("What it is for");
    let shown = repo.az("playbooks show p");
    shown.code(0).says("What it is for").says("1.10");
}

#[test]
fn f336_and_f356_parameters_and_variables_are_above_each_other_as_they_should() {
    let above = "variables: { plain: v, kept: k }\nparameters:\n  - { name: must, required: true }\n  \
                 - { name: both, required: true, default: d }\n  - { name: count, type: number, default: 2 }\n  \
                 - { name: tier, allowed: [gold, silver], default: gold }\n";
    let repo = steps(
        &repo(),
        above,
        "  - { name: a, command: 'echo $must $both $count $tier $plain $kept > said' }\n",
    );
    for (given, exit, said) in [
        ("--var must=m", 0, "m d 2 gold v k"),
        ("--var must=m --var both=b --var count=3 --var tier=SILVER --var plain=w", 0, "m b 3 silver w k"),
        ("", 2, "parameter `must` must be given"),
        ("--var must=m --var count=x", 2, "wants a number"),
        ("--var must=m --var tier=tin", 2, "cannot be `tin`"),
    ] {
        let built = repo.az(&format!("build p {given}"));
        built.code(exit);
        if exit == 0 {
            assert_eq!(repo.read("said").trim(), said, "{given}");
        } else {
            built.says(said);
        }
    }
}

#[test]
fn f337_and_f338_steps_run_in_order_whatever_their_label() {
    let step = |kind: &str| format!("  - {{ name: {kind}, type: {kind}, command: echo {kind} >> said }}\n");
    let kinds = ["validation", "backup", "deployment", "anything"];
    let repo = steps(&repo(), "", &kinds.map(step).concat());
    repo.az("build p -j 4").code(0);
    assert_eq!(repo.read("said").lines().collect::<Vec<_>>(), kinds);
}

#[test]
fn f339_a_command_that_begins_with_a_slash_is_mapped_or_told() {
    let repo = repo();
    repo.executable("tool.sh", "#!/bin/sh\nprintf '%s|' \"$@\" > said\n");
    repo.file("az.toml", "[commands]\ninfra = [\"./tool.sh\", \"first\"]\n");
    let run = |line: &str| {
        steps(&repo, "variables: { v: 'a b; touch x' }\n", &format!("  - {{ name: a, command: {line} }}\n"))
            .az("build p")
    };
    for (line, said) in [
        ("'/infra deploy --to eu'", "first|deploy|--to|eu|"),
        ("\"/infra 'one word' \\\"two words\\\"\"", "first|one word|two words|"),
        ("'/infra ${v}'", "first|a b; touch x|"),
        ("/INFRA", "first|"),
    ] {
        run(line).code(0);
        assert_eq!(repo.read("said"), said, "{line}");
    }
    assert!(!repo.has_path("x"));
    run("/infr x").code(2).says("nothing says what the command `/infr` is").says("did you mean `/infra`?");
}

/// Returns how often a step ran and how it ended.
fn attempts(fields: &str, succeeds_at: u32) -> (usize, Output) {
    let repo = repo();
    let tries = repo.unseen("tries");
    let command = format!("echo x >> {0}; test $(wc -l < {0}) -ge {succeeds_at}", tries.display());
    let repo =
        steps(&repo, "", &format!("  - {{ name: a, command: '{command}', retryDelay: 10ms, {fields} }}\n"));
    let built = repo.az("build p");
    (std::fs::read_to_string(tries).unwrap().lines().count(), built)
}

#[test]
fn f340_and_f341_retry_is_so_many_further_attempts_and_timeout_ends_the_tree() {
    for (fields, succeeds_at, count, exit) in
        [("retry: 3", 4, 4, 0), ("retry: 3", 9, 4, 1), ("retry: 0", 2, 1, 1), ("retry: 3", 1, 1, 0)]
    {
        let (tries, built) = attempts(fields, succeeds_at);
        built.code(exit);
        assert_eq!(tries, count, "{fields}");
    }
    let repo = repo();
    let pid = repo.unseen("pid");
    let command = format!("sleep 20 & echo $! > {}; wait", pid.display());
    let repo = steps(&repo, "", &format!("  - {{ name: a, command: '{command}', timeout: 200ms }}\n"));
    repo.az("build p").code(1).says("timed out");
    let pid = std::fs::read_to_string(pid).unwrap();
    assert!(!crate::repo::is_alive(pid.trim().parse().unwrap()));
    let repo = steps(&repo, "", "  - { name: a, command: 'true', timeout: 300 }\n");
    repo.az("build p").code(0);
}

#[test]
fn f342_names_in_braces_are_filled_in_commands_also_where_a_shell_would_misread_them() {
    let above = "parameters: [{ name: new-version, default: '2' }]\n\
                 variables: { env: prod, path: '${env}/x', both: '${path}-${new-version}' }\n";
    let command = "echo ${env} $env ${path} ${both} ${new-version} ${unset:-shell} > said";
    let repo = steps(&repo(), above, &format!("  - {{ name: a, command: '{command}' }}\n"));
    repo.az("build p").code(0);
    assert_eq!(repo.read("said"), "prod prod prod/x prod/x-2 2 shell\n");
    repo.az("build p").code(0).says("ran 0 steps");
    // The start of the run is one for all of it, and part of the key only where it is asked for.
    let when = "  - { name: a, command: 'echo ${timestamp} > a' }\n  - { name: b, command: 'echo $timestamp > b' }\n  \
                - { name: c, command: 'echo plain > c' }\n";
    let repo = steps(&repo, "", when);
    repo.az("build p").code(0).says("ran 3 steps");
    assert_eq!(repo.read("a"), repo.read("b"));
    assert!(repo.read("a").starts_with("20"), "{}", repo.read("a"));
    std::thread::sleep(std::time::Duration::from_millis(1100));
    repo.az("build p").code(0).says("ran 2 steps, reused 1");
    let bad = steps(&repo, "variables: { a: '${nobody}' }\n", "  - { name: a, command: 'true' }\n");
    bad.az("build p").code(2).says("nobody sets `nobody`");
}

#[test]
fn f343_branches_run_at_once() {
    let repo = repo();
    let met = repo.unseen("met");
    let meet = format!(
        "echo x >> {0}; n=0; until test $(wc -l < {0}) -ge 2; do sleep 0.01; n=$((n+1)); test $n -lt 2000; done",
        met.display()
    );
    let branch = |name: &str| {
        format!(
            "      - name: {name}\n        steps: [{{ name: m, command: '{meet}' }}, {{ command: echo {name} > {name} }}]\n"
        )
    };
    let text = format!(
        "  - name: fan\n    type: parallel\n    branches:\n{}{}  - {{ name: end, command: cat l r > end }}\n",
        branch("l"),
        branch("r")
    );
    steps(&repo, "", &text).az("build p -j 2 --parallel").code(0);
    assert_eq!(repo.read("end"), "l\nr\n");
}

#[test]
fn f344_and_f348_conditions_ask_for_parameters_and_for_results_by_names_with_dashes() {
    for (condition, holds) in [
        ("${environment} == \"production\"", false),
        ("${environment} == \"staging\"", true),
        ("${count} >= 2 && ${environment} != 'x'", true),
        ("${check-health.success}", true),
        ("${check-health.success} == true && ${count} == 2", true),
        ("!${check-health.success}", false),
        ("${may-fail.failed}", true),
        ("${may-fail.success} == false", true),
        ("${never.skipped}", true),
    ] {
        let text = format!(
            "  - {{ name: check-health, command: 'true' }}\n  - {{ name: may-fail, command: 'false', continueOnError: true }}\n  \
             - {{ name: never, command: 'true', if: '${{count}} == 9' }}\n  \
             - name: pick\n    type: conditional\n    condition: {}\n    then: [{{ name: y, command: echo yes > said }}]\n    \
             else: [{{ name: n, command: echo no > said }}]\n",
            serde_json::to_string(condition).unwrap()
        );
        let repo = steps(
            &repo(),
            "parameters: [{ name: environment, default: staging }, { name: count, default: 2 }]\n",
            &text,
        );
        repo.az("build p").code(0);
        assert_eq!(repo.read("said"), if holds { "yes\n" } else { "no\n" }, "{condition}");
    }
}

#[test]
fn f345_and_f346_what_follows_a_step_runs_by_its_end_and_counts() {
    let table = [
        (
            "command: 'true', on_success: [{ name: s, command: 'true' }], on_failure: [{ name: f, command: 'true' }]",
            0,
            "a ran, a/s ran, a/f skipped, end ran",
        ),
        (
            "command: 'true', on_success: [{ name: s, command: 'false' }, { name: t, command: 'true' }]",
            1,
            "a ran, a/s failed, a/t blocked, end blocked",
        ),
        (
            "command: 'false', on_success: [{ name: s, command: 'true' }], on_failure: [{ name: f, command: 'true' }, { name: g, command: 'true' }]",
            1,
            "a failed, a/s blocked, a/f ran, a/g ran, end blocked",
        ),
        (
            "command: 'false', recovered: true, on_failure: [{ name: f, command: 'true' }]",
            0,
            "a failed, a/f ran, end ran",
        ),
        (
            "command: 'false', recovered: true, on_failure: [{ name: f, command: 'false' }]",
            1,
            "a failed, a/f failed, end blocked",
        ),
    ];
    for (fields, exit, expected) in table {
        let text = format!("  - {{ name: a, {fields} }}\n  - {{ name: end, command: 'true' }}\n");
        let built = steps(&repo(), "", &text).az("build p --json");
        built.code(exit);
        ended(&built, expected);
    }
}

#[test]
fn f347_a_loop_takes_numbers_and_texts_one_after_the_other_unless_it_says_otherwise() {
    let text = |items: &str, parallel: &str, steps: &str| {
        format!("  - {{ name: each, type: foreach, items: {items}, as: it, {parallel}steps: [{steps}] }}\n")
    };
    let twice = "{ name: a, command: 'echo a-$it >> said' }, { name: b, command: 'echo b-$it >> said' }";
    for (items, said) in [
        ("[10, eu, '007', true]", "a-10 b-10 a-eu b-eu a-007 b-007 a-true b-true"),
        ("'${list}'", "a-x b-x a-y b-y"),
        ("'p, q'", "a-p b-p a-q b-q"),
    ] {
        let repo = steps(&repo(), "variables: { list: [x, y] }\n", &text(items, "", twice));
        repo.az("build p -j 4").code(0);
        assert_eq!(repo.read("said").split_whitespace().collect::<Vec<_>>().join(" "), said, "{items}");
    }
    let repo = repo();
    let met = repo.unseen("met");
    let meet = format!(
        "echo x >> {0}; n=0; until test $(wc -l < {0}) -ge 2; do sleep 0.01; n=$((n+1)); test $n -lt 2000; done",
        met.display()
    );
    let meeting = text("[1, 2]", "parallel: true, ", &format!("{{ name: m, command: '{meet}' }}"));
    steps(&repo, "", &meeting).az("build p -j 2").code(0);
}
