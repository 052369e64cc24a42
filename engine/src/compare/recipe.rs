//! Level set methods as `segment` has them: from a recipe to what is compared.

use super::contender::Equation;
use super::error::CompareError;
use super::site::{Ground, Site};
use crate::device::OpenDevice;
use crate::label::LabelMap;
use crate::levelset::LevelSet;
use crate::pipeline::{self, Input};
use crate::recipe::Recipe;
use crate::slices::Slice;
use crate::volume::Volume;

/// φ of the seeds or of a mask (the recipe's label where it occurs in it, else all that is not background) on the
/// site's grid, as a segmentation of the site's box begins with.
///
/// # Errors
/// Seeds or a mask without a contour there, a mask on another grid.
pub fn start_of(
    scan: &Volume,
    site: &Site,
    recipe: &Recipe,
    init: Option<&LabelMap>,
) -> Result<Vec<f32>, CompareError> {
    let input = Input { scan, init, speed: None };
    let Some((axis, index)) = site.slice else {
        return Ok(pipeline::start_contour(&input, recipe, &site.roi, &site.grid)?.phi);
    };
    if init.is_none() {
        return Ok(LevelSet::from_seeds(site.grid.clone(), &recipe.seeds).phi);
    }
    let whole = site.roi.geometry_of_slices(scan.geometry(), Some(axis))?;
    let phi = pipeline::start_contour(&input, recipe, &site.roi, &whole)?.phi;
    let in_slice = Slice::new(&whole, axis, index - site.roi.lower[axis])?.take(&phi);
    let inside = in_slice.iter().filter(|v| **v < 0.0).count();
    let set = LevelSet::from_mask(site.grid.clone(), |pixel| in_slice[pixel] < 0.0);
    Ok(set.map_err(|_| CompareError::NoContour { inside, total: in_slice.len() })?.phi)
}

impl<'a> Equation<'a> {
    /// The method of a recipe on a ground; the numbers that the recipe leaves open are found there.
    ///
    /// # Errors
    /// A recipe that gives no speed image there.
    pub fn of_recipe(recipe: &Recipe, ground: &Ground, device: &'a OpenDevice) -> Result<Self, CompareError> {
        let (site, scan) = (&ground.site, &ground.scan);
        let whole = site.roi.geometry_of_slices(scan.geometry(), site.slice.map(|(axis, _)| axis))?;
        let mut intensities = site.roi.crop(scan, &whole)?;
        if let Some((axis, index)) = site.slice {
            intensities = Slice::new(&whole, axis, index - site.roi.lower[axis])?.take(&intensities);
        }
        let start = LevelSet { geometry: site.grid.clone(), phi: ground.start.clone() };
        let resolved = pipeline::resolve(recipe, &site.grid, &intensities, &start)?;
        let (fields, _) = pipeline::fields(recipe, &resolved, &site.grid, intensities, None)?;
        Ok(Self {
            params: recipe.params,
            stop: recipe.stop,
            fields,
            draw_in_mm: 0.0,
            steps_per_check: recipe.steps_per_check,
            device,
        })
    }
}
