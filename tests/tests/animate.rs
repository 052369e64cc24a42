//! Pictures and films: sub-pixel contours, radiological display from any storage order, files.

use nalgebra::Matrix4;
use std::f64::consts::TAU;
use zeroset_engine::animate::{
    Animation, CONTOUR_COLOURS, Contour, PhiSlice, PictureOptions, Plane, RgbImage, SlicePicture, WindowHu,
    render_slice, voxel_axis, write_png,
};
use zeroset_engine::{Geometry, Volume};

const WINDOW: WindowHu = WindowHu { lower: 0.0, upper: 255.0 };

/// A geometry whose voxel axes run along the given world axes (0 R, 1 A, 2 S) and directions, centred on 0.
fn stored(axes: [(usize, f64); 3], size_world: [usize; 3], spacing_world: [f64; 3]) -> Geometry {
    let mut affine = Matrix4::zeros();
    affine[(3, 3)] = 1.0;
    let mut size = [0; 3];
    for (voxel_axis, (world, sign)) in axes.into_iter().enumerate() {
        size[voxel_axis] = size_world[world];
        affine[(world, voxel_axis)] = sign * spacing_world[world];
        affine[(world, 3)] = -sign * spacing_world[world] * (size_world[world] as f64 - 1.0) / 2.0;
    }
    Geometry::new(size, affine).unwrap()
}

const LPS: [(usize, f64); 3] = [(0, -1.0), (1, -1.0), (2, 1.0)];
const RAS: [(usize, f64); 3] = [(0, 1.0), (1, 1.0), (2, 1.0)];

/// Samples given as a function of the world position.
fn volume(geometry: &Geometry, of: impl Fn([f64; 3]) -> f64) -> Volume {
    let [nx, ny, _] = geometry.size();
    let at = |i: usize| geometry.world_of_voxel([(i % nx) as f64, (i / nx % ny) as f64, (i / nx / ny) as f64]);
    Volume::new(geometry.clone(), (0..geometry.len()).map(|i| of(at(i)) as f32).collect())
}

fn contour(phi: PhiSlice) -> Contour {
    Contour { phi, colour: CONTOUR_COLOURS[0], width: 1.0 }
}

#[test]
fn a_straight_contour_lies_exactly_where_phi_vanishes() {
    let geometry = stored(RAS, [20, 12, 4], [0.8, 0.8, 3.0]);
    let plane = geometry.world_of_voxel([7.3, 0.0, 0.0])[0];
    let phi = volume(&geometry, |p| p[0] - plane).to_f32();
    let slice = PhiSlice::new(&phi, &geometry, &geometry, 2, 1).unwrap();
    let segments = slice.segments();
    assert_eq!(segments.len(), 11);
    for end in segments.iter().flatten() {
        assert!((end[0] - 7.3).abs() < 1e-5, "{end:?}");
    }
    // R is on the left: voxel 7.3 counts from the right edge of the picture.
    let picture = SlicePicture::new(&volume(&geometry, |_| 0.0), 2, 1, &PictureOptions::default());
    assert!((picture.pixel_of([7.3, 0.0])[0] - (19.0 - 7.3)).abs() < 1e-9);
    // The line's centre of mass in the drawn picture is there, too.
    let options = PictureOptions { letters: false, ..PictureOptions::default() };
    let drawn = SlicePicture::new(&volume(&geometry, |_| -1000.0), 2, 1, &options).draw(&[contour(slice)], "");
    let red = |x: u32| f64::from(drawn.get_pixel(x, 6).0[0]);
    let (mass, moment) = (0..20).fold((0.0, 0.0), |(m, s), x| (m + red(x), s + red(x) * f64::from(x)));
    assert!((moment / mass - 11.7).abs() < 0.02, "{}", moment / mass);
}

