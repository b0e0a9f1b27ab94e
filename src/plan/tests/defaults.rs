//! What the configuration says of steps, and what stands above it.

use std::time::Duration;

use super::*;

const CONFIG: &str = "[defaults]\ntimeout = 1\nretries = 1\n[range.\"*,!0900\"]\ntimeout = 2\nallow_parallel = false\n\
    [range.\"0200-0299\"]\ntimeout = 3\ncontinue_on_error = true\nstage = \"Late\"\nrequires_elevation = true\n\
    [playbook.P]\nscript_defaults = { timeout = 4, continue_on_error = false, allow_parallel = true }\n";

fn world(asked: &[&str]) -> World {
    let files = [
        ("az.toml", CONFIG),
        ("rules/r.toml", "[[rule]]\nmatch = \"0300\"\ntimeout = 5\n"),
        ("scripts/0100_a.sh", ""),
        ("scripts/0200_b.sh", ""),
        (
            "scripts/0210_c.sh",
            "# Timeout: 6\n# Stage: Own\n# RequiresElevation: false\n# AllowParallel: true\n",
        ),
        ("scripts/0300_d.sh", ""),
        ("scripts/0900_e.sh", ""),
        ("playbooks/p.yaml", "metadata: { name: named }\nsequence: ['0200']\n"),
        (
            "playbooks/q.yaml",
            "orchestration:\n  jobs:\n    j:\n      steps:\n        - { script: 'true', shell: sh }\n        - { run: '0200' }\n",
        ),
    ];
    World::new(&files, asked)
}

/// The limits of the steps in seconds.
fn limits(asked: &[&str]) -> Vec<u64> {
    let plan = world(asked).plan();
    plan.nodes.iter().map(|node| node.settings.timeout.map_or(0, |limit: Duration| limit.as_secs())).collect()
}

#[test]
fn the_more_particular_place_says_how_long_a_step_may_take() {
    assert_eq!(limits(&["*"]), [2, 3, 6, 5, 1]);
    assert_eq!(limits(&["p"]), [4]);
    assert_eq!(limits(&["q"]), [1, 3]);
    let plan = world(&["*"]).plan();
    assert!(plan.nodes.iter().all(|node| node.settings.retries == Some(1)));
}

#[test]
fn the_rest_of_a_range_holds_where_the_header_is_silent() {
    let plan = world(&["*"]).plan();
    let seen: Vec<_> =
        plan.nodes.iter().map(|node| (node.is_tolerated, node.is_alone, node.stage.as_str())).collect();
    assert_eq!(
        seen,
        [
            (false, true, "Default"),
            (true, true, "Late"),
            (true, false, "Own"),
            (false, true, "Default"),
            (false, false, "Default"),
        ]
    );
    let of_playbook = world(&["p"]).plan();
    assert!(!of_playbook.nodes[0].is_tolerated && !of_playbook.nodes[0].is_alone);
    assert_eq!(world(&["stage:late"]).ids(), ["0200_b"]);
    let warned = world(&["*"]).codes().into_iter().filter(|code| *code == code::NEEDS_ADMINISTRATOR).count();
    assert_eq!(warned, 1);
}

#[test]
fn a_step_whose_failure_a_range_tolerates_has_a_scope_that_does() {
    let plan = world(&["q"]).plan();
    let [text, script] = [&plan.nodes[0], &plan.nodes[1]];
    let scope = |node: &Node| &plan.scopes[node.scope.unwrap()];
    assert!(script.is_tolerated && scope(script).is_tolerated);
    assert!(!text.is_tolerated && !scope(text).is_tolerated);
}
