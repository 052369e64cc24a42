//! Nonlinearities behind a normalisation, written so that the compiler turns loops over them into vectors.

/// What a normalised map passes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nonlinearity {
    /// Nothing.
    Identity,
    /// max(z, 0).
    Relu,
    /// z·sigmoid(z).
    Silu,
}

/// A [`Nonlinearity`] as a type, so that each loop is compiled for it.
pub trait Pointwise: Copy {
    /// Its value at z.
    fn value(z: f32) -> f32;
    /// Its derivative at z.
    fn slope(z: f32) -> f32;
}

/// z.
#[derive(Clone, Copy)]
pub struct Identity;
/// max(z, 0).
#[derive(Clone, Copy)]
pub struct Relu;
/// z·sigmoid(z).
#[derive(Clone, Copy)]
pub struct Silu;

impl Pointwise for Identity {
    #[inline(always)]
    fn value(z: f32) -> f32 {
        z
    }

    #[inline(always)]
    fn slope(_z: f32) -> f32 {
        1.0
    }
}

impl Pointwise for Relu {
    #[inline(always)]
    fn value(z: f32) -> f32 {
        // A number that is not one stays so: training must see it.
        if z < 0.0 { 0.0 } else { z }
    }

    #[inline(always)]
    fn slope(z: f32) -> f32 {
        if z > 0.0 { 1.0 } else { 0.0 }
    }
}

impl Pointwise for Silu {
    #[inline(always)]
    fn value(z: f32) -> f32 {
        z * sigmoid(z)
    }

    #[inline(always)]
    fn slope(z: f32) -> f32 {
        let s = sigmoid(z);
        s * (1.0 + z * (1.0 - s))
    }
}

#[inline(always)]
fn sigmoid(z: f32) -> f32 {
    1.0 / (1.0 + exp(-z))
}

/// eˣ to 2 units in the last place for |x| < 87, beyond as at ±87 (a sigmoid is 0 or 1 there).
#[inline(always)]
fn exp(x: f32) -> f32 {
    let x = x.clamp(-87.0, 87.0);
    // x = n·ln 2 + r with |r| <= ln 2 / 2; adding 1.5·2²³ rounds to an integer.
    let shifted = x * std::f32::consts::LOG2_E + 12_582_912.0;
    let n = shifted - 12_582_912.0;
    let r = (x - n * 0.693_359_4) - n * -2.121_944_4e-4;
    // Minimax polynomial of Cephes' expf.
    let p = ((((1.987_569_1e-4 * r + 1.398_199_9e-3) * r + 8.333_452e-3) * r + 4.166_579_6e-2) * r + 0.166_666_65) * r
        + 0.5;
    let mantissa = p * r * r + r + 1.0;
    let power = (shifted.to_bits() << 23).wrapping_add(127 << 23);
    mantissa * f32::from_bits(power)
}
