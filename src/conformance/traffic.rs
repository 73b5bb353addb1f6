//! Requests to a limiter. Each decision is compared with the decisions that a token bucket can make.

mod alone;
mod apart;
mod bucket;
mod departures;
mod histories;
mod history;
mod model;
mod overlaps;
mod probe;
mod quotas;
mod race;
mod races;
mod steps;
mod time;
mod waits;

pub(super) use self::{
    alone::*,
    apart::*,
    bucket::*,
    departures::*,
    histories::*,
    overlaps::{overlap_all_steps, overlap_different_buckets},
    probe::Probe,
    quotas::*,
    races::*,
    time::SteppedTime,
    waits::*,
};
