//! The write-ahead log of an SQLite file, read directly:
//! <https://www.sqlite.org/fileformat2.html#walformat>.

use std::{fs, path::Path};

/// How many transactions were committed since the log was restarted, which happens at every
/// checkpoint that reaches its end.
pub(crate) fn commits(database: &Path) -> usize {
    let mut name = database.as_os_str().to_owned();
    name.push("-wal");
    let log = fs::read(name).expect("the log beside the database");
    let (header, frames) = log.split_at(32);
    let page_size = usize::try_from(number(header, 8)).expect("the size of a page");
    // Older frames that were not overwritten yet have another salt.
    let salt = &header[16..24];
    let frames = frames.chunks_exact(24 + page_size);
    let current = frames.take_while(|frame| &frame[8..16] == salt);
    // Only the last frame of a transaction contains the size of the database.
    current.filter(|frame| number(frame, 4) > 0).count()
}

fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}
