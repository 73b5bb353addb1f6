//! Families of refresh tokens: their rotation, leeway and end.

use oauth_dcr::settings::RefreshTokenWhen;

use super::*;

const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const LEEWAY: u8 = 10;

fn with_leeway(seconds: u8) -> TenantSettings {
    let mut tenant = t1();
    tenant.refresh_token_leeway_seconds = seconds;
    tenant
}

fn after(seconds: u64) -> Timestamp {
    NOW.saturating_add(Duration::from_secs(seconds))
}

/// A host with one family: its state, and every token that it has issued.
struct Host {
    tenant: TenantSettings,
    client: Client,
    family: RefreshFamily,
    tokens: Vec<RefreshBinding>,
}

impl Host {
    fn new(leeway: u8, client: Client) -> Self {
        let (binding, family) = refresh_token(&client);
        Self {
            tenant: with_leeway(leeway),
            client,
            family,
            tokens: vec![binding],
        }
    }

    fn decide(&self, token: usize, now: Timestamp) -> Result<TokenDecision, TokenRefusal> {
        let form = if self.client.is_public() {
            refresh_form()
        } else {
            with(refresh_form(), "client_secret", "s3cret")
        };
        let kept = (self.tokens[token].clone(), self.family);
        refresh_at(now, &self.tenant, &self.client, form, Some(&kept))
    }

    /// Applies a decision unless the family has changed since the check.
    fn swap(&mut self, checked: RefreshFamily, decision: &TokenDecision) -> bool {
        if self.family != checked {
            return false;
        }
        self.family = decision.refresh_family().unwrap();
        if decision.refresh_token() == RefreshTokenAction::Issue {
            let binding = decision.refresh_binding(NOW, MINUTE).unwrap();
            self.tokens.push(binding);
        }
        true
    }

    /// The number of the token that a refresh returns, which may be the presented token.
    fn refresh(&mut self, token: usize, now: Timestamp) -> Result<usize, GrantFault> {
        match self.decide(token, now) {
            Ok(decision) => {
                let issued = self.tokens.len();
                assert!(self.swap(self.family, &decision));
                Ok(if self.tokens.len() > issued {
                    issued
                } else {
                    token
                })
            }
            Err(refusal) => {
                if refusal.is_replay() {
                    self.family = self.family.ended();
                }
                match refusal.error() {
                    Error::InvalidGrant(fault) => Err(fault),
                    other => panic!("{other:?}"),
                }
            }
        }
    }
}

#[test]
fn rotation_starts_the_next_generation() {
    let mut host = Host::new(0, public());
    assert_eq!(host.family, RefreshFamily::unrotated());
    assert_eq!(host.refresh(0, after(5)), Ok(1));
    assert_eq!(host.tokens[1].generation(), 1);
    assert_eq!(host.family.generation(), 1);
    assert_eq!(host.family.rotated_at(), Some(after(5)));
}

#[test]
fn a_confidential_clients_refresh_token_stays() {
    let mut host = Host::new(0, confidential());
    for seconds in [0, 5, 50] {
        assert_eq!(host.refresh(0, after(seconds)), Ok(0));
    }
    assert_eq!(host.family, RefreshFamily::unrotated());
    let decision = host.decide(0, NOW).unwrap();
    assert_eq!(decision.refresh_token(), RefreshTokenAction::Keep);
    // A further token belongs to the same generation.
    assert_eq!(
        decision.refresh_binding(NOW, MINUTE).unwrap().generation(),
        0
    );
}

#[test]
fn replaced_token_works_within_the_leeway() {
    let mut host = Host::new(LEEWAY, public());
    assert_eq!(host.refresh(0, after(1)), Ok(1));
    assert_eq!(host.refresh(0, after(10)), Ok(2));
    assert_eq!(host.tokens[2].generation(), 1);
    // That was not a rotation: the leeway counts from the first rotation.
    assert_eq!(host.family.rotated_at(), Some(after(1)));
    assert_eq!(host.refresh(0, after(11)), Err(GrantFault::Replayed));
    for token in 0..3 {
        assert_eq!(host.refresh(token, after(11)), Err(GrantFault::Ended));
    }
}

#[test]
fn without_leeway_a_replaced_token_ends_the_family() {
    let mut host = Host::new(0, public());
    assert_eq!(host.refresh(0, NOW), Ok(1));
    assert_eq!(host.refresh(0, NOW), Err(GrantFault::Replayed));
    assert_eq!(host.refresh(1, NOW), Err(GrantFault::Ended));
}

