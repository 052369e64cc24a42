//! Recipes: what is wrong comes with line and key; the recipes of the tree are sound.

use std::path::{Path, PathBuf};
use zeroset_engine::train::recipe::{RecipeError, defaults_text};
use zeroset_engine::train::{Schedule, TrainRecipe};
use zeroset_tests::training::recipe_text;

fn text() -> String {
    recipe_text(Path::new("data"), Path::new("out"), "")
}

/// Line and key of what is wrong with the recipe after a change; the line is checked to be the one that holds `at`.
fn refused(change: impl Fn(String) -> String, at: &str, key: &str, says: &str) {
    let text = change(text());
    let error = TrainRecipe::parse(&text, Path::new("r.toml")).expect_err(says);
    let RecipeError::Line { line, key: found, reason, .. } = &error else { panic!("{error}") };
    let expected = text.lines().position(|l| l.contains(at)).expect(at) + 1;
    assert_eq!((*line, found.as_str()), (expected, key), "{error}");
    assert!(reason.contains(says), "{error}");
    assert!(error.to_string().starts_with(&format!("r.toml:{expected}: {key}: ")), "{error}");
}

#[test]
fn a_small_recipe_and_its_defaults() {
    let recipe = TrainRecipe::parse(&text(), Path::new("r.toml")).unwrap();
    assert_eq!(recipe.optimizer.least_rate, 1e-4);
    assert_eq!((recipe.optimizer.beta_1, recipe.optimizer.beta_2, recipe.optimizer.epsilon), (0.9, 0.999, 1e-8));
    assert_eq!(recipe.optimizer.schedule, Schedule::Plateau { patience: 4, factor: 0.5 });
    assert_eq!(recipe.solver.relative_tolerance, 0.0);
    let defaults = defaults_text();
    for key in ["rate = 0.001", "least_rate = 0.0001", "patience = 20", "deform_px"] {
        assert!(defaults.contains(key), "{key} in {defaults}");
    }
}

#[test]
fn what_is_wrong_comes_with_line_and_key() {
    refused(|t| t.replace("batch_size = 4", "batch_sise = 4"), "batch_sise", "optimizer.batch_sise", "unknown field");
    refused(
        |t| t.replace("batch_size = 4", "batch_size = \"4\""),
        "batch_size",
        "optimizer.batch_size",
        "invalid type",
    );
    refused(|t| t.replace("batch_size = 4", "batch_size = 0"), "batch_size", "optimizer.batch_size", "at least 1");
    refused(|t| t.replace("rate = 3e-3", "rate = -1.0"), "rate = -1.0", "optimizer.rate", "more than 0");
    refused(|t| t.replace("size = [32, 32]", "size = [2, 2]"), "size = [2, 2]", "preprocessing.size", "8 to 4096");
    refused(|t| t.replace("channels = [4, 8]", "channels = []"), "channels = []", "network.channels", "1 to 6 levels");
    refused(|t| t.replace("channels = [4, 8]", "channls = [4]"), "channls", "network.channls", "unknown field");
    refused(|t| t.replace("nifti-pairs", "nifti"), "source =", "data.source", "unknown variant");
    refused(|t| t.replace("seed = 7", "seed = 7\nsolver = 3"), "solver = 3", "solver", "invalid type");
    refused(|t| t.replace("[augmentation]", "[augmentation"), "[augmentation", "augmentation", "");
    refused(
        |t| t.replace("validation = [\"case0000\"]", "validation = [\"a\"]\ntrain = [\"a\", \"b\"]"),
        "validation =",
        "data.validation",
        "patient a is also in data.train",
    );
    refused(|t| t.replace("validation = [\"case0000\"]", ""), "[data]", "data", "nothing validates");
    refused(
        |t| t.replace("validation = [\"case0000\"]", "fold = { folds = 3, fold = 3 }"),
        "fold =",
        "data.fold.fold",
        "expected 0 to 2",
    );
    let first = |line: &'static str| move |t: String| t.replace("seed = 7", &format!("seed = 7\n{line}"));
    refused(first("organ_weights = [1.0, 2.0]"), "organ_weights", "organ_weights", "one for each of the 1 organs");
    refused(first("organ_weights = [-1.0]"), "organ_weights", "organ_weights", "more than 0");
    refused(
        first("loss = \"dice\"\norgan_weights = [1.0]"),
        "organ_weights",
        "organ_weights",
        "only the losses tanh-band",
    );
    refused(
        first("loss = { tanh-band-plus = { cross_entropy = 1.0, dice = 1.0, width = 0.0 } }"),
        "loss =",
        "loss.tanh-band-plus.width",
        "more than 0",
    );
    refused(
        |t| t.replace("noise_hu = 10.0", "native = 0.5"),
        "[augmentation]",
        "augmentation.structures",
        "needs some",
    );
    refused(
        |t| t.replace("noise_hu = 10.0", "structures = [{ labels = [0], native_hu = [1.0, 2.0] }]"),
        "structures =",
        "augmentation.structures.labels",
        "from 1 up",
    );
    refused(|t| format!("{t}\n[start]\nfolds = [\"a\"]\n"), "folds =", "start.folds", "without start.checkpoint");
    let share = |t: String| format!("{t}\n[start]\nerror_share = [0.7, 0.2]\n");
    refused(share, "error_share =", "start.error_share", "the smaller one first");
    refused(|t| t.replace("noise_hu = 10.0", "noise_hu = -1.0"), "noise_hu", "augmentation.noise_hu", "0 or more");
}

