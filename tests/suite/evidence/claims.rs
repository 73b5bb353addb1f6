//! The claims that a document makes, and the tests that it names for each.

/// One row of a table whose last column is headed `shown by`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Claim {
    /// What its table is of: the head of the cells before the last one.
    pub(super) of: String,
    pub(super) text: String,
    pub(super) tests: Vec<String>,
}

/// The claims of a document in Markdown.
pub(super) fn claims(markdown: &str) -> Vec<Claim> {
    let mut claims = Vec::new();
    // The head of the table, if it is one of claims.
    let mut table = None;
    let mut lines = markdown.lines().peekable();
    while let Some(line) = lines.next() {
        let is_row = line.starts_with('|');
        if is_row && lines.peek().is_some_and(|next| next.starts_with("|--")) {
            let (head, last) = cells(line);
            table = Some(head).filter(|_| last == "shown by");
            lines.next();
        } else if is_row {
            claims.extend(table.map(|head| claim(head, line)));
        } else {
            table = None;
        }
    }
    claims
}

/// What stands before the last cell of a row, and that.
fn cells(row: &str) -> (&str, &str) {
    let row = row.trim().trim_matches('|').trim();
    row.rsplit_once(" | ").unwrap_or((row, ""))
}

fn claim(head: &str, row: &str) -> Claim {
    let (text, tests) = cells(row);
    let tests = tests.split('`').skip(1).step_by(2);
    Claim {
        of: head.to_owned(),
        text: text.trim().to_owned(),
        tests: tests.map(str::to_owned).collect(),
    }
}

/// The documentation of a crate or module, without what marks it as that.
pub(super) fn of_rustdoc(source: &str) -> String {
    let lines = source.lines().filter_map(|line| line.strip_prefix("//!"));
    lines
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn a_claim_is_a_row_that_names_tests() {
    let page = "\
| no claim | test |
|---|---|
| nor this | `suite::nor::this` |

Text.

| claim | shown by |
|---|---|
| Two tests | `suite::a::b`, `lib::c` |
| A `code` span | `suite::d` |
| attack | defence | `suite::e` |
Text right after it.
| section | here | shown by |
|---|---|---|
| 2 | All | `suite::f` |
| 3 | Nothing shows it | not yet |

| again | no claim |
|---|---|
| other | `suite::nothing` |
";
    let claim = |of: &str, text: &str, tests: &[&str]| Claim {
        of: of.to_owned(),
        text: text.to_owned(),
        tests: tests.iter().map(|&test| test.to_owned()).collect(),
    };
    assert_eq!(
        claims(page),
        [
            claim("claim", "Two tests", &["suite::a::b", "lib::c"]),
            claim("claim", "A `code` span", &["suite::d"]),
            claim("claim", "attack | defence", &["suite::e"]),
            claim("section | here", "2 | All", &["suite::f"]),
            claim("section | here", "3 | Nothing shows it", &[]),
        ]
    );
}

#[test]
fn documentation_in_a_source_is_read_as_markdown() {
    let source =
        "//! Text.\n//!\n//! | claim | shown by |\n//! |---|---|\n//! | One | `a::b` |\nmod a;\n";
    let found = claims(&of_rustdoc(source));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].tests, ["a::b"]);
}
