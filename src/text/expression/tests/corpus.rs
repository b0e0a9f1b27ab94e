//! The conditions of real playbooks: each of them with a world and the value it has there, written by hand.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use crate::text::document::{self, Format, Node, NodeValue};

use super::*;

/// Fields that hold conditions, in every format.
const FIELDS: [&str; 5] = ["condition", "if", "when", "runIf", "skipIf"];

const TABLE: &str = include_str!("corpus.txt");

/// Returns every distinct condition of the real files with one file that has it.
fn conditions() -> Option<BTreeMap<String, String>> {
    let folder = shared("corpus/playbooks")?;
    let mut found = BTreeMap::new();
    for path in files(&folder) {
        let name = path.strip_prefix(&folder).unwrap().to_string_lossy().into_owned();
        let Some(format) = path.extension().and_then(|it| Format::from_extension(it.to_str()?)) else {
            continue;
        };
        let source = Arc::new(Source::new(name.clone(), std::fs::read_to_string(&path).unwrap()));
        if let (Some(node), _) = document::read(&source, format) {
            collect(&node, &name, &mut found);
        }
    }
    Some(found)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() { open.push(entry) } else { found.push(entry) }
        }
    }
    found.sort();
    found
}

fn collect(node: &Node, file: &str, found: &mut BTreeMap<String, String>) {
    match &node.value {
        NodeValue::List(items) => items.iter().for_each(|item| collect(item, file, found)),
        NodeValue::Table(entries) => {
            for entry in entries {
                let is_condition = FIELDS.iter().any(|field| field.eq_ignore_ascii_case(&entry.key.value));
                match &entry.value.value {
                    NodeValue::Text(text) | NodeValue::Code(text)
                        if is_condition && !text.trim().is_empty() =>
                    {
                        found.entry(text.trim().to_owned()).or_insert_with(|| file.to_owned());
                    }
                    _ => collect(&entry.value, file, found),
                }
            }
        }
        _ => {}
    }
}

#[test]
fn every_condition_of_the_corpus_stands_in_the_table() {
    let Some(found) = conditions() else { return };
    let rows: BTreeSet<&str> = TABLE.lines().map(|line| line.rsplit('\t').next().unwrap()).collect();
    let missing: Vec<_> = found.iter().filter(|(condition, _)| !rows.contains(condition.as_str())).collect();
    assert!(missing.is_empty(), "{missing:#?}");
    let gone: Vec<_> = rows.iter().filter(|row| !found.contains_key(**row)).collect();
    assert!(gone.is_empty(), "{gone:#?}");
}

#[test]
fn the_conditions_of_real_playbooks_give_what_they_mean() {
    let (mut evaluated, mut refused) = (BTreeSet::new(), BTreeSet::new());
    for line in TABLE.lines() {
        let [expected, world, condition] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        if let Some(place) = expected.strip_prefix("refused ") {
            let fault = &faults(condition)[0];
            assert_eq!(fault.code, code::UNSUPPORTED_CONDITION, "{condition}");
            assert_eq!(fault.labels[0].span.of(condition), place, "{condition}");
            assert!(fault.help.is_some(), "{condition}");
            refused.insert(condition);
            continue;
        }
        let world = Table::of(world);
        let evaluation = evaluate(&expr(condition), &world);
        assert_eq!(evaluation.problems, [], "{condition}");
        assert_eq!(evaluation.holds.to_string(), expected, "{condition} in {world:?}");
        // Whatever is answered as it was asked gives the same again.
        let again = evaluate(&expr(condition), &Replay(&evaluation.asked));
        assert_eq!(again, evaluation, "{condition}");
        evaluated.insert(condition);
    }
    let all = evaluated.len() + refused.len();
    assert!(evaluated.len() * 100 >= all * 95, "{} of {all}", evaluated.len());
}
