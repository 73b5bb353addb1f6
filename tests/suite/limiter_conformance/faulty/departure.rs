//! Callers that go away.

use oauth_dcr::rate_limit::Quota;

use super::{
    Fault, Faulty,
    decision::{Bucket, period},
};

/// What is done when a caller goes away while it waits.
pub(super) struct Departure<'a> {
    pub(super) limiter: &'a Faulty,
    pub(super) name: &'a str,
    pub(super) quota: Quota,
    pub(super) before: Option<Bucket>,
    pub(super) waits: bool,
}

impl Departure<'_> {
    pub(super) fn is_of_departures(&self) -> bool {
        use Fault::{
            GivesBackBeforeTheThirdTrip, GivesBackForTheGone, GivesBackTwice, RestoresForTheGone,
            TakesAtEachDrop,
        };
        let faults = [
            GivesBackBeforeTheThirdTrip,
            GivesBackForTheGone,
            GivesBackTwice,
            RestoresForTheGone,
            TakesAtEachDrop,
        ];
        faults.contains(&self.limiter.fault)
    }
}

impl Drop for Departure<'_> {
    fn drop(&mut self) {
        if !self.waits {
            return;
        }
        let mut states = self.limiter.states();
        let bucket = states.get_mut(self.name).unwrap();
        let period = period(self.quota);
        match self.limiter.fault {
            // Also if it took none.
            Fault::GivesBackForTheGone => bucket.full_at -= period,
            Fault::GivesBackTwice | Fault::GivesBackBeforeTheThirdTrip => {
                bucket.full_at -= 2 * period;
            }
            Fault::TakesAtEachDrop => bucket.full_at += period,
            Fault::RestoresForTheGone => *bucket = self.before.unwrap_or_default(),
            _ => {}
        }
    }
}
