//! The index of the journal: sorted tables in one flat file, looked at where they lie.
//!
//! Knows which record has which key, what made keys unusable and what az left. The records themselves stand in the
//! journal, whose beginning the index covers; it says where. Nothing is only here: without an index, or with one that
//! is not of this journal, the journal alone speaks. Does not know what a record holds.

mod format;
mod tables;
mod view;

pub(super) use format::{
    Blamed, ByIdentity, ByWeak, FAILED, Green, INTERRUPTED, KIND, LEARNED, Left, NO_RECORD, Open, PRIVATE,
    REUSABLE, Row, Short, short,
};
pub(super) use tables::Tables;
pub(super) use view::View;
