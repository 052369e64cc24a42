//! Which networks are at hand: those that are part of the program, or the folders beside each other in one place.
//!
//! ```text
//! assets/models/NAME/ --build.rs--> Catalogue::shipped() --networks(organ, method)--> Listed --load(device)--> Checkpoint
//! ```

mod error;

pub use error::CatalogueError;

use super::checkpoint::CheckpointError;
use super::{ARCHITECTURES, Checkpoint, Manifest};
use crate::prepare::Fit;
use burn::tensor::Device;
use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};

/// The files of a network that is part of the program.
struct Embedded {
    name: &'static str,
    model: &'static [u8],
    weights: &'static [u8],
    card: &'static str,
}

/// What `build.rs` found in `assets/models`, by name.
static EMBEDDED: &[Embedded] = &include!(concat!(env!("OUT_DIR"), "/shipped_networks.rs"));

/// Networks at hand, by name.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    networks: Vec<Listed>,
}

/// A network of a catalogue: all that is known about it, and where its weights are.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Name of its folder.
    pub name: String,
    /// What its model.json says.
    pub manifest: Manifest,
    files: Files,
}

#[derive(Clone, Debug)]
enum Files {
    /// Its place in [`EMBEDDED`].
    Program(usize),
    Folder(PathBuf),
}

/// The networks that contour an organ by a method.
#[derive(Clone, Copy, Debug)]
pub struct Choice<'a> {
    /// The method's own.
    pub network: &'a Listed,
    /// For one that evolves a contour: whose contour.
    pub first: Option<&'a Listed>,
}

impl Catalogue {
    /// The networks that are part of the program.
    ///
    /// # Errors
    /// A model.json that cannot be understood: the program was built with a damaged one.
    pub fn shipped() -> Result<Self, CheckpointError> {
        let listed = |(index, file): (usize, &Embedded)| {
            let manifest = Checkpoint::manifest_from(Path::new(file.name), file.model)?;
            Ok(Listed { name: file.name.to_owned(), manifest, files: Files::Program(index) })
        };
        Ok(Self { networks: EMBEDDED.iter().enumerate().map(listed).collect::<Result<_, _>>()? })
    }

    /// The networks in the folders of `dir`, which is laid out as `assets/models`.
    ///
    /// # Errors
    /// `dir` cannot be read or holds no network; a model.json that cannot be understood.
    pub fn of_folder(dir: &Path) -> Result<Self, CatalogueError> {
        let unreadable =
            |error: std::io::Error| CatalogueError::Folder { path: dir.to_owned(), reason: error.to_string() };
        let mut folders: Vec<PathBuf> = fs::read_dir(dir)
            .map_err(unreadable)?
            .map(|entry| Ok(entry.map_err(unreadable)?.path()))
            .collect::<Result<_, CatalogueError>>()?;
        folders.retain(|folder| folder.join("model.json").is_file());
        folders.sort();
        if folders.is_empty() {
            return Err(CatalogueError::Empty { path: dir.to_owned() });
        }
        let listed = |folder: PathBuf| {
            let manifest = Checkpoint::manifest_of(&folder)?;
            let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
            Ok(Listed { name, manifest, files: Files::Folder(folder) })
        };
        Ok(Self { networks: folders.into_iter().map(listed).collect::<Result<_, CatalogueError>>()? })
    }

    /// Whether there is no network at all.
    pub fn is_empty(&self) -> bool {
        self.networks.is_empty()
    }

