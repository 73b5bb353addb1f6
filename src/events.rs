//! Events for logs, metrics and audit trails.
//!
//! ```
//! use std::sync::{Arc, atomic::{AtomicU64, Ordering}};
//!
//! use oauth_dcr::{
//!     events::{Event, EventSink},
//!     MemoryStore, Registrar, TenantSettings,
//! };
//!
//! #[derive(Default)]
//! struct Registrations(AtomicU64);
//!
//! impl EventSink for Registrations {
//!     fn record(&self, event: &Event<'_>) {
//!         if let Event::Registered { .. } = event {
//!             self.0.fetch_add(1, Ordering::Relaxed);
//!         }
//!     }
//! }
//!
//! let registrations = Arc::new(Registrations::default());
//! let registrar = Registrar::builder(MemoryStore::new())
//!     .tenant(TenantSettings::new().enabled())
//!     .events(Arc::clone(&registrations))
//!     .build()?;
//! # let _ = registrar;
//! # Ok::<(), oauth_dcr::settings::SettingsError>(())
//! ```
//!
//! 1. [`EventSink`] receives each [`Event`] of a registrar. A registrar may have several sinks.
//! 2. [`Change`] and [`Removal`] say what the owner changed, and why a client was removed.
//! 3. [`AuditTrail`] is a sink that turns each event into an [`AuditEvent`]: a serde value that you can store.
//!    [`AuditFact`] says what happened.
//!
//! The features `tracing` and `metrics` add sinks for logs and metrics.
//! [The guide](crate::guide::observability) describes all of them.

mod audit_event;
mod audit_trail;
mod change;
mod event;
mod event_sink;
mod removal;

pub use audit_event::{AuditEvent, AuditFact};
pub use audit_trail::AuditTrail;
pub use change::Change;
pub use event::Event;
pub use event_sink::EventSink;
pub use removal::Removal;
