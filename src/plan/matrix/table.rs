//! A matrix whose values are all known, and its multiplication.
//!
//! Knows what `include` and `exclude` do. Does not know expressions beyond that they have a value or not.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{
    Combination, MATRIX_LIMIT, MatrixFault,
    combination::{same, shown},
    fault::What,
};
use crate::model::playbook::{Matrix, MatrixValues, Placed};

/// Names with their values, in order.
type Entry = Vec<(String, Value)>;

/// A matrix, as far as its values are known.
pub(super) enum Resolved {
    /// All are.
    Table(Table),
    /// The first expression that has no value yet.
    Deferred(Placed<String>),
}

/// A matrix without expressions.
pub(super) struct Table {
    at: String,
    dimensions: Vec<Dimension>,
    include: Vec<Entry>,
    exclude: Vec<Entry>,
}

struct Dimension {
    name: String,
    at: String,
    values: Vec<Value>,
}

/// Finds the values of a matrix.
///
/// # Errors
/// All that is wrong with its parts.
pub(super) fn resolved(
    matrix: &Matrix,
    at: &str,
    resolve: &mut dyn FnMut(&Placed<String>) -> Option<Value>,
) -> Result<Resolved, Vec<MatrixFault>> {
    if let Some(expression) = &matrix.expression {
        let Some(value) = resolve(expression) else { return Ok(Resolved::Deferred(expression.clone())) };
        return of_value(value, &expression.at).map(Resolved::Table);
    }
    let mut faults = Vec::new();
    let mut deferred = None;
    let mut dimensions = Vec::new();
    for (name, values) in &matrix.dimensions {
        let at = below(at, name);
        match values {
            MatrixValues::List(values) => {
                let values = values.iter().map(|value| filled(value, &at, &mut deferred, resolve)).collect();
                dimensions.push(Dimension { name: name.clone(), at, values });
            }
            MatrixValues::Expression(expression) => match resolve(expression) {
                None => deferred = deferred.or_else(|| Some(expression.clone())),
                Some(value) => match dimension(name, value, &expression.at) {
                    Ok(dimension) => dimensions.push(dimension),
                    Err(fault) => faults.push(fault),
                },
            },
        }
    }
    let mut entries = |section: &[BTreeMap<String, Value>], at: &str| -> Vec<Entry> {
        let mut value = |value: &Value| filled(value, at, &mut deferred, resolve);
        let entry = |entry: &BTreeMap<String, Value>| {
            entry.iter().map(|(name, written)| (name.clone(), value(written))).collect()
        };
        section.iter().map(entry).collect()
    };
    let include = entries(&matrix.include, &below(at, "include"));
    let exclude = entries(&matrix.exclude, &below(at, "exclude"));
    let table = Table { at: at.to_owned(), dimensions, include, exclude };
    faults.extend(table.faults(deferred.is_some() || !faults.is_empty()));
    match deferred {
        _ if !faults.is_empty() => Err(faults),
        Some(expression) => Ok(Resolved::Deferred(expression)),
        None => Ok(Resolved::Table(table)),
    }
}

/// Fills the texts of a value; one that is not known yet is kept as the first of these, and stays as it is written.
fn filled(
    value: &Value,
    at: &str,
    deferred: &mut Option<Placed<String>>,
    resolve: &mut dyn FnMut(&Placed<String>) -> Option<Value>,
) -> Value {
    match value {
        Value::String(text) if text.contains("{{") => {
            let text = Placed::new(text.clone(), at);
            resolve(&text).unwrap_or_else(|| {
                deferred.get_or_insert(text);
                value.clone()
            })
        }
        Value::Array(items) => items.iter().map(|item| filled(item, at, deferred, resolve)).collect(),
        Value::Object(entries) => {
            let fill =
                |(name, value): (&String, &Value)| (name.clone(), filled(value, at, deferred, resolve));
            Value::Object(entries.iter().map(fill).collect())
        }
        plain => plain.clone(),
    }
}

