use crate::{
    registration::{Field, MetadataError, MetadataFault},
    settings::Unsupported,
};

/// The values of a list that this server supports, and how they are spelled.
pub(super) struct Known<'a, T> {
    pub(super) supported: &'a [T],
    pub(super) as_str: fn(T) -> &'static str,
    pub(super) is_spelled: fn(T, &str) -> bool,
}

impl<T: Copy> Known<'_, T> {
    /// The supported values in `names`, in their order. The settings decide whether an unknown name is
    /// dropped or refused. At least one value must remain.
    pub(super) fn among<S: FromIterator<T>>(
        &self,
        field: Field,
        names: &[String],
        unsupported: Unsupported,
    ) -> Result<S, MetadataError> {
        let supported_names = || {
            let supported = self.supported.iter();
            supported.map(|&value| (self.as_str)(value)).collect()
        };
        let known = |(index, name): (usize, &String)| {
            let mut supported = self.supported.iter().copied();
            match supported.find(|&value| (self.is_spelled)(value, name)) {
                Some(value) => Some(Ok(value)),
                None if unsupported == Unsupported::Filter => None,
                None => {
                    let supported = supported_names();
                    let fault = MetadataFault::Unsupported { supported };
                    Some(Err(MetadataError::at(field, index, fault)))
                }
            }
        };
        let mut remaining = names.iter().enumerate().filter_map(known).peekable();
        if remaining.peek().is_none() {
            let supported = supported_names();
            let fault = MetadataFault::NothingSupported { supported };
            return Err(MetadataError::new(field, fault));
        }
        remaining.collect()
    }
}
