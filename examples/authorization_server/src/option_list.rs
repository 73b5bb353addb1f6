//! The options: what each is called, what it means, and how its values are read.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use oauth_dcr::{authorization::CodeBinding, token::RefreshBinding};

use crate::options::{LimiterChoice, Options, StoreChoice, Task};

/// The longest lifetime that nothing else limits: ten years.
const LONGEST_LIFETIME: Duration = Duration::from_hours(10 * 365 * 24);

/// An option. This is the only description that the parser and `--help` use.
pub(crate) struct Spec {
    pub(crate) name: &'static str,
    /// The names of its values. Empty for a switch.
    pub(crate) values: &'static [&'static str],
    help: &'static str,
    default: &'static str,
    pub(crate) may_repeat: bool,
    /// Reads one value for each name. An error says what a value should be.
    pub(crate) read: fn(&mut Options, Vec<OsString>) -> Result<(), String>,
}

pub(crate) const OPTIONS: [Spec; 14] = [
    Spec {
        name: "listen",
        values: &["ADDRESS:PORT"],
        help: "Listen at this IP address; port 0 picks a free port",
        default: "127.0.0.1:8080",
        may_repeat: false,
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
        may_repeat: false,
        read: |options, values| {
            let [file] = files(values)?;
            options.settings = Some(file);
            Ok(())
        },
    },
    Spec {
        name: "geoip",
        values: &["FILE"],
        help: "Find countries, subdivisions and ASNs in this MaxMind DB",
        default: "none",
        may_repeat: true,
        read: |options, values| {
            if cfg!(not(feature = "geoip")) {
                return Err(not_built("MaxMind DB files", "geoip"));
            }
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
        may_repeat: false,
        read: |options, values| {
            let [value] = texts(values)?;
            options.store = store(&value)?;
            Ok(())
        },
    },
    Spec {
        name: "limiter",
        values: &["LIMITER"],
        help: "Count requests here: local or redis://:PASSWORD@HOST:PORT/",
        default: "local",
        may_repeat: false,
        read: |options, values| {
            let [value] = texts(values)?;
            options.limiter = limiter(&value)?;
            Ok(())
        },
    },
    Spec {
        name: "auto-approve",
        values: &[],
        help: "Sign in the first user and consent to everything without asking, for scripts",
        default: "",
        may_repeat: false,
        read: |options, _| {
            options.auto_approve = true;
            Ok(())
        },
    },
    Spec {
        name: "protect-name",
        values: &["NAME"],
        help: "On consent pages, warn about clients whose names look like this name",
        default: "none",
        may_repeat: true,
        read: |options, values| {
            let [name] = texts(values)?;
            if name.trim().is_empty() {
                return Err("the name is empty".to_owned());
            }
            options.protected_names.push(name);
            Ok(())
        },
    },
    Spec {
        name: "interaction-lifetime",
        values: &["SECONDS"],
        help: "How long a user may take to sign in and consent",
        default: "600",
        may_repeat: false,
        read: |options, values| {
            options.lifetimes.interaction = seconds(values, LONGEST_LIFETIME)?;
            Ok(())
        },
    },
    Spec {
        name: "code-lifetime",
        values: &["SECONDS"],
        help: "How long an authorization code is good, at most 600",
        default: "60",
        may_repeat: false,
        read: |options, values| {
            options.lifetimes.code = seconds(values, CodeBinding::MAX_LIFETIME)?;
            Ok(())
        },
    },
    Spec {
        name: "access-lifetime",
        values: &["SECONDS"],
        help: "How long an access token is good",
        default: "3600",
        may_repeat: false,
        read: |options, values| {
            options.lifetimes.access_token = seconds(values, LONGEST_LIFETIME)?;
            Ok(())
        },
    },
    Spec {
        name: "refresh-lifetime",
        values: &["SECONDS"],
        help: "How long a refresh token and its replacements are good, at most 31536000",
        default: "2592000",
        may_repeat: false,
        read: |options, values| {
            options.lifetimes.refresh_token = seconds(values, RefreshBinding::MAX_LIFETIME)?;
            Ok(())
        },
    },
    Spec {
        name: "check",
        values: &["SETTINGS"],
        help: "Print the errors and warnings of a settings file, and end",
        default: "",
        may_repeat: false,
        read: |options, values| {
            let [file] = files(values)?;
            set_task(options, Task::Check(file))
        },
    },
    Spec {
        name: "explain",
        values: &["SETTINGS", "REQUEST"],
        help: "Print how the settings judge a registration request, rule by rule, and end",
        default: "",
        may_repeat: false,
        read: |options, values| {
            let [settings, request] = files(values)?;
            set_task(options, Task::Explain { settings, request })
        },
    },
    Spec {
        name: "help",
        values: &[],
        help: "Print this text, and end; also -h",
        default: "",
        may_repeat: false,
        read: |options, _| {
            options.task = Task::Help;
            Ok(())
        },
    },
];

impl Spec {
    pub(crate) fn line(&self) -> String {
        let option = format!("--{} {}", self.name, self.values.join(" "));
        let default = match self.default {
            "" => String::new(),
            default => format!(" [default: {default}]"),
        };
        let repeats = if self.may_repeat {
            "; may be repeated"
        } else {
            ""
        };
        format!("  {option:<30} {}{repeats}{default}", self.help)
    }
}

fn set_task(options: &mut Options, task: Task) -> Result<(), String> {
    if !matches!(options.task, Task::Serve) {
        return Err("--check and --explain can't be given together".to_owned());
    }
    options.task = task;
    Ok(())
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

fn store(choice: &str) -> Result<StoreChoice, String> {
    match choice.split_once(':') {
        None if choice == "memory" => Ok(StoreChoice::Memory),
        Some(("sqlite", path)) if !path.is_empty() => Ok(StoreChoice::Sqlite(path.into())),
        #[cfg(feature = "postgres")]
        Some(("postgres" | "postgresql", _)) => Ok(StoreChoice::Postgres(choice.to_owned())),
        #[cfg(not(feature = "postgres"))]
        Some(("postgres" | "postgresql", _)) => Err(not_built("PostgreSQL", "postgres")),
        _ => Err("the value is none of memory, sqlite:PATH and postgres://…".to_owned()),
    }
}

fn limiter(choice: &str) -> Result<LimiterChoice, String> {
    match choice.split_once(':') {
        None if choice == "local" => Ok(LimiterChoice::Local),
        #[cfg(feature = "redis")]
        Some(("redis", _)) => Ok(LimiterChoice::Redis(choice.to_owned())),
        #[cfg(not(feature = "redis"))]
        Some(("redis", _)) => Err(not_built("Redis", "redis")),
        _ => Err("the value is neither local nor redis://…".to_owned()),
    }
}

/// The error for a value that needs a feature that this build does not have.
fn not_built(what: &str, feature: &str) -> String {
    format!(
        "this build does not support {what}: build it with \
         `cargo build --release -p authorization-server --features {feature}`"
    )
}

fn seconds(values: Vec<OsString>, longest: Duration) -> Result<Duration, String> {
    let [value] = texts(values)?;
    let longest = longest.as_secs();
    match value.parse() {
        Ok(seconds) if (1..=longest).contains(&seconds) => Ok(Duration::from_secs(seconds)),
        _ => Err(format!(
            "{value:?} is not a whole number of seconds from 1 to {longest}"
        )),
    }
}
