//! Shared helpers of the integration tests.

pub mod devices;
pub mod files;
pub mod networks;
pub mod numbers;
pub mod oracle;
pub mod shapes;
pub mod training;
