//! From the words of the command line to the engine's recipe.

use super::args::SegmentArgs;
use anyhow::bail;
use zeroset_engine::Geometry;
use zeroset_engine::levelset::Method;
use zeroset_engine::recipe::{Recipe, SpeedRecipe};
use zeroset_engine::roi::Roi;

/// The recipe that the arguments ask for on this scan.
///
/// # Errors
/// An option that the method does not know.
pub fn from_args(args: &SegmentArgs, method: Method, scan: &Geometry) -> anyhow::Result<Recipe> {
    refuse_foreign_options(args, method)?;
    let seeds = args.seeds.iter().map(|seed| seed.0).collect();
    let mut recipe = Recipe::new(method, seeds, args.roi.map(|roi| roi.0));
    if args.spacing.is_some() {
        let roi = recipe.roi.unwrap_or_else(|| Roi::whole(scan));
        recipe.roi = Some(Roi { resample: args.spacing, ..roi });
    }
    recipe.dimension = usize::from(args.dimension);
    recipe.device = args.device.into();
    recipe.label = args.label;
    weights(args, &mut recipe);
    speed(args, &mut recipe.speed);
    let stop = &mut recipe.stop;
    set(&mut stop.max_iterations, args.iterations);
    stop.max_time = args.time.or(stop.max_time);
    stop.rms_rate_below = args.rms.or(stop.rms_rate_below);
    stop.leak.max_volume_ml = args.max_volume.or(stop.leak.max_volume_ml);
    if let Some(share) = args.steady {
        stop.volume_change_below = (share > 0.0).then_some(share);
    }
    Ok(recipe)
}

fn weights(args: &SegmentArgs, recipe: &mut Recipe) {
    let params = &mut recipe.params;
    set(&mut params.alpha, args.alpha);
    set(&mut params.beta, args.beta);
    set(&mut params.gamma, args.gamma);
    set(&mut params.chan_vese.mu, args.mu);
    set(&mut params.chan_vese.nu, args.nu);
    set(&mut params.chan_vese.lambda1, args.lambda1);
    set(&mut params.chan_vese.lambda2, args.lambda2);
    set(&mut params.chan_vese.epsilon_mm, args.epsilon);
    set(&mut params.chan_vese.heaviside, args.heaviside.map(Into::into));
    set(&mut params.scheme, args.scheme.map(Into::into));
    set(&mut params.integrator, args.integrator.map(Into::into));
    set(&mut params.time_step_factor, args.dt_factor);
    set(&mut params.band_voxels, args.band);
    set(&mut params.reinitialize_every, args.reinitialize_every);
    set(&mut params.reinitialize_iterations, args.reinitialize_iterations);
}

fn speed(args: &SegmentArgs, speed: &mut SpeedRecipe) {
    if args.speed.is_some() {
        *speed = SpeedRecipe::Imported;
    }
    match speed {
        SpeedRecipe::Edge { sigma_mm, scale, exponent } => {
            set(sigma_mm, args.sigma);
            set(exponent, args.edge_exponent);
            *scale = args.edge_scale;
        }
        SpeedRecipe::Threshold { sigma_mm, lower, upper, smoothness } => {
            set(sigma_mm, args.sigma);
            (*lower, *upper, *smoothness) = (args.lower, args.upper, args.smoothness);
        }
        SpeedRecipe::Imported | SpeedRecipe::Intensities => {}
    }
}

fn set<T>(value: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *value = given;
    }
}

/// An option that would be ignored is a mistake of the user's: it is named.
fn refuse_foreign_options(args: &SegmentArgs, method: Method) -> anyhow::Result<()> {
    let network = [
        ("--model", args.model.is_some()),
        ("--models", args.models.is_some()),
        ("--organ", args.organ.is_some()),
        ("--sides", args.sides),
        ("--keep-all", args.keep_all),
        ("--start-model", args.start_model.is_some()),
        ("--tolerance", args.tolerance.is_some()),
        ("--batch", args.batch.is_some()),
    ];
    if let Some((name, _)) = network.iter().find(|(_, is_given)| *is_given) {
        bail!("{name} belongs to a network's method: leave it out, or choose --method unet, node-contour, ...");
    }
    for (name, is_given, methods) in options(args) {
        if is_given && !methods.contains(&method) {
            bail!("{name} has no meaning for this method: leave it out, or choose another --method");
        }
    }
    if args.seeds.is_empty() && args.init.is_none() {
        bail!("there is nothing to start from: give --seed x,y,z,radius (RAS mm) inside the organ, or --init MASK");
    }
    Ok(())
}

/// Options of the level set methods: name, whether it is given, and the methods that know it.
pub fn options(args: &SegmentArgs) -> Vec<(&'static str, bool, &'static [Method])> {
    const WINDOW: &[Method] = &[Method::Region];
    const EDGE: &[Method] = &[Method::Edge];
    const SPEED: &[Method] = &[Method::Edge, Method::Region];
    const CHAN_VESE: &[Method] = &[Method::ChanVese];
    const ALL: &[Method] = &[Method::Edge, Method::Region, Method::ChanVese];
    vec![
        ("--lower", args.lower.is_some(), WINDOW),
        ("--upper", args.upper.is_some(), WINDOW),
        ("--smoothness", args.smoothness.is_some(), WINDOW),
        ("--edge-scale", args.edge_scale.is_some(), EDGE),
        ("--edge-exponent", args.edge_exponent.is_some(), EDGE),
        ("--sigma", args.sigma.is_some(), SPEED),
        ("--speed", args.speed.is_some(), SPEED),
        ("--save-speed", args.save_speed.is_some(), SPEED),
        ("--alpha", args.alpha.is_some(), SPEED),
        ("--beta", args.beta.is_some(), SPEED),
        ("--gamma", args.gamma.is_some(), SPEED),
        ("--mu", args.mu.is_some(), CHAN_VESE),
        ("--nu", args.nu.is_some(), CHAN_VESE),
        ("--lambda1", args.lambda1.is_some(), CHAN_VESE),
        ("--lambda2", args.lambda2.is_some(), CHAN_VESE),
        ("--epsilon", args.epsilon.is_some(), CHAN_VESE),
        ("--heaviside", args.heaviside.is_some(), CHAN_VESE),
        ("--spacing", args.spacing.is_some(), ALL),
        ("--scheme", args.scheme.is_some(), ALL),
        ("--integrator", args.integrator.is_some(), ALL),
        ("--dt-factor", args.dt_factor.is_some(), ALL),
        ("--band", args.band.is_some(), ALL),
        ("--reinitialize-every", args.reinitialize_every.is_some(), ALL),
        ("--reinitialize-iterations", args.reinitialize_iterations.is_some(), ALL),
        ("--iterations", args.iterations.is_some(), ALL),
        ("--time", args.time.is_some(), ALL),
        ("--steady", args.steady.is_some(), ALL),
        ("--rms", args.rms.is_some(), ALL),
        ("--max-volume", args.max_volume.is_some(), ALL),
    ]
}
