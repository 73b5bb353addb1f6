use crate::types::{ClientId, TenantId, Timestamp};

/// The result of looking up a code or device code.
///
/// ```
/// use oauth_dcr::{authorization::CodeBinding, token::Lookup};
///
/// struct Row {
///     binding: CodeBinding,
///     is_used: bool,
/// }
///
/// fn found(row: Option<&Row>) -> Lookup<'_, CodeBinding> {
///     match row {
///         None => Lookup::NotFound,
///         Some(row) if row.is_used => Lookup::Consumed(&row.binding),
///         Some(row) => Lookup::Active(&row.binding),
///     }
/// }
/// # assert!(matches!(found(None), Lookup::NotFound));
/// ```
#[derive(Debug)]
pub enum Lookup<'a, B> {
    /// There is no such code: it was never issued, or its row was deleted.
    NotFound,
    /// The code was issued and has not been used.
    Active(&'a B),
    /// The code was redeemed. Keep the row for as long as the tokens that came from the code live, so that a replay
    /// is noticed.
    Consumed(&'a B),
}

// Derived impls would require that `B` is `Clone` and `Copy`, but only a reference is copied.
impl<B> Clone for Lookup<'_, B> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<B> Copy for Lookup<'_, B> {}

/// The data that every binding has.
pub(super) trait Bound {
    fn tenant(&self) -> &TenantId;
    fn client_id(&self) -> &ClientId;
    fn expires_at(&self) -> Timestamp;
}
