//! The rules that stop the client on 127.0.0.3.

use serde_json::{Value, json};

use crate::proxy::Proxy;

/// How the client is stopped, and how the tenant reads its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Blocks the client's address.
    BlockList,
    /// The same without a setting for the proxy's header.
    BlockListEitherHeader,
    /// The same for a tenant that counts its proxies and lists no addresses.
    BlockListByHops,
    /// Blocks every address but 127.0.0.4.
    AllowList,
    /// Also lets in the proxy's own address: the server must not take the proxy for the client.
    AllowListWithProxy,
    /// Blocks the country that the proxy reports for the client's address.
    Country,
}

impl Rule {
    /// The settings of a tenant with the rule, behind this proxy.
    pub(crate) fn settings(self, proxy: Proxy, issuer: &str) -> Value {
        let address = proxy.address();
        let conditions = match self {
            Self::BlockList | Self::BlockListEitherHeader | Self::BlockListByHops => {
                json!({ "match": { "ipv4_cidrs": ["127.0.0.3/32"] } })
            }
            Self::AllowList => json!({ "not_match": { "ipv4_cidrs": ["127.0.0.4/32"] } }),
            Self::AllowListWithProxy => {
                json!({ "not_match": { "ipv4_cidrs": ["127.0.0.4/32", address] } })
            }
            Self::Country => json!({ "match": { "geo_country_codes": ["SE"] } }),
        };
        let mut rule = json!({ "action": { "block": true }, "scope": "dcr" });
        let conditions = conditions.as_object().unwrap().clone();
        rule.as_object_mut().unwrap().extend(conditions);
        let header = match self {
            Self::BlockListEitherHeader => "either",
            _ => proxy.header(),
        };
        let (proxies, hops) = match self {
            Self::BlockListByHops => (json!([]), json!(1)),
            _ => (json!([address]), Value::Null),
        };
        json!({ "tenants": [{
            "id": "acme",
            "issuer": issuer,
            "registration": { "enabled": true, "rate_limit": null },
            "acl": [{ "priority": 1, "rule": rule }],
            "trusted_proxies": proxies,
            "trusted_hops": hops,
            "forwarded_header": header,
            "signal_headers": { "geo_country_code": "x-geo-country" },
        }] })
    }
}
