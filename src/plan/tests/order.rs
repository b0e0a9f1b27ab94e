//! What comes before what.

use proptest::prelude::*;

use super::*;
use crate::diag::code;

fn script(number: usize) -> String {
    format!("scripts/{:04}_s.sh", 100 + number)
}

/// Scripts with `Dependencies` on others by number.
fn texts(needs: &[Vec<usize>]) -> Vec<(String, String)> {
    let list = |needs: &Vec<usize>| {
        let numbers: Vec<String> = needs.iter().map(|need| format!("{:04}", 100 + need)).collect();
        if numbers.is_empty() { String::new() } else { format!("# Dependencies: {}\n", numbers.join(", ")) }
    };
    needs.iter().enumerate().map(|(number, needs)| (script(number), list(needs))).collect()
}

fn world_of(needs: &[Vec<usize>]) -> World {
    let texts = texts(needs);
    let texts: Vec<(&str, &str)> = texts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    World::new(&texts, &["*"])
}

/// Whether following needs from a script leads back to it.
fn has_circle(needs: &[Vec<usize>]) -> bool {
    let reaches_itself = |start: usize| {
        let (mut open, mut seen) = (needs[start].clone(), vec![false; needs.len()]);
        while let Some(next) = open.pop() {
            if next == start {
                return true;
            }
            if !std::mem::replace(&mut seen[next], true) {
                open.extend(&needs[next]);
            }
        }
        false
    };
    (0..needs.len()).any(reaches_itself)
}

fn needs() -> impl Strategy<Value = Vec<Vec<usize>>> {
    (1_usize..8).prop_flat_map(|count| {
        let needs = prop::collection::vec(0..count, 0..3);
        prop::collection::vec(needs, count).prop_map(|mut needs| {
            // A script that names itself is none of this test's business.
            needs.iter_mut().enumerate().for_each(|(own, needs)| needs.retain(|need| *need != own));
            needs
        })
    })
}

proptest! {
    #[test]
    fn needs_come_first_or_the_circle_is_told(needs in needs()) {
        let world = world_of(&needs);
        let planned = world.planned();
        prop_assert_eq!(planned.plan.is_none(), has_circle(&needs));
        if let Some(plan) = &planned.plan {
            let place = |number: usize| {
                plan.nodes.iter().position(|node| node.script.as_ref().unwrap().as_str() == script(number)).unwrap()
            };
            for (number, needs) in needs.iter().enumerate() {
                prop_assert!(needs.iter().all(|need| place(*need) < place(number)));
            }
            let edges = plan.nodes.iter().enumerate().flat_map(|(at, node)| node.edges.iter().map(move |e| (at, e)));
            prop_assert!(edges.into_iter().all(|(at, edge)| edge.to < at), "edges lead backward only");
        } else {
            prop_assert!(world.codes().contains(&code::CYCLE));
        }
    }

    #[test]
    fn the_order_in_which_needs_are_written_changes_nothing(needs in needs(), seed in any::<u64>()) {
        let mut other = needs.clone();
        for (number, needs) in other.iter_mut().enumerate() {
            needs.dedup();
            let by = usize::try_from(seed % 7).unwrap() + number;
            if !needs.is_empty() {
                let by = by % needs.len();
                needs.rotate_left(by);
            }
        }
        let (one, other) = (world_of(&needs), world_of(&other));
        prop_assert_eq!(&one.planned().plan, &other.planned().plan);
    }

    #[test]
    fn ids_are_unique_however_often_a_script_is_asked_for(
        jobs in prop::collection::vec(prop::collection::vec(0_usize..3, 1..4), 1..4),
    ) {
        let job = |(index, runs): (usize, &Vec<usize>)| {
            let steps = runs.iter().map(|run| format!("{{\"run\": \"{:04}\"}}", 100 + run));
            format!("\"j{index}\": {{\"steps\": [{}]}}", steps.collect::<Vec<_>>().join(", "))
        };
        let jobs: Vec<String> = jobs.iter().enumerate().map(job).collect();
        let playbook = format!("{{\"orchestration\": {{\"jobs\": {{{}}}}}}}", jobs.join(", "));
        let mut files = texts(&[vec![], vec![], vec![]]);
        files.push(("playbooks/p.json".to_owned(), playbook));
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let world = World::new(&files, &["p"]);
        let ids = world.ids();
        let unique: std::collections::BTreeSet<&String> = ids.iter().collect();
        prop_assert_eq!(unique.len(), ids.len(), "{:?}", ids);
    }
}

#[test]
fn a_number_waits_for_higher_ones_it_depends_on() {
    let texts = [
        ("scripts/0470_a.sh", "# Dependencies: 0480, 0490\n"),
        ("scripts/0480_b.sh", ""),
        ("scripts/0490_c.sh", ""),
    ];
    assert_eq!(World::new(&texts, &["*"]).ids(), ["0480_b", "0490_c", "0470_a"]);
}

