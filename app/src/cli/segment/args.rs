//! The words of `zeroset segment`.

use crate::cli::source::SourceArgs;
use clap::ValueEnum;
use std::path::PathBuf;
use std::str::FromStr;
use zeroset_engine::device::Device;
use zeroset_engine::levelset::{Heaviside, Integrator, Method, Scheme, Seed};
use zeroset_engine::roi::Roi;

/// Arguments of `zeroset segment`.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Lengths are in mm, positions in RAS+ mm, intensities in HU. Weights not given are ITK-SNAP's:\n\
    edge 1, 0.2, 2; region 1, 0.2, 0. In region mode without --lower and --upper the window is taken from the seeds.\n\
    With --organ alone a network of this program finds it; --method node-contour evolves its contour by a neural ODE.\n\
    The methods unet to deep-chan-vese run the program's network of that kind, or the one given by --model."
)]
pub struct SegmentArgs {
    /// Scan (.nii, .nii.gz, .hdr/.img, .nrrd, .nhdr, .mha, .mhd), DICOM folder or one of its slices
    pub image: PathBuf,
    /// Mask to write, on the scan's own grid
    #[arg(short, long, value_name = "MASK")]
    pub output: PathBuf,
    /// What drives the contour [default: region; with --organ or --model a network]
    #[arg(long, value_enum)]
    pub method: Option<MethodName>,
    /// Sphere inside the organ; repeat for more
    #[arg(long = "seed", value_name = "X,Y,Z,RADIUS", allow_hyphen_values = true)]
    pub seeds: Vec<SeedArg>,
    /// Organ to contour by a network: kidney (left and right together) or liver
    #[arg(long, value_name = "NAME")]
    pub organ: Option<String>,
    /// Trained network to run instead of the program's: the folder with its model.json
    #[arg(long, value_name = "DIR")]
    pub model: Option<PathBuf>,
    /// Folder of networks (DIR/NAME/model.json) to take in the place of the program's
    #[arg(long, value_name = "DIR")]
    pub models: Option<PathBuf>,
    /// Network whose contour node-contour starts from, instead of the program's UNet, seeds or a mask
    #[arg(long, value_name = "DIR", conflicts_with_all = ["seeds", "init"])]
    pub start_model: Option<PathBuf>,
    /// Absolute error per step of the neural ODE, in band widths; solves it by Dormand-Prince
    #[arg(long, value_name = "E")]
    pub tolerance: Option<f64>,
    /// Slices that go through the network at once
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub batch: Option<u16>,
    /// Left kidney as --label, right kidney as the number after it
    #[arg(long)]
    pub sides: bool,
    /// Keep every part that a network finds, also where anatomy says that it is not the organ
    #[arg(long)]
    pub keep_all: bool,
    /// Mask to start from, on the scan's grid, instead of seeds
    #[arg(long, value_name = "MASK", conflicts_with = "seeds")]
    pub init: Option<PathBuf>,
    /// Box to work in: voxels of the stored grid, half-open
    #[arg(long, value_name = "X0,Y0,Z0,X1,Y1,Z1")]
    pub roi: Option<RoiArg>,
    /// Resample the box to isotropic voxels of this size, mm
    #[arg(long, value_name = "MM")]
    pub spacing: Option<f64>,
    /// Least HU of the organ (region)
    #[arg(long, value_name = "HU", allow_negative_numbers = true)]
    pub lower: Option<f32>,
    /// Greatest HU of the organ (region)
    #[arg(long, value_name = "HU", allow_negative_numbers = true)]
    pub upper: Option<f32>,
    /// Width of the window's soft edge, HU (region)
    #[arg(long, value_name = "HU")]
    pub smoothness: Option<f32>,
    /// Smoothing before the speed image, mm
    #[arg(long, value_name = "MM")]
    pub sigma: Option<f64>,
    /// Gradient at which the speed is one half, HU per mm (edge)
    #[arg(long, value_name = "HU/MM")]
    pub edge_scale: Option<f32>,
    /// How sharply the speed falls with the gradient (edge)
    #[arg(long, value_name = "P")]
    pub edge_exponent: Option<f32>,
    /// Speed image to use instead (-1 to 1, on the scan's grid; edge or region)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["lower", "upper", "smoothness", "sigma", "edge_scale", "edge_exponent"])]
    pub speed: Option<PathBuf>,
    /// Propagation weight
    #[arg(long, allow_negative_numbers = true)]
    pub alpha: Option<f32>,
    /// Curvature weight
    #[arg(long)]
    pub beta: Option<f32>,
    /// Advection weight
    #[arg(long, allow_negative_numbers = true)]
    pub gamma: Option<f32>,
    /// Weight of the contour's length (chan-vese)
    #[arg(long)]
    pub mu: Option<f32>,
    /// Weight of the enclosed area (chan-vese)
    #[arg(long, allow_negative_numbers = true)]
    pub nu: Option<f32>,
    /// Weight of the deviation inside (chan-vese)
    #[arg(long)]
    pub lambda1: Option<f32>,
    /// Weight of the deviation outside (chan-vese)
    #[arg(long)]
    pub lambda2: Option<f32>,
    /// Width of the smoothed step, mm (chan-vese)
    #[arg(long, value_name = "MM")]
    pub epsilon: Option<f32>,
    /// Form of the smoothed step (chan-vese)
    #[arg(long, value_enum)]
    pub heaviside: Option<HeavisideName>,
    /// One-sided differences
    #[arg(long, value_enum)]
    pub scheme: Option<SchemeName>,
    /// Time integration
    #[arg(long, value_enum)]
    pub integrator: Option<IntegratorName>,
    /// Fraction of the stable time step
    #[arg(long, value_name = "F")]
    pub dt_factor: Option<f32>,
    /// Half width of the narrow band in voxels (chan-vese: 0 is dense)
    #[arg(long, value_name = "VOXELS")]
    pub band: Option<f32>,
    /// Reinitialise every so many steps; 0 is never
    #[arg(long, value_name = "N")]
    pub reinitialize_every: Option<u32>,
    /// Steps of one reinitialisation
    #[arg(long, value_name = "N")]
    pub reinitialize_iterations: Option<u32>,
    /// Most iterations
    #[arg(long, value_name = "N")]
    pub iterations: Option<u64>,
    /// Most time t
    #[arg(long, value_name = "T")]
    pub time: Option<f64>,
    /// Stop when the volume changes by less than this share of itself per unit of t; 0 is never
    #[arg(long, value_name = "SHARE")]
    pub steady: Option<f64>,
    /// Stop when the contour moves by less than this (RMS), mm per unit of t
    #[arg(long, value_name = "RATE")]
    pub rms: Option<f64>,
    /// Stop with a leak warning above this volume, mL (without --roi: 2500)
    #[arg(long, value_name = "ML")]
    pub max_volume: Option<f64>,
    /// 3: the box as a whole; 2: slice by slice, each result starting the next slice
    #[arg(long, value_name = "2|3", default_value_t = 3, value_parser = clap::value_parser!(u8).range(2..=3))]
    pub dimension: u8,
    /// What computes
    #[arg(long, value_enum, default_value = "auto")]
    pub device: DeviceName,
    /// Label number of the mask
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    pub label: u16,
    /// How the scan is to be read
    #[command(flatten)]
    pub source: SourceArgs,
    /// Also write phi (mm, negative inside)
    #[arg(long, value_name = "PHI")]
    pub phi: Option<PathBuf>,
    /// Also write a film of the contour in the slice of the first seed (.gif, or .png for a series)
    #[arg(long, value_name = "OUT.gif")]
    pub animate: Option<PathBuf>,
    /// Also write the speed image, on the grid of evolution
    #[arg(long, value_name = "FILE")]
    pub save_speed: Option<PathBuf>,
    /// Also write a report: all that is needed to repeat the run, and its result
    #[arg(long, value_name = "JSON")]
    pub report: Option<PathBuf>,
    /// Print the report as one JSON document
    #[arg(long)]
    pub json: bool,
}

