//! The command line: what each option is called, what it means, and how it is read.

use std::{ffi::OsString, fmt, net::SocketAddr, path::PathBuf, time::Duration};

use lexopt::{Arg, Parser};
use oauth_dcr::ProtectedNames;

/// What the command line asks for.
pub(crate) struct Options {
    pub(crate) task: Task,
    pub(crate) listen: SocketAddr,
    pub(crate) settings: Option<PathBuf>,
    /// MaxMind DB files, in the order in which they are asked.
    pub(crate) geoip: Vec<PathBuf>,
    pub(crate) store: StoreChoice,
    pub(crate) limiter: LimiterChoice,
    /// Whether the demonstration user is signed in and consents without being asked.
    pub(crate) auto_approve: bool,
    protected_names: Vec<String>,
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

/// The longest lifetime, in seconds: ten years.
const LONGEST_LIFETIME: u64 = 10 * 365 * 24 * 60 * 60;

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

/// The command line is wrong: which option, and how.
#[derive(Debug)]
pub(crate) struct UsageError(String);

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; --help lists all options", self.0)
    }
}

/// An option: the parser and `--help` know it from here alone.
struct Spec {
    name: &'static str,
    /// The names of its values. Empty for a switch.
    values: &'static [&'static str],
    help: &'static str,
    default: &'static str,
    /// Takes as many values as there are names. An error says what a value should be.
    read: fn(&mut Options, Vec<OsString>) -> Result<(), String>,
}

const OPTIONS: [Spec; 14] = [
    Spec {
        name: "listen",
        values: &["ADDRESS:PORT"],
        help: "Listen at this IP address; port 0 picks a free port",
        default: "127.0.0.1:8080",
        read: |options, values| {
            let [value] = texts(values)?;
            options.listen = value.parse().map_err(|_| {
                format!("{value:?} is not an IP address and a port, such as 127.0.0.1:8080")
            })?;
            Ok(())
        },
    },
    Spec {
        name: "settings",
        values: &["FILE"],
        help: "Read the tenants' settings from this JSON file",
        default: "one tenant, for which anybody may register",
        read: |options, values| {
            let [file] = files(values)?;
            options.settings = Some(file);
            Ok(())
        },
    },
    Spec {
        name: "geoip",
        values: &["FILE"],
        help: "Find countries, subdivisions and ASNs in this MaxMind DB; may be repeated",
        default: "none",
        read: |options, values| {
            let [file] = files(values)?;
            options.geoip.push(file);
            Ok(())
        },
    },
    Spec {
        name: "store",
        values: &["STORE"],
        help: "Keep clients here: memory, sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE",
        default: "sqlite:authorization_server.sqlite3",
        read: |options, values| {
            let [value] = texts(values)?;
            options.store = store(value)?;
            Ok(())
        },
    },
    Spec {
        name: "limiter",
        values: &["LIMITER"],
        help: "Count requests here: local or redis://:PASSWORD@HOST:PORT/",
        default: "local",
        read: |options, values| {
            let [value] = texts(values)?;
            options.limiter = limiter(value)?;
            Ok(())
        },
    },
    Spec {
        name: "auto-approve",
        values: &[],
        help: "Sign in the first user and consent to everything without asking, for scripts",
        default: "",
        read: |options, _| {
            options.auto_approve = true;
            Ok(())
        },
    },
    Spec {
        name: "protect-name",
        values: &["NAME"],
        help: "Warn on consent pages of clients whose names look like this one; may be repeated",
        default: "none",
        read: |options, values| {
            let [name] = texts(values)?;
            options.protected_names.push(name);
            Ok(())
        },
    },
    Spec {
        name: "interaction-lifetime",
        values: &["SECONDS"],
        help: "How long a user may take to sign in and consent",
        default: "600",
        read: |options, values| {
            options.lifetimes.interaction = seconds(values)?;
            Ok(())
        },
    },
    Spec {
        name: "code-lifetime",
        values: &["SECONDS"],
        help: "How long an authorization code is good",
        default: "60",
        read: |options, values| {
            options.lifetimes.code = seconds(values)?;
            Ok(())
        },
    },
    Spec {
        name: "access-lifetime",
        values: &["SECONDS"],
        help: "How long an access token is good",
        default: "3600",
        read: |options, values| {
            options.lifetimes.access_token = seconds(values)?;
            Ok(())
        },
    },
    Spec {
        name: "refresh-lifetime",
        values: &["SECONDS"],
        help: "How long a refresh token is good, and all those that replace it",
        default: "2592000",
        read: |options, values| {
            options.lifetimes.refresh_token = seconds(values)?;
            Ok(())
        },
    },
    Spec {
        name: "check",
        values: &["SETTINGS"],
        help: "Print the errors and warnings of a settings file, and end",
        default: "",
        read: |options, values| {
            let [file] = files(values)?;
            options.task = Task::Check(file);
            Ok(())
        },
    },
    Spec {
        name: "explain",
        values: &["SETTINGS", "REQUEST"],
        help: "Print how the settings judge a registration request, rule by rule, and end",
        default: "",
        read: |options, values| {
            let [settings, request] = files(values)?;
            options.task = Task::Explain { settings, request };
            Ok(())
        },
    },
    Spec {
        name: "help",
        values: &[],
        help: "Print this text, and end; also -h",
        default: "",
        read: |options, _| {
            options.task = Task::Help;
            Ok(())
        },
    },
];

