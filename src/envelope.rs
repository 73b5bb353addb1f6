//! The envelope of a document that a host stores during one request and passes back in a later request.
//! It has a version and a checksum, so that a row that was truncated, mixed up or edited is refused.
//!
//! The checksum is not a signature: an attacker who can write to the host's store can also write a checksum.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeOwned, Error as _},
    ser::Error as _,
};
use sha2::{Digest as _, Sha256};

/// The content of a document in an envelope.
pub(crate) trait Envelope: Serialize + DeserializeOwned {
    /// The kind of the document, so that a document of another kind is refused.
    const KIND: &'static str;
}

/// The version that is written. Any other version is refused.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Written<'a, T> {
    version: u32,
    kind: &'static str,
    checksum: String,
    content: &'a T,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read<T> {
    version: u32,
    kind: String,
    checksum: String,
    content: T,
}

/// Writes `content` in an envelope, for `#[serde(with = "envelope")]`.
pub(crate) fn serialize<T: Envelope, S: Serializer>(
    content: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let written = Written {
        version: VERSION,
        kind: T::KIND,
        checksum: checksum(content).map_err(S::Error::custom)?,
        content,
    };
    written.serialize(serializer)
}

/// Reads the content of an envelope that [`serialize`] wrote, and refuses any other document.
pub(crate) fn deserialize<'de, T: Envelope, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    let read = Read::<T>::deserialize(deserializer)?;
    if read.version != VERSION {
        return Err(D::Error::custom("the document has an unknown version"));
    }
    if read.kind != T::KIND {
        return Err(D::Error::custom("the document is of another kind"));
    }
    if checksum(&read.content).map_err(D::Error::custom)? != read.checksum {
        return Err(D::Error::custom(
            "the document was changed after it was written",
        ));
    }
    Ok(read.content)
}

/// The checksum of the content as JSON. The same content always becomes the same JSON.
fn checksum<T: Envelope>(content: &T) -> Result<String, serde_json::Error> {
    let mut hash = Sha256::new_with_prefix(T::KIND);
    hash.update(VERSION.to_be_bytes());
    hash.update(serde_json::to_vec(content)?);
    Ok(URL_SAFE_NO_PAD.encode(hash.finalize()))
}
