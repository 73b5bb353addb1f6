//! Authorizations under way: requests that wait for the user's decision.
//!
//! Each request has a session of its own, so that two tabs do not disturb each other. The decision stays in
//! this process. The browser has the id of the session and a cookie that proves that it is the same browser.
//! Each form has a token that proves that the form came from here and is sent once. A user who signs in gets a
//! new cookie, so that a cookie planted by somebody else is worthless.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use oauth_dcr::{
    Client, TenantId,
    authorization::AuthorizationDecision,
    system::{Clock as _, RandomError, SystemClock},
    types::SecretDigest,
};

use crate::{
    demonstration::User,
    secrets::{Digest, Secret},
    table::Table,
};

/// The most sessions at a time. A session may hold some kilobytes from the client.
const MOST: usize = 2_000;

/// A request that waits for the user.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) decision: AuthorizationDecision,
    pub(crate) client: Arc<Client>,
    /// Who has signed in.
    pub(crate) user: Option<&'static User>,
    cookie: SecretDigest,
    /// The token of the last form, until the form is sent.
    form_token: Option<SecretDigest>,
}

impl Session {
    /// Whether the session began at this tenant in the browser that has this cookie.
    fn is_of(&self, tenant: &TenantId, cookie: &str) -> bool {
        self.cookie.matches(cookie) && self.decision.tenant() == tenant
    }
}

/// What a browser sends to prove that a session belongs to it.
pub(crate) struct Ticket {
    pub(crate) id: String,
    pub(crate) cookie: String,
    /// From the form.
    pub(crate) token: String,
}

/// The two secrets of a new session. The id alone opens nothing.
pub(crate) struct Begun {
    pub(crate) id: Secret,
    pub(crate) cookie: Secret,
}

pub(crate) struct Sessions {
    table: Mutex<Table<Session>>,
    lifetime: Duration,
    clock: SystemClock,
}

impl Sessions {
    pub(crate) fn new(lifetime: Duration, clock: SystemClock) -> Self {
        Self {
            table: Mutex::new(Table::with_at_most(MOST)),
            lifetime,
            clock,
        }
    }

    pub(crate) fn begin(
        &self,
        decision: AuthorizationDecision,
        client: Arc<Client>,
    ) -> Result<Begun, RandomError> {
        let (id, cookie) = (Secret::draw()?, Secret::draw()?);
        let session = Session {
            decision,
            client,
            user: None,
            cookie: SecretDigest::of(cookie.expose()),
            form_token: None,
        };
        let now = self.clock.now();
        let expires_at = now.saturating_add(self.lifetime);
        let mut table = self.table();
        table.insert(id.digest(), session, expires_at, now);
        Ok(Begun { id, cookie })
    }

    /// The session and a token for the form on its next page. Earlier forms are no longer valid. `None` if the
    /// session does not exist or belongs to another browser or tenant.
    pub(crate) fn show(
        &self,
        tenant: &TenantId,
        id: &str,
        cookie: &str,
    ) -> Result<Option<(Session, Secret)>, RandomError> {
        let token = Secret::draw()?;
        let mut table = self.table();
        let found = table.get(Digest::of(id), self.clock.now());
        let Some(session) = found.filter(|it| it.is_of(tenant, cookie)) else {
            return Ok(None);
        };
        session.form_token = Some(SecretDigest::of(token.expose()));
        Ok(Some((session.clone(), token)))
    }

    /// Takes a form that was sent, and returns its session. `None` if the form is not the last form that this
    /// browser was shown, or was sent before.
    pub(crate) fn take_form(&self, tenant: &TenantId, ticket: &Ticket) -> Option<Session> {
        let mut table = self.table();
        let session = table.get(Digest::of(&ticket.id), self.clock.now())?;
        // A forged form does not use up the form on the user's screen.
        let is_own = session.is_of(tenant, &ticket.cookie);
        let is_it = session
            .form_token
            .is_some_and(|it| it.matches(&ticket.token));
        if !(is_own && is_it) {
            return None;
        }
        session.form_token = None;
        Some(session.clone())
    }

    /// Signs `user` in, or out if `user` is `None`, and returns the new cookie of the session. `None` if the
    /// session has ended.
    pub(crate) fn sign_in(
        &self,
        ticket: &Ticket,
        user: Option<&'static User>,
    ) -> Result<Option<Secret>, RandomError> {
        let cookie = Secret::draw()?;
        let mut table = self.table();
        let Some(session) = table.get(Digest::of(&ticket.id), self.clock.now()) else {
            return Ok(None);
        };
        session.user = user;
        session.cookie = SecretDigest::of(cookie.expose());
        Ok(Some(cookie))
    }

    pub(crate) fn end(&self, ticket: &Ticket) {
        self.table().remove(Digest::of(&ticket.id));
    }

    /// The lock is never held across an await.
    fn table(&self) -> MutexGuard<'_, Table<Session>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