    /// The networks, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Listed> {
        self.networks.iter()
    }

    /// The organs that some network can contour on its own or from another's contour, by name.
    pub fn organs(&self) -> Vec<&str> {
        let all = self.networks.iter().flat_map(|network| network.organs());
        let mut organs: Vec<&str> = all.filter(|organ| !self.methods(organ).is_empty()).collect();
        organs.sort_unstable();
        organs.dedup();
        organs
    }

    /// The methods that contour an organ of a whole scan without a hand: a network that finds it, or one that evolves a
    /// contour beside one that finds it. In the order of [`ARCHITECTURES`].
    pub fn methods(&self, organ: &str) -> Vec<&'static str> {
        ARCHITECTURES.into_iter().filter(|method| self.pick(organ, Some(method)).is_some()).collect()
    }

    /// The first network, by name, that knows the organ and is of this method.
    pub fn find(&self, organ: &str, method: &str) -> Option<&Listed> {
        self.networks.iter().find(|network| network.method() == method && network.organs().any(|own| own == organ))
    }

    /// The network that finds an organ on its own, for others to start from: a UNet before any other.
    pub fn finder(&self, organ: &str) -> Option<&Listed> {
        ARCHITECTURES.into_iter().filter_map(|method| self.find(organ, method)).find(|network| network.finds())
    }

    /// The networks for an organ. Without a method: what finds the organ on its own. (The contour ODE after it is asked
    /// for by name: on patients that neither had seen it gained nothing over the UNet that is shipped, see README.)
    ///
    /// # Errors
    /// No network knows the organ, or none by this method; a method that evolves a contour without one that gives it; one
    /// that works in a box.
    pub fn choose(&self, organ: &str, method: Option<&str>) -> Result<Choice<'_>, CatalogueError> {
        if let Some(choice) = self.pick(organ, method) {
            return Ok(choice);
        }
        Err(match method.and_then(|method| self.find(organ, method)) {
            Some(network) if network.manifest.network.needs_start() => {
                CatalogueError::NoFinder { organ: organ.to_owned(), method: network.method().to_owned() }
            }
            Some(network) => CatalogueError::NeedsRegion { method: network.method().to_owned() },
            None => CatalogueError::Unknown {
                organ: organ.to_owned(),
                method: method.map(str::to_owned),
                known: self.known(),
            },
        })
    }

    /// [`choose`](Self::choose) without a reason.
    fn pick(&self, organ: &str, method: Option<&str>) -> Option<Choice<'_>> {
        let finder = self.finder(organ);
        let network = match method {
            Some(method) => self.find(organ, method),
            None => finder,
        }?;
        if network.manifest.network.needs_start() {
            return Some(Choice { network, first: Some(finder?) });
        }
        network.finds().then_some(Choice { network, first: None })
    }

    /// What is at hand, in words: `kidney (unet, node-contour), liver (unet)`.
    fn known(&self) -> String {
        let organ = |organ: &str| format!("{organ} ({})", self.methods(organ).join(", "));
        self.organs().into_iter().map(organ).collect::<Vec<_>>().join(", ")
    }
}

impl Listed {
    /// Name of its architecture, as on the command line.
    pub fn method(&self) -> &'static str {
        self.manifest.network.name()
    }

    /// The organs that it contours.
    pub fn organs(&self) -> impl Iterator<Item = &str> {
        self.manifest.preprocessing.organs.iter().map(|organ| organ.name.as_str())
    }

    /// Whether it finds its organs in a whole scan, given neither a contour nor a region.
    pub fn finds(&self) -> bool {
        let needs_region = matches!(self.manifest.preprocessing.fit, Fit::Region { .. });
        !self.manifest.network.needs_start() && !needs_region
    }

    /// The network itself, on a device, ready for inference.
    ///
    /// # Errors
    /// Weights that are missing or damaged.
    pub fn load(&self, device: &Device) -> Result<Checkpoint, CheckpointError> {
        let checkpoint = match &self.files {
            Files::Program(index) => {
                let file = &EMBEDDED[*index];
                Checkpoint::from_files(Path::new(file.name), file.model, file.weights.to_vec(), device)
            }
            Files::Folder(folder) => Checkpoint::load(folder, device),
        };
        Ok(checkpoint?.for_inference())
    }

    /// The model card; empty where there is none.
    pub fn card(&self) -> Cow<'static, str> {
        match &self.files {
            Files::Program(index) => EMBEDDED[*index].card.into(),
            Files::Folder(folder) => fs::read_to_string(folder.join("CARD.md")).unwrap_or_default().into(),
        }
    }
}
