//! A contour of a comparison goes into the evolution.

use super::ComparisonView;
use crate::session::control::{Begin, From};
use crate::session::document::Dimension;
use crate::session::evolution::{EvolverCommand, PhiState};
use crate::session::history::{Change, Pair};
use crate::session::{Command, Effect, Session, Severity, Step};
use std::sync::Arc;

impl Session {
    /// Puts a contour of the comparison into the evolution: as an edit where one lies in the same place, else as the
    /// start of a new one, held.
    pub(super) fn take_compared(&mut self, track: usize) -> Vec<Effect> {
        let Some(view) = self.compare.view.clone() else { return Vec::new() };
        let Some(track) = view.comparison.tracks.get(track) else { return Vec::new() };
        let frame = track.at(view.position);
        let phi = match frame.phi() {
            Ok(phi) => Arc::new(phi),
            Err(error) => {
                self.notify(Severity::Error, error.to_string());
                return Vec::new();
            }
        };
        let weights = track.weights_sha256.as_ref().map_or_else(String::new, |sha| format!(", weights {sha}"));
        let line =
            format!("contour of a comparison taken: {}, step {}, t = {:.3}{weights}", track.name, frame.step, frame.t);
        if let Some(document) = &mut self.document {
            document.log.push(line);
        }
        self.compare.open = false;
        self.apply(Command::SetStep(Step::Evolve));
        let text = format!("{}: taken into the evolution; accept it (Enter), or let it run on (Space)", track.name);
        self.notify(Severity::Info, text);
        let held = self.evolution.exists() && !self.evolution.running() && self.evolution.neural.is_none();
        let here = self
            .evolution
            .place
            .as_ref()
            .is_some_and(|place| place.roi == view.place.roi && place.slice == view.place.slice);
        if let (true, true, Some(before)) = (held, here, self.evolution.phi.clone()) {
            let after = PhiState { step: before.step, phi, line: before.line };
            self.history.seal();
            self.history
                .push("Take contour", Change::Phi(self.evolution.serial, Pair { before, after: after.clone() }));
            self.history.seal();
            return vec![Effect::Evolver(EvolverCommand::SetPhi(after))];
        }
        self.lead_to(&view);
        self.plan_begin(Begin {
            play: false,
            steps: 0,
            from: From::Field(Box::new(view.place.geometry), phi),
            follow: false,
        })
    }

    /// Region, dimension and cursor as they were compared in.
    fn lead_to(&mut self, view: &ComparisonView) {
        let Some(document) = &self.document else { return };
        let mut evolve = document.evolve.clone();
        // What was taken is to be accepted as it is: a network would lay it on its own grid first.
        evolve.neural.on = false;
        evolve.dimension = view.place.slice.map_or(Dimension::Three, |_| Dimension::Two(view.plane));
        if let Some(slice) = view.place.slice {
            self.cursor[slice.axis] = slice.index;
        }
        self.apply(Command::SetRoi(view.place.roi));
        self.apply(Command::SetEvolve(evolve));
    }
}
