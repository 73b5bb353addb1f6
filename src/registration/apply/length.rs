use crate::registration::MetadataFault;

/// The unit of a length in an error message.
pub(super) const BYTES: &str = "bytes";
pub(super) const CHARACTERS: &str = "characters";

pub(super) const fn too_long(max: usize, unit: &'static str) -> MetadataFault {
    MetadataFault::TooLong { max, unit }
}
