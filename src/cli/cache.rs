//! `az cache`.

use std::{path::PathBuf, sync::Arc, time::Duration};

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::{
    Outcome,
    arguments::{Format, Output, Request, age_limit, size_limit},
    ask::{ask, cache_limits},
    build::{self, open_for, refuse},
    printer::Printer,
    record::{self, component_lines, components_json, origin, record_json, short_key, summary_json},
    table::{columns, indented},
};
use crate::{
    base::{self, bytes, list, plural},
    diag::Diagnostic,
    engine::{
        Ask, CacheAmount, CacheEntry, CacheLimits, CacheStatus, CacheUsage, Cleared, Collected, Engine,
        EngineError, Exported, NodeKey,
    },
    journal::short_run,
    sys::System,
    text::{duration, size},
};

#[derive(Debug, Clone, Args)]
pub(super) struct Cache {
    #[command(subcommand)]
    verb: Option<CacheVerb>,
}

#[derive(Debug, Clone, Subcommand)]
enum CacheVerb {
    /// Say how much the cache holds
    Status,
    /// List the entries, the latest first
    List,
    /// Show an entry: what it depends on, what it left
    Show {
        /// The first digits of its key
        key: String,
    },
    /// Show the key that a step has now, and its parts
    Key(Box<Key>),
    /// Say what takes how much room
    Du(Limits),
    /// Remove what was of no use for long, and what is too much; az does so by itself about once a day
    Gc {
        /// Say what would go, and remove nothing
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        limits: Limits,
    },
    /// Remove all but what was set aside; costs re-runs and the history of runs, nothing else
    Clear,
    /// Write all entries to a folder
    Export {
        /// A folder that is empty or not there yet
        #[arg(value_name = "DIR")]
        folder: PathBuf,
        /// How the folder is laid out
        #[arg(long, value_enum, default_value_t = Layout::Orchestration)]
        layout: Layout,
    },
}

#[derive(Debug, Clone, Args)]
struct Key {
    /// The step: its number, name or id
    node: String,
    #[command(flatten)]
    request: Request,
}

#[derive(Debug, Clone, Args)]
struct Limits {
    /// How much is kept: 5GiB, or `none` [default: `max_size` of [cache] in az.toml, else 10GiB]
    #[arg(long, value_name = "SIZE", value_parser = size_limit)]
    max_size: Option<u64>,
    /// How long what is of no use is kept: 30d, or `none` [default: `max_age` of [cache] in az.toml, else 90d]
    #[arg(long, value_name = "TIME", value_parser = age_limit)]
    max_age: Option<Duration>,
}

impl Limits {
    /// Returns what is given here, else what the environment says.
    fn read(&self, system: &Arc<dyn System>) -> Result<CacheLimits, Box<Diagnostic>> {
        let said = cache_limits(system)?;
        Ok(CacheLimits { max_size: self.max_size.or(said.max_size), max_age: self.max_age.or(said.max_age) })
    }
}

/// Layouts of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Layout {
    /// `results/KEY.json`, `metadata/KEY.meta.json`, `artifacts/KEY/PATH`
    Orchestration,
}

/// Runs `az cache`.
pub(super) fn cache(system: &Arc<dyn System>, printer: &Printer, output: &Output, words: &Cache) -> Outcome {
    let asked = match &words.verb {
        Some(CacheVerb::Key(key)) => Some(ask(system, printer, output, &key.whole_request())?),
        _ => None,
    };
    let limits = match &words.verb {
        Some(CacheVerb::Du(limits) | CacheVerb::Gc { limits, .. }) => limits.read(system)?,
        _ => CacheLimits::default(),
    };
    let opened = open_for(system, output, asked.as_ref().unwrap_or(&Ask::default()));
    let done = opened.and_then(|engine| {
        match &words.verb {
            None | Some(CacheVerb::Status) => show_status(printer, &engine.cache_status()),
            Some(CacheVerb::List) => show_list(printer, &engine.cache_entries()),
            Some(CacheVerb::Show { key }) => show_entry(printer, &engine.cache_entry(key)?),
            Some(CacheVerb::Key(key)) => {
                let ask = asked.as_ref().expect("the request was read above");
                show_key(printer, &engine.node_key(ask, &key.node)?);
            }
            Some(CacheVerb::Du(_)) => show_usage(printer, &engine.cache_usage(limits)),
            Some(CacheVerb::Gc { dry_run, .. }) => collect(printer, &engine, limits, *dry_run)?,
            Some(CacheVerb::Clear) => clear(printer, &engine)?,
            Some(CacheVerb::Export { folder, layout: Layout::Orchestration }) => {
                let to = build::start_folder(system, output).join(folder);
                show_export(printer, folder, &engine.export_cache(&to)?);
            }
        }
        Ok(())
    });
    Ok(done.map_or_else(|error| refuse(printer, &error), |()| 0))
}

