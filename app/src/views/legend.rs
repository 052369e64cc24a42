//! The legend of the map over a slice: a bar of its colours with unit and range, or why there is no map.

use super::overlay::text;
use super::slice::map_look;
use super::{Display, Pane};
use crate::paint::{MapLook, palette};
use crate::session::{Map, Plane, Session};
use crate::theme;
use egui::{Align2, Color32, Mesh, Painter, Rect, Shape, Stroke, Ui, Vec2, pos2};
use zeroset_engine::levelset::Method;

/// The bar.
const SIZE: Vec2 = Vec2::new(150.0, 9.0);
/// Colours along it.
const PATCHES: usize = 48;

/// Draws the legend, in one pane only.
pub fn draw(ui: &Ui, rect: Rect, session: &Session, display: &Display, plane: Plane) {
    let first = display.maximised.unwrap_or(Pane::Slice(Plane::Axial));
    if first != Pane::Slice(plane) || !session.evolution.exists() || !session.overlays.show_map {
        return;
    }
    let painter = ui.painter().with_clip_rect(rect);
    let corner = rect.right_bottom() - Vec2::new(16.0, 12.0);
    let made = &session.evolution.overlays;
    match (map_look(session, display), &made.force) {
        (MapLook::Phi(_, band_mm), _) => {
            // Two digits behind the point at most.
            let band = (100.0 * band_mm).round() / 100.0;
            bar(
                &painter,
                corner,
                "φ, mm",
                [format!("inside −{band}"), "0".into(), format!("{band} outside")],
                palette::phi,
            );
        }
        (MapLook::Force(..), Some(Ok(map))) => {
            let name = format!("{}, mm per unit of t", Map::Force(map.force).name());
            let range = number(map.range);
            bar(
                &painter,
                corner,
                &name,
                [format!("grows −{range}"), "0".into(), format!("{range} shrinks")],
                palette::force,
            );
        }
        (MapLook::Speed(_), _) => {
            let image = session.document.as_ref().and_then(|d| d.speed_image.as_ref());
            let (name, ends) = match image.map(|image| image.key.method) {
                Some(Method::ChanVese) => ("Intensity, scaled", ["0", "0.5", "1"]),
                Some(Method::Edge) => ("Speed", ["0", "0.5", "1"]),
                _ => ("Speed", ["−1", "0", "1"]),
            };
            bar(&painter, corner, name, ends.map(str::to_owned), palette::speed);
        }
        (_, Some(Err(reason))) if matches!(session.overlays.map, Map::Force(_)) => {
            text(&painter, corner, Align2::RIGHT_BOTTOM, 11.5, theme::ON_IMAGE, reason);
        }
        _ => {}
    }
}

/// A bar that ends at `corner`, with a name above and three numbers below.
fn bar(painter: &Painter, corner: egui::Pos2, name: &str, ends: [String; 3], colour: impl Fn(f32) -> palette::Colour) {
    let rect = Rect::from_min_max(corner - SIZE - Vec2::new(0.0, 15.0), corner - Vec2::new(0.0, 15.0));
    let behind = Rect::from_min_max(rect.min - Vec2::new(22.0, 20.0), rect.max + Vec2::new(8.0, 19.0));
    painter.rect_filled(behind, 4.0, Color32::from_black_alpha(150));
    let mut mesh = Mesh::default();
    for patch in 0..PATCHES {
        let at = |n: usize| rect.left() + rect.width() * n as f32 / PATCHES as f32;
        let t = 2.0 * (patch as f32 + 0.5) / PATCHES as f32 - 1.0;
        let [r, g, b] = colour(t).map(|c| (255.0 * c).round() as u8);
        let area = Rect::from_min_max(pos2(at(patch), rect.top()), pos2(at(patch + 1), rect.bottom()));
        mesh.add_colored_rect(area, Color32::from_rgb(r, g, b));
    }
    painter.add(Shape::mesh(mesh));
    painter.rect_stroke(rect, 0.0, Stroke::new(1.0, Color32::from_black_alpha(160)), egui::StrokeKind::Outside);
    text(painter, rect.center_top() - Vec2::new(0.0, 3.0), Align2::CENTER_BOTTOM, 11.5, theme::ON_IMAGE, name);
    let below = |x: f32| pos2(x, rect.bottom() + 2.0);
    let [left, middle, right] = ends;
    // The words at the ends reach beyond the bar on the left only: on the right the pane ends.
    text(painter, below(rect.left() + 40.0), Align2::RIGHT_TOP, 11.0, theme::ON_IMAGE, &left);
    text(painter, below(rect.center().x), Align2::CENTER_TOP, 11.0, theme::ON_IMAGE, &middle);
    text(painter, below(rect.right()), Align2::RIGHT_TOP, 11.0, theme::ON_IMAGE, &right);
}

/// A range in few digits.
fn number(value: f32) -> String {
    if (1e-3..1e4).contains(&value) { format!("{value}") } else { format!("{value:e}") }
}
