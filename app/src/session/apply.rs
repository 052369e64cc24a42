//! [`Session::apply`]: one command in, its effects out.

use super::control::AfterAccept;
use super::evolution::EvolverCommand;
use super::history::{Change, Pair, Restored};
use super::jobs::{Content, Origin, WriteJob};
use super::{Command, Document, Effect, EvolutionView, Export, Session, Severity, Step, Tool, Window};
use std::path::PathBuf;
use zeroset_engine::levelset::Seed;

impl Session {
    /// Carries out one command; returns what it asks of the worker, the evolution thread and the window.
    pub fn apply(&mut self, command: Command) -> Vec<Effect> {
        if self.compare_takes(&command) {
            return Vec::new();
        }
        match command {
            Command::AskOpen => return vec![Effect::AskOpen],
            Command::Open(path) => return vec![Effect::Load(path)],
            Command::AskOpenSegmentation if self.document.is_some() => return vec![Effect::AskOpenSegmentation],
            Command::AskImportSpeed if self.document.is_some() => return vec![Effect::AskImportSpeed],
            Command::AskOpenDescriptions if self.document.is_some() => return vec![Effect::AskOpenDescriptions],
            Command::AskOpenSegmentation | Command::AskImportSpeed | Command::AskOpenDescriptions => {
                self.notify(Severity::Warning, "Open a scan first (Ctrl+G)");
            }
            Command::OpenSegmentation(path) => return self.open_segmentation(path),
            Command::OpenDescriptions(path) => {
                return self.document.iter().map(|d| Effect::LoadDescriptions(path.clone(), d.serial)).collect();
            }
            Command::ResampleSegmentation => return self.resample_segmentation(),
            Command::DropSegmentationOffer => self.segmentation_offer = None,
            Command::SaveMask => return self.save_mask(),
            Command::AskSave(export) => return self.ask_save(export),
            Command::Save(export, path) => return self.save(export, path),
            Command::SetSavePath(path) => {
                if let Some(document) = &mut self.document {
                    document.save_path = path;
                }
            }
            Command::Quit if self.unsaved() => self.asking_to_quit = true,
            Command::Quit | Command::QuitWithoutSaving => return vec![Effect::Quit],
            Command::SaveAndQuit => {
                (self.asking_to_quit, self.quit_after_save) = (false, true);
                return self.save_mask();
            }
            Command::KeepOpen => self.asking_to_quit = false,
            Command::SetTool(tool) => self.tool = tool,
            Command::SetStep(step) => self.set_step(step),
            Command::SetCursor(voxel) => self.set_cursor(voxel),
            Command::SetWindow(window) => self.window = Window::new(window.level, window.width),
            Command::AutoWindow => {
                if let Some(document) = &self.document {
                    self.window = Window::auto(&document.image);
                }
            }
            Command::SetRadius(radius_mm) => self.radius_mm = radius_mm.clamp(0.5, 100.0),
            Command::DismissNotice => self.notice = None,
            Command::Undo => return self.undo(true),
            Command::Redo => return self.undo(false),
            Command::SetProposalSettings(_)
            | Command::Propose
            | Command::CancelProposal
            | Command::AcceptProposal { .. }
            | Command::EvolveProposal
            | Command::DiscardProposal
            | Command::RestoreProposal => return self.apply_proposal(command),
            Command::SetOverlays(_)
            | Command::AskOpenReference
            | Command::OpenReference(_)
            | Command::SetReferenceLabels(_)
            | Command::CloseReference => return self.apply_overlay(command),
            Command::Compare(command) => return self.apply_compare(command),
            other => return self.apply_document(other),
        }
        Vec::new()
    }

