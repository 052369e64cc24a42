//! Weights between a network and a safetensors container.

use super::error::{Problem, TensorProblem};
use super::manifest::Precision;
use crate::models::Network;
use burn::store::burn_pack::Tensor as Packed;
use burn::store::{FloatCastAdapter, ModuleSnapshot, ModuleStore, SafetensorsStore, bridge};
use burn::tensor::{DType, TensorData};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Tensors by name.
pub(super) type Tensors = BTreeMap<String, TensorData>;

/// The network's weights as f32.
pub(super) fn collect(network: &Network) -> Tensors {
    // Names leave out the architecture ("down.0.conv1.weight"), as those of a PyTorch module do.
    let tensors = network.collect(None, None, true);
    tensors.into_iter().filter_map(|tensor| Some((tensor.name.clone(), bridge::into_data(tensor).ok()?))).collect()
}

/// A safetensors container, and the hash of the weights as they will be read from it.
pub(super) fn encode(network: &Network, precision: Precision) -> Result<(Vec<u8>, String), Problem> {
    let container = |error: burn::store::SafetensorsStoreError| Problem::Container(error.to_string());
    let number = match precision {
        Precision::Full => DType::F32,
        Precision::Half => DType::F16,
    };
    // One entry of metadata: several would be written in a random order, and the same weights be other bytes.
    let mut store = SafetensorsStore::from_bytes(None)
        .skip_enum_variants(true)
        .clear_metadata()
        .metadata("format", "pt")
        .with_to_adapter(FloatCastAdapter::to(number));
    network.save_into(&mut store).map_err(container)?;
    let bytes = store.get_bytes().map_err(container)?;
    let tensors = decode(bytes.clone())?;
    let problems: Vec<_> = tensors.iter().filter_map(|(name, data)| not_finite(name, data)).collect();
    if problems.is_empty() { Ok((bytes, hash(&tensors))) } else { Err(Problem::Tensors(problems)) }
}

/// Tensors of a safetensors container, f16 as f32.
pub(super) fn decode(bytes: Vec<u8>) -> Result<Tensors, Problem> {
    unpack(&mut SafetensorsStore::from_bytes(Some(bytes)))
}

/// Tensors of any store, f16 and f64 as f32.
pub(super) fn unpack<S: ModuleStore>(store: &mut S) -> Result<Tensors, Problem> {
    let packed = store.get_all_tensors().map_err(|error| Problem::Container(error.to_string()))?;
    let read = |(name, tensor): (&String, &Packed)| {
        let data = bridge::to_data(tensor).map_err(|error| Problem::Container(format!("{name}: {error:?}")))?;
        Ok((name.clone(), if data.dtype().is_float() { data.convert::<f32>() } else { data }))
    };
    packed.iter().map(read).collect()
}

/// Puts tensors into a network, all or none.
///
/// # Errors
/// Every tensor that is missing, too many, of another shape, no numbers or not finite.
pub(super) fn apply(network: &mut Network, tensors: Tensors) -> Result<(), Problem> {
    let mut problems = Vec::new();
    let expected = network.collect(None, None, true);
    for own in &expected {
        let name = own.name.clone();
        let shape = own.shape.to_vec();
        match tensors.get(&name) {
            None => problems.push(TensorProblem::Missing { name, expected: shape }),
            Some(data) if data.shape().to_vec() != shape => {
                problems.push(TensorProblem::Shape { name, expected: shape, found: data.shape().to_vec() });
            }
            Some(data) if !data.dtype().is_float() => {
                problems.push(TensorProblem::Kind { name, found: format!("{:?}", data.dtype()) });
            }
            Some(data) => problems.extend(not_finite(&name, data)),
        }
    }
    for (name, data) in &tensors {
        if !expected.iter().any(|own| own.name == *name) {
            problems.push(TensorProblem::Extra { name: name.clone(), found: data.shape().to_vec() });
        }
    }
    if !problems.is_empty() {
        return Err(Problem::Tensors(problems));
    }
    let packed = tensors.into_iter().map(|(name, data)| bridge::from_data(data, name, None)).collect();
    let result = network.apply(packed, None, None, true);
    if result.is_success() { Ok(()) } else { Err(Problem::Container(result.to_string())) }
}

/// SHA-256 over names, shapes and values (f32, little endian), in the order of the names.
pub(super) fn hash(tensors: &Tensors) -> String {
    let mut hash = Sha256::new();
    for (name, data) in tensors {
        hash.update(name.as_bytes());
        hash.update(format!("{:?}", data.shape().to_vec()).as_bytes());
        for value in data.iter::<f32>() {
            hash.update(value.to_le_bytes());
        }
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn not_finite(name: &str, data: &TensorData) -> Option<TensorProblem> {
    let count = data.iter::<f32>().filter(|value| !value.is_finite()).count();
    (count > 0).then(|| TensorProblem::NotFinite { name: name.into(), count })
}
