use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::discovery::ServerMetadataError as Error;

/// Endpoints for clients that present a certificate, by name (RFC 8705 section 5).
const ALIASES: &str = "mtls_endpoint_aliases";

/// A list that is written even if it is empty. RFC 8414 section 2 requires it, and clients that do not find
/// it assume `code`, or fail.
const REQUIRED: &str = "response_types_supported";

/// The host's document, while it is changed member by member.
pub(super) struct Draft(Map<String, Value>);

impl Draft {
    pub(super) fn of(document: impl Serialize) -> Result<Self, Error> {
        let written = serde_json::to_value(document);
        match written.map_err(|error| Error::Unwritable(error.into()))? {
            Value::Object(mut members) => {
                // Types with optional members write `null` for absent members.
                remove_nulls(&mut members);
                if let Some(Value::Object(aliases)) = members.get_mut(ALIASES) {
                    remove_nulls(aliases);
                }
                Ok(Self(members))
            }
            _ => Err(Error::NotAnObject),
        }
    }

    /// The document to serve, without empty lists (RFC 8414 section 3.2, OpenID Connect Discovery
    /// section 4.2).
    pub(super) fn into_value(mut self) -> Value {
        self.0
            .retain(|member, value| member == REQUIRED || *value != json!([]));
        if self
            .0
            .get(ALIASES)
            .is_some_and(|aliases| *aliases == json!({}))
        {
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

    /// Sets the member to this text. The host's document must have the same text, or no such member.
    pub(super) fn agree(&mut self, member: &'static str, text: &str) -> Result<(), Error> {
        match self.0.get(member) {
            Some(other) if other != text => Err(Error::Differs { member }),
            _ => {
                self.set(member, text);
                Ok(())
            }
        }
    }

    /// Removes the member. If it is an endpoint, its alias is removed too.
    pub(super) fn remove(&mut self, member: &str) {
        self.0.remove(member);
        if let Some(Value::Object(aliases)) = self.0.get_mut(ALIASES) {
            aliases.remove(member);
        }
    }

    /// Checks that the member is absent or `false`.
    pub(super) fn forbid(&self, member: &'static str) -> Result<(), Error> {
        match self.0.get(member) {
            None | Some(Value::Bool(false)) => Ok(()),
            Some(_) => Err(Error::Irreconcilable { member }),
        }
    }

    /// The values of a list that pass, in their order, or `None` if there is no list.
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

    /// Narrows a list to the values that pass. An absent list becomes `default`. At least one value must
    /// remain, because clients would assume a wrong default for an absent list.
    pub(super) fn narrow(
        &mut self,
        member: &'static str,
        default: &[&str],
        passes: impl Fn(&str) -> bool,
    ) -> Result<Vec<String>, Error> {
        let remaining = self.passing(member, passes)?;
        let remaining = remaining.unwrap_or_else(|| owned(default));
        if remaining.is_empty() {
            return Err(Error::NothingLeft { member });
        }
        self.set(member, remaining.clone());
        Ok(remaining)
    }

    /// Narrows a list to the values that pass, and allows an empty result. An absent list becomes `default`.
    pub(super) fn prune(
        &mut self,
        member: &'static str,
        default: &[&str],
        passes: impl Fn(&str) -> bool,
    ) -> Result<(), Error> {
        let remaining = self.passing(member, passes)?;
        let remaining = remaining.unwrap_or_else(|| owned(default));
        self.set(member, remaining);
        Ok(())
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

fn remove_nulls(members: &mut Map<String, Value>) {
    members.retain(|_, value| !value.is_null());
}