    fn apply_document(&mut self, command: Command) -> Vec<Effect> {
        match command {
            Command::SetRoi(roi) => self.change(|d| {
                let pair = Pair { before: d.roi, after: roi };
                d.roi = roi;
                (pair.before != roi).then_some(("ROI", Change::Roi(pair)))
            }),
            Command::SetSpeed(speed) => self.change(|d| {
                let before = std::mem::replace(&mut d.speed, speed.clone());
                (before != speed).then_some(("Speed image", Change::Speed(Pair { before, after: speed })))
            }),
            Command::WindowFromCursor => self.window_from_cursor(),
            Command::AddSeed(seed) => self.change_seeds("Add seed", |seeds| seeds.push(seed)),
            Command::SetSeed(at, seed) => self.change_seeds("Change seed", |seeds| {
                if let Some(old) = seeds.get_mut(at) {
                    *old = seed;
                }
            }),
            Command::RemoveSeed(at) => self.change_seeds("Remove seed", |seeds| {
                if at < seeds.len() {
                    seeds.remove(at);
                }
            }),
            Command::ClearSeeds => self.change_seeds("Remove all seeds", Vec::clear),
            Command::SetEvolve(evolve) => return self.set_evolve(evolve),
            Command::SetTable(table) => self.change(|d| {
                let before = (std::mem::replace(&mut d.table, table), d.active_label);
                let after = (d.table.clone(), d.active_label);
                (before != after).then_some(("Labels", Change::Table(Pair { before, after })))
            }),
            Command::SetActiveLabel(label) => self.set_active_label(label),
            Command::CycleLabel(forward) => {
                if let Some(next) = self.document.as_ref().map(|d| d.table.neighbour(d.active_label, forward)) {
                    self.set_active_label(next);
                }
            }
            other => return self.apply_evolution(other),
        }
        Vec::new()
    }

    fn apply_evolution(&mut self, command: Command) -> Vec<Effect> {
        let exists = self.evolution.exists();
        let steer = |command| vec![Effect::Evolver(command)];
        match command {
            Command::Play => return self.play(),
            Command::Pause if exists => return steer(EvolverCommand::Pause),
            Command::TogglePlay if self.evolution.running() => return steer(EvolverCommand::Pause),
            Command::TogglePlay => return self.play(),
            Command::StepForward(steps) => return self.step_forward(steps),
            Command::StepBack(steps) if exists => {
                return steer(EvolverCommand::Seek(self.evolution.step.saturating_sub(u64::from(steps))));
            }
            Command::Seek(step) if exists => return steer(EvolverCommand::Seek(step)),
            Command::Branch if exists => return steer(EvolverCommand::Branch),
            Command::SwitchTo(branch) if exists => return steer(EvolverCommand::SwitchTo(branch)),
            Command::Restart => return self.restart(),
            Command::Discard => {
                self.evolution = EvolutionView::default();
                (self.begin_pending, self.begun_from, self.begun_contour) = (None, None, None);
                return steer(EvolverCommand::Close);
            }
            Command::SetStepsPerPicture(steps) => {
                self.steps_per_picture = steps.clamp(1, 100);
                return steer(EvolverCommand::StepsPerPicture(self.steps_per_picture));
            }
            Command::Paint(touch) if exists && !self.evolution.running() => return steer(EvolverCommand::Paint(touch)),
            Command::EndPaint if exists => return steer(EvolverCommand::EndPaint),
            Command::Paint(_) if self.evolution.running() => return steer(EvolverCommand::Pause),
            Command::Paint(_) => {
                self.notify(
                    Severity::Warning,
                    "The brush works on a contour: place a seed and press Play (Space) first",
                );
            }
            Command::Accept => return self.accept(AfterAccept::Stay),
            Command::AcceptIntoActive => return self.accept(AfterAccept::IntoActive),
            Command::Carry { forward, accept: true } => return self.accept(AfterAccept::Carry(forward)),
            Command::Carry { forward, accept: false } => return self.carry(forward),
            _ => {}
        }
        Vec::new()
    }

