//! The folder of a trained network: what comes back, what is refused by name, and what a failed save leaves behind.

use burn::module::{Module, ModuleMapper, Param};
use burn::store::{KeyRemapper, ModuleSnapshot, SafetensorsStore};
use burn::tensor::{Device, Tensor, TensorData};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use zeroset_engine::models::checkpoint::{CardText, Precision, Problem, Score, TensorProblem, import_pytorch};
use zeroset_engine::models::{Checkpoint, Input, Network, NetworkConfig, UNetConfig};
use zeroset_engine::ode::SolverParams;
use zeroset_engine::prepare::{Fit, Organ, Preprocessing};
use zeroset_tests::networks::{Golden, golden_path, relative_error, values};

const FILES: [&str; 3] = ["model.json", "weights.safetensors", "CARD.md"];

fn config() -> NetworkConfig {
    NetworkConfig::Unet(UNetConfig { channels: vec![8, 12], ..UNetConfig::default() })
}

fn preprocessing() -> Preprocessing {
    let organ = |name: &str, labels: &[u16]| Organ { name: name.into(), labels: labels.to_vec() };
    Preprocessing {
        window_hu: [-160.0, 240.0],
        size: [32, 40],
        fit: Fit::Stretch,
        neighbours: 1,
        neighbour_mm: None,
        band_px: 5.0,
        organs: vec![organ("kidney", &[2, 3]), organ("liver", &[6])],
    }
}

/// Weights that depend on `seed` alone: burn's generator is one for all tests of this process.
fn checkpoint(seed: u64) -> Checkpoint {
    struct Fill(u64);
    impl ModuleMapper for Fill {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            param.map(|value| {
                let mut next = || {
                    self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                    (self.0 >> 40) as f32 / (1u64 << 24) as f32 - 0.5
                };
                let values: Vec<f32> = (0..value.shape().num_elements()).map(|_| next()).collect();
                Tensor::from_data(TensorData::new(values, value.shape()), &value.device())
            })
        }
    }
    let network = config().init(3, 2, &Device::flex()).map(&mut Fill(seed));
    Checkpoint::new(network, config(), preprocessing(), SolverParams::default()).unwrap()
}

fn predicted(network: &Network) -> Vec<f32> {
    let ramp = Tensor::<1, burn::tensor::Int>::arange(0..3 * 32 * 40, &Device::flex()).float();
    let image = (ramp * 0.37).sin().reshape([1, 3, 32, 40]);
    let output = network.predict(Input { image, start: None }, &SolverParams::default()).unwrap();
    values(output.phi_band)
}

/// A folder for a checkpoint, and what keeps it alive.
fn folder() -> (TempDir, PathBuf) {
    let guard = tempfile::tempdir().unwrap();
    let dir = guard.path().join("kidney");
    (guard, dir)
}

fn refused(dir: &Path) -> String {
    Checkpoint::load(dir, &Device::flex()).unwrap_err().to_string()
}

/// Changes model.json.
fn edit(dir: &Path, change: impl FnOnce(&mut serde_json::Value)) {
    let path = dir.join("model.json");
    let mut value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(&mut value);
    fs::write(path, value.to_string()).unwrap();
}

#[test]
fn a_checkpoint_comes_back_as_it_was() {
    let (_guard, dir) = folder();
    let mut saved = checkpoint(1);
    saved.manifest.training.epochs = 12;
    saved.manifest.training.training_cases = vec!["a".into(), "b".into()];
    saved.manifest.training.recipe = serde_json::json!({"rate": 1e-3});
    saved.manifest.scores = vec![Score {
        data: "validation | 6 patients".into(),
        organ: "kidney".into(),
        metric: "IoU".into(),
        value: 0.91,
        interval: Some([0.88, 0.93]),
    }];
    saved.manifest.card = CardText { licence: "Apache-2.0; data CC BY 4.0".into(), ..CardText::default() };
    saved.save(&dir).unwrap();
    let loaded = Checkpoint::load(&dir, &Device::flex()).unwrap();
    assert_eq!(predicted(&loaded.network), predicted(&saved.network));
    assert_eq!(loaded.hash(), saved.hash());
    assert_eq!(loaded.manifest.weights_sha256, saved.hash());
    assert_eq!(loaded.manifest.parameters, saved.network.parameters());
    assert_eq!(loaded.manifest.training, saved.manifest.training);
    assert_eq!(loaded.manifest.scores, saved.manifest.scores);
    assert_eq!(loaded.manifest.preprocessing, preprocessing());
    let mut names: Vec<_> =
        fs::read_dir(&dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["CARD.md", "model.json", "weights.safetensors"]);
}