#[test]
fn a_circle_is_drawn_to_a_hundredth_of_a_pixel() {
    let geometry = stored(RAS, [64, 64, 1], [1.0; 3]);
    let radius = 20.3;
    let phi = volume(&geometry, |p| (p[0] * p[0] + p[1] * p[1]).sqrt() - radius).to_f32();
    let slice = PhiSlice::new(&phi, &geometry, &geometry, 2, 0).unwrap();
    let mut length = 0.0;
    for [a, b] in slice.segments() {
        for end in [a, b] {
            let r = ((end[0] - 31.5).powi(2) + (end[1] - 31.5).powi(2)).sqrt();
            // Linear interpolation along an edge: h^2 / 8r at most.
            assert!((r - radius).abs() < 1.0 / (8.0 * radius) + 1e-4, "{r}");
        }
        length += ((a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2)).sqrt();
    }
    assert!((length / (TAU * radius) - 1.0).abs() < 2e-3, "{length}");
}

#[test]
fn phi_on_a_finer_box_gives_the_same_contour() {
    let scan = stored(LPS, [40, 40, 10], [1.0, 1.0, 3.0]);
    let ball = |p: [f64; 3]| (p[0] * p[0] + p[1] * p[1] + p[2] * p[2]).sqrt() - 9.0;
    let mut affine = *scan.world_from_voxel();
    let origin = scan.world_of_voxel([5.0, 6.0, 1.0]);
    for d in 0..3 {
        affine[(d, 3)] = origin[d];
        affine[(d, 0)] *= 0.5;
        affine[(d, 1)] *= 0.5;
        affine[(d, 2)] /= 3.0;
    }
    let fine = Geometry::new([58, 58, 22], affine).unwrap();
    let of = |grid: &Geometry| {
        let phi = volume(grid, ball).to_f32();
        PhiSlice::new(&phi, grid, &scan, 2, 6).unwrap()
    };
    let (z, from_fine) = (scan.world_of_voxel([0.0, 0.0, 6.0])[2], of(&fine));
    let expected = (81.0 - z * z).sqrt();
    for end in from_fine.segments().iter().flatten().chain(of(&scan).segments().iter().flatten()) {
        let r = ((end[0] - 19.5).powi(2) + (end[1] - 19.5).powi(2)).sqrt();
        assert!((r - expected).abs() < 0.03, "{r} {expected}");
    }
    let phi = volume(&fine, ball).to_f32();
    assert!(PhiSlice::new(&phi, &fine, &scan, 2, 9).is_none());
}

#[test]
fn a_mask_is_outlined_half_way_between_voxels() {
    let geometry = stored(RAS, [8, 8, 2], [1.0; 3]);
    let inside = |i: usize| (3..6).contains(&(i % 8)) && (2..5).contains(&(i / 8 % 8)) && i >= 64;
    assert!(PhiSlice::of_mask(inside, &geometry, 2, 0).segments().is_empty());
    let segments = PhiSlice::of_mask(inside, &geometry, 2, 1).segments();
    let (low, high) = segments.iter().flatten().fold((f64::MAX, f64::MIN), |(l, h), e| (l.min(e[0]), h.max(e[0])));
    assert_eq!((low, high), (2.5, 5.5));
}

