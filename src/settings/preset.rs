use crate::{
    rate_limit::Quota,
    redirect_uri::RedirectUriPolicy,
    settings::{
        RefreshTokenWhen, RefusedRedirectUris, TenantSettings, choices::Preset,
        present_members::PresentMembers,
    },
};

impl Preset {
    /// Sets the members of the preset in `settings`, except for members that the document has.
    pub(super) fn apply(self, settings: &mut TenantSettings, present: &PresentMembers) {
        match self {
            Self::Agents => set_for_agents(settings, present),
        }
    }
}

impl TenantSettings {
    /// Sets what the clients of AI agents need, like `"preset": "agents"` in JSON.
    ///
    /// - The policy [`RedirectUriPolicy::native_agents`]: it allows the schemes of agents, and any port of
    ///   `localhost`.
    /// - A refused redirect URI is dropped if another remains, because agents register every URI that any of
    ///   their versions may use.
    /// - A client that is registered for the grant `refresh_token` gets a refresh token, even if it does not
    ///   request `offline_access`. A replaced refresh token stays valid for 10 seconds.
    /// - 20 clients may register at once, because agents start all their connections at the same time.
    ///
    /// The rate of `rate_limit` is unchanged, and a limiter that is switched off stays off. Settings that
    /// are set afterwards replace these values.
    ///
    /// ```
    /// use oauth_dcr::{rate_limit::Quota, TenantSettings};
    ///
    /// let settings = TenantSettings::new().for_agents().enabled();
    /// assert_eq!(settings.registration.rate_limit, Some(Quota::new(5, 20)?));
    ///
    /// let json = r#"{ "id": "default", "preset": "agents", "registration": { "enabled": true } }"#;
    /// assert_eq!(serde_json::from_str::<TenantSettings>(json)?, settings);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn for_agents(mut self) -> Self {
        set_for_agents(&mut self, &PresentMembers::default());
        self
    }
}

fn set_for_agents(settings: &mut TenantSettings, present: &PresentMembers) {
    let registration = &mut settings.registration;
    let agents = RedirectUriPolicy::native_agents();
    if !present.contains("registration.redirect_uris.schemes") {
        registration.redirect_uris.schemes = agents.schemes;
    }
    if !present.contains("registration.redirect_uris.localhost_any_port") {
        registration.redirect_uris.localhost_any_port = agents.localhost_any_port;
    }
    if !present.contains("registration.refused_redirect_uris") {
        registration.refused_redirect_uris = RefusedRedirectUris::Narrow;
    }
    if !present.contains("registration.rate_limit.burst") {
        registration.rate_limit = registration.rate_limit.map(Quota::with_burst_of_agents);
    }
    if !present.contains("refresh_token_when") {
        settings.refresh_token_when = RefreshTokenWhen::Registered;
    }
    if !present.contains("refresh_token_leeway_seconds") {
        settings.refresh_token_leeway_seconds = 10;
    }
}
