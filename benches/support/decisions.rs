//! Authorization and token checks as they are measured: both sides read the same documents, and
//! the client is loaded already.

use std::{hint::black_box, time::Duration};

use oauth_dcr::{
    Client, TenantSettings, Timestamp,
    authorization::{
        AuthorizationDecision, AuthorizationRefusal, AuthorizationRequest, CodeBinding,
    },
    token::{
        Lookup, RefreshBinding, RefreshFamily, TokenDecision, TokenGrant, TokenRefusal,
        TokenRequest,
    },
    types::SecretDigest,
};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::{baseline_access, baseline_authorize, baseline_token, pairs::Pair, timed::timed};

/// The checks, and that of a secret alone against one SHA-256 of it.
pub(crate) const DECISIONS: [Pair; 6] = [
    Pair {
        name: "authorize, https redirect",
        threshold: Some(1.5),
        baseline: |n| baseline_authorize(n, AUTHORIZE),
        ours: |n| our_authorize(n, AUTHORIZE),
    },
    Pair {
        name: "authorize, loopback on another port",
        threshold: Some(1.5),
        baseline: |n| baseline_authorize(n, AUTHORIZE_LOOPBACK),
        ours: |n| our_authorize(n, AUTHORIZE_LOOPBACK),
    },
    Pair {
        name: "token by code, public",
        threshold: Some(1.5),
        baseline: |n| baseline_token(n, &Sides::public(), BY_CODE),
        ours: |n| our_token(n, &Sides::public(), BY_CODE),
    },
    Pair {
        name: "token by code, confidential",
        threshold: Some(1.5),
        baseline: |n| baseline_token(n, &Sides::confidential(), BY_CODE_AND_SECRET),
        ours: |n| our_token(n, &Sides::confidential(), BY_CODE_AND_SECRET),
    },
    Pair {
        name: "token by refresh token, public",
        threshold: Some(1.5),
        baseline: |n| baseline_token(n, &Sides::public(), BY_REFRESH_TOKEN),
        ours: |n| our_token(n, &Sides::public(), BY_REFRESH_TOKEN),
    },
    Pair {
        name: "secret, one SHA-256",
        threshold: Some(1.2),
        baseline: baseline_secret,
        ours: our_secret,
    },
];

/// What an agent that has registered asks for, with each value of about its usual length.
pub(crate) const AUTHORIZE: &str = concat!(
    "response_type=code&client_id=tpc_8SXWY6j3afl2CP5ntwEOpMdPxxy49Gt2",
    "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256",
    "&redirect_uri=https%3A%2F%2Fagent.example.com%2Foauth%2Fcallback",
    "&state=Zk3_a-9QxL0bV7yTn2RsUeWcHdMiJgPf1oKqXtBvAlE",
    "&scope=read%3Aitems+write%3Aitems+offline_access",
    "&resource=https%3A%2F%2Fapi.example.com%2Fmcp",
);

/// The same of one on the user's own device.
pub(crate) const AUTHORIZE_LOOPBACK: &str = concat!(
    "response_type=code&client_id=tpc_8SXWY6j3afl2CP5ntwEOpMdPxxy49Gt2",
    "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256",
    "&redirect_uri=http%3A%2F%2F127.0.0.1%3A50123%2Fcallback",
    "&state=Zk3_a-9QxL0bV7yTn2RsUeWcHdMiJgPf1oKqXtBvAlE",
    "&scope=read%3Aitems+write%3Aitems+offline_access",
    "&resource=https%3A%2F%2Fapi.example.com%2Fmcp",
);

/// What it sends for the code.
pub(crate) const BY_CODE: &str = concat!(
    "grant_type=authorization_code&code=R5bKx0w1Z8Yt3uCqPnVmLs7oDfGhJ2iE4aTzWyXrQ9k",
    "&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    "&redirect_uri=https%3A%2F%2Fagent.example.com%2Foauth%2Fcallback",
    "&client_id=tpc_8SXWY6j3afl2CP5ntwEOpMdPxxy49Gt2",
    "&resource=https%3A%2F%2Fapi.example.com%2Fmcp",
);

/// The same with a secret.
pub(crate) const BY_CODE_AND_SECRET: &str = concat!(
    "grant_type=authorization_code&code=R5bKx0w1Z8Yt3uCqPnVmLs7oDfGhJ2iE4aTzWyXrQ9k",
    "&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    "&redirect_uri=https%3A%2F%2Fagent.example.com%2Foauth%2Fcallback",
    "&client_id=tpc_8SXWY6j3afl2CP5ntwEOpMdPxxy49Gt2",
    "&client_secret=Qm9Zk3_a-xL0bV7yTn2RsUeWcHdMiJgPf1oKqXtBvAl",
    "&resource=https%3A%2F%2Fapi.example.com%2Fmcp",
);
const SECRET: &str = "Qm9Zk3_a-xL0bV7yTn2RsUeWcHdMiJgPf1oKqXtBvAl";

/// And for the next access token.
pub(crate) const BY_REFRESH_TOKEN: &str = concat!(
    "grant_type=refresh_token&refresh_token=W1gFWFOEjXkdBjftJeZ4CVPmB92K27uhbUJU1p1r_wW",
    "&client_id=tpc_8SXWY6j3afl2CP5ntwEOpMdPxxy49Gt2",
    "&resource=https%3A%2F%2Fapi.example.com%2Fmcp",
);

pub(crate) const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);
const LIFETIME: Duration = Duration::from_mins(1);

