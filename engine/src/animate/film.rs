//! Frames to files: an animated GIF, or one PNG per frame. Files appear whole or not at all.

use crate::io::{AtomicFile, IoError, Problem};
use gif::{DisposalMethod, Encoder, Repeat};
use image::RgbImage;
use image::codecs::png::PngEncoder;
use std::collections::HashMap;
use std::io::{BufWriter, Error, Write};
use std::path::{Path, PathBuf};

/// One picture of a film and how long it stays.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The picture.
    pub picture: RgbImage,
    /// How long it is shown, ms (GIF counts in steps of 10).
    pub delay_ms: u32,
}

/// A film: pictures of one size.
#[derive(Clone, Debug, Default)]
pub struct Animation {
    frames: Vec<Frame>,
}

impl Animation {
    /// Without frames yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a frame.
    ///
    /// # Panics
    /// When its size is not that of the frames before.
    pub fn push(&mut self, picture: RgbImage, delay_ms: u32) {
        if let Some(first) = self.frames.first() {
            assert_eq!(picture.dimensions(), first.picture.dimensions(), "frames must have one size");
        }
        self.frames.push(Frame { picture, delay_ms });
    }

    /// The frames so far.
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// Writes a GIF for `.gif`, a PNG series for `.png`. Returns the files written.
    ///
    /// # Errors
    /// Another extension, no frames, or a target that cannot be written.
    pub fn write(&self, path: &Path) -> Result<Vec<PathBuf>, IoError> {
        let extension = path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
        match extension.as_deref() {
            Some("gif") => self.write_gif(path).map(|()| vec![path.to_owned()]),
            Some("png") => self.write_png_series(path),
            _ => Err(failure(path, "an animation is written as .gif, or as .png for a series of pictures")),
        }
    }

    /// Writes an endless GIF. Greys keep 7 bits, contour colours and their rims are matched to the nearest entry of
    /// one palette; only what changed from frame to frame is stored.
    ///
    /// # Errors
    /// No frames, a picture larger than GIF allows, or a target that cannot be written.
    pub fn write_gif(&self, path: &Path) -> Result<(), IoError> {
        let Some(first) = self.frames.first() else { return Err(failure(path, "the animation has no frames")) };
        let (width, height) = first.picture.dimensions();
        let (Ok(w), Ok(h)) = (u16::try_from(width), u16::try_from(height)) else {
            return Err(failure(path, "the picture is too large for GIF"));
        };
        let palette = Palette::new(&self.frames);
        let mut file = AtomicFile::create(path).map_err(|problem| IoError::new(path, problem))?;
        let mut encode = || -> Result<(), gif::EncodingError> {
            let mut encoder = Encoder::new(BufWriter::new(file.file()), w, h, &palette.bytes())?;
            encoder.set_repeat(Repeat::Infinite)?;
            let mut shown: Vec<u8> = Vec::new();
            let mut nearest = HashMap::new();
            for frame in &self.frames {
                let indexed: Vec<u8> = frame.picture.pixels().map(|p| palette.index(p.0, &mut nearest)).collect();
                let (left, top, right, bottom) = changed(&shown, &indexed, width as usize);
                let rows = indexed.chunks(width as usize).take(bottom).skip(top);
                let buffer: Vec<u8> = rows.flat_map(|row| &row[left..right]).copied().collect();
                encoder.write_frame(&gif::Frame {
                    delay: (frame.delay_ms / 10).clamp(1, 60_000) as u16,
                    dispose: DisposalMethod::Keep,
                    left: left as u16,
                    top: top as u16,
                    width: (right - left) as u16,
                    height: (bottom - top) as u16,
                    buffer: buffer.into(),
                    ..gif::Frame::default()
                })?;
                shown = indexed;
            }
            encoder.into_inner()?.flush()?;
            Ok(())
        };
        encode().map_err(|error| IoError::new(path, Problem::Write(Error::other(error))))?;
        file.commit().map_err(|problem| IoError::new(path, problem))
    }

