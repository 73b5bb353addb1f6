//! Families of refresh tokens compared with a small model, in random orders of events.

use proptest::{collection, prelude::*, sample};

use super::*;
use crate::properties::config;

/// In these tests no token expires.
const LIFETIME: Duration = Duration::from_hours(24);

/// The events, in sequence.
#[derive(Clone, Copy, Debug)]
enum Event {
    /// A client presents one of the tokens issued so far.
    Present(sample::Index),
    /// A client presents the newest token, as most clients do.
    PresentLast,
    /// The clock advances by this many seconds.
    Wait(u64),
}

/// The rule, written independently: each token is a number, and each number has a generation.
struct Model {
    leeway: u64,
    /// The generation of each token.
    tokens: Vec<usize>,
    /// The start time of each generation.
    generations: Vec<u64>,
    is_alive: bool,
}

impl Model {
    fn new(leeway: u8) -> Self {
        Self {
            leeway: leeway.into(),
            tokens: vec![0],
            generations: vec![0],
            is_alive: true,
        }
    }

    /// Whether the token is valid at `now`. If so, a new token is issued.
    fn present(&mut self, token: usize, now: u64) -> bool {
        let generation = self.tokens[token];
        let newest = self.generations.len() - 1;
        let is_current = generation == newest;
        let is_just_replaced =
            generation + 1 == newest && now < self.generations[newest] + self.leeway;
        self.is_alive &= is_current || is_just_replaced;
        if !self.is_alive {
            return false;
        }
        if is_current {
            self.generations.push(now);
        }
        self.tokens.push(self.generations.len() - 1);
        true
    }
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => any::<sample::Index>().prop_map(Event::Present),
        2 => Just(Event::PresentLast),
        2 => (0..25_u64).prop_map(Event::Wait),
    ]
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn refresh_decisions_agree_with_the_model(
        leeway in prop_oneof![Just(0_u8), Just(10), Just(60)],
        events in collection::vec(event(), 1..40),
    ) {
        let (client, mut tenant) = (public(), t1());
        tenant.refresh_token_leeway_seconds = leeway;
        let code = bound_to(&client, &[]);
        let issued = exchange(&tenant, &client, code_form(), Some(&code)).unwrap();
        let binding = issued.refresh_binding(NOW, LIFETIME).unwrap();
        let mut family = issued.refresh_family().unwrap();
        let mut tokens = vec![binding];
        let mut model = Model::new(leeway);
        let (mut now, mut last) = (0, 0);
        for event in events {
            let token = match event {
                Event::Wait(seconds) => {
                    now += seconds;
                    continue;
                }
                Event::Present(index) => index.index(tokens.len()),
                Event::PresentLast => tokens.len() - 1,
            };
            let at = NOW.saturating_add(Duration::from_secs(now));
            let kept = (tokens[token].clone(), family);
            let decided = refresh_at(at, &tenant, &client, refresh_form(), Some(&kept));
            prop_assert_eq!(decided.is_ok(), model.present(token, now));
            prop_assert_eq!(decided.is_ok(), !family.is_ended() && model.is_alive);
            match decided {
                Ok(decision) => {
                    family = decision.refresh_family().unwrap();
                    tokens.push(decision.refresh_binding(at, LIFETIME).unwrap());
                    prop_assert_eq!(tokens.last().unwrap().generation(), family.generation());
                }
                Err(refusal) => {
                    // The first refusal is the replay that ends the family, and the family stays
                    // ended.
                    prop_assert_eq!(refusal.is_replay(), !family.is_ended());
                    family = family.ended();
                }
            }
            // No generation becomes valid again.
            prop_assert!(family.generation() >= last);
            last = family.generation();
        }
    }
}
