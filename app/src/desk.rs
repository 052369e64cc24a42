//! The session with its threads: what the window drives, and what tests drive without one.

use crate::evolver::{Evolver, Extra};
use crate::paint::ScanTexture;
use crate::session::{Command, Effect, Session, Severity};
use crate::starting::Gpu;
use crate::worker::{Arrival, Busy, Graphics, Wake, Worker};
use std::sync::Arc;
use zeroset_engine::models::Catalogue;

/// The session, the workers, and the evolution thread.
pub struct Desk {
    /// The document and all decisions.
    pub session: Session,
    worker: Worker,
    evolver: Evolver,
    /// Effects that only a window can carry out.
    pub for_window: Vec<Effect>,
    /// φ of the evolution as shown, when it is stepped on the graphics device.
    pub phi_buffer: Option<wgpu::Buffer>,
    /// Counts states of the evolution that have come.
    pub pictures: u64,
}

impl Desk {
    /// Starts the threads around an empty session.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(wake: Wake, graphics: Graphics, gpu: Gpu) -> std::io::Result<Self> {
        let worker = Worker::start(wake.clone(), graphics)?;
        let evolver = Evolver::start(wake, gpu)?;
        let mut session = Session::new();
        match Catalogue::shipped() {
            Ok(catalogue) => session.catalogue = Arc::new(catalogue),
            Err(error) => session.notify(Severity::Error, format!("The networks of this program are damaged: {error}")),
        }
        Ok(Self { session, worker, evolver, for_window: Vec::new(), phi_buffer: None, pictures: 0 })
    }

    /// Carries out a command.
    pub fn apply(&mut self, command: Command) {
        let effects = self.session.apply(command);
        self.dispatch(effects);
    }

    /// Takes what the threads have finished; returns scans' textures. Never waits.
    pub fn poll(&mut self) -> Vec<ScanTexture> {
        let mut textures = Vec::new();
        for arrival in self.worker.arrived() {
            let Arrival { outcome, texture } = arrival;
            let effects = self.session.take(outcome);
            self.dispatch(effects);
            textures.extend(texture);
        }
        for extra in self.evolver.extras() {
            match extra {
                Extra::Edited(serial, before, after) => self.session.take_edit(serial, before, after),
                Extra::Film(path, moments) => {
                    let effects = self.session.take_film(path, moments);
                    self.dispatch(effects);
                }
                Extra::Failed(reason) => self.session.notify(Severity::Error, reason),
            }
        }
        if let Some(shown) = self.evolver.newest() {
            self.phi_buffer = shown.phi_buffer;
            self.pictures += 1;
            let effects = self.session.take_evolution(shown.view);
            self.dispatch(effects);
        }
        let session = &mut self.session;
        let wanted = [
            session.wanted_speed(),
            session.wanted_reference(),
            session.wanted_comparison(),
            session.wanted_distances(),
        ];
        self.dispatch(wanted.into_iter().flatten().collect());
        textures
    }

    /// What the workers are doing.
    pub fn busy(&self) -> Vec<Busy> {
        self.worker.busy()
    }

    fn dispatch(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Evolver(command) => self.evolver.send(command),
                other => self.for_window.extend(self.worker.take(other)),
            }
        }
    }
}
