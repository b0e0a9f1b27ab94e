//! JSON schemas (draft 2020-12) of the files az reads, for editors.
//!
//! Knows every field, what may stand in it, and what it is for, as types that only describe. Does not read files: that
//! the decoder and these types agree is tested, in both directions.

mod about;
mod config;
mod finish;
mod job;
mod playbook;
mod policy;
mod rules;
mod settings;
mod step;
mod values;

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::Value;

/// A kind of file, or a part of one, that has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaOf {
    /// A playbook of any format.
    Playbook,
    /// A file under `rules/`.
    Rules,
    /// The file `az.toml`.
    Config,
    /// A job of a playbook.
    Job,
    /// A step of a job.
    Step,
}

impl SchemaOf {
    /// All of them, with the word for each.
    pub const WORDS: [(&'static str, Self); 5] = [
        ("playbook", Self::Playbook),
        ("rules", Self::Rules),
        ("config", Self::Config),
        ("job", Self::Job),
        ("step", Self::Step),
    ];

    /// Returns the word for it.
    pub fn as_str(self) -> &'static str {
        Self::WORDS.iter().find(|(_, what)| *what == self).map_or("playbook", |(word, _)| word)
    }
}

/// Returns the schema; it stands for itself, and is the same each time.
pub fn schema(what: SchemaOf) -> Value {
    match what {
        SchemaOf::Playbook => generated::<playbook::Playbook>(what, "A playbook of az"),
        SchemaOf::Rules => generated::<rules::Rules>(what, "Kinds and rules of az"),
        SchemaOf::Config => generated::<config::Config>(what, "The configuration of az"),
        SchemaOf::Job => generated::<job::Job>(what, "A job of a playbook of az"),
        SchemaOf::Step => generated::<step::JobStep>(what, "A step of a job of az"),
    }
}

fn generated<T: JsonSchema>(what: SchemaOf, title: &str) -> Value {
    let schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>();
    finish::finish(schema.to_value(), what.as_str(), title)
}

#[cfg(test)]
mod tests;
