use crate::types::{ClientId, TenantId, Timestamp};

/// What the host found under a presented code or device code.
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
    /// There is no such code: it was never issued, or is forgotten.
    NotFound,
    /// The code is good, as far as the host knows.
    Active(&'a B),
    /// The code was redeemed. Keep such a row for as long as the tokens that came of it live, so that a
    /// replay is noticed.
    Consumed(&'a B),
}

// It holds a reference: a copy needs no copy of what was found.
impl<B> Clone for Lookup<'_, B> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<B> Copy for Lookup<'_, B> {}

/// What every binding says.
pub(super) trait Bound {
    fn tenant(&self) -> &TenantId;
    fn client_id(&self) -> &ClientId;
    fn expires_at(&self) -> Timestamp;
}
