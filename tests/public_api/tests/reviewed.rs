//! The public items of the crate are the items in `listed`, which a reviewer has agreed to.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::Path,
};

use oauth_dcr_public_api::lines_by_feature;

const REVIEWED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/listed");

fn reviewed() -> BTreeMap<String, Vec<String>> {
    let read = |entry: std::io::Result<fs::DirEntry>| {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        (name, text.lines().map(str::to_owned).collect())
    };
    fs::read_dir(REVIEWED).unwrap().map(read).collect()
}

fn accept(listed: &BTreeMap<String, Vec<String>>) {
    fs::remove_dir_all(REVIEWED).unwrap();
    fs::create_dir(REVIEWED).unwrap();
    for (name, lines) in listed {
        let path = Path::new(REVIEWED).join(name).with_extension("txt");
        fs::write(path, lines.join("\n") + "\n").unwrap();
    }
}

/// The lines that only one of the lists has, after `-` for the reviewed list and `+` for the present one.
fn differences(reviewed: &[String], listed: &[String]) -> String {
    let mut text = String::new();
    for (sign, lines, others) in [("-", reviewed, listed), ("+", listed, reviewed)] {
        let others: BTreeSet<_> = others.iter().collect();
        for line in lines.iter().filter(|it| !others.contains(it)) {
            text = text + sign + line + "\n";
        }
    }
    text
}

#[test]
fn the_public_items_are_the_reviewed_ones() {
    let listed = lines_by_feature();
    if env::var_os("UPDATE_PUBLIC_API").is_some() {
        accept(&listed);
    }
    let reviewed = reviewed();
    let names: BTreeSet<_> = listed.keys().chain(reviewed.keys()).collect();
    let mut changes = String::new();
    for name in names {
        let lines = |lists: &BTreeMap<String, Vec<String>>| lists.get(name).cloned();
        let (before, now) = (lines(&reviewed), lines(&listed));
        if before != now {
            let text = differences(&before.unwrap_or_default(), &now.unwrap_or_default());
            changes = changes + name + ".txt\n" + &text;
        }
    }
    assert!(
        changes.is_empty(),
        "the public items have changed:\n{changes}\
         If that is meant: UPDATE_PUBLIC_API=1 cargo test --package oauth-dcr-public-api"
    );
}

#[test]
fn a_difference_names_lost_and_new_lines() {
    let lines = |text: &str| -> Vec<String> { text.lines().map(str::to_owned).collect() };
    let found = differences(&lines("one\ntwo\nthree"), &lines("one\nthree\nfour"));
    assert_eq!(found, "-two\n+four\n");
}