impl Key {
    /// Returns the request the step stands in: the one that was named, else the step itself.
    fn whole_request(&self) -> Request {
        let mut request = self.request.clone();
        if request.selection.is_empty() {
            request.selection.push(self.node.clone());
        }
        request
    }
}

fn show_status(printer: &Printer, status: &CacheStatus) {
    let CacheStatus { entries, usable, failed, blobs, runs, kept, .. } = *status;
    if printer.format != Format::Text {
        let hit_rate = status
            .hit_rate
            .map(|rate| json!({ "runs": rate.runs, "reused": rate.reused, "steps": rate.steps }));
        return printer.json(&json!({
            "schema": "az.cache.status/v1",
            "entries": entries,
            "usable": usable,
            "failed": failed,
            "blobs": blobs,
            "blob_bytes": status.blob_bytes,
            "journal_bytes": status.journal_bytes,
            "damaged": status.is_damaged,
            "runs": runs,
            "kept": kept,
            "hit_rate": hit_rate,
        }));
    }
    let mut rows = vec![
        ("entries", format!("{entries}: {usable} usable, {failed} failed")),
        ("blobs", format!("{blobs}, {}", bytes(status.blob_bytes))),
        ("journal", bytes(status.journal_bytes)),
        ("runs", runs.to_string()),
    ];
    if let Some(rate) = status.hit_rate {
        let percent = rate.reused * 100 / rate.steps;
        let of = format!(
            "{percent} %: {} of {} steps in {}",
            rate.reused,
            rate.steps,
            plural(rate.runs, "kept run")
        );
        rows.push(("reused", of));
    }
    if kept > 0 {
        rows.push(("set aside", format!("{} in .azcache/v1/kept", plural(kept, "file"))));
    }
    if status.is_damaged {
        rows.push(("damaged", "a part of the journal cannot be read; its steps run again".to_owned()));
    }
    let rows: Vec<_> = rows.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect();
    printer.data(&columns(&rows));
}

fn show_list(printer: &Printer, entries: &[CacheEntry]) {
    let value = |entry: &CacheEntry| summary_json(&entry.record, entry.is_usable);
    match printer.format {
        Format::Json => {
            let entries: Vec<Value> = entries.iter().map(value).collect();
            printer.json(&json!({ "schema": "az.cache.list/v1", "entries": entries }));
        }
        Format::Jsonl => entries.iter().for_each(|entry| printer.json(&value(entry))),
        Format::Text if entries.is_empty() => printer.say("the cache is empty"),
        Format::Text => {
            let head = ["KEY", "STEP", "RUN", "ENDED", "TIME", "STATE"].map(str::to_owned).to_vec();
            let rows: Vec<_> = std::iter::once(head).chain(entries.iter().map(row)).collect();
            printer.data(&columns(&rows));
        }
    }
}

fn row(entry: &CacheEntry) -> Vec<String> {
    let record = &entry.record;
    vec![
        short_key(&entry.key),
        record.identity.clone(),
        short_run(&record.run).to_owned(),
        record::readable_time(&record.ended.to_rfc3339()),
        base::duration(record.duration),
        record::ending(record, entry.is_usable),
    ]
}

fn show_entry(printer: &Printer, entry: &CacheEntry) {
    let CacheEntry { key, record, is_usable } = entry;
    if printer.format != Format::Text {
        let mut value = json!({ "schema": "az.cache.entry/v1" });
        let whole = record_json(record, *is_usable);
        let fields = whole.as_object().expect("a record is an object").clone();
        value.as_object_mut().expect("it was made as an object").extend(fields);
        return printer.json(&value);
    }
    let row = |effect: &crate::cache::Effect| {
        vec![effect.path.to_string(), format!("{} -> {}", effect.before, effect.after)]
    };
    let effects: Vec<_> = record.effects.iter().map(row).collect();
    printer.data(&format!(
        "key {key}\n{} ({})\n{}, took {}\ndepends on:\n{}left:\n{}",
        record.identity,
        origin(record),
        record::ending(record, *is_usable),
        base::duration(record.duration),
        component_lines(&record.fingerprint),
        indented(&effects),
    ));
    if let Some(log) = record.log {
        printer.data(&format!("log {log}\n"));
    }
}

fn show_key(printer: &Printer, key: &NodeKey) {
    if printer.format != Format::Text {
        return printer.json(&json!({
            "schema": "az.cache.key/v1",
            "node": key.node,
            "key": key.key.to_hex(),
            "recorded": key.is_recorded,
            "waits_for": key.waits_for,
            "doubtful": key.doubtful,
            "components": components_json(&key.fingerprint),
        }));
    }
    printer.data(&format!("{}\n{}", key.key, component_lines(&key.fingerprint)));
    let state = if key.is_recorded {
        "there is a usable record with this key"
    } else {
        "there is no usable record with this key"
    };
    printer.say(state);
    if !key.waits_for.is_empty() {
        printer.say(&format!("the key may change: {} would run before it", list(&key.waits_for)));
    }
    if let Some(subject) = &key.doubtful {
        printer.say(&format!("`{subject}` cannot be read, so nothing is reused"));
    }
}