#[test]
fn what_reads_an_output_waits_for_its_owner_and_declared_steps_wait_for_nothing_else() {
    let texts = [
        ("scripts/0100_a.sh", "# Inputs: out/b\n# Outputs: out/a\n"),
        ("scripts/0200_b.sh", "# Inputs: src\n# Outputs: out/b\n"),
        ("scripts/0300_c.sh", "# Inputs: src\n# Outputs: out/c\n"),
    ];
    let plan = World::new(&texts, &["*"]).plan();
    assert_eq!(edges(&plan), ["0100_a <- 0200_b: Output(\"out/b\")"]);
}

#[test]
fn two_owners_of_an_output_are_a_mistake_and_one_who_rewrites_it_is_not() {
    let owner = "# Inputs: src\n# Outputs: out/a\n";
    let other = "# Inputs: other\n# Outputs: out/a\n";
    let rewriter = "# Inputs: out/a\n# Outputs: out/a\n";
    let texts = |second| [("scripts/0100_a.sh", owner), ("scripts/0200_b.sh", second)];
    let two = World::new(&texts(other), &["*"]);
    assert!(two.planned().plan.is_none());
    assert_eq!(two.codes(), [code::TWO_OWNERS]);
    let one = World::new(&texts(rewriter), &["*"]);
    assert_eq!(one.codes(), []);
    assert_eq!(edges(&one.plan()).len(), 1, "{:?}", edges(&one.plan()));
    assert_eq!(one.ids(), ["0100_a", "0200_b"]);
}

#[test]
fn a_step_of_which_nothing_is_known_is_kept_apart() {
    let declared = "# Inputs: src\n# Outputs: out/a\n";
    let texts = [
        ("scripts/0100_a.sh", declared),
        ("scripts/0200_b.sh", ""),
        ("scripts/0300_c.sh", "# Inputs: src\n# Outputs: out/c\n"),
    ];
    let world = World::new(&texts, &["*"]);
    let mut plan = Plan::clone(&world.plan());
    assert_eq!(edges(&plan), Vec::<String>::new());
    plan.keep_apart(|index| (index == 1).then_some(EdgeKind::Unknown));
    assert_eq!(edges(&plan), ["0200_b <- 0100_a: Unknown", "0300_c <- 0200_b: Unknown"]);
}

#[test]
fn a_script_asked_for_in_two_ways_is_one_step_and_all_ways_are_one_sequence() {
    let texts = [
        ("scripts/0100_a.sh", "# Inputs: src\n# Outputs: out/a\n"),
        ("scripts/0200_b.sh", ""),
        ("scripts/0300_c.sh", "# Dependencies: 0400\n"),
        ("scripts/0400_d.sh", ""),
        ("playbooks/p.json", "{\"sequence\": [\"0100\", \"0200\"]}"),
        ("playbooks/q.json", "{\"sequence\": [\"0100\", \"0300\"]}"),
        ("playbooks/r.json", "{\"sequence\": [\"0400\"]}"),
    ];
    let world = World::new(&texts, &["p", "q", "r", "0100"]);
    assert_eq!(world.codes(), []);
    assert_eq!(world.ids(), ["0100_a", "0200_b", "0400_d", "0300_c"]);
    let mut plan = Plan::clone(&world.plan());
    plan.keep_apart(|index| (index != 0).then_some(EdgeKind::Unknown));
    assert_eq!(
        edges(&plan),
        ["0200_b <- 0100_a: Unknown", "0400_d <- 0200_b: Unknown", "0300_c <- 0400_d: Dependency"]
    );
}

#[test]
fn of_several_scripts_of_a_step_the_last_owns_what_the_step_makes() {
    let playbook =
        "[orchestration.jobs.a]\ninputs = \"src\"\noutputs = \"dist\"\nsteps = [{ run = \"0100-0300\" }]\n";
    let texts = [
        ("scripts/0100_a.sh", "# Dependencies: 0300\n"),
        ("scripts/0200_b.sh", "# Dependencies: 0100\n"),
        ("scripts/0300_c.sh", ""),
        ("playbooks/p.toml", playbook),
    ];
    let world = World::new(&texts, &["p"]);
    assert_eq!(world.codes(), []);
    let plan = world.plan();
    let owners = plan.nodes.iter().filter(|node| node.outputs.is_some());
    assert_eq!(owners.map(|node| node.name.as_str()).collect::<Vec<_>>(), ["0200_b"]);
    assert_eq!(world.ids(), ["a/0300_c", "a/0100_a", "a/0200_b"]);
}

#[test]
fn there_may_be_very_many_steps() {
    assert!(size_of::<Node>() <= 752, "{}", size_of::<Node>());
    assert!(size_of::<Scope>() <= 184, "{}", size_of::<Scope>());
    // A list of nodes that grows has room for as many more: of pointers only.
    let plan = world_of(&[vec![], vec![0]]).plan();
    assert!(plan.nodes.iter().all(|node| node.edges.capacity() == node.edges.len()));
}