#[test]
fn token_two_generations_old_always_ends_the_family() {
    let mut host = Host::new(LEEWAY, public());
    assert_eq!(host.refresh(0, NOW), Ok(1));
    assert_eq!(host.refresh(1, NOW), Ok(2));
    assert_eq!(host.refresh(0, NOW), Err(GrantFault::Replayed));
    assert_eq!(host.refresh(2, NOW), Err(GrantFault::Ended));
}

#[test]
fn stolen_token_ends_the_family_at_refresh() {
    let mut host = Host::new(LEEWAY, public());
    let owners = host.refresh(0, NOW).unwrap();
    let thiefs = host.refresh(0, after(1)).unwrap();
    assert_eq!(host.refresh(owners, after(30)), Ok(3));
    assert_eq!(host.refresh(thiefs, after(45)), Err(GrantFault::Replayed));
    assert_eq!(host.refresh(3, after(45)), Err(GrantFault::Ended));
}

/// All of them read the family before the first of them changed it.
#[test]
fn parallel_refreshes_within_the_leeway_keep_the_family() {
    let mut host = Host::new(LEEWAY, public());
    let checked = host.family;
    let decisions: Vec<_> = (0..50).map(|_| host.decide(0, NOW).unwrap()).collect();
    let mut swapped = 0;
    for decision in decisions {
        if host.swap(checked, &decision) {
            swapped += 1;
        } else {
            host.refresh(0, NOW).unwrap();
        }
    }
    assert_eq!((swapped, host.family.generation()), (1, 1));
    // Each of the returned tokens can refresh next.
    for token in 1..=50 {
        let next = host.refresh(token, after(30)).unwrap();
        assert_eq!(host.tokens[next].generation(), 2);
    }
}

#[test]
fn parallel_refreshes_without_leeway_end_the_family() {
    let mut host = Host::new(0, public());
    let checked = host.family;
    let (first, second) = (host.decide(0, NOW).unwrap(), host.decide(0, NOW).unwrap());
    assert!(host.swap(checked, &first));
    assert!(!host.swap(checked, &second));
    assert_eq!(host.refresh(0, NOW), Err(GrantFault::Replayed));
}

#[test]
fn a_refused_refresh_does_not_rotate() {
    let host = Host::new(0, public());
    let form = with(refresh_form(), "scope", "delete:items");
    let kept = (host.tokens[0].clone(), host.family);
    let refused = refresh(&host.tenant, &host.client, form, Some(&kept)).unwrap_err();
    assert!(!refused.is_replay());
    assert!(host.decide(0, NOW).is_ok());
}

#[test]
fn another_client_cannot_end_a_family() {
    let kept = refresh_token(&public());
    let rotated = refresh(&t1(), &public(), refresh_form(), Some(&kept)).unwrap();
    let replaced = (kept.0, rotated.refresh_family().unwrap());
    let stranger = Stored::public("tpc_B2").client();
    let form = with(refresh_form(), "client_id", "tpc_B2");
    let refused = refresh(&t1(), &stranger, form, Some(&replaced)).unwrap_err();
    assert_eq!(
        refused.error(),
        Error::InvalidGrant(GrantFault::OtherClient)
    );
    assert!(!refused.is_replay());
}

#[test]
fn a_refusal_reveals_nothing_about_a_refresh_token() {
    let kept = refresh_token(&public());
    let tenant = t1();
    let refusal = |kept: Option<&IssuedToken>, now| {
        let refused = refresh_at(now, &tenant, &public(), refresh_form(), kept).unwrap_err();
        (refused.error(), refused.to_string())
    };
    let rotated = refresh(&tenant, &public(), refresh_form(), Some(&kept)).unwrap();
    let replaced = (kept.0.clone(), rotated.refresh_family().unwrap());
    let ended = (kept.0.clone(), kept.1.ended());
    let all = [
        refusal(None, NOW),
        refusal(Some(&replaced), NOW),
        refusal(Some(&ended), NOW),
        refusal(Some(&kept), kept.0.expires_at()),
    ];
    let faults = [
        GrantFault::Unknown,
        GrantFault::Replayed,
        GrantFault::Ended,
        GrantFault::Expired,
    ];
    for ((error, text), fault) in all.iter().zip(faults) {
        assert_eq!(*error, Error::InvalidGrant(fault));
        assert_eq!(*text, all[0].1);
    }
}

#[test]
fn expired_replaced_token_is_still_a_replay() {
    let mut host = Host::new(0, public());
    assert_eq!(host.refresh(0, NOW), Ok(1));
    let late = host.tokens[0].expires_at();
    assert_eq!(host.refresh(0, late), Err(GrantFault::Replayed));
}