const USAGE: &str = "\
An authorization server with dynamic client registration, to try things out on.

Usage: authorization_server [OPTION]...
       authorization_server --check SETTINGS [--geoip FILE]...
       authorization_server --explain SETTINGS REQUEST [--geoip FILE]...

Options:
";

const EXAMPLES: &str = "
Examples:
  Serve one tenant at another port, and forget the clients at the end:
    authorization_server --listen 127.0.0.1:9000 --store memory
  Look for mistakes in settings, and then use them:
    authorization_server --check settings.json
    authorization_server --settings settings.json --store sqlite:clients.sqlite3
  See why a client is refused:
    authorization_server --explain settings.json request.json

--check prints one line for each problem: `error: PATH: TEXT` or `warning: PATH: TEXT`. Name the
--geoip files that the server will have: rules on countries or ASNs need them. It does not listen, and
opens no store.

--explain reads the request from a JSON file. Only `body` is required:
  {
    \"method\": \"POST\",
    \"path\": \"/oidc/register\",
    \"peer\": \"203.0.113.7\",
    \"headers\": { \"Host\": \"auth.example.com\", \"X-Forwarded-For\": [\"192.0.2.1\", \"10.0.0.1\"] },
    \"body\": { \"redirect_uris\": [\"https://app.example.com/callback\"] }
  }
`peer` is the address that the connection comes from, 127.0.0.1 by default. A header has one value or a
list of values, a line each. `body` is the JSON of the registration, or a string that is sent as it is.
By default, `method` is POST, `path` is the tenant's registration endpoint, `Host` is the first host of
the first tenant, and `Content-Type` is application/json. Nothing is stored.

Exit codes:
  0  the server has ended, --check found no error, or --explain shows an accepted request
  1  the server can't start, --check found an error, or --explain shows a refused request
  2  the command line is wrong, or --explain can't use one of its files
";

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
        while let Some(spec) = next(&mut parser)? {
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

    /// The names that no client should be taken for.
    pub(crate) fn protected_names(&self) -> ProtectedNames {
        ProtectedNames::new(self.protected_names.iter().map(String::as_str))
    }
}

/// The next option. Arguments are never repeated in errors, apart from the names of options: a URL may
/// hold a password.
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

/// The option whose name is most like `name`, if one is.
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

/// What `--help` prints.
pub(crate) fn help() -> String {
    let lines: Vec<String> = OPTIONS.iter().map(Spec::line).collect();
    format!("{USAGE}{}\n{EXAMPLES}", lines.join("\n"))
}

impl Spec {
    fn line(&self) -> String {
        let option = format!("--{} {}", self.name, self.values.join(" "));
        let default = match self.default {
            "" => String::new(),
            default => format!(" [default: {default}]"),
        };
        format!("  {option:<30} {}{default}", self.help)
    }
}

fn texts<const N: usize>(values: Vec<OsString>) -> Result<[String; N], String> {
    let texts = values.into_iter().map(OsString::into_string);
    let texts: Result<Vec<_>, _> = texts.collect();
    let texts = texts.map_err(|_| "the value is not UTF-8".to_owned())?;
    Ok(exactly(texts))
}

fn files<const N: usize>(values: Vec<OsString>) -> Result<[PathBuf; N], String> {
    let files: [OsString; N] = exactly(values);
    if files.iter().any(|file| file.is_empty()) {
        return Err("the name of the file is empty".to_owned());
    }
    Ok(files.map(PathBuf::from))
}

/// The values of an option, which has as many as its specification names.
fn exactly<T, const N: usize>(values: Vec<T>) -> [T; N] {
    let values = values.try_into().ok();
    values.expect("the option has this many values")
}

fn store(choice: String) -> Result<StoreChoice, String> {
    match choice.split_once(':') {
        None if choice == "memory" => Ok(StoreChoice::Memory),
        Some(("sqlite", path)) if !path.is_empty() => Ok(StoreChoice::Sqlite(path.into())),
        Some(("postgres" | "postgresql", _)) => Ok(StoreChoice::Postgres(choice)),
        _ => Err("the value is none of memory, sqlite:PATH and postgres://…".to_owned()),
    }
}

fn limiter(choice: String) -> Result<LimiterChoice, String> {
    match choice.split_once(':') {
        None if choice == "local" => Ok(LimiterChoice::Local),
        Some(("redis", _)) => Ok(LimiterChoice::Redis(choice)),
        _ => Err("the value is neither local nor redis://…".to_owned()),
    }
}

fn seconds(values: Vec<OsString>) -> Result<Duration, String> {
    let [value] = texts(values)?;
    match value.parse() {
        Ok(seconds @ 1..=LONGEST_LIFETIME) => Ok(Duration::from_secs(seconds)),
        _ => Err(format!(
            "{value:?} is not a whole number of seconds from 1 to {LONGEST_LIFETIME}"
        )),
    }
}
