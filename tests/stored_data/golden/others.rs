//! Settings and lines of the audit trail.

use std::{collections::BTreeMap, fs};

use oauth_dcr::{
    TenantId,
    events::{AuditEvent, AuditFact},
    rate_limit::Quota,
    settings::{
        ApiPolicy, GrantedScope, Grantee, Issuer, RefusedRedirectUris, SettingsDocument,
        UnknownParameters, Unsupported,
    },
    types::{SecurityMode, TokenEndpointAuthMethod},
};
use serde_json::Value;

use super::{folder, names_in, text};

#[test]
fn golden_settings_keep_their_meaning() {
    assert_eq!(names_in(&folder().join("settings")), ["acme.json"]);
    let document = SettingsDocument::from_json(&text("settings", "acme")).unwrap();
    let again = document.to_json().unwrap();
    assert_eq!(SettingsDocument::from_json(&again).unwrap(), document);
    let [tenant] = document.tenants() else {
        panic!("{document:?}");
    };
    assert_eq!(tenant.id.as_str(), "acme");
    assert_eq!(tenant.hosts, ["auth.acme.example", "127.0.0.1"]);
    let issuer = tenant.issuer.as_ref().map(Issuer::as_str);
    assert_eq!(issuer, Some("https://auth.acme.example"));
    assert_eq!(
        tenant.unknown_authorize_parameters,
        UnknownParameters::Reject
    );
    assert_eq!(tenant.apis[0].policy, ApiPolicy::AllowAll);
    assert_eq!(tenant.client_grants[0].grantee, Grantee::ThirdPartyClients);
    assert_eq!(tenant.client_grants[1].scope, GrantedScope::All);
    assert!(tenant.connections[0].is_domain_connection);
    let registration = &tenant.registration;
    assert!(registration.enabled);
    assert_eq!(registration.security_mode, SecurityMode::Permissive);
    assert_eq!(registration.rate_limit, Some(Quota::new(7, 9).unwrap()));
    let per_source = Some(Quota::per_minute(20, 3).unwrap());
    assert_eq!(registration.rate_limit_per_source, per_source);
    let basic = TokenEndpointAuthMethod::ClientSecretBasic;
    assert!(registration.token_endpoint_auth_methods.contains(basic));
    assert_eq!(registration.unsupported_grant_types, Unsupported::Reject);
    assert_eq!(
        registration.refused_redirect_uris,
        RefusedRedirectUris::Narrow
    );
    assert_eq!(registration.redirect_uris.schemes[0].as_str(), "cursor");
    assert!(registration.redirect_uris.single_label_hosts);
    assert!(!registration.redirect_uris.loopback_any_port);
    assert!(registration.allowed_origins.allows("https://page.example"));
}

/// How many lines there are of each kind of event.
const EVENTS: [(&str, usize); 13] = [
    ("acl_rule_matched", 4),
    ("acl_rule_unanswered", 2),
    ("client_blocked", 1),
    ("client_deleted", 1),
    ("client_folded", 1),
    ("client_made_room", 1),
    ("client_registered", 9),
    ("client_swept", 1),
    ("client_unblocked", 1),
    ("metadata_changed", 1),
    ("redirection_policy_set", 1),
    ("registration_refused", 27),
    ("secret_rotated", 1),
];

fn event_of(fact: &AuditFact) -> &'static str {
    match fact {
        AuditFact::ClientRegistered { .. } => "client_registered",
        AuditFact::ClientDeduplicated { .. } => "client_folded",
        AuditFact::RegistrationRefused { .. } => "registration_refused",
        AuditFact::AclRuleMatched { .. } => "acl_rule_matched",
        AuditFact::AclRuleUnanswered { .. } => "acl_rule_unanswered",
        AuditFact::MetadataChanged { .. } => "metadata_changed",
        AuditFact::SecretRotated { .. } => "secret_rotated",
        AuditFact::ClientBlocked { .. } => "client_blocked",
        AuditFact::ClientUnblocked { .. } => "client_unblocked",
        AuditFact::ErrorRedirectPolicySet { .. } => "redirection_policy_set",
        AuditFact::ClientDeleted { .. } => "client_deleted",
        AuditFact::ClientSwept { .. } => "client_swept",
        AuditFact::ClientEvicted { .. } => "client_made_room",
        other => panic!("{other:?}"),
    }
}

#[test]
fn golden_audit_lines_keep_their_meaning() {
    let lines = fs::read_to_string(folder().join("audit_1.jsonl")).unwrap();
    let mut events: BTreeMap<&str, usize> = BTreeMap::new();
    for line in lines.lines() {
        let event: AuditEvent = serde_json::from_str(line).unwrap();
        let document: Value = serde_json::from_str(line).unwrap();
        let again = serde_json::to_string(&event).unwrap();
        assert_eq!(serde_json::from_str::<AuditEvent>(&again).unwrap(), event);
        assert_eq!(serde_json::from_str::<Value>(&again).unwrap(), document);
        assert_eq!(event.at.unix_millis(), 1_800_000_000_000);
        let tenant = event.tenant.as_ref().map(TenantId::as_str);
        assert_eq!(tenant, document["tenant"].as_str());
        let source = event.source.map(|it| it.to_string());
        assert_eq!(source.as_deref(), document["source"].as_str());
        assert_eq!(event_of(&event.fact), document["event"]);
        *events.entry(event_of(&event.fact)).or_default() += 1;
    }
    assert!(events.into_iter().eq(EVENTS));
}
