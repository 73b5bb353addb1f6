//! Reading the settings of a tenant.

use serde::{Deserialize, Deserializer, de::Error as _};

use crate::settings::{TenantSettings, present_members::PresentMembers};

impl TenantSettings {
    /// Reads settings and applies their preset, without checking them.
    pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let present = PresentMembers::default();
        let mut settings = Self::deserialize(present.recording(deserializer))?;
        if let Some(preset) = settings.preset.take() {
            preset.apply(&mut settings, &present);
        }
        Ok(settings)
    }
}

impl<'de> Deserialize<'de> for TenantSettings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let settings = Self::read(deserializer)?;
        settings.check().map_err(D::Error::custom)?;
        Ok(settings)
    }
}
