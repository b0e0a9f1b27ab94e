//! The combinations of a matrix.
//!
//! Knows dimensions, `include` and `exclude`, and what makes two combinations one. Does not know jobs, nor how an
//! expression is evaluated: who asks resolves it.
//!
//! `include` and `exclude` mean what they mean to GitHub: `exclude` takes away what has all the values it gives;
//! each entry of `include` then extends every combination of the dimensions in which it overwrites no value of a
//! dimension, and is a combination of its own if there is none. Values keep their types: the text `true` is neither the
//! truth nor equal to it.
//!
//! Nothing is multiplied before it is counted, so that no matrix takes more room than [`MATRIX_LIMIT`] combinations.

mod combination;
mod fault;
mod table;

use serde_json::Value;

pub use combination::Combination;
pub use fault::MatrixFault;

use crate::model::playbook::{Matrix, MatrixValues, Placed};
use table::{Resolved, resolved};

/// The most combinations a matrix may have.
pub const MATRIX_LIMIT: usize = 1_000;

/// What a matrix gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Combinations {
    /// All combinations, the last dimension changing fastest; then those that `include` adds.
    Known(Vec<Combination>),
    /// They depend on an expression without a value yet: the first such one.
    Deferred(Placed<String>),
}

/// Multiplies a matrix out.
///
/// `at` is the JSON pointer of the matrix, empty for that of a command line; `resolve` gives the value of an expression,
/// or nothing if that is known later. O(combinations x (`include` + `exclude`)), all of them limited.
///
/// # Errors
/// All that is wrong with its dimensions, else why there are no combinations, too many, or one twice.
pub fn combinations(
    matrix: &Matrix,
    at: &str,
    resolve: &mut dyn FnMut(&Placed<String>) -> Option<Value>,
) -> Result<Combinations, Vec<MatrixFault>> {
    match resolved(matrix, at, resolve)? {
        Resolved::Table(table) => table.combinations().map(Combinations::Known).map_err(|fault| vec![fault]),
        Resolved::Deferred(expression) => Ok(Combinations::Deferred(expression)),
    }
}

/// Makes the matrix of a command line's dimensions.
pub fn matrix_of(dimensions: &[(String, Vec<Value>)]) -> Matrix {
    let dimensions = dimensions.iter().cloned();
    let dimensions = dimensions.map(|(name, values)| (name, MatrixValues::List(values))).collect();
    Matrix { dimensions, ..Matrix::default() }
}

#[cfg(test)]
mod tests;
