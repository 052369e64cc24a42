//! A whole validation set: pooled numbers by hand, the command line on a small folder, and the refusal to judge a
//! network on a patient that it learned from.

use burn::tensor::{Device, Tensor};
use std::path::Path;
use zeroset_engine::evaluation::{
    CaseScore, Contender, EvaluationError, Patient, evolve_by_region, summarize, table_one, write_csv,
};
use zeroset_engine::infer::OrganPhi;
use zeroset_engine::io;
use zeroset_engine::metrics::{Overlap, evaluate_label};
use zeroset_engine::models::lsn::Start;
use zeroset_engine::models::{Checkpoint, DeepChanVeseConfig, Input, LsnConfig, ModelError, NetworkConfig};
use zeroset_engine::ode::SolverParams;
use zeroset_engine::prepare::{Fit, Organ, Preprocessing};
use zeroset_engine::volume::Volume;
use zeroset_engine::{Geometry, LabelMap};

/// A truth of 100 voxels of which `both` are found, and `more` others.
fn score(patient: &str, both: usize, more: usize) -> CaseScore {
    let geometry = Geometry::aligned([20, 20, 1], [1.0; 3], [0.0; 3]).unwrap();
    let map = |inside: &dyn Fn(usize) -> bool| {
        LabelMap::new(geometry.clone(), (0..400).map(|i| u16::from(inside(i))).collect())
    };
    let (found, truth) = (map(&|i| i < both || (100..100 + more).contains(&i)), map(&|i| i < 100));
    let bools = |map: &LabelMap| -> Vec<bool> { map.labels().iter().map(|&l| l == 1).collect() };
    let whole = Overlap::of(&bools(&found), &bools(&truth));
    CaseScore {
        method: "unet".into(),
        parameters: 7,
        evaluations: None,
        patient: patient.into(),
        organ: "kidney".into(),
        volume: evaluate_label(&found, &truth, 1, 2.0).unwrap(),
        whole,
        organ_slices: whole,
        duration_s: 1.0,
    }
}

