//! Texts that tell a user what to do about a refusal, in plain words.

use crate::{access::AccessError, authorization::AuthorizationError};

const FAULTY_REQUEST: &str = "The application sent a request that this service cannot accept. \
    You cannot fix this yourself. Send the technical description on this page to the people who make \
    the application.";

const NOT_OPENED: &str = "The application needs a part of this service that is not open to \
    applications. The application has done nothing wrong. Ask the people who run this service to \
    open it.";

impl AuthorizationError {
    /// Tells the user what they can do, for the page that shows the refusal.
    ///
    /// The text is a few short sentences in plain English, and never contains the client's own text. `Display` is
    /// for the developers of the client.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::UnknownClient => {
                "In the application, remove the connection to this service and add it again. The \
                 application then registers again."
            }
            Self::Blocked | Self::Access(AccessError::NotForClient) => {
                "The people who run this service have blocked the application. If you need the \
                 application, ask them to allow it."
            }
            Self::RedirectUriNotRegistered | Self::LocalhostPort | Self::LoopbackPort => {
                "The application wants the answer sent to an address that it did not register, so \
                 nothing was sent. If you have just started this in the application yourself, remove \
                 the connection to this service there and add it again. Otherwise close this page."
            }
            Self::NoConnection => {
                "This service has no sign-in method that applications can use. The application has \
                 done nothing wrong. Ask the people who run this service."
            }
            Self::ConsentRequired => {
                "The application tried to connect without asking you, and this service does not allow \
                 that. In the application, sign in again."
            }
            Self::Denied => {
                "The application did not get access. If you change your mind, start again in the \
                 application."
            }
            Self::LoginRequired => {
                "You have to sign in first. Go back to the application and start again."
            }
            Self::ServerError => {
                "Something went wrong in this service. The application has done nothing wrong. Start \
                 again in the application. If that does not help, tell the people who run this \
                 service."
            }
            Self::TemporarilyUnavailable => {
                "This service is too busy, or is being repaired. Wait a few minutes, then start again \
                 in the application."
            }
            Self::Access(error) => of_access(error),
            Self::TooLarge
            | Self::Unreadable
            | Self::ClientIdRequired
            | Self::RedirectUriRequired
            | Self::Repeated { .. }
            | Self::MalformedValue { .. }
            | Self::NotSupported { .. }
            | Self::UnknownParameter
            | Self::ResponseTypeRequired
            | Self::UnsupportedResponseType
            | Self::ResponseTypeNotRegistered
            | Self::UnsupportedResponseMode
            | Self::NonceRequired
            | Self::ChallengeRequired
            | Self::MalformedChallenge
            | Self::UnsupportedChallengeMethod
            | Self::ConnectionNotAvailable => FAULTY_REQUEST,
        }
    }
}

const fn of_access(error: AccessError) -> &'static str {
    match error {
        AccessError::Closed | AccessError::NoGrant | AccessError::NothingOpen => NOT_OPENED,
        AccessError::UnknownApi => {
            "The application asked for something that this service does not have. Check the address \
             that you entered in the application. If it is right, tell the people who make the \
             application what the technical description says."
        }
        AccessError::NothingLeft => {
            "This service gives the application none of the permissions that it asked for. Ask the \
             people who run this service which permissions applications can have."
        }
        AccessError::ApiRequired
        | AccessError::ApisDiffer
        | AccessError::SeveralResources
        | AccessError::NotForClient
        | AccessError::MalformedScope
        | AccessError::NotGiven
        | AccessError::OtherApi => FAULTY_REQUEST,
    }
}
