//! Goldens in JSON: arrays of numbers as vectors and tensors.

use crate::files::fixture;
use burn::tensor::{Device, Tensor, TensorData};
use serde_json::Value;

/// A JSON file under `fixtures`.
pub fn golden(name: &str) -> Value {
    let text = std::fs::read_to_string(fixture(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A flat array.
pub fn numbers(array: &Value) -> Vec<f32> {
    array.as_array().expect("an array").iter().map(|v| v.as_f64().expect("a number") as f32).collect()
}

/// A whole number.
pub fn count(number: &Value) -> usize {
    number.as_u64().expect("a whole number") as usize
}

/// A flat array as a tensor of a shape.
pub fn tensor<const D: usize>(array: &Value, shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(numbers(array), shape), device)
}
