//! Puts the networks of `assets/models` into the program: a table with the files of every folder there.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let models = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../assets/models");
    println!("cargo::rerun-if-changed={}", models.display());
    let mut folders: Vec<PathBuf> = match fs::read_dir(&models) {
        Ok(entries) => entries.map(|entry| Ok(entry?.path())).collect::<Result<_, std::io::Error>>()?,
        // Without the folder the program is the same, with no network in it.
        Err(_) => Vec::new(),
    };
    folders.retain(|folder| folder.join("model.json").is_file() && folder.join("weights.safetensors").is_file());
    folders.sort();
    let mut table = String::from("[\n");
    for folder in folders {
        let folder = folder.canonicalize()?;
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let file = |name: &str| folder.join(name);
        let card = if file("CARD.md").is_file() {
            format!("include_str!({:?})", file("CARD.md"))
        } else {
            String::from("\"\"")
        };
        writeln!(
            table,
            "    Embedded {{ name: {name:?}, model: include_bytes!({:?}), weights: include_bytes!({:?}), card: {card} }},",
            file("model.json"),
            file("weights.safetensors")
        )?;
    }
    table.push_str("]\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("shipped_networks.rs"), table)?;
    Ok(())
}
