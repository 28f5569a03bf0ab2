//! What the documentation promises is there: links lead somewhere, every page is in the contents, and every
//! answer of an independent program is read by a test.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// All files below a folder with one of these endings, build output left out.
fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "target" && !name.starts_with('.') {
                found.extend(files(&path, endings));
            }
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Targets of the relative links of a Markdown text.
fn links(text: &str) -> Vec<&str> {
    text.split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', '#']).next())
        .filter(|target| !target.is_empty() && !target.contains("://"))
        .collect()
}

#[test]
fn every_link_of_the_documentation_leads_to_a_file() {
    let mut pages = files(&root().join("docs"), &[".md"]);
    pages.extend(["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"].map(|page| root().join(page)));
    let mut checked = 0;
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        for target in links(&text) {
            let file = page.parent().unwrap().join(target);
            assert!(file.exists(), "{} links to {target}", page.display());
            checked += 1;
        }
    }
    assert!(checked > 100, "{checked} links");
}

#[test]
fn every_page_stands_in_the_contents() {
    let docs = root().join("docs");
    let contents = fs::read_to_string(docs.join("SUMMARY.md")).unwrap();
    let listed = links(&contents);
    for page in files(&docs, &[".md"]) {
        let name = page
            .strip_prefix(&docs)
            .unwrap()
            .to_string_lossy()
            .into_owned();
        assert!(
            name == "SUMMARY.md" || listed.contains(&name.as_str()),
            "{name}"
        );
    }
}

#[test]
fn every_reference_answer_is_read_by_a_test() {
    let mut readers = String::new();
    for file in files(&root().join("crates"), &[".rs"]) {
        readers += &fs::read_to_string(file).unwrap();
    }
    readers += &fs::read_to_string(root().join("scripts/test")).unwrap();
    let mut unread = Vec::new();
    for file in files(&root().join("reference"), &[".csv"]) {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        // Data sets that a test picks by the name in a row of another file.
        let by_prefix = ["surv_data_"].iter().any(|prefix| name.starts_with(prefix));
        // What each course of the progression tests shows, in words.
        let words = name == "cdp_notes";
        let quoted = format!("\"{name}\"");
        let as_file = format!("{name}.csv");
        if !(by_prefix || words || readers.contains(&quoted) || readers.contains(&as_file)) {
            unread.push(name);
        }
    }
    assert!(unread.is_empty(), "no test reads {unread:?}");
}
