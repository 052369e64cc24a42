//! Slices on disk: each case is laid on the network's grid once, and again only when its files or the preprocessing
//! change.
//!
//! One file per case, named by the hash of the contents of image and truth and of the preprocessing:
//! `ZSSLICE2`, length of the header (u32), header (JSON), CRC-32 of the header, then the slices one after the other,
//! each with a CRC-32 in the header. A file that is damaged in any way is built anew.

use super::slice::{Planes, Slice};
use super::{Case, DatasetError, build};
use crate::io::AtomicFile;
use crate::prepare::Preprocessing;
use crate::provenance::sha256_of_file;
use crate::train::recipe::{Convention, Source, Structure};
use flate2::Crc;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

const MAGIC: &[u8; 8] = b"ZSSLICE2";

/// What is known of a cached slice without reading it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SliceInfo {
    /// Slice of the scan's stored grid.
    pub slice: usize,
    /// Label whose region it shows, for a network that works on regions.
    pub region: Option<u16>,
    /// Pixels at least half inside, per organ.
    pub organ_px: Vec<usize>,
    /// CRC-32 of its bytes.
    pub crc: u32,
}

/// The header of a cached case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Header {
    planes: Planes,
    image_sha256: String,
    slices: Vec<SliceInfo>,
}

/// A cached case, its slices on disk.
#[derive(Clone, Debug)]
pub(crate) struct CachedCase {
    path: PathBuf,
    header: Header,
    offset: u64,
}

/// The folder of cached cases.
#[derive(Clone, Debug)]
pub(crate) struct SliceCache {
    folder: PathBuf,
    preprocessing: Preprocessing,
    structures: Vec<Structure>,
    with_empty: bool,
}

/// Why a case has no cached slices.
pub(crate) enum CaseError {
    /// Something is wrong with the case.
    Case(super::DataProblem),
    /// Something is wrong with the cache's folder.
    Cache(DatasetError),
}

impl SliceCache {
    /// A cache in a folder, which is made; with the structures whose contrast varies, and with or without slices that
    /// hold no organ.
    pub(crate) fn new(
        folder: &Path,
        preprocessing: &Preprocessing,
        structures: &[Structure],
        with_empty: bool,
    ) -> Result<Self, DatasetError> {
        std::fs::create_dir_all(folder).map_err(|e| trouble(folder, e.to_string()))?;
        let (folder, preprocessing, structures) = (folder.into(), preprocessing.clone(), structures.to_vec());
        Ok(Self { folder, preprocessing, structures, with_empty })
    }

    /// The cached slices of a case, built if they are not there or damaged.
    pub(crate) fn open(&self, case: &Case, source: &Source) -> Result<CachedCase, CaseError> {
        let unreadable =
            |reason: String| CaseError::Case(super::DataProblem::Unreadable { case: case.name.clone(), reason });
        let hash = |path: &Path| {
            sha256_of_file(path).map_err(|e| unreadable(format!("{}: cannot be read: {e}", path.display())))
        };
        let (image_sha256, label_sha256) = (hash(&case.image)?, hash(&case.label)?);
        let path = self.folder.join(format!("{}.slices", self.key(&image_sha256, &label_sha256, source.convention)));
        if let Some(cached) = CachedCase::read(&path) {
            return Ok(cached);
        }
        let (preprocessing, structures) = (&self.preprocessing, &self.structures);
        let slices = build::slices_of(case, source.convention, preprocessing, structures, self.with_empty)
            .map_err(CaseError::Case)?;
        self.write(&path, image_sha256, &slices).map_err(CaseError::Cache)
    }

    fn key(&self, image: &str, label: &str, convention: Convention) -> String {
        let labels: Vec<&[u16]> = self.structures.iter().map(|structure| structure.labels.as_slice()).collect();
        let choices = (convention, &self.preprocessing, labels, self.with_empty);
        let choices = serde_json::to_string(&choices).unwrap_or_default();
        hex(&Sha256::digest(format!("{}\n{image}\n{label}\n{choices}", String::from_utf8_lossy(MAGIC))))[..32]
            .to_owned()
    }

