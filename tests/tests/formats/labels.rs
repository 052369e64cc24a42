//! Names of labels: 3D Slicer's segments, ITK-SNAP's description files.

use zeroset_engine::io::{
    LabelDescription, Problem, ReadOptions, convert, read_label_file, read_labels, write_label_file, write_labels,
    write_named_labels,
};
use zeroset_engine::{Geometry, LabelMap};

/// As 3D Slicer 5 writes a segmentation, less what does not concern labels.
const SLICER: &str = "NRRD0004
# Complete NRRD file format specification at:
# http://teem.sourceforge.net/nrrd/format.html
type: unsigned char
dimension: 3
space: left-posterior-superior
sizes: 2 2 2
space directions: (0.5,0,0) (0,0.5,0) (0,0,2)
kinds: domain domain domain
encoding: raw
space origin: (10,20,-30)
Segment0_Color:=0.501961 0.682353 0.501961
Segment0_Extent:=0 1 0 1 0 1
Segment0_ID:=Segment_1
Segment0_LabelValue:=2
Segment0_Layer:=0
Segment0_Name:=left \u{e9} kidney
Segment0_Tags:=Segmentation.Status:inprogress|
Segment1_Color:=1 0 0
Segment1_ID:=Segment_2
Segment1_LabelValue:=1
Segment1_Layer:=0
Segment1_Name:=liver
Segmentation_MasterRepresentation:=Binary labelmap

";

fn named(number: u16, name: &str, colour: [u8; 3]) -> LabelDescription {
    LabelDescription { name: name.into(), colour, ..LabelDescription::unnamed(number) }
}

fn grid() -> Geometry {
    Geometry::aligned([4, 3, 2], [0.5, 0.75, 3.0], [1.0, -2.0, 30.0]).expect("grid")
}

#[test]
fn segments_of_3d_slicer_are_read() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("Segmentation.seg.nrrd");
    let voxels = [0, 1, 2, 2, 0, 1, 0, 2];
    std::fs::write(&path, [SLICER.as_bytes(), &voxels].concat()).expect("write");
    let read = read_labels(&path).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(read.labels.labels(), voxels.map(u16::from));
    let wanted = [named(1, "liver", [255, 0, 0]), named(2, "left \u{e9} kidney", [128, 174, 128])];
    assert_eq!(read.descriptions, wanted);
    assert_eq!(read.labels.geometry().world_of_voxel([1.0, 0.0, 1.0]), [-10.5, -20.0, -28.0]);
    assert_eq!(read.source.comments, Vec::<String>::new(), "nothing else of the header is taken over");

    let layers = SLICER.replace("dimension: 3", "dimension: 4").replace("sizes: 2 2 2", "sizes: 2 2 2 2");
    let layers = layers.replace("directions: ", "directions: none ").replace("kinds: ", "kinds: list ");
    std::fs::write(&path, [layers.as_bytes(), &voxels, &voxels].concat()).expect("write");
    let error = read_labels(&path).expect_err("overlapping segments");
    assert!(error.to_string().contains("2 layers") && error.to_string().contains("3D Slicer"), "{error}");
    let one = layers.replace("sizes: 2 2 2 2", "sizes: 1 2 2 2");
    std::fs::write(&path, [one.as_bytes(), &voxels].concat()).expect("write");
    let read = read_labels(&path).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(read.labels.labels(), voxels.map(u16::from), "one layer is a plain mask");
}

