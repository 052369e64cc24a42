//! The evolution thread: owns the [`Evolution`], takes commands, and leaves the newest state for whoever looks.
//!
//! The window never waits for it. A state that nobody has fetched is replaced by a newer one; φ is copied only when
//! the last copy was fetched, so a fast evolution is not slowed down by a slow screen.

mod commands;
mod source;

use crate::neural::{self, News};
use crate::overlays::Overlays;
use crate::session::evolution::{BrushTouch, EvolutionSetup, EvolutionView, EvolverCommand, PhiState, Place, RunState};
use crate::session::overlay::OverlayView;
use crate::starting;
use crate::worker::Wake;
use commands::coalesced;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use zeroset_engine::levelset::history::Event;
use zeroset_engine::levelset::{Evolution, EvolutionError, EvolutionState, StepReport};

/// Frames of an animated picture.
const FILM_FRAMES: u64 = 60;
/// Time between two pictures of a running evolution: its speed is steps per picture, whatever the screen can follow.
const PICTURE_INTERVAL: Duration = Duration::from_micros(16_667);

/// What the thread hands out beside its state.
#[derive(Debug)]
pub enum Extra {
    /// A finished brush edit, for undo: evolution, before, after.
    Edited(u64, PhiState, PhiState),
    /// Moments for an animated picture.
    Film(PathBuf, Vec<(u64, Arc<Vec<f32>>)>),
    /// Something failed but the evolution goes on.
    Failed(String),
}

/// The thread's handle.
pub struct Evolver {
    commands: Sender<Message>,
    newest: Arc<Mutex<Option<Shown>>>,
    extras: Receiver<Extra>,
}

/// A state to show.
pub struct Shown {
    /// For the session.
    pub view: EvolutionView,
    /// φ on the graphics device, when it is stepped there.
    pub phi_buffer: Option<wgpu::Buffer>,
}

impl Evolver {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(wake: Wake, gpu: starting::Gpu) -> std::io::Result<Self> {
        let (commands, inbox) = channel();
        let (extra_out, extras) = channel();
        let newest = Arc::new(Mutex::new(None));
        let slot = newest.clone();
        std::thread::Builder::new().name("zeroset-evolver".to_owned()).spawn({
            let post = commands.clone();
            move || {
                let overlays = Overlays::default();
                Thread { inbox, post, slot, extras: extra_out, wake, gpu, run: None, overlays }.work();
            }
        })?;
        Ok(Self { commands, newest, extras })
    }

    /// Gives the thread a command.
    pub fn send(&self, command: EvolverCommand) {
        // The thread ends with the program; a command after that has no one to ask.
        let _ = self.commands.send(Message::Command(command));
    }

    /// The newest state, once.
    pub fn newest(&self) -> Option<Shown> {
        self.newest.lock().ok()?.take()
    }

    /// What else has come.
    pub fn extras(&self) -> Vec<Extra> {
        self.extras.try_iter().collect()
    }
}

impl Drop for Evolver {
    fn drop(&mut self) {
        let _ = self.commands.send(Message::End);
    }
}

/// What reaches the thread.
enum Message {
    /// From the window.
    Command(EvolverCommand),
    /// From the network of the evolution with this number, of its round with this number.
    News(u64, u64, News),
    /// The window is gone.
    End,
}

/// The evolution that there is.
enum Active {
    /// By the level set equation.
    LevelSet(Box<Run>),
    /// By a network.
    Neural(Box<neural::Run>),
}

impl Active {
    fn playing(&self) -> bool {
        match self {
            Self::LevelSet(run) => run.playing,
            Self::Neural(run) => run.playing(),
        }
    }

    fn play_picture(&mut self) {
        match self {
            Self::LevelSet(run) => run.play_picture(),
            Self::Neural(run) => run.play(),
        }
    }

    fn carry_out(&mut self, command: EvolverCommand) -> Result<Option<Extra>, String> {
        match self {
            Self::LevelSet(run) => run.carry_out(command).map_err(|error| error.to_string()),
            Self::Neural(run) => run.carry_out(command).map_err(|error| crate::cli::one_line(&error)),
        }
    }

