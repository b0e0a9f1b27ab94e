//! `[cache]`: how much the cache keeps, and for how long.

use std::time::Duration;

use super::CacheLimits;
use crate::{
    model::{
        decode::{Key, Value},
        settings,
    },
    text::document::NodeValue,
};

const MAX_SIZE: Key = Key::new("max_size", &["maxSize", "max-size"]);
const MAX_AGE: Key = Key::new("max_age", &["maxAge", "max-age"]);

/// Reads the limits.
pub(super) fn cache(value: Value<'_>) -> Option<CacheLimits> {
    let mut table = value.table("`cache`")?;
    let size = |value: Value<'_>| if is_none(value) { Some(u64::MAX) } else { settings::memory(value) };
    let age = |value: Value<'_>| if is_none(value) { Some(Duration::MAX) } else { value.duration() };
    let limits =
        CacheLimits { max_size: table.optional(MAX_SIZE, size), max_age: table.optional(MAX_AGE, age) };
    table.finish();
    Some(limits)
}

fn is_none(value: Value<'_>) -> bool {
    matches!(&value.node().value, NodeValue::Text(text) if text.trim().eq_ignore_ascii_case("none"))
}
