//! az as its users see it, and the house rules of its own code.
//!
//! One binary: it links once, and what the tests share is compiled once.

#![expect(clippy::disallowed_methods, reason = "tests touch the real world")]
#![expect(clippy::unwrap_used, reason = "the helpers of tests are tests too")]
#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

mod around;
mod audit;
mod broken;
mod cache;
mod cache_gc;
mod check;
mod check_fix;
mod check_forms;
mod configuration;
mod corpus;
mod corpus_run;
mod damage;
mod declare;
mod diagnostics;
mod doctor;
mod exit_codes;
mod faults;
mod filters;
mod flows;
mod formats;
mod fsck;
mod fuzz;
mod guard;
mod handed;
mod help;
mod house;
mod incremental;
mod journal;
mod laws;
mod leftovers;
mod limits;
mod list;
mod logs;
mod matrix;
mod offline;
mod options;
mod orchestrate;
mod parameters;
mod playbooks;
mod repo;
mod resources;
mod rows;
mod runs;
mod sandbox;
mod schema;
mod secrets;
mod settings;
mod single;
mod stop;
mod suspend;
mod trace;
mod traced;
mod trust;
mod verify;
mod watch;
mod why;
mod world;

/// Every file and folder beside this one is a module of it.
#[test]
fn no_test_file_is_forgotten() {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let listed = std::fs::read_to_string(here.join("main.rs")).unwrap();
    let mut forgotten = Vec::new();
    for entry in std::fs::read_dir(&here).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let is_module = path.is_dir() || path.extension().is_some_and(|extension| extension == "rs");
        if is_module && !["main", "snapshots"].contains(&&*name) && !listed.contains(&format!("mod {name};"))
        {
            forgotten.push(path);
        }
    }
    assert!(forgotten.is_empty(), "not listed in tests/it/main.rs, so never run: {forgotten:?}");
}
