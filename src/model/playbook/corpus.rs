//! Every real playbook of the corpus: it loads, or is refused for a reason that stands reviewed in the snapshot.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{Playbook, read};
use crate::{
    base::testing::shared,
    diag::{Diagnostic, Source, code, has_errors},
    model::decode::Reading,
    text::document::Format,
};

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

fn readings(corpus: &Path) -> Vec<(String, Arc<Source>, Reading<Playbook>)> {
    let files = files(corpus);
    let read = |path: PathBuf| {
        let name = path.strip_prefix(corpus).unwrap().to_string_lossy().into_owned();
        let source = Arc::new(Source::new(name.as_str(), std::fs::read_to_string(&path).unwrap()));
        let format = Format::from_extension(path.extension().unwrap().to_str().unwrap()).unwrap();
        let reading = read(&source, format);
        (name, source, reading)
    };
    files.into_iter().map(read).collect()
}

/// `AZ0219 note 12: message`, with the line it stands on.
fn line(fault: &Diagnostic, text: &str) -> String {
    let at = fault.labels.first().map_or(0, |label| text[..label.span.start].matches('\n').count() + 1);
    format!("{} {} line {at}: {}", fault.code, fault.severity.as_str(), fault.message)
}

#[test]
fn every_real_playbook_loads_or_is_refused_for_a_reason() {
    let Some(corpus) = shared("corpus/playbooks") else { return };
    let mut shown = String::new();
    let (mut count, mut loaded) = (0, 0);
    for (name, source, reading) in readings(&corpus) {
        count += 1;
        let is_loaded = reading.value.is_some() && !has_errors(&reading.diagnostics);
        loaded += usize::from(is_loaded);
        let format = reading.value.as_ref().map_or("-", |playbook| playbook.format.as_str());
        let _ = writeln!(shown, "{name} | {} | {format}", if is_loaded { "loads" } else { "REFUSED" });
        let mut told: BTreeMap<String, usize> = BTreeMap::new();
        for fault in &reading.diagnostics {
            *told.entry(line(fault, &source.text)).or_default() += 1;
        }
        let is_pending = |line: &String| line.starts_with("AZ0207");
        for line in told.keys().filter(|line| !is_pending(line)) {
            let _ = writeln!(shown, "    {line}");
        }
    }
    insta::assert_snapshot!("corpus", shown);
    assert!(count >= 149, "{count} files");
    assert!(loaded * 10 >= count * 9, "{loaded} of {count} load");
}

#[test]
fn no_field_of_a_real_playbook_is_unknown_without_an_explanation() {
    let Some(corpus) = shared("corpus/playbooks") else { return };
    let mut unexplained = Vec::new();
    for (name, source, reading) in readings(&corpus) {
        let unknown = reading.diagnostics.iter().filter(|fault| fault.code == code::UNKNOWN_FIELD);
        unexplained.extend(unknown.map(|fault| format!("{name}: {}", line(fault, &source.text))));
    }
    assert!(unexplained.is_empty(), "{}", unexplained.join("\n"));
}
