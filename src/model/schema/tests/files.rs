//! Real files and our own: what the decoder loads is valid.

use std::{path::Path, sync::Arc};

use serde_json::Value;

use super::*;
use crate::{
    base::testing::shared,
    diag::{Source, has_errors},
    model::{config, decode, playbook, rule},
    text::document::Format,
};

/// Reads a file as the JSON an editor would see.
fn json_of(source: &Arc<Source>, format: Format) -> Option<Value> {
    decode::read(source, format, |value| Some(value.json())).value
}

fn files(folder: &Path, each: &mut impl FnMut(&Path)) {
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() { files(&path, each) } else { each(&path) }
    }
}

fn open(path: &Path) -> Option<(Arc<Source>, Format)> {
    let format = Format::from_extension(path.extension()?.to_str()?)?;
    Some((Arc::new(Source::new(path.to_string_lossy(), std::fs::read_to_string(path).ok()?)), format))
}

/// Returns how many playbooks of a folder load, and what the schema has against these.
fn playbooks(folder: &Path) -> (usize, String) {
    let validator = validator(SchemaOf::Playbook);
    let (mut count, mut wrong) = (0, String::new());
    files(folder, &mut |path| {
        let Some((source, format)) = open(path) else { return };
        let reading = playbook::read(&source, format);
        let Some(document) = json_of(&source, format) else { return };
        if reading.value.is_some() && !has_errors(&reading.diagnostics) {
            count += 1;
            let told = faults(&validator, &document);
            if !told.is_empty() {
                let _ = writeln!(wrong, "{}\n{told}", path.display());
            }
        }
    });
    (count, wrong)
}

#[test]
fn every_real_playbook_that_loads_is_valid() {
    let Some(corpus) = shared("corpus/playbooks") else { return };
    let (count, wrong) = playbooks(&corpus);
    assert_eq!(wrong, "");
    assert!(count >= 100, "{count}");
}

#[test]
fn our_own_playbooks_rules_and_configurations_are_valid() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (count, wrong) = playbooks(&here.join("playbooks"));
    assert_eq!(wrong, "");
    assert!(count >= 3, "{count}");
    let rules = validator(SchemaOf::Rules);
    files(&here.join("rules"), &mut |path| {
        let (source, format) = open(path).unwrap();
        assert!(!has_errors(&rule::read(&source).diagnostics));
        assert_eq!(faults(&rules, &json_of(&source, format).unwrap()), "", "{}", path.display());
    });
    let text = "jobs = 4\n[workspace]\nscripts = \"s\"\n[env]\nuse = [\"A\"]\n[variables]\nx = [1]\n\
                [cache]\nmax_size = \"1.5GiB\"\nmax-age = \"none\"\n";
    let source = Arc::new(Source::new("az.toml", text));
    assert!(!has_errors(&config::read(&source).diagnostics));
    assert_eq!(faults(&validator(SchemaOf::Config), &json_of(&source, Format::Toml).unwrap()), "");
}
