//! Builds tables of a tree, leaving out what is not said.

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value as Json;

use crate::{
    model::playbook::{Given, Placed},
    text::{
        document::write::{Draft, Item},
        duration,
    },
};

/// The fields of a table, in the order they are written.
#[derive(Default)]
pub(super) struct Fields(Vec<(String, Item)>);

impl Fields {
    pub(super) fn put(&mut self, name: &str, value: impl Into<Item>) {
        self.0.push((name.to_owned(), value.into()));
    }

    /// Writes a text, if there is one.
    pub(super) fn text(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.put(name, Draft::text(text));
        }
    }

    /// Writes a text that has a place, if there is one.
    pub(super) fn placed(&mut self, name: &str, text: Option<&Placed<String>>) {
        if let Some(text) = text {
            self.put(name, from(Draft::text(&text.value), &text.at));
        }
    }

    /// Writes a truth, if something is said.
    pub(super) fn flag(&mut self, name: &str, flag: Option<bool>) {
        if let Some(flag) = flag {
            self.put(name, Draft::Bool(flag));
        }
    }

    /// Writes a truth or the expression that gives it.
    pub(super) fn given_flag(&mut self, name: &str, given: Option<&Given<bool>>) {
        match given {
            Some(Given::Fixed(flag)) => self.put(name, Draft::Bool(*flag)),
            Some(Given::Expression(text)) => self.placed(name, Some(text)),
            None => {}
        }
    }

    /// Writes a count or the expression that gives it.
    pub(super) fn given_count(&mut self, name: &str, given: Option<&Given<u32>>) {
        match given {
            Some(Given::Fixed(count)) => self.number(name, Some(*count)),
            Some(Given::Expression(text)) => self.placed(name, Some(text)),
            None => {}
        }
    }

    /// Writes a number, if there is one.
    pub(super) fn number(&mut self, name: &str, number: Option<u32>) {
        if let Some(number) = number {
            self.put(name, Draft::Number(number.to_string()));
        }
    }

    /// Writes a number that may be below zero, if there is one.
    pub(super) fn whole(&mut self, name: &str, number: Option<i32>) {
        if let Some(number) = number {
            self.put(name, Draft::Number(number.to_string()));
        }
    }

    /// Writes a duration, if there is one.
    pub(super) fn duration(&mut self, name: &str, time: Option<Duration>) {
        if let Some(time) = time {
            self.put(name, Draft::text(duration::write(time)));
        }
    }

    /// Writes texts as a list, unless there are none.
    pub(super) fn texts<'a>(&mut self, name: &str, texts: impl IntoIterator<Item = &'a String>) {
        let texts: Vec<Draft> = texts.into_iter().map(Draft::text).collect();
        if !texts.is_empty() {
            self.put(name, Draft::list(texts));
        }
    }

    /// Writes texts that have places as a list, unless there are none.
    pub(super) fn placed_list(&mut self, name: &str, texts: &[Placed<String>]) {
        if !texts.is_empty() {
            self.put(name, placed_list(texts));
        }
    }

    /// Writes names with values of any kind, unless there are none.
    pub(super) fn values(&mut self, name: &str, values: &BTreeMap<String, Json>) {
        if !values.is_empty() {
            self.put(name, table_of(values));
        }
    }

    /// Writes names with texts, unless there are none.
    pub(super) fn text_map(&mut self, name: &str, texts: &BTreeMap<String, String>) {
        if !texts.is_empty() {
            let entries = texts.iter().map(|(name, text)| (name.clone(), Draft::text(text).into()));
            self.put(name, Draft::Table(entries.collect()));
        }
    }

    /// Writes a list, unless it is empty.
    pub(super) fn list(&mut self, name: &str, items: Vec<Item>) {
        if !items.is_empty() {
            self.put(name, Draft::List(items));
        }
    }

    /// Writes a table, unless it is empty.
    pub(super) fn table(&mut self, name: &str, fields: Self) {
        if !fields.0.is_empty() {
            self.put(name, fields.into_draft());
        }
    }

    /// Tells whether a field is there.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// Adds the fields of another table behind these.
    pub(super) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Returns the fields as they are written.
    pub(super) fn into_entries(self) -> Vec<(String, Item)> {
        self.0
    }

    /// Returns the table.
    pub(super) fn into_draft(self) -> Draft {
        Draft::Table(self.0)
    }
}

/// Gives a value the place it comes from.
pub(super) fn from(value: Draft, at: &str) -> Item {
    Item { origin: Some(at.to_owned()), ..Item::from(value) }
}

/// Returns texts that have places as a list.
pub(super) fn placed_list(texts: &[Placed<String>]) -> Draft {
    Draft::List(texts.iter().map(|text| from(Draft::text(&text.value), &text.at)).collect())
}

/// Returns names with values of any kind as a table.
pub(super) fn table_of(values: &BTreeMap<String, Json>) -> Draft {
    Draft::Table(values.iter().map(|(name, value)| (name.clone(), Draft::of_json(value).into())).collect())
}
