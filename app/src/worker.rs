//! Named threads for long work: files on one, computing on another, networks on a third, comparisons on a fourth. A job
//! goes in, its result comes out; of the speed images asked for only the newest is computed. Nobody waits.

use crate::paint::ScanTexture;
use crate::reference;
use crate::session::{Effect, Outcome};
use crate::work;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// Wakes the window when a result has come.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// The graphics device, where scans are uploaded on the way in.
pub type Graphics = Option<(wgpu::Device, wgpu::Queue)>;

/// A result, with the scan's texture where there is one.
pub struct Arrival {
    /// For the session.
    pub outcome: Outcome,
    /// For the panes.
    pub texture: Option<ScanTexture>,
}

/// A job that is being done.
#[derive(Clone, Debug)]
pub struct Busy {
    /// What, in words.
    pub what: String,
    /// Since when.
    pub since: Instant,
    cancelled: Arc<AtomicBool>,
}

impl Busy {
    /// Lets its result be thrown away.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }
}

/// The threads.
pub struct Worker {
    files: Lane,
    computing: Lane,
    networks: Lane,
    comparing: Lane,
    arrivals: Receiver<Arrival>,
}

/// One thread with its queue.
struct Lane {
    queue: Sender<Effect>,
    busy: Arc<Mutex<Option<Busy>>>,
}

impl Worker {
    /// Starts the threads.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(wake: Wake, graphics: Graphics) -> std::io::Result<Self> {
        let (out, arrivals) = channel();
        let files = Lane::start("zeroset-files", wake.clone(), graphics, out.clone())?;
        let computing = Lane::start("zeroset-compute", wake.clone(), None, out.clone())?;
        let networks = Lane::start("zeroset-networks", wake.clone(), None, out.clone())?;
        let comparing = Lane::start("zeroset-compare", wake, None, out)?;
        Ok(Self { files, computing, networks, comparing, arrivals })
    }

    /// Takes a job; gives back what is none.
    pub fn take(&self, effect: Effect) -> Option<Effect> {
        let lane = match &effect {
            Effect::Load(_) | Effect::LoadSegmentation(..) | Effect::LoadReference(..) | Effect::Write(_) => {
                &self.files
            }
            Effect::LoadDescriptions(..) => &self.files,
            Effect::Resample(..) | Effect::ComputeSpeed(..) | Effect::Accept(_) => &self.computing,
            Effect::PrepareReference(_) | Effect::CompareProposal(_) => &self.computing,
            Effect::Propose(_) => &self.networks,
            Effect::Compare(_) | Effect::MeasureCompared(..) => &self.comparing,
            _ => return Some(effect),
        };
        // A closed queue means that its thread has ended with the program.
        lane.queue.send(effect).err().map(|e| e.0)
    }

    /// Results that have come since the last call.
    pub fn arrived(&self) -> Vec<Arrival> {
        self.arrivals.try_iter().collect()
    }

    /// What is being done.
    pub fn busy(&self) -> Vec<Busy> {
        [&self.files, &self.computing, &self.networks, &self.comparing]
            .iter()
            .filter_map(|lane| lane.busy.lock().ok()?.clone())
            .collect()
    }
}

impl Lane {
    fn start(name: &str, wake: Wake, graphics: Graphics, out: Sender<Arrival>) -> std::io::Result<Self> {
        let (queue, jobs) = channel::<Effect>();
        let busy = Arc::new(Mutex::new(None));
        let shown = busy.clone();
        std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            while let Ok(first) = jobs.recv() {
                for job in newest_speed_only(std::iter::once(first).chain(jobs.try_iter()).collect()) {
                    // Proposals and comparisons hear that they were stopped, and then say so themselves.
                    let (cancelled, always_answers) = match &job {
                        Effect::Propose(job) => (job.run.cancelled.clone(), true),
                        Effect::Compare(job) => (job.run.cancelled.clone(), true),
                        _ => (Arc::new(AtomicBool::new(false)), false),
                    };
                    let note = Busy { what: in_words(&job), since: Instant::now(), cancelled: cancelled.clone() };
                    set(&shown, Some(note));
                    let arrival = run(job, &graphics);
                    set(&shown, None);
                    if (always_answers || !cancelled.load(Ordering::Relaxed)) && out.send(arrival).is_err() {
                        return;
                    }
                    wake();
                }
            }
        })?;
        Ok(Self { queue, busy })
    }
}

