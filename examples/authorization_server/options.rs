//! The command line.

use std::{error::Error, net::SocketAddr, path::PathBuf};

use lexopt::{Arg, Parser, ValueExt as _};

/// What the command line asks for.
pub(crate) struct Options {
    pub(crate) listen: SocketAddr,
    pub(crate) settings: Option<PathBuf>,
    /// MaxMind DB files, in the order in which they are asked.
    pub(crate) geoip: Vec<PathBuf>,
    pub(crate) store: StoreChoice,
}

/// Where clients are kept.
pub(crate) enum StoreChoice {
    /// In memory, until the server ends.
    Memory,
}

impl Options {
    pub(crate) fn from_args() -> Result<Self, Box<dyn Error>> {
        let mut options = Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            settings: None,
            geoip: Vec::new(),
            store: StoreChoice::Memory,
        };
        let mut parser = Parser::from_env();
        while let Some(argument) = parser.next()? {
            match argument {
                Arg::Long("listen") => options.listen = parser.value()?.parse()?,
                Arg::Long("settings") => options.settings = Some(parser.value()?.into()),
                Arg::Long("geoip") => options.geoip.push(parser.value()?.into()),
                Arg::Long("store") => options.store = store(&parser.value()?.string()?)?,
                // There is no consent page yet that a person would have to pass.
                Arg::Long("auto-approve") => {}
                other => return Err(other.unexpected().into()),
            }
        }
        Ok(options)
    }
}

fn store(name: &str) -> Result<StoreChoice, Box<dyn Error>> {
    match name {
        "memory" => Ok(StoreChoice::Memory),
        _ => Err(format!("--store {name}: this version knows `memory`").into()),
    }
}
