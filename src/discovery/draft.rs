use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::discovery::ServerMetadataError as Error;

/// Endpoints for clients that present a certificate, by name (RFC 8705 section 5).
const ALIASES: &str = "mtls_endpoint_aliases";

/// A list that stays although nothing is in it. RFC 8414 section 2 requires it, and clients that don't
/// find it assume `code`, or fail.
const REQUIRED: &str = "response_types_supported";

/// The host's document, while it is changed member by member.
pub(super) struct Draft(Map<String, Value>);

impl Draft {
    pub(super) fn of(document: impl Serialize) -> Result<Self, Error> {
        let written = serde_json::to_value(document);
        match written.map_err(|error| Error::Unwritable(error.into()))? {
            Value::Object(mut members) => {
                // Types with optional members write `null` for what they leave out.
                leave_out_nulls(&mut members);
                if let Some(Value::Object(aliases)) = members.get_mut(ALIASES) {
                    leave_out_nulls(aliases);
                }
                Ok(Self(members))
            }
            _ => Err(Error::NotAnObject),
        }
    }

    /// The document to serve. Empty lists are left out (RFC 8414 section 3.2, OpenID Connect Discovery
    /// section 4.2).
    pub(super) fn into_value(mut self) -> Value {
        self.0
            .retain(|member, value| member == REQUIRED || *value != json!([]));
        if self.0.get(ALIASES).is_some_and(|it| *it == json!({})) {
            self.0.remove(ALIASES);
        }
        Value::Object(self.0)
    }

    pub(super) fn has(&self, member: &str) -> bool {
        self.0.contains_key(member)
    }

    pub(super) fn set(&mut self, member: &str, value: impl Into<Value>) {
        self.0.insert(member.to_owned(), value.into());
    }

    /// The member is this text; the host's document says so, or nothing.
    pub(super) fn agree(&mut self, member: &'static str, text: &str) -> Result<(), Error> {
        match self.0.get(member) {
            Some(other) if other != text => Err(Error::Differs { member }),
            _ => {
                self.set(member, text);
                Ok(())
            }
        }
    }

    /// Neither the member nor, if it is an endpoint, another address of it.
    pub(super) fn remove(&mut self, member: &str) {
        self.0.remove(member);
        if let Some(Value::Object(aliases)) = self.0.get_mut(ALIASES) {
            aliases.remove(member);
        }
    }

    /// The member is not there, or is `false`.
    pub(super) fn forbid(&self, member: &'static str) -> Result<(), Error> {
        match self.0.get(member) {
            None | Some(Value::Bool(false)) => Ok(()),
            Some(_) => Err(Error::Irreconcilable { member }),
        }
    }

    /// The values of a list that pass, in their order; `None` if there is no list.
    pub(super) fn passing(
        &self,
        member: &'static str,
        passes: impl Fn(&str) -> bool,
    ) -> Result<Option<Vec<String>>, Error> {
        let not_a_list = || Error::NotAList { member };
        let Some(value) = self.0.get(member) else {
            return Ok(None);
        };
        let texts = value.as_array().ok_or_else(not_a_list)?.iter();
        let texts = texts.map(|text| text.as_str().ok_or_else(not_a_list));
        let texts: Vec<&str> = texts.collect::<Result<_, _>>()?;
        let passing = texts.into_iter().filter(|text| passes(text));
        Ok(Some(passing.map(ToOwned::to_owned).collect()))
    }

    /// Narrows a list to the values that pass; a list that the document leaves out is `otherwise`.
    /// Something has to be left: without the list, clients would assume what is not so.
    pub(super) fn narrow(
        &mut self,
        member: &'static str,
        otherwise: &[&str],
        passes: impl Fn(&str) -> bool,
    ) -> Result<Vec<String>, Error> {
        let left = self.passing(member, passes)?;
        let left = left.unwrap_or_else(|| owned(otherwise));
        if left.is_empty() {
            return Err(Error::NothingLeft { member });
        }
        self.set(member, left.clone());
        Ok(left)
    }

    /// The same for a list that may end up empty.
    pub(super) fn prune(
        &mut self,
        member: &'static str,
        otherwise: &[&str],
        passes: impl Fn(&str) -> bool,
    ) -> Result<(), Error> {
        let left = self.passing(member, passes)?;
        let left = left.unwrap_or_else(|| owned(otherwise));
        self.set(member, left);
        Ok(())
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

fn leave_out_nulls(members: &mut Map<String, Value>) {
    members.retain(|_, value| !value.is_null());
}