#[test]
fn every_storage_order_gives_the_same_picture() {
    let (size, spacing) = ([24, 18, 9], [1.0, 1.0, 2.0]);
    let scene = |p: [f64; 3]| 120.0 + 4.0 * p[0] + 2.5 * p[1] - 3.0 * p[2] + 0.2 * p[0] * p[1] + 0.15 * p[1] * p[2];
    let ball = |p: [f64; 3]| ((p[0] - 2.0).powi(2) + (p[1] + 1.0).powi(2) + p[2].powi(2)).sqrt() - 6.2;
    let orders: [[(usize, f64); 3]; 5] = [
        LPS,
        RAS,
        [(2, -1.0), (0, 1.0), (1, -1.0)],
        [(1, 1.0), (2, 1.0), (0, -1.0)],
        [(1, -1.0), (0, -1.0), (2, -1.0)],
    ];
    for plane in [Plane::Axial, Plane::Coronal, Plane::Sagittal] {
        let pictures: Vec<RgbImage> = orders
            .iter()
            .map(|&order| {
                let geometry = stored(order, size, spacing);
                let axis = voxel_axis(&geometry, plane);
                // The slice at the same place in the patient.
                let at = geometry.voxel_of_world([2.5, -1.5, 2.0])[axis].round() as usize;
                let phi = volume(&geometry, ball).to_f32();
                let slice = PhiSlice::new(&phi, &geometry, &geometry, axis, at).unwrap();
                render_slice(&volume(&geometry, scene), axis, at, WINDOW, &[contour(slice)])
            })
            .collect();
        assert!(pictures[0].pixels().any(|p| p.0[0] > p.0[2].saturating_add(60)), "no contour in {plane:?}");
        for (order, picture) in orders.iter().zip(&pictures) {
            assert_eq!(picture.dimensions(), pictures[0].dimensions(), "{plane:?} {order:?}");
            let worst = picture.as_raw().iter().zip(pictures[0].as_raw()).map(|(a, b)| a.abs_diff(*b)).max();
            assert!(worst <= Some(1), "{plane:?} {order:?} differs by {worst:?}");
        }
    }
}

#[test]
fn display_is_radiological_with_square_pixels() {
    let geometry = stored(LPS, [20, 16, 6], [0.8, 0.8, 2.4]);
    // Bright at the patient's right, in front and above.
    let bright = volume(&geometry, |p| if p[0] > 3.0 && p[1] > 3.0 && p[2] > 3.0 { 255.0 } else { 0.0 });
    let center_of_mass = |picture: &RgbImage| {
        let (mut mass, mut x, mut y) = (0.0, 0.0, 0.0);
        for (column, row, pixel) in picture.enumerate_pixels() {
            let m = f64::from(pixel.0[0]);
            (mass, x, y) = (mass + m, x + m * f64::from(column), y + m * f64::from(row));
        }
        (x / mass / f64::from(picture.width()), y / mass / f64::from(picture.height()))
    };
    let options = PictureOptions { window: WINDOW, letters: false, ..PictureOptions::default() };
    let show = |plane, index| SlicePicture::new(&bright, voxel_axis(&geometry, plane), index, &options).draw(&[], "");
    let axial = show(Plane::Axial, 5);
    assert_eq!(axial.dimensions(), (20, 16));
    let (x, y) = center_of_mass(&axial);
    assert!(x < 0.4 && y < 0.4, "right on the left, front on top: {x} {y}");
    let coronal = show(Plane::Coronal, 1);
    assert_eq!(coronal.dimensions(), (20, 18));
    let (x, y) = center_of_mass(&coronal);
    assert!(x < 0.4 && y < 0.4, "right on the left, head on top: {x} {y}");
    let sagittal = show(Plane::Sagittal, 2);
    assert_eq!(sagittal.dimensions(), (16, 18));
    let (x, y) = center_of_mass(&sagittal);
    assert!(x < 0.4 && y < 0.4, "front on the left, head on top: {x} {y}");
}

#[test]
fn letters_and_caption_are_drawn() {
    let geometry = stored(RAS, [60, 60, 1], [1.0; 3]);
    let black = volume(&geometry, |_| -1000.0);
    let lit = |letters, caption| {
        let options = PictureOptions { letters, ..PictureOptions::default() };
        let picture = SlicePicture::new(&black, 2, 0, &options).draw(&[], caption);
        picture.pixels().filter(|p| p.0 != [0; 3]).count()
    };
    assert_eq!(lit(false, ""), 0);
    assert!(lit(true, "") > 40);
    // The dots of "L": seven down and four across.
    assert_eq!(lit(false, "L"), 11);
    assert_eq!(lit(false, "  "), 0);
}

