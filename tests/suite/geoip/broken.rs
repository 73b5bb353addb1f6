//! Files that would cause endless reading, a stack overflow or a read outside the file.

use oauth_dcr::{geo::WantedLocation, geoip::DatabaseFault};

use super::{ask, from_bytes, located};

/// A record of the tree: another node, nothing, or the data at an offset.
#[derive(Clone, Copy)]
enum To {
    Node(usize),
    Nothing,
    Data(usize),
}

use To::{Data, Node, Nothing};

/// A file with these nodes and this data, with records of 32 bits.
fn file(ip_version: u8, nodes: &[[To; 2]], data: &[u8]) -> Vec<u8> {
    let count = u32::try_from(nodes.len()).unwrap();
    let mut bytes = Vec::new();
    for record in nodes.iter().flatten() {
        let number = match *record {
            Node(at) => u32::try_from(at).unwrap(),
            Nothing => count,
            Data(offset) => count + 16 + u32::try_from(offset).unwrap(),
        };
        bytes.extend(number.to_be_bytes());
    }
    bytes.extend([0; 16]);
    bytes.extend(data);
    bytes.extend(metadata(ip_version, 32, count));
    bytes
}

fn metadata(ip_version: u8, record_size: u8, count: u32) -> Vec<u8> {
    let parts: [&[u8]; 9] = [
        b"\xab\xcd\xefMaxMind.com\xe9",
        b"\x5bbinary_format_major_version\xa1\x02\x5bbinary_format_minor_version\xa1\x00",
        b"\x4bbuild_epoch\x00\x02\x4ddatabase_type\x44made\x4bdescription\xe0\x49languages\x00\x04",
        b"\x4aip_version\xa1",
        &[ip_version],
        b"\x4anode_count\xc4",
        &count.to_be_bytes(),
        b"\x4brecord_size\xa1",
        &[record_size],
    ];
    parts.concat()
}

/// `{"country_code": "SE"}`
const SWEDEN: &[u8] = b"\xe1\x4ccountry_code\x42SE";

#[track_caller]
fn assert_refused(bytes: Vec<u8>, why: &str) {
    let error = from_bytes(bytes).unwrap_err();
    let DatabaseFault::Corrupt(cause) = error.fault() else {
        panic!("{error}");
    };
    let cause = cause.to_string();
    assert!(cause.contains(why), "{cause}");
}

/// A file with one network that has this record.
fn with_record(data: &[u8]) -> Vec<u8> {
    file(4, &[[Data(0), Nothing]], data)
}

#[test]
fn the_generated_files_are_valid_without_the_fault() {
    let database = from_bytes(with_record(SWEDEN)).unwrap();
    assert_eq!(located(&database, "1.2.3.4", WantedLocation::ALL), "SE - -");
    assert_eq!(
        located(&database, "200.2.3.4", WantedLocation::ALL),
        "- - -"
    );
}

#[test]
fn tree_with_a_cycle_is_refused() {
    for ip_version in [4, 6] {
        let itself = file(ip_version, &[[Node(0), Data(0)]], SWEDEN);
        assert_refused(itself, "two paths of the search tree lead to node 0");
        let circle = [[Node(1), Data(0)], [Data(0), Node(2)], [Node(0), Data(0)]];
        let circle = file(ip_version, &circle, SWEDEN);
        assert_refused(circle, "two paths of the search tree lead to node 0");
    }
    // The IPv4 part leads back to its own start.
    let mut nodes: Vec<_> = (1..=96).map(|at| [Node(at), Nothing]).collect();
    nodes.push([Data(0), Node(96)]);
    let bytes = file(6, &nodes, SWEDEN);
    assert_refused(bytes, "two paths of the search tree lead to node 96");
}

#[test]
fn a_tree_with_too_many_paths_is_refused() {
    for (ip_version, ways) in [(4, 31), (6, 31), (6, 96), (6, 127)] {
        // Both the case in which each way leads nowhere, and the case in which each way leads to
        // data.
        for end in [Nothing, Data(0)] {
            let mut nodes: Vec<_> = (1..=ways).map(|at| [Node(at); 2]).collect();
            nodes.push([end; 2]);
            let bytes = file(ip_version, &nodes, SWEDEN);
            assert_refused(bytes, "two paths of the search tree lead to node");
        }
    }
}

#[test]
fn tree_deeper_than_an_address_is_refused() {
    for (ip_version, bits) in [(4, 32), (6, 128)] {
        let chain = |length: usize| {
            let mut nodes: Vec<_> = (1..length).map(|at| [Nothing, Node(at)]).collect();
            nodes.push([Data(0), Nothing]);
            file(ip_version, &nodes, SWEDEN)
        };
        assert!(from_bytes(chain(bits)).is_ok());
        let why = format!("the search tree continues at node {bits} after the last bit");
        assert_refused(chain(bits + 1), &why);
    }
}

#[test]
fn record_outside_the_data_is_refused() {
    let why = "data pointer resolves to an invalid location";
    for offset in [SWEDEN.len(), 1_000, 0x7fff_ff00] {
        assert_refused(file(4, &[[Data(0), Data(offset)]], SWEDEN), why);
    }
    // Between the tree and the data section.
    let mut bytes = with_record(SWEDEN);
    bytes[3] = 5;
    assert_refused(bytes, why);
}

