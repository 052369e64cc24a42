//! All that a run needs to go on: one file, written whole or not at all.
//!
//! `ZSRUNST1`, length of the header (u32), header (JSON), the numbers (f32: weights, averaged weights, Adam's first and
//! second moments, parameter by parameter), SHA-256 of all before it. Random numbers are not in it: they depend on
//! seed, epoch and slice only.

use super::error::write_error;
use super::learner::Learner;
use super::optimizer::SavedMoments;
use super::schedule::Plateau;
use super::{TrainError, weights};
use crate::io::AtomicFile;
use crate::provenance::{PROGRAM, VERSION};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io::Write;
use std::path::Path;

/// Version of the file; another one is refused.
pub const STATE_FORMAT: u32 = 1;

const MAGIC: &[u8; 8] = b"ZSRUNST1";

/// Where a run stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunState {
    /// [`STATE_FORMAT`].
    pub format: u32,
    /// The program that wrote it and its version.
    pub program: String,
    /// Hash of all that decides the weights.
    pub fingerprint: String,
    /// Hash of the slices that train and validate, by name.
    pub slices: String,
    /// Epoch in progress, from 0.
    pub epoch: u64,
    /// Batches of it that are done.
    pub batch: u64,
    /// Steps of the whole run.
    pub step: u64,
    /// Sum of the losses of this epoch's batches, times their slices.
    #[serde(with = "exact")]
    pub loss_sum: f64,
    /// Slices in it.
    pub loss_slices: u64,
    /// The schedule's memory.
    pub plateau: Plateau,
    /// Best score so far.
    #[serde(with = "exact")]
    pub best: f64,
    /// Its epoch, from 1; 0: none yet.
    pub best_epoch: u64,
    /// Seconds of work in all runs together.
    pub seconds: f64,
    /// The epochs' lines, as written.
    pub lines: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct Header {
    state: RunState,
    lengths: Vec<usize>,
    averaged: bool,
    times: Vec<usize>,
}

/// f64 in JSON digit by digit: parsing JSON numbers may be off by the last bit.
mod exact {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{:016x}", value.to_bits()))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        let text = String::deserialize(deserializer)?;
        u64::from_str_radix(&text, 16).map(f64::from_bits).map_err(D::Error::custom)
    }
}

/// Writes the state of a run.
///
/// # Errors
/// The file cannot be written; the older one is untouched.
pub(crate) fn save(path: &Path, state: &RunState, learner: &Learner) -> Result<(), TrainError> {
    let weights = weights::to_host(&weights::collect(&learner.network));
    let averaged = learner.averaged.as_ref().map(|averaged| weights::to_host(averaged));
    let moments = learner.adam.save();
    let header = Header {
        state: RunState { format: STATE_FORMAT, program: format!("{PROGRAM} {VERSION}"), ..state.clone() },
        lengths: weights.iter().map(Vec::len).collect(),
        averaged: averaged.is_some(),
        times: moments.times,
    };
    let json = serde_json::to_vec(&header).map_err(|e| write_error(path, e))?;
    let mut bytes = MAGIC.to_vec();
    bytes.extend((json.len() as u32).to_le_bytes());
    bytes.extend(json);
    let numbers = weights.iter().chain(averaged.iter().flatten()).chain(&moments.first).chain(&moments.second);
    for value in numbers.flatten() {
        bytes.extend(value.to_le_bytes());
    }
    let hash = Sha256::digest(&bytes);
    bytes.extend(hash);
    let mut file = AtomicFile::create(path).map_err(|e| write_error(path, e))?;
    file.file().write_all(&bytes).map_err(|e| write_error(path, e))?;
    file.commit().map_err(|e| write_error(path, e))
}

/// Reads the state of a run into a learner of the same recipe.
///
/// # Errors
/// A file that is damaged, of another version, or of another recipe.
pub(crate) fn load(path: &Path, fingerprint: &str, learner: &mut Learner) -> Result<RunState, TrainError> {
    let refuse = |reason: String| TrainError::State { path: path.into(), reason };
    let bytes = std::fs::read(path).map_err(|e| refuse(format!("cannot be read: {e}")))?;
    let damaged = || refuse("is no saved state of a run, or is damaged; start again in another folder".into());
    if bytes.len() < 44 || bytes[..7] != MAGIC[..7] {
        return Err(damaged());
    }
    let other_version = |found: &str| {
        refuse(format!(
            "was saved in format {found}, this program ({PROGRAM} {VERSION}) reads format {STATE_FORMAT}: finish the run with the \
             program that began it, or start again in another folder"
        ))
    };
    if bytes[7] != MAGIC[7] {
        return Err(other_version(&char::from(bytes[7]).to_string()));
    }
    let (content, hash) = bytes.split_at(bytes.len() - 32);
    if Sha256::digest(content).as_slice() != hash {
        return Err(damaged());
    }
    let length = u32::from_le_bytes([content[8], content[9], content[10], content[11]]) as usize;
    let json = content.get(12..12 + length).ok_or_else(damaged)?;
    let value: serde_json::Value = serde_json::from_slice(json).map_err(|_| damaged())?;
    let format = &value["state"]["format"];
    if format.as_u64() != Some(STATE_FORMAT.into()) {
        return Err(other_version(&format.to_string()));
    }
    let header: Header = serde_json::from_value(value).map_err(|_| damaged())?;
    if header.state.fingerprint != fingerprint {
        return Err(refuse("belongs to another recipe: seed, data, network, loss or optimizer were changed since; undo that, or start again in another folder".into()));
    }
    let device = learner.device().clone();
    let expected: Vec<usize> = weights::collect(&learner.network).iter().map(|w| w.dims()[0]).collect();
    if header.lengths != expected
        || header.times.len() != expected.len()
        || header.averaged != learner.averaged.is_some()
    {
        return Err(refuse("holds weights of another network".into()));
    }
    let mut numbers = content[12 + length..].chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
    let mut take = |lengths: &[usize]| -> Vec<Vec<f32>> {
        lengths.iter().map(|&length| numbers.by_ref().take(length).collect()).collect()
    };
    let values = take(&expected);
    learner.network = weights::assign(learner.network.clone(), &weights::to_device(&values, &device));
    if header.averaged {
        learner.averaged = Some(weights::to_device(&take(&expected), &device));
    }
    let moved: Vec<usize> =
        expected.iter().zip(&header.times).map(|(&n, &time)| if time > 0 { n } else { 0 }).collect();
    let (first, second) = (take(&moved), take(&moved));
    learner.adam.load(&SavedMoments { times: header.times, first, second }, &device);
    Ok(header.state)
}
