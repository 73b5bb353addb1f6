//! Writes rules as JSON, with each value in its normal form.

use serde::{
    Serialize, Serializer,
    ser::{Error as _, SerializeMap},
};

use crate::acl::{
    Acl, Action, Conditions, Rule,
    condition::Condition,
    values::{Networks, Values},
};

impl Serialize for Acl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.rules())
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(id) = &self.id {
            map.serialize_entry("id", id)?;
        }
        map.serialize_entry("description", &self.description)?;
        map.serialize_entry("active", &self.active)?;
        map.serialize_entry("priority", &self.priority)?;
        map.serialize_entry("rule", &Body(self))?;
        map.end()
    }
}

struct Body<'a>(&'a Rule);

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rule = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("action", &ActionJson(rule))?;
        if let Some(conditions) = &rule.matching {
            map.serialize_entry("match", conditions)?;
        }
        if let Some(conditions) = &rule.not_matching {
            map.serialize_entry("not_match", conditions)?;
        }
        map.serialize_entry("scope", rule.scope.as_str())?;
        map.end()
    }
}

struct ActionJson<'a>(&'a Rule);

impl Serialize for ActionJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match &self.0.action {
            None => {}
            Some(Action::Allow) => map.serialize_entry("allow", &true)?,
            Some(Action::Block) => map.serialize_entry("block", &true)?,
            Some(Action::Redirect(uri)) => {
                map.serialize_entry("redirect", &true)?;
                map.serialize_entry("redirect_uri", uri)?;
            }
        }
        if self.0.monitoring {
            map.serialize_entry("log", &true)?;
        }
        map.end()
    }
}

impl Serialize for Conditions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for listed in self.lists() {
            // A rule outside of a list was not checked, so it may be invalid.
            match listed.map_err(S::Error::custom)? {
                Condition::Source(networks) => {
                    families(&mut map, ["ipv4_cidrs", "ipv6_cidrs"], networks)?;
                }
                Condition::Connecting(networks) => {
                    let names = ["connecting_ipv4_cidrs", "connecting_ipv6_cidrs"];
                    families(&mut map, names, networks)?;
                }
                Condition::Country(listed) => {
                    map.serialize_entry("geo_country_codes", &Texts(listed))?;
                }
                Condition::Subdivision(listed) => {
                    map.serialize_entry("geo_subdivision_codes", &Texts(listed))?;
                }
                Condition::Asn(listed) => {
                    let numbers: Vec<u32> = listed.iter().map(|asn| asn.number()).collect();
                    map.serialize_entry("asns", &numbers)?;
                }
                Condition::Ja3(listed) => {
                    map.serialize_entry("ja3_fingerprints", &Texts(listed))?;
                }
                Condition::Ja4(listed) => {
                    map.serialize_entry("ja4_fingerprints", &Texts(listed))?;
                }
                Condition::UserAgent(listed) => {
                    map.serialize_entry("user_agents", &Texts(listed))?;
                }
                Condition::Hostname(listed) => {
                    map.serialize_entry("hostnames", &Texts(listed))?;
                }
            }
        }
        map.end()
    }
}

fn families<M: SerializeMap>(
    map: &mut M,
    [v4, v6]: [&'static str; 2],
    networks: &Networks,
) -> Result<(), M::Error> {
    let (of_v4, of_v6) = networks.families();
    for (name, listed) in [(v4, of_v4), (v6, of_v6)] {
        if !listed.is_empty() {
            map.serialize_entry(name, listed)?;
        }
    }
    Ok(())
}

struct Texts<'a, T>(&'a Values<T>);

impl<T: Ord + ToString> Serialize for Texts<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(ToString::to_string))
    }
}