#[test]
fn pooled_numbers_count_voxels_and_means_count_patients() {
    let scores = [score("a", 90, 10), score("b", 50, 0)];
    let summaries = summarize(&scores, 3);
    let [summary] = summaries.as_slice() else { panic!("{} summaries", summaries.len()) };
    // 140 of 200 found, 10 too many: 140 / 210 and 280 / 350.
    assert!((summary.iou.value.unwrap() - 140.0 / 210.0).abs() < 1e-12);
    assert!((summary.dice.value.unwrap() - 280.0 / 350.0).abs() < 1e-12);
    let mean = (180.0 / 200.0 + 100.0 / 150.0) / 2.0;
    assert!((summary.mean_dice.value.unwrap() - mean).abs() < 1e-12);
    // Two patients: the ends of the interval are the two patients alone.
    let interval = summary.iou.interval.unwrap();
    assert!((interval.low - 0.5).abs() < 1e-12 && (interval.high - 90.0 / 110.0).abs() < 1e-12, "{interval:?}");
    assert_eq!(summarize(&scores, 3)[0].iou, summary.iou, "the same seed gives the same interval");

    let table = table_one(&summaries);
    assert!(table.contains("0.667 [0.500, 0.818]"), "{table}");
    let mut text = Vec::new();
    write_csv(&scores, &mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(lines.len(), 3);
    assert!(lines.iter().all(|line| line.len() == lines[0].len()), "{text}");
    let dice = lines[0].iter().position(|&name| name == "dice").unwrap();
    assert_eq!(lines[1][dice], "0.9");
}

fn preprocessing() -> Preprocessing {
    let organs = vec![Organ { name: "kidney".into(), labels: vec![1] }];
    let fit = Fit::Stretch;
    Preprocessing {
        window_hu: [-100.0, 200.0],
        size: [32, 32],
        fit,
        neighbours: 0,
        neighbour_mm: None,
        band_px: 4.0,
        organs,
    }
}

fn write_case(folder: &Path, name: &str, radius: f64) {
    let geometry = Geometry::aligned([24, 24, 4], [2.0, 2.0, 3.0], [0.0; 3]).unwrap();
    let inside = |i: usize| {
        let (x, y, z) = ((i % 24) as f64 - 11.0, (i / 24 % 24) as f64 - 9.0, i / 576);
        z > 0 && x * x + y * y < radius * radius
    };
    let hu: Vec<f32> = (0..geometry.len()).map(|i| if inside(i) { 150.0 } else { 0.0 }).collect();
    io::write_f32(&folder.join(format!("{name}_ct.nii.gz")), &geometry, &hu, None).unwrap();
    let labels = LabelMap::new(geometry.clone(), (0..geometry.len()).map(|i| u16::from(inside(i))).collect());
    io::write_labels(&folder.join(format!("{name}_label.nii.gz")), &labels, None).unwrap();
}

fn zeroset(arguments: &[&str]) -> (u8, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = zeroset::cli::run_from(std::iter::once("zeroset").chain(arguments.iter().copied()), &mut out, &mut err);
    (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

#[test]
fn the_command_judges_the_validation_side_and_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    for (name, radius) in [("case1", 5.0), ("case2", 6.0), ("case3", 7.0)] {
        write_case(folder.path(), name, radius);
    }
    let recipe = folder.path().join("recipe.toml");
    let data = folder.path().display();
    std::fs::write(
        &recipe,
        format!(
            "[data]\nsource = {{ folder = \"{data}\", convention = \"nifti-pairs\" }}\nvalidation = [\"case2\", \"case3\"]\n\
             [preprocessing]\nwindow_hu = [-100.0, 200.0]\nsize = [32, 32]\nfit = \"stretch\"\nneighbours = 0\n\
             band_px = 4.0\norgans = [{{ name = \"kidney\", labels = [1] }}]\n\
             [network]\narchitecture = \"unet\"\n[output]\nfolder = \"{data}/run\"\n"
        ),
    )
    .unwrap();
    let config = NetworkConfig::preset("unet").unwrap();
    let network = config.init(1, 1, &Device::flex());
    let mut checkpoint = Checkpoint::new(network, config, preprocessing(), SolverParams::default()).unwrap();
    let (model, csv) = (folder.path().join("model"), folder.path().join("patients.csv"));
    checkpoint.save(&model).unwrap();
    let (recipe, model, csv) = (recipe.to_str().unwrap(), model.to_str().unwrap(), csv.to_str().unwrap());
    let arguments = ["evaluate", "--recipe", recipe, "--model", model, "--device", "cpu", "--csv", csv, "--json"];
    let (code, out, err) = zeroset(&arguments);
    assert_eq!(code, 0, "{err}");
    let document: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(document["patients"], serde_json::json!(["case2", "case3"]));
    assert_eq!(document["cases"].as_array().unwrap().len(), 2);
    assert_eq!(document["summaries"][0]["patients"], 2);
    assert_eq!(std::fs::read_to_string(csv).unwrap().lines().count(), 3);

    // The same network also as the one that others start from, and the region level set after it.
    let (code, out, err) = zeroset(&[&arguments[..], &["--start-model", model, "--region", "--keep-all"]].concat());
    assert_eq!(code, 0, "{err}");
    let document: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&document["models"][1], &document["anatomy"]), (&"region".into(), &false.into()));
    assert_eq!(document["cases"].as_array().unwrap().len(), 4);
    assert_eq!(document["summaries"][1]["method"], "region");
    assert_eq!(document["summaries"][1]["parameters"], 0);

    checkpoint.manifest.training.training_cases = vec!["case3".into()];
    checkpoint.save(Path::new(model)).unwrap();
    let (code, _, err) = zeroset(&arguments);
    assert_eq!(code, 1);
    assert!(err.contains("learned from case3"), "{err}");
}

#[test]
fn a_network_writes_a_mask_on_the_scan_s_own_grid() {
    let folder = tempfile::tempdir().unwrap();
    write_case(folder.path(), "case1", 6.0);
    let config = NetworkConfig::preset("node-contour").unwrap();
    let network = config.init(1, 1, &Device::flex());
    let checkpoint = Checkpoint::new(network, config, preprocessing(), SolverParams::adaptive(1e-3)).unwrap();
    let model = folder.path().join("model");
    checkpoint.save(&model).unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (scan, truth, mask, report) =
        (path("case1_ct.nii.gz"), path("case1_label.nii.gz"), path("m.nii.gz"), path("r.json"));
    let (model, networks) = (model.to_str().unwrap(), folder.path().to_str().unwrap().to_owned());
    let base = ["segment", &scan, "-o", &mask, "--method", "node-contour", "--model", model, "--device", "cpu"];
    let with = |more: &[&str]| zeroset(&base.iter().chain(more).copied().collect::<Vec<_>>());

    // Untrained it is the identity: the mask comes back.
    let (code, out, err) = with(&["--init", &truth, "--label", "1", "--report", &report]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("node-contour on 3 slices, 1 without a start"), "{out}");
    let (code, out, err) = zeroset(&["evaluate", &mask, &truth, "--json"]);
    assert_eq!(code, 0, "{err}");
    let metrics: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert!(metrics["labels"][0]["dice"].as_f64().unwrap() > 0.95, "{out}");
    let report: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&report).unwrap()).unwrap();
    assert_eq!(report["run"]["weights_sha256"].as_str().unwrap(), checkpoint.hash());

    // Seeds start it as well; without any start, or with options that mean nothing to it, it says what to do.
    assert_eq!(with(&["--seed", "22,18,4,9"]).0, 0);
    for (more, words) in [
        // The folder of networks holds none that finds the organ.
        (&["--models", &networks][..], "evolves a contour"),
        (&["--init", &truth, "--alpha", "1"][..], "--alpha has no meaning"),
        (&["--init", &truth, "--organ", "liver"][..], "does not know \"liver\""),
    ] {
        let (code, _, err) = with(more);
        assert_eq!((code, err.lines().count()), (1, 1), "{err}");
        assert!(err.contains(words), "{err}");
    }
    let other = zeroset(&["segment", &scan, "-o", &mask, "--method", "unet", "--model", model, "--device", "cpu"]);
    assert!(other.2.contains("node-contour") && other.0 == 1, "{}", other.2);
    let spleen = ["--organ", "spleen"];
    let none =
        zeroset(&[&["segment", &scan, "-o", &mask, "--method", "unet", "--device", "cpu"][..], &spleen].concat());
    assert!(none.2.contains("--model DIR") && none.0 == 1, "{}", none.2);
}

