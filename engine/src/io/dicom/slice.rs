//! One slice: what its header says of where it lies, how its pixels are stored and what they mean.

use super::dataset::View;
use super::error::DicomProblem;
use super::file::{Opened, open_header};
use super::frames;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A slice in a file. A multi-frame file gives several.
#[derive(Clone, Debug)]
pub(super) struct Slice {
    pub path: Arc<PathBuf>,
    /// Which frame of the file, from 0.
    pub frame: usize,
    pub place: Place,
    pub meaning: Meaning,
    pub format: Arc<Format>,
    pub about: Arc<About>,
    /// What may tell apart slices that lie at one place: acquisition, phase, echo, reconstruction.
    pub telling: Telling,
}

/// Where a slice lies, in DICOM's axes (left, posterior, superior; mm), as far as its header says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Place {
    /// Centre of the first pixel.
    pub position: Option<[f64; 3]>,
    /// Directions along a row and along a column.
    pub orientation: Option<[f64; 6]>,
    /// Distance between rows, between columns.
    pub spacing: Option<[f64; 2]>,
    pub thickness: Option<f64>,
    /// Distance between the centres of slices, where it is said.
    pub between: Option<f64>,
}

/// What the stored numbers mean.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Meaning {
    /// Slope and intercept to HU.
    pub scale: Option<(f64, f64)>,
    /// Centre and width of the window that the file asks for.
    pub window: Option<[f64; 2]>,
    /// Whether a table stands where slope and intercept should.
    pub table: bool,
}

/// How the pixels of a file are stored.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Format {
    pub syntax: String,
    pub columns: usize,
    pub rows: usize,
    pub frames: usize,
    pub samples: u16,
    pub photometric: String,
    pub bits_allocated: u16,
    pub bits_stored: u16,
    pub high_bit: u16,
    pub signed: bool,
    /// The number that marks pixels outside the scanned field (its bits), and the other end of such a range.
    pub padding: Option<(u16, u16)>,
}

/// What a file says of its series. Nothing of the patient is read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct About {
    pub series: String,
    pub instance: String,
    pub modality: String,
    pub description: String,
    pub date: String,
    pub localizer: bool,
}

/// Names of the attributes in [`Telling`], in the order in which they are tried.
pub(super) const TELLING: [&str; 7] =
    ["acquisition", "temporal position", "cardiac phase", "echo", "trigger time", "reconstruction", "image type"];

/// Values that may tell slices apart.
pub(super) type Telling = [String; TELLING.len()];

/// The slices in a file; none when it is no DICOM file or holds no image.
pub(super) fn slices_of(path: &Path) -> Result<Vec<Slice>, DicomProblem> {
    let Some(opened) = open_header(path)? else { return Ok(Vec::new()) };
    if opened.set().pixels.is_none() || !opened.view().has(0x0028_0010) {
        return Ok(Vec::new());
    }
    let view = opened.view();
    let first = Slice {
        path: Arc::new(path.to_owned()),
        frame: 0,
        place: Place::default().with(&view),
        meaning: Meaning::default().with(&view),
        format: Arc::new(format(&opened)?),
        about: Arc::new(about(&view)),
        telling: telling(&view),
    };
    if first.format.frames == 1 && !view.has(frames::PER_FRAME) {
        return Ok(vec![first]);
    }
    frames::slices(&view, &first)
}

impl Place {
    /// What this data set says, over what was known before.
    pub fn with(&self, view: &View<'_>) -> Self {
        let decimal = |tag| view.decimal(tag).filter(|&v| v > 0.0);
        Self {
            position: view.decimals(0x0020_0032).or(self.position),
            orientation: view.decimals(0x0020_0037).or(self.orientation),
            spacing: view.decimals(0x0028_0030).or(self.spacing),
            thickness: decimal(0x0018_0050).or(self.thickness),
            between: decimal(0x0018_0088).or(self.between),
        }
    }
}

impl Meaning {
    /// What this data set says, over what was known before.
    pub fn with(&self, view: &View<'_>) -> Self {
        let scale = view.decimal(0x0028_1053).zip(view.decimal(0x0028_1052));
        let window = view.decimal(0x0028_1050).zip(view.decimal(0x0028_1051)).map(|(centre, width)| [centre, width]);
        Self {
            scale: scale.or(self.scale),
            window: window.filter(|[_, width]| *width > 0.0).or(self.window),
            table: self.table || view.has(0x0028_3000),
        }
    }
}

fn format(opened: &Opened) -> Result<Format, DicomProblem> {
    let view = opened.view();
    let number = |tag, name| view.u16(tag).ok_or(DicomProblem::Missing { what: name });
    let bits_allocated = number(0x0028_0100, "BitsAllocated")?;
    let bits_stored = view.u16(0x0028_0101).unwrap_or(bits_allocated);
    let padding = view.u16(0x0028_0120).map(|value| (value, view.u16(0x0028_0121).unwrap_or(value)));
    Ok(Format {
        syntax: opened.syntax.clone(),
        columns: number(0x0028_0011, "Columns")?.into(),
        rows: number(0x0028_0010, "Rows")?.into(),
        // Never more frames than bytes: a list of them is made.
        frames: view.decimal(0x0028_0008).map_or(1, |n| n.clamp(1.0, opened.longest as f64) as usize),
        samples: view.u16(0x0028_0002).unwrap_or(1),
        photometric: view.text(0x0028_0004).unwrap_or_default(),
        bits_allocated,
        bits_stored,
        high_bit: view.u16(0x0028_0102).unwrap_or(bits_stored.saturating_sub(1)),
        signed: view.u16(0x0028_0103).unwrap_or(0) == 1,
        padding,
    })
}

fn about(view: &View<'_>) -> About {
    let text = |tag| view.text(tag).unwrap_or_default().replace(char::is_control, " ");
    let dates = [0x0008_0021, 0x0008_0022, 0x0008_0020];
    About {
        series: text(0x0020_000E),
        instance: text(0x0008_0018),
        modality: text(0x0008_0060),
        description: text(0x0008_103E),
        date: dates.into_iter().map(text).find(|date| !date.is_empty()).unwrap_or_default(),
        localizer: text(0x0008_0008).split('\\').any(|part| part.trim() == "LOCALIZER"),
    }
}

/// The values of [`TELLING`].
pub(super) fn telling(view: &View<'_>) -> Telling {
    [0x0020_0012, 0x0020_0100, 0x0020_9241, 0x0018_0086, 0x0018_1060, 0x0018_1210, 0x0008_0008]
        .map(|tag| view.text(tag).unwrap_or_default())
}
