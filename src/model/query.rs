//! The model as salsa queries: each file is read once, and again only when it changed.

use std::sync::Arc;

use salsa::Database as _;

use super::{
    config::{Config, read as read_config, read_any as read_any_config},
    kind::Kinds,
    playbook::{self, Playbook},
    rule::{self, RuleFile},
    script::{Script, ScriptReading, read_script},
};
use crate::{
    base::{Span, WsPath},
    db::{Contents, Database, Db, SourceFile, Workspace},
    diag::{Diagnostic, Source, code},
    model::decode::Reading,
    text::{
        document::{self, Format},
        sequence::Sequence,
    },
};

/// A file's text, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The text; of a file that is not UTF-8 only to show the place.
    pub source: Arc<Source>,
    /// There is a file and it is UTF-8.
    pub is_readable: bool,
    /// What is wrong with it.
    pub diagnostic: Option<Diagnostic>,
}

/// Returns the text of a file.
#[salsa::tracked]
pub fn text(db: &dyn Db, file: SourceFile) -> Text {
    let name = file.path(db).as_str();
    match file.contents(db) {
        Contents::Absent => {
            Text { source: Arc::new(Source::new(name, "")), is_readable: false, diagnostic: None }
        }
        Contents::Unreadable(why) => {
            let fault = Diagnostic::error(code::UNREADABLE_FILE, format!("`{name}` cannot be read: {why}"))
                .help(format!(
                    "make it a file you may read: chmod u+r '{name}', or replace it if it is a link, pipe or folder"
                ));
            Text { source: Arc::new(Source::new(name, "")), is_readable: false, diagnostic: Some(fault) }
        }
        Contents::TooLarge(limit) => {
            let source = Arc::new(Source::new(name, ""));
            let diagnostic = Some(document::too_large(&source, *limit));
            Text { source, is_readable: false, diagnostic }
        }
        Contents::Bytes(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => {
                Text { source: Arc::new(Source::new(name, text)), is_readable: true, diagnostic: None }
            }
            Err(error) => not_utf8(name, bytes, error.valid_up_to()),
        },
    }
}

fn not_utf8(name: &str, bytes: &[u8], valid: usize) -> Text {
    let sound = std::str::from_utf8(&bytes[..valid]).unwrap_or_default();
    // The offending byte is shown as a replacement character right behind the sound part.
    let source = Arc::new(Source::new(name, format!("{sound}\u{fffd}")));
    let fault = Diagnostic::error(code::NOT_UTF8, format!("`{name}` is not UTF-8 text"))
        .source(&source)
        .label(Span::new(valid, valid + 1), format!("byte 0x{:02x} is not UTF-8", bytes[valid]))
        .help(format!("convert it: iconv -f {} -t UTF-8 '{name}' > new && mv new '{name}'", encoding(bytes)));
    Text { source, is_readable: false, diagnostic: Some(fault) }
}

/// Guesses what a text that is not UTF-8 was written in: by its byte order mark, else what is most common.
fn encoding(bytes: &[u8]) -> &'static str {
    match bytes {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => "UTF-32",
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "UTF-16",
        _ => "WINDOWS-1252",
    }
}

/// Returns a repository's rule file.
#[salsa::tracked]
pub fn rule_file(db: &dyn Db, file: SourceFile) -> Reading<RuleFile> {
    let text = text(db, file);
    if !text.is_readable {
        return Reading {
            value: None,
            tree: None,
            diagnostics: text.diagnostic.clone().into_iter().collect(),
        };
    }
    rule::read(&text.source)
}

/// Returns all kinds and rules, az's own below the repository's.
#[salsa::tracked]
pub fn rules(db: &dyn Db, workspace: Workspace) -> Arc<Rulebook> {
    let embedded = rule::embedded();
    let mut kinds = Vec::new();
    let mut scratch = embedded.scratch.clone();
    let mut rules: Vec<_> = embedded.rules.iter().map(|rule| (None, rule.clone())).collect();
    for file in workspace.rules(db) {
        if let Some(own) = &rule_file(db, *file).value {
            kinds.extend_from_slice(&own.kinds);
            scratch.extend_from_slice(&own.scratch);
            rules.extend(own.rules.iter().map(|rule| (Some(*file), rule.clone())));
        }
    }
    Arc::new(Rulebook { kinds: Kinds::new(kinds, &embedded.kinds), scratch, rules })
}

/// All kinds and rules of a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rulebook {
    /// How files are read and run.
    pub kinds: Kinds,
    /// Private state of tools, az's own list first.
    pub scratch: Vec<super::scratch::Scratch>,
    /// In rising order of rank, with the file each is from; az's own have none.
    pub rules: Vec<(Option<SourceFile>, rule::Rule)>,
}

