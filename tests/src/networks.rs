//! Goldens of networks: named tensors in files, and gradients by name.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::store::{ModuleSnapshot, ModuleStore, SafetensorsStore, bridge};
use burn::tensor::{Device, Tensor, TensorData};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use zeroset_engine::models::{Network, NetworkConfig, checkpoint};

/// A file of `fixtures/models`.
pub fn golden_path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/models").join(name)
}

/// The tensors of a golden file.
pub struct Golden {
    tensors: BTreeMap<String, TensorData>,
}

impl Golden {
    /// Reads `NAME.safetensors`.
    pub fn read(name: &str) -> Self {
        let mut store = SafetensorsStore::from_file(golden_path(&format!("{name}.safetensors")));
        let packed = store.get_all_tensors().unwrap();
        Self { tensors: packed.iter().map(|(name, t)| (name.clone(), bridge::to_data(t).unwrap())).collect() }
    }

    /// One of its tensors.
    pub fn tensor(&self, name: &str, device: &Device) -> Tensor<4> {
        Tensor::from_data(self.data(name).clone(), device)
    }

    /// Values of one of its tensors.
    pub fn values(&self, name: &str) -> Vec<f32> {
        self.data(name).iter::<f32>().collect()
    }

    /// Names and values of the gradients.
    pub fn gradients(&self) -> impl Iterator<Item = (String, Vec<f32>)> {
        let named = |name: &String| Some((own_name(name.strip_prefix("g.")?), self.values(name)));
        self.tensors.keys().filter_map(named).collect::<Vec<_>>().into_iter()
    }

    fn data(&self, name: &str) -> &TensorData {
        self.tensors.get(name).unwrap_or_else(|| panic!("no tensor {name}"))
    }
}

/// PyTorch's names of normalisation parameters are other than ours.
fn own_name(name: &str) -> String {
    let (path, leaf) = name.rsplit_once('.').unwrap();
    let layer = path.rsplit('.').next().unwrap();
    match leaf {
        "weight" if layer.starts_with("norm") => format!("{path}.scale"),
        "bias" if layer.starts_with("norm") => format!("{path}.offset"),
        _ => name.to_owned(),
    }
}

/// A network with the weights of `NAME_weights.safetensors`.
pub fn golden_network(name: &str, config: &NetworkConfig, channels: usize, organs: usize, device: &Device) -> Network {
    let path = golden_path(&format!("{name}_weights.safetensors"));
    checkpoint::import_pytorch(&path, config, channels, organs, device).unwrap()
}

/// Gives a layer the weights of `NAME_weights.safetensors`.
pub fn load_layer<M: Module>(name: &str, mut layer: M) -> M {
    let mut store = SafetensorsStore::from_file(golden_path(&format!("{name}_weights.safetensors")))
        .with_key_remapping(r"(norm\d*)\.weight$", "$1.scale")
        .with_key_remapping(r"(norm\d*)\.bias$", "$1.offset");
    let loaded = layer.load_from(&mut store).unwrap();
    assert!(loaded.unused.is_empty(), "{:?}", loaded.unused);
    layer
}

/// Values of a tensor.
pub fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.inner().into_data().iter::<f32>().collect()
}

/// Greatest difference as a share of the greatest expected value.
pub fn relative_error(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    let greatest = |values: &mut dyn Iterator<Item = f32>| values.fold(0.0f32, |most, x| most.max(x.abs()));
    assert!(found.iter().all(|x| x.is_finite()));
    let difference = greatest(&mut found.iter().zip(expected).map(|(f, e)| f - e));
    difference / greatest(&mut expected.iter().copied()).max(f32::MIN_POSITIVE)
}

/// The network with weights that depend on `seed` alone (burn's generator is one for all tests of a process). Weights
/// that start as zero, those of last layers among them, are at most `most`.
pub fn stirred(network: Network, seed: u64, most: f32) -> Network {
    struct Stir(u64, f32);
    impl ModuleMapper for Stir {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            param.map(|value| {
                let old = values(value.clone());
                // Kernels and biases are drawn anew, of PyTorch's size; scales stay about 1, what is 0 stays near it.
                let fan = value.dims()[1..].iter().product::<usize>() as f32;
                let all = |wanted: f32| old.iter().all(|v| *v == wanted);
                let (keep, reach) = match (all(0.0), all(1.0)) {
                    (true, _) => (0.0, self.1),
                    (_, true) => (1.0, self.1),
                    _ if D > 1 => (0.0, 1.0 / fan.sqrt()),
                    _ => (0.0, 0.1),
                };
                let mut next = || {
                    self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                    2.0 * reach * ((self.0 >> 40) as f32 / (1u64 << 24) as f32 - 0.5)
                };
                let new: Vec<f32> = old.iter().map(|v| keep * v + next()).collect();
                Tensor::from_data(TensorData::new(new, value.shape()), &value.device())
            })
        }
    }
    network.map(&mut Stir(seed, most))
}

/// Gradients by the path of their parameter; a network's architecture is no part of the path.
pub fn gradients_by_name(network: &Network, gradients: &GradientsParams) -> BTreeMap<String, Vec<f32>> {
    let mut visit = ByName { path: Vec::new(), gradients, found: BTreeMap::new() };
    network.visit(&mut visit);
    visit.found
}

struct ByName<'g> {
    path: Vec<String>,
    gradients: &'g GradientsParams,
    found: BTreeMap<String, Vec<f32>>,
}

impl ModuleVisitor for ByName<'_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.push(if container.starts_with("Enum:") { String::new() } else { name.to_owned() });
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let name = self.path.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(".");
        if let Some(gradient) = self.gradients.get::<D>(param.id) {
            self.found.insert(name, values(gradient));
        }
    }
}
