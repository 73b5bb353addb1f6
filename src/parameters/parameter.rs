/// A parameter whose value this crate reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parameter {
    Audience,
    ClientId,
    ClientAssertion,
    ClientAssertionType,
    ClientSecret,
    Code,
    CodeChallenge,
    CodeChallengeMethod,
    CodeVerifier,
    Connection,
    DeviceCode,
    GrantType,
    Nonce,
    Prompt,
    RedirectUri,
    RefreshToken,
    Resource,
    ResponseMode,
    ResponseType,
    Scope,
    State,
    Token,
}

impl Parameter {
    /// All parameters with their registered names, in the order of their declaration.
    pub(super) const ALL: [(Self, &'static str); 22] = [
        (Self::Audience, "audience"),
        (Self::ClientId, "client_id"),
        (Self::ClientAssertion, "client_assertion"),
        (Self::ClientAssertionType, "client_assertion_type"),
        (Self::ClientSecret, "client_secret"),
        (Self::Code, "code"),
        (Self::CodeChallenge, "code_challenge"),
        (Self::CodeChallengeMethod, "code_challenge_method"),
        (Self::CodeVerifier, "code_verifier"),
        (Self::Connection, "connection"),
        (Self::DeviceCode, "device_code"),
        (Self::GrantType, "grant_type"),
        (Self::Nonce, "nonce"),
        (Self::Prompt, "prompt"),
        (Self::RedirectUri, "redirect_uri"),
        (Self::RefreshToken, "refresh_token"),
        (Self::Resource, "resource"),
        (Self::ResponseMode, "response_mode"),
        (Self::ResponseType, "response_type"),
        (Self::Scope, "scope"),
        (Self::State, "state"),
        (Self::Token, "token"),
    ];

    /// The parameters whose values are secret.
    pub(super) const SECRET: [Self; 7] = [
        Self::ClientAssertion,
        Self::ClientSecret,
        Self::Code,
        Self::CodeVerifier,
        Self::DeviceCode,
        Self::RefreshToken,
        Self::Token,
    ];

    pub(super) fn from_name(name: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(_, known)| *known == name);
        found.map(|(parameter, _)| *parameter)
    }

    /// The registered name.
    pub(crate) fn as_str(self) -> &'static str {
        Self::ALL.get(self as usize).map_or("", |(_, name)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_has_its_position_and_name() {
        for (at, (parameter, name)) in Parameter::ALL.into_iter().enumerate() {
            assert_eq!(parameter as usize, at);
            assert_eq!(parameter.as_str(), name);
            assert_eq!(Parameter::from_name(name), Some(parameter));
        }
        assert_eq!(Parameter::from_name("State"), None);
    }
}
