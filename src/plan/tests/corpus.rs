//! Every real playbook of the corpus that loads is planned: the column of nodes beside the snapshot of how it is read.

use std::fmt::Write;

use super::{
    converted::{files, scripts},
    *,
};
use crate::{base::testing::shared, diag::Severity, model::query::playbook_reading};

#[test]
fn every_real_playbook_that_loads_is_planned() {
    let Some(folder) = shared("corpus/playbooks") else { return };
    let mut paths = files(&folder);
    paths.sort();
    let mut shown = String::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let scripts = scripts(&text);
        let extension = path.extension().unwrap().to_str().unwrap();
        let place = format!("playbooks/p.{extension}");
        let mut all: Vec<(&str, &str)> =
            scripts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        all.push((&place, &text));
        let mut world = World::new(&all, &[]);
        let none = BTreeMap::new;
        let asked = vec![place.clone()];
        world.request =
            Request::new(&world.db, asked, true, vec![], none(), None, false, vec![], none(), vec![]);
        if playbook_reading(&world.db, world.files[&place]).value.is_none() {
            continue;
        }
        let planned = world.planned();
        let name = path.strip_prefix(&folder).unwrap().display();
        let nodes =
            planned.plan.as_ref().map_or("NOT PLANNED".to_owned(), |plan| plan.nodes.len().to_string());
        _ = writeln!(shown, "{name} | {nodes}");
        let worst = planned.diagnostics.iter().filter(|fault| fault.severity == Severity::Error);
        for fault in worst {
            _ = writeln!(shown, "    {} {}", fault.code, fault.message);
        }
    }
    insta::assert_snapshot!("corpus_nodes", shown);
}
