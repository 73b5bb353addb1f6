use std::fmt;

/// A well-formed BCP 47 language tag (RFC 5646 section 2.2.9), kept as it was written.
///
/// Two tags that differ only in letter case are equal.
///
/// ```
/// use oauth_dcr::types::LanguageTag;
///
/// assert_eq!(LanguageTag::parse("ja-Jpan-JP")?, LanguageTag::parse("JA-jpan-jp")?);
/// assert!(LanguageTag::parse("not a tag").is_err());
/// # Ok::<(), oauth_dcr::types::InvalidLanguageTag>(())
/// ```
#[derive(Clone)]
pub struct LanguageTag(Box<str>);

/// A text is not a well-formed language tag by BCP 47.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the language tag is not well-formed by BCP 47")]
pub struct InvalidLanguageTag;

impl LanguageTag {
    /// The length of the longest tag, in bytes. RFC 5646 section 4.4.1 requires room for 35, and real
    /// tags with private-use subtags are longer.
    pub const MAX_BYTES: usize = 100;

    /// Reads the language tag in `text`.
    ///
    /// # Errors
    /// [`InvalidLanguageTag`] if `text` is not well-formed, or longer than [`Self::MAX_BYTES`].
    pub fn parse(text: impl Into<String>) -> Result<Self, InvalidLanguageTag> {
        let text = text.into();
        if text.len() > Self::MAX_BYTES {
            return Err(InvalidLanguageTag);
        }
        match oxilangtag::LanguageTag::parse(text.as_str()) {
            Ok(_) => Ok(Self(text.into_boxed_str())),
            Err(_) => Err(InvalidLanguageTag),
        }
    }

    /// The tag of a stored client. It was well-formed by the rules of the time when the client
    /// registered, so it is not checked again.
    pub(crate) fn restore(text: String) -> Self {
        Self(text.into_boxed_str())
    }

    /// The tag as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PartialEq for LanguageTag {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for LanguageTag {}

impl fmt::Debug for LanguageTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LanguageTag({:?})", &*self.0)
    }
}