/// Reads a whole matrix that an expression gave.
fn of_value(value: Value, at: &str) -> Result<Table, Vec<MatrixFault>> {
    let Value::Object(parts) = value else {
        return Err(vec![MatrixFault::new(at, What::NoTable { found: described(&value) })]);
    };
    let mut table =
        Table { at: at.to_owned(), dimensions: Vec::new(), include: Vec::new(), exclude: Vec::new() };
    let mut faults = Vec::new();
    for (name, value) in parts {
        let read = match &*name.to_ascii_lowercase() {
            "include" => entries("include", value, at).map(|entries| table.include.extend(entries)),
            "exclude" => entries("exclude", value, at).map(|entries| table.exclude.extend(entries)),
            _ => dimension(&name, value, at).map(|dimension| table.dimensions.push(dimension)),
        };
        faults.extend(read.err());
    }
    faults.extend(table.faults(!faults.is_empty()));
    if faults.is_empty() { Ok(table) } else { Err(faults) }
}

fn dimension(name: &str, value: Value, at: &str) -> Result<Dimension, MatrixFault> {
    let found = described(&value);
    match value {
        Value::Array(values) => Ok(Dimension { name: name.to_owned(), at: at.to_owned(), values }),
        _ => Err(MatrixFault::new(at, What::NoList { dimension: name.to_owned(), found })),
    }
}

fn entries(section: &'static str, value: Value, at: &str) -> Result<Vec<Entry>, MatrixFault> {
    let fault = |found| MatrixFault::new(at, What::NoEntries { section, found });
    let Value::Array(items) = value else { return Err(fault(described(&value))) };
    let entry = |item: Value| match item {
        Value::Object(entry) => Ok(Map::into_iter(entry).collect()),
        _ => Err(fault(described(&item))),
    };
    items.into_iter().map(entry).collect()
}

fn described(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a table",
    }
}

/// Returns the JSON pointer of a field.
fn below(at: &str, name: &str) -> String {
    format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"))
}

impl Table {
    /// Multiplies the dimensions, takes away what is excluded, and adds what is included.
    ///
    /// # Errors
    /// If nothing is left, too much is, or something is there twice.
    pub(super) fn combinations(&self) -> Result<Vec<Combination>, MatrixFault> {
        let all = self.product();
        let count = all.len();
        let mut found: Vec<Combination> =
            all.into_iter().filter(|one| !self.exclude.iter().any(|entry| leaves_out(entry, one))).collect();
        let mut added: Vec<Combination> = Vec::new();
        for (index, entry) in self.include.iter().enumerate().filter(|(_, entry)| !entry.is_empty()) {
            if self.extend(&mut found, entry) {
                continue;
            }
            let one = Combination::new(entry.clone());
            if added.iter().any(|other| other.is_same(&one)) {
                let at = format!("{}/{index}", below(&self.at, "include"));
                return Err(MatrixFault::new(at, What::CombinationTwice { label: one.label() }));
            }
            added.push(one);
        }
        found.extend(added);
        match found.len() {
            0 if count > 0 => Err(MatrixFault::new(below(&self.at, "exclude"), What::AllExcluded { count })),
            0 => Err(MatrixFault::new(&*self.at, What::NoDimension)),
            many if many > MATRIX_LIMIT => {
                Err(MatrixFault::new(&*self.at, What::TooMany { count: Some(many) }))
            }
            _ => {
                tell_apart(&mut found);
                Ok(found)
            }
        }
    }

    /// Returns all combinations of the dimensions, the last one changing fastest.
    fn product(&self) -> Vec<Combination> {
        let count: usize = if self.dimensions.is_empty() { 0 } else { self.sizes().product() };
        let one = |mut index: usize| {
            let mut values: Entry = Vec::with_capacity(self.dimensions.len());
            for Dimension { name, values: known, .. } in self.dimensions.iter().rev() {
                values.push((name.clone(), known[index % known.len()].clone()));
                index /= known.len();
            }
            values.reverse();
            Combination::new(values)
        };
        (0..count).map(one).collect()
    }