    fn shown(&mut self) -> Shown {
        match self {
            Self::LevelSet(run) => Shown { view: run.view(), phi_buffer: run.phi_buffer.clone() },
            Self::Neural(run) => Shown { view: run.view(), phi_buffer: None },
        }
    }
}

/// A running evolution by the level set equation, and how it is shown.
pub(crate) struct Run {
    serial: u64,
    place: Place,
    evolution: Evolution,
    device: String,
    /// φ on the graphics device, when it is stepped there: read back only while held.
    phi_buffer: Option<wgpu::Buffer>,
    playing: bool,
    steps_per_picture: u32,
    ms_per_step: f64,
    /// φ before the brush touched it.
    stroke: Option<PhiState>,
    reports: Arc<Vec<StepReport>>,
    failure: Option<String>,
}

struct Thread {
    inbox: Receiver<Message>,
    /// Where networks post their news.
    post: Sender<Message>,
    slot: Arc<Mutex<Option<Shown>>>,
    extras: Sender<Extra>,
    wake: Wake,
    gpu: starting::Gpu,
    run: Option<Active>,
    overlays: Overlays,
}

impl Thread {
    fn work(mut self) {
        let mut next_picture = Instant::now();
        loop {
            let playing = self.run.as_ref().is_some_and(Active::playing);
            // A running evolution looks for commands between pictures; a held one waits for them.
            let first = if playing {
                match self.inbox.recv_timeout(next_picture.saturating_duration_since(Instant::now())) {
                    Ok(message) => Some(message),
                    Err(RecvTimeoutError::Timeout) => None,
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            } else {
                match self.inbox.recv() {
                    Ok(message) => Some(message),
                    Err(_) => return,
                }
            };
            if let Some(first) = first {
                let mut commands = Vec::new();
                let messages: Vec<Message> = std::iter::once(first).chain(self.inbox.try_iter()).collect();
                for message in messages {
                    match message {
                        Message::Command(command) => commands.push(command),
                        Message::News(serial, round, news) => self.take_news(serial, round, news),
                        Message::End => return,
                    }
                }
                for command in coalesced(commands) {
                    self.carry_out(command);
                }
                self.publish(true);
            }
            if self.run.as_ref().is_some_and(Active::playing) && Instant::now() >= next_picture {
                next_picture = Instant::now() + PICTURE_INTERVAL;
                self.play();
            }
        }
    }

    /// One picture's worth of steps.
    fn play(&mut self) {
        let Some(run) = &mut self.run else { return };
        run.play_picture();
        let held = !run.playing();
        self.publish(held);
    }

    fn take_news(&mut self, serial: u64, round: u64, news: News) {
        if let Some(Active::Neural(run)) = &mut self.run
            && run.serial() == serial
        {
            run.take(round, news);
        }
    }

    fn carry_out(&mut self, command: EvolverCommand) {
        match command {
            EvolverCommand::Begin(setup) => self.begin(*setup),
            EvolverCommand::Close => self.run = None,
            EvolverCommand::SetOverlays(wanted) => self.overlays.set(wanted),
            EvolverCommand::SetReference(reference) => self.overlays.compare_with(reference),
            other => {
                let Some(run) = &mut self.run else { return };
                let extra = run.carry_out(other).unwrap_or_else(|error| Some(Extra::Failed(error)));
                if let Some(extra) = extra
                    && self.extras.send(extra).is_ok()
                {
                    (self.wake)();
                }
            }
        }
    }

    fn begin(&mut self, setup: EvolutionSetup) {
        // The old φ and history go first: two of them may not fit.
        self.run = None;
        self.overlays.begin();
        let begun = if setup.neural.is_some() {
            let (post, serial) = (self.post.clone(), setup.serial);
            let tell = Box::new(move |round, news| post.send(Message::News(serial, round, news)).is_ok());
            neural::Run::begin(&setup, tell).map(|run| Active::Neural(Box::new(run)))
        } else {
            let started = starting::evolution(&setup, &self.gpu);
            started.map(|started| Active::LevelSet(Box::new(Run::new(setup.clone(), started))))
        };
        match begun {
            Ok(run) => self.run = Some(run),
            Err(error) => {
                let state = RunState::Failed(crate::cli::one_line(&error));
                let view = EvolutionView { serial: setup.serial, state, ..EvolutionView::default() };
                self.put(Shown { view, phi_buffer: None });
            }
        }
    }

    /// Leaves the state for the window; with `now` whatever the time since the last picture.
    fn publish(&mut self, now: bool) {
        let Some(run) = &mut self.run else { return };
        let fetched = self.slot.lock().is_ok_and(|slot| slot.is_none());
        if !now && !fetched {
            return;
        }
        let mut shown = run.shown();
        shown.view.overlays = self.overlays.make(run.source(), &shown.view);
        self.put(shown);
    }

    fn put(&self, shown: Shown) {
        if let Ok(mut slot) = self.slot.lock() {
            *slot = Some(shown);
        }
        (self.wake)();
    }
}

impl Run {
    pub(crate) fn new(setup: EvolutionSetup, started: starting::Started) -> Self {
        let starting::Started { mut evolution, phi_buffer } = started;
        let device = evolution.stepper().device();
        Self {
            serial: setup.serial,
            place: setup.place,
            evolution,
            device,
            phi_buffer,
            playing: setup.play,
            steps_per_picture: setup.steps_per_picture.max(1),
            ms_per_step: 0.0,
            stroke: None,
            reports: Arc::default(),
            failure: None,
        }
    }

