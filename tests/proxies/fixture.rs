//! The example server and a proxy in front of it.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, SocketAddr},
    os::unix::process::CommandExt as _,
    process::{Child, Stdio},
};

use private_servers::{Home, free_port, random_name, within_limit};

use crate::{
    example_server::ExampleServer,
    exchange::{self, Exchange},
    hostile::HeaderSet,
    proxy::Proxy,
    rules::Rule,
};

/// The client that each rule stops. The proxies report Sweden as its country.
pub(crate) const STOPPED: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);

/// The client that each rule lets in. The proxies report Norway as its country.
pub(crate) const ALLOWED: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 4);

/// How many ports are tried: another program may take a free port.
const PORTS_TRIED: usize = 5;

/// A server and a proxy, which end when this value is dropped.
pub(crate) struct Fixture {
    port: u16,
    /// Contains a name that no other server has, so that its answers are recognised.
    issuer: String,
    home: Home,
    running: Option<Child>,
    _server: ExampleServer,
}

impl Fixture {
    /// Starts both, and waits until the server answers through the proxy.
    pub(crate) fn start(proxy: Proxy, rule: Rule) -> Self {
        let issuer = format!("https://{}.example", random_name());
        let settings = rule.settings(proxy, &issuer);
        let server = ExampleServer::start(Some(&settings));
        let (_, server_port) = server.base.rsplit_once(':').unwrap();
        let server_port = server_port.parse().unwrap();
        let mut fixture = Self {
            port: 0,
            issuer,
            home: Home::new("oauth-dcr-proxy"),
            running: None,
            _server: server,
        };
        for _ in 0..PORTS_TRIED {
            fixture.port = free_port();
            proxy.configure(&fixture.home, fixture.port, server_port);
            if fixture.launch(proxy) {
                return fixture;
            }
        }
        panic!("{proxy:?} does not start:\n{}", fixture.log());
    }

    /// Sends a registration with these headers from this address, and returns the outcome.
    pub(crate) async fn send(&self, from: Ipv4Addr, headers: &HeaderSet) -> Exchange {
        exchange::register(from, self.address(), headers).await
    }

    /// The address on which the proxy listens.
    pub(crate) fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    /// Starts the program. Returns false if it ends, for example because the port is taken.
    fn launch(&mut self, proxy: Proxy) -> bool {
        let output = File::create(self.home.directory.join("output")).unwrap();
        let mut command = proxy.command(&self.home);
        command
            // A signal to the test's process group, as from a terminal, must not reach the proxy.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output);
        let mut running = command.spawn().unwrap();
        let started = within_limit(|| {
            let has_ended = running.try_wait().unwrap().is_some();
            let answers = exchange::answers(self.address(), &self.issuer);
            (has_ended || answers).then_some(!has_ended)
        });
        self.running = Some(running);
        started.unwrap_or_else(|| panic!("no answer through {proxy:?}:\n{}", self.log()))
    }

    fn log(&self) -> String {
        let read = |name| fs::read_to_string(self.home.directory.join(name)).unwrap_or_default();
        read("output") + &read("log")
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        self.home.leave();
        if let Some(running) = &mut self.running {
            let _ = running.wait();
        }
    }
}
