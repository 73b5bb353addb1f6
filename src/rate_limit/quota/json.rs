use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::rate_limit::{InvalidQuota, Quota, quota::Unit};

/// A quota in JSON. A rate of `null` counts as absent.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct QuotaJson {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    per_second: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    per_minute: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    per_hour: Option<u32>,
    #[serde(default = "default_burst")]
    burst: u32,
}

fn default_burst() -> u32 {
    Quota::default().burst()
}

impl<'de> Deserialize<'de> for Quota {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = QuotaJson::deserialize(deserializer)?;
        Self::try_from(json).map_err(D::Error::custom)
    }
}

impl Serialize for Quota {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        QuotaJson::from(*self).serialize(serializer)
    }
}

impl TryFrom<QuotaJson> for Quota {
    type Error = InvalidQuota;

    fn try_from(json: QuotaJson) -> Result<Self, InvalidQuota> {
        let burst = json.burst;
        match (json.per_second, json.per_minute, json.per_hour) {
            (None, None, None) => Self::new(Self::default().tokens.get(), burst),
            (Some(tokens), None, None) => Self::new(tokens, burst),
            (None, Some(tokens), None) => Self::per_minute(tokens, burst),
            (None, None, Some(tokens)) => Self::per_hour(tokens, burst),
            _ => Err(InvalidQuota::SeveralRates),
        }
    }
}

impl From<Quota> for QuotaJson {
    fn from(quota: Quota) -> Self {
        let of = |unit| (quota.unit == unit).then_some(quota.tokens.get());
        Self {
            per_second: of(Unit::Second),
            per_minute: of(Unit::Minute),
            per_hour: of(Unit::Hour),
            burst: quota.burst(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Quota, String> {
        serde_json::from_str(json).map_err(|error: serde_json::Error| error.to_string())
    }

    #[test]
    fn a_quota_is_written_as_it_was_read() {
        for (json, quota) in [
            (r#"{"per_second":7,"burst":9}"#, Quota::new(7, 9)),
            (r#"{"per_minute":60,"burst":1}"#, Quota::per_minute(60, 1)),
            (r#"{"per_hour":3600,"burst":2}"#, Quota::per_hour(3600, 2)),
        ] {
            let quota = quota.unwrap();
            assert_eq!(read(json), Ok(quota));
            assert_eq!(serde_json::to_string(&quota).unwrap(), json);
        }
    }

    #[test]
    fn absent_members_have_their_default() {
        for (json, quota) in [
            ("{}", Ok(Quota::default())),
            (r#"{"per_minute":null}"#, Ok(Quota::default())),
            (r#"{"burst":9}"#, Quota::new(5, 9)),
            (r#"{"per_hour":2}"#, Quota::per_hour(2, 5)),
            (r#"{"per_second":null,"per_hour":2}"#, Quota::per_hour(2, 5)),
        ] {
            assert_eq!(read(json), Ok(quota.unwrap()), "{json}");
        }
    }

    #[test]
    fn invalid_quotas_are_refused() {
        for (json, says) in [
            (r#"{"per_second":1,"per_minute":60}"#, "not several"),
            (r#"{"per_hour":0,"per_minute":60}"#, "not several"),
            (r#"{"per_minute":0}"#, "at least 1"),
            (r#"{"per_hour":1,"burst":0}"#, "at least 1"),
            (r#"{"per_minute":60000001}"#, "60,000,000 a minute"),
            (r#"{"per_hour":1,"burst":2000000}"#, "at most 1193046"),
            (r#"{"per_hour":-1}"#, "invalid value"),
            (r#"{"per_day":1}"#, "unknown field `per_day`"),
            (r#"{"burst":null}"#, "invalid type"),
        ] {
            let error = read(json).unwrap_err();
            assert!(error.contains(says), "{json}: {error}");
        }
    }
}
