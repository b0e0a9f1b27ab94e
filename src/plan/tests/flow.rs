//! Conditions, matrices, nested steps, used playbooks: what the plan makes of them.

use serde_json::json;

use super::*;
use std::collections::BTreeSet;

use crate::plan::Gate;

const SCRIPTS: [(&str, &str); 3] = [
    ("scripts/0100_a.sh", "echo $env $region\n"),
    ("scripts/0200_b.sh", "# Dependencies: 0100\necho\n"),
    ("scripts/0300_c.ps1", "param([string]$Region, [switch]$Fast)\n"),
];

fn world(playbooks: &[(&str, &str)]) -> World {
    let files: Vec<(&str, &str)> = SCRIPTS.iter().chain(playbooks).copied().collect();
    World::new(&files, &["p"])
}

fn plan_of(text: &str) -> Arc<Plan> {
    world(&[("playbooks/p.yaml", text)]).plan()
}

fn ids(plan: &Plan) -> Vec<&str> {
    plan.nodes.iter().map(|node| node.id.as_str()).collect()
}

/// Returns the node with an id.
fn node<'a>(plan: &'a Plan, id: &str) -> &'a Node {
    plan.nodes.iter().find(|node| node.id == id).unwrap_or_else(|| panic!("{id} in {:?}", ids(plan)))
}

fn jobs(jobs: &str) -> String {
    format!("metadata: {{ name: p }}\norchestration:\n  jobs:\n{jobs}")
}

#[test]
fn a_condition_that_is_known_is_decided_and_another_is_left_to_the_run() {
    let plan = plan_of(&jobs(
        "    a:\n      if: vars.env == 'prod'\n      steps: [{ run: '0100' }]\n\
         \x20   b:\n      needs: a\n      if: needs.a.result == 'skipped' || always()\n      steps: [{ run: '0200' }]\n\
         \x20   c:\n      steps: [{ run: '0300', if: hashFiles('x') != '' }]\n",
    ));
    assert_eq!(ids(&plan), ["a/0100_a", "b/0200_b", "c/0300_c"]);
    let decision = plan.nodes[0].condition.as_ref().unwrap();
    assert!(!decision.holds && decision.text.contains("prod"));
    assert_eq!((plan.nodes[1].condition.as_ref(), plan.nodes[1].gate), (None, Gate::Always));
    assert_eq!((plan.nodes[2].condition.as_ref(), plan.nodes[2].gate), (None, Gate::Asked));
}

#[test]
fn a_playbook_without_conditions_needs_nobody_to_be_asked() {
    let plan = plan_of(&jobs("    a:\n      steps: [{ run: '0100' }, { run: '0200' }]\n"));
    assert!(plan.nodes.iter().all(|node| node.gate == Gate::Needs && node.late.is_none()));
    let plan =
        plan_of(&jobs("    a:\n      steps: [{ run: '0100', continueOnError: true }, { run: '0200' }]\n"));
    let seen: Vec<_> = plan.nodes.iter().map(|node| (node.gate, node.is_tolerated)).collect();
    assert_eq!(seen, [(Gate::Asked, true), (Gate::Asked, false)]);
}

#[test]
fn a_matrix_multiplies_a_job_in_the_order_of_its_rows() {
    let plan = plan_of(&jobs(
        "    t:\n      strategy:\n        max-parallel: 2\n        matrix: { region: [eu, us], fast: [true, 'true'] }\n      \
         steps:\n        - run: '0300'\n        - { id: say, script: 'echo ${{ matrix.region }}', shell: sh }\n",
    ));
    assert_eq!(ids(&plan)[..2], ["t[region=eu,fast=true]/0300_c", "t[region=eu,fast=true]/say"]);
    assert_eq!(plan.nodes.len(), 8);
    let of = |id: &str| node(&plan, id);
    assert!(
        of("t[region=eu,fast=true]/0300_c").invocation.argv.ends_with(&["-Region".into(), "eu".into()])
            || of("t[region=eu,fast=true]/0300_c").invocation.argv.contains(&"eu".to_owned())
    );
    assert_eq!(of("t[region=us,fast=true]/say").invocation.env["AZ_EXPR_1"], "us");
    let identities: BTreeSet<&str> = plan.nodes.iter().map(|node| node.identity.as_str()).collect();
    assert_eq!(identities.len(), 8, "{identities:?}");
    assert_eq!(plan.capacities.values().copied().collect::<Vec<_>>(), [2]);
    assert_eq!(plan.spans.len(), 4);
    let cohorts: BTreeSet<_> = plan.nodes.iter().map(|node| node.cohort).collect();
    assert_eq!(cohorts.len(), 4);
    // Steps of one combination follow each other; combinations do not wait.
    let edges = edges(&plan);
    assert_eq!(edges.len(), 4, "{edges:?}");
}

