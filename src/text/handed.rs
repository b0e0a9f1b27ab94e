//! What a step hands on to later ones: the lines it appends to the files that `$AZ_OUTPUT` and its like name.
//!
//! Knows the form of these files, which is GitHub's with `name:=JSON` beside it. Does not know where they lie, nor what
//! becomes of what they say.

#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, fmt};

use serde_json::Value;

/// The most bytes of one file that are read.
pub const MOST_BYTES: u64 = 1 << 20;
/// How deep lists and maps may lie in each other: what is handed on is wrapped in other JSON, whose readers have a limit.
const MOST_DEEP: usize = 32;

/// What a step hands on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Handed {
    /// Its outputs by name.
    pub outputs: BTreeMap<String, Value>,
    /// Variables for the environment of later steps.
    pub env: BTreeMap<String, String>,
    /// Folders for the `PATH` of later steps, in the order in which they were written; the last stands in front.
    pub path: Vec<String>,
    /// Markdown for people.
    pub summary: Option<String>,
}

/// A file by which a step hands something on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HandedFile {
    /// Outputs: `name=value`, `name:=JSON`, or lines between `name<<END` and `END`.
    Output,
    /// Environment variables: `NAME=value`, or lines between `NAME<<END` and `END`.
    Env,
    /// Folders, one a line.
    Path,
    /// Markdown.
    Summary,
}

impl HandedFile {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Output, Self::Env, Self::Path, Self::Summary];

    /// Returns the variables that hold its path: az's name for it, and GitHub's.
    pub const fn variables(self) -> [&'static str; 2] {
        match self {
            Self::Output => ["AZ_OUTPUT", "GITHUB_OUTPUT"],
            Self::Env => ["AZ_ENV", "GITHUB_ENV"],
            Self::Path => ["AZ_PATH", "GITHUB_PATH"],
            Self::Summary => ["AZ_STEP_SUMMARY", "GITHUB_STEP_SUMMARY"],
        }
    }

    /// Returns its name in the step's own folder.
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::Output => ".az-output",
            Self::Env => ".az-env",
            Self::Path => ".az-path",
            Self::Summary => ".az-summary",
        }
    }

    fn help(self) -> &'static str {
        match self {
            Self::Output => {
                "write `name=value`, `name:=JSON`, or the lines of a value between `name<<END` and `END`"
            }
            Self::Env => "write `NAME=value`, or the lines of a value between `NAME<<END` and `END`",
            Self::Path => "write a folder a line",
            Self::Summary => "write Markdown",
        }
    }
}

/// Tells whether a variable holds the path of such a file, so that every step has its own.
pub fn is_handing_variable(name: &str) -> bool {
    HandedFile::ALL.iter().any(|file| file.variables().contains(&name))
}

/// Why a file cannot be read. Holds nothing of what is written there, which may be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The file.
    pub file: HandedFile,
    /// The line, from 1; nothing if it is the file as a whole.
    pub line: Option<usize>,
    /// What is wrong, in a clause.
    pub reason: String,
    /// What to write.
    pub help: &'static str,
}

impl Fault {
    /// Makes a fault of a whole file.
    pub fn of_file(file: HandedFile, reason: impl Into<String>) -> Self {
        Self { file, line: None, reason: reason.into(), help: file.help() }
    }

    /// Makes the fault of a file with more than [`MOST_BYTES`].
    pub fn too_long(file: HandedFile) -> Self {
        let help = "write less, and what is long to a file that is an output";
        Self { help, ..Self::of_file(file, format!("has more than {MOST_BYTES} bytes")) }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, reason, help } = self;
        let [own, github] = file.variables();
        let line = line.map_or_else(String::new, |line| format!("line {line} of "));
        write!(f, "{line}what it wrote to {own} ({github}) {reason}; {help}")
    }
}

impl Handed {
    /// Takes in what a step wrote to one of the files, later lines over earlier ones.
    ///
    /// # Errors
    /// The first [`Fault`]; of that file nothing is taken then.
    pub fn take(&mut self, file: HandedFile, bytes: &[u8]) -> Result<(), Fault> {
        if bytes.len() as u64 > MOST_BYTES {
            return Err(Fault::too_long(file));
        }
        let text = text_of(file, bytes)?;
        match file {
            HandedFile::Output => self.outputs.extend(read_pairs(file, text, output)?),
            HandedFile::Env => self.env.extend(read_pairs(file, text, variable)?),
            HandedFile::Path => self.path.extend(folders(text)?),
            HandedFile::Summary if text.is_empty() => {}
            HandedFile::Summary => self.summary = Some(text.to_owned()),
        }
        Ok(())
    }

    /// Tells whether nothing is handed on.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Tells whether any text in it, names included, is one that is looked for.
    pub fn has_text(&self, is_wanted: &dyn Fn(&str) -> bool) -> bool {
        self.outputs.iter().any(|(name, value)| is_wanted(name) || value_has_text(value, is_wanted))
            || self.env.iter().any(|(name, value)| is_wanted(name) || is_wanted(value))
            || self.path.iter().any(|folder| is_wanted(folder))
            || self.summary.as_deref().is_some_and(is_wanted)
    }
}

/// Tells whether any text in a value, names and numbers as they are written included, is one that is looked for.
pub fn value_has_text(value: &Value, is_wanted: &dyn Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => is_wanted(text),
        Value::Array(items) => items.iter().any(|item| value_has_text(item, is_wanted)),
        Value::Object(fields) => {
            fields.iter().any(|(name, field)| is_wanted(name) || value_has_text(field, is_wanted))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => is_wanted(&value.to_string()),
    }
}

