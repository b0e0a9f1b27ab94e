//! A playbook that is written in the newest format runs the same.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use super::*;
use crate::{
    base::testing::shared,
    diag::Source,
    model::{playbook, settings::Settings},
    text::document::{Format, write::WriteFormat},
};

/// Returns the numbers of four digits in a text, each once, as scripts that use some variables.
pub(super) fn scripts(text: &str) -> Vec<(String, String)> {
    let is_digit = |c: char| c.is_ascii_digit();
    let words = text.split(|c: char| !is_digit(c)).filter(|word| word.len() == 4);
    let numbers: BTreeSet<&str> = words.collect();
    let header = "param([switch]$Fast, [string]$Profile, [string]$Environment, [string]$OutputPath, $Level)";
    numbers.iter().map(|number| (format!("scripts/{number}_s.ps1"), format!("{header}\n"))).collect()
}

fn planned(text: &str, extension: &str) -> (Option<Arc<Plan>>, Vec<Code>) {
    let path = format!("playbooks/p.{extension}");
    let scripts = scripts(text);
    let mut files: Vec<(&str, &str)> =
        scripts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    files.push((&path, text));
    let world = World::new(&files, &["p"]);
    let planned = world.planned();
    (
        planned.plan.clone(),
        planned.diagnostics.iter().filter(|fault| fault.is_error()).map(|f| f.code).collect(),
    )
}

/// Returns what a plan runs, in which order and how, without names that only say in which file it stands.
fn essence(plan: &Plan) -> (Vec<Node>, BTreeSet<Duration>) {
    let settings = |node: &Node| {
        let counts = node.settings.resources.values().enumerate();
        let resources = counts.map(|(index, count)| (index.to_string(), *count)).collect();
        Settings { resources, ..Settings::clone(&node.settings) }
    };
    let bare = |node: &std::sync::Arc<Node>| Node {
        settings: settings(node).into(),
        id: String::new(),
        identity: String::new(),
        name: String::new(),
        stage: String::new(),
        job: None,
        sequence: 0,
        scope: None,
        span: None,
        gate: Gate::Needs,
        condition: None,
        origin: None,
        ..Node::clone(node)
    };
    (plan.nodes.iter().map(bare).collect(), plan.time_limits.iter().copied().collect())
}

fn check(name: &str, text: &str, extension: &str) -> bool {
    let (Some(from), source) = (Format::from_extension(extension), Arc::new(Source::new(name, text))) else {
        panic!("{name} has no format");
    };
    let (Some(expected), _) = planned(text, extension) else { return false };
    for to in [WriteFormat::Json, WriteFormat::Yaml, WriteFormat::Toml] {
        let converted = playbook::convert(&source, from, to).unwrap();
        let (plan, faults) = planned(&converted.text, to.extension());
        let plan = plan.unwrap_or_else(|| panic!("{name}: {faults:?}\n{}", converted.text));
        let (found, wanted) = (essence(&plan), essence(&expected));
        for (found, wanted) in found.0.iter().zip(&wanted.0) {
            assert_eq!(found, wanted, "{name}\n{}", converted.text);
        }
        assert_eq!((found.0.len(), found.1), (wanted.0.len(), wanted.1), "{name}\n{}", converted.text);
    }
    true
}

#[test]
fn each_format_plans_the_same_when_converted() {
    let files = [
        (
            "json",
            r#"{"sequence": ["0402", "0100-0199", "!0150"], "x": ["0100", "0150"], "variables": {"Level": 2}}"#,
        ),
        (
            "json",
            r#"{"stages": [{"name": "b", "sequences": ["0402", "0404"], "timeout": 60},
            {"name": "a", "sequences": ["0100"], "variables": {"Profile": "x"}}, {"name": "a", "sequences": []},
            {"name": "c", "scripts": ["0100", "0402"], "parallel": true}]}"#,
        ),
        (
            "yaml",
            "steps:\n  - name: x\n    run: '0402'\n  - script: echo $A\n    shell: sh\n    env: { A: '1' }\n",
        ),
        (
            "toml",
            "[orchestration.env]\nE = '1'\n[orchestration.jobs.b]\nsteps = [{ run = '0402' }]\n\
            [orchestration.jobs.a]\nneeds = ['b']\ninputs = ['x']\nsteps = [{ run = '0100', outputs = [] }]\n",
        ),
    ];
    for (extension, text) in files {
        assert!(check(text, text, extension), "{text} {:?}", planned(text, extension).1);
    }
}

pub(super) fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn every_real_playbook_plans_the_same_when_converted() {
    let Some(folder) = shared("corpus/playbooks") else { return };
    let mut count = 0;
    for path in files(&folder) {
        let text = std::fs::read_to_string(&path).unwrap();
        let extension = path.extension().unwrap().to_str().unwrap();
        count += usize::from(check(&path.display().to_string(), &text, extension));
    }
    assert!(count > 50, "{count} files are planned");
}
