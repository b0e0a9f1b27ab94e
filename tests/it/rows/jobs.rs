//! Jobs and the language of steps.

use super::Row;

/// The rows of this file, in ascending order.
pub(super) const ROWS: &[Row] = &[];
