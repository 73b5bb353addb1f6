//! The four proxies: the guide's file, and the other settings that a private copy of the program
//! needs.

use std::{fs, path::Path, process::Command};

use private_servers::Home;

use crate::program;

/// A proxy for which the guide has a configuration. Two of the proxies are also started with a
/// second configuration, in which they write `Forwarded` and forward the client's `X-Forwarded-For`
/// unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proxy {
    Nginx,
    Haproxy,
    Httpd,
    Caddy,
    NginxForwarded,
    HaproxyForwarded,
}

impl Proxy {
    /// The address of the proxy's connections to the server. Caddy can not choose an address.
    pub(crate) const fn address(self) -> &'static str {
        match self {
            Self::Caddy => "127.0.0.1",
            _ => "127.0.0.2",
        }
    }

    /// The header in which the proxy names the client.
    pub(crate) const fn header(self) -> &'static str {
        match self {
            Self::Nginx | Self::Haproxy | Self::Httpd | Self::Caddy => "x-forwarded-for",
            Self::NginxForwarded | Self::HaproxyForwarded => "forwarded",
        }
    }

    const fn program(self) -> &'static str {
        match self {
            Self::Nginx | Self::NginxForwarded => "nginx",
            Self::Haproxy | Self::HaproxyForwarded => "haproxy",
            Self::Httpd => "apache2",
            Self::Caddy => "caddy",
        }
    }

    /// The file in `src/guide/proxies`.
    const fn file(self) -> &'static str {
        match self {
            Self::Nginx | Self::NginxForwarded => "nginx.conf",
            Self::Haproxy | Self::HaproxyForwarded => "haproxy.cfg",
            Self::Httpd => "httpd.conf",
            Self::Caddy => "Caddyfile",
        }
    }

    /// The lines that replace a line of the guide in the second configuration.
    const fn other_header(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Nginx | Self::Haproxy | Self::Httpd | Self::Caddy => None,
            Self::NginxForwarded => Some((
                "X-Forwarded-For $proxy_add_x_forwarded_for;",
                "Forwarded \"$http_forwarded, for=$remote_addr\";",
            )),
            Self::HaproxyForwarded => Some((
                "option forwardfor",
                "http-request add-header Forwarded for=%[src]",
            )),
        }
    }

    /// The frame of the guide's file: private folders, the address to connect from, and for httpd
    /// the modules in Debian's folder.
    fn wrapper(self) -> &'static str {
        match self {
            Self::Nginx | Self::NginxForwarded => {
                "daemon off;\n\
                 pid pid;\n\
                 error_log log;\n\
                 events {}\n\
                 http {\n\
                 \x20   access_log off;\n\
                 \x20   client_body_temp_path body;\n\
                 \x20   proxy_temp_path proxy;\n\
                 \x20   fastcgi_temp_path fastcgi;\n\
                 \x20   scgi_temp_path scgi;\n\
                 \x20   uwsgi_temp_path uwsgi;\n\
                 \x20   proxy_bind 127.0.0.2;\n\
                 \x20   include guide;\n\
                 }\n"
            }
            Self::Haproxy | Self::HaproxyForwarded => "defaults\n\x20   source 127.0.0.2\n",
            Self::Httpd => {
                "PidFile pid\n\
                 ErrorLog log\n\
                 ServerName localhost\n\
                 LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so\n\
                 LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so\n\
                 LoadModule headers_module /usr/lib/apache2/modules/mod_headers.so\n\
                 LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so\n\
                 LoadModule proxy_http_module /usr/lib/apache2/modules/mod_proxy_http.so\n\
                 ProxySourceAddress 127.0.0.2\n\
                 Include guide\n"
            }
            Self::Caddy => "{\n\tadmin off\n}\nimport guide\n",
        }
    }

    /// Writes the configuration into the directory: the guide's file with other addresses and
    /// ports, and the frame.
    pub(crate) fn configure(self, home: &Home, port: u16, server: u16) {
        let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/guide/proxies");
        let mut text = fs::read_to_string(guide.join(self.file())).unwrap();
        let replaced = [
            (":8000", format!(":{port}")),
            (":8080", format!(":{server}")),
            ("192.0.2.0/24", "127.0.0.3/32".to_owned()),
            ("198.51.100.0/24", "127.0.0.4/32".to_owned()),
        ];
        let replaced = replaced.iter().map(|(shown, used)| (*shown, used.as_str()));
        for (shown, used) in replaced.chain(self.other_header()) {
            assert!(text.contains(shown), "{} lacks {shown}", self.file());
            text = text.replace(shown, used);
        }
        fs::write(home.directory.join("guide"), text).unwrap();
        fs::write(home.directory.join("wrapper"), self.wrapper()).unwrap();
    }

    /// The command that starts the proxy in the foreground, so that all its processes work in the
    /// directory.
    pub(crate) fn command(self, home: &Home) -> Command {
        let directory = home.directory.display();
        let mut command = home.command(program::find(self.program()));
        match self {
            Self::Nginx | Self::NginxForwarded => {
                command.args(["-e", "log", "-c", "wrapper", "-p"])
            }
            Self::Haproxy | Self::HaproxyForwarded => {
                command.args(["-db", "-f", "wrapper", "-f", "guide"])
            }
            Self::Httpd => command.args(["-X", "-f", &format!("{directory}/wrapper"), "-d"]),
            Self::Caddy => command.args(["run", "--adapter", "caddyfile", "--config", "wrapper"]),
        };
        if matches!(self, Self::Nginx | Self::NginxForwarded | Self::Httpd) {
            command.arg(&home.directory);
        }
        command.env("HOME", &home.directory);
        command.env_remove("XDG_CONFIG_HOME");
        command.env_remove("XDG_DATA_HOME");
        command
    }
}
