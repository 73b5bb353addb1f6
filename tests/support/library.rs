//! Client libraries of other languages, each driven by a script.

use std::process::Command;

use serde_json::Value;

use crate::installed::clients;

/// A client library: its script, and the program that runs the script.
#[derive(Clone, Copy)]
pub(crate) struct Library {
    pub(crate) interpreter: Interpreter,
    pub(crate) script: &'static str,
}

#[derive(Clone, Copy)]
pub(crate) enum Interpreter {
    Node,
    Python,
}

impl Library {
    /// Runs the script with `arguments`. Returns what the script recorded.
    pub(crate) fn run(self, arguments: &[&str]) -> Value {
        let output = self.command().args(arguments).output().unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {complaint}", self.script);
        serde_json::from_slice(&output.stdout).expect("the script prints one line of JSON")
    }

    fn command(self) -> Command {
        let clients = clients();
        let mut command = match self.interpreter {
            Interpreter::Node => Command::new("node"),
            Interpreter::Python => Command::new(clients.join(".venv/bin/python")),
        };
        command.arg(clients.join(self.script));
        command
    }
}
