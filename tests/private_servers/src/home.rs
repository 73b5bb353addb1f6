//! The files and processes of a private server, and the process that clears up after it.

use std::{
    env,
    ffi::OsStr,
    fs::{self, DirBuilder},
    os::unix::{
        fs::{DirBuilderExt as _, chown},
        process::CommandExt as _,
    },
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use oauth_dcr::system::{OsRandom, SecureRandom as _};

/// How long a server may take to start, to halt or to end.
const LIMIT: Duration = Duration::from_mins(1);

/// How long to wait before looking again.
const POLL: Duration = Duration::from_millis(10);

/// Waits for the end of the test's process, which closes the pipe. Then ends all processes that work in the
/// directory, and removes the directory. A PostgreSQL that was killed leaves shared memory in the kernel:
/// that is removed too.
const KEEPER: &str = r#"
    cat >/dev/null
    while true; do
        ids=$(find /proc -mindepth 2 -maxdepth 2 -name cwd -lname "$1*" -printf '%h\n' 2>/dev/null)
        [ "$ids" ] || break
        for id in $ids; do kill -KILL "${id#/proc/}"; done
        sleep 0.01
    done
    memory=$(sed -n '7s/.* //p' "$1/data/postmaster.pid") && [ "$memory" ] && ipcrm -m "$memory"
    rm -rf "$1"
"#;

/// A directory for the files of a server, and all processes that work in it. They end with this value, and
/// with the test's process.
pub struct Home {
    /// The directory.
    pub directory: PathBuf,
    /// The user and group that own the directory. `None` if the user that runs the test owns it.
    pub owner: Option<(u32, u32)>,
    keeper: Option<Child>,
}

impl Home {
    /// Makes a directory whose name starts with `prefix`.
    pub fn new(prefix: &str) -> Self {
        let parent = env::temp_dir().canonicalize().unwrap();
        let directory = parent.join(format!("{prefix}-{}", random_name()));
        DirBuilder::new().mode(0o700).create(&directory).unwrap();
        let owner = unprivileged();
        if let Some((user, group)) = owner {
            chown(&directory, Some(user), Some(group)).unwrap();
        }
        let mut home = Self {
            directory,
            owner,
            keeper: None,
        };
        let mut keeper = home.command("sh");
        keeper.args(["-c", KEEPER, "sh"]).arg(&home.directory);
        // A signal that ends the test's process group must not end this process.
        keeper.current_dir("/").process_group(0);
        keeper.stdin(Stdio::piped());
        keeper.stdout(Stdio::null()).stderr(Stdio::null());
        home.keeper = Some(keeper.spawn().unwrap());
        home
    }

    /// A program that works in the directory as its owner.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = match self.owner {
            None => Command::new(program),
            Some((user, group)) => {
                let mut command = Command::new("setpriv");
                command.arg(format!("--reuid={user}"));
                command.arg(format!("--regid={group}"));
                command.arg("--clear-groups").arg(program);
                command
            }
        };
        command.current_dir(&self.directory).env("LC_ALL", "C");
        command
    }

    /// The ids of all processes that work in the directory.
    pub fn processes(&self) -> Vec<String> {
        let mut find = self.command("find");
        find.args(["/proc", "-mindepth", "2", "-maxdepth", "2", "-name", "cwd"]);
        // The order matters: `-printf` prints what all earlier conditions accept.
        find.arg("-lname")
            .arg(format!("{}*", self.directory.display()));
        find.args(["-printf", "%h\\n"]);
        // `find` itself works elsewhere, so it does not find itself. A process that ends meanwhile is no error.
        let output = find.current_dir("/").output().unwrap();
        let found = String::from_utf8(output.stdout).unwrap();
        let ids = found.lines().filter_map(|line| line.strip_prefix("/proc/"));
        ids.map(str::to_owned).collect()
    }

    /// Sends a signal, as the owner, to the processes that still run.
    pub fn signal(&self, name: &str, processes: &[String]) {
        if processes.is_empty() {
            return;
        }
        let mut shell = self.command("sh");
        shell.args(["-c", r#"kill -s "$@" 2>/dev/null"#, "sh", name]);
        shell.args(processes).current_dir("/").status().unwrap();
    }

    /// Kills all processes, and waits until they have ended.
    pub fn kill(&self) {
        let ended = within_limit(|| {
            let processes = self.processes();
            self.signal("KILL", &processes);
            processes.is_empty().then_some(())
        });
        ended.expect("the server ends when it is killed");
    }

    /// Halts all processes, and waits until they have halted.
    pub fn pause(&self) {
        let halted = within_limit(|| {
            let processes = self.processes();
            assert!(!processes.is_empty(), "no server runs");
            self.signal("STOP", &processes);
            let are_halted = processes.iter().all(|id| is_halted(id));
            // The server may have started more processes before it halted.
            (are_halted && self.processes() == processes).then_some(())
        });
        halted.expect("the server halts");
    }

    /// Lets all processes go on.
    pub fn resume(&self) {
        self.signal("CONT", &self.processes());
    }

    /// Ends all processes and removes the directory.
    pub fn leave(&mut self) {
        if let Some(mut keeper) = self.keeper.take() {
            drop(keeper.stdin.take());
            let _ = keeper.wait();
        }
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        self.leave();
    }
}

/// Calls `answer` until it returns a value. Returns `None` when the limit has passed.
pub fn within_limit<T>(mut answer: impl FnMut() -> Option<T>) -> Option<T> {
    let polls = LIMIT.as_millis() / POLL.as_millis();
    for _ in 0..polls {
        let answer = answer();
        if answer.is_some() {
            return answer;
        }
        thread::sleep(POLL);
    }
    None
}

/// A random name.
pub fn random_name() -> String {
    let mut bytes = [0; 16];
    OsRandom.fill(&mut bytes).unwrap();
    format!("{:032x}", u128::from_ne_bytes(bytes))
}

/// Whether the process is halted by a signal, or has ended.
fn is_halted(id: &str) -> bool {
    let Ok(stat) = fs::read_to_string(format!("/proc/{id}/stat")) else {
        return true;
    };
    // The state follows the name, which may contain any character.
    stat.rsplit_once(") ")
        .is_none_or(|(_, rest)| rest.starts_with('T'))
}

/// The user and group that run servers if root runs the test: servers refuse to run as root. `None` for any
/// other user.
fn unprivileged() -> Option<(u32, u32)> {
    if id(&["-u"])? != 0 {
        return None;
    }
    let accounts = ["postgres", "nobody"].into_iter();
    let mut ids = accounts.filter_map(|name| Some((id(&["-u", name])?, id(&["-g", name])?)));
    Some(ids.next().expect("there is an unprivileged user"))
}

fn id(arguments: &[&str]) -> Option<u32> {
    let output = Command::new("id").args(arguments).output().unwrap();
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}
