//! Every WGSL file parses and validates, its entry point bears its name, and the Rust mirrors of its structs have the
//! layout that naga finds.

use naga::valid::{Capabilities, ValidationFlags, Validator};
use std::mem::{offset_of, size_of};
use zeroset_shaders::layout;

fn parsed(name: &str) -> naga::Module {
    let source = zeroset_shaders::wgsl(name).unwrap_or_else(|| panic!("{name}: an import is missing"));
    let module =
        naga::front::wgsl::parse_str(&source).unwrap_or_else(|e| panic!("{name}: {}", e.emit_to_string(&source)));
    Validator::new(ValidationFlags::all(), Capabilities::empty())
        .validate(&module)
        .unwrap_or_else(|e| panic!("{name}: {}", e.emit_to_string(&source)));
    module
}

#[test]
fn every_file_parses_and_validates() {
    assert!(zeroset_shaders::names().count() > 20);
    for name in zeroset_shaders::names() {
        parsed(name);
    }
}

#[test]
fn a_compute_pass_has_one_entry_point_that_bears_its_name() {
    let folders = ["filter/", "levelset/", "ode/"];
    let passes = zeroset_shaders::names().filter(|name| folders.iter().any(|folder| name.starts_with(folder)));
    for name in passes {
        let module = parsed(name);
        let entries: Vec<&str> = module.entry_points.iter().map(|e| e.name.as_str()).collect();
        assert_eq!(entries, [zeroset_shaders::entry_point(name)], "{name}");
    }
}

#[test]
fn imports_are_expanded_once_and_an_unknown_file_is_none() {
    let update = zeroset_shaders::wgsl("levelset/update").expect("update");
    assert_eq!(update.matches("struct Grid {").count(), 1);
    assert!(!update.contains("#import"));
    assert!(zeroset_shaders::wgsl("levelset/nothing").is_none());
}

/// Compares a Rust struct with the WGSL struct of the same name in one file: each member's offset, then the size.
fn assert_layout(file: &str, name: &str, rust_offsets: &[(&str, usize)], rust_size: usize) {
    let module = parsed(file);
    let (members, span) = module
        .types
        .iter()
        .find_map(|(_, t)| match &t.inner {
            naga::TypeInner::Struct { members, span } if t.name.as_deref() == Some(name) => Some((members, *span)),
            _ => None,
        })
        .unwrap_or_else(|| panic!("{file} has no struct {name}"));
    let wgsl: Vec<(&str, usize)> =
        members.iter().map(|m| (m.name.as_deref().expect("member name"), m.offset as usize)).collect();
    assert_eq!(wgsl, rust_offsets, "{name} in {file}");
    assert_eq!(span as usize, rust_size, "size of {name} in {file}");
}

macro_rules! check_layout {
    ($file:literal, $name:ident { $($member:ident),* $(,)? }) => {
        assert_layout(
            $file,
            stringify!($name),
            &[$((stringify!($member), offset_of!(layout::$name, $member))),*],
            size_of::<layout::$name>(),
        );
    };
}

#[test]
fn rust_mirrors_have_the_layout_of_the_wgsl_structs() {
    check_layout!(
        "common/grid",
        Grid {
            size,
            voxel_count,
            spacing_mm,
            h_min_mm,
            inverse_spacing,
            h_max_mm,
            tile_size,
            dimension,
            tiles,
            tile_count,
        }
    );
    check_layout!(
        "common/weights",
        Weights {
            dt,
            band_mm,
            alpha,
            beta,
            gamma,
            propagation_exponent,
            curvature_exponent,
            advection_exponent,
            mu,
            nu,
            lambda1,
            lambda2,
            epsilon_mm,
            heaviside,
            padding,
        }
    );
    check_layout!("filter/gaussian", Blur { axis, radius, padding });
    check_layout!("ode/add_scaled", Terms { weights, count });
    check_layout!("ode/max_norm", Tolerance { absolute, relative, padding });
    check_layout!("common/speed_shape", SpeedShape { first, second, smoothness, bounds });
}
