//! `az trust`.

use std::{
    fmt::Write,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;
use serde_json::{Value, json};

use super::{
    FAILED, Outcome,
    arguments::{Format, Output},
    build::{refuse, start_folder},
    printer::Printer,
    table::columns,
};
use crate::{
    base::{harmless_name, list, plural},
    engine::{
        Engine,
        trust::{ChangedFile, DecidingSet, Record, Records, Role, Untrusted},
    },
    report::unified_diff,
    sys::System,
};

pub(super) const ABOUT: &str = "\
Examples:
  az trust --show      what would run here, its hash, and what changed since you last agreed
  az trust             agree to the scripts, playbooks, rules and az.toml as they are now
  az trust --edits     agree to whatever these files become: for a workspace that only you write to
  az trust --revoke    forget that

What you type, such as `az build`, is your own decision and asks for no trust. What runs without being asked for does:
`az watch` after one of these files has changed. Files that steps read, or scripts start, are not part of it.
--edits gives up this protection: whoever can write to the workspace, and whatever you pull or check out there, can then
run anything as you. In CI, set AZ_TRUST to the hash, or to `ci` for whatever was checked out; CI=1 alone trusts nothing.
What you agreed to is kept in $XDG_STATE_HOME/az/trust, else in ~/.local/state/az/trust, by the real path of the workspace.
";

#[derive(Debug, Clone, Args)]
#[command(after_help = ABOUT)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(super) struct Trust {
    /// The workspace; default: the one this folder lies in
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,
    /// Agree to whatever the files of this workspace become
    #[arg(long)]
    edits: bool,
    /// Forget what was agreed to of this workspace
    #[arg(long, conflicts_with_all = ["edits", "list", "show"])]
    revoke: bool,
    /// List all workspaces of which something was agreed to
    #[arg(long, conflicts_with_all = ["edits", "show", "path"])]
    list: bool,
    /// Show what would be agreed to, and what changed since somebody did; agree to nothing
    #[arg(long, conflicts_with = "edits")]
    show: bool,
}

/// Runs `az trust`; with `--show` what nobody has agreed to is a failure.
pub(super) fn trust(system: &Arc<dyn System>, printer: &Printer, output: &Output, words: &Trust) -> Outcome {
    let folder = start_folder(system, output);
    let start = words.path.as_ref().map_or(folder.clone(), |path| folder.join(path));
    if words.list {
        list_all(printer, &Records::new(&**system)?.all(&**system));
        return Ok(0);
    }
    if words.revoke {
        return revoke(system, printer, &start);
    }
    let engine = match Engine::open(Arc::clone(system), &start) {
        Ok(engine) => engine,
        Err(error) => return Ok(refuse(printer, &error)),
    };
    let set = engine.deciding(None);
    let records = Records::of(&**system, set.root())?;
    let record = records.get(&**system, set.root());
    if words.show {
        return Ok(show(printer, &set, record.as_ref()));
    }
    records.agree(&**system, &set, words.edits)?;
    match printer.format {
        Format::Text if words.edits => {
            printer.say(&format!("whatever the files in {} become may run", set.root().display()));
        }
        Format::Text => {
            printer.say(&format!("{}: this content may run", set.root().display()));
            printer.say(&summary(&set));
        }
        Format::Json | Format::Jsonl => {
            printer.json(&to_json(&set, records.get(&**system, set.root()).as_ref()));
        }
    }
    Ok(0)
}

fn revoke(system: &Arc<dyn System>, printer: &Printer, start: &Path) -> Outcome {
    // A workspace that is not there any more can be revoked too.
    let real = system.canonicalize(start).unwrap_or_else(|_| start.to_path_buf());
    let root = Engine::open(Arc::clone(system), start).map_or(real, |engine| engine.root().to_path_buf());
    let was_there = Records::of(&**system, &root)?.revoke(&**system, &root)?;
    match printer.format {
        Format::Text if was_there => printer.say(&format!("{}: forgotten", root.display())),
        Format::Text => printer.say(&format!("{}: nothing was agreed to", root.display())),
        Format::Json | Format::Jsonl => printer.json(&json!({
            "schema": "az.trust/v1", "path": root.display().to_string(), "revoked": was_there, "trusted": false,
        })),
    }
    Ok(0)
}

fn list_all(printer: &Printer, records: &[Record]) {
    match printer.format {
        Format::Text if records.is_empty() => printer.say("nothing was agreed to yet"),
        Format::Text => {
            let row = |record: &Record| {
                let what =
                    record.hash.map_or_else(|| "all edits".to_owned(), |hash| hash.to_hex()[..16].to_owned());
                vec![what, record.time.to_rfc3339(), harmless_name(&record.path).into_owned()]
            };
            printer.data(&columns(&records.iter().map(row).collect::<Vec<_>>()));
        }
        Format::Json | Format::Jsonl => {
            let records = records.iter().map(|record| {
                json!({
                    "path": record.path, "edits": record.edits, "hash": record.hash.map(|hash| hash.to_hex()),
                    "time": record.time.to_rfc3339(),
                })
            });
            printer.json(&json!({ "schema": "az.trust/v1", "workspaces": records.collect::<Vec<_>>() }));
        }
    }
}

