use crate::{
    registration::{Field, MetadataError, MetadataFault},
    settings::Unsupported,
};

/// The words of a list that this server supports, and how they are spelled.
pub(super) struct Known<'a, T> {
    pub(super) words: &'a [T],
    pub(super) as_str: fn(T) -> &'static str,
    pub(super) is_spelled: fn(T, &str) -> bool,
}

impl<T: Copy> Known<'_, T> {
    /// The known words among `names`, in their order. An unknown one is dropped or, where the settings
    /// say so, refused; and something has to be left.
    pub(super) fn among<S: FromIterator<T>>(
        &self,
        field: Field,
        names: &[String],
        unsupported: Unsupported,
    ) -> Result<S, MetadataError> {
        let supported = || self.words.iter().map(|&it| (self.as_str)(it)).collect();
        let known = |(index, name): (usize, &String)| {
            let mut words = self.words.iter().copied();
            match words.find(|&it| (self.is_spelled)(it, name)) {
                Some(word) => Some(Ok(word)),
                None if unsupported == Unsupported::Filter => None,
                None => {
                    let supported = supported();
                    let fault = MetadataFault::Unsupported { supported };
                    Some(Err(MetadataError::at(field, index, fault)))
                }
            }
        };
        let mut kept = names.iter().enumerate().filter_map(known).peekable();
        if kept.peek().is_none() {
            let supported = supported();
            let fault = MetadataFault::NothingSupported { supported };
            return Err(MetadataError::new(field, fault));
        }
        kept.collect()
    }
}
