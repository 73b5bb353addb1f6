//! The command line: what it asks for, and how it is read.

use std::{collections::HashSet, fmt, net::SocketAddr, path::PathBuf, time::Duration};

use lexopt::{Arg, Parser};
use oauth_dcr::authorization::ProtectedNames;

use crate::option_list::{OPTIONS, Spec};

/// What the command line asks for.
pub(crate) struct Options {
    pub(crate) task: Task,
    pub(crate) listen: SocketAddr,
    pub(crate) settings: Option<PathBuf>,
    /// MaxMind DB files, in the order of the look-ups.
    pub(crate) geoip: Vec<PathBuf>,
    pub(crate) store: StoreChoice,
    pub(crate) limiter: LimiterChoice,
    /// Whether the demonstration user is signed in and consents without being asked.
    pub(crate) auto_approve: bool,
    pub(crate) protected_names: Vec<String>,
    pub(crate) lifetimes: Lifetimes,
}

/// What the program does.
pub(crate) enum Task {
    Serve,
    Help,
    /// Check this settings file.
    Check(PathBuf),
    Explain {
        settings: PathBuf,
        request: PathBuf,
    },
}

/// Where clients are kept.
pub(crate) enum StoreChoice {
    /// In memory, until the server ends.
    Memory,
    /// In the SQLite file at this path.
    Sqlite(PathBuf),
    /// In the PostgreSQL database at this URL.
    #[cfg(feature = "postgres")]
    Postgres(String),
}

/// Where requests are counted.
pub(crate) enum LimiterChoice {
    /// In this process.
    Local,
    /// In Redis at this URL, for all that share it.
    #[cfg(feature = "redis")]
    Redis(String),
}

/// Where clients are kept unless the command line says otherwise.
const DEFAULT_FILE: &str = "authorization_server.sqlite3";

/// How long codes, tokens and interactions last.
#[derive(Clone, Copy)]
pub(crate) struct Lifetimes {
    /// How long a user may take to sign in and consent.
    pub(crate) interaction: Duration,
    pub(crate) code: Duration,
    pub(crate) access_token: Duration,
    /// The lifetime of the whole family: a new refresh token ends when the token that it replaces would have ended.
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

/// The command line is wrong: which option, and how.
#[derive(Debug)]
pub(crate) struct UsageError(String);

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; --help lists all options", self.0)
    }
}

impl Options {
    /// Reads the arguments of the process.
    pub(crate) fn from_args() -> Result<Self, UsageError> {
        let mut options = Self {
            task: Task::Serve,
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            settings: None,
            geoip: Vec::new(),
            store: StoreChoice::Sqlite(DEFAULT_FILE.into()),
            limiter: LimiterChoice::Local,
            auto_approve: false,
            protected_names: Vec::new(),
            lifetimes: Lifetimes::default(),
        };
        let mut parser = Parser::from_env();
        let mut seen = HashSet::new();
        while let Some(spec) = next(&mut parser)? {
            if !seen.insert(spec.name) && !spec.may_repeat {
                return Err(UsageError(format!("--{} is given twice", spec.name)));
            }
            let mut values = Vec::new();
            for name in spec.values {
                let missing = |_| UsageError(format!("--{} needs {name}", spec.name));
                values.push(parser.value().map_err(missing)?);
            }
            let wrong = |fault| UsageError(format!("--{}: {fault}", spec.name));
            (spec.read)(&mut options, values).map_err(wrong)?;
            if matches!(options.task, Task::Help) {
                break;
            }
        }
        Ok(options)
    }

    /// The names that clients should not imitate.
    pub(crate) fn protected_names(&self) -> ProtectedNames {
        ProtectedNames::new(self.protected_names.iter().map(String::as_str))
    }
}

/// The next option. Errors do not repeat values without an option, nor those of `--store` and `--limiter`:
/// a URL may hold a password.
fn next(parser: &mut Parser) -> Result<Option<&'static Spec>, UsageError> {
    let Ok(argument) = parser.next() else {
        return Err(UsageError(
            "a switch such as --help takes no value".to_owned(),
        ));
    };
    let name = match argument {
        None => return Ok(None),
        Some(Arg::Short('h')) => "help",
        Some(Arg::Long(name)) => name,
        Some(Arg::Short(letter)) => {
            return Err(UsageError(format!("there is no option -{letter}")));
        }
        Some(Arg::Value(_)) => {
            let fault = "there is a value that belongs to no option: each option begins with --";
            return Err(UsageError(fault.to_owned()));
        }
    };
    let found = OPTIONS.iter().find(|spec| spec.name == name);
    found.map(Some).ok_or_else(|| {
        let hint = similar(name).map(|it| format!(", did you mean --{it}?"));
        let hint = hint.unwrap_or_default();
        UsageError(format!("there is no option --{name}{hint}"))
    })
}

/// The option whose name is most like `name`, if any name is similar.
fn similar(name: &str) -> Option<&'static str> {
    let names = OPTIONS.iter().map(|spec| spec.name);
    let rated = names.map(|it| (distance(name, it), it));
    let (distance, nearest) = rated.min()?;
    let begins = nearest.starts_with(name) && name.len() > 2;
    (begins || distance * 3 <= nearest.len()).then_some(nearest)
}

/// How many letters have to be changed, added or removed to get from one name to the other.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (at, letter) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (column, other) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}
