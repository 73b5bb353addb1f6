//! The access control list against its baselines, alternately in one process.
//!
//! There are more addresses than a branch predictor remembers. A ratio over its threshold is reported, and is no
//! error.

use std::{
    hint::black_box,
    io::{self, Write as _},
    net::IpAddr,
    path::Path,
    time::Duration,
};

use ip_network::IpNetwork;
use ip_network_table::IpNetworkTable;
use ipnet::IpNet;
use maxminddb::{Reader, path};
use oauth_dcr::{
    Timestamp,
    acl::{Acl, AclScope, Conditions, Endpoint, NetworkSet, Rule, Signals},
    geo::{GeoSource as _, WantedLocation},
    geoip::{Database, Databases, Fields},
};
use oauth_dcr_benches::{
    alternating::{Side, measure},
    baseline::{
        networks::Ranges,
        rules::{BlockedNetworks, blocked_by},
    },
    networks::{Addresses, Random},
    spread::rounds,
    timed::timed,
};
use prefix_trie::joint::JointPrefixSet;

/// Networks of a large list, and of a small list.
const MANY: usize = 100_000;
const FEW: usize = 20;

/// Rules of a list, and networks of each rule in a large list.
const RULES: usize = 10;
const MANY_OF_A_RULE: usize = 10_000;

const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

fn main() -> io::Result<()> {
    let mut report = Report {
        rounds: rounds(20),
        out: io::stdout().lock(),
    };
    let rounds = report.rounds;
    writeln!(
        report.out,
        "{rounds} rounds; ours / baseline: min median max"
    )?;
    membership(&mut report)?;
    building(&mut report)?;
    evaluation(&mut report)?;
    locations(&mut report)
}

struct Report {
    rounds: usize,
    out: io::StdoutLock<'static>,
}

impl Report {
    fn pair(
        &mut self,
        name: &str,
        threshold: Option<f64>,
        baseline: Side<'_>,
        ours: Side<'_>,
    ) -> io::Result<()> {
        let measured = measure(baseline, ours, self.rounds);
        write!(self.out, "{}", measured.report(name, threshold))
    }
}

/// Times `ask` with one address after the other.
fn each<T>(addresses: &Addresses, ask: impl Fn(IpAddr) -> T) -> impl Fn(u64) -> Duration {
    move |n| timed(n, || ask(black_box(addresses.next())))
}

fn membership(report: &mut Report) -> io::Result<()> {
    let many = Random(1).networks(MANY);
    let few = Random(2).networks(FEW);
    let (set, small) = (set(&many), set(&few));
    let ranges = Ranges::new(&many);
    let [around, around_too] = [(); 2].map(|()| Random(3).addresses_around(&many));
    let around_few = Random(4).addresses_around(&few);
    for address in around.iter() {
        assert_eq!(set.contains(address), ranges.contains(address), "{address}");
    }

    let ours = each(&around, |it| set.contains(it));
    let baseline = each(&around_too, |it| ranges.contains(it));
    let name = "control: lookup in 100,000, baseline twice";
    let baseline_too = each(&around, |it| ranges.contains(it));
    report.pair(name, None, &baseline, &baseline_too)?;
    report.pair("lookup in 100,000", Some(1.5), &baseline, &ours)?;
    let ours_of_few = each(&around_few, |it| small.contains(it));
    let name = "lookup in 100,000 / ours in 20";
    report.pair(name, Some(5.0), &ours_of_few, &ours)?;

    let trie: JointPrefixSet<IpNet> = many.iter().copied().collect();
    let in_trie = each(&around_too, |it| trie.get_lpm(&IpNet::from(it)).is_some());
    report.pair("prefix-trie in 100,000 / ours", None, &ours, &in_trie)?;
    let mut table = IpNetworkTable::new();
    for network in &many {
        let network = IpNetwork::new(network.network(), network.prefix_len()).unwrap();
        table.insert(network, ());
    }
    let in_table = each(&around_too, |it| table.longest_match(it).is_some());
    report.pair("ip_network_table in 100,000 / ours", None, &ours, &in_table)?;
    let scan = each(&around_too, |it| {
        many.iter().any(|network| network.contains(&it))
    });
    report.pair("linear ipnet scan of 100,000 / ours", None, &ours, &scan)?;
    let scan = each(&around_few, |it| {
        few.iter().any(|network| network.contains(&it))
    });
    report.pair("linear ipnet scan of 20 / ours", None, &ours_of_few, &scan)
}

fn set(networks: &[IpNet]) -> NetworkSet {
    networks.iter().copied().collect()
}

fn building(report: &mut Report) -> io::Result<()> {
    let many = Random(1).networks(MANY);
    let sort = |n| {
        timed(n, || {
            let mut sorted = black_box(&many).clone();
            sorted.sort_unstable();
            sorted
        })
    };
    let build = |n| timed(n, || set(black_box(&many)));
    report.pair("build 100,000 / sort them", Some(3.0), &sort, &build)
}