#[test]
fn tree_longer_than_the_file_is_refused() {
    let mut bytes = vec![0; 64];
    for (count, record_size, why) in [
        (7, 32, "search tree extends beyond the metadata section"),
        (
            u32::MAX,
            24,
            "search tree extends beyond the metadata section",
        ),
        (
            u32::MAX,
            28,
            "search tree extends beyond the metadata section",
        ),
        (0, 32, "node_count - Expected: positive integer"),
        (1, 0, "record_size - Expected: 24, 28, or 32"),
        (1, 25, "record_size - Expected: 24, 28, or 32"),
    ] {
        bytes.truncate(64);
        bytes.extend(metadata(6, record_size, count));
        assert_refused(bytes.clone(), why);
    }
    bytes.truncate(64);
    bytes.extend(metadata(5, 24, 1));
    assert_refused(bytes, "ip_version - Expected: 4 or 6");
}

/// `{"country_code": "SE", "x": …}`, where `extra` is the value of `x`.
fn with_extra(extra: &[u8]) -> Vec<u8> {
    [b"\xe2\x4ccountry_code\x42SE\x41x", extra].concat()
}

#[test]
fn data_that_points_to_itself_is_refused() {
    // A record that points to itself, a member that points to itself, and a member that is its own
    // map.
    let own = u8::try_from(with_extra(&[]).len()).unwrap();
    assert_refused(with_record(&[0x20, 0x00]), "cycl");
    assert_refused(with_record(&with_extra(&[0x20, own])), "cycl");
    assert_refused(with_record(&with_extra(&[0x20, 0x00])), "cycl");
}

#[test]
fn data_that_is_nested_too_deeply_is_refused() {
    for depth in [1_000, 100_000] {
        // A list of one list of one list, and so on.
        let lists = with_extra(&[0x01, 0x04].repeat(depth));
        assert_refused(with_record(&lists), "depth");
        let maps = with_extra(&b"\xe1\x41x".repeat(depth));
        assert_refused(with_record(&maps), "depth");
    }
}

#[test]
fn data_longer_than_the_file_is_refused() {
    for (extra, why) in [
        // A map, a list, a text and bytes, each with a length of 16,843,036.
        (&[0xff, 0xff, 0xff, 0xff][..], "unexpected end of buffer"),
        (&[0x1f, 0x04, 0xff, 0xff, 0xff], "unexpected end of buffer"),
        (&[0x5f, 0xff, 0xff, 0xff], "string of size 16843036"),
        (&[0x9f, 0xff, 0xff, 0xff], "bytes of size 16843036"),
        // An unknown type, and no type.
        (&[0x00, 0xff], "unknown data type"),
        (&[0x00], "unexpected end of buffer"),
        (&[], "unexpected end of buffer"),
    ] {
        assert_refused(with_record(&with_extra(extra)), why);
    }
}

#[test]
fn endlessly_nested_data_is_not_expanded() {
    // Lists of two pointers, each to the next list: 2^60 values in 360 bytes.
    let mut data = with_extra(&[]);
    let first = data.len() + 2;
    let pointer = |to: usize| (0x2000 | u16::try_from(to).unwrap()).to_be_bytes();
    data.extend(pointer(first));
    for level in 1..=60 {
        let next = pointer(first + level * 6);
        data.extend([0x02, 0x04]);
        data.extend(next.into_iter().chain(next));
    }
    data.extend([0x41, b'x']);
    ask(&from_bytes(with_record(&data)).unwrap());
}

#[test]
fn overlapping_records_have_a_work_limit() {
    // Each of the 4,096 records is a text of 8,477 bytes that mostly overlaps the next texts.
    let count = 4_096;
    let mut data = [0x5e, 0x20, 0x00].repeat(count);
    data.extend([b'x'; 8_477]);
    // A complete tree of 12 levels, with a record for each leaf.
    let child = |at: usize| match at.checked_sub(count) {
        Some(leaf) => Data(leaf * 3),
        None => Node(at - 1),
    };
    let nodes: Vec<_> = (1..count)
        .map(|at| [child(2 * at), child(2 * at + 1)])
        .collect();
    assert_refused(file(4, &nodes, &data), "exceeded maximum verification work");
}

#[test]
fn cyclic_metadata_is_refused_or_not_read() {
    let whole = with_record(SWEDEN);
    let map = whole.len() - metadata(4, 32, 1).len() + 14;
    assert_eq!(whole[map], 0xe9);
    // A tenth member, whose value points to itself.
    let mut bytes = whole.clone();
    bytes[map] = 0xea;
    bytes.extend(b"\x41x");
    let own = u8::try_from(bytes.len() - map).unwrap();
    bytes.extend([0x20, own]);
    ask(&from_bytes(bytes).unwrap());
    // The map itself.
    let mut bytes = whole[..map].to_vec();
    bytes.extend([0x20, 0x00]);
    assert_refused(bytes, "pointer points to another pointer");
}
