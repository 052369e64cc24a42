//! Parameters that no solver can work with.

use thiserror::Error;

/// Why parameters were refused.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum SolverError {
    /// A number outside its range.
    #[error("{name} is {value}, expected {expected}")]
    Parameter {
        /// Name as in a recipe.
        name: &'static str,
        /// Value found.
        value: f64,
        /// Range.
        expected: &'static str,
    },
}
