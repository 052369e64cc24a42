//! Icons drawn from lines and shapes: crisp at every scale, and the same whatever fonts there are.

use crate::theme;
use egui::{Color32, Painter, Pos2, Rect, Response, Sense, Shape, Stroke, Ui, Vec2, pos2};

/// An icon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    /// To the start.
    Start,
    /// One step back.
    Back,
    /// Run.
    Play,
    /// Hold.
    Pause,
    /// One step on.
    Forward,
    /// To the end.
    End,
    /// Begin again.
    Restart,
    /// Linked cursor.
    Crosshair,
    /// Magnifier.
    Zoom,
    /// Half-filled disc.
    Contrast,
    /// Brush.
    Brush,
    /// Box with handles.
    Roi,
    /// Sphere with its middle.
    Seed,
    /// Light theme.
    Sun,
    /// Dark theme.
    Moon,
    /// Done.
    Check,
    /// Put away.
    Close,
    /// Warning triangle.
    Warning,
    /// Error disc.
    Error,
}

/// How a button stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Look {
    /// An ordinary button.
    #[default]
    Plain,
    /// The chosen one of several.
    Selected,
    /// The button that carries on.
    Primary,
}

/// A button with an icon; `name` is its tooltip and its name for assistive tools.
pub fn icon_button(ui: &mut Ui, icon: Icon, name: &str, enabled: bool, look: Look, size: Vec2) -> Response {
    let sense = if enabled { Sense::click() } else { Sense::hover() };
    let (rect, response) = ui.allocate_exact_size(size, sense);
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, enabled, look == Look::Selected, name));
    let palette = theme::palette(ui);
    let visuals = ui.style().interact(&response);
    let (fill, ink) = match look {
        _ if !enabled => (Color32::TRANSPARENT, palette.weak.gamma_multiply(0.5)),
        Look::Primary => {
            let brighter = if response.hovered() { 1.15 } else { 1.0 };
            (palette.accent.gamma_multiply(brighter), palette.on_accent)
        }
        Look::Selected => (palette.accent, palette.on_accent),
        Look::Plain if response.hovered() => (visuals.weak_bg_fill, visuals.fg_stroke.color),
        Look::Plain => (Color32::TRANSPARENT, visuals.fg_stroke.color),
    };
    ui.painter().rect_filled(rect, 5.0, fill);
    let fits = Rect::from_center_size(rect.center(), Vec2::splat(rect.height().min(rect.width()) * 0.56));
    draw(ui.painter(), fits, icon, ink);
    response.on_hover_text(name.to_owned())
}

