use ipnet::IpNet;

use crate::acl::{
    AclError, AclFault, Asn, Conditions, CountryCode, Ja3, Ja4, SubdivisionCode,
    condition::Condition,
    json::tree::{Tree, object, shown},
    networks::{parse_network, without_host_bits},
    values::{List, ListFault, Networks, Values, host_name, user_agent},
};

pub(super) fn conditions(tree: Tree) -> Result<Conditions, AclError> {
    let (mut source, mut connecting) = ([None, None], [None, None]);
    let mut read = Conditions::new();
    for (name, value) in object(tree)? {
        let name = name.as_str();
        let condition = match name {
            "ipv4_cidrs" => {
                source[0] = Some(list(value, name, v4_network)?);
                continue;
            }
            "ipv6_cidrs" => {
                source[1] = Some(list(value, name, v6_network)?);
                continue;
            }
            "connecting_ipv4_cidrs" => {
                connecting[0] = Some(list(value, name, v4_network)?);
                continue;
            }
            "connecting_ipv6_cidrs" => {
                connecting[1] = Some(list(value, name, v6_network)?);
                continue;
            }
            "geo_country_codes" => Condition::Country(values(value, name, country)?),
            "geo_subdivision_codes" => Condition::Subdivision(values(value, name, subdivision)?),
            "asns" => Condition::Asn(values(value, name, asn)?),
            "ja3_fingerprints" => Condition::Ja3(values(value, name, ja3)?),
            "ja4_fingerprints" => Condition::Ja4(values(value, name, ja4)?),
            "user_agents" => {
                Condition::UserAgent(values(value, name, |entry| user_agent(text(entry)?))?)
            }
            "hostnames" => {
                Condition::Hostname(values(value, name, |entry| host_name(text(entry)?))?)
            }
            _ => return Err(AclError::new(shown(name), AclFault::UnknownField)),
        };
        read = read.with(condition.signal(), Ok(condition));
    }
    // The lists of the two address families belong to one signal.
    let source = Networks::new(source).map(Condition::Source);
    let connecting = Networks::new(connecting).map(Condition::Connecting);
    let with =
        |read: Conditions, condition: Condition| read.with(condition.signal(), Ok(condition));
    Ok(source.into_iter().chain(connecting).fold(read, with))
}

fn list<T>(
    tree: Tree,
    name: &str,
    read: impl Fn(Tree) -> Result<T, AclFault>,
) -> Result<List<T>, AclError> {
    let Tree::List(values) = tree else {
        return Err(AclError::new(name, AclFault::WrongType));
    };
    List::new(values.into_iter().map(read)).map_err(|fault| match fault {
        ListFault::Size(fault) => AclError::new(name, fault),
        ListFault::Value { at, fault } => AclError::new(name, fault).at(at),
    })
}

fn values<T: Ord>(
    tree: Tree,
    name: &str,
    read: impl Fn(Tree) -> Result<T, AclFault>,
) -> Result<Values<T>, AclError> {
    list(tree, name, read).map(Values::new)
}

fn text(tree: Tree) -> Result<String, AclFault> {
    match tree {
        Tree::Text(text) => Ok(text),
        _ => Err(AclFault::WrongType),
    }
}

fn country(tree: Tree) -> Result<CountryCode, AclFault> {
    CountryCode::parse(&text(tree)?).map_err(|_| AclFault::Malformed)
}

fn subdivision(tree: Tree) -> Result<SubdivisionCode, AclFault> {
    SubdivisionCode::parse(&text(tree)?).map_err(|_| AclFault::Malformed)
}

fn ja3(tree: Tree) -> Result<Ja3, AclFault> {
    Ja3::parse(&text(tree)?).map_err(|_| AclFault::Malformed)
}

fn ja4(tree: Tree) -> Result<Ja4, AclFault> {
    Ja4::parse(&text(tree)?).map_err(|_| AclFault::Malformed)
}

fn asn(tree: Tree) -> Result<Asn, AclFault> {
    match tree {
        Tree::Number(number) => {
            let number = number.and_then(|number| u32::try_from(number).ok());
            number.map(Asn::new).ok_or(AclFault::Malformed)
        }
        other => Asn::parse(&text(other)?).map_err(|_| AclFault::Malformed),
    }
}

fn v4_network(tree: Tree) -> Result<IpNet, AclFault> {
    network(tree, |network| matches!(network, IpNet::V4(_)))
}

fn v6_network(tree: Tree) -> Result<IpNet, AclFault> {
    network(tree, |network| matches!(network, IpNet::V6(_)))
}

/// Reads a network of one address family.
fn network(tree: Tree, is_of_family: fn(&IpNet) -> bool) -> Result<IpNet, AclFault> {
    let network = parse_network(&text(tree)?)?;
    // This fault is reported even if the network also has bits set after its prefix.
    if !is_of_family(&network) {
        return Err(AclFault::WrongFamily);
    }
    without_host_bits(network)
}
