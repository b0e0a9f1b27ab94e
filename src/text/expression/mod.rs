//! Conditions: one syntax tree for every dialect.
