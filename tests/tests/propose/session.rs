//! Proposals in the session, with its threads and without a window: nothing is lost on any path.

use crate::support::{Cuboid, LEFT, PELVIC, RIGHT, catalogue, labels, lps, scan};
use std::sync::Arc;
use std::time::{Duration, Instant};
use zeroset::desk::Desk;
use zeroset::session::proposal::{ProposalSettings, Scope};
use zeroset::session::{Command, Dimension, RunState, Step};
use zeroset::starting::Gpu;
use zeroset_engine::analysis::Warning;
use zeroset_engine::levelset::Seed;
use zeroset_engine::{LabelMap, io};

struct Bench {
    desk: Desk,
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ct.nii.gz");
        io::write_volume(&path, &scan(&lps(), &[LEFT, RIGHT, PELVIC], 0.0), None).unwrap();
        let desk = Desk::start(Arc::new(|| {}), None, Gpu::default()).unwrap();
        let mut bench = Self { desk, folder };
        bench.desk.session.catalogue = Arc::new(catalogue(&bench.folder.path().join("models")));
        bench.desk.apply(Command::Open(path));
        bench.wait("the scan", |d| d.session.document.is_some());
        bench
    }

    fn wait(&mut self, what: &str, holds: impl Fn(&Desk) -> bool) {
        let begun = Instant::now();
        loop {
            self.desk.poll();
            if holds(&self.desk) {
                return;
            }
            let notice = &self.desk.session.notice;
            assert!(begun.elapsed() < Duration::from_secs(60), "waited in vain for {what}; last message: {notice:?}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn propose(&mut self) {
        self.desk.apply(Command::Propose);
        self.wait("the proposal", |d| d.session.proposing.is_none() && d.session.proposal.is_some());
    }

    /// An evolution from a proposal is begun by the network that evolves contours; now by the level set equation.
    fn by_level_set_instead(&mut self) {
        self.wait("the network's start", |d| d.session.evolution.phi.is_some());
        assert!(self.desk.session.evolution.neural.is_some(), "a network's contour is moved on by a network");
        let mut evolve = self.desk.session.document.as_ref().unwrap().evolve.clone();
        assert!(evolve.neural.on);
        evolve.neural.on = false;
        self.desk.apply(Command::SetEvolve(evolve));
        self.desk.apply(Command::Restart);
        self.wait("the start", |d| d.session.evolution.neural.is_none() && d.session.evolution.phi.is_some());
    }

    fn labels(&self) -> Option<Arc<LabelMap>> {
        self.desk.session.document.as_ref().unwrap().labels.clone()
    }

    fn set(&mut self, change: impl FnOnce(&mut ProposalSettings)) {
        let mut settings = self.desk.session.proposal_settings.clone();
        change(&mut settings);
        self.desk.apply(Command::SetProposalSettings(settings));
    }
}

#[test]
fn a_proposal_is_accepted_by_side_undone_and_brought_back() {
    let mut bench = Bench::new();
    assert_eq!(bench.desk.session.step, Step::Propose, "where there is a network it comes first");
    assert_eq!(bench.desk.session.proposal_choice(), Some(("kidney".into(), "unet".into())));
    bench.propose();
    let proposal = bench.desk.session.proposal.clone().unwrap();
    assert_eq!(proposal.findings.voxels, 4000);
    assert!(proposal.findings.warnings.contains(&Warning::LeftOut { parts: 1, volume_ml: 80.0 }));
    assert_eq!(proposal.phi.len(), proposal.place.geometry.len(), "phi fills its box");
    assert!(proposal.place.geometry.len() < lps().len() / 2, "the box is the contour's, not the scan's");
    assert!(bench.labels().is_none(), "nothing is labelled before it is accepted");

    bench.desk.apply(Command::AcceptProposal { by_side: true });
    bench.wait("the labels", |d| d.session.document.as_ref().is_some_and(|doc| doc.labels.is_some()));
    let truth = labels(&lps(), &[LEFT, RIGHT]);
    let accepted = bench.labels().unwrap();
    assert!(accepted.labels().iter().zip(truth.labels()).all(|(m, t)| *m == if *t > 0 { t + 2 } else { 0 }));
    assert!(bench.desk.session.proposal.is_none(), "accepted, it is out of sight");

    bench.desk.apply(Command::Undo);
    assert_eq!(bench.labels().map(|l| l.present()), Some(vec![]));
    bench.desk.apply(Command::Redo);
    assert_eq!(bench.labels().unwrap(), accepted);
    bench.desk.apply(Command::RestoreProposal);
    assert!(Arc::ptr_eq(bench.desk.session.proposal.as_ref().unwrap(), &proposal));

    let path = bench.folder.path().join("mask.nii.gz");
    bench.desk.apply(Command::SetSavePath(path.clone()));
    bench.desk.apply(Command::SaveMask);
    bench.wait("the file", |d| !d.session.unsaved());
    let origin = io::read_labels(&path).unwrap().source.provenance().unwrap();
    assert_eq!(origin.method, "network, unet");
    assert_eq!(origin.parameters["proposal"]["weights_sha256"], proposal.record.network.1.as_str());
    assert!(origin.history.iter().any(|line| line.contains("kidney proposed by both-unet")), "{:?}", origin.history);
}

#[test]
fn accepting_into_the_active_label_overwrites_only_the_inside() {
    let mut bench = Bench::new();
    bench.desk.apply(Command::SetActiveLabel(7));
    bench.set(|settings| settings.organ = Some("liver".into()));
    bench.propose();
    let document = bench.desk.session.document.as_ref().unwrap();
    assert_eq!(document.active_label, 5, "the label of the organ's name is offered");
    bench.desk.apply(Command::SetActiveLabel(9));
    bench.desk.apply(Command::AcceptProposal { by_side: false });
    bench.wait("the labels", |d| d.session.document.as_ref().is_some_and(|doc| doc.labels.is_some()));
    assert_eq!((bench.labels().unwrap().present(), bench.labels().unwrap().count(9)), (vec![9], 2000));
    // A second proposal leaves it alone until it is accepted, and discarded for ever.
    bench.set(|settings| settings.organ = Some("kidney".into()));
    bench.propose();
    assert_eq!(bench.labels().unwrap().count(9), 2000);
    bench.desk.apply(Command::DiscardProposal);
    assert!(bench.desk.session.proposal.is_none());
    assert_eq!(bench.labels().unwrap().present(), [9]);
}

#[test]
fn an_evolution_starts_from_its_phi_and_restarts_from_it() {
    let mut bench = Bench::new();
    bench.set(|settings| settings.method = Some("node-contour".into()));
    bench.propose();
    let proposal = bench.desk.session.proposal.clone().unwrap();
    assert_eq!((proposal.record.time, proposal.record.tolerance), (Some(1.0), None));
    assert_eq!(proposal.record.first.as_ref().map(|first| first.0.as_str()), Some("both-unet"));
    bench.desk.apply(Command::EvolveProposal);
    bench.by_level_set_instead();
    let session = &bench.desk.session;
    assert_eq!((session.step, session.evolution.step, &session.evolution.state), (Step::Evolve, 0, &RunState::Paused));
    let roi = session.document.as_ref().unwrap().roi;
    assert!(!roi.covers(&lps()), "a region that was never drawn becomes the proposal's surroundings");
    let place = session.evolution.place.clone().unwrap();
    let start = session.evolution.phi.clone().unwrap().phi;
    let mut inside = 0;
    for (i, &phi) in start.iter().enumerate() {
        let [nx, ny, _] = place.geometry.size();
        let voxel = [i % nx, i / nx % ny, i / (nx * ny)].map(|v| v as f64);
        let at = proposal.place.geometry.voxel_of_world(place.geometry.world_of_voxel(voxel)).map(f64::round);
        let size = proposal.place.geometry.size();
        let own = (0..3).all(|d| at[d] >= 0.0 && at[d] < size[d] as f64);
        let expected = own && proposal.phi[proposal.place.geometry.index(at.map(|v| v as usize))] < 0.0;
        assert_eq!(phi < 0.0, expected, "voxel {i}");
        inside += usize::from(phi < 0.0);
    }
    assert_eq!(inside, 4000);
    assert!(bench.desk.session.document.as_ref().unwrap().seeds.is_empty());

    bench.desk.apply(Command::StepForward(5));
    bench.wait("five steps", |d| d.session.evolution.step == 5);
    bench.desk.apply(Command::Restart);
    bench.wait("the start again", |d| d.session.evolution.step == 0 && d.session.evolution.phi.is_some());
    assert_eq!(bench.desk.session.evolution.phi.as_ref().unwrap().phi, start);
    bench.desk.apply(Command::StepForward(2));
    bench.wait("two steps", |d| d.session.evolution.step == 2);
    bench.desk.apply(Command::Accept);
    bench.wait("the label", |d| d.session.document.as_ref().is_some_and(|doc| doc.labels.is_some()));
    let document = bench.desk.session.document.as_ref().unwrap();
    let record = document.accepted.last().unwrap();
    assert_eq!((record.step, record.proposal.as_ref()), (2, Some(&proposal.record)));
    // Each kidney goes to its side, as the proposal's would; or, when asked, both into the one active label.
    let labels = document.labels.clone().unwrap();
    let sides = bench.desk.session.side_labels().unwrap();
    assert_eq!((record.label, record.label_right), (sides.left, Some(sides.right)));
    let at = |cuboid: Cuboid| labels.at(lps().voxel_of_world(cuboid.0).map(|v| v.round() as usize));
    assert_eq!([at(LEFT), at(RIGHT)], [sides.left, sides.right]);
    assert_eq!(labels.present(), [sides.left, sides.right]);
    bench.desk.apply(Command::Undo);
    bench.desk.apply(Command::SetActiveLabel(9));
    bench.desk.apply(Command::AcceptIntoActive);
    bench.wait("one label", |d| d.session.document.as_ref().unwrap().labels.as_ref().unwrap().count(9) > 0);
    let labels = bench.labels().unwrap();
    assert_eq!(labels.present(), [9]);
    assert_eq!(bench.desk.session.document.as_ref().unwrap().accepted.last().unwrap().label_right, None);

    bench.desk.apply(Command::Discard);
    bench.desk.apply(Command::AddSeed(Seed { center_mm: LEFT.0, radius_mm: 9.0 }));
    bench.desk.apply(Command::StepForward(1));
    bench.wait("a step from the seed", |d| d.session.evolution.step == 1);
    assert!(bench.desk.session.evolution.volume_ml() < 30.0, "by hand it starts from the seeds again");
    bench.desk.apply(Command::RestoreProposal);
    assert!(bench.desk.session.proposal.is_some(), "the proposal is still there");
}

#[test]
fn a_slice_is_proposed_and_evolves_alone() {
    let mut bench = Bench::new();
    bench.desk.apply(Command::SetCursor([30, 30, 40]));
    bench.set(|settings| settings.scope = Scope::Slice);
    bench.propose();
    let proposal = bench.desk.session.proposal.clone().unwrap();
    assert_eq!((proposal.findings.voxels, proposal.place.roi.lower[2], proposal.place.roi.upper[2]), (200, 40, 41));
    bench.desk.apply(Command::SetCursor([30, 30, 12]));
    bench.desk.apply(Command::EvolveProposal);
    bench.by_level_set_instead();
    let session = &bench.desk.session;
    assert!(matches!(session.document.as_ref().unwrap().evolve.dimension, Dimension::Two(_)));
    assert_eq!(session.cursor[2], 40, "back to the proposal's slice");
    assert_eq!(session.evolution.phi.as_ref().unwrap().phi.iter().filter(|&&v| v < 0.0).count(), 200);
}

#[test]
fn the_newest_proposal_wins_and_a_stopped_one_leaves_the_old_one() {
    let mut bench = Bench::new();
    bench.set(|settings| settings.organ = Some("liver".into()));
    bench.desk.apply(Command::Propose);
    let first = bench.desk.session.proposing.clone().unwrap();
    bench.set(|settings| settings.organ = Some("kidney".into()));
    bench.desk.apply(Command::Propose);
    assert!(first.is_cancelled());
    bench.wait("the proposal", |d| d.session.proposing.is_none() && d.session.proposal.is_some());
    let kidney = bench.desk.session.proposal.clone().unwrap();
    assert_eq!(kidney.record.organ, "kidney");
    bench.desk.apply(Command::Propose);
    let run = bench.desk.session.proposing.clone().unwrap();
    bench.desk.apply(Command::CancelProposal);
    assert!(run.is_cancelled() && bench.desk.session.proposing.is_none());
    // Whatever still comes of it changes nothing: the next one is the first to arrive.
    bench.set(|settings| settings.scope = Scope::Slice);
    bench.desk.apply(Command::SetCursor([0, 0, 69]));
    bench.desk.apply(Command::Propose);
    bench.wait("the answer", |d| d.session.proposing.is_none());
    let text = bench.desk.session.notice.as_ref().unwrap().text.clone();
    assert!(text.contains("No kidney was found in this slice"), "{text}");
    assert!(Arc::ptr_eq(bench.desk.session.proposal.as_ref().unwrap(), &kidney), "the old one is still there");
}

#[test]
fn without_a_network_the_user_is_told() {
    let mut bench = Bench::new();
    bench.desk.session.catalogue = Arc::default();
    bench.desk.apply(Command::Propose);
    assert!(bench.desk.session.proposing.is_none());
    assert!(bench.desk.session.notice.as_ref().unwrap().text.contains("no trained network"));
}