#[test]
fn a_checkpoint_can_be_trained_on() {
    let (_guard, dir) = folder();
    checkpoint(1).save(&dir).unwrap();
    let loaded = Checkpoint::load(&dir, &Device::flex().autodiff()).unwrap();
    let input = Input { image: Tensor::zeros([1, 3, 32, 40], &Device::flex().autodiff()), start: None };
    let (_, gradients) = loaded
        .network
        .loss_gradients(input, &SolverParams::default(), Default::default(), |phi| phi.square().mean())
        .unwrap();
    assert!(!gradients.is_empty());
    let plain = loaded.for_inference();
    assert_eq!(predicted(&plain.network), predicted(&checkpoint(1).network));
}

#[test]
fn the_same_weights_are_the_same_bytes() {
    let (_guard, dir) = folder();
    checkpoint(1).save(&dir).unwrap();
    let first = fs::read(dir.join("weights.safetensors")).unwrap();
    checkpoint(1).save(&dir).unwrap();
    assert_eq!(fs::read(dir.join("weights.safetensors")).unwrap(), first);
    assert_ne!(checkpoint(1).hash(), checkpoint(2).hash());
}

#[test]
fn half_precision_is_half_the_size_and_nearly_the_same() {
    let (_guard, dir) = folder();
    let mut saved = checkpoint(1);
    saved.save(&dir).unwrap();
    let full = fs::metadata(dir.join("weights.safetensors")).unwrap().len();
    saved.manifest.precision = Precision::Half;
    saved.save(&dir).unwrap();
    let half = fs::metadata(dir.join("weights.safetensors")).unwrap().len();
    assert!(half as f64 / (full as f64) < 0.65, "{half} of {full} bytes");
    let loaded = Checkpoint::load(&dir, &Device::flex()).unwrap();
    let error = relative_error(&predicted(&loaded.network), &predicted(&saved.network));
    assert!(error > 0.0 && error < 5e-3, "relative error {error}");
    assert_eq!(loaded.hash(), loaded.manifest.weights_sha256);
    // Rounded once, always the same: saving what was loaded changes nothing.
    loaded.save(&dir).unwrap();
    assert_eq!(Checkpoint::load(&dir, &Device::flex()).unwrap().hash(), loaded.hash());
}

#[test]
fn the_card_says_what_matters() {
    let (_guard, dir) = folder();
    let mut saved = checkpoint(1);
    saved.manifest.card.licence = "CC BY 4.0, by somebody".into();
    saved.manifest.scores = vec![Score {
        data: "validation".into(),
        organ: "liver".into(),
        metric: "HD95 (mm)".into(),
        value: 4.25,
        interval: None,
    }];
    saved.save(&dir).unwrap();
    let card = fs::read_to_string(dir.join("CARD.md")).unwrap();
    for part in [
        "Not a medical device",
        "kidney, liver",
        "-160 to 240 HU",
        "CC BY 4.0, by somebody",
        "| liver | HD95 (mm) | 4.2500",
    ] {
        assert!(card.contains(part), "no {part:?} in\n{card}");
    }
    assert!(card.contains(&saved.hash()));
}

#[test]
fn missing_files_are_named() {
    let (_guard, dir) = folder();
    assert!(refused(&dir).contains("kidney/model.json: is missing"), "{}", refused(&dir));
    checkpoint(1).save(&dir).unwrap();
    fs::remove_file(dir.join("weights.safetensors")).unwrap();
    assert!(refused(&dir).contains("kidney/weights.safetensors: is missing"), "{}", refused(&dir));
    // A file where a folder should be.
    assert!(refused(&dir.join("model.json")).contains("is missing"));
}

#[test]
fn descriptions_that_do_not_fit_are_refused_by_name() {
    let (_guard, dir) = folder();
    type Change = fn(&mut serde_json::Value);
    let cases: [(Change, &str); 10] = [
        (|m| m["format"] = 2.into(), "has format 2, this program reads format 1"),
        (|m| m["format"] = "old".into(), "has format \"old\""),
        (|m| m["network"]["architecture"] = "transformer".into(), "architecture \"transformer\", expected one of unet"),
        (|m| m["network"]["stem"] = 3.into(), "network.stem: found 3"),
        (|m| m["network"]["channels"] = vec![8, 4096].into(), "network.channels: found [8, 4096]"),
        (|m| m["preprocessing"]["window_hu"] = vec![10.0, 10.0].into(), "preprocessing.window_hu: found [10.0, 10.0]"),
        (|m| m["preprocessing"]["band_px"] = 0.into(), "preprocessing.band_px: found 0"),
        (|m| m["solver"]["absolute_tolerance"] = (-1.0).into(), "solver.absolute_tolerance is -1"),
        (|m| m["extra"] = 1.into(), "unknown field `extra`"),
        (|m| *m = 7.into(), "no field \"format\""),
    ];
    for (change, expected) in cases {
        checkpoint(1).save(&dir).unwrap();
        edit(&dir, change);
        let found = refused(&dir);
        assert!(found.contains("model.json: ") && found.contains(expected), "{found}\nexpected {expected}");
    }
    fs::write(dir.join("model.json"), "{ \"format\": 1,").unwrap();
    assert!(refused(&dir).contains("is not a model's description: EOF"), "{}", refused(&dir));
}

