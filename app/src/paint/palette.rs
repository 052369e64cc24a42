//! The colours of maps, as `view/slice.wgsl` paints them: for legends, and for tests of the shader.

/// A colour in fractions of full sRGB.
pub type Colour = [f32; 3];

const WHITE: Colour = [1.0; 3];

fn mix(a: Colour, b: Colour, t: f32) -> Colour {
    std::array::from_fn(|c| a[c] + t * (b[c] - a[c]))
}

/// φ as a share of its range: -1 blue (inside), 0 white (the contour), 1 orange (outside).
pub fn phi(t: f32) -> Colour {
    mix(WHITE, if t < 0.0 { [0.11, 0.36, 0.75] } else { [0.9, 0.43, 0.05] }, t.abs().min(1.0))
}

/// dφ/dt as a share of its range: -1 green (the contour grows), 0 white, 1 magenta (it shrinks).
pub fn force(t: f32) -> Colour {
    mix(WHITE, if t < 0.0 { [0.2, 0.62, 0.12] } else { [0.77, 0.1, 0.55] }, t.abs().min(1.0))
}

/// Speed: -1 deep blue, 1 white.
pub fn speed(g: f32) -> Colour {
    let t = (0.5 * (g + 1.0)).clamp(0.0, 1.0);
    mix([0.07, 0.16, 0.55], WHITE, t * t)
}
