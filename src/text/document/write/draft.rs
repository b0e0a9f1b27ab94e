//! The tree that is written.

use serde_json::Value as Json;

use crate::text::document::Format;

/// A format az writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteFormat {
    /// JSON without remarks.
    Json,
    /// YAML 1.2.
    Yaml,
    /// TOML 1.0.
    Toml,
}

impl WriteFormat {
    /// The words for the formats.
    pub const WORDS: [(&'static str, Self); 3] =
        [("json", Self::Json), ("yaml", Self::Yaml), ("toml", Self::Toml)];

    /// Returns the extension of files in the format, without the dot.
    pub fn extension(self) -> &'static str {
        Self::WORDS.iter().find(|(_, format)| *format == self).map_or("json", |(word, _)| word)
    }

    /// Returns the format that files of this extension are written in, if az writes it.
    pub fn from_extension(extension: &str) -> Option<Self> {
        match Format::from_extension(extension)? {
            Format::Json => Some(Self::Json),
            Format::Yaml => Some(Self::Yaml),
            Format::Toml => Some(Self::Toml),
            Format::Psd1 => None,
        }
    }

    /// Returns the format as one that is read.
    pub fn as_read(self) -> Format {
        match self {
            Self::Json => Format::Json,
            Self::Yaml => Format::Yaml,
            Self::Toml => Format::Toml,
        }
    }

    /// Tells whether the format has remarks.
    pub fn has_comments(self) -> bool {
        self != Self::Json
    }
}

/// A file to be written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DraftFile {
    /// Lines of remarks at the top.
    pub head: Vec<String>,
    /// The named values.
    pub root: Vec<(String, Item)>,
    /// Lines of remarks at the end.
    pub foot: Vec<String>,
}

/// A value with the lines of remarks above it, without their marks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The lines.
    pub comments: Vec<String>,
    /// Where the value comes from, as whoever made the tree knows it; never written.
    pub origin: Option<String>,
    /// The value.
    pub value: Draft,
}

/// A value to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Draft {
    /// No value.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as JSON writes it.
    Number(String),
    /// A text.
    Text(String),
    /// Values in order.
    List(Vec<Item>),
    /// Named values in order; a name stands once.
    Table(Vec<(String, Item)>),
}

impl Draft {
    /// Makes a text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// Makes a list of values without remarks.
    pub fn list(values: impl IntoIterator<Item = Self>) -> Self {
        Self::List(values.into_iter().map(Item::from).collect())
    }

    /// Takes a value of JSON.
    pub fn of_json(value: &Json) -> Self {
        match value {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => Self::Number(number.to_string()),
            Json::String(text) => Self::Text(text.clone()),
            Json::Array(items) => Self::list(items.iter().map(Self::of_json)),
            Json::Object(entries) => {
                let entry = |(name, value): (&String, &Json)| (name.clone(), Self::of_json(value).into());
                Self::Table(entries.iter().map(entry).collect())
            }
        }
    }

    /// Returns the value as JSON; a number that JSON cannot hold becomes a text. Remarks are left out.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Bool(value) => (*value).into(),
            Self::Number(raw) => raw.parse().map_or_else(|_| raw.as_str().into(), Json::Number),
            Self::Text(text) => text.as_str().into(),
            Self::List(items) => items.iter().map(|item| item.value.to_json()).collect(),
            Self::Table(entries) => {
                let entries = entries.iter().map(|(name, item)| (name.clone(), item.value.to_json()));
                Json::Object(entries.collect())
            }
        }
    }

    /// Tells whether the value holds no others.
    pub(super) fn is_scalar(&self) -> bool {
        !matches!(self, Self::List(_) | Self::Table(_))
    }
}

impl DraftFile {
    /// Makes a file without remarks of its own.
    pub fn of(root: Vec<(String, Item)>) -> Self {
        Self { root, ..Self::default() }
    }
}

impl From<Draft> for Item {
    fn from(value: Draft) -> Self {
        Self { comments: Vec::new(), origin: None, value }
    }
}

/// Returns the lines of remarks, each with its mark; a line break inside one starts another.
pub(super) fn marked<'a>(lines: &'a [String], mark: &'a str) -> impl Iterator<Item = String> + 'a {
    let lines = lines.iter().flat_map(|line| line.split(['\n', '\r']));
    lines.map(move |line| {
        let line: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        format!("{mark} {}", line.trim()).trim_end().to_owned()
    })
}
