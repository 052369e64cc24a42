// What turns a gradient magnitude or an intensity into a speed. Mirrored by layout::SpeedShape.

struct SpeedShape {
    first: f32,
    second: f32,
    smoothness: f32,
    bounds: u32, // bit 0: there is a lower bound, bit 1: there is an upper bound
}
