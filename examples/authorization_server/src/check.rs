//! `--check`: the errors and warnings of a settings file.

use std::{io, path::Path};

use crate::{locations::Locations, report, settings_file::Review};

/// Prints a line for each problem, and a summary. Returns whether there is no error.
pub(crate) fn run(file: &Path, locations: &Locations) -> io::Result<bool> {
    let review = Review::of(file, locations);
    let errors = review.errors.iter().map(|it| format!("error: {it}\n"));
    let warnings = review.warnings.iter().map(|it| format!("warning: {it}\n"));
    let lines: String = errors.chain(warnings).collect();
    report::print(&format!(
        "{lines}{}: {}, {}\n",
        file.display(),
        count(review.errors.len(), "error"),
        count(review.warnings.len(), "warning"),
    ))?;
    Ok(review.errors.is_empty())
}

fn count(number: usize, what: &str) -> String {
    match number {
        0 => format!("no {what}s"),
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}
