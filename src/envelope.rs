//! The envelope of a document that a host stores between two requests and hands back later. It has a
//! version and a checksum, so that a row that was cut, mixed up or edited is refused instead of half
//! believed.
//!
//! The checksum is no signature. An attacker who can write to the host's store can write a checksum, too.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeOwned, Error as _},
    ser::Error as _,
};
use sha2::{Digest as _, Sha256};

/// The content of a document in an envelope.
pub(crate) trait Envelope: Serialize + DeserializeOwned {
    /// What it is, so that one document is never taken for another.
    const KIND: &'static str;
}

/// The form that is written. One that is not known is refused, not guessed at.
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

/// Writes `content` as a document: for `#[serde(with = "envelope")]`.
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

/// Reads what was written, and nothing else.
pub(crate) fn deserialize<'de, T: Envelope, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    let read = Read::<T>::deserialize(deserializer)?;
    if read.version != VERSION {
        return Err(D::Error::custom(
            "a document of a version that is not known",
        ));
    }
    if read.kind != T::KIND {
        return Err(D::Error::custom("a document of another kind"));
    }
    if checksum(&read.content).map_err(D::Error::custom)? != read.checksum {
        return Err(D::Error::custom("a document that was changed"));
    }
    Ok(read.content)
}

/// Over the content as JSON, which is written in one way only.
fn checksum<T: Envelope>(content: &T) -> Result<String, serde_json::Error> {
    let mut hash = Sha256::new_with_prefix(T::KIND);
    hash.update(VERSION.to_be_bytes());
    hash.update(serde_json::to_vec(content)?);
    Ok(URL_SAFE_NO_PAD.encode(hash.finalize()))
}
