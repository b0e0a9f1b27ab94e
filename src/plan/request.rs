//! What a request's words mean: selections, or playbooks by name or path.

use std::sync::Arc;

use super::profile;
use crate::{
    base::{Span, Spanned, WsPath, nearest, quoted_list},
    db::{Db, Request, SourceFile, Workspace},
    diag::{Diagnostic, Source, code},
    model::query::{config, playbook_reading},
    text::sequence::{self, Item, Selector, Sequence, Word},
};

/// A part of what is asked for.
#[derive(Debug, Clone)]
pub(super) enum Part {
    /// Scripts, and the text the selection stands in.
    Scripts(Sequence, Arc<Source>),
    /// A playbook.
    Playbook(SourceFile),
}

/// A playbook file and the names it answers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaybookFile {
    /// The file.
    pub file: SourceFile,
    /// Its path relative to the workspace.
    pub path: WsPath,
    /// Its file name without extension.
    pub stem: String,
    /// The name it gives itself, if it can be read.
    pub name: Option<String>,
}

/// Returns the playbooks of a workspace, sorted by path.
pub fn playbook_names(db: &dyn Db, workspace: Workspace) -> Vec<PlaybookFile> {
    let name = |file: &SourceFile| {
        let path = file.path(db).clone();
        let stem = path.stem().to_owned();
        let name = playbook_reading(db, *file).value.as_ref().map(|playbook| playbook.name.clone());
        PlaybookFile { file: *file, path, stem, name }
    };
    workspace.playbooks(db).iter().map(name).collect()
}

/// Reads a request's words.
pub(super) fn parts(db: &dyn Db, workspace: Workspace, request: Request) -> (Vec<Part>, Vec<Diagnostic>) {
    let mut parts = Vec::new();
    let mut diagnostics = Vec::new();
    let arguments = request.arguments(db);
    let mut all = Vec::new();
    if request.are_paths(db) {
        parts.extend(files(db, workspace, arguments));
    } else if !arguments.is_empty() {
        all.push(sequence::parse(arguments));
    }
    all.extend(request.lists(db).iter().map(sequence::parse_lines));
    if arguments.is_empty() && request.lists(db).is_empty() {
        parts.extend(part_of_profile(db, workspace, request));
    }
    for parsed in all {
        diagnostics.extend(parsed.diagnostics);
        for word in &parsed.words {
            match find_playbook(db, workspace, word, &parsed.source) {
                Ok(file) => parts.push(Part::Playbook(file)),
                Err(fault) => diagnostics.push(*fault),
            }
        }
        if !parsed.sequence.items.is_empty() {
            parts.push(Part::Scripts(parsed.sequence, parsed.source));
        }
    }
    (parts, diagnostics)
}

/// Returns what the configuration's profile selects that is asked for.
fn part_of_profile(db: &dyn Db, workspace: Workspace, request: Request) -> Option<Part> {
    let config = config(db, workspace).value.as_ref();
    let profile = profile::configured(config, request.profile(db).as_ref()?)?;
    let (sequence, source) = profile::selection(profile);
    Some(Part::Scripts(sequence, source))
}

/// Returns the files of a workspace at these paths; their names need not be what a selection could hold.
fn files(db: &dyn Db, workspace: Workspace, paths: &[String]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut scripts = Sequence::default();
    for path in paths.iter().filter_map(|path| WsPath::from_normal(path)) {
        let playbook = workspace.playbooks(db).iter().find(|file| *file.path(db) == path);
        if let Some(file) = playbook {
            parts.push(Part::Playbook(*file));
        } else {
            let item = Item { exclude: false, selector: Selector::Path(path) };
            scripts.items.push(Spanned::new(item, Span::default()));
        }
    }
    if !scripts.items.is_empty() {
        let source = Source::new(sequence::COMMAND_LINE, paths.join(" "));
        parts.push(Part::Scripts(scripts, Arc::new(source)));
    }
    parts
}

/// Finds a playbook by what it is called on the command line.
///
/// # Errors
/// If there is none, or several.
pub fn playbook_called(
    db: &dyn Db,
    workspace: Workspace,
    wanted: &str,
) -> Result<SourceFile, Box<Diagnostic>> {
    let source = Arc::new(Source::new(sequence::COMMAND_LINE, wanted));
    let name = Spanned::new(wanted.to_owned(), Span::new(0, wanted.len()));
    find_playbook(db, workspace, &Word { exclude: false, name }, &source)
}