    /// Makes a change of the document and records it.
    fn change(&mut self, make: impl FnOnce(&mut Document) -> Option<(&'static str, Change)>) {
        if let Some((name, change)) = self.document.as_mut().and_then(make) {
            self.history.push(name, change);
        }
    }

    fn change_seeds(&mut self, name: &'static str, edit: impl FnOnce(&mut Vec<Seed>)) {
        self.change(|d| {
            let before = d.seeds.clone();
            edit(&mut d.seeds);
            let after = d.seeds.clone();
            (before != after).then_some((name, Change::Seeds(Pair { before, after })))
        });
    }

    fn set_evolve(&mut self, evolve: super::EvolveSettings) -> Vec<Effect> {
        self.change(|d| {
            let before = std::mem::replace(&mut d.evolve, evolve.clone());
            (before != evolve)
                .then_some(("Evolution settings", Change::Evolve(Box::new(Pair { before, after: evolve }))))
        });
        self.steer_settings()
    }

    /// Brings the running evolution up to the document's weights and stopping rule.
    fn steer_settings(&self) -> Vec<Effect> {
        let Some(document) = self.document.as_ref().filter(|_| self.evolution.exists()) else { return Vec::new() };
        if self.evolution.neural.as_ref().is_some_and(|neural| neural.t.is_some()) {
            return vec![Effect::Evolver(EvolverCommand::SetLaw(Box::new(document.evolve.neural.clone())))];
        }
        // Another method needs other fields: that takes a restart.
        if self.begun.as_ref().is_some_and(|b| b.speed.method != document.evolve.params.method) {
            return Vec::new();
        }
        vec![
            Effect::Evolver(EvolverCommand::SetParams(document.evolve.params)),
            Effect::Evolver(EvolverCommand::SetStop(super::control::stop_rule(document))),
        ]
    }

    fn set_active_label(&mut self, label: u16) {
        self.change(|d| {
            let before = (d.table.clone(), d.active_label);
            d.table.ensure(label);
            d.active_label = label;
            let after = (d.table.clone(), label);
            (before != after && label != 0).then_some(("Active label", Change::Table(Pair { before, after })))
        });
    }

    fn set_step(&mut self, step: Step) {
        self.step = step;
        self.tool = match step {
            Step::Roi => Tool::Roi,
            Step::Seeds => Tool::Seed,
            Step::Propose | Step::Speed | Step::Evolve | Step::Accept => Tool::Crosshair,
        };
    }

    fn set_cursor(&mut self, voxel: [i64; 3]) {
        if let Some(document) = &self.document {
            let size = document.image.geometry().size();
            self.cursor = std::array::from_fn(|d| voxel[d].clamp(0, size[d] as i64 - 1) as usize);
        }
    }

    /// Median ± 2.5 robust standard deviations of the intensities within the brush's radius of the cursor.
    fn window_from_cursor(&mut self) {
        let Some(document) = &self.document else { return };
        let geometry = document.image.geometry();
        let spacing = geometry.spacing_mm();
        let reach = spacing.map(|h| (self.radius_mm / h).ceil() as i64);
        let size = geometry.size();
        let range = |d: usize| {
            let at = self.cursor[d] as i64;
            (at - reach[d]).max(0)..=(at + reach[d]).min(size[d] as i64 - 1)
        };
        let mut values = Vec::new();
        for z in range(2) {
            for y in range(1) {
                for x in range(0) {
                    let voxel = [x, y, z];
                    let squared: f64 =
                        (0..3).map(|d| ((voxel[d] - self.cursor[d] as i64) as f64 * spacing[d]).powi(2)).sum();
                    if squared <= self.radius_mm * self.radius_mm {
                        values.push(document.image.at(voxel.map(|v| v as usize)));
                    }
                }
            }
        }
        let Some(spread) = zeroset_engine::levelset::measure::Spread::of(values) else { return };
        let window = spread.window();
        let mut speed = document.speed.clone();
        (speed.lower, speed.upper) = (window.lower.map(f32::round), window.upper.map(f32::round));
        speed.smoothness = window.smoothness.max(1.0).round();
        self.apply(Command::SetSpeed(speed));
    }

    fn undo(&mut self, back: bool) -> Vec<Effect> {
        let Some(document) = &mut self.document else { return Vec::new() };
        let result = if back { self.history.undo(document) } else { self.history.redo(document) };
        let Some((name, restored)) = result else {
            self.notify(Severity::Info, if back { "Nothing to undo" } else { "Nothing to redo" });
            return Vec::new();
        };
        self.notify(Severity::Info, format!("{}: {name}", if back { "Undone" } else { "Redone" }));
        match restored {
            Restored::Phi(serial, state) if serial == self.evolution.serial => {
                vec![Effect::Evolver(EvolverCommand::SetPhi(state))]
            }
            Restored::Phi(..) => Vec::new(),
            Restored::Document => self.steer_settings(),
        }
    }

    fn open_segmentation(&mut self, path: PathBuf) -> Vec<Effect> {
        match &self.document {
            Some(d) => vec![Effect::LoadSegmentation(path, d.serial, d.image.geometry().clone())],
            None => {
                self.notify(Severity::Warning, "Open the scan before its segmentation (Ctrl+G)");
                Vec::new()
            }
        }
    }

    fn resample_segmentation(&mut self) -> Vec<Effect> {
        match (&self.document, self.segmentation_offer.take()) {
            (Some(d), Some(offer)) => vec![Effect::Resample(offer.labels, d.serial, d.image.geometry().clone())],
            _ => Vec::new(),
        }
    }

    fn save_mask(&mut self) -> Vec<Effect> {
        match self.document.as_ref().map(|d| d.save_path.clone()) {
            Some(path) => self.save(Export::Mask, path),
            None => Vec::new(),
        }
    }

    fn ask_save(&mut self, export: Export) -> Vec<Effect> {
        let Some(document) = &self.document else { return Vec::new() };
        let beside = |name: &str| {
            let mask = document.save_path.to_string_lossy().into_owned();
            PathBuf::from(
                mask.strip_suffix("_mask.nii.gz").map_or_else(|| name.to_owned(), |stem| format!("{stem}_{name}")),
            )
        };
        let proposal = match export {
            Export::Mask => document.save_path.clone(),
            Export::Descriptions => beside("labels.label"),
            Export::Phi => beside("phi.nii.gz"),
            Export::Speed => beside("speed.nii.gz"),
            Export::Animation => beside("evolution.gif"),
            Export::Pictures => beside("evolution.png"),
            Export::PhiOverTime => beside("phi_t.nii.gz"),
        };
        vec![Effect::AskSave(export, proposal)]
    }

    fn save(&mut self, export: Export, path: PathBuf) -> Vec<Effect> {
        let Some(document) = &mut self.document else { return Vec::new() };
        let neural = self.evolution.neural.as_ref().map(|neural| neural.origin.clone());
        let neural = neural.filter(|_| export == Export::Phi);
        let origin = Origin {
            source: document.path.clone(),
            accepted: document.accepted.clone(),
            log: document.log.clone(),
            neural,
        };
        let content = match export {
            Export::Mask => {
                document.save_path.clone_from(&path);
                let revision = document.labels_revision;
                document.labels.clone().map(|labels| Content::Mask(labels, revision, document.table.descriptions()))
            }
            Export::Descriptions => Some(Content::Descriptions(document.table.descriptions())),
            Export::Phi => match (&self.evolution.place, &self.evolution.phi) {
                (Some(place), Some(state)) => {
                    Some(Content::Samples(Box::new(place.geometry.clone()), state.phi.clone()))
                }
                _ => None,
            },
            Export::Speed => document
                .speed_image
                .as_ref()
                .map(|image| Content::Samples(Box::new(image.geometry.clone()), image.samples.clone())),
            Export::Animation | Export::Pictures | Export::PhiOverTime if self.evolution.exists() => {
                return vec![Effect::Evolver(EvolverCommand::Film(path))];
            }
            Export::Animation | Export::Pictures | Export::PhiOverTime => None,
        };
        let serial = document.serial;
        let Some(content) = content else {
            self.quit_after_save = false;
            let what = match export {
                Export::Mask | Export::Descriptions => {
                    "There is no mask yet: accept a contour into a label first (Enter)"
                }
                Export::Phi | Export::Animation | Export::Pictures | Export::PhiOverTime => {
                    "There is no evolution yet: place a seed and press Play (Space)"
                }
                Export::Speed => "There is no speed image yet: go to the speed step",
            };
            self.notify(Severity::Warning, what);
            return Vec::new();
        };
        vec![Effect::Write(Box::new(WriteJob { serial, path, content, origin }))]
    }
}
