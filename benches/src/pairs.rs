//! The pairs that are measured in one process: the crate and its baseline.

use std::{hint::black_box, num::NonZeroU32, time::Duration};

use oauth_dcr::{
    pkce::{CodeChallenge, CodeVerifier},
    redirect_uri::{RedirectUri, RedirectUriPolicy},
    types::SecretDigest,
};
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::{
    baseline::pkce::verify,
    baseline::register::Baseline,
    drive::register,
    fixtures::{CONFIDENTIAL, PUBLIC},
    registrar::registrar,
    timed::timed,
};

/// Two functions that do the same work the given number of times. Each returns the time of the work alone,
/// without the time to set up and to clean up.
pub struct Pair {
    pub name: &'static str,
    /// The greatest ratio ours / baseline that passes. `None` for a control.
    pub threshold: Option<f64>,
    pub baseline: fn(u64) -> Duration,
    pub ours: fn(u64) -> Duration,
}

/// All pairs. The first is a control: both sides are the same, so the machine alone makes the difference.
pub const PAIRS: [Pair; 8] = [
    Pair {
        name: "control: register public, baseline twice",
        threshold: None,
        baseline: |n| baseline_register(n, PUBLIC),
        ours: |n| baseline_register(n, PUBLIC),
    },
    Pair {
        name: "register public",
        threshold: Some(1.3),
        baseline: |n| baseline_register(n, PUBLIC),
        ours: |n| our_register(n, PUBLIC),
    },
    Pair {
        name: "register confidential",
        threshold: Some(1.3),
        baseline: |n| baseline_register(n, CONFIDENTIAL),
        ours: |n| our_register(n, CONFIDENTIAL),
    },
    Pair {
        name: "pkce, verifier of 43",
        threshold: Some(1.15),
        baseline: |n| baseline_verify(n, SHORT_VERIFIER),
        ours: |n| our_verify(n, SHORT_VERIFIER),
    },
    Pair {
        name: "pkce, verifier of 128",
        threshold: Some(1.15),
        baseline: |n| baseline_verify(n, LONG_VERIFIER),
        ours: |n| our_verify(n, LONG_VERIFIER),
    },
    Pair {
        name: "redirect uri, text copied",
        threshold: Some(2.0),
        baseline: baseline_redirect_uri,
        ours: our_redirect_uri_copied,
    },
    Pair {
        name: "redirect uri, text moved in",
        threshold: Some(2.0),
        baseline: baseline_redirect_uri,
        ours: our_redirect_uri_moved,
    },
    Pair {
        name: "secret, one SHA-256",
        threshold: Some(1.2),
        baseline: baseline_secret,
        ours: our_secret,
    },
];

/// The requests of the registration pairs.
pub const BODIES: [&str; 2] = [PUBLIC, CONFIDENTIAL];

/// RFC 7636 appendix B.
const SHORT_VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// As long as RFC 7636 allows.
const LONG_VERIFIER: &str = concat!(
    "M25iVXpKU3puUjFaYWg3T1NDTDQtcW1ROUY5YXlwalNoc0hhakxifmZHag.kZ1Ex",
    "0vYp6aXg1Qm9.~wR7dLqTz3NcKeU8JfVhS2yMiGbP5oCxA4rWnE_HtDkQsIjFlOu",
);

const SECRET: &str = "Qm9Zk3_a-xL0bV7yTn2RsUeWcHdMiJgPf1oKqXtBvAl";

/// Redirect URIs that clients register today, and examples of the standards. The policy allows all of them.
const REDIRECT_URIS: [&str; 8] = [
    "https://application.example.com/callback",
    "https://claude.ai/api/mcp/auth_callback",
    "https://chatgpt.com/connector_platform_oauth_redirect",
    "http://127.0.0.1:33418/",
    "http://localhost:6274/oauth/callback",
    "http://[::1]:37819/callback/Zk3_a-9QxL0b",
    "cursor://anysphere.cursor-mcp/oauth/callback",
    "com.example.app:/oauth2redirect/example-provider",
];

/// The limiter counts each request, and refuses none.
pub const QUOTA: NonZeroU32 = NonZeroU32::new(50_000_000).unwrap();

/// Registrations of one store. After them comes an empty store, so that a long round makes no store too large for
/// the caches.
const PER_STORE: u64 = 4096;

/// Runs `step` `n` times on a value of `fresh`, and takes a new value every [`PER_STORE`] steps.
fn on_fresh<S, T>(n: u64, fresh: impl Fn() -> S, step: impl Fn(&S) -> T) -> Duration {
    let mut spent = Duration::ZERO;
    let mut left = n;
    while left > 0 {
        let steps = left.min(PER_STORE);
        left -= steps;
        let state = fresh();
        spent += timed(steps, || step(&state));
    }
    spent
}

fn baseline_register(n: u64, body: &str) -> Duration {
    let fresh = || Baseline::new(Some(QUOTA));
    on_fresh(n, fresh, |baseline| {
        baseline.register(black_box(body.as_bytes())).unwrap()
    })
}

fn our_register(n: u64, body: &str) -> Duration {
    let fresh = || registrar(Some(QUOTA));
    on_fresh(n, fresh, |registrar| {
        register(registrar, black_box(body.as_bytes())).unwrap()
    })
}

fn baseline_verify(n: u64, verifier: &str) -> Duration {
    let challenge = CodeVerifier::parse(verifier).unwrap().challenge();
    let challenge = challenge.as_str().as_bytes().try_into().unwrap();
    timed(n, || verify(black_box(&challenge), black_box(verifier)))
}

fn our_verify(n: u64, verifier: &str) -> Duration {
    let challenge: CodeChallenge = CodeVerifier::parse(verifier).unwrap().challenge();
    timed(n, || {
        let verifier = CodeVerifier::parse(black_box(verifier)).unwrap();
        black_box(&challenge).verify(&verifier)
    })
}

fn baseline_redirect_uri(n: u64) -> Duration {
    let mut texts = REDIRECT_URIS.iter().cycle();
    timed(n, || Url::parse(black_box(texts.next().unwrap())).unwrap())
}

fn our_redirect_uri_copied(n: u64) -> Duration {
    let policy = RedirectUriPolicy::native_agents();
    let mut texts = REDIRECT_URIS.iter().cycle();
    timed(n, || {
        let text = *black_box(texts.next().unwrap());
        RedirectUri::parse(text, black_box(&policy)).unwrap()
    })
}

fn our_redirect_uri_moved(n: u64) -> Duration {
    let policy = RedirectUriPolicy::native_agents();
    let mut spent = Duration::ZERO;
    let mut left = n;
    while left > 0 {
        let steps = left.min(PER_STORE);
        left -= steps;
        let texts = (0..steps).zip(REDIRECT_URIS.iter().cycle());
        let texts: Vec<String> = texts.map(|(_, &text)| text.to_owned()).collect();
        let mut texts = texts.into_iter();
        spent += timed(steps, || {
            RedirectUri::parse(texts.next().unwrap(), black_box(&policy)).unwrap()
        });
    }
    spent
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
