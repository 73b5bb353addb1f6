//! Where a server of a test's own lives: its files, its processes, and what clears up after it.
//!
//! It takes Linux: processes are found in `/proc`.
#![allow(dead_code, reason = "each test uses some of it")]

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

/// How often it is looked at.
const POLL: Duration = Duration::from_millis(10);

/// Waits for the end of the test's process, which closes the pipe; ends what runs in the directory;
/// removes the shared memory that the kernel keeps for a PostgreSQL that was killed, and the directory.
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

/// A directory for the files of a server, and all processes that work in it. It outlives neither
/// this value nor the test's process.
pub(crate) struct Home {
    pub(crate) directory: PathBuf,
    /// Who owns it: user and group. `None` if that is who runs the test.
    pub(crate) owner: Option<(u32, u32)>,
    keeper: Option<Child>,
}

impl Home {
    /// Makes it, with a name that starts like this.
    pub(crate) fn new(prefix: &str) -> Self {
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
        // What ends the test's group must not end the one that clears up after it.
        keeper.current_dir("/").process_group(0);
        keeper.stdin(Stdio::piped());
        keeper.stdout(Stdio::null()).stderr(Stdio::null());
        home.keeper = Some(keeper.spawn().unwrap());
        home
    }

    /// A program that works in the directory as its owner.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
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
    pub(crate) fn processes(&self) -> Vec<String> {
        let mut find = self.command("find");
        find.args(["/proc", "-mindepth", "2", "-maxdepth", "2", "-name", "cwd"]);
        // The order matters: what is printed is what all before it is true of.
        find.arg("-lname")
            .arg(format!("{}*", self.directory.display()));
        find.args(["-printf", "%h\\n"]);
        // What finds them works elsewhere. Processes that end meanwhile are no error.
        let output = find.current_dir("/").output().unwrap();
        let found = String::from_utf8(output.stdout).unwrap();
        let ids = found.lines().filter_map(|line| line.strip_prefix("/proc/"));
        ids.map(str::to_owned).collect()
    }

    /// Sends a signal, as the owner, to those of the processes that are still there.
    pub(crate) fn signal(&self, name: &str, processes: &[String]) {
        if processes.is_empty() {
            return;
        }
        let mut shell = self.command("sh");
        shell.args(["-c", r#"kill -s "$@" 2>/dev/null"#, "sh", name]);
        shell.args(processes).current_dir("/").status().unwrap();
    }

    /// Ends all processes where they are, and waits until they have ended.
    pub(crate) fn kill(&self) {
        let ended = within_limit(|| {
            let processes = self.processes();
            self.signal("KILL", &processes);
            processes.is_empty().then_some(())
        });
        ended.expect("the server ends when it is killed");
    }

    /// Halts all processes, and waits until they have halted.
    pub(crate) fn pause(&self) {
        let halted = within_limit(|| {
            let processes = self.processes();
            assert!(!processes.is_empty(), "no server runs");
            self.signal("STOP", &processes);
            let are_halted = processes.iter().all(|id| is_halted(id));
            // Until it had halted, the server may have started more.
            (are_halted && self.processes() == processes).then_some(())
        });
        halted.expect("the server halts");
    }

    /// Lets all processes go on.
    pub(crate) fn resume(&self) {
        self.signal("CONT", &self.processes());
    }

    /// Ends all processes and removes the directory.
    pub(crate) fn leave(&mut self) {
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

/// Asks until there is an answer.
pub(crate) fn within_limit<T>(mut answer: impl FnMut() -> Option<T>) -> Option<T> {
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

/// A name that nobody guesses.
pub(crate) fn random_name() -> String {
    let mut bytes = [0; 16];
    OsRandom.fill(&mut bytes).unwrap();
    format!("{:032x}", u128::from_ne_bytes(bytes))
}

/// Whether a signal has halted the process, or it is gone.
fn is_halted(id: &str) -> bool {
    let Ok(stat) = fs::read_to_string(format!("/proc/{id}/stat")) else {
        return true;
    };
    // The state follows the name, which may hold anything.
    stat.rsplit_once(") ")
        .is_none_or(|(_, rest)| rest.starts_with('T'))
}

/// Who runs servers for root, which they refuse: user and group. `None` for anybody else.
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
