//! Authorizations under way: what a browser was asked and has not answered yet.
//!
//! Each has a session of its own, so that two tabs do not disturb each other. What is decided stays
//! here; the browser has an id to name it by, a cookie that shows that it is the same browser, and
//! in each form a token that shows that the form came from here and is sent once. A user who signs in
//! gets another cookie, so that a cookie that was planted before is worth nothing.

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

/// The most that there are. Each may hold some kilobytes of what a client sent.
const MOST: usize = 2_000;

/// What a browser was asked.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) decision: AuthorizationDecision,
    pub(crate) client: Arc<Client>,
    /// Who has signed in.
    pub(crate) user: Option<&'static User>,
    cookie: SecretDigest,
    /// Of the form that was shown last, until it is sent.
    form_token: Option<SecretDigest>,
}

impl Session {
    /// Whether it was begun at this tenant, by the browser that has this cookie.
    fn is_of(&self, tenant: &TenantId, cookie: &str) -> bool {
        self.cookie.matches(cookie) && self.decision.tenant() == tenant
    }
}

/// What a browser brings to show that a session is its own.
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

    /// The session, to show its next page, and the token for the form there. Forms that were shown
    /// before are good no longer. `None` if there is no such session, or it is another browser's or
    /// another tenant's.
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

    /// Takes a form that was sent: what its session is about. `None` if it is not the one that was
    /// shown last to this browser, or was sent before.
    pub(crate) fn take_form(&self, tenant: &TenantId, ticket: &Ticket) -> Option<Session> {
        let mut table = self.table();
        let session = table.get(Digest::of(&ticket.id), self.clock.now())?;
        // A form from elsewhere does not use up the one that the user looks at.
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

    /// Notes who has signed in, or that nobody has: the new cookie of the session. `None` if it has
    /// ended meanwhile.
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

    /// Held for a look or a change, never while anything is waited for.
    fn table(&self) -> MutexGuard<'_, Table<Session>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