    /// Whether it runs.
    pub(crate) fn playing(&self) -> bool {
        self.playing
    }

    /// Steps behind the φ as shown.
    pub(crate) fn step(&self) -> u64 {
        self.evolution.step()
    }

    /// The furthest step known of the active line.
    pub(crate) fn last_step(&self) -> u64 {
        self.evolution.history().tip()
    }

    /// Number of branches, and which one is active.
    pub(crate) fn branches(&self) -> (usize, usize) {
        (self.evolution.history().branches().len(), self.evolution.history().active())
    }

    /// φ as shown.
    pub(crate) fn phi(&mut self) -> Result<Vec<f32>, EvolutionError> {
        self.evolution.phi()
    }

    /// Lets it run.
    pub(crate) fn start(&mut self) {
        self.evolution.resume();
        (self.playing, self.failure) = (true, None);
    }

    /// One picture's worth of steps.
    pub(crate) fn play_picture(&mut self) {
        let before = Instant::now();
        let steps_before = self.evolution.step();
        match self.evolution.advance(self.steps_per_picture) {
            Ok(_) => {
                let steps = self.evolution.step() - steps_before;
                if steps > 0 {
                    let ms = before.elapsed().as_secs_f64() * 1e3 / steps as f64;
                    self.ms_per_step = if self.ms_per_step == 0.0 { ms } else { 0.8 * self.ms_per_step + 0.2 * ms };
                }
                self.playing = self.evolution.state() == EvolutionState::Ready;
            }
            Err(error) => self.fail(&error),
        }
    }

    fn fail(&mut self, error: &EvolutionError) {
        self.playing = false;
        self.failure = Some(error.to_string());
    }

    pub(crate) fn carry_out(&mut self, command: EvolverCommand) -> Result<Option<Extra>, EvolutionError> {
        match command {
            EvolverCommand::Play => {
                self.end_stroke()?;
                self.start();
            }
            EvolverCommand::Pause => self.playing = false,
            EvolverCommand::Advance(steps) => {
                self.playing = false;
                self.evolution.resume();
                self.evolution.advance(steps)?;
            }
            EvolverCommand::Seek(step) => {
                self.playing = false;
                let tip = self.evolution.history().tip();
                self.evolution.seek(step.min(tip))?;
            }
            EvolverCommand::Branch => {
                self.playing = false;
                self.evolution.branch()?;
            }
            EvolverCommand::SwitchTo(branch) => {
                self.playing = false;
                self.evolution.switch_to(branch)?;
            }
            EvolverCommand::SetParams(params) if params != self.evolution.params() => {
                self.evolution.set_params(params)?;
            }
            EvolverCommand::SetStop(rule) if rule != self.evolution.rule() => self.evolution.set_rule(rule),
            EvolverCommand::StepsPerPicture(steps) => self.steps_per_picture = steps.max(1),
            EvolverCommand::Paint(touch) => {
                self.playing = false;
                self.paint(&touch)?;
            }
            EvolverCommand::EndPaint => return self.end_stroke(),
            EvolverCommand::SetPhi(state) => {
                self.playing = false;
                let tip = self.evolution.history().tip();
                self.evolution.seek(state.step.min(tip))?;
                self.evolution.edit_phi(&state.phi)?;
            }
            EvolverCommand::Film(path) => return self.film(path).map(Some),
            _ => {}
        }
        Ok(None)
    }