fn text_of(file: HandedFile, bytes: &[u8]) -> Result<&str, Fault> {
    // PowerShell may put it in front.
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        let line = 1 + memchr::memchr_iter(b'\n', before).count();
        Fault { line: Some(line), help: "write UTF-8", ..Fault::of_file(file, "is no UTF-8") }
    })
}

/// The lines of a text, each with its number and the offset behind it.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    number: usize,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, at: 0, number: 0 }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        let length = rest.find('\n').map_or(rest.len(), |end| end + 1);
        (self.at, self.number) = (self.at + length, self.number + 1);
        Some(without_end(&rest[..length]))
    }
}

fn without_end(line: &str) -> &str {
    line.strip_suffix('\n').map_or(line, |line| line.strip_suffix('\r').unwrap_or(line))
}

/// What is wrong with a line, and what to do if that is not to write it as lines of the file are written.
type Wrong = (String, Option<&'static str>);

/// What a line says of a name, before it is known what that may be.
#[derive(Clone, Copy)]
enum Said<'a> {
    Text(&'a str),
    Json(&'a str),
}

fn read_pairs<T>(
    file: HandedFile,
    text: &str,
    meaning: impl Fn(&str, Said<'_>) -> Result<T, Wrong>,
) -> Result<BTreeMap<String, T>, Fault> {
    let mut pairs = BTreeMap::new();
    let mut lines = Lines::new(text);
    while let Some(line) = lines.next() {
        if line.is_empty() {
            continue;
        }
        let number = lines.number;
        let fault = |(reason, help): Wrong| {
            let fault = Fault { line: Some(number), ..Fault::of_file(file, reason) };
            Fault { help: help.unwrap_or(fault.help), ..fault }
        };
        let (name, said) = pair(line, &mut lines).map_err(|reason| fault((reason, None)))?;
        let is_blank = |c: char| c.is_whitespace() || c.is_control();
        if name.is_empty() || name.contains(is_blank) {
            let reason = if name.is_empty() { "has no name" } else { "has a blank in its name" };
            return Err(fault((reason.to_owned(), None)));
        }
        pairs.insert(name.to_owned(), meaning(name, said).map_err(fault)?);
    }
    Ok(pairs)
}

/// Takes apart a line, and takes the lines that belong to it.
fn pair<'a>(line: &'a str, lines: &mut Lines<'a>) -> Result<(&'a str, Said<'a>), String> {
    let (equals, marker) = (line.find('='), line.find("<<"));
    if let Some(at) = marker.filter(|marker| equals.is_none_or(|equals| *marker < equals)) {
        let (name, end) = (&line[..at], &line[at + 2..]);
        return Ok((name, Said::Text(block(end, lines)?)));
    }
    let Some(at) = equals else { return Err("has no `=`".to_owned()) };
    let (name, value) = (&line[..at], &line[at + 1..]);
    Ok(name.strip_suffix(':').map_or((name, Said::Text(value)), |name| (name, Said::Json(value))))
}

/// Returns the lines up to one that is `end`, without their last line end.
fn block<'a>(end: &str, lines: &mut Lines<'a>) -> Result<&'a str, String> {
    if end.is_empty() {
        return Err("has no word behind `<<`".to_owned());
    }
    let start = lines.at;
    loop {
        let before = lines.at;
        match lines.next() {
            None => return Err("begins a value whose end is missing".to_owned()),
            Some(line) if line == end => return Ok(without_end(&lines.text[start..before])),
            Some(_) => {}
        }
    }
}

fn output(_name: &str, said: Said<'_>) -> Result<Value, Wrong> {
    match said {
        Said::Text(text) => Ok(Value::from(text)),
        Said::Json(text) => {
            let wrong = |error: serde_json::Error| {
                let reason = format!("has no JSON behind `:=` (column {} of it)", error.column());
                (reason, Some("write JSON as in `count:=3` or `list:=[\"a\"]`, and a text as `name=text`"))
            };
            let value = serde_json::from_str(text).map_err(wrong)?;
            if is_deeper(&value, MOST_DEEP) {
                let reason = format!("has more than {MOST_DEEP} lists and maps in each other");
                return Err((reason, Some("write it flatter")));
            }
            Ok(value)
        }
    }
}

fn is_deeper(value: &Value, most: usize) -> bool {
    let below = |item: &Value| most == 0 || is_deeper(item, most - 1);
    match value {
        Value::Array(items) => most == 0 || items.iter().any(below),
        Value::Object(fields) => most == 0 || fields.values().any(below),
        _ => false,
    }
}

fn variable(name: &str, said: Said<'_>) -> Result<String, Wrong> {
    let Said::Text(text) = said else {
        return Err(("has `:=`, and a variable of the environment is a text".to_owned(), None));
    };
    let is_reserved = ["AZ_", "GITHUB_"].iter().any(|prefix| name.starts_with(prefix));
    if is_reserved || ["NODE_OPTIONS", "TMPDIR"].contains(&name) {
        let reason = format!("sets `{name}`, which no step may set for others");
        return Err((reason, Some("choose another name")));
    }
    if text.contains('\0') {
        let reason = "has a zero byte, which no environment can hold".to_owned();
        return Err((reason, Some("leave it out, or write it in base64")));
    }
    Ok(text.to_owned())
}

fn folders(text: &str) -> Result<Vec<String>, Fault> {
    let mut lines = Lines::new(text);
    let mut folders = Vec::new();
    while let Some(line) = lines.next() {
        if line.contains([':', '\0']) {
            let fault = Fault::of_file(
                HandedFile::Path,
                "has a `:` or a zero byte, which no folder of a PATH can have",
            );
            return Err(Fault { line: Some(lines.number), ..fault });
        }
        if !line.is_empty() {
            folders.push(line.to_owned());
        }
    }
    Ok(folders)
}
