//! Which networks `zeroset segment` runs: those given by name, else the program's own.

use super::args::SegmentArgs;
use anyhow::{Context, bail};
use std::path::Path;
use zeroset_engine::models::catalogue::{Catalogue, CatalogueError};
use zeroset_engine::models::{Checkpoint, Listed};

/// A network with what it is called.
pub struct Named {
    /// Name of its folder.
    pub name: String,
    /// The network.
    pub checkpoint: Checkpoint,
}

/// The networks of a run.
pub struct Networks {
    /// Organ to contour.
    pub organ: String,
    /// The method's network.
    pub network: Named,
    /// The one whose contour it starts from.
    pub first: Option<Named>,
}

/// Finds and loads the networks that the arguments ask for.
///
/// # Errors
/// No network for the organ or the method; an organ to be chosen; files that cannot be read.
pub fn networks(args: &SegmentArgs, device: &burn::tensor::Device) -> anyhow::Result<Networks> {
    let catalogue = match &args.models {
        Some(folder) => Catalogue::of_folder(folder)?,
        None => Catalogue::shipped().context("a network of this program")?,
    };
    let listed = |listed: &Listed| -> anyhow::Result<Named> {
        Ok(Named { name: listed.name.clone(), checkpoint: listed.load(device)? })
    };
    let own = args.model.as_deref().map(|dir| load(dir, device)).transpose()?;
    let asked = args.method.map(|method| method.word());
    if let (Some(own), Some(asked), Some(dir)) = (&own, &asked, &args.model) {
        let found = own.checkpoint.manifest.network.name();
        if found != asked {
            bail!("{}: this is a network for --method {found}, not for {asked}", dir.display());
        }
    }
    let organ = organ(args, &catalogue, own.as_ref(), asked.as_deref())?;
    let start = args.start_model.as_deref().map(|dir| load(dir, device)).transpose()?;
    let is_given = args.is_drawn() || start.is_some();
    // Whoever gives a contour wants it evolved.
    let method = asked.as_deref().or(is_given.then_some("node-contour"));
    let (network, first) = match own {
        Some(own) => {
            let needs = own.checkpoint.manifest.network.needs_start() && !is_given;
            (own, needs.then(|| catalogue.finder(&organ)).flatten())
        }
        None if is_given => {
            // A start of one's own needs no other network: only the method's is looked for.
            let found = method.and_then(|method| catalogue.find(&organ, method));
            let missing = || catalogue.choose(&organ, method).err().map_or_else(String::new, |error| error.to_string());
            (listed(found.with_context(missing)?)?, None)
        }
        None => match catalogue.choose(&organ, method) {
            // The user's box is what such a network asks for.
            Err(CatalogueError::NeedsRegion { method }) if args.roi.is_some() => {
                (listed(catalogue.find(&organ, &method).context("the network is gone")?)?, None)
            }
            chosen => {
                let chosen = chosen?;
                (listed(chosen.network)?, chosen.first)
            }
        },
    };
    let first = match (start, first) {
        (Some(start), _) => Some(start),
        (None, Some(first)) => Some(listed(first)?),
        (None, None) => None,
    };
    Ok(Networks { organ, network, first })
}

/// The organ asked for, or the only one that is known.
fn organ(
    args: &SegmentArgs,
    catalogue: &Catalogue,
    own: Option<&Named>,
    method: Option<&str>,
) -> anyhow::Result<String> {
    if let Some(organ) = &args.organ {
        return Ok(organ.clone());
    }
    let mut known: Vec<String> = match own {
        Some(own) => own.checkpoint.manifest.preprocessing.organs.iter().map(|organ| organ.name.clone()).collect(),
        None => {
            let networks = catalogue.iter().filter(|network| method.is_none_or(|method| network.method() == method));
            networks.flat_map(|network| network.organs().map(str::to_owned)).collect()
        }
    };
    known.sort_unstable();
    known.dedup();
    match known.as_slice() {
        [only] => Ok(only.clone()),
        [] => {
            let method = method.unwrap_or("unet");
            bail!(
                "--method {method} runs a trained network, and none is part of this program: give its folder by --model \
                 DIR (train one with `zeroset train`)"
            )
        }
        several => bail!("several organs can be contoured: choose one of {} by --organ", several.join(", ")),
    }
}

fn load(dir: &Path, device: &burn::tensor::Device) -> anyhow::Result<Named> {
    let name = dir.file_name().map_or_else(|| dir.display().to_string(), |name| name.to_string_lossy().into_owned());
    Ok(Named { name, checkpoint: Checkpoint::load(dir, device)?.for_inference() })
}