/// Draws an icon into a square.
pub fn draw(painter: &Painter, rect: Rect, icon: Icon, colour: Color32) {
    let at = |x: f32, y: f32| pos2(rect.left() + x * rect.width(), rect.top() + y * rect.height());
    let width = (rect.width() * 0.11).max(1.3);
    let stroke = Stroke::new(width, colour);
    let solid = |points: Vec<Pos2>| Shape::convex_polygon(points, colour, Stroke::NONE);
    let right = |x: f32, w: f32| solid(vec![at(x, 0.12), at(x + w, 0.5), at(x, 0.88)]);
    let left = |x: f32, w: f32| solid(vec![at(x + w, 0.12), at(x, 0.5), at(x + w, 0.88)]);
    let bar = |x: f32, w: f32| Shape::rect_filled(Rect::from_min_max(at(x, 0.12), at(x + w, 0.88)), 1.0, colour);
    let line = |a: (f32, f32), b: (f32, f32)| Shape::line_segment([at(a.0, a.1), at(b.0, b.1)], stroke);
    let radius = |r: f32| r * rect.width();
    let centre = rect.center();
    let shapes = match icon {
        Icon::Start => vec![bar(0.08, 0.13), left(0.28, 0.66)],
        Icon::Back => vec![left(0.1, 0.5), bar(0.7, 0.14)],
        Icon::Play => vec![right(0.18, 0.74)],
        Icon::Pause => vec![bar(0.2, 0.2), bar(0.6, 0.2)],
        Icon::Forward => vec![bar(0.16, 0.14), right(0.4, 0.5)],
        Icon::End => vec![right(0.06, 0.66), bar(0.79, 0.13)],
        Icon::Restart => restart(rect, stroke),
        Icon::Crosshair => vec![
            line((0.5, 0.0), (0.5, 0.36)),
            line((0.5, 0.64), (0.5, 1.0)),
            line((0.0, 0.5), (0.36, 0.5)),
            line((0.64, 0.5), (1.0, 0.5)),
        ],
        Icon::Zoom => {
            vec![Shape::circle_stroke(at(0.42, 0.42), radius(0.34), stroke), line((0.67, 0.67), (0.97, 0.97))]
        }
        Icon::Contrast => vec![Shape::circle_stroke(centre, radius(0.44), stroke), half_disc(rect, colour)],
        Icon::Brush => vec![
            Shape::line_segment([at(0.95, 0.05), at(0.5, 0.5)], Stroke::new(width * 1.3, colour)),
            Shape::circle_filled(at(0.36, 0.66), radius(0.2), colour),
            solid(vec![at(0.2, 0.55), at(0.4, 0.86), at(0.04, 0.96)]),
        ],
        Icon::Roi => {
            let corners = [at(0.1, 0.1), at(0.9, 0.1), at(0.9, 0.9), at(0.1, 0.9)];
            let mut shapes = vec![Shape::closed_line(corners.to_vec(), Stroke::new(width * 0.8, colour))];
            shapes.extend(
                corners.map(|c| Shape::rect_filled(Rect::from_center_size(c, Vec2::splat(width * 2.4)), 0.5, colour)),
            );
            shapes
        }
        Icon::Seed => {
            vec![Shape::circle_stroke(centre, radius(0.44), stroke), Shape::circle_filled(centre, radius(0.15), colour)]
        }
        Icon::Sun => {
            let ray = |i: usize| {
                let direction = Vec2::angled(i as f32 * std::f32::consts::FRAC_PI_4);
                Shape::line_segment([centre + direction * radius(0.36), centre + direction * radius(0.5)], stroke)
            };
            std::iter::once(Shape::circle_filled(centre, radius(0.24), colour)).chain((0..8).map(ray)).collect()
        }
        Icon::Moon => vec![crescent(rect, colour)],
        Icon::Check => vec![line((0.08, 0.55), (0.38, 0.85)), line((0.38, 0.85), (0.92, 0.18))],
        Icon::Close => vec![line((0.15, 0.15), (0.85, 0.85)), line((0.85, 0.15), (0.15, 0.85))],
        Icon::Warning => vec![
            Shape::closed_line(vec![at(0.5, 0.08), at(0.97, 0.9), at(0.03, 0.9)], stroke),
            line((0.5, 0.36), (0.5, 0.62)),
            Shape::circle_filled(at(0.5, 0.76), width * 0.7, colour),
        ],
        Icon::Error => vec![
            Shape::circle_stroke(centre, radius(0.46), stroke),
            line((0.33, 0.33), (0.67, 0.67)),
            line((0.67, 0.33), (0.33, 0.67)),
        ],
    };
    painter.extend(shapes);
}

/// Three quarters of a circle with an arrow head.
fn restart(rect: Rect, stroke: Stroke) -> Vec<Shape> {
    let radius = rect.width() * 0.4;
    let point = |turn: f32| rect.center() + Vec2::angled(turn * std::f32::consts::TAU) * radius;
    let arc: Vec<Pos2> = (0..=24).map(|i| point(-0.12 + 0.78 * i as f32 / 24.0)).collect();
    let tip = arc[0];
    let size = rect.width() * 0.2;
    let head = vec![
        tip + Vec2::new(-size, -size * 0.1),
        tip + Vec2::new(size * 0.5, size * 0.3),
        tip + Vec2::new(size * 0.5, -size * 1.2),
    ];
    vec![Shape::line(arc, stroke), Shape::convex_polygon(head, stroke.color, Stroke::NONE)]
}

fn half_disc(rect: Rect, colour: Color32) -> Shape {
    let radius = rect.width() * 0.44;
    let turn = |i: i32| rect.center() + Vec2::angled((i as f32 / 16.0 - 0.5) * std::f32::consts::PI) * radius;
    Shape::convex_polygon((0..=16).map(turn).collect(), colour, Stroke::NONE)
}

/// A crescent as a thick arc: convex polygons cannot be hollow.
fn crescent(rect: Rect, colour: Color32) -> Shape {
    let radius = rect.width() * 0.34;
    let turn = |i: i32| rect.center() + Vec2::angled((0.08 + 0.62 * i as f32 / 20.0) * std::f32::consts::TAU) * radius;
    Shape::line((0..=20).map(turn).collect(), Stroke::new(rect.width() * 0.2, colour))
}