#[test]
fn the_matrix_of_the_command_line_multiplies_all_and_dependencies_stay_inside() {
    let files: Vec<(&str, &str)> = SCRIPTS.to_vec();
    let mut world = World::new(&files, &["0100,0200"]);
    let dimensions = vec![("region".to_owned(), vec![json!("eu"), json!("us")])];
    world.request = Request::new(
        &world.db,
        vec!["0100,0200".into()],
        false,
        vec![],
        BTreeMap::new(),
        None,
        false,
        vec![],
        BTreeMap::new(),
        dimensions,
    );
    let plan = world.plan();
    assert_eq!(
        ids(&plan),
        ["0100_a[region=eu]", "0200_b[region=eu]", "0100_a[region=us]", "0200_b[region=us]"]
    );
    assert_eq!(
        edges(&plan),
        [
            "0200_b[region=eu] <- 0100_a[region=eu]: Dependency",
            "0200_b[region=us] <- 0100_a[region=us]: Dependency"
        ]
    );
    assert_eq!(plan.nodes[2].invocation.env["region"], "us");
}

#[test]
fn values_are_filled_and_what_only_the_run_tells_is_left() {
    let plan = plan_of(&jobs(
        "    a:\n      outputs: { v: '${{ steps.make.outputs.v }}' }\n      steps:\n        \
         - { id: make, script: 'echo v=1 >> $AZ_OUTPUT', shell: sh }\n\
         \x20   b:\n      needs: a\n      variables: { region: '${{ needs.a.outputs.v }}', env: 'x-{{region}}' }\n      \
         env: { PLACE: '${{ vars.region }}' }\n      steps: [{ run: '0100' }, { run: '0300' }]\n",
    ));
    let late = |id: &str| node(&plan, id).late.is_some();
    assert!(!late("a") && late("b/0100_a") && late("b/0300_c"));
    let scope = &plan.scopes[node(&plan, "b/0100_a").scope.unwrap()];
    assert!(scope.names.late.contains_key("region") && scope.names.late.contains_key("env"));
    assert!(scope.names.late_env.contains_key("PLACE"));
    // What is late opens no gate: a job still waits for what it needs.
    assert_eq!(node(&plan, "b/0100_a").gate, Gate::Needs);
}

#[test]
fn variables_of_a_layer_may_need_each_other_but_not_in_a_circle() {
    let text = |variables: &str| {
        format!("name: p\nvariables: {variables}\nsteps: [{{ name: s, command: 'echo $a' }}]\n")
    };
    let plan = plan_of(&text("{ a: '{{b}}-{{c:=z}}', b: '{{d}}', d: 3 }"));
    assert_eq!(plan.nodes[0].invocation.env["a"], "3-z");
    let world = world(&[("playbooks/p.yaml", &text("{ a: '{{b}}', b: '{{a}}' }"))]);
    assert!(world.codes().contains(&crate::diag::code::CYCLE), "{:?}", world.planned().diagnostics);
}

