#!/usr/bin/env python3
"""Tests that tests/evidence.py finds each fault of a ledger."""

import json
import sys
import unittest

sys.dont_write_bytecode = True

import evidence  # noqa: E402

TESTS = {"suite::a::works": True, "lib::b::tests::works": True, "suite::a::slow": False}
PAGES = ["README.md", "stores"]
TESTS_ARE_NAMES = "tests are names in backticks, separated by commas"
GOOD = """# Claims

| claim | page | tests |
|---|---|---|
| Clients survive. | README.md | `suite::a::works`, `lib::b::tests::works` |
| Stores agree. | stores | `suite::a::works` |
"""


def faults(row):
    """What is wrong with a ledger that has one more row."""
    return evidence.check(f"{GOOD}{row}\n", TESTS, PAGES)


class Check(unittest.TestCase):
    def test_good_ledger_has_no_fault(self):
        self.assertEqual(evidence.check(GOOD, TESTS, PAGES), [])

    def test_missing_test_is_reported(self):
        found = faults("| New. | stores | `suite::a::wrong` |")
        self.assertEqual(found, ["line 7: there is no test suite::a::wrong"])

    def test_test_that_does_not_run_is_reported(self):
        found = faults("| New. | stores | `suite::a::slow` |")
        self.assertEqual(found, ["line 7: the test suite::a::slow does not run by default"])

    def test_missing_page_is_reported(self):
        found = faults("| New. | shops | `suite::a::works` |")
        self.assertEqual(found, ["line 7: there is no page shops"])

    def test_row_without_test_is_reported(self):
        found = faults("| New. | stores | |")
        self.assertEqual(found, [f"line 7: {TESTS_ARE_NAMES}", "line 7: the row names no test"])

    def test_text_beside_the_tests_is_reported(self):
        for cell in [
            "`suite::a::works`, suite::a::wrong",
            "`suite::a::works` and more",
            "see `suite::a::works`",
            "`suite::a::works` `lib::b::tests::works`",
            "`suite::a::works`,",
            "`suite::a::works`, `",
        ]:
            with self.subTest(cell):
                found = faults(f"| New. | stores | {cell} |")
                self.assertEqual(found, [f"line 7: {TESTS_ARE_NAMES}"])

    def test_empty_claim_is_reported(self):
        found = faults("|  | stores | `suite::a::works` |")
        self.assertEqual(found, ["line 7: the claim is empty"])

    def test_duplicate_claim_is_reported(self):
        found = faults("| Stores agree. | README.md | `suite::a::works` |")
        self.assertEqual(found, ["line 7: duplicate claim: Stores agree."])

    def test_duplicate_test_is_reported(self):
        found = faults("| New. | stores | `suite::a::works`, `suite::a::works` |")
        self.assertEqual(set(found), {"line 7: the row names suite::a::works more than once"})

    def test_missing_cell_is_reported(self):
        found = faults("| New. | `suite::a::works` |")
        self.assertEqual(found, ["line 7: a row has the cells claim, page, tests"])

    def test_row_outside_the_table_is_reported(self):
        found = faults("\n| New. | stores | `suite::a::works` |")
        self.assertEqual(found, ["line 8: a row has the cells claim, page, tests"])

    def test_page_without_row_is_reported(self):
        found = evidence.check(GOOD, TESTS, [*PAGES, "settings"])
        self.assertEqual(found, ["no row has the page settings"])

    def test_unlinked_page_is_reported(self):
        modules = '#[doc = include_str!("guide/stores.md")]\npub mod stores {}\n'
        readme = "https://docs.rs/oauth-dcr/latest/oauth_dcr/guide/stores/"
        self.assertEqual(list(evidence.unlinked(["stores"], readme, modules)), [])
        self.assertEqual(
            list(evidence.unlinked(["stores"], "", "")),
            ["stores is no module of src/guide.rs", "README.md does not link the page stores"],
        )

    def test_a_long_readme_is_reported(self):
        self.assertEqual(list(evidence.too_long("line\n" * 250)), [])
        found = list(evidence.too_long("line\n" * 251))
        self.assertEqual(found, ["README.md has 251 lines, more than 250"])


MATCHES = {"status": "matches"}


def listing(suites):
    """What nextest prints about binaries: name, kind and tests of each."""
    found = {}
    for number, (name, kind, tests) in enumerate(suites):
        cases = {test: {"ignored": False, "filter-match": match} for test, match in tests.items()}
        found[str(number)] = {"binary-name": name, "kind": kind, "testcases": cases}
    return json.dumps({"rust-suites": found})


class Listing(unittest.TestCase):
    def test_nextest_tells_which_tests_run(self):
        for reason in ["ignored", "default-filter"]:
            with self.subTest(reason):
                left_out = {"status": "mismatch", "reason": reason}
                suites = [
                    ("suite", "test", {"a::works": MATCHES, "a::slow": left_out}),
                    ("oauth_dcr", "lib", {"b::tests::works": MATCHES}),
                ]
                self.assertEqual(evidence.tests_of_nextest(listing(suites)), TESTS)

    def test_a_program_and_its_integration_tests_are_told_apart(self):
        suites = [
            ("authorization_server", "test", {"a::works": MATCHES}),
            ("authorization-server", "bin", {"a::works": MATCHES}),
        ]
        self.assertEqual(
            evidence.tests_of_nextest(listing(suites)),
            {"authorization_server::a::works": True, "bin/authorization_server::a::works": True},
        )

    def test_equal_names_of_two_tests_are_reported(self):
        suites = [("suite", "test", {"works": MATCHES}), ("suite", "test", {"works": MATCHES})]
        with self.assertRaisesRegex(SystemExit, "two tests have the name suite::works"):
            evidence.tests_of_nextest(listing(suites))

    def test_test_binaries_tell_which_tests_run(self):
        def artifact(name, kind, executable, test=True):
            target = {"name": name, "kind": [kind]}
            profile = {"test": test}
            artifact = {"target": target, "profile": profile, "executable": executable}
            return json.dumps({"reason": "compiler-artifact", **artifact})

        output = "\n".join(
            [
                artifact("suite", "test", "/suite"),
                artifact("oauth_dcr", "lib", "/lib"),
                artifact("oauth_dcr", "lib", None, test=False),
                artifact("authorization-server", "bin", "/server", test=False),
                json.dumps({"reason": "build-finished", "success": True}),
            ]
        )
        printed = {
            ("/suite", False): "a::works: test\na::slow: test\n",
            ("/suite", True): "a::slow: test\n",
            ("/lib", False): "b::tests::works: test\n",
            ("/lib", True): "",
        }
        asked = lambda command: printed[command[0], "--ignored" in command]
        found = evidence.tests_of_binaries(evidence.binaries(output), asked)
        self.assertEqual(found, TESTS)


if __name__ == "__main__":
    unittest.main()
