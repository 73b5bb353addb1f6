use serde::{Deserialize, Serialize};

use super::allowed_scheme::AllowedScheme;

/// Which redirect URIs a client may register, and whether a loopback port may differ in a later request.
///
/// ```
/// use oauth_dcr::redirect_uri::{AllowedScheme, RedirectUriPolicy, RedirectUri};
///
/// let mut policy = RedirectUriPolicy::default();
/// assert!(RedirectUri::parse("cursor://anysphere.cursor-mcp/cb", &policy).is_err());
///
/// policy.schemes.push(AllowedScheme::parse("cursor")?);
/// assert!(RedirectUri::parse("cursor://anysphere.cursor-mcp/cb", &policy).is_ok());
/// # Ok::<(), oauth_dcr::redirect_uri::InvalidScheme>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RedirectUriPolicy {
    /// The most redirect URIs in one registration, duplicates counted. Default 32.
    pub max: usize,
    /// The longest redirect URI, in bytes. Default 2048.
    pub max_bytes: usize,
    /// Private-use schemes that are allowed although they have no dot, or although the client registers
    /// as `web`. Default none.
    pub schemes: Vec<AllowedScheme>,
    /// Whether https hosts with one label, such as `https://intranet/`, are allowed. `localhost` is
    /// always allowed. Default `false`.
    pub single_label_hosts: bool,
    /// Whether the port of `http://127.0.0.1` and `http://[::1]` may differ from the registered
    /// port (RFC 8252 section 7.3). Default `true`.
    pub loopback_any_port: bool,
    /// Whether the port of `http://localhost` may differ from the registered port. Default `false`.
    pub localhost_any_port: bool,
}

impl Default for RedirectUriPolicy {
    fn default() -> Self {
        Self {
            max: 32,
            max_bytes: 2048,
            schemes: Vec::new(),
            single_label_hosts: false,
            loopback_any_port: true,
            localhost_any_port: false,
        }
    }
}

impl RedirectUriPolicy {
    /// The policy for native agents: the port of `localhost` may differ too, and the schemes `cursor`,
    /// `vscode`, `vscode-insiders` and `windsurf` are allowed.
    ///
    /// Any program on the user's device can claim such a scheme, and another user of the device can
    /// listen on `localhost`. PKCE makes the code useless to both.
    pub fn native_agents() -> Self {
        Self {
            schemes: AllowedScheme::of_native_agents().into(),
            localhost_any_port: true,
            ..Self::default()
        }
    }

    /// Whether the port of http to the loopback host `host` may differ from the registered one.
    pub(super) fn lets_port_differ(&self, host: &str) -> bool {
        if host == "localhost" {
            self.localhost_any_port
        } else {
            self.loopback_any_port
        }
    }

    /// Whether the policy lists `scheme`, in any letter case.
    pub(crate) fn lists(&self, scheme: &str) -> bool {
        let is_listed = |listed: &AllowedScheme| listed.as_str().eq_ignore_ascii_case(scheme);
        self.schemes.iter().any(is_listed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dangerous_scheme_in_json_is_refused() {
        let json = r#"{"schemes": ["javascript"]}"#;
        assert!(serde_json::from_str::<RedirectUriPolicy>(json).is_err());
    }

    #[test]
    fn schemes_of_the_preset_can_be_listed() {
        for scheme in RedirectUriPolicy::native_agents().schemes {
            assert_eq!(AllowedScheme::parse(scheme.as_str()), Ok(scheme));
        }
    }
}
