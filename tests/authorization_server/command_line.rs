//! The options, and their description by `--help`.

use crate::command::{Ended, run};

fn help() -> String {
    let help = run(&["--help"]);
    assert_eq!((help.code, &*help.stderr), (Some(0), ""));
    help.stdout
}

/// The options in `--help`, each with the names of its values.
fn listed() -> Vec<(String, Vec<String>)> {
    let help = help();
    let (_, rest) = help.split_once("Options:\n").unwrap();
    let lines = rest.lines().take_while(|line| !line.is_empty());
    let options = lines.map(|line| {
        let mut words = line.split_whitespace();
        let name = words.next().unwrap().to_owned();
        let is_value = |word: &&str| word.len() > 1 && *word == word.to_uppercase();
        let values = words.take_while(is_value).map(str::to_owned);
        (name, values.collect())
    });
    options.collect()
}

fn assert_is_usage_error(ended: &Ended, text: &str) {
    assert_eq!((ended.code, &*ended.stdout), (Some(2), ""), "{ended:?}");
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
    assert!(ended.stderr.contains(text), "{ended:?}");
    assert!(ended.stderr.contains("--help"), "{ended:?}");
}

#[test]
fn help_has_every_option_in_the_source() {
    let source = include_str!("../../examples/authorization_server/src/option_list.rs");
    let names = source.split("name: \"").skip(1);
    let names: Vec<_> = names.map(|it| it.split('"').next().unwrap()).collect();
    let listed = listed();
    let listed: Vec<_> = listed.iter().map(|(name, _)| &name[2..]).collect();
    assert!(names.len() > 10);
    assert_eq!(listed, names);
}

#[test]
fn the_parser_takes_every_listed_option() {
    for (name, values) in listed() {
        if values.is_empty() {
            assert_eq!(run(&[&name, "--help"]).code, Some(0), "{name}");
        } else {
            let text = format!("{name} needs {}", values[0]);
            assert_is_usage_error(&run(&[&name]), &text);
        }
    }
}

#[test]
fn h_prints_the_same_as_help() {
    assert_eq!(run(&["-h"]).stdout, help());
}

#[test]
fn the_source_lists_every_option() {
    let source = include_str!("../../examples/authorization_server/src/main.rs");
    let comment: String = source
        .lines()
        .take_while(|it| it.starts_with("//!"))
        .collect();
    for (name, _) in listed() {
        assert!(comment.contains(&name), "{name}");
    }
}

#[test]
fn unknown_options_are_named() {
    for (argument, text) in [
        (
            "--listne",
            "there is no option --listne, did you mean --listen?",
        ),
        (
            "--setting=x",
            "there is no option --setting, did you mean --settings?",
        ),
        ("--code-life", "did you mean --code-lifetime?"),
        ("--frobnicate", "there is no option --frobnicate;"),
        ("-x", "there is no option -x;"),
        ("--auto-approve=yes", "takes no value"),
    ] {
        assert_is_usage_error(&run(&[argument, "--help"]), text);
    }
}

#[test]
fn stray_values_are_not_repeated() {
    let ended = run(&["postgres://me:s3cret@db.example/auth"]);
    assert_is_usage_error(&ended, "each option begins with --");
    assert!(!ended.stderr.contains("s3cret"), "{ended:?}");
}

#[test]
fn unreadable_values_are_errors() {
    for (option, value, text) in [
        (
            "--listen",
            "localhost",
            "--listen: \"localhost\" is not an IP address and a port",
        ),
        (
            "--listen",
            "127.0.0.1:99999",
            "--listen: \"127.0.0.1:99999\"",
        ),
        (
            "--settings",
            "",
            "--settings: the name of the file is empty",
        ),
        (
            "--store",
            "sqlite:",
            "--store: the value is none of memory, sqlite:PATH",
        ),
        (
            "--store",
            "mysql://me:s3cret@db/auth",
            "--store: the value is none of",
        ),
        (
            "--limiter",
            "memcached://:s3cret@h",
            "--limiter: the value is neither local nor",
        ),
        (
            "--code-lifetime",
            "soon",
            "--code-lifetime: \"soon\" is not a whole number",
        ),
        (
            "--access-lifetime",
            "0",
            "--access-lifetime: \"0\" is not a whole number",
        ),
        (
            "--refresh-lifetime",
            "-1",
            "--refresh-lifetime: \"-1\" is not",
        ),
        (
            "--refresh-lifetime",
            "1.5",
            "--refresh-lifetime: \"1.5\" is not",
        ),
        ("--interaction-lifetime", "315360001", "from 1 to 315360000"),
        ("--code-lifetime", "601", "from 1 to 600"),
        ("--refresh-lifetime", "31536001", "from 1 to 31536000"),
        (
            "--interaction-lifetime",
            "99999999999999999999",
            "from 1 to 315360000",
        ),
    ] {
        let ended = run(&[option, value]);
        assert_is_usage_error(&ended, text);
        assert!(!ended.stderr.contains("s3cret"), "{ended:?}");
    }
}

#[test]
fn conflicting_options_are_errors() {
    for (arguments, text) in [
        (
            &["--store", "memory", "--store", "sqlite:x"][..],
            "--store is given twice",
        ),
        (
            &["--auto-approve", "--auto-approve"],
            "--auto-approve is given twice",
        ),
        (
            &["--check", "a", "--explain", "a", "b"],
            "--check and --explain can't be given together",
        ),
        (&["--protect-name", ""], "--protect-name: the name is empty"),
    ] {
        assert_is_usage_error(&run(arguments), text);
    }
    let arguments = ["--protect-name", "a", "--protect-name", "b", "--geoip", "c"];
    let arguments = [&arguments[..], &["--geoip", "d", "--help"]].concat();
    assert_eq!(run(&arguments).code, Some(0));
}
