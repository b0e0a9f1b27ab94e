//! What one item of a selection asks for.

use std::fmt;

use crate::base::{ScriptNumber, WsPath};

/// A question that a script answers with yes or no.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Selector {
    /// `0402`: every script that carries the number.
    Number(ScriptNumber),
    /// `0400-0499`: both ends belong to it, and the first is not above the last.
    Range(ScriptNumber, ScriptNumber),
    /// `04*`: the numbers that start with these two to four digits.
    Prefix(String),
    /// `*`: every script.
    All,
    /// `stage:NAME`: scripts of this stage, ASCII case ignored.
    Stage(String),
    /// `tag:NAME`: scripts that carry this tag, ASCII case ignored.
    Tag(String),
    /// `0402_Run-UnitTests`: the one script with this name.
    Name(ScriptName),
    /// The one script at this path, whatever its name: no text is read as one.
    Path(WsPath),
}

/// A script named by its file name, with or without folder and extension.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ScriptName {
    /// The folder, with `/` between its parts; the script may lie in any folder whose path ends so.
    pub directory: Option<String>,
    /// The number the file name starts with.
    pub number: ScriptNumber,
    /// What stands between `NNNN_` and the extension.
    pub stem: String,
    /// The extension without its dot.
    pub extension: Option<String>,
}

impl Selector {
    /// Tells whether a script is selected by its number alone.
    ///
    /// Stages, tags and names are decided by more than the number: they answer no.
    pub fn matches_number(&self, number: ScriptNumber) -> bool {
        match self {
            Self::Number(wanted) => *wanted == number,
            Self::Range(first, last) => (*first..=*last).contains(&number),
            Self::Prefix(digits) => number.to_string().starts_with(digits.as_str()),
            Self::All => true,
            Self::Stage(_) | Self::Tag(_) | Self::Name(_) | Self::Path(_) => false,
        }
    }

    /// Reads `NUMBER`, `FIRST-LAST`, `PREFIX*`, `*`, `stage:NAME`, `tag:NAME` or a script's name.
    ///
    /// Returns nothing for any other text; why it is none of these is for [`super::parse`] to say.
    pub fn from_text(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::All);
        }
        if let Some((keyword, value)) = text.split_once(':') {
            return Self::from_keyword(keyword, value.trim());
        }
        if let Some(digits) = text.strip_suffix('*') {
            return prefix(digits).map(Self::Prefix);
        }
        if let Some(number) = ScriptNumber::from_digits(text) {
            return Some(Self::Number(number));
        }
        range(text).or_else(|| ScriptName::from_text(text).map(Self::Name))
    }

    fn from_keyword(keyword: &str, value: &str) -> Option<Self> {
        if value.is_empty() {
            return None;
        }
        if keyword.eq_ignore_ascii_case("stage") {
            Some(Self::Stage(value.to_owned()))
        } else if keyword.eq_ignore_ascii_case("tag") {
            Some(Self::Tag(value.to_owned()))
        } else {
            None
        }
    }
}

fn range(text: &str) -> Option<Selector> {
    let (first, last) = text.split_once('-')?;
    let (first, last) = (ScriptNumber::from_digits(first)?, ScriptNumber::from_digits(last)?);
    (first <= last).then_some(Selector::Range(first, last))
}

/// One digit names a hundred, as it always did: `2*` is `02*`.
fn prefix(digits: &str) -> Option<String> {
    let is_prefix = (1..=4).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_prefix.then(|| if digits.len() == 1 { format!("0{digits}") } else { digits.to_owned() })
}

impl ScriptName {
    /// Reads `NNNN_Name`, `NNNN_Name.ext` or either behind a folder; `\` is taken as `/`.
    pub fn from_text(text: &str) -> Option<Self> {
        let path = text.replace('\\', "/");
        let (directory, file) = match path.rsplit_once('/') {
            Some((directory, file)) => (tidy(directory), file),
            None => (None, path.as_str()),
        };
        let (digits, name) = file.split_at_checked(4)?;
        let number = ScriptNumber::from_digits(digits)?;
        let name = name.strip_prefix('_')?;
        let (stem, extension) = match name.rsplit_once('.') {
            Some((stem, extension)) if !stem.is_empty() && !extension.is_empty() => (stem, Some(extension)),
            _ => (name, None),
        };
        let readable = !stem.is_empty() && path.chars().all(may_stand_in_name);
        readable.then(|| Self {
            directory,
            number,
            stem: stem.to_owned(),
            extension: extension.map(str::to_owned),
        })
    }

    /// Tells whether `path`, relative to the workspace, is the file meant.
    ///
    /// A name without extension fits a file of any extension, and also a file whose name only looks as if it
    /// ended in one: `0402_v1.2` fits `0402_v1.2.sh`.
    pub fn matches_path(&self, path: &str) -> bool {
        let (directory, file) = path.rsplit_once('/').unwrap_or(("", path));
        let named = self.file_name();
        let fits_file = file == named || file.rsplit_once('.').is_some_and(|(stem, _)| stem == named);
        fits_file && self.directory.as_deref().is_none_or(|wanted| ends_with_folder(directory, wanted))
    }

    fn file_name(&self) -> String {
        let name = format!("{}_{}", self.number, self.stem);
        match &self.extension {
            Some(extension) => format!("{name}.{extension}"),
            None => name,
        }
    }
}

/// Drops what does not change the folder: `./`, doubled and closing slashes.
fn tidy(directory: &str) -> Option<String> {
    let parts: Vec<&str> = directory.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    (!parts.is_empty()).then(|| parts.join("/"))
}

fn ends_with_folder(directory: &str, wanted: &str) -> bool {
    directory.strip_suffix(wanted).is_some_and(|before| before.is_empty() || before.ends_with('/'))
}

fn may_stand_in_name(c: char) -> bool {
    !c.is_whitespace() && !c.is_control() && !"*?!,:;|<>\"'`$\\".contains(c)
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Range(first, last) => write!(f, "{first}-{last}"),
            Self::Prefix(digits) => write!(f, "{digits}*"),
            Self::All => f.write_str("*"),
            Self::Stage(name) => write!(f, "stage:{name}"),
            Self::Tag(name) => write!(f, "tag:{name}"),
            Self::Name(name) => write!(f, "{name}"),
            Self::Path(path) => write!(f, "{path}"),
        }
    }
}

impl fmt::Display for ScriptName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(directory) = &self.directory {
            write!(f, "{directory}/")?;
        }
        f.write_str(&self.file_name())
    }
}
