//! File dialogs: asked for on the window's thread, waited for on another.

use crate::session::{Command, Effect, Export};
use crate::worker::Wake;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};

/// Endings that can be read.
const READABLE: [&str; 8] = ["nii", "gz", "hdr", "img", "nrrd", "nhdr", "mha", "mhd"];
/// Endings of what the writers take, `.nii.gz` for a name that has none of them.
const WRITABLE: [&str; 8] = [".nii.gz", ".nii", ".hdr", ".img", ".nrrd", ".nhdr", ".mha", ".mhd"];
/// Endings of label description files.
const DESCRIPTIONS: [&str; 2] = ["label", "txt"];

/// Open dialogs and their answers.
pub struct Dialogs {
    out: Sender<Command>,
    answers: Receiver<Command>,
    wake: Wake,
}

impl Dialogs {
    /// No dialog yet.
    pub fn new(wake: Wake) -> Self {
        let (out, answers) = channel();
        Self { out, answers, wake }
    }

    /// Answers that have come.
    pub fn answers(&self) -> Vec<Command> {
        self.answers.try_iter().collect()
    }

    /// Shows the dialog that an effect asks for; false when it asks for none.
    pub fn show(&self, effect: &Effect, speed: &crate::session::SpeedSettings) -> bool {
        match effect {
            Effect::AskOpen => self.pick("Open a scan", true, Command::Open),
            Effect::AskOpenSegmentation => self.pick("Open a segmentation", false, Command::OpenSegmentation),
            Effect::AskOpenReference => self.pick("Open a reference", false, Command::OpenReference),
            Effect::AskImportSpeed => {
                let speed = speed.clone();
                self.pick("Import a speed image", false, move |path| {
                    Command::SetSpeed(crate::session::SpeedSettings { imported: Some(path), ..speed })
                });
            }
            Effect::AskOpenDescriptions => {
                self.pick_of(
                    "Load label descriptions",
                    "ITK-SNAP labels",
                    &DESCRIPTIONS,
                    false,
                    Command::OpenDescriptions,
                );
            }
            Effect::AskSave(export, proposal) => self.save(*export, proposal),
            _ => return false,
        }
        true
    }

    fn pick(&self, title: &str, slices: bool, command: impl FnOnce(PathBuf) -> Command + Send + 'static) {
        self.pick_of(title, "Volumes", &READABLE, slices, command);
    }

    /// `slices`: also DICOM slices, which often have no ending at all; any one of them opens its series.
    fn pick_of(
        &self,
        title: &str,
        filter: &str,
        endings: &[&str],
        slices: bool,
        command: impl FnOnce(PathBuf) -> Command + Send + 'static,
    ) {
        let dialog = rfd::AsyncFileDialog::new().set_title(title).add_filter(filter, endings);
        let dialog = if slices { dialog.add_filter("DICOM slice", &["*"]) } else { dialog };
        let future = dialog.pick_file();
        self.wait(async move { future.await.map(|file| command(file.path().to_owned())) });
    }

    fn save(&self, export: Export, proposal: &Path) {
        let (filter, endings, complete): (_, &[&str], &'static [&'static str]) = match export {
            Export::Animation => ("GIF", &["gif"], &[".gif"]),
            Export::Pictures => ("PNG", &["png"], &[".png"]),
            Export::Descriptions => ("ITK-SNAP labels", &DESCRIPTIONS, &[".label", ".txt"]),
            Export::PhiOverTime => ("NIfTI", &["gz", "nii"], &[".nii.gz", ".nii", ".hdr", ".img"]),
            _ => ("NIfTI, NRRD, MetaImage", &["gz", "nii", "nrrd", "nhdr", "mha", "mhd"], &WRITABLE),
        };
        let mut dialog = rfd::AsyncFileDialog::new().set_title("Save").add_filter(filter, endings);
        if let Some(folder) = proposal.parent().filter(|p| p.is_dir()) {
            dialog = dialog.set_directory(folder);
        }
        if let Some(name) = proposal.file_name() {
            dialog = dialog.set_file_name(name.to_string_lossy());
        }
        let future = dialog.save_file();
        self.wait(async move {
            future.await.map(|file| Command::Save(export, crate::work::with_ending(file.path().to_owned(), complete)))
        });
    }

    fn wait(&self, answer: impl Future<Output = Option<Command>> + Send + 'static) {
        let (out, wake) = (self.out.clone(), self.wake.clone());
        let waiting = std::thread::Builder::new().name("zeroset-dialog".to_owned()).spawn(move || {
            // A closed window has no one left to tell.
            if let Some(command) = pollster::block_on(answer)
                && out.send(command).is_ok()
            {
                wake();
            }
        });
        if let Err(error) = waiting {
            tracing::error!("no thread for the file dialog: {error}");
        }
    }
}
