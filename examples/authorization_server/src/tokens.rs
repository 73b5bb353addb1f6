//! Codes, access tokens and refresh tokens. They are opaque and random, and only their digests are stored.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use oauth_dcr::{
    Client, ClientId, TenantId,
    access::ApiAccess,
    authorization::{Approval, CodeBinding},
    system::{Clock as _, RandomError, SystemClock},
    token::{Lookup, RefreshBinding, TokenDecision},
};

use crate::{
    demonstration::User,
    families::RefreshToken,
    grants::Grant,
    options::Lifetimes,
    secrets::{Digest, Secret},
    table::Table,
};

/// The most codes or tokens of each kind.
const MOST_CODES: usize = 10_000;
const MOST_TOKENS: usize = 100_000;

/// An authorization code. It can be used once.
#[derive(Clone)]
pub(crate) struct Code {
    binding: CodeBinding,
    pub(crate) grant: Arc<Grant>,
    is_used: bool,
}

impl Code {
    /// The record that the library checks.
    pub(crate) fn found(&self) -> Lookup<'_, CodeBinding> {
        if self.is_used || self.grant.is_revoked() {
            Lookup::Consumed(&self.binding)
        } else {
            Lookup::Active(&self.binding)
        }
    }
}

/// An access token.
#[derive(Clone)]
pub(crate) struct Access {
    pub(crate) given: ApiAccess,
    pub(crate) grant: Arc<Grant>,
}

/// New tokens for a client.
pub(crate) struct Issued {
    pub(crate) access_token: Secret,
    pub(crate) expires_in: Duration,
    /// The member `scope` of the answer.
    pub(crate) scope: String,
    pub(crate) refresh_token: Option<Secret>,
}

/// All codes and tokens of this process.
pub(crate) struct Tokens {
    tables: Mutex<Tables>,
    lifetimes: Lifetimes,
    pub(crate) clock: SystemClock,
}

pub(crate) struct Tables {
    codes: Table<Code>,
    pub(crate) refresh_tokens: Table<RefreshToken>,
    access_tokens: Table<Access>,
}

impl Tokens {
    pub(crate) fn new(lifetimes: Lifetimes, clock: SystemClock) -> Self {
        let tables = Tables {
            codes: Table::with_at_most(MOST_CODES),
            refresh_tokens: Table::with_at_most(MOST_TOKENS),
            access_tokens: Table::with_at_most(MOST_TOKENS),
        };
        Self {
            tables: Mutex::new(tables),
            lifetimes,
            clock,
        }
    }

    /// Issues a code for what `user` has consented to. Its record outlives the code, as long as the tokens that
    /// it leads to, so that a replay is noticed.
    pub(crate) fn issue_code(
        &self,
        approval: &Approval,
        user: &'static User,
    ) -> Result<Secret, RandomError> {
        let code = Secret::draw()?;
        let now = self.clock.now();
        if let Some(binding) = approval.code_binding(now, self.lifetimes.code) {
            let lifetimes = self.lifetimes;
            let forgotten_at = binding
                .expires_at()
                .saturating_add(lifetimes.access_token.max(lifetimes.refresh_token));
            let (tenant, client_id) = (binding.tenant().clone(), binding.client_id().clone());
            let row = Code {
                binding,
                grant: Arc::new(Grant::new(tenant, client_id, Some(user))),
                is_used: false,
            };
            let mut tables = self.tables();
            tables.codes.insert(code.digest(), row, forgotten_at, now);
        }
        Ok(code)
    }

    /// The stored record of `code`.
    pub(crate) fn find_code(&self, code: &str) -> Option<Code> {
        let mut tables = self.tables();
        tables
            .codes
            .get(Digest::of(code), self.clock.now())
            .cloned()
    }

