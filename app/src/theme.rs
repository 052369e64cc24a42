//! Colours, type sizes and spacings, once. Slices are always shown on black, whatever the theme: the eye judges grey
//! values against their surroundings.

use egui::{Color32, CornerRadius, FontFamily, FontId, Margin, Stroke, TextStyle, Theme, Vec2, Visuals};

/// The contour φ = 0.
pub const CONTOUR: Color32 = Color32::from_rgb(0x2d, 0xd4, 0xee);
/// Contours of earlier moments.
pub const TRAIL: Color32 = Color32::from_rgb(0xa8, 0x6a, 0xff);
/// Contours of compared methods: told apart by colour-blind eyes too (Okabe & Ito 2008), on grey and on each other.
pub const COMPARED: [Color32; 4] = [
    Color32::from_rgb(0x56, 0xb4, 0xe9),
    Color32::from_rgb(0xe6, 0x9f, 0x00),
    Color32::from_rgb(0xcc, 0x79, 0xa7),
    Color32::from_rgb(0x00, 0xb8, 0x86),
];
/// What two compared contours have in common.
pub const COMPARED_BOTH: Color32 = Color32::from_rgb(0xd8, 0xdc, 0xe0);
/// Seeds.
pub const SEED: Color32 = Color32::from_rgb(0xff, 0x7a, 0x9c);
/// The region of interest.
pub const ROI: Color32 = Color32::from_rgb(0xe8, 0xc6, 0x5a);
/// The linked cursor.
pub const CROSSHAIR: Color32 = Color32::from_rgb(0x6f, 0xa8, 0xdc);
/// Letters and numbers on a slice.
pub const ON_IMAGE: Color32 = Color32::from_rgb(0xe3, 0xe8, 0xee);
/// Lesser text on a slice.
pub const ON_IMAGE_WEAK: Color32 = Color32::from_rgb(0x9a, 0xa6, 0xb2);
/// Behind slices.
pub const IMAGE_BACKGROUND: Color32 = Color32::from_rgb(0x06, 0x07, 0x09);
/// 3D background, top and bottom.
pub const SURFACE_BACKGROUND: [[f32; 3]; 2] = [[0.085, 0.10, 0.125], [0.03, 0.035, 0.045]];

/// Colours that depend on the theme.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Palette {
    /// Buttons that carry on, the active step, the playhead.
    pub accent: Color32,
    /// Text on the accent.
    pub on_accent: Color32,
    /// Headings.
    pub strong: Color32,
    /// Lesser text.
    pub weak: Color32,
    /// Lines between areas.
    pub line: Color32,
    /// Areas that stand out from a panel.
    pub raised: Color32,
    /// Good news.
    pub good: Color32,
    /// Warnings.
    pub warning: Color32,
    /// Errors.
    pub error: Color32,
}

const DARK: Palette = Palette {
    accent: Color32::from_rgb(0x2f, 0x9f, 0xb8),
    on_accent: Color32::from_rgb(0xf7, 0xfb, 0xfc),
    strong: Color32::from_rgb(0xee, 0xf2, 0xf6),
    weak: Color32::from_rgb(0x8d, 0x98, 0xa5),
    line: Color32::from_rgb(0x2a, 0x31, 0x39),
    raised: Color32::from_rgb(0x1f, 0x25, 0x2c),
    good: Color32::from_rgb(0x5c, 0xbd, 0x8b),
    warning: Color32::from_rgb(0xe3, 0xb3, 0x41),
    error: Color32::from_rgb(0xf0, 0x71, 0x71),
};

const LIGHT: Palette = Palette {
    accent: Color32::from_rgb(0x0e, 0x7a, 0x93),
    on_accent: Color32::WHITE,
    strong: Color32::from_rgb(0x16, 0x1c, 0x22),
    weak: Color32::from_rgb(0x5f, 0x6b, 0x77),
    line: Color32::from_rgb(0xd3, 0xd9, 0xdf),
    raised: Color32::from_rgb(0xe6, 0xea, 0xee),
    good: Color32::from_rgb(0x1d, 0x7d, 0x4b),
    warning: Color32::from_rgb(0x94, 0x66, 0x00),
    error: Color32::from_rgb(0xb9, 0x2c, 0x2c),
};