fn clear(printer: &Printer, engine: &Engine) -> Result<(), EngineError> {
    let mut on_wait = || printer.say("waiting for another az that is at work here");
    let Cleared { entries, blobs, runs, bytes: size, kept } = engine.clear_cache(&mut on_wait)?;
    if printer.format != Format::Text {
        printer.json(&json!({
            "schema": "az.cache.cleared/v1",
            "entries": entries, "blobs": blobs, "runs": runs, "bytes": size, "kept": kept,
        }));
        return Ok(());
    }
    let records = if entries == 1 { "1 entry".to_owned() } else { format!("{entries} entries") };
    printer.say(&format!(
        "removed {records}, {}, {} ({})",
        plural(blobs, "blob"),
        plural(runs, "run"),
        bytes(size)
    ));
    if kept > 0 {
        printer
            .say(&format!("left in .azcache/v1/kept: {} that had been edited by hand", plural(kept, "file")));
    }
    Ok(())
}

fn show_usage(printer: &Printer, usage: &CacheUsage) {
    let CacheUsage { blobs, records, runs, kept, other, max_size, max_age } = *usage;
    if printer.format != Format::Text {
        let amount = |amount: CacheAmount| json!({ "count": amount.count, "bytes": amount.bytes });
        return printer.json(&json!({
            "schema": "az.cache.usage/v1",
            "blobs": amount(blobs),
            "records": amount(records),
            "runs": amount(runs),
            "kept": amount(kept),
            "other": { "bytes": other.bytes },
            "bytes": usage.total_bytes(),
            "max_size": max_size,
            "max_age_s": max_age.map(|age| age.as_secs()),
        }));
    }
    let row = |name: &str, bytes: u64, of: String| vec![name.to_owned(), base::bytes(bytes), of];
    let all = plural(blobs.count, "blob") + ": outputs, logs, traces";
    let rows = [
        row("contents", blobs.bytes, all),
        row("records", records.bytes, plural(records.count, "record")),
        row("runs", runs.bytes, plural(runs.count, "run")),
        row("set aside", kept.bytes, plural(kept.count, "file") + ", which az never removes"),
        row("other", other.bytes, "digests of files, answers to requests".to_owned()),
        row("all", usage.total_bytes(), limits_in_words(max_size, max_age)),
    ];
    printer.data(&columns(&rows));
}

fn limits_in_words(max_size: Option<u64>, max_age: Option<Duration>) -> String {
    let size = max_size.map(|size| format!("at most {}", size::write(size)));
    let age = max_age.map(|age| format!("unused for at most {}", duration::write(age)));
    let all: Vec<String> = size.into_iter().chain(age).collect();
    if all.is_empty() { "no limit".to_owned() } else { all.join(", ") }
}

fn collect(
    printer: &Printer,
    engine: &Engine,
    limits: CacheLimits,
    is_dry_run: bool,
) -> Result<(), EngineError> {
    let mut on_wait = || printer.say("waiting for another az that is at work here");
    let Collected { records, blobs, runs, bytes: freed, left } =
        engine.collect_cache(limits, is_dry_run, &mut on_wait)?;
    if printer.format != Format::Text {
        printer.json(&json!({
            "schema": "az.cache.collected/v1", "dry_run": is_dry_run,
            "records": records, "blobs": blobs, "runs": runs, "bytes": freed, "left": left,
        }));
        return Ok(());
    }
    let went = if is_dry_run { "would remove" } else { "removed" };
    let (records, blobs, runs) = (plural(records, "record"), plural(blobs, "blob"), plural(runs, "run"));
    printer.say(&format!("{went} {records}, {blobs}, {runs} ({}); {} left", bytes(freed), bytes(left)));
    Ok(())
}

fn show_export(printer: &Printer, folder: &std::path::Path, exported: &Exported) {
    let Exported { entries, artifacts, missing } = *exported;
    if printer.format != Format::Text {
        return printer.json(&json!({
            "schema": "az.cache.exported/v1", "entries": entries, "artifacts": artifacts, "missing": missing,
        }));
    }
    let records = if entries == 1 { "1 entry".to_owned() } else { format!("{entries} entries") };
    printer.say(&format!("wrote {records} and {} to {}", plural(artifacts, "artifact"), folder.display()));
    if missing > 0 {
        printer.say(&format!("{} no longer in the cache", plural(missing, "artifact")));
    }
}
