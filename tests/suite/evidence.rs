//! Every claim of the documentation names the test that shows it, and that test is there.
//!
//! In a table whose last column is headed `shown by`, a row is a claim and, in its last cell, the tests
//! that show it: `binary::module::test`, the unit tests as `lib::module::test`.

mod claims;
mod finder;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use claims::{Claim, claims};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The pages of the guide, by the name of their modules.
fn pages() -> Vec<(String, String)> {
    let folder = fs::read_dir(root().join("src/guide")).unwrap();
    let mut paths: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, read(path))
        })
        .collect()
}

/// What names no test that there is.
fn without_evidence(claims: &[Claim], tests: &BTreeSet<String>) -> Vec<String> {
    let mut missing = Vec::new();
    for claim in claims {
        if claim.tests.is_empty() {
            missing.push(format!("\"{}\" names no test", claim.text));
        }
        for test in claim.tests.iter().filter(|test| !tests.contains(*test)) {
            missing.push(format!("\"{}\": there is no test `{test}`", claim.text));
        }
    }
    missing
}

#[test]
fn every_claim_names_tests_that_are_there() {
    let tests = finder::tests(root());
    assert!(tests.len() > 600, "only {} tests were found", tests.len());
    let mut documents = pages();
    documents.push(("README.md".to_owned(), read("README.md")));
    documents.push(("lib.rs".to_owned(), claims::of_rustdoc(&read("src/lib.rs"))));
    let missing: Vec<String> = documents
        .iter()
        .flat_map(|(name, text)| {
            let missing = without_evidence(&claims(text), &tests);
            missing.into_iter().map(move |it| format!("{name}: {it}"))
        })
        .collect();
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn every_page_says_what_shows_it_and_is_linked() {
    let guide = read("src/guide.rs");
    let (readme, crate_docs) = (read("README.md"), read("src/lib.rs"));
    let pages = pages();
    assert!(pages.len() > 10, "only {} pages were found", pages.len());
    for (name, text) in pages {
        let shown = claims(&text).len();
        assert!(shown >= 3, "{name} has {shown} claims that a test shows");
        let module = format!("include_str!(\"guide/{name}.md\")]\npub mod {name} {{}}");
        assert!(guide.contains(&module), "{name} is no module of the guide");
        let address = format!("https://docs.rs/oauth-dcr/latest/oauth_dcr/guide/{name}/");
        assert!(readme.contains(&address), "the README does not link {name}");
        let link = format!("guide::{name}");
        assert!(crate_docs.contains(&link), "lib.rs does not link {name}");
    }
}

#[test]
fn quotes_of_the_readme_occur_in_it() {
    let readme = plain(&read("README.md"));
    let quotes = quotes();
    assert!(quotes.len() > 40, "where are the quotes?");
    for text in quotes {
        assert!(readme.contains(&text), "the README does not say: {text}");
    }
}

/// Its lists are the profile, in short.
#[test]
fn each_point_of_a_list_in_the_readme_is_quoted() {
    let points = points(&read("README.md"));
    assert!(points.len() > 10, "only {} points were found", points.len());
    let quotes = quotes();
    for point in points {
        let is_quoted = quotes.iter().any(|it| point.contains(it));
        assert!(is_quoted, "no test is said to show any of: {point}");
    }
}

#[test]
fn a_point_goes_on_until_its_lines_do() {
    let text = "Text\n- one\n- two,\n  and more\n\n  - three\n\nText\n";
    assert_eq!(points(text), ["one", "two, and more", "three"]);
}

/// Each point of the lists of a document.
fn points(markdown: &str) -> Vec<String> {
    let mut points: Vec<String> = Vec::new();
    let mut is_inside = false;
    for line in markdown.lines().map(str::trim) {
        if let Some(text) = line.strip_prefix("- ") {
            points.push(text.to_owned());
            is_inside = true;
        } else if line.is_empty() {
            is_inside = false;
        } else if let Some(point) = points.last_mut().filter(|_| is_inside) {
            *point = format!("{point} {line}");
        }
    }
    points
}

/// What the guide says that tests show of the README.
fn quotes() -> Vec<String> {
    let claims = claims(&read("src/guide/evidence.md")).into_iter();
    let quoted = claims.filter(|it| it.of == "words of the README");
    quoted.map(|it| plain(&it.text)).collect()
}

/// The words, wherever lines end.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn claims_without_an_existing_test_are_reported() {
    let tests = BTreeSet::from(["suite::a::old".to_owned()]);
    let page = "| claim | shown by |\n|---|---|\n| One | `suite::a::old` |\n\
                | Two | `suite::a::old`, `suite::a::new` |\n| Three | nothing |\n";
    assert_eq!(
        without_evidence(&claims(page), &tests),
        [
            "\"Two\": there is no test `suite::a::new`",
            "\"Three\" names no test"
        ]
    );
}
