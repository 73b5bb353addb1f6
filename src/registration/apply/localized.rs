use crate::{
    registration::{
        Field, LocalizedText, MetadataError, MetadataFault,
        apply::length::{BYTES, CHARACTERS, too_long},
        request::RequestedText,
    },
    settings::MetadataLimits,
    types::{ClientName, ClientNameError, LanguageTag, WebUri},
};

/// Checks the number of names and addresses. There can be one for each language, so it needs a limit.
pub(super) fn bounded(
    texts: Vec<RequestedText>,
    limits: &MetadataLimits,
) -> Result<Vec<RequestedText>, MetadataError> {
    let max = limits.localized;
    match texts.get(max) {
        Some(excess) => Err(MetadataError::new(
            excess.field,
            MetadataFault::TooMany { max },
        )),
        None => Ok(texts),
    }
}

/// Checks a name or an address for people. An empty text counts as absent.
pub(super) fn text(
    text: RequestedText,
    limits: &MetadataLimits,
) -> Result<Option<LocalizedText>, MetadataError> {
    let RequestedText {
        field,
        language,
        value,
    } = text;
    let refuse = |fault: MetadataFault| MetadataError::new(field, fault);
    let language = language.map(LanguageTag::parse).transpose();
    let language = language.map_err(|_| refuse(MetadataFault::InvalidLanguageTag))?;
    let value = if field == Field::ClientName {
        let max = limits.client_name_chars;
        ClientName::parse(&value, max)
            .map_err(|error| match error {
                ClientNameError::TooLong => refuse(too_long(max, CHARACTERS)),
                error => refuse(error.into()),
            })?
            .map(|name| name.as_str().into())
    } else {
        let max = limits.uri_bytes;
        if value.len() > max {
            return Err(refuse(too_long(max, BYTES)));
        }
        let parse = |value| WebUri::parse(value).map_err(|error| refuse(error.into()));
        Some(value)
            .filter(|value| !value.is_empty())
            .map(parse)
            .transpose()?
            .map(|uri| uri.as_str().into())
    };
    Ok(value.map(|value| LocalizedText {
        field,
        language,
        value,
    }))
}
