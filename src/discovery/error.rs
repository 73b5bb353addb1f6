/// The host's metadata document and the tenant's settings don't go together.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerMetadataError {
    /// The tenant's settings have no `issuer`, which a metadata document can't be without.
    #[error("the tenant's settings have no issuer")]
    NoIssuer,
    /// The document can't be written as JSON; the source says why.
    #[error("the metadata document can't be written as JSON")]
    Unwritable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The document is not a JSON object.
    #[error("the metadata document is not a JSON object")]
    NotAnObject,
    /// A member says something else than the tenant's settings do.
    #[error("{member} is not what the tenant's settings say")]
    Differs {
        /// `issuer` or `registration_endpoint`.
        member: &'static str,
    },
    /// A member is not of its type.
    #[error("{member} is not a list of strings")]
    NotAList {
        /// Its name.
        member: &'static str,
    },
    /// Of a list, nothing is left that a client could use which registers now.
    #[error("nothing in {member} would be accepted of a registered client")]
    NothingLeft {
        /// Its name.
        member: &'static str,
    },
    /// A member demands what is refused, so that no registered client could do anything; or it would
    /// take precedence over the rest.
    #[error("{member} can't stand beside dynamic client registration")]
    Irreconcilable {
        /// Its name.
        member: &'static str,
    },
}
