//! Other formats than NIfTI in the session: scan, segmentation, mask and label descriptions, from file to file.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use zeroset::desk::Desk;
use zeroset::session::{Command, Document, Export, Severity};
use zeroset::starting::Gpu;
use zeroset_engine::io::{self, LabelDescription};
use zeroset_engine::{Geometry, LabelMap, Volume};

struct Bench {
    desk: Desk,
    folder: tempfile::TempDir,
}

impl Bench {
    /// A desk with a scan open that lies in a MetaImage.
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let desk = Desk::start(Arc::new(|| {}), None, Gpu::default()).expect("threads");
        let mut bench = Self { desk, folder };
        let scan = bench.path("ct.mha");
        let values = (0..grid().len()).map(|i| i as f32).collect();
        io::write_volume(&scan, &Volume::new(grid(), values), None).expect("write");
        bench.desk.apply(Command::Open(scan));
        bench.wait("the scan", |d| d.session.document.is_some());
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn document(&self) -> &Document {
        self.desk.session.document.as_ref().expect("document")
    }

    fn wait(&mut self, what: &str, holds: impl Fn(&Desk) -> bool) {
        let begun = Instant::now();
        loop {
            self.desk.poll();
            if holds(&self.desk) {
                return;
            }
            let notice = &self.desk.session.notice;
            assert!(begun.elapsed() < Duration::from_secs(60), "waited in vain for {what}; last message: {notice:?}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn save(&mut self, export: Export, path: &Path) {
        self.desk.apply(Command::Save(export, path.to_owned()));
        let name = path.display().to_string();
        let saved = |d: &Desk| d.session.notice.as_ref().is_some_and(|n| n.text == format!("Saved {name}"));
        self.wait("the file", saved);
    }
}

fn grid() -> Geometry {
    Geometry::aligned([6, 5, 4], [0.8, 0.8, 2.5], [-20.0, 30.0, -100.0]).expect("grid")
}

fn mask() -> LabelMap {
    LabelMap::new(grid(), (0..grid().len()).map(|i| [0, 3, 0, 12][i % 4]).collect())
}

fn named(number: u16, name: &str, colour: [u8; 3]) -> LabelDescription {
    LabelDescription { name: name.into(), colour, ..LabelDescription::unnamed(number) }
}

#[test]
fn a_segmentation_of_3d_slicer_brings_its_names_and_is_saved_with_them() {
    let mut bench = Bench::new();
    assert_eq!(bench.document().save_path, bench.path("ct_mask.nii.gz"), "beside the scan");
    let path = bench.path("in.seg.nrrd");
    let names = [named(3, "kidney, left", [10, 20, 30]), named(12, "cyst", [200, 0, 0])];
    io::write_named_labels(&path, &mask(), &names, None).expect("write");
    bench.desk.apply(Command::OpenSegmentation(path));
    bench.wait("the names", |d| d.session.document.as_ref().is_some_and(|doc| doc.table.name(12) == "cyst"));
    assert_eq!(bench.document().labels.as_deref(), Some(&mask()));
    assert_eq!(bench.document().table.name(3), "kidney, left");
    assert_eq!(bench.document().table.get(12).map(|l| l.colour), Some([200, 0, 0]));
    assert_eq!(bench.document().table.name(5), "Liver", "labels that the file does not name keep theirs");
    bench.desk.apply(Command::Undo);
    assert_eq!(bench.document().table.name(3), "Left kidney");
    bench.desk.apply(Command::Redo);

    for name in ["out.seg.nrrd", "out.nrrd", "out.mha", "out.mhd"] {
        let out = bench.path(name);
        bench.save(Export::Mask, &out);
        assert!(!bench.desk.session.unsaved());
        let back = io::read_labels(&out).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(back.labels.labels(), mask().labels(), "{name}");
        assert!(back.labels.geometry().same_grid(&grid(), 1e-9), "{name}");
        assert_eq!(back.descriptions, if name == "out.seg.nrrd" { names.to_vec() } else { Vec::new() });
    }
}

#[test]
fn label_descriptions_are_loaded_and_saved() {
    let mut bench = Bench::new();
    let path = bench.path("labels.label");
    let names = [named(3, "Niere links", [1, 2, 3]), named(40, "Zyste", [4, 5, 6])];
    io::write_label_file(&path, &names).expect("write");
    bench.desk.apply(Command::OpenDescriptions(path));
    bench.wait("the names", |d| d.session.document.as_ref().is_some_and(|doc| doc.table.name(40) == "Zyste"));
    assert_eq!(bench.document().table.name(3), "Niere links");
    let out = bench.path("out.label");
    bench.save(Export::Descriptions, &out);
    let back = io::read_label_file(&out).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(back, bench.document().table.descriptions());
    assert!(back.len() == 9 && names.iter().all(|name| back.contains(name)), "{back:?}");

    let bad = bench.path("bad.label");
    std::fs::write(&bad, "3 kidney\n").expect("write");
    bench.desk.apply(Command::OpenDescriptions(bad));
    bench.wait("the reason", |d| d.session.notice.as_ref().is_some_and(|n| n.severity == Severity::Error));
    let notice = bench.desk.session.notice.as_ref().expect("a message");
    assert!(notice.text.contains("bad.label") && notice.text.contains("line 1"), "{}", notice.text);
    assert_eq!(bench.document().table.name(3), "Niere links");
}
