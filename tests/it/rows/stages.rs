//! Stages, older formats, matrices and resources.

use super::Row;

/// The rows of this file, in ascending order.
pub(super) const ROWS: &[Row] = &[];
