//! Embeds the data library (`library/` at the root of the repository) in the binary.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../library");
    println!("cargo:rerun-if-changed=build.rs");
    // Cargo looks through a watched folder to its last file, so this covers new files and folders.
    println!("cargo:rerun-if-changed={}", root.display());
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    let mut text =
        String::from("/// Every file of the data library: path below `library/` and text.\n");
    text.push_str("pub(crate) static EMBEDDED: &[(&str, &str)] = &[\n");
    for file in files {
        let name = file
            .strip_prefix(&root)
            .expect("file lies below the library")
            .to_string_lossy()
            .replace('\\', "/");
        let path = file.canonicalize().expect("file was just listed");
        writeln!(text, "    ({name:?}, include_str!({path:?})),").expect("writing to a string");
    }
    text.push_str("];\n");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"))
        .join("embedded_library.rs");
    std::fs::write(out, text).expect("OUT_DIR is writable");
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path
            .extension()
            .is_some_and(|e| e == "toml" || e == "csv" || e == "ant")
        {
            files.push(path);
        }
    }
}