#[test]
fn weights_that_do_not_fit_are_refused_by_name() {
    let (_guard, dir) = folder();
    let problems = |dir: &Path| match Checkpoint::load(dir, &Device::flex()).unwrap_err().problem {
        Problem::Tensors(problems) => problems,
        other => panic!("{other}"),
    };
    // Other channels of image (neighbours) and other sizes.
    checkpoint(1).save(&dir).unwrap();
    edit(&dir, |m| m["preprocessing"]["neighbours"] = 0.into());
    let shape = TensorProblem::Shape {
        name: "down.0.conv1.weight".into(),
        expected: vec![8, 4, 3, 3],
        found: vec![8, 12, 3, 3],
    };
    assert_eq!(problems(&dir), [shape]);
    assert!(refused(&dir).contains("down.0.conv1.weight is [8, 12, 3, 3], expected [8, 4, 3, 3]"));

    // A level more in the description, then one less.
    checkpoint(1).save(&dir).unwrap();
    edit(&dir, |m| m["network"]["channels"] = vec![8, 12, 16].into());
    let missing = problems(&dir);
    let name =
        |problem: &TensorProblem| matches!(problem, TensorProblem::Missing { name, .. } if name == "reduce.1.bias");
    assert!(missing.iter().any(name), "{missing:?}");
    edit(&dir, |m| m["network"]["channels"] = vec![8].into());
    assert!(problems(&dir).iter().any(|p| matches!(p, TensorProblem::Extra { name, .. } if name == "reduce.0.bias")));
    assert!(refused(&dir).contains("more"), "{}", refused(&dir));
}

#[test]
fn damaged_weights_are_refused() {
    let (_guard, dir) = folder();
    checkpoint(1).save(&dir).unwrap();
    let path = dir.join("weights.safetensors");
    let whole = fs::read(&path).unwrap();
    let mut last = String::new();
    for length in [0, 7, 100, whole.len() / 2, whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        last = refused(&dir);
        assert!(last.contains("weights.safetensors: is damaged"), "{length} bytes: {last}");
    }
    assert!(!last.contains('\n'), "{last}");
    let header = u64::from_le_bytes(whole[..8].try_into().unwrap()) as usize;
    let mut bad = whole.clone();
    bad[8 + header..][..4].copy_from_slice(&f32::NAN.to_le_bytes());
    fs::write(&path, &bad).unwrap();
    assert!(refused(&dir).contains("holds 1 value(s) that are NaN or infinite"), "{}", refused(&dir));
    // Finite, but not the weights that were saved.
    bad[8 + header..][..4].copy_from_slice(&1.5f32.to_le_bytes());
    fs::write(&path, &bad).unwrap();
    assert!(refused(&dir).contains("the files are not of one model"), "{}", refused(&dir));
}

#[test]
fn weights_of_another_training_are_refused() {
    let (_guard, dir) = folder();
    checkpoint(2).save(&dir).unwrap();
    let other = fs::read(dir.join("weights.safetensors")).unwrap();
    checkpoint(1).save(&dir).unwrap();
    fs::write(dir.join("weights.safetensors"), other).unwrap();
    assert!(refused(&dir).contains(&checkpoint(2).hash()), "{}", refused(&dir));
}

#[test]
fn weights_that_are_not_numbers_are_not_saved() {
    let (_guard, dir) = folder();
    let good = checkpoint(1);
    good.save(&dir).unwrap();
    let mut bad = checkpoint(1);
    bad.network = poisoned(bad.network);
    let error = bad.save(&dir).unwrap_err().to_string();
    assert!(error.contains("NaN or infinite"), "{error}");
    assert_eq!(Checkpoint::load(&dir, &Device::flex()).unwrap().hash(), good.hash());
}

/// The network with a NaN in each weight.
fn poisoned(network: Network) -> Network {
    struct Poison;
    impl ModuleMapper for Poison {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            param.map(|value| value * f32::NAN)
        }
    }
    network.map(&mut Poison)
}

#[test]
fn a_failed_save_leaves_the_older_checkpoint() {
    let guard = tempfile::tempdir().unwrap();
    // A name so long that the older folder cannot step aside.
    let dir = guard.path().join("k".repeat(245));
    checkpoint(1).save(&dir).unwrap();
    let error = checkpoint(2).save(&dir).unwrap_err();
    assert!(matches!(error.problem, Problem::Write(_)), "{error}");
    assert_eq!(Checkpoint::load(&dir, &Device::flex()).unwrap().hash(), checkpoint(1).hash());
    assert_eq!(fs::read_dir(guard.path()).unwrap().count(), 1, "something was left behind");
}