#[test]
fn names_and_colours_go_into_a_segmentation_and_come_back() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("mask.seg.nrrd");
    let labels = LabelMap::new(grid(), (0..24).map(|i| [0, 3, 4, 300][i % 4]).collect());
    let names =
        [named(3, "Left kidney", [242, 166, 59]), named(4, "Right \\ kidney", [1, 2, 3]), named(9, "x", [0; 3])];
    write_named_labels(&path, &labels, &names, None).unwrap_or_else(|e| panic!("{e}"));
    let back = read_labels(&path).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(back.labels, labels);
    let wanted = [names[0].clone(), names[1].clone(), LabelDescription::unnamed(300)];
    assert_eq!(back.descriptions, wanted, "only labels that occur, all of them");
    let text = String::from_utf8_lossy(&std::fs::read(&path).expect("file")).into_owned();
    for line in
        ["Segment0_ID:=Segment_3", "Segment0_LabelValue:=3", "Segment0_Extent:=0 3 0 2 0 1", "Segment0_Layer:=0"]
    {
        assert!(text.contains(&format!("\n{line}\n")), "no {line} in {text}");
    }

    // Names survive a conversion to the same kind; other masks get numbers.
    let other = folder.path().join("other.seg.nrrd");
    convert(&path, &other, &ReadOptions::default()).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(read_labels(&other).unwrap_or_else(|e| panic!("{e}")).descriptions, wanted);
    let nifti = folder.path().join("mask.nii.gz");
    write_labels(&nifti, &labels, None).unwrap_or_else(|e| panic!("{e}"));
    convert(&nifti, &other, &ReadOptions::default()).unwrap_or_else(|e| panic!("{e}"));
    let back = read_labels(&other).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(back.labels.labels(), labels.labels());
    assert_eq!(back.descriptions, [3, 4, 300].map(LabelDescription::unnamed));
}

#[test]
fn description_files_of_itk_snap() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("labels.label");
    // Written by ITK-SNAP 4.
    let text = "################################################\n# ITK-SnAP Label Description File\n# File format:\n\
                # IDX   -R-  -G-  -B-  -A--  VIS MSH  LABEL\n################################################\n\
                \x20   0     0    0    0        0  0  0    \"Clear Label\"\n\
                \x20   6     0  255  255        1  1  0    \"Label 6\"\r\n\
                \x20   2     0  255    0     0.25  0  1    \"spleen, \"left\" side\"\n";
    std::fs::write(&path, text).expect("write");
    let found = read_label_file(&path).unwrap_or_else(|e| panic!("{e}"));
    let second = LabelDescription {
        number: 2,
        name: "spleen, \"left\" side".into(),
        colour: [0, 255, 0],
        opacity: 0.25,
        visible: false,
        in_3d: true,
    };
    let sixth = LabelDescription { in_3d: false, ..named(6, "Label 6", [0, 255, 255]) };
    assert_eq!(found, [second.clone(), sixth.clone()]);
    write_label_file(&path, &found).unwrap_or_else(|e| panic!("{e}"));
    let back = read_label_file(&path).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(back, [LabelDescription { name: "spleen, 'left' side".into(), ..second }, sixth]);
    assert!(std::fs::read_to_string(&path).expect("text").contains("0  0  0    \"Clear Label\""));

    for (bad, line) in [
        ("1 2 3 4 1 1 1 name", 1),
        ("# x\n1 256 0 0 1 1 1 \"a\"", 2),
        ("1 0 0 0 1.5 1 1 \"a\"", 1),
        ("1 0 0 0 nan 1 1 \"a\"", 1),
        ("\n\n70000 0 0 0 1 1 1 \"a\"", 3),
        ("1 0 0 0 1 2 1 \"a\"", 1),
        ("1 0 0 0 1 1 \"a\"", 1),
        ("\u{1b}[31m", 1),
    ] {
        std::fs::write(&path, bad).expect("write");
        let error = read_label_file(&path).expect_err(bad);
        assert!(matches!(error.problem, Problem::LabelLine { line: found, .. } if found == line), "{error}");
        assert!(!error.to_string().contains(['\n', '\u{1b}']), "{error}");
    }
    std::fs::write(&path, "# nothing\n").expect("write");
    assert!(matches!(read_label_file(&path).expect_err("empty").problem, Problem::NoLabels { .. }));
}
