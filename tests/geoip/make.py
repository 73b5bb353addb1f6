#!/usr/bin/env python3
"""Makes the databases of tests/suite/geoip.rs. Their content is fictitious.

    pip install mmdb_writer==0.2.7 && python3 tests/geoip/make.py

Run again, it writes the same bytes.
"""

import time
from pathlib import Path

from netaddr import IPSet
import mmdb_writer
from mmdb_writer import MMDBWriter, TreeWriter

BUILT = 1_767_225_600  # 2026-01-01
HERE = Path(__file__).parent


class Wide(TreeWriter):
    """Records with more bits than these few networks need."""

    bits = 24

    def _adjust_record_size(self):
        self.record_size = self.bits
        self.data_offset = self.record_size * 2 / 8 * self._node_counter


def write(name, networks, record_bits=24, alias=False, **options):
    writer = MMDBWriter(database_type=name, **options)
    for network, record in networks.items():
        writer.insert_network(IPSet([network]), record)
    if alias:
        writer.tree = aliased(writer.tree)
    Wide.bits = record_bits
    tree = Wide(writer.tree, writer._build_meta(), writer.int_type)
    tree.write(HERE / f"{name}.mmdb")


def aliased(tree):
    """MaxMind's files let networks of IPv6 that embed IPv4 addresses lead to those."""
    ipv4 = tree
    for _ in range(96):
        ipv4 = ipv4.get_or_create(0)
    for prefix, length in ((0xFFFF << 32, 96), (0x2002 << 112, 16)):
        node = tree
        bits = [prefix >> (127 - at) & 1 for at in range(length)]
        for bit in bits[:-1]:
            node = node.get_or_create(bit)
        node[bits[-1]] = ipv4
    return tree


def place(country, *subdivisions):
    return {
        "continent": {"code": "EU", "names": {"en": "Somewhere", "de": "Irgendwo"}},
        "country": {"geoname_id": 1, "iso_code": country, "names": {"en": country}},
        "location": {"latitude": 59.3, "longitude": 18.1, "accuracy_radius": 100},
        "subdivisions": [
            {"iso_code": code, "names": {"en": code}} for code in subdivisions
        ],
    }


def system(number, name):
    return {
        "autonomous_system_number": number,
        "autonomous_system_organization": name,
    }


def main():
    mmdb_writer.time.time = lambda: BUILT
    # As MaxMind writes them: nested, both families in one tree.
    write(
        "city",
        {
            "198.51.100.0/24": place("SE", "AB"),
            "198.51.100.128/25": place("GB", "ENG", "WSM"),
            "203.0.113.0/24": place("US"),
            "192.0.2.0/24": {"registered_country": {"iso_code": "NO"}},
            "2001:db8::/32": place("DE", "BY"),
            "2001:db8:1::/48": place("US", "CA"),
        },
        record_bits=28,
        alias=True,
        ip_version=6,
        ipv4_compatible=True,
        languages=["en", "de"],
        description="made up",
    )
    write(
        "asn",
        {
            "198.51.100.0/24": system(64500, "One"),
            "203.0.113.0/24": system(4_294_967_295, "Two"),
            "2001:db8::/32": system(64501, "Three"),
        },
        record_bits=32,
        ip_version=6,
        ipv4_compatible=True,
        languages=["en"],
        description="made up",
        int_type="u32",
    )
    # As others write them: flat, one family, texts, no description.
    write(
        "flat",
        {
            "198.51.100.0/24": {"country_code": "se", "region_code": "SE-AB", "asn": "AS64500"},
            "203.0.113.0/25": {"country_code": "US", "region_code": "ca", "asn": "64501"},
            "203.0.113.128/25": {"country_code": "", "region_code": "too long", "asn": "none"},
            "192.0.2.0/24": {"country_code": 7, "asn": {"number": 1}},
            "10.0.0.0/8": {"country_code": "XK", "region_code": "1", "asn": 64502},
        },
        ip_version=4,
    )


if __name__ == "__main__":
    main()