impl SegmentArgs {
    /// The level set method asked for; `None` for a network's.
    pub fn classical(&self) -> Option<Method> {
        match self.method {
            Some(method) => method.classical(),
            None if self.organ.is_some() || self.model.is_some() => None,
            None => Some(Method::Region),
        }
    }

    /// Whether the user gives the start contour.
    pub fn is_drawn(&self) -> bool {
        self.init.is_some() || !self.seeds.is_empty()
    }
}

/// `x,y,z,radius`.
#[derive(Clone, Copy, Debug)]
pub struct SeedArg(pub Seed);

impl FromStr for SeedArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let [x, y, z, radius_mm] = numbers::<f64, 4>(text, "x,y,z,radius in mm")?;
        Ok(Self(Seed { center_mm: [x, y, z], radius_mm }))
    }
}

/// `x0,y0,z0,x1,y1,z1`.
#[derive(Clone, Copy, Debug)]
pub struct RoiArg(pub Roi);

impl FromStr for RoiArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let [x0, y0, z0, x1, y1, z1] = numbers::<usize, 6>(text, "x0,y0,z0,x1,y1,z1 in voxels")?;
        Ok(Self(Roi { lower: [x0, y0, z0], upper: [x1, y1, z1], resample: None }))
    }
}

/// Exactly N numbers between commas.
fn numbers<T: FromStr, const N: usize>(text: &str, expected: &str) -> Result<[T; N], String> {
    let parts: Result<Vec<T>, T::Err> = text.split(',').map(|part| part.trim().parse()).collect();
    let numbers: Option<[T; N]> = parts.ok().and_then(|v| v.try_into().ok());
    numbers.ok_or_else(|| format!("expected {N} numbers: {expected}"))
}

