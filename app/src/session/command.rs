//! What the user can intend ([`Command`]), and what that asks of the rest of the program ([`Effect`]).

use super::compare::CompareSettings;
use super::document::EvolveSettings;
use super::evolution::{BrushTouch, EvolverCommand};
use super::labels::LabelTable;
use super::overlay::OverlaySettings;
use super::plane::Plane;
use super::proposal::ProposalSettings;
use super::speed::{SpeedKey, SpeedSettings};
use super::window::Window;
use super::{Step, Tool};
use std::path::PathBuf;
use std::sync::Arc;
use zeroset_engine::compare::Comparison;
use zeroset_engine::levelset::Seed;
use zeroset_engine::roi::Roi;
use zeroset_engine::{Geometry, LabelMap, Volume};

/// One intention of the user. Panels and views return these; the session applies them between two frames.
// One or two of them live for a frame: settings may come whole.
#[allow(clippy::large_enum_variant)]
#[derive(Clone, Debug)]
pub enum Command {
    /// Ask for a scan to open.
    AskOpen,
    /// Open this scan.
    Open(PathBuf),
    /// Ask for a segmentation to open.
    AskOpenSegmentation,
    /// Open this segmentation over the scan.
    OpenSegmentation(PathBuf),
    /// Resample the segmentation that lies on another grid (the answer to the offer).
    ResampleSegmentation,
    /// Leave that segmentation.
    DropSegmentationOffer,
    /// Ask for a reference to compare with.
    AskOpenReference,
    /// Open this reference.
    OpenReference(PathBuf),
    /// Compare with these labels of the reference; `None` with those of the organ at hand.
    SetReferenceLabels(Option<Vec<u16>>),
    /// Put the reference away.
    CloseReference,
    /// Ask for a speed image to import.
    AskImportSpeed,
    /// Ask for a file with names and colours of labels.
    AskOpenDescriptions,
    /// Take names and colours of labels from a file.
    OpenDescriptions(PathBuf),
    /// Save the mask where the document says.
    SaveMask,
    /// Ask where to save.
    AskSave(Export),
    /// Save to this file.
    Save(Export, PathBuf),
    /// Where the mask is saved from now on.
    SetSavePath(PathBuf),
    /// Close the window, after a question when there is unsaved work.
    Quit,
    /// Close the window whatever is unsaved.
    QuitWithoutSaving,
    /// Save the mask, then close the window.
    SaveAndQuit,
    /// Stay.
    KeepOpen,

    /// Choose a tool.
    SetTool(Tool),
    /// Go to a step of the guide.
    SetStep(Step),
    /// Put the linked cursor on a voxel (clamped to the scan).
    SetCursor([i64; 3]),
    /// What is laid over the slices.
    SetOverlays(OverlaySettings),
    /// Display window.
    SetWindow(Window),
    /// Automatic display window.
    AutoWindow,
    /// Size of new seeds and of the brush, mm.
    SetRadius(f64),
    /// Put away the message.
    DismissNotice,

    /// Change the region of interest.
    SetRoi(Roi),
    /// Change how the speed image is made.
    SetSpeed(SpeedSettings),
    /// Set the threshold window from the intensities in a ball around the cursor.
    WindowFromCursor,
    /// Place a seed.
    AddSeed(Seed),
    /// Replace the seed at this place of the list.
    SetSeed(usize, Seed),
    /// Remove the seed at this place of the list.
    RemoveSeed(usize),
    /// Remove all seeds.
    ClearSeeds,
    /// Change how the contour evolves.
    SetEvolve(EvolveSettings),
    /// Change names, colours or visibility.
    SetTable(LabelTable),
    /// Choose the label that contours are accepted into.
    SetActiveLabel(u16),
    /// The next (`true`) or previous label of the table becomes active.
    CycleLabel(bool),

    /// Change what is proposed, and how.
    SetProposalSettings(ProposalSettings),
    /// Let a network propose a contour.
    Propose,
    /// Stop the proposal being made.
    CancelProposal,
    /// Write the inside of the proposal into the active label, or the kidneys into the labels of their sides.
    AcceptProposal {
        /// Left and right kidney into their own labels.
        by_side: bool,
    },
    /// Begin an evolution from the proposal.
    EvolveProposal,
    /// Put the proposal away.
    DiscardProposal,
    /// Show the proposal again that was put away last.
    RestoreProposal,

