/// Why a client was removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Removal {
    /// It was evicted for a new one: it was never used, or idle without a live grant.
    Evicted,
    /// Its first user had too many clients.
    UserLimit,
    /// It was unused or idle for too long.
    Swept,
    /// The owner deleted it.
    Deleted,
}

impl Removal {
    /// Its stable name, for logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Evicted => "made_room",
            Self::UserLimit => "user_limit",
            Self::Swept => "swept",
            Self::Deleted => "deleted",
        }
    }
}