    fn write(&self, path: &Path, image_sha256: String, slices: &[build::Built]) -> Result<CachedCase, DatasetError> {
        let encoded: Vec<Vec<u8>> = slices.iter().map(|built| built.slice.encode()).collect();
        let infos = slices.iter().zip(&encoded).map(|(built, bytes)| SliceInfo {
            slice: built.index,
            region: built.region,
            organ_px: built.organ_px.clone(),
            crc: crc(bytes),
        });
        let header = Header {
            planes: Planes {
                size: self.preprocessing.size,
                channels: self.preprocessing.channels(),
                organs: self.preprocessing.organs.len(),
                has_valid: slices.first().is_some_and(|built| built.slice.valid.is_some()),
                has_structures: !self.structures.is_empty(),
            },
            image_sha256,
            slices: infos.collect(),
        };
        let refuse = |e: &dyn std::fmt::Display| trouble(path, e.to_string());
        let json = serde_json::to_vec(&header).map_err(|e| refuse(&e))?;
        let mut file = AtomicFile::create(path).map_err(|e| refuse(&e))?;
        let length = (json.len() as u32).to_le_bytes();
        let sum = crc(&json).to_le_bytes();
        let parts = [MAGIC.as_slice(), &length, &json, &sum].into_iter();
        for part in parts.chain(encoded.iter().map(Vec::as_slice)) {
            file.file().write_all(part).map_err(|e| refuse(&e))?;
        }
        file.commit().map_err(|e| refuse(&e))?;
        Ok(CachedCase { path: path.into(), header, offset: 16 + json.len() as u64 })
    }
}

impl CachedCase {
    /// Reads and checks a whole file; `None` if it is not there or not sound.
    fn read(path: &Path) -> Option<Self> {
        let mut file = File::open(path).ok()?;
        let mut start = [0; 12];
        file.read_exact(&mut start).ok()?;
        let length = u32::from_le_bytes([start[8], start[9], start[10], start[11]]);
        if &start[..8] != MAGIC || u64::from(length) > file.metadata().ok()?.len() {
            return None;
        }
        let mut json = vec![0; length as usize];
        file.read_exact(&mut json).ok()?;
        let mut sum = [0; 4];
        file.read_exact(&mut sum).ok()?;
        if crc(&json) != u32::from_le_bytes(sum) {
            return None;
        }
        let header: Header = serde_json::from_slice(&json).ok()?;
        let cached = Self { path: path.into(), header, offset: 16 + u64::from(length) };
        let mut bytes = vec![0; cached.slice_bytes()];
        for info in &cached.header.slices {
            file.read_exact(&mut bytes).ok()?;
            if crc(&bytes) != info.crc {
                return None;
            }
        }
        Some(cached)
    }

    fn slice_bytes(&self) -> usize {
        Slice::bytes(self.header.planes)
    }

    /// What is known of each slice.
    pub(crate) fn slices(&self) -> &[SliceInfo] {
        &self.header.slices
    }

    /// Hash of the image's file.
    pub(crate) fn image_sha256(&self) -> &str {
        &self.header.image_sha256
    }

    /// Reads slice `place` of the file.
    pub(crate) fn slice(&self, place: usize) -> Result<Slice, DatasetError> {
        let refuse = |reason: String| trouble(&self.path, format!("{reason}; it is built again when you start again"));
        let mut bytes = vec![0; self.slice_bytes()];
        let mut file = File::open(&self.path).map_err(|e| refuse(e.to_string()))?;
        let offset = self.offset + (place * bytes.len()) as u64;
        file.seek(SeekFrom::Start(offset))
            .and_then(|_| file.read_exact(&mut bytes))
            .map_err(|e| refuse(e.to_string()))?;
        if crc(&bytes) != self.header.slices[place].crc {
            return Err(refuse(format!("slice {place} is damaged")));
        }
        Ok(Slice::decode(&bytes, self.header.planes))
    }
}

fn trouble(path: &Path, reason: String) -> DatasetError {
    DatasetError::Cache { path: path.into(), reason }
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