#[test]
fn a_leeway_is_never_longer_than_a_minute() {
    let mut host = Host::new(u8::MAX, public());
    assert_eq!(host.refresh(0, NOW), Ok(1));
    assert_eq!(host.refresh(0, after(59)), Ok(2));
    assert_eq!(host.refresh(0, after(60)), Err(GrantFault::Replayed));
}

/// The newest token is now bound to the secret. Tokens replaced before stay replaced.
#[test]
fn client_that_becomes_confidential_keeps_newest_token() {
    let mut host = Host::new(LEEWAY, public());
    assert_eq!(host.refresh(0, NOW), Ok(1));
    host.client = confidential();
    for seconds in [0, 30, 50] {
        assert_eq!(host.refresh(1, after(seconds)), Ok(1));
    }
    assert_eq!(host.refresh(0, after(9)), Ok(2));
    assert_eq!(host.tokens[2].generation(), 1);
    assert_eq!(host.family.generation(), 1);
    assert_eq!(host.refresh(0, after(10)), Err(GrantFault::Replayed));
    for token in 0..3 {
        assert_eq!(host.refresh(token, after(10)), Err(GrantFault::Ended));
    }
}

#[test]
fn a_client_that_becomes_public_rotates_its_token() {
    let mut host = Host::new(0, confidential());
    assert_eq!(host.refresh(0, NOW), Ok(0));
    host.client = public();
    assert_eq!(host.refresh(0, after(5)), Ok(1));
    assert_eq!(host.refresh(0, after(5)), Err(GrantFault::Replayed));
}

#[test]
fn family_survives_a_change_of_settings() {
    let mut tenant = t1();
    tenant.refresh_token_when = RefreshTokenWhen::Registered;
    let client = public();
    let (binding, family) = first_refresh_token(&tenant, &client);
    let mut host = Host {
        tenant: with_leeway(0),
        client,
        family,
        tokens: vec![binding],
    };
    assert_eq!(
        host.tenant.refresh_token_when,
        RefreshTokenWhen::OfflineAccessRequested
    );
    let decision = host.decide(0, NOW).unwrap();
    assert_eq!(decision.scope(), "read:items offline_access");
    assert_eq!(host.refresh(0, NOW), Ok(1));
    assert_eq!(host.refresh(1, NOW), Ok(2));
    assert_eq!(host.refresh(0, NOW), Err(GrantFault::Replayed));
}

/// The refresh token of a client that requested no `offline_access`.
fn first_refresh_token(tenant: &TenantSettings, client: &Client) -> IssuedToken {
    let request = AuthorizationRequest::from_pairs([
        ("response_type", "code"),
        ("client_id", client.id().as_str()),
        ("redirect_uri", REDIRECT_URI),
        ("resource", API),
        ("scope", "read:items"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]);
    let approval = request.authorize(tenant, Some(client)).unwrap().approve();
    let binding = approval.code_binding(NOW, MINUTE).unwrap();
    kept(&exchange(tenant, client, code_form(), Some(&binding)).unwrap())
}

#[test]
fn device_codes_refresh_token_starts_a_family() {
    let client = Stored::public("tpc_A1")
        .permissive()
        .grant_types(&[DEVICE_CODE, "refresh_token"])
        .client();
    let wanted = AccessRequest::to(API).scope("read:items offline_access");
    let access = wanted.check(&t1(), &client).unwrap();
    let binding = DeviceBinding::new(&client, access, NOW, MINUTE);
    let form = form(&[
        ("grant_type", DEVICE_CODE),
        ("client_id", "tpc_A1"),
        ("device_code", "a-code"),
    ]);
    let (tenant, request) = (t1(), TokenRequest::from_pairs(form, None));
    let decision = match request.authenticate(&tenant, Some(&client), NOW).unwrap() {
        TokenGrant::DeviceCode(exchange) => exchange.check(Lookup::Active(&binding)).unwrap(),
        grant => panic!("another grant: {grant:?}"),
    };
    assert_eq!(decision.refresh_token(), RefreshTokenAction::Issue);
    assert_eq!(decision.scope(), "read:items offline_access");
    let (binding, family) = kept(&decision);
    assert_eq!(family, RefreshFamily::unrotated());
    let mut host = Host {
        tenant,
        client,
        family,
        tokens: vec![binding],
    };
    assert_eq!(host.refresh(0, NOW), Ok(1));
    assert_eq!(host.refresh(1, NOW), Ok(2));
    assert_eq!(host.refresh(0, NOW), Err(GrantFault::Replayed));
    assert_eq!(host.refresh(2, NOW), Err(GrantFault::Ended));
}
