//! `GET /`: the page that says what runs here.

use http::StatusCode;
use maud::{Markup, html};

use crate::{
    answers::Answer,
    app::App,
    curl, demonstration_page,
    home::{Home, TenantSummary},
    layout::{FormTarget, page, page_with_script},
    recent_clients::{MOST_OF_TENANT, RecentClient, cut},
    tenant::Tenant,
    times::date,
};

const TITLE: &str = "Home";

/// The longest host name that is repeated, in characters.
const LONGEST_HOST: usize = 80;

/// The most hosts of a tenant that are listed.
const MOST_HOSTS: usize = 5;

/// The page for a tenant's users and programmers.
pub(crate) fn show(app: &App, tenant: &Tenant) -> Answer {
    let registration = tenant.url(tenant.settings.registration.path.as_str());
    let body = html! {
        h1 { "This authorization server is running" }
        p {
            "Applications register here by themselves, users sign in and consent, and applications get "
            "tokens for an API. This page belongs to the tenant " code { (tenant.id()) } "."
        }
        (demonstration_page::start(tenant))
        h2 { "Register from a terminal" }
        pre { (curl::registration(&registration)) }
        h2 { "Endpoints" }
        (endpoints(tenant))
        h2 { "Tenants" }
        (tenants(&app.home))
        h2 { "Recently registered clients" }
        (recent_clients(&app.home, tenant))
    };
    page_with_script(StatusCode::OK, TITLE, &body)
}

/// The page for a host that leads to no tenant. It lists nothing, because any site can give its own host name the
/// address of this server and then read the page (DNS rebinding).
pub(crate) fn show_without_tenant(app: &App, host: Option<&str>) -> Answer {
    let host = host.map(|host| cut(host, LONGEST_HOST));
    let address = &app.home.address;
    let body = html! {
        h1 { "This authorization server is running, but not at this host" }
        p {
            "No tenant answers at "
            @match host {
                Some(host) => code { (host) },
                None => "an unreadable host",
            }
            ". A tenant answers at its own hosts, and a tenant without an issuer answers only at "
            "loopback hosts. If the server runs on your machine, open "
            a href=(address) { (address) } "."
        }
    };
    page(StatusCode::NOT_FOUND, TITLE, FormTarget::Here, &body)
}

fn endpoints(tenant: &Tenant) -> Markup {
    let registration = tenant.settings.registration.path.as_str();
    let has_api = tenant.items_api().is_some();
    html! {
        div.table {
            table {
                (endpoint("Registration", "POST", registration))
                (endpoint("Authorization", "GET", "/authorize"))
                (endpoint("Token", "POST", "/oauth/token"))
                (endpoint("Revocation", "POST", "/oauth/revoke"))
                @if has_api {
                    (endpoint("Demonstration API", "GET", "/api/items"))
                    (document("Metadata of the API", "/.well-known/oauth-protected-resource/api"))
                }
                (document("Metadata (OAuth)", "/.well-known/oauth-authorization-server"))
                (document("Metadata (OpenID)", "/.well-known/openid-configuration"))
            }
        }
    }
}

fn endpoint(name: &str, method: &str, path: &str) -> Markup {
    html! {
        tr { th scope="row" { (name) } td.method { (method) } td { code { (path) } } }
    }
}

/// An endpoint that a browser can open.
fn document(name: &str, path: &str) -> Markup {
    html! {
        tr {
            th scope="row" { (name) }
            td.method { "GET" }
            td { a href=(path) { code { (path) } } }
        }
    }
}

fn tenants(home: &Home) -> Markup {
    html! {
        div.table {
            table {
                thead { tr { th { "Tenant" } th { "Answers at" } th { "Registration" } } }
                tbody {
                    @for tenant in &home.tenants {
                        tr {
                            th scope="row" { code { (tenant.id) } }
                            td { (places(home, tenant)) }
                            td { @if tenant.registers { "enabled" } @else { "disabled" } }
                        }
                    }
                }
            }
        }
        @if home.tenants_left_out > 0 {
            p.note { "The list leaves out " (home.tenants_left_out) " more tenants." }
        }
    }
}

/// The issuer of the tenant and its hosts.
fn places(home: &Home, tenant: &TenantSummary) -> Markup {
    let more = tenant.hosts.len().saturating_sub(MOST_HOSTS);
    html! {
        @match &tenant.issuer {
            Some(issuer) => a href=(issuer) { (issuer) },
            None if tenant.hosts.is_empty() => a href=(home.address) { (home.address) },
            None => {},
        }
        @for host in tenant.hosts.iter().take(MOST_HOSTS) {
            " " code { (host) }
        }
        @if more > 0 { " and " (more) " more hosts" }
    }
}

fn recent_clients(home: &Home, tenant: &Tenant) -> Markup {
    let clients = home.recent_clients.of_tenant(tenant.id());
    html! {
        @if clients.is_empty() {
            p.note { "No client has registered at this tenant since the server started." }
        } @else {
            div.table {
                table {
                    thead { tr { th { "Name" } th { "Client" } th { "Registered" } } }
                    tbody { @for client in &clients { (row(client)) } }
                }
            }
            p.note {
                "The list has the last " (MOST_OF_TENANT) " clients of this tenant since the server started. "
                "Clients choose their own names."
            }
        }
    }
}

fn row(client: &RecentClient) -> Markup {
    let name = client.name.as_deref();
    html! {
        tr {
            td {
                @match name {
                    Some(name) => span.name { (name) },
                    None => span.note { "no name" },
                }
            }
            td.id {
                code { (client.id) }
                small { @if client.is_public { "public" } @else { "confidential" } " client" }
            }
            td { (date(client.registered_at)) }
        }
    }
}
