//! Which methods can be compared here.

use super::MethodKey;
use crate::session::Session;
use crate::session::evolution::SlicePlace;
use zeroset_engine::levelset::Method;
use zeroset_engine::models::Listed;
use zeroset_engine::slices::axial_axis;

/// A method with its name, and why it cannot run here, if it cannot.
#[derive(Clone, Debug)]
pub struct Offer {
    /// Which one.
    pub key: MethodKey,
    /// As shown.
    pub name: String,
    /// Why not.
    pub refusal: Option<&'static str>,
}

impl Session {
    /// Organ whose networks can be compared.
    pub fn compared_organ(&self) -> Option<String> {
        let organs = self.compared_organs();
        let known = |organ: &&str| organs.iter().any(|own| own == organ);
        let settings = self.document.as_ref().and_then(|d| d.evolve.neural.organ.as_deref());
        let proposed = self.begun_from().or(self.proposal.as_deref()).map(|proposal| proposal.record.organ.as_str());
        let first = organs.first().map(String::as_str);
        let organ = self.compare.settings.organ.as_deref().or(proposed).or(settings).filter(known).or(first);
        organ.map(str::to_owned)
    }

    /// Organs that any network knows, by name.
    pub fn compared_organs(&self) -> Vec<String> {
        let mut organs: Vec<String> =
            self.catalogue.iter().flat_map(|network| network.organs().map(str::to_owned)).collect();
        organs.sort_unstable();
        organs.dedup();
        organs
    }

    /// All methods that are at hand for the organ, also those that cannot run here.
    pub fn compare_offers(&self) -> Vec<Offer> {
        let equations = [Method::Region, Method::Edge, Method::ChanVese];
        let equation = |method| Offer { key: MethodKey::Equation(method), name: equation_name(method), refusal: None };
        let mut offers: Vec<Offer> = equations.map(equation).into();
        let organ = self.compared_organ().unwrap_or_default();
        let networks: Vec<&Listed> =
            self.catalogue.iter().filter(|network| network.organs().any(|own| own == organ)).collect();
        let axial = self.document.as_ref().map(|d| axial_axis(d.image.geometry()));
        let across = self.compared_slice().map(|slice| slice.axis);
        for network in &networks {
            let method = network.method();
            let several = networks.iter().filter(|other| other.method() == method).count() > 1;
            let name =
                if several { format!("{}, {}", network_name(method), network.name) } else { network_name(method) };
            let refusal = (method == "node-contour" && across.is_some() && across != axial)
                .then_some("contours axial slices: choose 3D or Axial");
            offers.push(Offer { key: MethodKey::Network(network.name.clone()), name, refusal });
        }
        offers
    }

    /// The ticked methods that are at hand and can run here.
    pub fn compare_chosen(&self) -> Vec<Offer> {
        let offers = self.compare_offers();
        let chosen = self.compare.settings.chosen.iter();
        chosen.filter_map(|key| offers.iter().find(|o| o.key == *key && o.refusal.is_none()).cloned()).collect()
    }

    /// The slice in which a comparison begun now would take place; `None` in 3D.
    pub(super) fn compared_slice(&self) -> Option<SlicePlace> {
        if self.evolution.exists() {
            return self.evolution.place.as_ref()?.slice;
        }
        let axis = self.document.as_ref()?.slices_along()?;
        Some(SlicePlace { axis, index: self.cursor[axis] })
    }
}

fn equation_name(method: Method) -> String {
    let name = match method {
        Method::Region => "Region",
        Method::Edge => "Edge",
        Method::ChanVese => "Chan–Vese",
    };
    name.to_owned()
}

fn network_name(method: &str) -> String {
    let name = match method {
        "unet" => "UNet",
        "node-contour" => "Contour ODE",
        "node-image" => "Image ODE",
        "node-stack" => "Stack of ODEs",
        "lsn" => "Level set network",
        "deep-chan-vese" => "Deep Chan–Vese",
        other => other,
    };
    name.to_owned()
}
