//! The commands of the page that check a deployment.

use std::process::Command;

use crate::{
    fixture::{Fixture, STOPPED},
    proxy::Proxy,
    rules::Rule,
};

const PAGE: &str = include_str!("../../src/guide/proxies/settings.md");

#[test]
fn check_commands_show_403() {
    let (_, script) = PAGE.split_once("```sh\n").expect("a block of shell");
    let (script, _) = script.split_once("```").expect("its end");
    let fixture = Fixture::start(Proxy::Nginx, Rule::BlockList);
    let script = script
        .replace("curl ", &format!("curl --interface {STOPPED} "))
        .replace(
            "https://auth.acme.example",
            &format!("http://{}", fixture.address()),
        );
    let output = Command::new("bash").args(["-c", &script]).output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    let commands = script.lines().filter(|line| line.starts_with("register"));
    let expected = "403\n".repeat(commands.count() - 1);
    assert_eq!(shown, expected, "{script}");
}
