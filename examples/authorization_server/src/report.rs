//! What the program prints for the person who started it.

use std::{
    error::Error,
    io::{self, Write as _, stderr, stdout},
};

/// Prints to standard output with a single write, and flushes.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut out = stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

pub(crate) fn error(text: &str) {
    complain("error", text);
}

pub(crate) fn warning(text: &str) {
    complain("warning", text);
}

fn complain(kind: &str, text: &str) {
    // If standard error is closed, nobody can be told.
    let _ = writeln!(stderr(), "{kind}: {text}");
}

/// An error and its causes. A cause that the error text ends with already is not repeated.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}
