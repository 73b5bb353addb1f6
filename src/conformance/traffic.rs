//! Requests to a limiter, each of which is compared with what a token bucket can decide.

mod alone;
mod apart;
mod bucket;
mod departures;
mod histories;
mod history;
mod model;
mod probe;
mod quotas;
mod race;
mod races;
mod time;
mod waits;

pub(super) use self::{
    alone::*, apart::*, bucket::*, departures::*, histories::*, probe::Probe, quotas::*, races::*,
    time::SteppedTime, waits::*,
};
