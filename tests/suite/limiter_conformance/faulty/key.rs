//! Whose bucket it is.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use oauth_dcr::{
    rate_limit::{Quota, RateKey},
    types::SourceNetwork,
};

use super::Fault;

/// The name of a bucket.
pub(super) fn name(fault: Fault, key: RateKey<'_>, quota: Quota) -> String {
    let of_key = of_key(fault, key);
    let (period, burst) = (quota.token_interval().as_nanos(), quota.burst());
    let name = match fault {
        Fault::IgnoresTheBurst => format!("{of_key} {period}"),
        Fault::IgnoresTheRate => format!("{of_key} {burst}"),
        Fault::ComparesTheTimeToFill => format!("{of_key} {}", period * u128::from(burst)),
        Fault::KeysByTheWrittenQuota => format!("{of_key} {quota:?}"),
        Fault::RefillsWhenTheQuotaChanges => of_key,
        _ => format!("{of_key} {period} {burst}"),
    };
    if fault == Fault::KeysBySixteenBits {
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        return (hasher.finish() & 0xffff).to_string();
    }
    name
}

fn of_key(fault: Fault, key: RateKey<'_>) -> String {
    let tenant = tenant(fault, key);
    let Some(source) = key.source() else {
        return tenant;
    };
    let source = source_name(fault, source);
    match fault {
        Fault::JoinsTenantAndSource => format!("{tenant}{source}"),
        Fault::JoinsThemByColon => format!("{tenant}:{source}"),
        Fault::SharesTheSourceOfAllTenants => format!("/{source}"),
        _ => format!("{tenant}/{source}"),
    }
}

fn tenant(fault: Fault, key: RateKey<'_>) -> String {
    let tenant = key.tenant().to_string();
    match fault {
        Fault::FoldsCase => tenant.to_lowercase(),
        Fault::CutsLongIds => tenant.chars().take(127).collect(),
        _ => tenant,
    }
}

fn source_name(fault: Fault, source: SourceNetwork) -> String {
    let text = source.to_string();
    let start_of = |separator: char, count: usize| {
        let parts: Vec<_> = text.split(separator).take(count).collect();
        parts.join(".")
    };
    let is_v6 = text.contains(':');
    match fault {
        Fault::GroupsIpv4Networks if !is_v6 => start_of('.', 3),
        Fault::GroupsIpv6Networks if is_v6 => start_of(':', 3),
        Fault::MixesUnknownWithZero if text == "unknown" => "0.0.0.0".to_owned(),
        _ => text,
    }
}
