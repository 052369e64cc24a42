//! Runs: what they write, going on after a kill, devices, and how they fail.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use zeroset_engine::models::Checkpoint;
use zeroset_engine::train::{
    End, EpochReport, Event, Observer, RunFolder, RunOptions, RunReport, Silent, TrainError, TrainRecipe, run,
};
use zeroset_tests::training::{phantoms, recipe, recipe_text};

const RESUME: RunOptions = RunOptions { resume: true, skip_bad: false };

fn go(recipe: &TrainRecipe) -> Result<RunReport, TrainError> {
    run(recipe, &RunOptions::default(), &mut Silent)
}

/// Losses and scores, bit by bit; the seconds differ.
fn numbers(epochs: &[EpochReport]) -> Vec<(u64, u64, u64, Option<u64>)> {
    let each =
        |e: &EpochReport| (e.epoch, e.training_loss.to_bits(), e.validation_loss.to_bits(), e.iou.map(f64::to_bits));
    epochs.iter().map(each).collect()
}

fn weights(folder: &Path) -> Vec<u8> {
    fs::read(folder.join("last/weights.safetensors")).unwrap()
}

/// Ends a run after so many batches.
struct StopAfter(usize);

impl Observer for StopAfter {
    fn event(&mut self, event: Event<'_>) -> ControlFlow<()> {
        if let Event::Batch { .. } = event {
            self.0 -= 1;
            if self.0 == 0 {
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }
}

#[test]
fn a_run_learns_and_writes_what_it_promises() {
    let (data, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    phantoms(data.path(), 3);
    let recipe = recipe(data.path(), out.path(), |t| t.replace("epochs = 3", "epochs = 8"));
    let report = go(&recipe).unwrap();
    assert_eq!((report.end, report.epochs.len()), (End::Epochs, 8));
    let (first, last) = (&report.epochs[0], &report.epochs[7]);
    assert!(last.training_loss < 0.7 * first.training_loss, "{} then {}", first.training_loss, last.training_loss);
    let paths = RunFolder::open(out.path(), true).unwrap();
    for file in [paths.state(), paths.epochs(), paths.curves()] {
        assert!(fs::metadata(&file).unwrap().len() > 100, "{}", file.display());
    }
    assert!(fs::read_to_string(paths.curves()).unwrap().contains("<svg"));
    assert_eq!(fs::read_dir(paths.pictures()).unwrap().count(), 1);
    let lines = fs::read_to_string(paths.epochs()).unwrap();
    let read: Vec<EpochReport> = lines.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(read.len(), 8);
    let device = burn::tensor::Device::flex();
    let best = Checkpoint::load(&paths.best(), &device).unwrap();
    assert_eq!(best.manifest.training.epochs as u64, report.best_epoch);
    assert_eq!(best.manifest.training.training_cases, ["case0001", "case0002"]);
    assert_eq!(best.manifest.training.validation_cases, ["case0000"]);
    assert_eq!(best.manifest.scores[0].organ, "liver");
    // A second run does not write over the first.
    let error = go(&recipe).unwrap_err().to_string();
    assert!(error.contains("holds a run already") && error.contains("--resume"), "{error}");
}

#[test]
fn stopped_anywhere_and_resumed_it_is_the_same_run() {
    let data = tempfile::tempdir().unwrap();
    phantoms(data.path(), 3);
    let whole = tempfile::tempdir().unwrap();
    let expected = go(&recipe(data.path(), whole.path(), |t| t)).unwrap();
    let batches = expected.epochs[2].step as usize;
    for stop in [1, 2, batches / 2, batches - 1] {
        let out = tempfile::tempdir().unwrap();
        let recipe = recipe(data.path(), out.path(), |t| t);
        let part = run(&recipe, &RunOptions::default(), &mut StopAfter(stop)).unwrap();
        assert_eq!(part.end, End::Asked);
        let found = run(&recipe, &RESUME, &mut Silent).unwrap();
        assert_eq!(numbers(&found.epochs), numbers(&expected.epochs), "stopped after batch {stop}");
        assert!(weights(out.path()) == weights(whole.path()), "stopped after batch {stop}");
    }
}

#[test]
fn more_epochs_go_on_from_the_end() {
    let data = tempfile::tempdir().unwrap();
    phantoms(data.path(), 3);
    let (whole, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let expected = go(&recipe(data.path(), whole.path(), |t| t)).unwrap();
    go(&recipe(data.path(), out.path(), |t| t.replace("epochs = 3", "epochs = 1"))).unwrap();
    let found = run(&recipe(data.path(), out.path(), |t| t), &RESUME, &mut Silent).unwrap();
    assert_eq!(numbers(&found.epochs), numbers(&expected.epochs));
    // Nothing left to do.
    let again = run(&recipe(data.path(), out.path(), |t| t), &RESUME, &mut Silent).unwrap();
    assert_eq!((again.end, numbers(&again.epochs)), (End::Epochs, numbers(&expected.epochs)));
}

/// Not a test by itself: the process that `killed_with_signal_9` starts and kills.
#[test]
fn child_process_that_trains() {
    if let Some(words) = std::env::var_os("ZEROSET_TEST_TRAIN") {
        let words = words.to_string_lossy().into_owned();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = zeroset::cli::run_from(words.split('\n'), &mut out, &mut err);
        std::process::exit(i32::from(code));
    }
}

fn child(words: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "child_process_that_trains", "--nocapture"]);
    command.env("ZEROSET_TEST_TRAIN", words.join("\n")).stdout(std::process::Stdio::null());
    command
}

#[test]
fn killed_with_signal_9_and_resumed_it_is_the_same_run() {
    let data = tempfile::tempdir().unwrap();
    phantoms(data.path(), 3);
    let folder = tempfile::tempdir().unwrap();
    let text = recipe_text(data.path(), Path::new("out"), "")
        .replace("pictures = 1", "pictures = 1\nsave_every_steps = 1")
        .replace("epochs = 3", "epochs = 6");
    let file = folder.path().join("recipe.toml");
    fs::write(&file, text).unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let recipe = at("recipe.toml");
    assert!(child(&["zeroset", "train", &recipe, "-o", &at("whole"), "--json"]).status().unwrap().success());
    let killed = at("killed");
    let mut kills = 0;
    // Each round is killed a little later, wherever it then is; after the last one the run is done.
    for round in 0.. {
        let mut process = child(&["zeroset", "train", &recipe, "-o", &killed, "--json", "--resume"]).spawn().unwrap();
        let wait = Duration::from_millis(60 + 45 * round);
        let began = Instant::now();
        let mut status = None;
        while began.elapsed() < wait && status.is_none() {
            status = process.try_wait().unwrap();
            std::thread::sleep(Duration::from_millis(2));
        }
        match status {
            Some(status) => {
                assert!(status.success(), "round {round}: {status}");
                break;
            }
            None => {
                process.kill().unwrap();
                process.wait().unwrap();
                kills += 1;
            }
        }
    }
    assert!(kills > 0);
    let read = |name: &str| -> Vec<EpochReport> {
        let lines = fs::read_to_string(Path::new(&at(name)).join("epochs.jsonl")).unwrap();
        lines.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
    };
    assert_eq!(numbers(&read("killed")), numbers(&read("whole")), "{kills} kills");
    assert!(weights(Path::new(&killed)) == weights(Path::new(&at("whole"))), "{kills} kills");
}

#[test]
fn two_devices_share_a_batch_and_learn_the_same() {
    let data = tempfile::tempdir().unwrap();
    phantoms(data.path(), 3);
    let with = |change: &dyn Fn(String) -> String| {
        let out = tempfile::tempdir().unwrap();
        go(&recipe(data.path(), out.path(), change)).unwrap()
    };
    let one = with(&|t| t);
    let two = with(&|t| t.replace("[\"cpu\"]", "[\"cpu\", \"cpu\"]"));
    let parts = with(&|t| t.replace("batch_size = 4", "batch_size = 4\naccumulate = 3"));
    for other in [two, parts] {
        for (a, b) in one.epochs.iter().zip(&other.epochs) {
            let near = |a: f64, b: f64| (a - b).abs() < 1e-3 * a.abs();
            assert!(near(a.training_loss, b.training_loss), "{} against {}", a.training_loss, b.training_loss);
            assert!(near(a.validation_loss, b.validation_loss), "{} against {}", a.validation_loss, b.validation_loss);
        }
        // The first step is the same but for rounding: nothing has grown yet.
        assert_eq!(one.epochs[0].step, other.epochs[0].step);
    }
}

#[test]
fn a_loss_that_is_no_number_stops_with_its_batch_and_keeps_the_checkpoint() {
    let (data, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    phantoms(data.path(), 3);
    let calm = recipe(data.path(), out.path(), |t| t.replace("epochs = 3", "epochs = 1"));
    go(&calm).unwrap();
    let kept = weights(out.path());
    // The same run with a rate that throws the weights out of f32's range is another recipe: it starts elsewhere.
    let wild_out = tempfile::tempdir().unwrap();
    let wild = recipe(data.path(), wild_out.path(), |t| {
        t.replace("rate = 3e-3", "rate = 1e30")
            .replace("clip_norm = 1.0", "")
            .replace("warm_up_steps = 3", "warm_up_steps = 0")
    });
    let error = go(&wild).unwrap_err();
    assert!(matches!(error, TrainError::NotFinite { epoch: 1, .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("batch 2") && text.contains("case000") && text.contains("slice"), "{text}");
    assert!(text.contains("no epoch was finished"), "{text}");
    assert!(!text.contains('\n'));
    assert!(weights(out.path()) == kept);
}

#[test]
fn states_of_other_recipes_versions_and_damaged_ones_are_refused() {
    let (data, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    phantoms(data.path(), 3);
    let short = |t: String| t.replace("epochs = 3", "epochs = 1");
    go(&recipe(data.path(), out.path(), short)).unwrap();
    let refused = |change: &dyn Fn(String) -> String| {
        run(&recipe(data.path(), out.path(), |t| change(short(t))), &RESUME, &mut Silent).unwrap_err().to_string()
    };
    let text = refused(&|t| t.replace("seed = 7", "seed = 8"));
    assert!(text.contains("belongs to another recipe"), "{text}");
    let file = out.path().join("run.state");
    let whole = fs::read(&file).unwrap();
    let mut other = whole.clone();
    other[7] = b'2';
    fs::write(&file, other).unwrap();
    let text = refused(&|t| t);
    assert!(text.contains("saved in format 2") && text.contains("reads format 1"), "{text}");
    let mut damaged = whole.clone();
    damaged[whole.len() / 2] ^= 1;
    fs::write(&file, damaged).unwrap();
    assert!(refused(&|t| t).contains("damaged"));
    fs::write(&file, &whole[..20]).unwrap();
    assert!(refused(&|t| t).contains("damaged"));
    fs::write(&file, &whole).unwrap();
    fs::remove_file(data.path().join("case0002_ct.nii.gz")).unwrap();
    fs::remove_file(data.path().join("case0002_label.nii.gz")).unwrap();
    assert!(refused(&|t| t).contains("belongs to other slices"));
}

#[test]
fn early_stopping_waits_its_patience_and_a_reached_score_ends() {
    let data = tempfile::tempdir().unwrap();
    phantoms(data.path(), 3);
    // A rate of nearly nothing: no epoch is better than the first.
    let still = |t: String| {
        t.replace("rate = 3e-3", "rate = 1e-30\nleast_rate = 0.0")
            .replace("epochs = 3", "epochs = 20")
            .replace("[output]", "[stop]\npatience = 2\n[output]")
    };
    let out = tempfile::tempdir().unwrap();
    let report = go(&recipe(data.path(), out.path(), still)).unwrap();
    assert_eq!((report.end, report.epochs.len(), report.best_epoch), (End::Patience, 3, 1));
    let out = tempfile::tempdir().unwrap();
    let reached = |t: String| t.replace("[output]", "[stop]\niou_above = -1.0\n[output]");
    let report = go(&recipe(data.path(), out.path(), reached)).unwrap();
    assert_eq!((report.end, report.epochs.len()), (End::Reached, 1));
}

#[cfg(unix)]
#[test]
fn a_full_disk_leaves_the_older_state_whole() {
    let (data, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    phantoms(data.path(), 3);
    let text = recipe_text(data.path(), out.path(), "").replace("epochs = 3", "epochs = 1");
    let file = data.path().join("recipe.toml");
    fs::write(&file, &text).unwrap();
    let words = ["zeroset", "train", &file.display().to_string(), "--json", "--resume", "--epochs", "2"];
    assert!(child(&words[..4]).status().unwrap().success());
    let (state, kept) = (fs::read(out.path().join("run.state")).unwrap(), weights(out.path()));
    // The shell's limit on the size of files stands for the disk's end: once not even a checkpoint fits, once a
    // checkpoint does and the state does not.
    let exe = std::env::current_exe().unwrap();
    for (limit_kb, checkpoint_fits) in [(4, false), (state.len() / 2 / 1024, true)] {
        let limited = format!("trap '' XFSZ; ulimit -f {limit_kb}; exec \"$0\" \"$@\"");
        let mut shell = Command::new("bash");
        shell.args(["-c", &limited]).arg(&exe).args(["--exact", "child_process_that_trains", "--nocapture"]);
        shell.env("ZEROSET_TEST_TRAIN", words.join("\n")).stdout(std::process::Stdio::null());
        // Where this test's own output goes to a file, the limit would hold for that too.
        shell.stderr(std::process::Stdio::null());
        assert_eq!(shell.status().unwrap().code(), Some(1));
        assert!(fs::read(out.path().join("run.state")).unwrap() == state, "limit {limit_kb} kB");
        assert_eq!(weights(out.path()) == kept, !checkpoint_fits, "limit {limit_kb} kB");
        Checkpoint::load(&out.path().join("last"), &burn::tensor::Device::flex()).unwrap();
        Checkpoint::load(&out.path().join("best"), &burn::tensor::Device::flex()).unwrap();
    }
    assert!(child(&words).status().unwrap().success(), "with room again it goes on");
    assert!(fs::read(out.path().join("run.state")).unwrap() != state);
}

#[test]
fn a_contour_evolution_learns_from_deformed_truth_and_from_a_network() {
    let data = tempfile::tempdir().unwrap();
    phantoms(data.path(), 3);
    let unet = tempfile::tempdir().unwrap();
    go(&recipe(data.path(), unet.path(), |t| t.replace("epochs = 3", "epochs = 1"))).unwrap();
    let contour = |t: String| {
        t.replace(
            "architecture = \"unet\"\nchannels = [4, 8]",
            "architecture = \"node-contour\"\nhidden = 4\ndynamics = { channels = [4, 8], activation = \"silu\" }",
        )
        .replace("[augmentation]", "[solver]\nscheme = \"midpoint\"\nsteps = 2\n\n[augmentation]")
    };
    let out = tempfile::tempdir().unwrap();
    let report = go(&recipe(data.path(), out.path(), |t| contour(t).replace("epochs = 3", "epochs = 4"))).unwrap();
    assert!(report.epochs[3].training_loss < report.epochs[0].training_loss);
    assert_eq!(report.epochs[0].evaluations, Some(4.0));
    let out = tempfile::tempdir().unwrap();
    let start = format!("[start]\ncheckpoint = {:?}\ndeformed_part = 0.5\n\n[optimizer]", unet.path().join("best"));
    let from_network = |t: String| contour(t).replace("[optimizer]", &start).replace("epochs = 3", "epochs = 1");
    go(&recipe(data.path(), out.path(), from_network)).unwrap();
    let best = Checkpoint::load(&out.path().join("best"), &burn::tensor::Device::flex()).unwrap();
    assert_eq!(best.manifest.training.built_on.len(), 1);
    // The network learned from case0001, who would validate here.
    let out = tempfile::tempdir().unwrap();
    let leak = |t: String| from_network(t).replace("[\"case0000\"]", "[\"case0001\"]");
    let error = go(&recipe(data.path(), out.path(), leak)).unwrap_err().to_string();
    assert!(error.contains("it learned from patient case0001, who validates here"), "{error}");
}

#[test]
fn start_contours_come_from_networks_that_never_saw_the_patient() {
    let data = tempfile::tempdir().unwrap();
    phantoms(data.path(), 4);
    let out = tempfile::tempdir().unwrap();
    let at = |name: &str| out.path().join(name);
    let unet = |name: &str, train: &str| {
        let change = |t: String| {
            t.replace("epochs = 3", "epochs = 1").replace("[\"case0000\"]", &format!("[\"case0000\"]\ntrain = {train}"))
        };
        go(&recipe(data.path(), &at(name), change)).unwrap();
    };
    unet("all", r#"["case0001", "case0002", "case0003"]"#);
    unet("fold1", r#"["case0002", "case0003"]"#);
    unet("fold2", r#"["case0001", "case0003"]"#);
    let contour = |folds: &[&str]| {
        let folds: Vec<_> = folds.iter().map(|name| at(name).join("best")).collect();
        let start = format!("[start]\ncheckpoint = {:?}\nfolds = {folds:?}\n\n[optimizer]", at("all").join("best"));
        move |t: String| {
            t.replace(
                "architecture = \"unet\"\nchannels = [4, 8]",
                "architecture = \"node-contour\"\nhidden = 4\ndynamics = { channels = [4, 8], activation = \"silu\" }",
            )
            .replace("[optimizer]", &start)
            .replace("epochs = 3", "epochs = 1")
        }
    };
    let error = go(&recipe(data.path(), &at("c1"), contour(&["fold1", "fold2"]))).unwrap_err().to_string();
    assert!(error.contains("every network of start.folds learned from patient case0003"), "{error}");
    unet("fold3", r#"["case0001", "case0002"]"#);
    go(&recipe(data.path(), &at("c2"), contour(&["fold1", "fold2", "fold3"]))).unwrap();
    let best = Checkpoint::load(&at("c2").join("best"), &burn::tensor::Device::flex()).unwrap();
    assert_eq!(best.manifest.training.built_on.len(), 4);
}

#[test]
fn a_found_start_contour_keeps_as_much_of_its_error_as_is_asked_for() {
    let data = tempfile::tempdir().unwrap();
    phantoms(data.path(), 3);
    let unet = tempfile::tempdir().unwrap();
    go(&recipe(data.path(), unet.path(), |t| t.replace("epochs = 3", "epochs = 1"))).unwrap();
    // An untrained contour ODE returns its start: at a rate that moves nothing, the first loss is the start's own error.
    let loss = |share: &str| {
        let start = format!("[start]\ncheckpoint = {:?}\n{share}\n\n[optimizer]", unet.path().join("best"));
        let change = |t: String| {
            let contour = t.replace(
                "architecture = \"unet\"\nchannels = [4, 8]",
                "architecture = \"node-contour\"\nhidden = 4\ndynamics = { channels = [4, 8], activation = \"silu\" }",
            );
            let slow = contour.lines().map(|line| match line.split(" = ").next() {
                Some("rate") => "rate = 1e-12\nleast_rate = 0.0".to_owned(),
                _ => line.to_owned(),
            });
            let slow = slow.collect::<Vec<_>>().join("\n");
            slow.replace("[optimizer]", &start).replace("epochs = 3", "epochs = 1")
        };
        let out = tempfile::tempdir().unwrap();
        go(&recipe(data.path(), out.path(), change)).map(|report| report.epochs[0].clone())
    };
    let [whole, little, none] =
        ["", "error_share = [0.1, 0.1]", "error_share = [0.0, 0.0]"].map(|share| loss(share).unwrap());
    println!("{} {} {}", whole.training_loss, little.training_loss, none.training_loss);
    assert!(none.training_loss < 0.01 * whole.training_loss);
    assert!(little.training_loss < whole.training_loss && little.training_loss > none.training_loss);
    // A validation asks for what the product will start from, whatever training does.
    assert_eq!(none.validation_loss, whole.validation_loss);
}

#[test]
fn a_checkpoint_does_not_tell_where_its_makers_folders_are() {
    let data = tempfile::tempdir().unwrap();
    phantoms(data.path(), 2);
    let out = tempfile::tempdir().unwrap();
    go(&recipe(data.path(), &out.path().join("run"), |t| t.replace("epochs = 3", "epochs = 1"))).unwrap();
    for folder in ["best", "last"] {
        let text = fs::read_to_string(out.path().join("run").join(folder).join("model.json")).unwrap();
        for place in [data.path(), out.path()] {
            assert!(!text.contains(place.to_str().unwrap()), "{text}");
        }
        assert!(text.contains("\"folder\": \"run\""), "{text}");
    }
}

#[test]
fn a_training_goes_on_from_another_ones_weights() {
    let data = tempfile::tempdir().unwrap();
    phantoms(data.path(), 3);
    let out = tempfile::tempdir().unwrap();
    let at = |name: &str| out.path().join(name);
    let first = go(&recipe(data.path(), &at("first"), |t| t)).unwrap();
    let begin = |t: String| t.replace("seed = 7", &format!("seed = 8\nbegin_with = {:?}", at("first").join("best")));
    let second = go(&recipe(data.path(), &at("second"), begin)).unwrap();
    let fresh = go(&recipe(data.path(), &at("fresh"), |t| t.replace("seed = 7", "seed = 8"))).unwrap();
    let [from, to, anew] = [&first.epochs[2], &second.epochs[0], &fresh.epochs[0]].map(|e| e.validation_loss);
    assert!(to < anew && to < 1.2 * from, "{from} before, {to} after an epoch more, {anew} from random weights");
    let best = Checkpoint::load(&at("second").join("best"), &burn::tensor::Device::flex()).unwrap();
    assert_eq!(best.manifest.training.built_on.len(), 1);
    let refused = |name: &str, change: &dyn Fn(String) -> String, says: &str| {
        let error = go(&recipe(data.path(), &at(name), |t| change(begin(t)))).unwrap_err().to_string();
        assert!(error.contains("begin_with") && error.contains(says), "{error}");
    };
    refused("a", &|t| t.replace("[4, 8]", "[4, 9]"), "it is another network");
    refused("b", &|t| t.replace("[\"case0000\"]", "[\"case0001\"]"), "it learned from patient case0001");
}

#[test]
#[ignore = "needs ZEROSET_DATA"]
fn the_short_recipe_trains_on_real_kidneys() {
    let out = tempfile::tempdir().unwrap();
    let mut recipe =
        TrainRecipe::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/recipes/kidney-short.toml")).unwrap();
    recipe.output.folder = out.path().into();
    recipe.resolve().unwrap();
    let report = go(&recipe).unwrap();
    let kidney = &report.epochs[0].organs[0];
    assert!(kidney.iou.unwrap() > 0.3, "{kidney:?}");
}