    /// Exchanges `code` for the tokens of the decision. `None` if the code has expired, was revoked or was used
    /// before. A second use revokes the tokens of the first use, because one of the two callers is not the client
    /// (RFC 6749 section 4.1.2).
    pub(crate) fn redeem_code(
        &self,
        code: &str,
        decision: &TokenDecision,
    ) -> Result<Option<Issued>, RandomError> {
        let minted = Minted::draw()?;
        let now = self.clock.now();
        let mut tables = self.tables();
        let Some(row) = tables.codes.get(Digest::of(code), now) else {
            return Ok(None);
        };
        if mem::replace(&mut row.is_used, true) {
            row.grant.revoke();
            return Ok(None);
        }
        let grant = Arc::clone(&row.grant);
        let mut family = grant.family();
        if family.is_ended() {
            return Ok(None);
        }
        if let Some(first) = decision.refresh_family() {
            *family = first;
        }
        drop(family);
        let refresh = decision.refresh_binding(now, self.lifetimes.refresh_token);
        Ok(Some(self.issue(
            &mut tables,
            minted,
            decision,
            grant,
            refresh,
        )))
    }

    /// Issues an access token for the client itself.
    pub(crate) fn issue_to_client(&self, decision: &TokenDecision) -> Result<Issued, RandomError> {
        let minted = Minted::draw()?;
        let (tenant, client_id) = (decision.tenant().clone(), decision.client_id().clone());
        let grant = Arc::new(Grant::new(tenant, client_id, None));
        Ok(self.issue(&mut self.tables(), minted, decision, grant, None))
    }

    /// The access that `access_token` gives, if the token is valid.
    pub(crate) fn find_access(&self, access_token: &str) -> Option<Access> {
        let mut tables = self.tables();
        let key = Digest::of(access_token);
        let access = tables.access_tokens.get(key, self.clock.now())?;
        (!access.grant.is_revoked()).then(|| access.clone())
    }

    /// Revokes `token` if it belongs to the client. A refresh token is revoked with its whole family (RFC 7009
    /// section 2.1).
    pub(crate) fn revoke(&self, token: &str, client: &Client) {
        let (key, now) = (Digest::of(token), self.clock.now());
        let mut tables = self.tables();
        if let Some(row) = tables.refresh_tokens.get(key, now)
            && row.grant.is_of(client)
        {
            row.grant.revoke();
        }
        if let Some(access) = tables.access_tokens.get(key, now)
            && access.grant.is_of(client)
        {
            tables.access_tokens.remove(key);
        }
    }

    /// Ends every code and token of a client that was removed.
    pub(crate) fn revoke_all_of(&self, tenant: &TenantId, client_id: &ClientId) {
        let tables = self.tables();
        let codes = tables.codes.rows().map(|row| &row.grant);
        let refresh_tokens = tables.refresh_tokens.rows().map(|row| &row.grant);
        let access_tokens = tables.access_tokens.rows().map(|row| &row.grant);
        let grants = codes.chain(refresh_tokens).chain(access_tokens);
        for grant in grants.filter(|grant| grant.is_of_id(tenant, client_id)) {
            grant.revoke();
        }
    }

    /// Stores the tokens of `minted` that `decision` and `refresh` ask for.
    pub(crate) fn issue(
        &self,
        tables: &mut Tables,
        minted: Minted,
        decision: &TokenDecision,
        grant: Arc<Grant>,
        refresh: Option<RefreshBinding>,
    ) -> Issued {
        let now = self.clock.now();
        let lifetime = self.lifetimes.access_token;
        let access = Access {
            given: decision.access().clone(),
            grant: Arc::clone(&grant),
        };
        let key = minted.access_token.digest();
        let expires_at = now.saturating_add(lifetime);
        tables.access_tokens.insert(key, access, expires_at, now);
        let refresh_token = refresh.map(|binding| {
            let expires_at = binding.expires_at();
            let (key, row) = (
                minted.refresh_token.digest(),
                RefreshToken { binding, grant },
            );
            tables.refresh_tokens.insert(key, row, expires_at, now);
            minted.refresh_token
        });
        Issued {
            access_token: minted.access_token,
            expires_in: lifetime,
            scope: decision.scope(),
            refresh_token,
        }
    }

    /// The lock is never held across an await.
    pub(crate) fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Random tokens, made before the tables are locked because making them may fail.
pub(crate) struct Minted {
    access_token: Secret,
    refresh_token: Secret,
}

impl Minted {
    pub(crate) fn draw() -> Result<Self, RandomError> {
        Ok(Self {
            access_token: Secret::draw()?,
            refresh_token: Secret::draw()?,
        })
    }
}
