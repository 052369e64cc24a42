//! Which networks are at hand, by organ and method; and that those in the program are whole.

use crate::support::{catalogue, finder, identity};
use burn::tensor::Device;
use std::path::Path;
use zeroset_engine::models::Catalogue;

#[test]
fn networks_are_found_by_organ_and_method() {
    let folder = tempfile::tempdir().unwrap();
    let catalogue = catalogue(folder.path());
    assert_eq!(catalogue.organs(), ["kidney", "liver"]);
    assert_eq!(catalogue.methods("kidney"), ["unet", "node-contour"]);
    assert_eq!(catalogue.methods("liver"), ["unet"]);
    let chosen = |organ, method| {
        let choice = catalogue.choose(organ, method).unwrap();
        (choice.network.name.clone(), choice.first.map(|first| first.name.clone()))
    };
    assert_eq!(chosen("kidney", None), ("both-unet".into(), None));
    assert_eq!(chosen("kidney", Some("node-contour")), ("kidney-node".into(), Some("both-unet".into())));
    assert_eq!(chosen("kidney", Some("unet")), ("both-unet".into(), None));
    assert_eq!(chosen("liver", None), ("both-unet".into(), None));
    let missing = catalogue.choose("spleen", None).unwrap_err().to_string();
    assert!(
        missing.contains("\"spleen\"") && missing.contains("kidney (unet, node-contour), liver (unet)"),
        "{missing}"
    );
    let missing = catalogue.choose("liver", Some("node-image")).unwrap_err().to_string();
    assert!(missing.contains("by node-image") && missing.contains("--model DIR"), "{missing}");
    let loaded = catalogue.find("kidney", "unet").unwrap().load(&Device::flex()).unwrap();
    assert_eq!(loaded.hash(), finder(&["kidney", "liver"]).hash());
    assert!(catalogue.find("kidney", "unet").unwrap().card().contains("Not a medical device"));
}

#[test]
fn a_contour_network_alone_contours_nothing() {
    let folder = tempfile::tempdir().unwrap();
    identity(&["kidney"]).save(&folder.path().join("node")).unwrap();
    let catalogue = Catalogue::of_folder(folder.path()).unwrap();
    assert!(catalogue.organs().is_empty() && catalogue.methods("kidney").is_empty());
    let reason = catalogue.choose("kidney", Some("node-contour")).unwrap_err().to_string();
    assert!(reason.contains("--start-model"), "{reason}");
}

#[test]
fn folders_without_a_network_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let reason = Catalogue::of_folder(folder.path()).unwrap_err().to_string();
    assert!(reason.contains("no network in it"), "{reason}");
    assert!(Catalogue::of_folder(&folder.path().join("nowhere")).unwrap_err().to_string().contains("nowhere"));
    std::fs::create_dir(folder.path().join("bad")).unwrap();
    std::fs::write(folder.path().join("bad/model.json"), "{}").unwrap();
    let reason = Catalogue::of_folder(folder.path()).unwrap_err().to_string();
    assert!(reason.contains("model.json"), "{reason}");
}

#[test]
fn the_programs_own_networks_are_whole_small_and_all_there() {
    let shipped = Catalogue::shipped().unwrap();
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/models");
    let mut folders: Vec<String> = std::fs::read_dir(&assets)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().join("model.json").is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    folders.sort();
    assert_eq!(shipped.iter().map(|network| network.name.clone()).collect::<Vec<_>>(), folders);
    for network in shipped.iter() {
        let loaded = network.load(&Device::flex()).unwrap_or_else(|error| panic!("{}: {error}", network.name));
        assert_eq!(loaded.manifest.weights_sha256, loaded.hash(), "{}", network.name);
        let card = network.card();
        for word in ["Not a medical device", "Licence", "BTCV", "Limits"] {
            assert!(card.contains(word), "{}: its card says nothing of {word:?}", network.name);
        }
        let bytes: u64 = std::fs::read_dir(assets.join(&network.name))
            .unwrap()
            .map(|file| file.unwrap().metadata().unwrap().len())
            .sum();
        assert!(bytes <= 8_000_000, "{}: {bytes} bytes", network.name);
    }
}
