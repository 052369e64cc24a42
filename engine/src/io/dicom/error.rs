//! What can be wrong with DICOM files, each in one line that says what to do.

use crate::geometry::GeometryError;
use crate::io::error::mib;
use thiserror::Error;

/// Why a folder or file of DICOM slices gives no volume.
#[derive(Debug, Error)]
pub enum DicomProblem {
    /// The operating system refused.
    #[error("cannot be read: {0}")]
    Read(#[from] std::io::Error),
    /// Elements that cannot be followed.
    #[error("is damaged: its DICOM elements cannot be followed; copy or export it again")]
    Damaged,
    /// The file ends within an element.
    #[error("is truncated: it ends inside an element, after {found} bytes; copy or export it again")]
    Cut {
        /// Bytes present.
        found: u64,
    },
    /// No transfer syntax in group 2.
    #[error("does not say how it is written (no TransferSyntaxUID); export it again")]
    NoTransferSyntax,
    /// A header without a necessary attribute.
    #[error("has no {what} in its header, without which it cannot be read; export it again with complete headers")]
    Missing {
        /// The attribute.
        what: &'static str,
    },
    /// A folder without any image.
    #[error("holds no DICOM image among {files} files; give the folder with the slices, or one NIfTI file")]
    NothingHere {
        /// Files looked at.
        files: usize,
    },
    /// More files than are scanned.
    #[error("holds more than {most} files; give the folder of the series")]
    TooManyFiles {
        /// Most files.
        most: usize,
    },
    /// Only files that cannot be used.
    #[error("holds DICOM images, but none that can be used; the first, {file}, {problem}")]
    NoneUsable {
        /// The first of them.
        file: String,
        /// What is wrong with it.
        problem: Box<DicomProblem>,
    },
    /// Several series, and none chosen.
    #[error("holds {}; choose one by --series N, or open one of its slices: {list}", count(*series))]
    Several {
        /// How many.
        series: usize,
        /// All of them, in few words each.
        list: String,
    },
    /// No CT, and nothing chosen.
    #[error("holds no CT series that could be a volume; choose one by --series N, or open one of its slices: {list}")]
    NoCt {
        /// All series, in few words each.
        list: String,
    },
    /// A choice that fits nothing.
    #[error("has no series {asked}; there are {list}")]
    NoSuchSeries {
        /// What was asked for.
        asked: String,
        /// All series, in few words each.
        list: String,
    },
    /// Frames without positions.
    #[error("holds {frames} frames that do not say where they lie (no functional groups): they are no volume")]
    FramesWithoutPlace {
        /// Frames in the file.
        frames: usize,
    },
    /// More or fewer functional groups than frames.
    #[error("is damaged: {frames} frames with {groups} functional groups")]
    FrameGroups {
        /// Frames in the file.
        frames: usize,
        /// Functional groups in the file.
        groups: usize,
    },
    /// An overview image.
    #[error("is a localizer (scout), not a volume; choose the series of axial slices")]
    Localizer,
    /// A header that does not place the slice.
    #[error("cannot be placed in space: {slice} has no {what}; zeroset never guesses it: export the series again")]
    NotPlaced {
        /// The slice's file.
        slice: String,
        /// The attribute.
        what: &'static str,
    },
    /// One slice without thickness.
    #[error("is a single slice that says neither SliceThickness nor SpacingBetweenSlices: it is no volume")]
    SingleSlice,
    /// Directions that are none.
    #[error("has an ImageOrientationPatient that is no pair of perpendicular unit vectors: {found:?} in {slice}")]
    Orientation {
        /// The slice's file.
        slice: String,
        /// The six numbers.
        found: [f64; 6],
    },
    /// Distances that are none.
    #[error("has a PixelSpacing of {found:?} in {slice}, expected two lengths above 0 mm")]
    Spacing {
        /// The slice's file.
        slice: String,
        /// The two numbers.
        found: [f64; 2],
    },
    /// Several slices at one place.
    #[error(
        "has different slices at one place ({at_mm:.2} mm along the normal: {first} and {second}), and nothing in their \
         headers tells them apart; separate them into folders"
    )]
    Duplicates {
        /// Where, along the normal.
        at_mm: f64,
        /// A slice.
        first: String,
        /// Another one there.
        second: String,
    },
    /// Missing slices.
    #[error(
        "has a gap: {missing} slice(s) are missing between {before} and {after} ({found_mm:.3} mm apart, the others \
         {step_mm:.3} mm){more}; fetch them, or use --resample to interpolate across"
    )]
    Gap {
        /// Slices that would fill it.
        missing: usize,
        /// The slice before.
        before: String,
        /// The slice after.
        after: String,
        /// Distance between the two.
        found_mm: f64,
        /// Usual distance.
        step_mm: f64,
        /// Whether there are more, in words.
        more: String,
    },
    /// Distances that differ.
    #[error(
        "has uneven steps from {least_mm:.3} to {greatest_mm:.3} mm; the first odd one is {odd_mm:.3} mm, from {before} to \
         {after}; use --resample to interpolate onto even steps"
    )]
    Uneven {
        /// Least distance.
        least_mm: f64,
        /// Greatest distance.
        greatest_mm: f64,
        /// The first that is not the usual one.
        odd_mm: f64,
        /// The slice before.
        before: String,
        /// The slice after.
        after: String,
    },
    /// Slices that do not follow one line.
    #[error(
        "has slices that are shifted sideways: {slice} lies {off_mm:.2} mm off the line of the others; it is no regular grid"
    )]
    Shifted {
        /// The slice farthest off.
        slice: String,
        /// How far.
        off_mm: f64,
    },
    /// An affine that is none.
    #[error("cannot be placed in space: {0}")]
    Geometry(Box<GeometryError>),
    /// Pixels that are not grey.
    #[error("holds {found} pixels with {samples} numbers each; zeroset reads grey images (MONOCHROME1, MONOCHROME2)")]
    Colour {
        /// Photometric interpretation.
        found: String,
        /// Samples per pixel.
        samples: u16,
    },
    /// Bits that do not fit together.
    #[error("stores {stored} of {allocated} bits up to bit {high}; zeroset reads 8 and 16 bits")]
    Bits {
        /// BitsAllocated.
        allocated: u16,
        /// BitsStored.
        stored: u16,
        /// HighBit.
        high: u16,
    },
    /// Slope and intercept that give no numbers.
    #[error("has a RescaleSlope of {slope} with a RescaleIntercept of {intercept}: intensities would not be numbers")]
    Rescale {
        /// Slope.
        slope: f64,
        /// Intercept.
        intercept: f64,
    },
    /// A modality lookup table.
    #[error(
        "gives its intensities by a Modality LUT Sequence, which zeroset does not read; export it with RescaleSlope"
    )]
    Table,
    /// Pixels that nothing here decodes.
    #[error("is compressed as {name} ({uid}), which zeroset does not read; export it uncompressed or as JPEG lossless")]
    Syntax {
        /// Name of the transfer syntax.
        name: String,
        /// Its UID.
        uid: String,
    },
    /// Fewer bytes of pixels than the header says.
    #[error("is truncated: {expected} bytes of pixels are promised, {found} are there; copy or export it again")]
    PixelsCut {
        /// Bytes promised.
        expected: u64,
        /// Bytes present.
        found: u64,
    },
    /// More pixels than the compressed bytes can hold.
    #[error("cannot hold what its header declares: {} of pixels in {found} bytes of {name}", mib(*declared))]
    ImpossibleRatio {
        /// Bytes declared.
        declared: u64,
        /// Compressed bytes.
        found: u64,
        /// Name of the transfer syntax.
        name: String,
    },
    /// Compressed pixels that cannot be decoded.
    #[error("has pixels that cannot be decoded as {name}: {reason}; export it again, uncompressed if possible")]
    Codec {
        /// Name of the transfer syntax.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// A slice of the series, and what is wrong with it.
    #[error("slice {slice} {problem}")]
    Slice {
        /// Its file.
        slice: String,
        /// What is wrong.
        problem: Box<DicomProblem>,
    },
}

fn count(series: usize) -> String {
    format!("{series} series that could be meant")
}