#[test]
fn a_kill_between_two_renames_costs_nothing() {
    let (guard, dir) = folder();
    checkpoint(1).save(&dir).unwrap();
    let aside = guard.path().join(".kidney.zeroset-previous");
    fs::rename(&dir, &aside).unwrap();
    assert_eq!(Checkpoint::load(&dir, &Device::flex()).unwrap().hash(), checkpoint(1).hash());
    // A kill after both: the new one is in its place, the old one is removed by the next that looks.
    checkpoint(2).save(&aside).unwrap();
    assert_eq!(Checkpoint::load(&dir, &Device::flex()).unwrap().hash(), checkpoint(1).hash());
    assert!(!aside.exists());
}

#[test]
fn only_a_checkpoint_is_replaced() {
    let (_guard, dir) = folder();
    fs::create_dir_all(&dir).unwrap();
    checkpoint(1).save(&dir).unwrap();
    fs::write(dir.join("notes.txt"), "mine").unwrap();
    let error = checkpoint(2).save(&dir).unwrap_err().to_string();
    assert!(error.contains("holds notes.txt, which is no part of a model"), "{error}");
    assert_eq!(fs::read_to_string(dir.join("notes.txt")).unwrap(), "mine");
    assert_eq!(Checkpoint::load(&dir, &Device::flex()).unwrap().hash(), checkpoint(1).hash());
    for name in FILES {
        assert!(dir.join(name).is_file());
    }
}

#[test]
fn a_description_of_another_network_is_refused() {
    let device = Device::flex();
    let refused = |network: Network, config| {
        Checkpoint::new(network, config, preprocessing(), SolverParams::default()).unwrap_err().to_string()
    };
    let error = refused(config().init(1, 2, &device), config());
    assert!(error.contains("gives [3, 2] channels of image and organs, the network has [1, 2]"), "{error}");
    let error = refused(config().init(3, 2, &device), NetworkConfig::preset("node-image").unwrap());
    assert!(error.contains("architecture \"unet\", expected node-image"), "{error}");
}

fn golden_config() -> NetworkConfig {
    NetworkConfig::Unet(UNetConfig { channels: vec![6, 8, 12], ..UNetConfig::default() })
}

#[test]
fn a_state_dict_of_pytorch_is_imported() {
    // Saved as training scripts do: {"epoch", "state_dict"}, from DataParallel.
    let device = Device::flex();
    let golden = Golden::read("unet");
    let network = import_pytorch(&golden_path("unet.pt"), &golden_config(), 1, 2, &device).unwrap();
    let input = Input { image: golden.tensor("image", &device), start: None };
    let phi = network.predict(input, &SolverParams::default()).unwrap().phi_band;
    let error = relative_error(&values(phi), &golden.values("phi"));
    assert!(error < 2e-5, "relative error {error}");
}

#[test]
fn other_pytorch_files_are_refused_by_name() {
    let device = Device::flex();
    let import = |path: &Path, config: &NetworkConfig, organs| {
        import_pytorch(path, config, 1, organs, &device).unwrap_err().to_string()
    };
    let path = golden_path("unet.pt");
    let error = import(&path, &config(), 2);
    assert!(error.contains("unet.pt: does not fit the architecture: "), "{error}");
    let error = import(&path, &golden_config(), 3);
    assert!(error.contains("head.weight is [8, 6, 1, 1], expected [12, 6, 1, 1]"), "{error}");
    assert!(import(Path::new("nowhere.pt"), &config(), 2).contains("nowhere.pt: cannot be read"));
    let guard = tempfile::tempdir().unwrap();
    for name in ["text.pt", "text.pth", "text.safetensors"] {
        let path = guard.path().join(name);
        for bytes in [&b""[..], b"this is no checkpoint", &[0x80, 2, b'}', b'.']] {
            fs::write(&path, bytes).unwrap();
            let error = import(&path, &config(), 2);
            assert!(error.contains(name), "{error}");
        }
    }
}

#[test]
fn weights_can_be_read_by_pytorch() {
    // The names in the file are those of the twin but for the norms: what `import_pytorch` reads back unchanged.
    let (_guard, dir) = folder();
    let saved = checkpoint(1);
    saved.save(&dir).unwrap();
    let path = dir.join("weights.safetensors");
    let network = import_pytorch(&path, &config(), 3, 2, &Device::flex()).unwrap();
    assert_eq!(predicted(&network), predicted(&saved.network));
    let mut store = SafetensorsStore::from_file(&path).skip_enum_variants(true).remap(KeyRemapper::new());
    let mut again = config().init(3, 2, &Device::flex());
    again.load_from(&mut store).unwrap();
    assert_eq!(predicted(&again), predicted(&saved.network));
}