    /// Begin from the seeds (or from the active label when there are none) and run.
    Play,
    /// Hold.
    Pause,
    /// Play or pause.
    TogglePlay,
    /// One step, or several, forward.
    StepForward(u32),
    /// One step, or several, back.
    StepBack(u32),
    /// Show the moment after this many steps.
    Seek(u64),
    /// Leave the line at the present moment; what follows is computed anew, the old line stays.
    Branch,
    /// Show another branch.
    SwitchTo(usize),
    /// Begin again from the present seeds and settings.
    Restart,
    /// Throw the evolution away.
    Discard,
    /// Steps between two pictures.
    SetStepsPerPicture(u32),
    /// Touch φ with the brush.
    Paint(BrushTouch),
    /// Lift the brush.
    EndPaint,
    /// Write the inside of the contour into the active label; a left and a right kidney that a proposal gave, each into
    /// the label of its side.
    Accept,
    /// As `Accept`, but a left and a right kidney go into the one active label, too.
    AcceptIntoActive,
    /// 2D: take the present contour as the start on the next (`true`) or previous slice.
    Carry {
        /// Towards S, A or R.
        forward: bool,
        /// Accept the present slice first.
        accept: bool,
    },

    /// Compare methods, or steer what is shown of a comparison.
    Compare(CompareCommand),

    /// Take the last change back.
    Undo,
    /// Make the last undone change again.
    Redo,
}

/// What the user can do with comparisons.
#[derive(Clone, Debug)]
pub enum CompareCommand {
    /// Change what is compared.
    Choose(CompareSettings),
    /// Compare.
    Start,
    /// End the method at work where it has come to, and go on with the next one.
    EndMethod,
    /// Stop the comparison being made.
    Stop,
    /// Show the comparison, or put it away.
    Show(bool),
    /// Play or pause.
    TogglePlay,
    /// Show a moment, 0 to [`TICKS`](super::compare::TICKS).
    GoTo(u32),
    /// So many seconds of playing have passed.
    Advance(f64),
    /// The two methods of the difference pane.
    SetPair(usize, usize),
    /// Plane of the panes.
    SetPlane(Plane),
    /// Put the contour of this method at the moment shown into the evolution.
    Take(usize),
}

/// What can be written to disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Export {
    /// The segmentation on the scan's grid.
    Mask,
    /// Names and colours of the labels.
    Descriptions,
    /// φ on its grid.
    Phi,
    /// The speed image on its grid.
    Speed,
    /// The evolution as an animated picture.
    Animation,
    /// The evolution as a series of pictures.
    Pictures,
    /// φ of the evolution over time, on its grid.
    PhiOverTime,
}

/// What the session asks of the worker, the evolution thread and the window.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Show a dialog that opens a scan.
    AskOpen,
    /// Show a dialog that opens a segmentation.
    AskOpenSegmentation,
    /// Show a dialog that opens a reference.
    AskOpenReference,
    /// Show a dialog that imports a speed image.
    AskImportSpeed,
    /// Show a dialog that opens names and colours of labels.
    AskOpenDescriptions,
    /// Show a dialog that saves; the path is the proposal.
    AskSave(Export, PathBuf),
    /// Read a scan.
    Load(PathBuf),
    /// Read a segmentation for the document with this number and grid.
    LoadSegmentation(PathBuf, u64, Geometry),
    /// Read names and colours of labels for the document with this number.
    LoadDescriptions(PathBuf, u64),
    /// Read a reference for the document with this number and grid.
    LoadReference(PathBuf, u64, Geometry),
    /// Make labels of the reference ready to be drawn and counted.
    PrepareReference(Box<super::reference::ReferenceJob>),
    /// Compare a proposal with the reference.
    CompareProposal(Box<super::reference::Compared>),
    /// Bring a segmentation onto this grid.
    Resample(Arc<LabelMap>, u64, Geometry),
    /// Run networks for a proposal.
    Propose(Box<super::jobs::ProposeJob>),
    /// Run methods side by side.
    Compare(Box<super::jobs::CompareJob>),
    /// Measure the surface distances of the comparison with this number at a moment.
    MeasureCompared(u64, u32, Arc<Comparison>),
    /// Compute a speed image.
    ComputeSpeed(SpeedKey, Arc<Volume>),
    /// Compute the label change that accepts a contour.
    Accept(Box<super::jobs::AcceptJob>),
    /// Write a file.
    Write(Box<super::jobs::WriteJob>),
    /// Steer the evolution.
    Evolver(EvolverCommand),
    /// Close the window.
    Quit,
}
