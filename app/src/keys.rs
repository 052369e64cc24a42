//! The keyboard: one table that both carries out the keys and lists them in the help. ITK-SNAP's keys wherever the
//! thing exists here.

use crate::session::{Command, OverlaySettings, PlaneAxes, Session, Tool, Window};
use crate::views::Display;
use egui::{Key, Modifiers};

/// What the window keeps for itself.
#[derive(Clone, Debug, Default)]
pub struct Chrome {
    /// The list of keys is open.
    pub help: bool,
    /// Go to the opposite theme at the next frame.
    pub toggle_theme: bool,
    /// Recent scan to open at the next frame.
    pub open_recent: Option<usize>,
}

/// What a key acts on.
pub struct Hands<'a> {
    /// The session, to read.
    pub session: &'a Session,
    /// How images are shown.
    pub display: &'a mut Display,
    /// The window's own state.
    pub chrome: &'a mut Chrome,
    /// Commands for the session.
    pub out: &'a mut Vec<Command>,
}

/// A key with what it does.
pub struct Binding {
    /// Group in the help.
    pub group: &'static str,
    /// Keys as shown.
    pub shown: &'static str,
    /// What they do, in words.
    pub text: &'static str,
    /// Keys that trigger it.
    pub keys: &'static [(Modifiers, Key)],
    /// What they do. Which of `keys` it was counts from 0.
    pub act: fn(&mut Hands<'_>, usize),
}

const NONE: Modifiers = Modifiers::NONE;
const SHIFT: Modifiers = Modifiers::SHIFT;
const CTRL: Modifiers = Modifiers::COMMAND;
const CTRL_SHIFT: Modifiers = Modifiers { alt: false, ctrl: false, shift: true, mac_cmd: false, command: true };

macro_rules! bind {
    ($group:literal, $shown:literal, $text:literal, [$(($mods:expr, $key:ident)),+ $(,)?], $act:expr) => {
        Binding { group: $group, shown: $shown, text: $text, keys: &[$(($mods, Key::$key)),+], act: $act }
    };
}

/// All keys, in the order of the help.
pub const BINDINGS: &[Binding] = &[
    bind!("File", "Ctrl+G", "Open a scan", [(CTRL, G)], |h, _| h.out.push(Command::AskOpen)),
    bind!("File", "Ctrl+O", "Open a segmentation", [(CTRL, O)], |h, _| h.out.push(Command::AskOpenSegmentation)),
    bind!("File", "Ctrl+S", "Save the mask", [(CTRL, S)], |h, _| h.out.push(Command::SaveMask)),
    bind!(
        "File",
        "Ctrl+1 … 5",
        "Open a recent scan",
        [(CTRL, Num1), (CTRL, Num2), (CTRL, Num3), (CTRL, Num4), (CTRL, Num5)],
        |h, i| {
            h.chrome.open_recent = Some(i);
        }
    ),
    bind!("File", "Ctrl+Q", "Quit", [(CTRL, Q)], |h, _| h.out.push(Command::Quit)),
    bind!("Edit", "Ctrl+Z", "Undo", [(CTRL, Z)], |h, _| h.out.push(Command::Undo)),
    bind!("Edit", "Ctrl+Shift+Z", "Redo", [(CTRL_SHIFT, Z), (CTRL, Y)], |h, _| h.out.push(Command::Redo)),
    bind!("Tools", "1", "Crosshair", [(NONE, Num1)], |h, _| h.out.push(Command::SetTool(Tool::Crosshair))),
    bind!("Tools", "2", "Zoom and pan", [(NONE, Num2)], |h, _| h.out.push(Command::SetTool(Tool::ZoomPan))),
    bind!("Tools", "3", "Display window by dragging", [(NONE, Num3)], |h, _| h
        .out
        .push(Command::SetTool(Tool::Contrast))),
    bind!("Tools", "4", "Brush on the contour", [(NONE, Num4)], |h, _| h.out.push(Command::SetTool(Tool::Brush))),
    bind!("Tools", "5", "Region of interest", [(NONE, Num5)], |h, _| h.out.push(Command::SetTool(Tool::Roi))),
    bind!("Tools", "6", "Seeds", [(NONE, Num6)], |h, _| h.out.push(Command::SetTool(Tool::Seed))),
    bind!(
        "Tools",
        "+  −",
        "Brush and seed radius",
        [(NONE, Plus), (SHIFT, Plus), (NONE, Equals), (NONE, Minus), (SHIFT, Minus)],
        |h, i| {
            h.out.push(Command::SetRadius(h.session.radius_mm + if i < 3 { 1.0 } else { -1.0 }));
        }
    ),
    bind!("Evolution", "Space", "Play, pause", [(NONE, Space)], |h, _| h.out.push(Command::TogglePlay)),
    bind!("Steps", "N  B", "One step forward, back", [(NONE, N), (NONE, B)], |h, i| {
        h.out.push(if i == 0 { Command::StepForward(1) } else { Command::StepBack(1) });
    }),
    bind!("Steps", "Shift+N  Shift+B", "Ten steps forward, back", [(SHIFT, N), (SHIFT, B)], |h, i| {
        h.out.push(if i == 0 { Command::StepForward(10) } else { Command::StepBack(10) });
    }),
    bind!("Evolution", "Home  End", "Start, end of the timeline", [(NONE, Home), (NONE, End)], |h, i| {
        h.out.push(Command::Seek(if i == 0 { 0 } else { h.session.evolution.last_step }));
    }),
    bind!("Evolution", "Enter", "Accept the contour into the label", [(NONE, Enter)], |h, _| h
        .out
        .push(Command::Accept)),
    bind!(
        "Evolution",
        "Ctrl+PgUp  Ctrl+PgDn",
        "2D: accept, carry to the next, previous slice",
        [(CTRL, PageUp), (CTRL, PageDown)],
        |h, i| {
            h.out.push(Command::Carry { forward: i == 0, accept: true });
        }
    ),
    bind!(
        "Cursor",
        "Arrows",
        "Move by a voxel (Shift: five)",
        [
            (NONE, ArrowLeft),
            (NONE, ArrowRight),
            (NONE, ArrowUp),
            (NONE, ArrowDown),
            (SHIFT, ArrowLeft),
            (SHIFT, ArrowRight),
            (SHIFT, ArrowUp),
            (SHIFT, ArrowDown),
        ],
        move_cursor
    ),
    bind!("Cursor", "PgUp  PgDn", "Next, previous slice", [(NONE, PageUp), (NONE, PageDown)], |h, i| {
        move_through(h, if i == 0 { 1.0 } else { -1.0 });
    }),
    bind!("Cursor", "C", "Centre the views on the cursor", [(NONE, C)], |h, _| {
        let centre = h.session.cursor.map(|v| v as f64);
        h.display.slices.iter_mut().for_each(|s| s.centre = centre);
    }),
    bind!("View", "Ctrl+F", "Fit all views", [(CTRL, F)], |h, _| h.display.fit_all()),
    bind!("View", "Ctrl+Up  Ctrl+Down", "Zoom in, out", [(CTRL, ArrowUp), (CTRL, ArrowDown)], |h, i| {
        let factor = if i == 0 { 1.25 } else { 0.8 };
        h.display.slices.iter_mut().for_each(|s| s.points_per_mm *= factor);
    }),
    bind!("View", "F", "One pane, four panes", [(NONE, F)], |h, _| {
        let active = crate::views::Pane::Slice(h.display.active);
        h.display.maximised = if h.display.maximised.is_some() { None } else { Some(active) };
        h.display.fit_all();
    }),
    bind!("View", "S", "Labels on, off", [(NONE, S)], |h, _| h.display.show_labels ^= true),
    bind!("View", "A  D", "Labels less, more opaque", [(NONE, A), (NONE, D)], |h, i| {
        h.display.label_opacity = (h.display.label_opacity + if i == 0 { -0.1 } else { 0.1 }).clamp(0.0, 1.0);
    }),
    bind!("View", "W", "Map (speed, φ, forces) on, off", [(NONE, W)], |h, _| {
        if h.session.evolution.exists() {
            overlay(h, |overlays| overlays.show_map ^= true);
        } else {
            h.display.show_speed ^= true;
        }
    }),
    bind!("View", "Q  E", "Map less, more opaque", [(NONE, Q), (NONE, E)], |h, i| {
        let stronger = |opacity: f32| (opacity + if i == 0 { -0.1 } else { 0.1 }).clamp(0.0, 1.0);
        if h.session.evolution.exists() {
            overlay(h, |overlays| overlays.opacity = stronger(overlays.opacity));
        } else {
            h.display.speed_opacity = stronger(h.display.speed_opacity);
        }
    }),
    bind!("View", "T", "Earlier contours on, off", [(NONE, T)], |h, _| overlay(h, |overlays| overlays.trail ^= true)),
    bind!("View", "R", "Reference on, off", [(NONE, R)], |h, _| overlay(h, |overlays| overlays.reference ^= true)),
    bind!("View", "X", "Annotations on, off", [(NONE, X)], |h, _| h.display.show_annotations ^= true),
    bind!("View", "Shift+X", "Crosshair on, off", [(SHIFT, X)], |h, _| h.display.show_crosshair ^= true),
    bind!("View", "I", "Smooth between voxels on, off", [(NONE, I)], |h, _| h.display.interpolate ^= true),
    bind!("View", "Ctrl+J", "Automatic display window", [(CTRL, J)], |h, _| h.out.push(Command::AutoWindow)),
    bind!("View", "Ctrl+Shift+J", "Abdomen window", [(CTRL_SHIFT, J)], |h, _| h
        .out
        .push(Command::SetWindow(Window::default()))),
    bind!("View", "Ctrl+T", "Dark, light", [(CTRL, T)], |h, _| h.chrome.toggle_theme = true),
    bind!(
        "Labels",
        "<  >",
        "Previous, next label",
        [(NONE, Comma), (SHIFT, Comma), (NONE, Period), (SHIFT, Period)],
        |h, i| {
            h.out.push(Command::CycleLabel(i >= 2));
        }
    ),
    bind!("Help", "F1", "This list", [(NONE, F1)], |h, _| h.chrome.help ^= true),
];

/// Groups whose keys go on while they are held down.
const REPEATING: [&str; 2] = ["Cursor", "Steps"];

/// What the mouse does, for the help.
pub const MOUSE: &[(&str, &str)] = &[
    ("Left", "What the tool says"),
    ("Wheel", "Scroll slices"),
    ("Ctrl+wheel", "Zoom at the pointer"),
    ("Right drag", "Zoom; with the brush: remove"),
    ("Middle drag", "Pan"),
    ("Shift+left", "Brush: remove"),
    ("Right click on a seed", "Delete it"),
];

/// Carries out the keys that were pressed, and takes them from the widgets.
pub fn handle(ctx: &egui::Context, hands: &mut Hands<'_>) {
    if ctx.egui_wants_keyboard_input() {
        return;
    }
    for binding in BINDINGS {
        for (which, (modifiers, key)) in binding.keys.iter().enumerate() {
            let pressed = ctx.input_mut(|i| {
                let mut pressed = 0;
                i.events.retain(|event| match event {
                    egui::Event::Key { key: k, pressed: true, modifiers: m, repeat, .. }
                        if k == key && m.matches_exact(*modifiers) =>
                    {
                        // A key held down repeats steps and moves, never a toggle.
                        pressed += usize::from(!repeat || REPEATING.contains(&binding.group));
                        false
                    }
                    _ => true,
                });
                pressed
            });
            for _ in 0..pressed {
                (binding.act)(hands, which);
            }
        }
    }
}

/// Changes what is laid over the slices.
fn overlay(hands: &mut Hands<'_>, change: impl FnOnce(&mut OverlaySettings)) {
    let mut overlays = hands.session.overlays;
    change(&mut overlays);
    hands.out.push(Command::SetOverlays(overlays));
}

fn axes(hands: &Hands<'_>) -> Option<PlaneAxes> {
    let document = hands.session.document.as_ref()?;
    Some(PlaneAxes::new(document.image.geometry(), hands.display.active))
}

fn move_cursor(hands: &mut Hands<'_>, which: usize) {
    let Some(axes) = axes(hands) else { return };
    let (axis, towards) = match which % 4 {
        0 => (axes.right, -1.0),
        1 => (axes.right, 1.0),
        2 => (axes.down, -1.0),
        _ => (axes.down, 1.0),
    };
    let mut voxel = hands.session.cursor.map(|v| v as i64);
    voxel[axis.voxel_axis] += (axis.sign * towards) as i64 * if which >= 4 { 5 } else { 1 };
    hands.out.push(Command::SetCursor(voxel));
}

fn move_through(hands: &mut Hands<'_>, towards: f64) {
    let Some(axes) = axes(hands) else { return };
    let mut voxel = hands.session.cursor.map(|v| v as i64);
    voxel[axes.through.voxel_axis] += (axes.through.sign * towards) as i64;
    hands.out.push(Command::SetCursor(voxel));
}
