//! Stores that are wrong about the clients of one user.

use super::*;

/// A client, as far as the limit of a user looks at it.
struct Life {
    tenant: TenantId,
    id: ClientId,
    is_blocked: bool,
    usage: Usage,
}

impl Broken {
    /// A touch, and the evictions that follow from it.
    pub(super) async fn touch_and_evict(
        &self,
        tenant: &TenantId,
        id: &ClientId,
        touch: Activity,
    ) -> Result<TouchOutcome, BackendError> {
        let unlimited = touch.max_clients_per_user(None);
        let outcome = self.store.touch(tenant, id, unlimited).await?;
        if !matches!(outcome, TouchOutcome::Written { .. }) {
            return Ok(outcome);
        }
        self.note_usage(tenant, id, touch);
        let Some(limit) = touch.limit() else {
            return Ok(outcome);
        };
        let chosen = self.choose(limit, id, touch, self.lives(tenant).await);
        if self.is(Fault::LooksThenEvictsOfUsers) {
            others_look_too().await;
        }
        let mut evicted = Vec::new();
        for life in chosen {
            self.store.remove(&life.tenant, &life.id).await?;
            evicted.push(life.id);
        }
        Ok(TouchOutcome::Written { evicted })
    }

    /// Keeps what the store in memory does not tell.
    fn note_usage(&self, tenant: &TenantId, id: &ClientId, touch: Activity) {
        let mut usages = self.usages.lock().unwrap();
        let usage = usages.entry((tenant.clone(), id.clone()));
        let usage = usage.or_insert_with(|| Usage::registered(Timestamp::from_unix_millis(0)));
        usage.touch(touch);
        if self.is(Fault::CountsForTheLastUser) {
            let user = touch.user().or(usage.user());
            *usage =
                Usage::from_parts(usage.is_used(), usage.idle_since(), user, usage.is_shared());
        }
    }

    /// Forgets whose client it is.
    pub(super) fn forget_user(&self, client: &Client) {
        let mut usages = self.usages.lock().unwrap();
        usages.remove(&(client.tenant().clone(), client.id().clone()));
    }

    /// The clients among which those to be evicted are chosen.
    async fn lives(&self, tenant: &TenantId) -> Vec<Life> {
        let mut tenants = vec![tenant.clone()];
        if self.is(Fault::SharesUsersAcrossTenants) {
            let all: HashSet<_> = self.tenants.lock().unwrap().iter().cloned().collect();
            tenants = all.into_iter().collect();
        }
        let mut lives = Vec::new();
        for tenant in tenants {
            for client in self.all(&tenant).await {
                let key = (tenant.clone(), client.id().clone());
                let usage = self.usages.lock().unwrap().get(&key).copied();
                lives.push(Life {
                    tenant: tenant.clone(),
                    id: key.1,
                    is_blocked: client.is_blocked(),
                    usage: usage.unwrap_or(Usage::registered(client.issued_at())),
                });
            }
        }
        lives
    }

    /// Those of `lives` that are evicted where `touched` was touched.
    fn choose(
        &self,
        limit: UserLimit,
        touched: &ClientId,
        touch: Activity,
        mut lives: Vec<Life>,
    ) -> Vec<Life> {
        let is_theirs = |life: &Life| life.usage.user() == Some(limit.user);
        let counts_for_the_user = |life: &Life| life.id == *touched && is_theirs(life);
        if !lives.iter().any(counts_for_the_user) {
            return Vec::new();
        }
        lives.retain(|life| self.is(Fault::EvictsOfAnyUser) || is_theirs(life));
        let is_last = |usage: Usage| usage.is_shared() && !self.is(Fault::EvictsSharedLikeOthers);
        lives.sort_by_key(|life| {
            let usage = life.usage;
            (is_last(usage), usage.idle_since(), life.id.clone())
        });
        if self.is(Fault::EvictsTheUsersNewest) {
            lives.reverse();
        }
        let counts_blocked =
            self.is(Fault::CountsBlockedOfUsers) || self.is(Fault::EvictsBlockedOfUsers);
        let clients = lives.iter().filter(|it| counts_blocked || !it.is_blocked);
        let clients = clients.count() as u64;
        lives.retain(|life| {
            (self.is(Fault::EvictsTheTouched) || life.id != *touched)
                && (self.is(Fault::EvictsBlockedOfUsers) || !life.is_blocked)
                && !(self.is(Fault::SparesLiveGrants) && touch.until() <= life.usage.idle_since())
        });
        let evictions = limit.evictions(clients);
        (0..evictions).zip(lives).map(|(_, life)| life).collect()
    }
}
