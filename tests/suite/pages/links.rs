//! The links of pages and their targets.

use std::{fs, path::Path};

use super::{Page, ROOT, pages};

const DOCUMENTATION: &str = "https://docs.rs/oauth-dcr/latest/oauth_dcr/";

/// The link targets of a page, outside code blocks: `[words](target)` and `[words]: target`.
fn targets(page: &Page) -> Vec<String> {
    let mut is_code = false;
    let mut found = Vec::new();
    for line in page.text.lines() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        }
        if is_code {
            continue;
        }
        for rest in line.split("](").skip(1) {
            found.push(rest.split(')').next().unwrap().to_owned());
        }
        if line.starts_with('[')
            && let Some((_, target)) = line.split_once("]: ")
        {
            found.push(target.to_owned());
        }
    }
    found
}

/// Calls `check` for each link that `is_meant` selects; at least one must exist.
fn each(is_meant: impl Fn(&str) -> bool, check: impl Fn(&Page, &str)) {
    let mut count = 0;
    for page in pages() {
        for target in targets(&page).iter().filter(|it| is_meant(it)) {
            count += 1;
            check(&page, target);
        }
    }
    assert!(count > 0, "no page has a link of this kind");
}

/// rustdoc checks links to items (`crate::…`).
fn is_file(target: &str) -> bool {
    !target.contains("://") && !target.starts_with('#') && !target.contains("::")
}

#[test]
fn links_to_files_lead_to_files() {
    each(is_file, |page, target| {
        let file = target.split('#').next().unwrap();
        let folder = Path::new(ROOT).join(&page.path);
        let there = folder.parent().unwrap().join(file);
        assert!(there.exists(), "{} links to {target}", page.path);
    });
}

#[test]
fn links_within_a_page_lead_to_headings() {
    each(
        |target| target.starts_with('#'),
        |page, target| {
            let headings = page.text.lines().filter(|it| it.starts_with('#'));
            let mut anchors = headings.map(anchor);
            assert!(anchors.any(|it| it == target), "{}: {target}", page.path);
        },
    );
}

/// The anchor of a heading, as GitHub and crates.io generate it.
fn anchor(heading: &str) -> String {
    let words = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = words
        .chars()
        .filter(|it| it.is_alphanumeric() || " -_".contains(*it));
    format!("#{}", kept.collect::<String>().replace(' ', "-"))
}

#[test]
fn links_to_the_documentation_lead_to_its_pages() {
    let public = fs::read_dir(Path::new(ROOT).join("tests/public_api/tests/listed")).unwrap();
    let texts = public.map(|it| fs::read_to_string(it.unwrap().path()).unwrap());
    let public: String = texts.collect();
    each(
        |target| target.starts_with(DOCUMENTATION),
        |page, target| {
            let place = target.trim_start_matches(DOCUMENTATION);
            let place = place.split('#').next().unwrap();
            let place = place.trim_end_matches("index.html").trim_end_matches('/');
            let is_there = if place.is_empty() {
                true
            } else if let Some(name) = place.strip_prefix("guide/") {
                Path::new(ROOT)
                    .join(format!("src/guide/{name}.md"))
                    .exists()
            } else {
                is_listed(&public, place)
            };
            assert!(is_there, "{} links to {target}", page.path);
        },
    );
}

/// Whether the lists of public items have `acl/struct.Rule.html` or the module `acl`.
fn is_listed(public: &str, place: &str) -> bool {
    let (modules, item) = place.rsplit_once('/').unwrap_or(("", place));
    let (kind, path) = match item.strip_suffix(".html").and_then(|it| it.split_once('.')) {
        Some((kind, name)) => (kind, format!("{modules}/{name}")),
        None => ("mod", place.to_owned()),
    };
    let kind = if kind == "constant" { "const" } else { kind };
    let path = path.trim_start_matches('/').replace('/', "::");
    let start = format!("{kind} oauth_dcr::{path}");
    let ends_here = |rest: &str| {
        !rest.starts_with("::") && !rest.starts_with(|it: char| it.is_alphanumeric() || it == '_')
    };
    let mut lines = public.lines().filter_map(|it| it.split_once(&start));
    lines.any(|(_, rest)| ends_here(rest))
}

#[test]
fn links_to_documentation_use_one_address() {
    let elsewhere = |it: &str| it.contains("docs.rs/oauth-dcr") && !it.starts_with(DOCUMENTATION);
    for page in pages() {
        let found: Vec<_> = targets(&page)
            .into_iter()
            .filter(|it| elsewhere(it))
            .collect();
        assert!(found.is_empty(), "{}: {found:?}", page.path);
    }
}
