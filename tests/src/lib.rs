//! Shared helpers of the integration tests.

pub mod files;
pub mod oracle;
pub mod shapes;
