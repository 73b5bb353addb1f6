use serde::{Deserialize, Deserializer, de::Error as _};

use crate::{
    registration::{ClientMetadata, MetadataError, RegistrationRequest, json::ObjectReader},
    settings::RegistrationSettings,
    values::SecurityMode,
};

/// Metadata as a store gives it back.
///
/// It was valid when it was stored, and is read by the same rules; but a limit that is tighter now,
/// or a scheme that is no longer on the list, must not make a client unreadable.
#[derive(Debug)]
pub(crate) struct StoredMetadata(RegistrationRequest);

impl StoredMetadata {
    pub(crate) fn restore(self, mode: SecurityMode) -> Result<ClientMetadata, MetadataError> {
        RegistrationSettings::of_stored(mode).apply(self.0)
    }
}

impl<'de> Deserialize<'de> for StoredMetadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut reader = ObjectReader::default();
        deserializer.deserialize_any(&mut reader)?;
        reader.finish().map(Self).map_err(D::Error::custom)
    }
}
