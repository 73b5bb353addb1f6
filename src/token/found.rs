use crate::types::{ClientId, TenantId, Timestamp};

/// What the host found under a presented code or device code.
///
/// ```
/// use oauth_dcr::{authorization::CodeBinding, token::Found};
///
/// struct Row {
///     binding: CodeBinding,
///     is_used: bool,
/// }
///
/// fn found(row: Option<&Row>) -> Found<'_, CodeBinding> {
///     match row {
///         None => Found::Nothing,
///         Some(row) if row.is_used => Found::Used(&row.binding),
///         Some(row) => Found::Unused(&row.binding),
///     }
/// }
/// # assert!(matches!(found(None), Found::Nothing));
/// ```
#[derive(Debug)]
pub enum Found<'a, B> {
    /// Nothing: it never was, or is forgotten.
    Nothing,
    /// This, which is still good as far as the host knows.
    Unused(&'a B),
    /// This, but the code was redeemed: keep such a row for as long as what came of it lives, so that a
    /// replay is noticed.
    Used(&'a B),
}

// It holds a reference: a copy needs no copy of what was found.
impl<B> Clone for Found<'_, B> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<B> Copy for Found<'_, B> {}

/// What every binding says.
pub(super) trait Bound {
    fn tenant(&self) -> &TenantId;
    fn client_id(&self) -> &ClientId;
    fn expires_at(&self) -> Timestamp;
}
