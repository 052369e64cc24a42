//! What labels are called and how they are shown.

/// A label's name and look, as label tables, segmentations and description files tell them.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelDescription {
    /// Number in the mask.
    pub number: u16,
    /// Name for people.
    pub name: String,
    /// Colour, sRGB.
    pub colour: [u8; 3],
    /// Opacity, 0 to 1.
    pub opacity: f32,
    /// Whether it is drawn in slices.
    pub visible: bool,
    /// Whether it is drawn in 3D.
    pub in_3d: bool,
}

impl LabelDescription {
    /// A label that nobody named: `Label 12`, in a colour of its own.
    pub fn unnamed(number: u16) -> Self {
        let colour = spread_colour(number);
        Self { number, name: format!("Label {number}"), colour, opacity: 1.0, visible: true, in_3d: true }
    }
}

/// A colour for a number that has none: hues spread by the golden ratio, medium saturation.
pub fn spread_colour(number: u16) -> [u8; 3] {
    let hue = (f32::from(number) * 0.618_034).fract() * 6.0;
    std::array::from_fn(|channel| {
        let k = (hue + [0.0, 4.0, 2.0][channel]) % 6.0;
        let weight = ((k - 3.0).abs() - 1.0).clamp(0.0, 1.0);
        (90.0 + 140.0 * weight) as u8
    })
}