fn evaluation(report: &mut Report) -> io::Result<()> {
    let lists = |size| -> Vec<Vec<IpNet>> {
        (0..RULES as u64)
            .map(|at| Random(100 + at).networks(size))
            .collect()
    };
    let (few, many) = (lists(FEW), lists(MANY_OF_A_RULE));
    let [acl_of_few, acl_of_many] = [&few, &many].map(|lists| acl(lists));
    let loop_of_few: Vec<_> = few.iter().map(|list| BlockedNetworks::new(list)).collect();
    let loop_of_many: Vec<_> = many.iter().map(|list| BlockedNetworks::new(list)).collect();
    let is_listed =
        |it| blocked_by(&loop_of_few, it).is_some() || blocked_by(&loop_of_many, it).is_some();
    let [outside, outside_too] = [(); 2].map(|()| Random(5).addresses_outside(is_listed));
    for address in outside.iter() {
        assert!(!is_blocked(&acl_of_few, address) && !is_blocked(&acl_of_many, address));
    }

    let baseline = each(&outside_too, |it| blocked_by(&loop_of_few, it));
    let ours = each(&outside, |it| is_blocked(&acl_of_few, it));
    report.pair("evaluate 10 rules of 20", Some(1.5), &baseline, &ours)?;
    let ours_of_many = each(&outside_too, |it| is_blocked(&acl_of_many, it));
    let name = "evaluate 10 rules of 10,000 / of 20";
    report.pair(name, Some(4.0), &ours, &ours_of_many)?;
    let baseline = each(&outside, |it| blocked_by(&loop_of_many, it));
    report.pair(
        "evaluate 10 rules of 10,000",
        None,
        &baseline,
        &ours_of_many,
    )
}

/// An access control list that blocks all networks: one rule for each list.
fn acl(lists: &[Vec<IpNet>]) -> Acl {
    let rules = lists.iter().map(|list| {
        let conditions = Conditions::new().networks(list.iter().copied());
        Rule::block(AclScope::Dcr).matching(conditions)
    });
    Acl::new(rules).unwrap()
}

fn is_blocked(acl: &Acl, address: IpAddr) -> bool {
    let signals = Signals::from_peer(address);
    let verdict = acl.evaluate(Endpoint::Registration, &signals, NOW);
    verdict.decided_by.is_some()
}

fn locations(report: &mut Report) -> io::Result<()> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests");
    let [city, asn] = ["city", "asn"].map(|name| tests.join(format!("geoip/{name}.mmdb")));
    let readers = [&city, &asn].map(|file| Reader::open_readfile(file).unwrap());
    let known = ["198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"];
    let known = known.map(|network| network.parse().unwrap());
    let [around, around_too] = [(); 2].map(|()| Random(6).addresses_around(&known));
    let country = path!["country", "iso_code"];
    let subdivision = path!["subdivisions", 0, "iso_code"];
    let number = path!["autonomous_system_number"];
    let [of_city, of_asn] = &readers;
    let place = |it| {
        let record = of_city.lookup(it).unwrap();
        let country: Option<&str> = record.decode_path(&country).unwrap();
        let subdivision: Option<&str> = record.decode_path(&subdivision).unwrap();
        (country, subdivision)
    };
    let databases = Databases::new([open(&city)]);
    let baseline = each(&around, place);
    let ours = each(&around_too, |it| databases.locate(it, WantedLocation::ALL));
    let name = "locate: country, subdivision";
    report.pair(name, Some(1.3), &baseline, &ours)?;

    let databases = Databases::new([open(&city), open(&asn)]);
    let baseline = each(&around, |it| {
        let record = of_asn.lookup(it).unwrap();
        let number: Option<u32> = record.decode_path(&number).unwrap();
        (place(it), number)
    });
    let ours = each(&around_too, |it| databases.locate(it, WantedLocation::ALL));
    report.pair(
        "locate: all three, of two files",
        Some(1.3),
        &baseline,
        &ours,
    )?;
    in_real_file(report, &tests)
}

fn in_real_file(report: &mut Report, tests: &Path) -> io::Result<()> {
    let package = "@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb";
    let file = tests.join("clients/node_modules").join(package);
    if !file.exists() {
        return writeln!(report.out, "no public file: run tests/clients/install.sh");
    }
    let reader = Reader::open_readfile(&file).unwrap();
    let [anywhere, anywhere_too] = [(); 2].map(|()| Random(7).addresses_outside(|_| false));
    let country = path!["country_code"];
    let baseline = each(&anywhere, |it| {
        let record = reader.lookup(it).unwrap();
        record.decode_path::<&str>(&country).unwrap()
    });
    let databases = Databases::new([open(&file)]);
    let ours = each(&anywhere_too, |it| {
        databases.locate(it, WantedLocation::ALL)
    });
    report.pair("locate: country, public file", Some(1.3), &baseline, &ours)
}

fn open(file: &Path) -> Database {
    Database::open(file, &Fields::known()).unwrap()
}
