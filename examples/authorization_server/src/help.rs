//! The text of `--help`.

use crate::option_list::{OPTIONS, Spec};

const USAGE: &str = "\
An authorization server with dynamic client registration, to try things out on.

Usage: authorization-server [OPTION]...
       authorization-server --check SETTINGS [--geoip FILE]...
       authorization-server --explain SETTINGS REQUEST [--geoip FILE]...

Options:
";

const EXAMPLES: &str = "
Examples:
  Serve one tenant at another port, and forget the clients at the end:
    authorization-server --listen 127.0.0.1:9000 --store memory
  Look for mistakes in settings, and then use them:
    authorization-server --check settings.json
    authorization-server --settings settings.json --store sqlite:clients.sqlite3
  See why a client is refused:
    authorization-server --explain settings.json request.json

--check prints one line for each problem: `error: PATH: TEXT` or `warning: PATH: TEXT`, all errors and then
all warnings. If the file has wrong syntax, an unknown field or a value of the wrong type, --check
stops there and prints only this error. The last line counts the errors and warnings. Name the --geoip
files that the server will have: rules on countries or ASNs need them. --check does not listen, and opens
no store.

--explain reads the request from a JSON file. Only `body` is required:
  {
    \"method\": \"POST\",
    \"path\": \"/oidc/register\",
    \"peer\": \"203.0.113.7\",
    \"headers\": { \"Host\": \"auth.example.com\", \"X-Forwarded-For\": [\"192.0.2.1\", \"10.0.0.1\"] },
    \"body\": { \"redirect_uris\": [\"https://app.example.com/callback\"] }
  }
`peer` is the address that the connection comes from, 127.0.0.1 by default. A header has one value or a
list of values, each sent as a header line; an empty list leaves out a header that has a default. `body`
is the JSON of the registration, or a string that is sent as it is.
By default, `method` is POST, `path` is the tenant's registration endpoint, `Host` is the first host of
the first tenant, and `Content-Type` is application/json. Nothing is stored.

PostgreSQL, Redis and MaxMind DB files are features of the build: cargo's option
`--features postgres,redis,geoip` builds all three in.

Exit codes:
  0  the server has ended, --check found no error, or --explain shows an accepted request
  1  the server can't start, --check found an error, or --explain shows a refused request
  2  the command line is wrong, or --explain can't use one of its files
";

/// What `--help` prints.
pub(crate) fn text() -> String {
    let lines: Vec<String> = OPTIONS.iter().map(Spec::line).collect();
    format!("{USAGE}{}\n{EXAMPLES}", lines.join("\n"))
}
