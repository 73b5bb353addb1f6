/// The host's metadata document contradicts the tenant's settings.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerMetadataError {
    /// The tenant's settings have no `issuer`, which every metadata document needs.
    #[error("the tenant's settings have no issuer")]
    NoIssuer,
    /// The document can't be written as JSON. The source says why.
    #[error("the metadata document can't be written as JSON")]
    Unwritable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The document is not a JSON object.
    #[error("the metadata document is not a JSON object")]
    NotAnObject,
    /// A member differs from the tenant's settings.
    #[error("{member} differs from the tenant's settings")]
    Differs {
        /// `issuer` or `registration_endpoint`.
        member: &'static str,
    },
    /// A member has the wrong type.
    #[error("{member} is not a list of strings")]
    NotAList {
        /// The name of the member.
        member: &'static str,
    },
    /// A list has no value that a newly registered client could use.
    #[error("{member} has no value that a registered client could use")]
    NothingLeft {
        /// The name of the member.
        member: &'static str,
    },
    /// A member requires something that is refused, so no registered client could do anything. Or the member
    /// would take precedence over the rest of the document.
    #[error("{member} is not compatible with dynamic client registration")]
    Irreconcilable {
        /// The name of the member.
        member: &'static str,
    },
}
