//! Random documents out of the schema: the decoder knows each of their fields, and each of its fields is in them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use proptest::prelude::*;
use serde_json::Value;

use super::{
    maker::{Maker, Tables},
    *,
};
use crate::{
    diag::{Diagnostic, Source, code},
    model::{
        config,
        decode::testing::{Asked, asked, told},
        playbook, rule,
    },
    text::document::Format,
};

/// A part of a schema that is a whole file.
struct Whole {
    what: SchemaOf,
    /// The place of the part.
    place: &'static str,
    /// The field the format is known by.
    by: &'static str,
}

const WHOLES: [Whole; 10] = [
    Whole { what: SchemaOf::Playbook, place: "/$defs/v3", by: "" },
    Whole { what: SchemaOf::Playbook, place: "/$defs/v2", by: "" },
    Whole { what: SchemaOf::Playbook, place: "/$defs/v1Stages", by: "stages" },
    Whole { what: SchemaOf::Playbook, place: "/$defs/v1Sequence", by: "sequence" },
    Whole { what: SchemaOf::Playbook, place: "/$defs/v0", by: "steps" },
    Whole { what: SchemaOf::Playbook, place: "/$defs/scripts", by: "scripts" },
    Whole { what: SchemaOf::Playbook, place: "/$defs/sequences", by: "sequences" },
    Whole { what: SchemaOf::Playbook, place: "/$defs/workflow", by: "workflow" },
    Whole { what: SchemaOf::Rules, place: "", by: "" },
    Whole { what: SchemaOf::Config, place: "", by: "" },
];

/// Reads a document as its kind of file is read.
fn diagnostics(what: SchemaOf, document: &Value) -> Vec<Diagnostic> {
    let source = |text: String| Arc::new(Source::new("file", text));
    let toml = || source(toml::to_string(document).unwrap());
    match what {
        SchemaOf::Rules => rule::read(&toml()).diagnostics,
        SchemaOf::Config => config::read(&toml()).diagnostics,
        _ => playbook::read(&source(document.to_string()), Format::Json).diagnostics,
    }
}

/// Makes a document and tells where its tables stand.
fn document(whole: &Whole, schema: &Value, seed: u64) -> (Value, Tables) {
    let mut maker = Maker::new(schema, seed);
    let mut document = maker.make(whole.place, "").unwrap_or_default();
    if !whole.by.is_empty() && document.get(whole.by).is_none() {
        let place = format!("{}/properties/{}", whole.place, whole.by);
        document[whole.by] = maker.make(&place, &format!("/{}", whole.by)).unwrap_or_default();
    }
    (document, maker.tables)
}

/// What would make the schema and the decoder disagree on a document that is valid.
fn disagreements(what: SchemaOf, document: &Value) -> String {
    let unread = [code::UNKNOWN_FIELD, code::WRONG_TYPE, code::MISSING_FIELD, code::BAD_DURATION];
    let faults: Vec<Diagnostic> = diagnostics(what, document);
    told(
        &faults
            .into_iter()
            .filter(|fault| fault.is_error() && unread.contains(&fault.code))
            .collect::<Vec<_>>(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn the_decoder_takes_what_the_schema_allows(seed in any::<u64>(), at in 0..WHOLES.len()) {
        let whole = &WHOLES[at];
        CHECKED.with(|checked| {
            let (schema, validator) = checked.iter().find(|(what, ..)| *what == whole.what).map(|(_, a, b)| (a, b)).unwrap();
            let (document, _) = document(whole, schema, seed);
            if validator.is_valid(&document) {
                prop_assert_eq!(disagreements(whole.what, &document), "", "{:#}", document);
            }
            Ok(())
        })?;
    }
}

thread_local! {
    static CHECKED: Vec<(SchemaOf, Value, Validator)> =
        [SchemaOf::Playbook, SchemaOf::Rules, SchemaOf::Config].map(|what| (what, schema(what), validator(what))).into();
}

/// Fields of each table of the schema that no decoder asked for, and the other way round.
#[derive(Default)]
struct Comparison {
    /// Fields of the schema that were asked for, by the place of the table.
    asked: BTreeMap<String, BTreeSet<String>>,
    fields: BTreeMap<String, BTreeSet<String>>,
    /// Fields that were asked for and are not in the schema.
    absent: BTreeSet<String>,
    valid: usize,
    made: usize,
}

impl Comparison {
    fn add(&mut self, tables: &Tables, asked: &Asked) {
        for (pointer, kinds) in tables {
            let Some(keys) = asked.get(pointer) else { continue };
            let keys: BTreeSet<String> = keys.iter().map(|key| key.to_ascii_lowercase()).collect();
            let all: BTreeSet<String> =
                kinds.iter().flat_map(|(_, names)| names).map(|name| name.to_ascii_lowercase()).collect();
            let places: Vec<&str> = kinds.iter().map(|(place, _)| place.as_str()).collect();
            self.absent.extend(keys.difference(&all).map(|key| format!("{key} of {places:?}")));
            for (place, names) in kinds {
                self.fields.entry(place.clone()).or_default().extend(names.iter().cloned());
                let found = names.iter().filter(|name| keys.contains(&name.to_ascii_lowercase()));
                self.asked.entry(place.clone()).or_default().extend(found.cloned());
            }
        }
    }

    fn unasked(&self) -> Vec<String> {
        let of = |(place, names): (&String, &BTreeSet<String>)| {
            let asked = self.asked.get(place).cloned().unwrap_or_default();
            names.difference(&asked).map(|name| format!("{place}/{name}")).collect::<Vec<_>>()
        };
        self.fields.iter().flat_map(of).collect()
    }
}

/// Each field of the schema is asked for by the decoder, and each field the decoder asks for is in the schema.
#[test]
fn the_fields_of_each_table_are_those_the_decoder_asks_for() {
    let mut seen = Comparison::default();
    CHECKED.with(|checked| {
        for (seed, whole) in (0..100_000).zip(WHOLES.iter().cycle()) {
            // Some fields are in one document of thousands.
            if seed % 1000 == 999 && seed > 3000 && seen.unasked().is_empty() {
                break;
            }
            let (_, schema, validator) = checked.iter().find(|(what, ..)| *what == whole.what).unwrap();
            let (document, tables) = document(whole, schema, seed);
            seen.made += 1;
            if validator.is_valid(&document) {
                seen.valid += 1;
                let (_, asked) = asked(|| diagnostics(whole.what, &document));
                seen.add(&tables, &asked);
            }
        }
    });
    assert!(seen.valid * 4 > seen.made, "{} of {} documents are valid", seen.valid, seen.made);
    assert_eq!(seen.absent, BTreeSet::new(), "not in the schema");
    assert_eq!(seen.unasked(), [""; 0], "in the schema alone");
    let tables = seen.fields.len();
    assert!(tables > 40, "{tables}");
}