#[test]
fn a_crop_shows_only_its_box() {
    let geometry = stored(LPS, [20, 16, 6], [1.0; 3]);
    let scan = volume(&geometry, |p| 100.0 + p[0]);
    let options =
        PictureOptions { window: WINDOW, crop: Some(([4, 3, 0], [14, 9, 6])), pixel_mm: Some(0.5), letters: false };
    let picture = SlicePicture::new(&scan, 2, 2, &options);
    assert_eq!(picture.size(), [20, 12]);
    assert_eq!(picture.pixel_of([4.0, 3.0]), [0.5, 0.5]);
}

/// A short film: a circle that grows over a ramp of greys.
fn film() -> Animation {
    let geometry = stored(LPS, [48, 40, 1], [1.0; 3]);
    let scan = volume(&geometry, |p| 128.0 + 2.0 * p[0]);
    let options = PictureOptions { window: WINDOW, letters: true, ..PictureOptions::default() };
    let slice = SlicePicture::new(&scan, 2, 0, &options);
    let mut animation = Animation::new();
    for step in 0..4 {
        let phi = volume(&geometry, |p| (p[0] * p[0] + p[1] * p[1]).sqrt() - 6.0 - f64::from(step)).to_f32();
        let phi = PhiSlice::new(&phi, &geometry, &geometry, 2, 0).unwrap();
        animation.push(slice.draw(&[contour(phi)], &format!("t = {step}.25")), 100 + 20 * step);
    }
    animation
}

#[test]
fn a_gif_plays_the_frames_that_were_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("film.gif");
    let film = film();
    assert_eq!(film.write(&path).unwrap(), std::slice::from_ref(&path));
    let mut decoder = gif::DecodeOptions::new();
    decoder.set_color_output(gif::ColorOutput::RGBA);
    let mut decoder = decoder.read_info(std::fs::File::open(&path).unwrap()).unwrap();
    let (w, h) = (usize::from(decoder.width()), usize::from(decoder.height()));
    let mut canvas = vec![[0u8; 3]; w * h];
    let mut count = 0;
    while let Some(frame) = decoder.read_next_frame().unwrap() {
        let drawn = &film.frames()[count];
        assert_eq!(u32::from(frame.delay) * 10, drawn.delay_ms);
        for (i, rgba) in frame.buffer.chunks(4).enumerate() {
            let (x, y) = (i % usize::from(frame.width), i / usize::from(frame.width));
            canvas[(y + usize::from(frame.top)) * w + x + usize::from(frame.left)] = [rgba[0], rgba[1], rgba[2]];
        }
        for (shown, pixel) in canvas.iter().zip(drawn.picture.pixels()) {
            let error = (0..3).map(|d| shown[d].abs_diff(pixel.0[d])).max().unwrap();
            let grey = pixel.0[0] == pixel.0[1] && pixel.0[1] == pixel.0[2];
            assert!(error <= if grey { 1 } else { 24 }, "{shown:?} {pixel:?}");
        }
        count += 1;
    }
    assert_eq!(count, 4);
}

#[test]
fn a_png_series_is_exact_and_writes_are_atomic() {
    let folder = tempfile::tempdir().unwrap();
    let film = film();
    let files = film.write(&folder.path().join("film.png")).unwrap();
    let names: Vec<_> = files.iter().map(|f| f.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["film_0000.png", "film_0001.png", "film_0002.png", "film_0003.png"]);
    for (file, frame) in files.iter().zip(film.frames()) {
        assert_eq!(image::open(file).unwrap().to_rgb8(), frame.picture);
    }
    let missing = folder.path().join("no such folder").join("a.png");
    let error = write_png(&missing, &film.frames()[0].picture).unwrap_err().to_string();
    assert!(error.contains("no such folder"), "{error}");
    assert!(film.write(&folder.path().join("film.avi")).unwrap_err().to_string().contains(".gif"));
    assert!(Animation::new().write(&folder.path().join("empty.gif")).unwrap_err().to_string().contains("no frames"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 4, "nothing is left behind");
}