#[test]
fn the_region_level_set_brings_each_part_of_a_start_contour_to_its_own_organ() {
    let geometry = Geometry::aligned([48, 32, 20], [2.0, 2.0, 3.0], [0.0; 3]).unwrap();
    // Two bright balls of unlike brightness: one window for both would hold the background between them, too.
    let distance = |i: usize, centre: [f64; 3]| {
        let voxel = [i % 48, i / 48 % 32, i / (48 * 32)];
        let mm = |d: usize| (voxel[d] as f64 - centre[d]) * [2.0, 2.0, 3.0][d];
        (mm(0) * mm(0) + mm(1) * mm(1) + mm(2) * mm(2)).sqrt()
    };
    let (one, other) = ([12.0, 16.0, 10.0], [36.0, 16.0, 10.0]);
    let hu = |i: usize| match (distance(i, one) < 18.0, distance(i, other) < 18.0) {
        (true, _) => 180.0,
        (_, true) => -60.0,
        _ => 40.0,
    };
    let hu: Vec<f32> = (0..geometry.len()).map(|i| hu(i) + 5.0 * ((i * 7919 % 11) as f32 - 5.0) / 5.0).collect();
    let scan = Volume::new(geometry.clone(), hu);
    let nearest = |i: usize| distance(i, one).min(distance(i, other));
    let start =
        OrganPhi { organ: "kidney".into(), phi_mm: (0..geometry.len()).map(|i| (nearest(i) - 11.0) as f32).collect() };
    let run = evolve_by_region(&scan, &start).unwrap();
    let inside: Vec<bool> = run.phi.phi_mm.iter().map(|&phi| phi < 0.0).collect();
    let truth: Vec<bool> = (0..geometry.len()).map(|i| nearest(i) < 18.0).collect();
    let dice = Overlap::of(&inside, &truth).dice().unwrap();
    assert!(dice > 0.96, "Dice {dice}");
    assert!(run.steps > 5.0);

    let nothing = OrganPhi { organ: "kidney".into(), phi_mm: vec![10.0; geometry.len()] };
    let run = evolve_by_region(&scan, &nothing).unwrap();
    assert!(run.phi.phi_mm.iter().all(|&phi| phi > 0.0) && run.steps == 0.0);
}

#[test]
fn what_evolves_a_contour_is_not_judged_without_one() {
    let geometry = Geometry::aligned([24, 24, 4], [2.0, 2.0, 3.0], [0.0; 3]).unwrap();
    let scan = Volume::new(geometry.clone(), vec![0.0; geometry.len()]);
    let truth = LabelMap::empty(geometry);
    let refused = |contender: Contender<'_>| {
        let mut patient = Patient::new("case1", &scan, &truth, None, 2.0, true);
        match patient.judge(contender) {
            Err(EvaluationError::NoStart { method }) => method,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused(Contender::Region), "region");
    let given = [
        NetworkConfig::preset("node-contour").unwrap(),
        NetworkConfig::Lsn(LsnConfig { start: Start::Given, ..LsnConfig::default() }),
        NetworkConfig::DeepChanVese(DeepChanVeseConfig {
            features: 4,
            backbone: 8,
            start_given: true,
            ..DeepChanVeseConfig::default()
        }),
    ];
    for config in given {
        let network = config.init(1, 1, &Device::flex());
        let name = config.name();
        let checkpoint = Checkpoint::new(network, config, preprocessing(), SolverParams::default()).unwrap();
        assert_eq!(refused(Contender::Network(&checkpoint)), name);
        let image = Tensor::zeros([1, 1, 32, 32], &Device::flex());
        let said = checkpoint.network.predict(Input { image, start: None }, &SolverParams::default());
        assert!(matches!(said, Err(ModelError::NoStart { .. })), "{name}");
    }
}