/// Tenant, client, and what is bound to its code and its refresh token, for each side.
pub(crate) struct Sides {
    tenant: TenantSettings,
    client: Client,
    code: CodeBinding,
    refresh: RefreshBinding,
    family: RefreshFamily,
    baseline_tenant: baseline_access::Tenant,
    baseline_client: baseline_access::Client,
    baseline_code: baseline_token::Code,
    baseline_refresh: baseline_token::Refresh,
}

impl Sides {
    pub(crate) fn public() -> Self {
        Self::of(None)
    }

    pub(crate) fn confidential() -> Self {
        Self::of(Some(SECRET))
    }

    fn of(secret: Option<&str>) -> Self {
        let tenant = include_str!("../fixtures/tenant.json");
        let mut client: Value =
            serde_json::from_str(include_str!("../fixtures/client.json")).unwrap();
        if let Some(secret) = secret {
            client["metadata"]["token_endpoint_auth_method"] = "client_secret_post".into();
            client["secret_digest"] = SecretDigest::of(secret).to_tagged().into();
        }
        let baseline_tenant = serde_json::from_str(tenant).unwrap();
        let mut baseline_client: baseline_access::Client =
            serde_json::from_value(client.clone()).unwrap();
        baseline_client.secret_sha256 = secret.map(|secret| Sha256::digest(secret).into());
        let tenant: TenantSettings = serde_json::from_str(tenant).unwrap();
        let client: Client = serde_json::from_value(client).unwrap();

        let request = AuthorizationRequest::from_query(AUTHORIZE);
        let code = request.authorize(&tenant, Some(&client)).unwrap();
        let code = code.approve().code_binding(NOW, LIFETIME).unwrap();
        let form = if secret.is_some() {
            BY_CODE_AND_SECRET
        } else {
            BY_CODE
        };
        let request = TokenRequest::from_form(form, None);
        let tokens = match request.authenticate(&tenant, Some(&client), NOW) {
            Ok(TokenGrant::AuthorizationCode(exchange)) => {
                exchange.check(Lookup::Active(&code)).unwrap()
            }
            other => panic!("{other:?}"),
        };
        let refresh = tokens.refresh_binding(NOW, LIFETIME).unwrap();
        Self {
            baseline_code: serde_json::from_value(content(&code)).unwrap(),
            baseline_refresh: serde_json::from_value(content(&refresh)).unwrap(),
            tenant,
            client,
            code,
            refresh,
            family: tokens.refresh_family().unwrap(),
            baseline_tenant,
            baseline_client,
        }
    }

    pub(crate) fn baseline_authorize(
        &self,
        query: &str,
    ) -> Result<baseline_authorize::Decision, &'static str> {
        baseline_authorize::authorize(&self.baseline_tenant, Some(&self.baseline_client), query)
    }

    pub(crate) fn our_authorize(
        &self,
        query: &str,
    ) -> Result<AuthorizationDecision, AuthorizationRefusal> {
        let request = AuthorizationRequest::from_query(query);
        request.authorize(&self.tenant, Some(&self.client))
    }

    pub(crate) fn baseline_token(
        &self,
        form: &str,
        now: Timestamp,
    ) -> Result<baseline_token::Decision, &'static str> {
        let found = baseline_token::Found {
            code: Some(&self.baseline_code),
            refresh: Some(&self.baseline_refresh),
        };
        let (tenant, client) = (&self.baseline_tenant, Some(&self.baseline_client));
        baseline_token::token(tenant, client, form, &found, now.unix_millis())
    }

    pub(crate) fn our_token(
        &self,
        form: &str,
        now: Timestamp,
    ) -> Result<TokenDecision, TokenRefusal> {
        let request = TokenRequest::from_form(form, None);
        match request.authenticate(&self.tenant, Some(&self.client), now)? {
            TokenGrant::AuthorizationCode(exchange) => exchange.check(Lookup::Active(&self.code)),
            TokenGrant::RefreshToken(exchange) => {
                exchange.check(Some((&self.refresh, self.family)))
            }
            other => panic!("no grant of a strict client: {other:?}"),
        }
    }
}

/// What is kept, without version and checksum.
pub(crate) fn content(kept: &impl serde::Serialize) -> Value {
    serde_json::to_value(kept).unwrap()["content"].take()
}

fn baseline_authorize(n: u64, query: &str) -> Duration {
    let sides = Sides::public();
    timed(n, || {
        black_box(&sides)
            .baseline_authorize(black_box(query))
            .unwrap()
    })
}

fn our_authorize(n: u64, query: &str) -> Duration {
    let sides = Sides::public();
    timed(n, || {
        black_box(&sides).our_authorize(black_box(query)).unwrap()
    })
}

fn baseline_token(n: u64, sides: &Sides, form: &str) -> Duration {
    let sides = black_box(sides);
    timed(n, || {
        sides
            .baseline_token(black_box(form), black_box(NOW))
            .unwrap()
    })
}

fn our_token(n: u64, sides: &Sides, form: &str) -> Duration {
    let sides = black_box(sides);
    timed(n, || {
        sides.our_token(black_box(form), black_box(NOW)).unwrap()
    })
}

fn baseline_secret(n: u64) -> Duration {
    timed(n, || Sha256::digest(black_box(SECRET)))
}

fn our_secret(n: u64) -> Duration {
    let digest = SecretDigest::of(SECRET);
    timed(n, || {
        assert!(black_box(&digest).matches(black_box(SECRET)));
    })
}
