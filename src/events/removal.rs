/// The reason for the removal of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Removal {
    /// The client was evicted for a new client, because it was never used, or idle without a live grant.
    Evicted,
    /// The first user of the client had too many clients.
    UserLimit,
    /// The client was unused or idle for too long.
    Swept,
    /// The owner deleted the client.
    Deleted,
}

impl Removal {
    /// The stable name of the reason, for logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Evicted => "made_room",
            Self::UserLimit => "user_limit",
            Self::Swept => "swept",
            Self::Deleted => "deleted",
        }
    }
}