/// Returns the configuration: `az.toml`, above it the file that was named, above both what they say of the environment.
/// The tree is that of `az.toml`.
#[salsa::tracked]
pub fn config(db: &dyn Db, workspace: Workspace) -> Reading<Config> {
    let mut reading = config_file(db, workspace.config(db), read_config);
    if let Some(file) = workspace.named_config(db) {
        let above = config_file(db, file, read_any_config);
        reading.diagnostics.extend(above.diagnostics);
        let own = reading.value.unwrap_or_default();
        reading.value = Some(own.overlaid(&above.value.unwrap_or_default()));
    }
    if let Some(name) = workspace.environment(db) {
        reading.value = reading.value.map(|config| config.in_environment(name));
    }
    reading
}

fn config_file(db: &dyn Db, file: SourceFile, read: fn(&Arc<Source>) -> Reading<Config>) -> Reading<Config> {
    let text = text(db, file);
    if !text.is_readable {
        let diagnostics = text.diagnostic.clone().into_iter().collect();
        return Reading { value: Some(Config::default()), tree: None, diagnostics };
    }
    read(&text.source)
}

/// Returns a script with its places; nothing if the file is no readable script.
#[salsa::tracked]
pub fn script_reading(db: &dyn Db, workspace: Workspace, file: SourceFile) -> Option<ScriptReading> {
    let text = text(db, file);
    if !text.is_readable {
        return None;
    }
    read_script(file.path(db), Arc::clone(&text.source), &rules(db, workspace).kinds)
}

/// Returns a script without its places, so that only a change of meaning goes further. A stage that its header does not
/// name is that of the configuration's ranges.
#[salsa::tracked]
pub fn script(db: &dyn Db, workspace: Workspace, file: SourceFile) -> Option<Arc<Script>> {
    let reading = script_reading(db, workspace, file).as_ref()?;
    let mut script = reading.script.clone();
    if reading.header.stage.is_none() {
        let ranges = stages_of_ranges(db, workspace).iter().rev();
        let own = ranges.filter(|(sequence, _)| sequence.takes_number(script.number));
        if let Some((_, stage)) = own.into_iter().next() {
            script.stage.clone_from(stage);
        }
    }
    Some(Arc::new(script))
}

/// Returns the stages that the configuration gives to ranges of numbers, in the order of the file.
#[salsa::tracked]
fn stages_of_ranges(db: &dyn Db, workspace: Workspace) -> Vec<(Sequence, String)> {
    let config = config(db, workspace).value.as_ref();
    let ranges = config.into_iter().flat_map(|config| &config.ranges);
    ranges.filter_map(|range| Some((range.sequence(), range.defaults.stage.clone()?))).collect()
}

/// Returns all scripts of a workspace in ascending order of number, then path.
#[salsa::tracked]
pub fn catalog(db: &dyn Db, workspace: Workspace) -> Arc<Catalog> {
    let files = workspace.scripts(db);
    let mut scripts: Vec<(SourceFile, Arc<Script>)> =
        files.iter().filter_map(|file| Some((*file, script(db, workspace, *file).clone()?))).collect();
    scripts.sort_by(|(_, a), (_, b)| (a.number, &a.path).cmp(&(b.number, &b.path)));
    Arc::new(Catalog { scripts })
}

/// All scripts of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Catalog {
    /// In ascending order of number, then path.
    pub scripts: Vec<(SourceFile, Arc<Script>)>,
}

/// Returns what a playbook file says.
#[salsa::tracked(lru = 1024)]
pub fn playbook_reading(db: &dyn Db, file: SourceFile) -> Reading<Playbook> {
    let text = text(db, file);
    if !text.is_readable {
        let diagnostics = text.diagnostic.clone().into_iter().collect();
        return Reading { value: None, tree: None, diagnostics };
    }
    let format = Format::detect(file.path(db).extension(), &text.source.text);
    playbook::read(&text.source, format)
}

/// Lets go of what playbooks were read as, with their trees; who asks for it again has them read again.
pub fn let_go_of_playbooks(db: &mut Database) {
    // The last one that was asked for stays, so that is to be one that says nothing.
    let nothing = SourceFile::new(db, WsPath::root(), Contents::Absent);
    playbook_reading::set_lru_capacity(db, 1);
    _ = playbook_reading(db, nothing);
    db.trigger_lru_eviction();
    playbook_reading::set_lru_capacity(db, 1024);
}
