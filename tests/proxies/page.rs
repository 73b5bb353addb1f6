//! The commands of the page on checking a deployment.

use std::process::Command;

use crate::{
    fixture::{ALLOWED, Fixture, STOPPED},
    proxy::Proxy,
    rules::Rule,
};

const PAGE: &str = include_str!("../../src/guide/proxies/settings.md");

#[test]
fn check_commands_show_403() {
    for proxy in [Proxy::Nginx, Proxy::Httpd] {
        for rule in [Rule::BlockList, Rule::Country] {
            let statuses = check(proxy, rule, STOPPED);
            assert!(
                statuses.iter().all(|it| it == "403"),
                "{proxy:?} {rule:?}: {statuses:?}"
            );
        }
    }
}

#[test]
fn check_commands_show_201_to_other_clients() {
    let statuses = check(Proxy::Nginx, Rule::BlockList, ALLOWED);
    assert!(statuses.iter().all(|it| it == "201"), "{statuses:?}");
}

/// The statuses that the commands of the page print for a client at this address.
fn check(proxy: Proxy, rule: Rule, client: impl std::fmt::Display) -> Vec<String> {
    let (_, script) = PAGE.split_once("```sh\n").expect("a block of shell");
    let (script, _) = script.split_once("```").expect("its end");
    let fixture = Fixture::start(proxy, rule);
    let script = script
        .replace("curl ", &format!("curl --interface {client} "))
        .replace(
            "https://auth.acme.example",
            &format!("http://{}", fixture.address()),
        );
    let output = Command::new("bash").args(["-c", &script]).output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    let commands = script.lines().filter(|line| line.starts_with("register"));
    let lines = shown.lines().map(str::to_owned);
    let statuses: Vec<String> = lines.filter(|line| line.len() == 3).collect();
    // One line defines the command.
    assert_eq!(statuses.len(), commands.count() - 1, "{shown}");
    statuses
}
