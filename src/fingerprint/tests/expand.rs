//! What a pattern names, against a model that looks at every path there is.

use proptest::prelude::*;

use super::*;
use crate::{sys::FileKind, text::pattern::PRIVATE_FOLDERS};

/// Every path below the workspace with its kind, links not followed.
fn all_paths(disk: &Disk, folder: &WsPath, found: &mut Vec<(WsPath, FileKind)>) {
    for (name, kind) in &disk.names(folder).entries {
        let path = folder.join(name);
        if *kind == FileKind::Directory {
            all_paths(disk, &path, found);
        }
        found.push((path, *kind));
    }
}

/// Whether a pattern names a path, by trying every way; a last `**` stands for one name at least.
fn names(parts: &[&str], path: &[&str]) -> bool {
    let is_private = |name: &str| PRIVATE_FOLDERS.contains(&name);
    match (parts, path) {
        ([], []) => true,
        ([], _) | (_, []) => {
            matches!((parts, path), (["**", rest @ ..], []) if !rest.is_empty() && names(rest, &[]))
        }
        (["**"], [name]) => !is_private(name),
        (["**", rest @ ..], [name, below @ ..]) => {
            (!rest.is_empty() && names(rest, path)) || (!is_private(name) && names(parts, below))
        }
        ([part, rest @ ..], [name, below @ ..]) => takes(part, name) && names(rest, below),
    }
}

fn takes(part: &str, name: &str) -> bool {
    match part {
        "*" => !PRIVATE_FOLDERS.contains(&name),
        "a*" => name.starts_with('a'),
        "?" => name.chars().count() == 1,
        "{a,b}" => name == "a" || name == "b",
        literal => literal == name,
    }
}

fn named(disk: &Disk, pattern: &Pattern) -> Found {
    expand(disk, &mut Resolver::new(disk), pattern)
}

fn tree() -> impl Strategy<Value = Vec<String>> {
    let name = prop::sample::select(vec!["a", "b", "ab", ".git", ".h"]);
    prop::collection::vec(prop::collection::vec(name, 1..4).prop_map(|names| names.join("/")), 0..8)
}

fn parts() -> impl Strategy<Value = Vec<&'static str>> {
    prop::collection::vec(prop::sample::select(vec!["**", "*", "a*", "?", "{a,b}", "a", "ab", ".git"]), 1..5)
}

proptest! {
    #[test]
    fn a_pattern_names_what_the_model_says(files in tree(), parts in parts()) {
        let world = world(&[]);
        for file in &files {
            // A file where a folder is wanted, or the other way round, is left out.
            let path = format!("/w/{file}");
            let _ = crate::sys::System::create_dir_all(&world, Path::new(&path).parent().unwrap());
            let _ = crate::sys::System::write(&world, Path::new(&path), b"", 0o644);
        }
        let disk = disk(&world);
        let pattern = pattern(&parts.join("/"));
        let mut all = Vec::new();
        all_paths(&disk, &WsPath::root(), &mut all);
        let split = |path: &WsPath| path.as_str().split('/').map(str::to_owned).collect::<Vec<_>>();
        let mut expected: Vec<_> = all
            .into_iter()
            .filter(|(path, _)| names(&parts, &split(path).iter().map(String::as_str).collect::<Vec<_>>()))
            .collect();
        expected.sort();
        let found = named(&disk, &pattern);
        if parts.iter().all(|part| !part.contains(['*', '?', '{'])) {
            prop_assert!(pattern.as_path().is_some());
        }
        prop_assert!(!found.incomplete);
        prop_assert_eq!(&found.paths, &expected);
        prop_assert!(found.paths.iter().all(|(path, _)| pattern.matches(path)), "what is named matches");
    }
}

#[test]
fn links_to_folders_are_named_and_not_entered_by_two_stars() {
    let world = world(&[("real/x", "1")]).link("/w/l", "real");
    let disk = disk(&world.advance(Duration::from_secs(9)));
    let paths =
        |text| named(&disk, &pattern(text)).paths.iter().map(|(p, _)| p.to_string()).collect::<Vec<_>>();
    assert_eq!(paths("**/x"), ["real/x"]);
    assert_eq!(paths("**"), ["l", "real", "real/x"]);
    assert_eq!(paths("*/x"), ["real/x"], "one place has one name");
    assert_eq!(paths("l/*"), ["real/x"]);
}

#[test]
fn only_the_folders_a_pattern_leads_to_are_read() {
    let world = world(&[("src/a.rs", ""), ("closed/x", "")]).mode("/w/closed", 0);
    assert!(!named(&disk(&world), &pattern("src/*.rs")).incomplete);
    assert!(named(&disk(&world), &pattern("*/*.rs")).incomplete);
}
