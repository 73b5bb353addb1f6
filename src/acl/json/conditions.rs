use ipnet::IpNet;

use crate::{
    acl::{
        AclError, AclFault, Asn, Conditions, CountryCode, Ja3, Ja4, SubdivisionCode,
        condition::Condition,
        json::tree::{Tree, object, shown},
        listed::{Networks, Values},
        networks::{parse_network, without_host_bits},
    },
    uri::is_host_name,
};

pub(super) fn conditions(tree: Tree) -> Result<Conditions, AclError> {
    let (mut source, mut connecting) = (None, None);
    let mut read = Conditions::new();
    for (name, value) in object(tree)? {
        let name = name.as_str();
        let condition = match name {
            "ipv4_cidrs" => {
                extend(&mut source, list(value, name, |it| network(it, is_v4))?);
                continue;
            }
            "ipv6_cidrs" => {
                extend(&mut source, list(value, name, |it| network(it, is_v6))?);
                continue;
            }
            "connecting_ipv4_cidrs" => {
                extend(&mut connecting, list(value, name, |it| network(it, is_v4))?);
                continue;
            }
            "connecting_ipv6_cidrs" => {
                extend(&mut connecting, list(value, name, |it| network(it, is_v6))?);
                continue;
            }
            "geo_country_codes" => Condition::Country(Values::new(list(value, name, |it| {
                parsed(it, CountryCode::parse)
            })?)),
            "geo_subdivision_codes" => {
                Condition::Subdivision(Values::new(list(value, name, |it| {
                    parsed(it, SubdivisionCode::parse)
                })?))
            }
            "asns" => Condition::Asn(Values::new(list(value, name, asn)?)),
            "ja3_fingerprints" => {
                Condition::Ja3(Values::new(list(value, name, |it| parsed(it, Ja3::parse))?))
            }
            "ja4_fingerprints" => {
                Condition::Ja4(Values::new(list(value, name, |it| parsed(it, Ja4::parse))?))
            }
            "user_agents" => Condition::UserAgent(Values::new(list(value, name, user_agent)?)),
            "hostnames" => Condition::Hostname(Values::new(list(value, name, hostname)?)),
            _ => return Err(AclError::new(shown(name), AclFault::UnknownField)),
        };
        read = read.with(condition);
    }
    // The lists of the two families are one signal.
    if let Some(networks) = source {
        read = read.with(Condition::Source(Networks::new(networks)));
    }
    if let Some(networks) = connecting {
        read = read.with(Condition::Connecting(Networks::new(networks)));
    }
    Ok(read)
}

fn extend(networks: &mut Option<Vec<IpNet>>, more: Vec<IpNet>) {
    networks.get_or_insert_default().extend(more);
}

fn list<T>(
    tree: Tree,
    name: &str,
    read: impl Fn(Tree) -> Result<T, AclFault>,
) -> Result<Vec<T>, AclError> {
    let Tree::List(values) = tree else {
        return Err(AclError::new(name, AclFault::WrongType));
    };
    if values.is_empty() {
        return Err(AclError::new(name, AclFault::EmptyList));
    }
    if values.len() > AclFault::MAX_VALUES {
        return Err(AclError::new(name, AclFault::TooManyValues));
    }
    let read = |(at, value)| read(value).map_err(|fault| AclError::new(name, fault).at(at));
    values.into_iter().enumerate().map(read).collect()
}

fn parsed<T, E>(tree: Tree, parse: fn(&str) -> Result<T, E>) -> Result<T, AclFault> {
    let Tree::Text(text) = tree else {
        return Err(AclFault::WrongType);
    };
    parse(&text).map_err(|_| AclFault::Malformed)
}

/// A network of this family.
fn network(tree: Tree, is_family: fn(&IpNet) -> bool) -> Result<IpNet, AclFault> {
    let Tree::Text(text) = tree else {
        return Err(AclFault::WrongType);
    };
    let network = parse_network(&text)?;
    // A network of the other family is that mistake, whatever its bits.
    if !is_family(&network) {
        return Err(AclFault::WrongFamily);
    }
    without_host_bits(network)
}

fn is_v4(network: &IpNet) -> bool {
    matches!(network, IpNet::V4(_))
}

fn is_v6(network: &IpNet) -> bool {
    matches!(network, IpNet::V6(_))
}

fn asn(tree: Tree) -> Result<Asn, AclFault> {
    match tree {
        Tree::Number(number) => {
            let number = number.and_then(|number| u32::try_from(number).ok());
            number.map(Asn::new).ok_or(AclFault::Malformed)
        }
        other => parsed(other, Asn::parse),
    }
}

fn user_agent(tree: Tree) -> Result<Box<str>, AclFault> {
    match tree {
        Tree::Text(text) if text.is_empty() => Err(AclFault::Malformed),
        Tree::Text(text) => Ok(text.into_boxed_str()),
        _ => Err(AclFault::WrongType),
    }
}

fn hostname(tree: Tree) -> Result<Box<str>, AclFault> {
    match tree {
        Tree::Text(text) if is_host_name(&text) => Ok(text.to_ascii_lowercase().into_boxed_str()),
        Tree::Text(_) => Err(AclFault::Malformed),
        _ => Err(AclFault::WrongType),
    }
}
