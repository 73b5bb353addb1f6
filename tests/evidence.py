#!/usr/bin/env python3
"""Checks tests/evidence.md: each claim names a page that exists and tests that run.

It also checks that the README links each page of the guide, and that the README stays short.

    python3 tests/evidence.py

Builds the tests and asks the harness for their names. It asks cargo-nextest if that is installed, and
otherwise each test binary.
"""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
LEDGER = ROOT / "tests/evidence.md"
GUIDE = ROOT / "src/guide"
# The tests that tests/run.sh runs, so that nothing is built twice.
SELECTED = ["--locked", "--all-features", "--workspace", "--exclude", "oauth-dcr-fuzz"]
MAX_README_LINES = 250
HEAD = ["claim", "page", "tests"]
NAME = re.compile(r"`([^`]*)`")
CELL_OF_TESTS = re.compile(r"`[^`]*`(, `[^`]*`)*")


class Row(NamedTuple):
    """One claim of the ledger."""

    line: int
    claim: str
    page: str
    tests: list


def rows(text):
    """The rows of the ledger, and the faults of lines that are no rows."""
    found, faults, in_table = [], [], False
    for number, line in enumerate(text.splitlines(), 1):
        if not line.startswith("|"):
            in_table = False
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if cells == HEAD:
            in_table = True
        elif not in_table or len(cells) != len(HEAD):
            faults.append(f"line {number}: a row has the cells {', '.join(HEAD)}")
        elif set(line) - set("|- "):
            claim, page, tests = cells
            if not CELL_OF_TESTS.fullmatch(tests):
                faults.append(f"line {number}: tests are names in backticks, separated by commas")
            found.append(Row(number, claim, page, NAME.findall(tests)))
    return found, faults


def faults_of_row(row, tests, pages):
    """What is wrong with one row. `tests` maps names to whether the test runs by default."""
    if row.page not in pages:
        yield f"there is no page {row.page}"
    if not row.claim:
        yield "the claim is empty"
    if not row.tests:
        yield "the row names no test"
    for name in row.tests:
        if row.tests.count(name) > 1:
            yield f"the row names {name} more than once"
        if name not in tests:
            yield f"there is no test {name}"
        elif not tests[name]:
            yield f"the test {name} does not run by default"


def check(text, tests, pages):
    """Every fault of a ledger, one a line."""
    found, faults = rows(text)
    seen = set()
    for row in found:
        for fault in faults_of_row(row, tests, pages):
            faults.append(f"line {row.line}: {fault}")
        if row.claim in seen:
            faults.append(f"line {row.line}: duplicate claim: {row.claim}")
        seen.add(row.claim)
    for page in sorted(set(pages) - {row.page for row in found}):
        faults.append(f"no row has the page {page}")
    return faults


def pages():
    """The README, and the pages of the guide by the names of their modules."""
    return ["README.md"] + sorted(path.stem for path in GUIDE.glob("*.md"))


def unlinked(names, readme, modules):
    """Pages of the guide that readers cannot find."""
    for name in names:
        if f'"guide/{name}.md")]\npub mod {name} {{}}' not in modules:
            yield f"{name} is no module of src/guide.rs"
        if f"/oauth_dcr/guide/{name}/" not in readme:
            yield f"README.md does not link the page {name}"


def too_long(readme):
    """Whether the README has more lines than people read."""
    lines = len(readme.splitlines())
    if lines > MAX_README_LINES:
        yield f"README.md has {lines} lines, more than {MAX_README_LINES}"


def binary_name(name, kind):
    """How the ledger calls a test binary. `bin/` marks the unit tests of a program, because integration
    tests may have the name of the program."""
    name = name.replace("-", "_")
    if "bin" in kind:
        return f"bin/{name}"
    return "lib" if name == "oauth_dcr" and "lib" in kind else name


def add(tests, name, runs):
    """Adds a test to a listing."""
    if name in tests:
        sys.exit(f"two tests have the name {name}")
    tests[name] = runs


def tests_of_nextest(output):
    """Reads what `cargo nextest list --message-format json` prints."""
    tests = {}
    for suite in json.loads(output)["rust-suites"].values():
        binary = binary_name(suite["binary-name"], [suite["kind"]])
        for test, case in suite["testcases"].items():
            # Ignored tests do not match, and neither do the tests that the default filter leaves out.
            add(tests, f"{binary}::{test}", case["filter-match"]["status"] == "matches")
    return tests


def binaries(output):
    """Reads what `cargo test --no-run --message-format json` prints: names and files of binaries."""
    for line in output.splitlines():
        message = json.loads(line)
        if message["reason"] == "compiler-artifact" and message["executable"]:
            target = message["target"]
            if message["profile"]["test"]:
                yield binary_name(target["name"], target["kind"]), message["executable"]


def names(output):
    """Reads what a test binary prints for `--list --format terse`."""
    return [line[: -len(": test")] for line in output.splitlines() if line.endswith(": test")]


def tests_of_binaries(found, output_of):
    """Asks each binary for its tests."""
    tests = {}
    for binary, file in found:
        listing = [file, "--list", "--format", "terse"]
        ignored = set(names(output_of([*listing, "--ignored"])))
        for test in names(output_of(listing)):
            add(tests, f"{binary}::{test}", test not in ignored)
    return tests


def output_of(command):
    """Runs a command whose faults are shown to the user."""
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit status {done.returncode}")
    return done.stdout


def listed():
    """The tests of the workspace, by the harness."""
    nextest = ["cargo", "nextest", "--version"]
    if subprocess.run(nextest, capture_output=True, check=False).returncode == 0:
        return tests_of_nextest(
            output_of(["cargo", "nextest", "list", *SELECTED, "--message-format", "json"])
        )
    built = ["cargo", "test", *SELECTED, "--lib", "--tests", "--no-run"]
    return tests_of_binaries(binaries(output_of([*built, "--message-format", "json"])), output_of)


def main():
    ledger = LEDGER.read_text(encoding="utf-8")
    tests, known = listed(), pages()
    faults = check(ledger, tests, known)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    modules = (ROOT / "src/guide.rs").read_text(encoding="utf-8")
    faults += unlinked([page for page in known if page != "README.md"], readme, modules)
    faults += too_long(readme)
    if faults:
        sys.exit("tests/evidence.md:\n" + "\n".join(faults))
    print(f"{len(rows(ledger)[0])} claims name tests that exist; the harness lists {len(tests)} tests")


if __name__ == "__main__":
    main()