/// The palette in use.
pub fn palette(ui: &egui::Ui) -> &'static Palette {
    if ui.visuals().dark_mode { &DARK } else { &LIGHT }
}

/// Sets fonts, spacings and colours of both themes.
pub fn install(ctx: &egui::Context) {
    for (theme, palette) in [(Theme::Dark, DARK), (Theme::Light, LIGHT)] {
        ctx.style_mut_of(theme, |style| {
            style.text_styles = [
                (TextStyle::Heading, FontId::new(15.5, FontFamily::Proportional)),
                (TextStyle::Body, FontId::new(13.0, FontFamily::Proportional)),
                (TextStyle::Button, FontId::new(13.0, FontFamily::Proportional)),
                (TextStyle::Small, FontId::new(11.0, FontFamily::Proportional)),
                (TextStyle::Monospace, FontId::new(12.0, FontFamily::Monospace)),
            ]
            .into();
            style.spacing.item_spacing = Vec2::new(8.0, 6.0);
            style.spacing.button_padding = Vec2::new(9.0, 4.0);
            style.spacing.interact_size = Vec2::new(36.0, 24.0);
            style.spacing.slider_width = 120.0;
            style.spacing.menu_margin = Margin::same(6);
            style.interaction.selectable_labels = false;
            style.visuals = visuals(theme, &palette);
        });
    }
}

fn visuals(theme: Theme, palette: &Palette) -> Visuals {
    let dark = theme == Theme::Dark;
    let grey = |d: u8, l: u8| Color32::from_gray(if dark { d } else { l });
    let mut v = if dark { Visuals::dark() } else { Visuals::light() };
    v.panel_fill = if dark { Color32::from_rgb(0x15, 0x19, 0x1e) } else { Color32::from_rgb(0xf5, 0xf7, 0xf9) };
    v.window_fill = if dark { Color32::from_rgb(0x1a, 0x1f, 0x25) } else { Color32::from_rgb(0xfd, 0xfe, 0xfe) };
    v.extreme_bg_color = if dark { Color32::from_rgb(0x0d, 0x10, 0x14) } else { Color32::WHITE };
    v.faint_bg_color = palette.raised;
    v.window_stroke = Stroke::new(1.0, palette.line);
    v.hyperlink_color = palette.accent;
    v.warn_fg_color = palette.warning;
    v.error_fg_color = palette.error;
    v.selection.bg_fill = palette.accent;
    v.selection.stroke = Stroke::new(1.0, palette.on_accent);
    v.slider_trailing_fill = true;
    v.weak_text_color = Some(palette.weak);
    let radius = CornerRadius::same(5);
    for widget in [
        &mut v.widgets.noninteractive,
        &mut v.widgets.inactive,
        &mut v.widgets.hovered,
        &mut v.widgets.active,
        &mut v.widgets.open,
    ] {
        widget.corner_radius = radius;
        widget.expansion = 0.0;
    }
    v.widgets.noninteractive.bg_stroke = Stroke::new(1.0, palette.line);
    v.widgets.noninteractive.fg_stroke = Stroke::new(1.0, grey(0xc9, 0x2b));
    v.widgets.inactive.bg_fill = grey(0x35, 0xd4);
    v.widgets.inactive.weak_bg_fill =
        if dark { Color32::from_rgb(0x27, 0x2e, 0x36) } else { Color32::from_rgb(0xe3, 0xe8, 0xec) };
    v.widgets.inactive.fg_stroke = Stroke::new(1.0, grey(0xd2, 0x24));
    v.widgets.hovered.weak_bg_fill =
        if dark { Color32::from_rgb(0x31, 0x3a, 0x44) } else { Color32::from_rgb(0xd6, 0xdd, 0xe3) };
    v.widgets.hovered.bg_stroke = Stroke::new(1.0, palette.accent.gamma_multiply(0.6));
    v.widgets.active.weak_bg_fill = palette.accent.gamma_multiply(0.55);
    v.window_corner_radius = CornerRadius::same(8);
    v.menu_corner_radius = CornerRadius::same(6);
    v
}

/// A colour as fractions, for shaders.
pub fn fractions(colour: Color32) -> [f32; 3] {
    [colour.r(), colour.g(), colour.b()].map(|c| f32::from(c) / 255.0)
}
