//! How connections end.

use std::{collections::BTreeMap, fmt, io};

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// How many connections the server ended, by the status of its answer, if it answered.
#[derive(Default)]
pub(crate) struct Endings(BTreeMap<Option<u16>, usize>);

impl Endings {
    pub(crate) fn add(&mut self, status: Option<u16>) {
        *self.0.entry(status).or_default() += 1;
    }

    /// How many connections got an answer with `status`.
    pub(crate) fn with(&self, status: u16) -> usize {
        self.0.get(&Some(status)).copied().unwrap_or_default()
    }

    /// Whether each is one of `allowed`.
    pub(crate) fn are_among(&self, allowed: &[Option<u16>]) -> bool {
        self.0.keys().all(|status| allowed.contains(status))
    }

    pub(crate) fn merge(&mut self, other: Self) {
        for (status, count) in other.0 {
            *self.0.entry(status).or_default() += count;
        }
    }
}

impl FromIterator<Self> for Endings {
    fn from_iter<I: IntoIterator<Item = Self>>(all: I) -> Self {
        let mut sum = Self::default();
        for endings in all {
            sum.merge(endings);
        }
        sum
    }
}

impl fmt::Display for Endings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (status, count)) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            match status {
                Some(status) => write!(f, "{comma}{count} with {status}")?,
                None => write!(f, "{comma}{count} without an answer")?,
            }
        }
        Ok(())
    }
}

/// Waits until the server ends the connection. Returns the status of its answer, if any.
pub(crate) async fn ended(mut reader: impl AsyncRead + Unpin) -> Option<u16> {
    let mut answer = Vec::new();
    // If the server has unread bytes, it resets the connection after the answer.
    match reader.read_to_end(&mut answer).await {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {}
        Err(error) => panic!("{error}"),
    }
    let answer = answer.strip_prefix(b"HTTP/1.1 ")?;
    let status = str::from_utf8(answer.get(..3)?).ok()?;
    status.parse().ok()
}
