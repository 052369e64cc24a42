//! The words of `zeroset compare`.

use crate::cli::segment::{DeviceName, MethodName, RoiArg, SeedArg};
use std::path::PathBuf;

/// Arguments of `zeroset compare`.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Every method starts from the same contour and works in the same box (by default 30 mm around the \
    start). Level sets run by the defaults of `zeroset segment`; node-contour, lsn and deep-chan-vese evolve the start, \
    other networks find the organ in the box on their own. The first method is what the others are measured against."
)]
pub struct CompareArgs {
    /// Scan (.nii, .nii.gz, .hdr/.img, .nrrd, .nhdr, .mha, .mhd)
    pub image: PathBuf,
    /// Method; repeat for two or more
    #[arg(long = "method", value_enum, required = true)]
    pub methods: Vec<MethodName>,
    /// Mask to start from, on the scan's grid
    #[arg(long, value_name = "MASK", required_unless_present = "seeds", conflicts_with = "seeds")]
    pub start: Option<PathBuf>,
    /// Sphere to start from, inside the organ; repeat for more
    #[arg(long = "seed", value_name = "X,Y,Z,RADIUS", allow_hyphen_values = true)]
    pub seeds: Vec<SeedArg>,
    /// Label of the mask to start from, where it occurs in it, and of the masks written
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    pub label: u16,
    /// Organ of the networks
    #[arg(long, value_name = "NAME")]
    pub organ: Option<String>,
    /// Folder of networks (DIR/NAME/model.json) to take in the place of the program's
    #[arg(long, value_name = "DIR")]
    pub models: Option<PathBuf>,
    /// Mask to judge all methods by, on the scan's grid: its --label, or all that is not background
    #[arg(long, value_name = "MASK")]
    pub reference: Option<PathBuf>,
    /// Box to work in: voxels of the stored grid, half-open
    #[arg(long, value_name = "X0,Y0,Z0,X1,Y1,Z1")]
    pub roi: Option<RoiArg>,
    /// Only this axial slice of the stored grid, counted from 0
    #[arg(long, value_name = "N")]
    pub slice: Option<usize>,
    /// Least HU of the organ (region)
    #[arg(long, value_name = "HU", allow_negative_numbers = true)]
    pub lower: Option<f32>,
    /// Greatest HU of the organ (region)
    #[arg(long, value_name = "HU", allow_negative_numbers = true)]
    pub upper: Option<f32>,
    /// What computes
    #[arg(long, value_enum, default_value = "auto")]
    pub device: DeviceName,
    /// Folder to write into: table.csv, table.json, a mask for each method, compare.gif
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,
    /// Print the table as one JSON document
    #[arg(long)]
    pub json: bool,
}