    /// Union of φ with a ball, or what is left of it without the ball.
    fn paint(&mut self, touch: &BrushTouch) -> Result<(), EvolutionError> {
        let mut phi = self.evolution.phi()?;
        if self.stroke.is_none() {
            self.stroke = Some(PhiState { step: self.evolution.step(), phi: Arc::new(phi.clone()), line: 0 });
        }
        crate::brush::apply(&mut phi, &self.place.geometry, touch);
        // The stepper takes it at once, history only when the brush is lifted: a stroke is one edit.
        let step = self.evolution.step();
        self.evolution.stepper().set_phi(&phi, step)?;
        Ok(())
    }

    fn end_stroke(&mut self) -> Result<Option<Extra>, EvolutionError> {
        let Some(before) = self.stroke.take() else { return Ok(None) };
        let phi = self.evolution.phi()?;
        self.evolution.edit_phi(&phi)?;
        let after = PhiState { step: self.evolution.step(), phi: Arc::new(phi), line: 0 };
        Ok(Some(Extra::Edited(self.serial, before, after)))
    }

    /// φ at evenly spaced steps of the active line, then back to where it was.
    fn film(&mut self, path: PathBuf) -> Result<Extra, EvolutionError> {
        let (here, tip) = (self.evolution.step(), self.evolution.history().tip());
        let frames = tip.clamp(1, FILM_FRAMES);
        let mut moments = Vec::new();
        for frame in 0..=frames {
            let step = tip * frame / frames;
            self.evolution.seek(step)?;
            moments.push((step, Arc::new(self.evolution.phi()?)));
        }
        self.evolution.seek(here)?;
        Ok(Extra::Film(path, moments))
    }

    pub(crate) fn view(&mut self) -> EvolutionView {
        let drawn_from_buffer = self.playing && self.phi_buffer.is_some();
        let phi = if drawn_from_buffer { None } else { Some(self.evolution.phi()) };
        let report = self.evolution.report();
        let state = match (&phi, &self.failure, self.playing, self.evolution.state()) {
            (Some(Err(error)), ..) => RunState::Failed(error.to_string()),
            (_, Some(failure), ..) => RunState::Failed(failure.clone()),
            (_, _, true, _) => RunState::Running,
            (_, _, false, EvolutionState::Stopped(reason)) => RunState::Stopped(reason.to_string()),
            (_, _, false, EvolutionState::Ready) => RunState::Paused,
        };
        let (history, step) = (self.evolution.history(), self.evolution.step());
        let line = crate::line::of(history);
        self.reports = Arc::new(line.reports);
        EvolutionView {
            serial: self.serial,
            state,
            place: Some(self.place.clone()),
            phi: phi.and_then(Result::ok).map(|phi| PhiState { step, phi: Arc::new(phi), line: 0 }),
            step,
            last_step: history.tip(),
            time: report.time,
            reports: self.reports.clone(),
            marks: Arc::new(line.marks),
            branches: (history.branches().len(), history.active()),
            history_bytes: history.used_bytes(),
            history_budget: history.budget_bytes(),
            warnings: self.evolution.warnings().iter().map(ToString::to_string).collect(),
            device: self.device.clone(),
            reinitialize_every: self.evolution.params().reinitialize_every,
            ms_per_step: self.ms_per_step,
            neural: None,
            overlays: OverlayView::default(),
        }
    }
}

/// The kinds of change that the timeline marks.
pub fn is_marked(event: Event) -> bool {
    event != Event::Passing
}
