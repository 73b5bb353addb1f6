//! Registering in the same process.

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use oauth_dcr::{Registrar, RegistrationError, acl::Signals, tenants::TenantSelector};

/// Registers the client of a request body, and returns the body of the answer.
pub fn register(registrar: &Registrar, body: &[u8]) -> Result<Bytes, RegistrationError> {
    block_on(async {
        let selector = TenantSelector::Host(Some("auth.example.com"));
        let admission = registrar.admit(selector, Signals::new()).await?;
        let registered = admission.register_json(body).await?;
        Ok(registered.into_json())
    })
}

/// Polls the future until it is ready, without a runtime, which would be measured too. The store in memory never
/// waits, so the first poll is the last.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}
