//! Small folders of synthetic scans, and recipes to train on them in seconds.

use std::path::Path;
use zeroset_engine::phantom::{Phantom, PhantomOptions};
use zeroset_engine::train::TrainRecipe;
use zeroset_engine::{Geometry, LabelMap, Volume, io};

/// Writes `patients` synthetic abdomens as `case0000_ct.nii.gz` with `case0000_label.nii.gz`, 40×40×10 voxels.
pub fn phantoms(folder: &Path, patients: u64) {
    for patient in 0..patients {
        let options =
            PhantomOptions { size: [40, 40, 10], spacing_mm: [8.0, 8.0, 20.0], rng_seed: patient, noise_hu: 10.0 };
        let phantom = Phantom::generate(&options).unwrap();
        let at = |end: &str| folder.join(format!("case{patient:04}_{end}.nii.gz"));
        io::write_volume(&at("ct"), &phantom.ct, None).unwrap();
        io::write_labels(&at("label"), &phantom.labels, None).unwrap();
    }
}

/// A scan with a bright block (label 1) in the middle of every slice but the first, and its truth.
pub fn block(size: [usize; 3]) -> (Volume, LabelMap) {
    let grid = Geometry::aligned(size, [1.0, 1.0, 3.0], [0.0; 3]).unwrap();
    let inside = |i: usize| {
        let [x, y, z] = [i % size[0], i / size[0] % size[1], i / (size[0] * size[1])];
        z > 0 && (size[0] / 4..size[0] / 2).contains(&x) && (size[1] / 3..2 * size[1] / 3).contains(&y)
    };
    let hu = (0..grid.len()).map(|i| if inside(i) { 150.0 } else { 20.0 } + (i % 7) as f32).collect();
    let labels = (0..grid.len()).map(|i| u16::from(inside(i))).collect();
    (Volume::new(grid.clone(), hu), LabelMap::new(grid, labels))
}

/// A recipe for [`phantoms`] in `data` (livers, a tiny UNet), into `output`; `more` is TOML put before the tables.
pub fn recipe_text(data: &Path, output: &Path, more: &str) -> String {
    format!(
        r#"
seed = 7
devices = ["cpu"]
{more}

[data]
source = {{ folder = {data:?}, convention = "nifti-pairs" }}
validation = ["case0000"]

[preprocessing]
window_hu = [-125.0, 275.0]
size = [32, 32]
fit = "stretch"
neighbours = 0
band_px = 3.0
organs = [{{ name = "liver", labels = [5] }}]

[network]
architecture = "unet"
channels = [4, 8]

[augmentation]
scale = 0.1
rotation_degrees = 10.0
elastic_px = 1.0
noise_hu = 10.0

[optimizer]
rate = 3e-3
warm_up_steps = 3
clip_norm = 1.0
ema_decay = 0.9
batch_size = 4
epochs = 3

[output]
folder = {output:?}
pictures = 1
"#
    )
}

/// [`recipe_text`] read.
pub fn recipe(data: &Path, output: &Path, change: impl Fn(String) -> String) -> TrainRecipe {
    let text = change(recipe_text(data, output, ""));
    TrainRecipe::parse(&text, Path::new("recipe.toml")).unwrap()
}
