//! WGSL of Zeroset: one compute (or render) pass per file, handed out by name, and the Rust mirrors of its structs.
//!
//! A file may open with lines of the form
//!
//! ```text
//! #import common/grid
//! ```
//!
//! Each is replaced by the text of that file, which may import others in turn; a file that was already brought in is
//! not repeated. An import stands alone on its line. Files below `common/` hold functions and structs, the others are
//! passes whose entry point bears the name of its file (`levelset/update.wgsl` has `fn update`).
//!
//! Binding 0 of group 0 is the [`layout::Grid`] uniform in every pass that imports `common/grid`; weights come next,
//! then what is read, then what is written.

pub mod layout;

use std::collections::HashSet;

/// Every WGSL file by the name used in `#import` and by [`wgsl`]: its path without `.wgsl`.
const FILES: &[(&str, &str)] = &[
    ("common/curvature", include_str!("../common/curvature.wgsl")),
    ("common/difference", include_str!("../common/difference.wgsl")),
    ("common/grid", include_str!("../common/grid.wgsl")),
    ("common/heaviside", include_str!("../common/heaviside.wgsl")),
    ("common/reduce", include_str!("../common/reduce.wgsl")),
    ("common/speed_shape", include_str!("../common/speed_shape.wgsl")),
    ("common/tiles", include_str!("../common/tiles.wgsl")),
    ("common/weights", include_str!("../common/weights.wgsl")),
    ("filter/edge_speed", include_str!("../filter/edge_speed.wgsl")),
    ("filter/gaussian", include_str!("../filter/gaussian.wgsl")),
    ("filter/gradient_magnitude", include_str!("../filter/gradient_magnitude.wgsl")),
    ("filter/threshold_speed", include_str!("../filter/threshold_speed.wgsl")),
    ("levelset/chan_vese_partials", include_str!("../levelset/chan_vese_partials.wgsl")),
    ("levelset/chan_vese_update", include_str!("../levelset/chan_vese_update.wgsl")),
    ("levelset/copy_tiles", include_str!("../levelset/copy_tiles.wgsl")),
    ("levelset/energy_partials", include_str!("../levelset/energy_partials.wgsl")),
    ("levelset/rate_partials", include_str!("../levelset/rate_partials.wgsl")),
    ("levelset/region_means", include_str!("../levelset/region_means.wgsl")),
    ("levelset/reinitialize", include_str!("../levelset/reinitialize.wgsl")),
    ("levelset/stats_partials", include_str!("../levelset/stats_partials.wgsl")),
    ("levelset/tile_dispatch", include_str!("../levelset/tile_dispatch.wgsl")),
    ("levelset/tile_list", include_str!("../levelset/tile_list.wgsl")),
    ("levelset/tile_mark", include_str!("../levelset/tile_mark.wgsl")),
    ("levelset/tile_settle", include_str!("../levelset/tile_settle.wgsl")),
    ("levelset/update", include_str!("../levelset/update.wgsl")),
    ("ode/add_scaled", include_str!("../ode/add_scaled.wgsl")),
    ("ode/max_norm", include_str!("../ode/max_norm.wgsl")),
    ("view/slice", include_str!("../view/slice.wgsl")),
    ("view/surface", include_str!("../view/surface.wgsl")),
];

/// Names of all files, `common/` included, in alphabetical order of their folders.
pub fn names() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(name, _)| *name)
}

/// Name of a pass's entry point: the last part of the file's name.
pub fn entry_point(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// The complete WGSL of file `name`, imports expanded; `None` when there is no such file or it imports one that does
/// not exist.
pub fn wgsl(name: &str) -> Option<String> {
    let mut text = String::new();
    append(name, &mut HashSet::new(), &mut text)?;
    Some(text)
}

fn append(name: &str, brought_in: &mut HashSet<String>, text: &mut String) -> Option<()> {
    if !brought_in.insert(name.to_owned()) {
        return Some(());
    }
    let (_, source) = FILES.iter().find(|(known, _)| *known == name)?;
    for line in source.lines() {
        match line.strip_prefix("#import ") {
            Some(import) => append(import.trim(), brought_in, text)?,
            None => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    Some(())
}