/// Finds a playbook by path, file name, the end of its path without extension, or its own name, in this order; in front
/// of the name its category may stand.
fn find_playbook(
    db: &dyn Db,
    workspace: Workspace,
    word: &Word,
    source: &Arc<Source>,
) -> Result<SourceFile, Box<Diagnostic>> {
    let Spanned { value: wanted, span } = &word.name;
    if word.exclude {
        let fault =
            Diagnostic::error(code::UNREADABLE_ITEM, "a playbook cannot be excluded from a selection");
        let help = "exclude scripts by number, range, stage or tag, as in `!0402`";
        return Err(Box::new(fault.source(source).label(*span, "no selection of scripts").help(help)));
    }
    let normal = WsPath::new(workspace.root(db), &WsPath::root(), wanted);
    // Files are looked at before their names, so that finding a playbook by its file reads no other.
    let files = workspace.playbooks(db);
    if let Some(file) = files.iter().find(|file| *file.path(db) == normal) {
        return Ok(*file);
    }
    let is_file = |file: &SourceFile| {
        let path = file.path(db);
        path.stem().eq_ignore_ascii_case(wanted) || path.file_name() == wanted
    };
    let mut found: Vec<SourceFile> = files.iter().copied().filter(is_file).collect();
    if found.is_empty() && wanted.contains('/') {
        let end = format!("/{}", wanted.trim_matches('/').to_ascii_lowercase());
        let ends_so = |file: &SourceFile| {
            let path = file.path(db).as_str().to_ascii_lowercase();
            path.rsplit_once('.').is_some_and(|(path, _)| path.ends_with(&end))
        };
        found = files.iter().copied().filter(ends_so).collect();
    }
    if found.is_empty() {
        found = playbooks_named(db, workspace, wanted);
    }
    match found.as_slice() {
        [only] => Ok(*only),
        [] => Err(Box::new(
            no_such_playbook(db, workspace, wanted).source(source).label(*span, "no such playbook"),
        )),
        several => {
            let paths = || several.iter().map(|file| file.path(db));
            let message = format!("several playbooks are called `{wanted}`");
            let fault = Diagnostic::error(code::AMBIGUOUS_PLAYBOOK, message).source(source);
            let fault = fault.label(*span, format!("could be {}", quoted_list(paths())));
            Err(Box::new(fault.help(format!("write the path: {}", quoted_list(paths().take(1))))))
        }
    }
}

/// Returns the playbooks whose own name or file's is this, alone or behind their category.
fn playbooks_named(db: &dyn Db, workspace: Workspace, wanted: &str) -> Vec<SourceFile> {
    let is_called = |file: &PlaybookFile, wanted: &str| {
        let own = file.name.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(wanted));
        own || file.stem.eq_ignore_ascii_case(wanted)
    };
    let is_of = |file: &PlaybookFile, wanted: &str| {
        let playbook = playbook_reading(db, file.file).value.as_ref();
        let category = playbook.and_then(|playbook| playbook.about.category.as_ref());
        category.is_some_and(|category| category.eq_ignore_ascii_case(wanted))
    };
    let parts = wanted.split_once('/');
    let is_named = |file: &&PlaybookFile| {
        is_called(file, wanted)
            || parts.is_some_and(|(category, name)| is_of(file, category) && is_called(file, name))
    };
    playbook_names(db, workspace).iter().filter(is_named).map(|file| file.file).collect()
}

fn no_such_playbook(db: &dyn Db, workspace: Workspace, wanted: &str) -> Diagnostic {
    let fault = Diagnostic::error(code::NO_SUCH_PLAYBOOK, format!("there is no playbook `{wanted}`"));
    let names = playbook_names(db, workspace);
    let stems: Vec<&str> = names.iter().map(|file| file.stem.as_str()).collect();
    let near = if wanted.contains('/') {
        nearest(wanted, names.iter().map(|file| file.path.as_str()))
    } else {
        nearest(wanted, stems.iter().copied().chain(names.iter().map(|file| file.path.file_name())))
    };
    match near {
        Some(near) => fault.help(format!("did you mean `{near}`?")),
        None if stems.is_empty() => {
            fault.help("there are no playbooks here; scripts are selected as 0402, 04*, stage:NAME")
        }
        None => fault.help(format!("there are {}", quoted_list(stems.iter().take(12)))),
    }
}
