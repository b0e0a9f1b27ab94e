//! `az library`: the playbooks by category, given out and taken in.

use std::{path::PathBuf, sync::Arc};

use clap::Args;
use serde_json::json;

use super::{
    Outcome,
    arguments::{Format, Output},
    build::{open, refuse, start_folder},
    playbooks::{Query, To, format_of, list, show_converted},
    printer::Printer,
};
use crate::sys::System;

#[derive(Debug, Clone, Args)]
pub(super) struct Library {
    /// List the playbooks (default)
    #[arg(long, conflicts_with_all = ["export", "import"])]
    list: bool,
    #[command(flatten)]
    query: Query,
    /// Write a playbook to standard output or --output, in the newest format
    #[arg(long, value_name = "NAME", conflicts_with_all = ["import", "category", "search"])]
    export: Option<String>,
    /// Take a playbook in, into the folder of its category; one with errors is refused
    #[arg(long, value_name = "FILE", conflicts_with_all = ["category", "search"])]
    import: Option<String>,
    /// The format of an export: --to or, in front of yaml, json or toml, --format
    #[arg(long, value_enum, value_name = "FORMAT", requires = "export")]
    to: Option<To>,
    /// The file an export goes to
    #[arg(short, long, value_name = "FILE", requires = "export")]
    output: Option<PathBuf>,
    /// Write over a file that is there
    #[arg(long)]
    force: bool,
}

/// Runs `az library`.
pub(super) fn library(
    system: &Arc<dyn System>,
    printer: &Printer,
    output: &Output,
    words: &Library,
) -> Outcome {
    let folder = start_folder(system, output);
    let done = open(system, output).and_then(|engine| {
        if let Some(name) = &words.export {
            let to = format_of(
                words.to.or(Some(To::Yaml).filter(|_| words.output.is_none())),
                words.output.as_ref(),
            );
            let converted = engine.convert_playbook(name, &folder, to)?;
            let path = words.output.as_ref().map(|path| folder.join(path));
            if let Some(path) = &path {
                engine.write_file(path, converted.text.as_bytes(), words.force)?;
            }
            show_converted(printer, output, &converted, path.as_ref());
            return Ok(0);
        }
        if let Some(file) = &words.import {
            let path = engine.import_playbook(file, &folder, words.force)?;
            match printer.format {
                Format::Text => printer.say(&format!("{file} -> {}", path.display())),
                Format::Json | Format::Jsonl => {
                    printer.json(
                        &json!({ "schema": "az.playbooks/v1", "imported": path.display().to_string() }),
                    );
                }
            }
            return Ok(0);
        }
        list(printer, &engine, &words.query)
    });
    Ok(done.unwrap_or_else(|error| refuse(printer, &error)))
}
