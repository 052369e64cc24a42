//! Slices made ready for the network: augmented, scaled, with their truth as distances.

use super::augment::augmented;
use super::data::{DatasetError, Sample};
use super::random::random_for;
use super::recipe::TrainRecipe;
use super::start::{deformed, draws_deformed};
use crate::prepare::phi_band_of;
use rand::RngExt;
use rayon::prelude::*;
use std::ops::Range;

/// Slices on the host, `[n][channel or organ][row][column]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Rows and columns.
    pub size: [usize; 2],
    /// Image channels.
    pub channels: usize,
    /// Output channels.
    pub organs: usize,
    /// Names of the slices.
    pub names: Vec<String>,
    /// Their patients.
    pub patients: Vec<String>,
    /// −1 to 1.
    pub image: Vec<f32>,
    /// φ of the truth in band widths, negative inside.
    pub phi_band: Vec<f32>,
    /// Part of each pixel that is organ.
    pub inside: Vec<f32>,
    /// 1 where a pixel counts, 0 where it does not, `[n][row][column]`; `None`: all count.
    pub mask: Option<Vec<f32>>,
    /// φ of start contours in band widths, where they come from the truth.
    pub start: Option<Vec<f32>>,
    /// Slices whose start contour is still to be found by another network, and the share of its error that it keeps.
    pub start_to_find: Vec<(usize, f32)>,
}

/// Whether slices vary, and by which numbers.
#[derive(Clone, Copy, Debug)]
pub enum Purpose {
    /// Training in this epoch.
    Train(u64),
    /// Validation: nothing varies.
    Validate,
}

struct Prepared {
    image: Vec<f32>,
    phi_band: Vec<f32>,
    inside: Vec<f32>,
    mask: Option<Vec<f32>>,
    start: Option<PreparedStart>,
}

enum PreparedStart {
    /// From the truth.
    Here(Vec<f32>),
    /// To be found, keeping this share of its error.
    ToFind(f32),
}

impl Batch {
    /// Reads and prepares slices; `first` is the number of the first one in its epoch.
    ///
    /// # Errors
    /// The slice cache.
    pub fn prepare(
        samples: &[Sample],
        first: usize,
        recipe: &TrainRecipe,
        purpose: Purpose,
    ) -> Result<Self, DatasetError> {
        let numbered = samples.par_iter().enumerate();
        let prepared: Vec<Prepared> = numbered
            .map(|(k, sample)| prepare(sample, (first + k) as u64, recipe, purpose))
            .collect::<Result<_, _>>()?;
        let gather = |part: fn(&Prepared) -> &Vec<f32>| prepared.iter().flat_map(|p| part(p).iter().copied()).collect();
        let needs_start = recipe.network.needs_start();
        Ok(Self {
            size: recipe.preprocessing.size,
            channels: recipe.preprocessing.channels(),
            organs: recipe.preprocessing.organs.len(),
            names: samples.iter().map(|sample| sample.name.clone()).collect(),
            patients: samples.iter().map(|sample| sample.patient.clone()).collect(),
            image: gather(|p| &p.image),
            phi_band: gather(|p| &p.phi_band),
            inside: gather(|p| &p.inside),
            mask: prepared.iter().map(|p| p.mask.clone()).collect::<Option<Vec<_>>>().map(|m| m.concat()),
            start: needs_start.then(|| {
                let values = |p: &Prepared| match &p.start {
                    Some(PreparedStart::Here(start)) => start.clone(),
                    Some(PreparedStart::ToFind(_)) | None => vec![0.0; p.phi_band.len()],
                };
                prepared.iter().flat_map(values).collect()
            }),
            start_to_find: prepared
                .iter()
                .enumerate()
                .filter_map(|(k, p)| match p.start {
                    Some(PreparedStart::ToFind(share)) => Some((k, share)),
                    Some(PreparedStart::Here(_)) | None => None,
                })
                .collect(),
        })
    }

    /// Number of slices.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is no slice.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Pixels of one plane.
    pub fn plane(&self) -> usize {
        self.size[0] * self.size[1]
    }

    /// Some of its slices as a batch of their own.
    pub fn part(&self, range: Range<usize>) -> Self {
        let cut = |values: &[f32], planes: usize| {
            let each = planes * self.plane();
            values[range.start * each..range.end * each].to_vec()
        };
        Self {
            size: self.size,
            channels: self.channels,
            organs: self.organs,
            names: self.names[range.clone()].to_vec(),
            patients: self.patients[range.clone()].to_vec(),
            image: cut(&self.image, self.channels),
            phi_band: cut(&self.phi_band, self.organs),
            inside: cut(&self.inside, self.organs),
            mask: self.mask.as_ref().map(|mask| cut(mask, 1)),
            start: self.start.as_ref().map(|start| cut(start, self.organs)),
            start_to_find: Vec::new(),
        }
    }
}

fn prepare(sample: &Sample, number: u64, recipe: &TrainRecipe, purpose: Purpose) -> Result<Prepared, DatasetError> {
    let slice = sample.slice()?;
    let preprocessing = &recipe.preprocessing;
    let (slice, window_hu) = match purpose {
        Purpose::Train(epoch) => {
            let mut random = random_for("augment", recipe.seed, [epoch, number]);
            augmented(slice, &recipe.augmentation, preprocessing, &mut random)
        }
        Purpose::Validate => (slice, preprocessing.window_hu),
    };
    let shown = crate::prepare::Preprocessing { window_hu, ..preprocessing.clone() };
    let counts: Option<Vec<f32>> =
        slice.valid.as_ref().map(|valid| valid.iter().map(|&part| if part >= 0.5 { 1.0 } else { 0.0 }).collect());
    let image = slice.image_hu.iter().enumerate().map(|(i, &hu)| match &counts {
        // Beyond the picture: the middle of the window, which says nothing.
        Some(counts) if counts[i % counts.len()] == 0.0 => 0.0,
        _ => shown.scaled(hu),
    });
    let image = image.collect();
    let plane = slice.size[0] * slice.size[1];
    let planes = slice.inside.chunks_exact(plane);
    let phi_band: Vec<f32> = planes.flat_map(|plane| phi_band_of(plane, slice.size, preprocessing.band_px)).collect();
    let start = recipe.network.needs_start().then(|| {
        let epoch = match purpose {
            Purpose::Train(epoch) => Some(epoch),
            Purpose::Validate => None,
        };
        let (is_deformed, mut random) = draws_deformed(&recipe.start, recipe.seed, epoch, number);
        if !is_deformed {
            let [least, most] = recipe.start.error_share;
            // A validation asks for what the product will start from.
            let share = if epoch.is_some() { least + (most - least) * random.random_range(0.0..=1.0f64) } else { 1.0 };
            return PreparedStart::ToFind(share as f32);
        }
        PreparedStart::Here(deformed(&slice.inside, slice.size, preprocessing.band_px, &recipe.start, &mut random))
    });
    Ok(Prepared { image, phi_band, inside: slice.inside, mask: counts, start })
}
