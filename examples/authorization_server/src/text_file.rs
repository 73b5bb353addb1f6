//! Files of text that the command line names.

use std::{fs, path::Path};

/// The text of a file, with its byte order mark if it has one, or what is wrong with the file.
pub(crate) fn read(file: &Path) -> Result<String, String> {
    let text = fs::read(file)
        .map_err(|error| error.to_string())
        .and_then(decode);
    text.map_err(|fault| format!("{}: {fault}", file.display()))
}

fn decode(bytes: Vec<u8>) -> Result<String, String> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err("is UTF-16: save it as UTF-8".to_owned());
    }
    String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = before.split(|byte| *byte == b'\n').count();
        format!("line {line} is not UTF-8: save it as UTF-8")
    })
}
