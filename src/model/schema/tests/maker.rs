//! Makes random documents out of a schema.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use serde_json::{Map, Value, json};

/// Texts for the patterns of the schemas; the first that matches is taken.
const SAMPLES: [&str; 15] = [
    "x",
    "5m",
    "2GB",
    "10/min",
    "memory=2GB",
    "{{a}}",
    "0 2 * * *",
    "2",
    "a",
    "rb",
    "{script}",
    "1",
    "approval",
    "auto",
    "0402",
];

/// Where each table of a document stands, with the place of its fields in the schema and their names.
pub(super) type Tables = BTreeMap<String, Vec<(String, BTreeSet<String>)>>;

/// Makes documents; the same number makes the same document.
pub(super) struct Maker<'a> {
    schema: &'a Value,
    state: u64,
    /// How deep values may still lie in each other.
    left: u32,
    pub(super) tables: Tables,
}

impl<'a> Maker<'a> {
    pub(super) fn new(schema: &'a Value, seed: u64) -> Self {
        Self { schema, state: seed, left: 9, tables: Tables::new() }
    }

    /// A number below a bound (splitmix64).
    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % u64::try_from(bound.max(1)).unwrap()).unwrap()
    }

    /// Makes a value for the schema at a place, to stand at a pointer of the document; nothing if none was found.
    pub(super) fn make(&mut self, place: &str, pointer: &str) -> Option<Value> {
        let schema = self.schema.pointer(place)?;
        if let Some(target) = schema["$ref"].as_str() {
            return self.make(target.strip_prefix('#')?, pointer);
        }
        if self.left == 0 {
            return None;
        }
        self.left -= 1;
        let made = self.make_here(schema, place, pointer);
        self.left += 1;
        made
    }

    fn make_here(&mut self, schema: &'a Value, place: &str, pointer: &str) -> Option<Value> {
        if let Some(value) = schema.get("const") {
            return Some(value.clone());
        }
        if let Some(values) = schema["enum"].as_array() {
            return values.get(self.below(values.len())).cloned();
        }
        if let Some(examples) = schema["examples"].as_array()
            && schema.get("$ref").is_none()
            && self.below(2) == 0
        {
            return examples.get(self.below(examples.len())).cloned();
        }
        if schema["type"] == "object" || schema.get("properties").is_some() {
            return self.table(schema, place, pointer);
        }
        for keyword in ["anyOf", "oneOf"] {
            if let Some(options) = schema[keyword].as_array() {
                let first = self.below(options.len());
                let order = (first..options.len()).chain(0..first);
                return order
                    .into_iter()
                    .find_map(|at| self.make(&format!("{place}/{keyword}/{at}"), pointer));
            }
        }
        let types = match &schema["type"] {
            Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
            Value::String(one) => vec![one.as_str()],
            // Anything at all.
            _ => vec!["string", "integer", "boolean"],
        };
        match types[self.below(types.len())] {
            "null" => Some(Value::Null),
            "boolean" => Some((self.below(2) == 0).into()),
            "integer" | "number" => Some(schema["minimum"].as_i64().unwrap_or(3).into()),
            "array" => self.list(schema, place, pointer),
            _ => text(schema).map(Value::from),
        }
    }

    fn list(&mut self, schema: &Value, place: &str, pointer: &str) -> Option<Value> {
        if let Some(pattern) = schema["contains"]["pattern"].as_str() {
            return Some(json!(["sh", pattern.replace('\\', "")]));
        }
        let least = usize::try_from(schema["minItems"].as_u64().unwrap_or(0)).unwrap();
        let count = least.max(self.below(3));
        if schema.get("items").is_none() {
            return Some(json!(["a"]));
        }
        let item = |at| (format!("{place}/items"), format!("{pointer}/{at}"));
        let items: Vec<Value> = (0..count)
            .filter_map(|at| {
                let (place, pointer) = item(at);
                self.make(&place, &pointer)
            })
            .collect();
        (items.len() >= least).then(|| items.into())
    }

    fn table(&mut self, schema: &'a Value, place: &str, pointer: &str) -> Option<Value> {
        let mut table = Map::new();
        let mut wanted: Vec<&str> = Vec::new();
        let mut banned: BTreeSet<&str> = BTreeSet::new();
        self.demands(schema, &mut wanted, &mut banned);
        for place in places_of_fields(schema, place) {
            let fields = self.schema.pointer(&place)?.as_object()?;
            let names: BTreeSet<String> = fields.keys().cloned().collect();
            self.tables.entry(pointer.to_owned()).or_default().push((place.clone(), names));
            for (name, field) in fields {
                let is_old = field["deprecated"] == true;
                let chance = if is_old { fields.len() } else { fields.len() / 3 + 2 };
                let is_wanted = wanted.contains(&name.as_str());
                let is_chosen = is_wanted || (!banned.contains(name.as_str()) && self.below(chance) == 0);
                if is_chosen && !table.contains_key(name) {
                    let name = escaped(name);
                    let made = self.make(&format!("{place}/{name}"), &format!("{pointer}/{name}"));
                    table.extend(made.map(|made| (name, made)));
                }
            }
        }
        self.complete(schema, place, pointer, &banned, &mut table);
        self.more(schema, place, pointer, &mut table);
        Some(table.into())
    }

    /// Adds what fields of a table cannot be without, or takes them away.
    fn complete(
        &mut self,
        schema: &'a Value,
        place: &str,
        pointer: &str,
        banned: &BTreeSet<&str>,
        table: &mut Map<String, Value>,
    ) {
        for rule in schema["allOf"].as_array().into_iter().flatten() {
            let fields = any_of(&rule["if"]);
            let others: Vec<&str> =
                any_of(&rule["then"]).into_iter().filter(|name| !banned.contains(name)).collect();
            let has = |table: &Map<String, Value>, names: &[&str]| {
                names.iter().any(|name| table.contains_key(*name))
            };
            if any_of(&rule["then"]).is_empty() || !has(table, &fields) || has(table, &any_of(&rule["then"]))
            {
                continue;
            }
            match others.get(self.below(others.len())) {
                Some(name) => {
                    let made = self.make(&format!("{place}/properties/{name}"), &format!("{pointer}/{name}"));
                    table.extend(made.map(|made| ((*name).to_owned(), made)));
                }
                None => table.retain(|name, _| !fields.contains(&name.as_str())),
            }
        }
    }

    /// Chooses among the fields of which one must be there, and leaves the others out.
    fn demands(&mut self, schema: &'a Value, wanted: &mut Vec<&'a str>, banned: &mut BTreeSet<&'a str>) {
        let required =
            |schema: &'a Value| schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        wanted.extend(required(schema));
        let groups = schema["allOf"].as_array().into_iter().flatten().chain([schema]);
        for group in groups {
            for keyword in ["anyOf", "oneOf"] {
                let Some(options) = group[keyword].as_array() else { continue };
                // Spellings that begin with a capital are no properties.
                let is_known = |option: &Value| match option["required"][0].as_str() {
                    Some(name) => !name.starts_with(|first: char| first.is_ascii_uppercase()),
                    None => true,
                };
                let known: Vec<usize> = (0..options.len()).filter(|at| is_known(&options[*at])).collect();
                let chosen = known.get(self.below(known.len())).copied().unwrap_or_default();
                for (at, option) in options.iter().enumerate() {
                    let mut inner: Vec<&str> = required(option).collect();
                    for one in option["anyOf"].as_array().into_iter().flatten() {
                        inner.extend(required(one));
                    }
                    if at == chosen {
                        wanted.extend(inner.first());
                        banned.extend(inner.iter().skip(1));
                    } else if keyword == "oneOf" {
                        banned.extend(inner);
                    }
                }
            }
        }
        wanted.dedup();
    }

    /// Adds entries whose names are the user's.
    fn more(&mut self, schema: &Value, place: &str, pointer: &str, table: &mut Map<String, Value>) {
        let Some(Value::Object(_)) = schema.get("additionalProperties") else { return };
        let number =
            schema["propertyNames"]["pattern"].as_str().is_some_and(|pattern| pattern.contains("[0-9]+"));
        let names: &[&str] = if number { &["2", "3010"] } else { &["one", "two"] };
        for name in &names[..=self.below(2)] {
            let made = self.make(&format!("{place}/additionalProperties"), &format!("{pointer}/{name}"));
            table.extend(made.map(|made| ((*name).to_owned(), made)));
        }
    }
}

/// Fields of a table's own, and of what it refers to.
fn places_of_fields(schema: &Value, place: &str) -> Vec<String> {
    let mut places = Vec::new();
    if schema.get("properties").is_some() {
        places.push(format!("{place}/properties"));
    }
    for other in schema["allOf"].as_array().into_iter().flatten() {
        if let Some(target) = other["$ref"].as_str() {
            places.push(format!("{}/properties", target.trim_start_matches('#')));
        }
    }
    places
}

/// Returns the fields of which a schema wants one.
fn any_of(schema: &Value) -> Vec<&str> {
    let options = schema["anyOf"].as_array().into_iter().flatten();
    options.filter_map(|option| option["required"][0].as_str()).collect()
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Returns a text that a schema allows.
fn text(schema: &Value) -> Option<String> {
    thread_local! {
        static FOUND: RefCell<BTreeMap<String, Option<&'static str>>> = const { RefCell::new(BTreeMap::new()) };
    }
    let find = || {
        let validator = jsonschema::validator_for(schema).ok()?;
        SAMPLES.into_iter().find(|sample| validator.is_valid(&json!(sample)))
    };
    FOUND.with_borrow_mut(|found| *found.entry(schema.to_string()).or_insert_with(find)).map(str::to_owned)
}