    /// Writes `NAME_0000.png`, `NAME_0001.png`, … for the path `NAME.png`. Returns the files written.
    ///
    /// # Errors
    /// No frames, or a target that cannot be written.
    pub fn write_png_series(&self, path: &Path) -> Result<Vec<PathBuf>, IoError> {
        if self.frames.is_empty() {
            return Err(failure(path, "the animation has no frames"));
        }
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let mut written = Vec::with_capacity(self.frames.len());
        for (number, frame) in self.frames.iter().enumerate() {
            let target = path.with_file_name(format!("{stem}_{number:04}.png"));
            write_png(&target, &frame.picture)?;
            written.push(target);
        }
        Ok(written)
    }
}

/// Writes one picture as PNG.
///
/// # Errors
/// A target that cannot be written: then what was there before is untouched.
pub fn write_png(path: &Path, picture: &RgbImage) -> Result<(), IoError> {
    let mut file = AtomicFile::create(path).map_err(|problem| IoError::new(path, problem))?;
    let mut out = BufWriter::new(file.file());
    picture
        .write_with_encoder(PngEncoder::new(&mut out))
        .map_err(|error| IoError::new(path, Problem::Write(Error::other(error))))?;
    out.flush().map_err(|error| IoError::new(path, Problem::Write(error)))?;
    drop(out);
    file.commit().map_err(|problem| IoError::new(path, problem))
}

fn failure(path: &Path, what: &str) -> IoError {
    IoError::new(path, Problem::Write(Error::other(what)))
}

/// The box (left, top, right, bottom) that differs from what is shown; one pixel when nothing does.
fn changed(shown: &[u8], next: &[u8], width: usize) -> (usize, usize, usize, usize) {
    let height = next.len() / width;
    if shown.len() != next.len() {
        return (0, 0, width, height);
    }
    let (mut left, mut top, mut right, mut bottom) = (width, height, 0, 0);
    for (i, _) in shown.iter().zip(next).enumerate().filter(|(_, (a, b))| a != b) {
        let (x, y) = (i % width, i / width);
        (left, right) = (left.min(x), right.max(x + 1));
        (top, bottom) = (top.min(y), bottom.max(y + 1));
    }
    if right == 0 { (0, 0, 1, 1) } else { (left, top, right, bottom) }
}

/// 128 greys, and the most frequent colours of the film (contours, their anti-aliased rims, letters).
struct Palette {
    colours: Vec<[u8; 3]>,
}

const GREYS: usize = 128;

impl Palette {
    fn new(frames: &[Frame]) -> Self {
        let mut colours: Vec<[u8; 3]> = (0..GREYS).map(|i| [(i * 255 / (GREYS - 1)) as u8; 3]).collect();
        let mut counts: HashMap<[u8; 3], u64> = HashMap::new();
        for pixel in frames.iter().flat_map(|f| f.picture.pixels()) {
            if !is_grey(pixel.0) {
                *counts.entry(pixel.0.map(|c| c & 0xf0 | 0x08)).or_default() += 1;
            }
        }
        // The pure colours come first: their lines are what the film is about.
        let mut frequent: Vec<([u8; 3], u64)> = counts.into_iter().collect();
        frequent.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        colours.extend(frequent.into_iter().map(|(colour, _)| colour).take(256 - GREYS));
        Self { colours }
    }

    fn bytes(&self) -> Vec<u8> {
        self.colours.concat()
    }

    fn index(&self, colour: [u8; 3], nearest: &mut HashMap<[u8; 3], u8>) -> u8 {
        if is_grey(colour) {
            return ((usize::from(colour[0]) * (GREYS - 1) + 127) / 255) as u8;
        }
        *nearest.entry(colour).or_insert_with(|| {
            let distance = |c: &[u8; 3]| (0..3).map(|d| (i32::from(c[d]) - i32::from(colour[d])).pow(2)).sum::<i32>();
            let best = (0..self.colours.len()).min_by_key(|&i| distance(&self.colours[i]));
            best.unwrap_or(0) as u8
        })
    }
}

fn is_grey([r, g, b]: [u8; 3]) -> bool {
    r == g && g == b
}
