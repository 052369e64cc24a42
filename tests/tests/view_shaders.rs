//! The structs of the view shaders have the layout of their Rust mirrors.

use std::mem::{offset_of, size_of};
use zeroset_shaders::layout::{Slice, Surface};

/// Name and offset of each member of a struct in a WGSL file, and the struct's size.
fn wgsl_layout(file: &str, name: &str) -> (Vec<(String, usize)>, usize) {
    let source = zeroset_shaders::wgsl(file).expect("the file is in the table");
    let module = naga::front::wgsl::parse_str(&source).unwrap_or_else(|e| panic!("{}", e.emit_to_string(&source)));
    let found = module.types.iter().find_map(|(_, t)| match &t.inner {
        naga::TypeInner::Struct { members, span } if t.name.as_deref() == Some(name) => {
            let member = |m: &naga::StructMember| (m.name.clone().unwrap_or_default(), m.offset as usize);
            Some((members.iter().map(member).collect(), *span as usize))
        }
        _ => None,
    });
    found.unwrap_or_else(|| panic!("{file} has no struct {name}"))
}

macro_rules! assert_layout {
    ($file:literal, $name:ident { $($member:ident),* $(,)? }) => {
        let (members, size) = wgsl_layout($file, stringify!($name));
        let mirror = vec![$((stringify!($member).to_owned(), offset_of!($name, $member))),*];
        assert_eq!(members, mirror, stringify!($name));
        assert_eq!(size, size_of::<$name>(), "size of {}", stringify!($name));
    };
}

#[test]
fn mirrors_have_the_layout_of_the_shaders() {
    assert_layout!(
        "view/slice",
        Slice {
            corner_voxel,
            across_voxel,
            down_voxel,
            size,
            axes,
            intensity,
            pane_px,
            roi_lower,
            roi_upper,
            phi_from_voxel,
            phi_size,
            map_from_voxel,
            map_size,
            map_range,
            proposal_from_voxel,
            proposal_size,
            reference_from_voxel,
            reference_size,
            trail,
            trail_colour,
            contour_colour,
            opacity,
        }
    );
    assert_layout!(
        "view/surface",
        Surface {
            grid_from_world,
            size,
            centre,
            right,
            up,
            forward,
            colour,
            background_top,
            background_bottom,
            lower,
            upper,
        }
    );
}