fn show(printer: &Printer, set: &DecidingSet, record: Option<&Record>) -> u8 {
    let is_trusted = is_trusted(set, record);
    match printer.format {
        Format::Json | Format::Jsonl => printer.json(&to_json(set, record)),
        Format::Text => {
            let mut text = format!("{}\nhash {}\n", summary(set), set.hash().to_hex());
            match record {
                Some(record) if record.edits => text += "whatever these files become may run\n",
                Some(_) if is_trusted => text += "this content may run\n",
                Some(record) => {
                    text += "this is not what was agreed to:\n\n";
                    text += &differences(&record.set.changes_to(set), printer.data_color());
                }
                None => text += "nobody has agreed to it\n",
            }
            printer.colored_data(&text);
        }
    }
    if is_trusted { 0 } else { FAILED }
}

fn is_trusted(set: &DecidingSet, record: Option<&Record>) -> bool {
    record.is_some_and(|record| record.edits || record.hash == Some(set.hash()))
}

fn to_json(set: &DecidingSet, record: Option<&Record>) -> Value {
    let known = record.filter(|record| record.hash.is_some());
    let changes = known.map(|record| record.set.changes_to(set)).unwrap_or_default();
    let changes = changes.iter().map(|file| {
        json!({
            "path": file.path, "kind": file.role.as_str(), "change": change(file),
            "diff": file.texts.as_ref().map(|(before, after)| unified_diff(&file.path, before, after, false)),
        })
    });
    json!({
        "schema": "az.trust/v1",
        "path": set.root().display().to_string(),
        "hash": set.hash().to_hex(),
        "trusted": is_trusted(set, record),
        "edits": record.is_some_and(|record| record.edits),
        "agreed": known.and_then(|record| record.hash).map(|hash| hash.to_hex()),
        "counts": {
            "scripts": set.count(Role::Script), "playbooks": set.count(Role::Playbook),
            "rules": set.count(Role::Rules), "configurations": set.count(Role::Configuration),
        },
        "changes": changes.collect::<Vec<_>>(),
    })
}

fn summary(set: &DecidingSet) -> String {
    let count = |role: Role, noun: &str| plural(set.count(role), noun);
    let parts = [
        count(Role::Script, "script"),
        count(Role::Playbook, "playbook"),
        count(Role::Rules, "file of rules").replace("file of ruless", "files of rules"),
        count(Role::Configuration, "configuration"),
    ];
    list(parts)
}

/// Returns what differs in a set that nobody has agreed to.
pub(super) fn changes(untrusted: &Untrusted, color: bool) -> String {
    let said = if untrusted.is_first {
        "nobody has agreed to what would run here:\n".to_owned()
    } else {
        format!("{} that decide what runs changed:\n", plural(untrusted.changes.len(), "file"))
    };
    said + &differences(&untrusted.changes, color)
}

/// Files of which each line that differs is shown, and lines of one; the rest is counted.
const SHOWN_FILES: usize = 50;
const SHOWN_LINES: usize = 200;

fn differences(files: &[ChangedFile], color: bool) -> String {
    let mut text = String::new();
    for file in files.iter().take(SHOWN_FILES) {
        let mode = match file.executable {
            Some(true) => ", may be executed now",
            Some(false) => ", may not be executed any more",
            None => "",
        };
        let name = harmless_name(&file.path);
        _ = writeln!(text, "{} {} {name}{mode}", file.role.as_str(), change(file));
        match &file.texts {
            None => text += "  it is no text, or too long to be shown\n",
            Some((before, after)) => {
                let diff = unified_diff(&file.path, before, after, color);
                let count = diff.lines().count();
                diff.split_inclusive('\n').take(SHOWN_LINES).for_each(|line| text += line);
                if count > SHOWN_LINES {
                    _ = writeln!(
                        text,
                        "  and {}",
                        plural(count - SHOWN_LINES, "more line").replace("more lines", "lines more")
                    );
                }
            }
        }
    }
    if files.len() > SHOWN_FILES {
        _ = writeln!(text, "and {} more", plural(files.len() - SHOWN_FILES, "file"));
    }
    text
}

fn change(file: &ChangedFile) -> &'static str {
    match (file.was_there, file.is_there) {
        (false, _) => "added",
        (_, false) => "removed",
        _ => "changed",
    }
}
