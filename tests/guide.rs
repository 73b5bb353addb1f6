//! Runs the commands of guide pages.

#[path = "support/example_binary.rs"]
mod example_binary;
#[path = "support/temporary.rs"]
mod temporary;

use std::{
    env, fs,
    net::{Ipv4Addr, TcpListener},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::Command,
};

use private_servers::{PrivatePostgres, PrivateRedis};
use temporary::TemporaryDir;

const MANY_NODES: &str = include_str!("../src/guide/stores.md");

/// The first block of `page` to paste into a shell.
fn script(page: &str) -> &str {
    let (_, rest) = page.split_once("```sh\n").expect("a block of shell");
    rest.split_once("```").expect("its end").0
}

/// A folder with a `cargo` that runs the example that was built for the tests.
fn with_cargo() -> TemporaryDir {
    let dir = TemporaryDir::new();
    let cargo = dir.path().join("cargo");
    let example = example_binary::binary("authorization-server");
    let text = format!(
        "#!/bin/sh\n\
         [ \"$1 $2 $3 $4\" = 'run --release -p authorization-server' ] || exit 1\n\
         [ \"$5 $6 $7\" = '--features postgres,redis --' ] || exit 1\n\
         shift 7\n\
         exec '{}' \"$@\"\n",
        example.display()
    );
    fs::write(&cargo, text).unwrap();
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
    dir
}

fn free_address() -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().to_string()
}

#[test]
fn two_nodes_share_clients_and_quota() {
    let (postgres, redis) = (PrivatePostgres::start(), PrivateRedis::start());
    let cargo = with_cargo();
    let path = format!("{}:{}", cargo.path().display(), env::var("PATH").unwrap());
    let run = Command::new("bash")
        .args(["-euc", script(MANY_NODES)])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .env("PATH", path)
        .env("DATABASE_URL", postgres.url())
        .env("REDIS_URL", redis.url())
        .env("FIRST", free_address())
        .env("SECOND", free_address())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    let complaints = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{said}{complaints}");
    let after = |heading: &str| {
        let (_, rest) = said.split_once(heading).expect(heading);
        rest.trim_start().lines().next().unwrap().to_owned()
    };
    assert!(after("registered at the first:").contains(r#""client_id":"tpc_"#));
    let sign_in = after("asked for at the second:");
    assert!(["200", "303", "302"].contains(&&*sign_in), "{sign_in}");
    let codes = after("asked for at both:");
    let codes: Vec<_> = codes.split_whitespace().collect();
    assert_eq!(codes.len(), 12);
    assert!(codes.iter().all(|code| ["201", "429"].contains(code)));
    // One of five tokens was taken before, and one token comes back each second.
    assert_eq!(codes[..4], ["201"; 4]);
    assert!(codes.contains(&"429"), "{codes:?}");
}
