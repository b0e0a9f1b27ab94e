//! Verbs, options, configuration and expressions.

use super::Row;

/// The rows of this file, in ascending order.
pub(super) const ROWS: &[Row] = &[];