fn set(shown: &Mutex<Option<Busy>>, busy: Option<Busy>) {
    if let Ok(mut shown) = shown.lock() {
        *shown = busy;
    }
}

/// Drops speed images that a later job makes anew.
fn newest_speed_only(jobs: Vec<Effect>) -> Vec<Effect> {
    let is_speed = |job: &Effect| matches!(job, Effect::ComputeSpeed(..));
    let newest = jobs.iter().rposition(is_speed);
    jobs.into_iter().enumerate().filter(|(i, job)| !is_speed(job) || Some(*i) == newest).map(|(_, job)| job).collect()
}

fn in_words(job: &Effect) -> String {
    let name = |path: &std::path::Path| path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    match job {
        Effect::Load(path) | Effect::LoadSegmentation(path, ..) | Effect::LoadReference(path, ..) => {
            format!("Reading {}", name(path))
        }
        Effect::LoadDescriptions(path, _) => format!("Reading {}", name(path)),
        Effect::CompareProposal(_) => "Comparing with the reference".to_owned(),
        Effect::PrepareReference(_) => "Preparing the reference".to_owned(),
        Effect::Write(job) => format!("Writing {}", name(&job.path)),
        Effect::Resample(..) => "Resampling the segmentation".to_owned(),
        Effect::Accept(_) => "Accepting the contour".to_owned(),
        Effect::Propose(job) => format!("Looking for the {}", job.organ),
        Effect::Compare(_) => "Comparing methods".to_owned(),
        Effect::MeasureCompared(..) => "Measuring distances".to_owned(),
        _ => "Computing the speed image".to_owned(),
    }
}

fn run(job: Effect, graphics: &Graphics) -> Arrival {
    let plain = |outcome| Arrival { outcome, texture: None };
    let or_failed = |result: anyhow::Result<Outcome>| plain(result.unwrap_or_else(|e| Outcome::Failed(failure(&e))));
    match job {
        Effect::Load(path) => match load(&path, graphics) {
            Ok((scan, texture)) => Arrival { outcome: Outcome::Scan(scan), texture },
            Err(error) => plain(Outcome::Failed(failure(&error))),
        },
        Effect::LoadSegmentation(path, serial, scan) => or_failed(work::load_segmentation(&path, serial, &scan)),
        Effect::LoadDescriptions(path, serial) => or_failed(work::load_descriptions(path, serial)),
        Effect::LoadReference(path, serial, scan) => or_failed(reference::load(&path, serial, &scan)),
        Effect::CompareProposal(job) => plain(Outcome::Compared(Box::new(reference::compare(*job)))),
        Effect::PrepareReference(job) => or_failed(reference::prepare(&job)),
        Effect::Resample(labels, serial, target) => {
            let resampled = Arc::new(work::resample_labels(&labels, &target));
            plain(Outcome::Segmentation(serial, "the resampled segmentation".into(), resampled, Vec::new()))
        }
        Effect::ComputeSpeed(key, image) => plain(match work::compute_speed(&key, &image) {
            Ok(speed) => Outcome::Speed(Arc::new(speed)),
            Err(error) => Outcome::SpeedFailed(key, failure(&error)),
        }),
        Effect::Accept(job) => or_failed(work::accept(&job)),
        Effect::Propose(job) => {
            plain(Outcome::Proposed(job.run.number, crate::proposing::make(&job).map_err(|error| failure(&error))))
        }
        Effect::Compare(job) => {
            plain(Outcome::Comparison(job.run.number, crate::comparing::make(&job).map_err(|error| failure(&error))))
        }
        Effect::MeasureCompared(number, tick, comparison) => {
            let progress = f64::from(tick) / f64::from(crate::session::compare::TICKS);
            plain(Outcome::Measured(number, tick, comparison.hd95_mm(progress)))
        }
        Effect::Write(job) => or_failed(work::write(&job).map(|r| Outcome::Written(job.serial, job.path.clone(), r))),
        other => plain(Outcome::Failed(format!("{other:?} is no job for a worker"))),
    }
}

fn load(
    path: &std::path::Path,
    graphics: &Graphics,
) -> anyhow::Result<(crate::session::LoadedScan, Option<ScanTexture>)> {
    let scan = work::load_scan(path)?;
    let texture = match graphics {
        Some((device, queue)) => Some(ScanTexture::upload(device, queue, &scan.image)?),
        None => None,
    };
    Ok((scan, texture))
}

/// An error with its causes, on one line.
fn failure(error: &anyhow::Error) -> String {
    crate::cli::one_line(error)
}
