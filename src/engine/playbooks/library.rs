//! The library: playbooks by category and by what is written about them, taken in from files.

use std::path::{Path, PathBuf};

use crate::{
    base::{nearest, quoted_list},
    diag::{Diagnostic, code},
    engine::{Engine, EngineError, ListedPlaybook},
    sys::FileKind,
    text::document::Format,
};

/// Categories that are there even if no playbook is in them.
const CATEGORIES: [&str; 4] = ["deployment", "maintenance", "security", "recovery"];

/// Which playbooks are meant; what is not said is no limit.
#[derive(Debug, Clone, Default)]
pub struct LibraryQuery {
    /// Only those of this category, in any case.
    pub category: Option<String>,
    /// Only those whose name, description or a tag holds this text or fits this pattern, in any case.
    pub search: Option<String>,
}

impl Engine {
    /// Lists the playbooks that a query means, in ascending order of path.
    ///
    /// # Errors
    /// If there is no such category, or the pattern cannot be read.
    pub fn library(&self, query: &LibraryQuery) -> Result<Vec<ListedPlaybook>, EngineError> {
        let mut found = self.list(&[])?.playbooks;
        if let Some(wanted) = &query.category {
            known_category(wanted, &found)?;
            found.retain(|playbook| {
                playbook.category.as_ref().is_some_and(|category| category.eq_ignore_ascii_case(wanted))
            });
        }
        if let Some(text) = &query.search {
            let wanted = Wanted::new(text)?;
            found.retain(|playbook| {
                let words = [Some(&playbook.name), playbook.description.as_ref()];
                words.into_iter().flatten().chain(&playbook.tags).any(|word| wanted.is_in(word))
            });
        }
        Ok(found)
    }

    /// Takes a playbook into the library: into the folder of its category, if it has one. Returns where it is.
    ///
    /// # Errors
    /// If it has errors, if one of its name is there already and `force` is off, or it cannot be written.
    pub fn import_playbook(&self, word: &str, folder: &Path, force: bool) -> Result<PathBuf, EngineError> {
        let path = folder.join(word);
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let is_file = self.system.stat_target(&path).is_ok_and(|stat| stat.kind == FileKind::File);
        if !is_file || Format::from_extension(extension).is_none() {
            let message = if is_file {
                format!("`{word}` is no playbook")
            } else {
                format!("there is no file `{word}`")
            };
            let help = "name a playbook: a file that ends with .json, .yaml, .toml or .psd1";
            return Err(Diagnostic::error(code::USAGE, message).help(help).into());
        }
        let file = self.playbook_file(word, folder)?;
        let playbook = self.sound_playbook(file)?;
        let category = playbook.about.category.as_deref().filter(|category| is_folder_name(category));
        let bytes = self.system.read(&path).map_err(|error| {
            let message = format!("`{word}` cannot be read: {error}");
            EngineError::from(Diagnostic::error(code::UNREADABLE_FILE, message).help("check its permissions"))
        })?;
        let below = self.playbook_folder().join(category.unwrap_or_default());
        let target = below.join(path.file_name().unwrap_or_default());
        self.write_file(&target, &bytes, force)?;
        Ok(target.strip_prefix(&self.root).map_or(target.clone(), Path::to_path_buf))
    }
}

/// Tells whether a word can be the name of one folder on every system.
pub(super) fn is_folder_name(word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || "_-. ".contains(c);
    !word.is_empty()
        && !word.starts_with(['.', ' '])
        && !word.ends_with(['.', ' '])
        && word.chars().all(is_part)
}

fn known_category(wanted: &str, playbooks: &[ListedPlaybook]) -> Result<(), EngineError> {
    let mut known: Vec<String> = CATEGORIES.map(str::to_owned).into();
    for category in playbooks.iter().filter_map(|playbook| playbook.category.as_ref()) {
        if !known.iter().any(|name| name.eq_ignore_ascii_case(category)) {
            known.push(category.clone());
        }
    }
    known.sort_by_key(|name| name.to_lowercase());
    if known.iter().any(|name| name.eq_ignore_ascii_case(wanted)) {
        return Ok(());
    }
    let help = match nearest(wanted, known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("categories are {}", quoted_list(&known)),
    };
    Err(Diagnostic::error(code::USAGE, format!("there is no category `{wanted}`")).help(help).into())
}

/// What words are looked through for.
enum Wanted {
    /// A text somewhere in the word, in lower case.
    Part(String),
    /// A pattern for the whole word.
    Whole(globset::GlobMatcher),
}

impl Wanted {
    fn new(text: &str) -> Result<Self, EngineError> {
        if !text.contains(['*', '?', '[']) {
            return Ok(Self::Part(text.to_lowercase()));
        }
        let glob = globset::GlobBuilder::new(text).case_insensitive(true).build();
        glob.map(|glob| Self::Whole(glob.compile_matcher())).map_err(|error| {
            let message = format!("`{text}` is no pattern: {}", error.kind());
            Diagnostic::error(code::USAGE, message).help("write a text, or a pattern such as 'test-*'").into()
        })
    }

    fn is_in(&self, word: &str) -> bool {
        match self {
            Self::Part(part) => word.to_lowercase().contains(part),
            Self::Whole(glob) => glob.is_match(word),
        }
    }
}
