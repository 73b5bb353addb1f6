//! Generators of `rand` as the source of ids and secrets.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use oauth_dcr::{
    MemoryStore, Registered, Registrar, RegistrationError, RegistrationRequest, TenantSettings,
    acl::Signals,
    system::{SecureRandom, SharedRng},
    tenants::TenantSelector,
};
use rand::{Rng as _, SeedableRng as _, TryCryptoRng, TryRng, rngs::StdRng};

fn registrar(random: impl SecureRandom) -> Registrar {
    let builder = Registrar::builder(MemoryStore::new()).random(random);
    let settings = TenantSettings::new().enabled();
    builder.tenant(settings).build().unwrap()
}

async fn register(registrar: &Registrar) -> Result<Registered, RegistrationError> {
    let admission = registrar.admit(TenantSelector::Host(None), Signals::new());
    let request = RegistrationRequest::new(["https://app.example.com/callback"]);
    admission.await?.register(request).await
}

/// The id and the secret of a new client.
async fn credentials(registrar: &Registrar) -> (String, String) {
    let registered = register(registrar).await.unwrap();
    let secret = registered.secret().unwrap().expose().to_owned();
    (registered.client().id().to_string(), secret)
}

#[tokio::test]
async fn a_generator_decides_ids_and_secrets() {
    let seeded = |seed| registrar(SharedRng::new(StdRng::seed_from_u64(seed)));
    let (first, same, other) = (seeded(1), seeded(1), seeded(2));
    let drawn = credentials(&first).await;
    assert_eq!(drawn, credentials(&same).await);
    assert_ne!(drawn, credentials(&other).await);
}

#[tokio::test]
async fn two_registrations_get_different_credentials() {
    let seeded = SharedRng::new(StdRng::seed_from_u64(1));
    let default = Registrar::builder(MemoryStore::new()).tenant(TenantSettings::new().enabled());
    for registrar in [registrar(seeded), default.build().unwrap()] {
        let (first, second) = (credentials(&registrar).await, credentials(&registrar).await);
        assert_ne!(first.0, second.0);
        assert_ne!(first.1, second.1);
    }
}

/// The behaviour of a generator when it is called.
#[derive(Clone, Copy)]
enum Answer {
    Fill,
    /// Fills one half of the bytes and fails.
    Fail,
    Panic,
}

/// Counts its calls.
struct FaultyGenerator {
    rng: StdRng,
    answer: Answer,
    calls: Arc<AtomicUsize>,
}

impl FaultyGenerator {
    fn new(answer: Answer) -> (Self, Arc<AtomicUsize>) {
        let calls = Arc::new(AtomicUsize::new(0));
        let odd = Self {
            rng: StdRng::seed_from_u64(1),
            answer,
            calls: Arc::clone(&calls),
        };
        (odd, calls)
    }
}

#[derive(Debug)]
struct ModuleRemoved;

impl fmt::Display for ModuleRemoved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the module was removed")
    }
}

impl std::error::Error for ModuleRemoved {}

impl TryRng for FaultyGenerator {
    type Error = ModuleRemoved;

    fn try_next_u32(&mut self) -> Result<u32, ModuleRemoved> {
        panic!("all bytes must be drawn in one call");
    }

    fn try_next_u64(&mut self) -> Result<u64, ModuleRemoved> {
        panic!("all bytes must be drawn in one call");
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), ModuleRemoved> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        match self.answer {
            Answer::Fill => {
                self.rng.fill_bytes(out);
                Ok(())
            }
            Answer::Fail => {
                let half = out.len() / 2;
                self.rng.fill_bytes(&mut out[..half]);
                Err(ModuleRemoved)
            }
            Answer::Panic => panic!("the module crashed"),
        }
    }
}

impl TryCryptoRng for FaultyGenerator {}

#[tokio::test]
async fn registration_calls_the_generator_once() {
    let (rng, calls) = FaultyGenerator::new(Answer::Fill);
    let registrar = registrar(SharedRng::new(rng));
    for registrations in 1..=3 {
        register(&registrar).await.unwrap();
        assert_eq!(calls.load(Ordering::SeqCst), registrations);
    }
}

/// The cause of a registration that failed for lack of random bytes.
fn cause(registered: Result<Registered, RegistrationError>) -> String {
    let Err(RegistrationError::Random(error)) = registered else {
        panic!("{registered:?}");
    };
    std::error::Error::source(&error).unwrap().to_string()
}

#[tokio::test]
async fn half_filled_bytes_create_no_client() {
    let (rng, _) = FaultyGenerator::new(Answer::Fail);
    let registrar = registrar(SharedRng::new(rng));
    let registered = register(&registrar).await;
    assert_eq!(cause(registered), "the module was removed");
    let owner = registrar.owner(TenantSelector::Host(None)).await.unwrap();
    assert!(owner.list(None, 10).await.unwrap().clients.is_empty());
}

#[tokio::test]
async fn a_generator_that_panicked_is_not_used_again() {
    let (rng, calls) = FaultyGenerator::new(Answer::Panic);
    let registrar = registrar(SharedRng::new(rng));
    let again = registrar.clone();
    let first = tokio::spawn(async move { register(&again).await.is_ok() });
    assert!(first.await.unwrap_err().is_panic());
    let registered = register(&registrar).await;
    let expected = "the generator panicked before and cannot be used again";
    assert_eq!(cause(registered), expected);
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[test]
fn the_state_of_a_generator_is_not_shown() {
    let shown = format!("{:?}", SharedRng::new(StdRng::seed_from_u64(1)));
    assert_eq!(shown, "SharedRng { .. }");
}