    fn sizes(&self) -> impl Iterator<Item = usize> {
        self.dimensions.iter().map(|dimension| dimension.values.len())
    }

    /// Adds an entry of `include` to each combination in which it overwrites no value of a dimension; tells whether
    /// there is one.
    fn extend(&self, found: &mut [Combination], entry: &Entry) -> bool {
        let is_dimension =
            |name: &str| self.dimensions.iter().any(|known| known.name.eq_ignore_ascii_case(name));
        let (own, further): (Vec<_>, Vec<_>) = entry.iter().partition(|(name, _)| is_dimension(name));
        let mut is_added = false;
        for one in found {
            let fits =
                own.iter().all(|(name, value)| one.value(name).is_some_and(|known| same(known, value)));
            if !fits {
                continue;
            }
            is_added = true;
            for (name, value) in &further {
                match one.values.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
                    Some((_, known)) => known.clone_from(value),
                    None => one.values.push((name.clone(), value.clone())),
                }
            }
        }
        is_added
    }

    /// Returns what makes multiplication impossible; with `is_open`, there are dimensions that it does not hold.
    fn faults(&self, is_open: bool) -> Vec<MatrixFault> {
        let mut faults = Vec::new();
        for (section, entries) in [("include", &self.include), ("exclude", &self.exclude)] {
            if entries.len() > MATRIX_LIMIT {
                let what = What::TooLong { section, count: entries.len() };
                faults.push(MatrixFault::new(below(&self.at, section), what));
            }
        }
        let count = self.sizes().try_fold(1_usize, usize::checked_mul);
        if count.is_none_or(|count| count > MATRIX_LIMIT) {
            faults.push(MatrixFault::new(&*self.at, What::TooMany { count }));
        }
        if self.dimensions.is_empty() && self.include.iter().all(Vec::is_empty) && !is_open {
            faults.push(MatrixFault::new(&*self.at, What::NoDimension));
        }
        let mut names = BTreeSet::new();
        for one in &self.dimensions {
            let dimension = one.name.clone();
            if !names.insert(one.name.to_ascii_lowercase()) {
                faults.push(MatrixFault::new(&*one.at, What::DimensionTwice { dimension }));
            } else if one.values.is_empty() {
                faults.push(MatrixFault::new(&*one.at, What::EmptyDimension { dimension }));
            } else if one.values.len() <= MATRIX_LIMIT {
                faults.extend(one.value_twice());
            }
        }
        faults
    }
}

impl Dimension {
    fn value_twice(&self) -> Option<MatrixFault> {
        let values = &self.values;
        let is_second = |index: &usize| values[..*index].iter().any(|known| same(known, &values[*index]));
        let index = (0..values.len()).find(is_second)?;
        // Of a value that an expression gave, the nearest place there is, is the expression's.
        let at = format!("{}/{index}", self.at);
        let (dimension, value) = (self.name.clone(), shown(&values[index]));
        Some(MatrixFault::new(at, What::ValueTwice { dimension, value }))
    }
}

/// Tells whether an entry of `exclude` means a combination: all it gives is there. One that gives nothing means none.
fn leaves_out(entry: &Entry, one: &Combination) -> bool {
    let has = |(name, value): &(String, Value)| one.value(name).is_some_and(|known| same(known, value));
    !entry.is_empty() && entry.iter().all(has)
}

/// Lets combinations that would be called the same be written exactly.
fn tell_apart(found: &mut [Combination]) {
    let mut names = BTreeMap::<String, Vec<usize>>::new();
    for (index, one) in found.iter().enumerate() {
        names.entry(one.suffix()).or_default().push(index);
    }
    for index in names.into_values().filter(|indices| indices.len() > 1).flatten() {
        found[index].is_exact = true;
    }
}
