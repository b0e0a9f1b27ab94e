//! The typed decoder: from a spanned tree to values, all faults at once.
//!
//! Knows tables, types and how to word what is wrong with them. Does not know which fields a file has: the modules of
//! the model ask for their fields one by one.
//!
//! ```text
//! let mut table = value.table("job `build`")?;
//! let needs = table.optional("needs", |needs| needs.one_or_list(Value::text));
//! table.unsupported(&["if"]);
//! table.finish();                          // every field nobody asked for is a fault
//! ```

mod context;
mod key;
mod place;
mod table;
mod value;

pub use context::{Context, LeftOut, Reading, read, read_all};
pub use key::Key;
pub use place::Placed;
pub use table::{Names, Table};
pub use value::Value;

#[cfg(test)]
pub(in crate::model) mod testing;
#[cfg(test)]
mod tests;
