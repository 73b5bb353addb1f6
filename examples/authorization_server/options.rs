//! The command line.

use std::{error::Error, net::SocketAddr, path::PathBuf, time::Duration};

use lexopt::{Arg, Parser, ValueExt as _};
use oauth_dcr::ProtectedNames;

/// What the command line asks for.
pub(crate) struct Options {
    pub(crate) listen: SocketAddr,
    pub(crate) settings: Option<PathBuf>,
    /// MaxMind DB files, in the order in which they are asked.
    pub(crate) geoip: Vec<PathBuf>,
    pub(crate) store: StoreChoice,
    pub(crate) limiter: LimiterChoice,
    /// Whether the demonstration user is signed in and consents without being asked.
    pub(crate) auto_approve: bool,
    /// The names that no client should be taken for.
    pub(crate) protected_names: ProtectedNames,
    pub(crate) lifetimes: Lifetimes,
}

/// Where clients are kept.
pub(crate) enum StoreChoice {
    /// In memory, until the server ends.
    Memory,
    /// In the SQLite file at this path.
    Sqlite(PathBuf),
    /// In the PostgreSQL database at this URL.
    Postgres(String),
}

/// Where requests are counted.
pub(crate) enum LimiterChoice {
    /// In this process.
    Local,
    /// In Redis at this URL, for all that share it.
    Redis(String),
}

/// Where clients are kept unless the command line says otherwise.
const DEFAULT_FILE: &str = "authorization_server.sqlite3";

/// How long things are good for.
#[derive(Clone, Copy)]
pub(crate) struct Lifetimes {
    /// How long a user may take to sign in and consent.
    pub(crate) interaction: Duration,
    pub(crate) code: Duration,
    pub(crate) access_token: Duration,
    /// Of the whole family: a refresh token that replaces another one ends when that would have.
    pub(crate) refresh_token: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            interaction: Duration::from_mins(10),
            code: Duration::from_mins(1),
            access_token: Duration::from_hours(1),
            refresh_token: Duration::from_hours(720),
        }
    }
}

impl Options {
    pub(crate) fn from_args() -> Result<Self, Box<dyn Error>> {
        let mut options = Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            settings: None,
            geoip: Vec::new(),
            store: StoreChoice::Sqlite(DEFAULT_FILE.into()),
            limiter: LimiterChoice::Local,
            auto_approve: false,
            protected_names: ProtectedNames::default(),
            lifetimes: Lifetimes::default(),
        };
        let mut protected_names = Vec::new();
        let mut parser = Parser::from_env();
        while let Some(argument) = parser.next()? {
            let Arg::Long(name) = argument else {
                return Err(argument.unexpected().into());
            };
            match name {
                "listen" => options.listen = parser.value()?.parse()?,
                "settings" => options.settings = Some(parser.value()?.into()),
                "geoip" => options.geoip.push(parser.value()?.into()),
                "store" => options.store = store(parser.value()?.string()?)?,
                "limiter" => options.limiter = limiter(parser.value()?.string()?)?,
                "auto-approve" => options.auto_approve = true,
                "protect-name" => protected_names.push(parser.value()?.string()?),
                "interaction-lifetime" => options.lifetimes.interaction = seconds(&mut parser)?,
                "code-lifetime" => options.lifetimes.code = seconds(&mut parser)?,
                "access-lifetime" => options.lifetimes.access_token = seconds(&mut parser)?,
                "refresh-lifetime" => options.lifetimes.refresh_token = seconds(&mut parser)?,
                _ => return Err(argument.unexpected().into()),
            }
        }
        options.protected_names = ProtectedNames::new(protected_names);
        Ok(options)
    }
}

fn store(choice: String) -> Result<StoreChoice, Box<dyn Error>> {
    match choice.split_once(':') {
        None if choice == "memory" => Ok(StoreChoice::Memory),
        Some(("sqlite", path)) if !path.is_empty() => Ok(StoreChoice::Sqlite(path.into())),
        Some(("postgres" | "postgresql", _)) => Ok(StoreChoice::Postgres(choice)),
        _ => Err("--store takes memory, sqlite:PATH or postgres://…".into()),
    }
}

fn limiter(choice: String) -> Result<LimiterChoice, Box<dyn Error>> {
    match choice.split_once(':') {
        None if choice == "local" => Ok(LimiterChoice::Local),
        Some(("redis", _)) => Ok(LimiterChoice::Redis(choice)),
        _ => Err("--limiter takes local or redis://…".into()),
    }
}

fn seconds(parser: &mut Parser) -> Result<Duration, lexopt::Error> {
    parser.value()?.parse().map(Duration::from_secs)
}