/// One name per choice on the command line, and the engine's value behind it.
macro_rules! names {
    ($(#[$doc:meta])* $name:ident => $engine:ident { $($(#[$choice:meta])* $variant:ident = $value:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
        pub enum $name { $($(#[$choice])* $variant),+ }

        impl From<$name> for $engine {
            fn from(name: $name) -> Self {
                match name { $($name::$variant => Self::$value),+ }
            }
        }
    };
}

/// Methods of `segment`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MethodName {
    /// Geodesic active contour: grows and stops at edges
    Edge,
    /// Region competition: grows inside a window of intensities, shrinks outside
    Region,
    /// Chan-Vese: two regions of even intensity
    ChanVese,
    /// UNet that draws the distance map of the organ
    Unet,
    /// Neural ODE that moves a start contour
    NodeContour,
    /// Neural ODE that turns the image into a contour
    NodeImage,
    /// Stack of neural ODEs
    NodeStack,
    /// Level set network: the solver with learned kernels
    Lsn,
    /// Chan-Vese on learned features, in a box
    DeepChanVese,
}

impl MethodName {
    /// The level set method of this name; `None` for a network's.
    pub fn classical(self) -> Option<Method> {
        match self {
            Self::Edge => Some(Method::Edge),
            Self::Region => Some(Method::Region),
            Self::ChanVese => Some(Method::ChanVese),
            _ => None,
        }
    }

    /// As on the command line.
    pub fn word(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

names! {
    /// Devices.
    DeviceName => Device {
        /// A real GPU where there is one, else the CPU
        Auto = Auto,
        /// A real GPU
        Gpu = Gpu,
        /// All cores of the CPU
        Cpu = Cpu,
        /// A software GPU adapter, to check the GPU's passes
        Software = Software,
    }
}

names! {
    /// One-sided differences.
    SchemeName => Scheme {
        /// First order
        Upwind1 = Upwind1,
        /// Second order ENO
        Eno2 = Eno2,
        /// Fifth order WENO
        Weno5 = Weno5,
    }
}

names! {
    /// Time integration.
    IntegratorName => Integrator {
        /// Forward Euler
        Euler = Euler,
        /// Runge-Kutta of second order
        TvdRk2 = TvdRk2,
    }
}

names! {
    /// Smoothed steps of Chan–Vese.
    HeavisideName => Heaviside {
        /// Arc tangent
        Atan = Atan,
        /// Hyperbolic tangent
        Tanh = Tanh,
    }
}