#[test]
fn steps_inside_steps_have_places_of_their_own() {
    let plan = plan_of(
        "name: p\nparameters: [{ name: environment, default: dev }]\nsteps:\n\
         - { name: first, command: 'true' }\n\
         - name: fan\n  type: parallel\n  branches:\n    - { name: left, steps: [{ name: l, command: 'true' }] }\n    \
           - { name: right, steps: [{ name: r, command: 'true' }] }\n\
         - name: pick\n  type: conditional\n  condition: ${environment} == \"production\"\n  \
           then: [{ name: p, command: 'true' }]\n  else: [{ name: q, command: 'true' }]\n\
         - name: each\n  type: foreach\n  items: [eu, us]\n  as: region\n  steps: [{ name: e, command: 'echo ${region}' }]\n\
         - { name: last, command: 'false', on_failure: [{ name: mend, command: 'true' }] }\n",
    );
    assert_eq!(plan.nodes.len(), 9, "{:?}", ids(&plan));
    let skipped: Vec<&str> = plan
        .nodes
        .iter()
        .filter(|node| node.condition.as_ref().is_some_and(|condition| !condition.holds))
        .map(|node| node.name.as_str())
        .collect();
    assert_eq!(skipped, ["p"]);
    let gates: BTreeMap<&str, Gate> = plan.nodes.iter().map(|node| (node.name.as_str(), node.gate)).collect();
    assert_eq!((gates["mend"], gates["q"]), (Gate::Always, Gate::Asked));
    let regions: Vec<&str> = plan
        .nodes
        .iter()
        .filter(|node| node.name == "e")
        .map(|node| node.invocation.env["region"].as_str())
        .collect();
    assert_eq!(regions, ["eu", "us"]);
}

#[test]
fn a_playbook_uses_another_and_never_itself() {
    let inner = "metadata: { name: inner }\norchestration:\n  defaultVariables: { region: none }\n  jobs:\n    one:\n      \
                 steps: [{ run: '0100' }]\n";
    let outer = jobs("    call:\n      uses: playbook:inner\n      with: { region: eu }\n");
    let files = [("playbooks/p.yaml", outer.as_str()), ("playbooks/inner.yaml", inner)];
    let plan = world(&files).plan();
    assert_eq!(ids(&plan), ["call/one/0100_a"]);
    assert_eq!(plan.nodes[0].invocation.env["region"], "eu");
    let files = [
        ("playbooks/p.yaml", outer.as_str()),
        ("playbooks/inner.yaml", &jobs("    back:\n      uses: playbook:p\n")),
    ];
    let world = world(&files);
    let circle: Vec<_> = world.planned().diagnostics.iter().filter(|fault| fault.is_error()).collect();
    assert!(
        circle[0].message.contains("playbooks/p.yaml -> playbooks/inner.yaml -> playbooks/p.yaml"),
        "{circle:?}"
    );
}

#[test]
fn parameters_are_what_they_are_declared_to_be() {
    let text = "name: p\nparameters:\n- { name: count, type: number, default: 2 }\n- { name: kind, allowed: [a, b], required: true }\n\
                steps: [{ name: s, command: 'echo $count $kind' }]\n";
    let given = |given: &[(&str, serde_json::Value)]| {
        let mut world = world(&[("playbooks/p.yaml", text)]);
        let given = given.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        world.request = Request::new(
            &world.db,
            vec!["p".into()],
            false,
            vec![],
            given,
            None,
            false,
            vec![],
            BTreeMap::new(),
            vec![],
        );
        let planned = world.planned();
        planned.plan.as_ref().map_or_else(
            || planned.diagnostics[0].message.clone(),
            |plan| {
                format!("{} {}", plan.nodes[0].invocation.env["count"], plan.nodes[0].invocation.env["kind"])
            },
        )
    };
    assert_eq!(given(&[("kind", json!("B"))]), "2 b");
    assert_eq!(given(&[("kind", json!("a")), ("COUNT", json!("7"))]), "7 a");
    assert!(given(&[]).contains("`kind` must be given"));
    assert!(given(&[("kind", json!("c"))]).contains("cannot be `c`"));
    assert!(given(&[("kind", json!("a")), ("count", json!("x"))]).contains("wants a number"));
}