#[test]
fn a_missing_table_is_named() {
    let text = text().replace("[network]", "[augmentation.x]");
    let error = TrainRecipe::parse(&text, Path::new("r.toml")).unwrap_err().to_string();
    assert!(error.starts_with("r.toml:"), "{error}");
    let error = TrainRecipe::parse("seed = 1\n", Path::new("r.toml")).unwrap_err().to_string();
    assert!(error.contains("missing field `data`"), "{error}");
    let error = TrainRecipe::read(Path::new("no-such.toml")).unwrap_err().to_string();
    assert!(error.starts_with("no-such.toml: cannot be read"), "{error}");
}

#[test]
fn a_fingerprint_changes_with_what_decides_the_weights() {
    let parse = |text: String| TrainRecipe::parse(&text, Path::new("r.toml")).unwrap().fingerprint();
    let same = parse(text());
    assert_eq!(parse(text().replace("epochs = 3", "epochs = 30")), same, "the plateau schedule knows no end");
    assert_eq!(parse(text().replace("pictures = 1", "pictures = 0")), same);
    assert_ne!(parse(text().replace("seed = 7", "seed = 8")), same);
    assert_ne!(parse(text().replace("[4, 8]", "[4, 9]")), same);
    let poly = |t: String| t.replace("epochs =", "schedule = { kind = \"poly\" }\nepochs =");
    assert_ne!(parse(poly(text())), parse(poly(text().replace("epochs = 3", "epochs = 30"))));
}

#[test]
fn variables_stand_for_folders() {
    let text = text().replace("\"data\"", "\"${ZEROSET_NO_SUCH_VARIABLE}/x\"");
    let mut recipe = TrainRecipe::parse(&text, Path::new("r.toml")).unwrap();
    let (key, name) = recipe.resolve().unwrap_err();
    assert_eq!((key.as_str(), name.as_str()), ("data.source.folder", "ZEROSET_NO_SUCH_VARIABLE"));
    recipe.data.source.folder = PathBuf::from("${PATH}/x");
    recipe.resolve().unwrap();
    assert_eq!(recipe.data.source.folder, PathBuf::from(std::env::var("PATH").unwrap()).join("x"));
}

#[test]
fn the_recipes_of_the_tree_are_sound() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/recipes");
    let mut found = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let recipe = TrainRecipe::read(&path).unwrap_or_else(|e| panic!("{e}"));
        let multiple = recipe.network.multiple();
        assert!(recipe.preprocessing.size.iter().all(|s| s % multiple == 0), "{}: not {multiple}", path.display());
        found += 1;
    }
    assert!(found >= 7, "{found} recipes");
}
