#!/usr/bin/env python3
"""Measures the judges: megabytes a second of whole `tribunal judge` runs, and their peak memory.

    make bench-judges          or    benches/judges.py [--quick] [--only WORD] [--tribunal FILE]

The judge `junit` runs beside Python's junitparser and lxml on the same reports, which are generated in the shapes that
pytest, surefire and jest-junit write; the goal is 3 times junitparser and as fast as lxml. Each format of text is
measured twice: `results`, a recorded green run again and again, and `logs`, such a run with log lines of its tests in
it; the goal is 200 MB/s. Memory is that of a log eight times as long beside the first. Peers run in turn
(A B A B …), medians are compared. Needs a release build; junitparser and lxml are installed into a temporary folder.
"""

import argparse
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "tests" / "fixtures"
# What each tool prints most of where many tests run: a recorded green run.
RUNS = {
    "ctest": "ctest/*/green",
    "go-test": "go-test/*/green-v",
    "go-test json": "go-test/*/green-json",
    "gtest": "gtest/*/green",
    "jest": "jest/*/green-verbose",
    "libtest": "libtest/1*/green",
    "mocha": "mocha/*/green",
    "nextest": "nextest/*/green",
    "node-test": "node-test/*/green-spec",
    "phpunit": "phpunit/*/huge-green",
    "phpunit testdox": "phpunit/*/huge-green-testdox",
    "phpunit teamcity": "phpunit/*/huge-green-teamcity",
    "pytest": "pytest/*/green-v",
    "rspec": "rspec/*/green",
    "rspec doc": "rspec/*/green-doc",
    "rspec json": "rspec/*/green-json",
    "tap": "tap/node*/green",
}
LOGS = [
    "2026-01-01 12:00:00,{n:03} INFO  worker.py:412 handled request {n} in 12 ms (ok)",
    '{{"level":"info","ts":17672{n:05},"msg":"connected","peer":"db-{n}"}}',
    "    at Object.<anonymous> (/project/src/cart.js:{n}:14)",
    "x",
    "",
    "DEBUG [pool-3-thread-{n}] c.e.cart.CartService - total of cart {n} is 42.00 EUR after 3 vouchers",
]
COUNT = """
import sys, time
begun = time.perf_counter()
{body}
print(cases, bad, time.perf_counter() - begun)
"""
PEERS = {
    "junitparser": COUNT.format(body="""
from junitparser import JUnitXml, Failure, Error
cases = bad = 0
for suite in JUnitXml.fromfile(sys.argv[1]):
    for case in suite:
        cases += 1
        bad += any(isinstance(result, (Failure, Error)) for result in case.result)
"""),
    "lxml": COUNT.format(body="""
from lxml import etree
cases = bad = 0
for case in etree.parse(sys.argv[1], etree.XMLParser(huge_tree=True)).iter("testcase"):
    cases += 1
    bad += any(child.tag in ("failure", "error") for child in case)
"""),
}


class Sample:
    """One run: seconds of wall time, peak memory in MiB, what it printed."""

    def __init__(self, argv, cwd=None):
        begun = time.perf_counter()
        child = subprocess.Popen(argv, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.out = child.stdout.read().decode(errors="replace")
        self.err = child.stderr.read().decode(errors="replace")
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        self.wall = time.perf_counter() - begun
        self.rss = usage.ru_maxrss / 1024
        self.code = child.returncode


def median(samples):
    return statistics.median(sample.wall for sample in samples)


def pytest_shape(dice, number):
    body = ""
    if number % 50 == 0:
        body = ('<failure message="AssertionError: assert 1 == 2">def test_it():\n&gt;       assert 1 == 2\nE       assert 1 == 2\n\n'
                f"tests/test_cart.py:{number % 900}: AssertionError</failure>")
    elif number % 20 == 0:
        body = '<skipped type="pytest.skip" message="no database">/project/tests/test_cart.py:3: no database</skipped>'
    name = f"test_total[{dice.randrange(10**6)}-{dice.choice(['tea', 'cup', 'größe'])}-{number}]"
    tail = f">{body}</testcase>" if body else " />"
    return f'<testcase classname="tests.unit.test_cart{number % 40}.TestCart" name="{name}" time="{dice.random():.3f}"{tail}'


def surefire_shape(dice, number):
    log = "".join(f"12:00:00.{n:03} [main] INFO com.example.Cart - total of cart {dice.randrange(999)} is 42\n" for n in range(6))
    body = f"<system-out><![CDATA[{log}]]></system-out>"
    if number % 50 == 0:
        trace = "".join(f"\tat com.example.CartTest.step{n}(CartTest.java:{n})\n" for n in range(20))
        body = f'<failure message="expected: &lt;1&gt; but was: &lt;2&gt;" type="AssertionFailedError"><![CDATA[org.opentest4j.X: no\n{trace}]]></failure>' + body
    return f'  <testcase name="total{number}" classname="com.example.CartTest{number % 40}" time="{dice.random():.3f}">\n    {body}\n  </testcase>\n'


def jest_shape(dice, number):
    body = "\n      <failure>Error: expect(received).toBe(expected)\n\n    at Object.toBe (/project/cart.test.js:3:5)</failure>\n    " if number % 50 == 0 else "\n    "
    return f'    <testcase classname="a cart adds up {number}" name="a cart adds up {number}" time="{dice.random():.3f}">{body}</testcase>\n'


def report(path, shape, size):
    """Writes a report of about this many bytes: suites of 500 cases, with honest attributes."""
    dice = random.Random(7)
    written = number = 0
    with path.open("w") as file:
        file.write('<?xml version="1.0" encoding="utf-8"?>\n<testsuites name="all">\n')
        while written < size:
            cases = [shape(dice, number + n) for n in range(500)]
            number += 500
            text = "".join(cases)
            bad, off = text.count("<failure"), text.count("<skipped")
            written += file.write(f'<testsuite name="suite{number}" tests="500" failures="{bad}" errors="0" skipped="{off}" time="1.5">\n{text}</testsuite>\n')
        file.write("</testsuites>\n")


def recorded(pattern):
    """The newest recorded run of this name: the stream that holds it."""
    found = sorted(FIXTURES.glob(pattern + ".stdout"), key=lambda path: [int(n) if n.isdigit() else 0 for n in path.parent.name.split(".")])
    if not found:
        sys.exit(f"no recorded run is called {pattern}")
    out, err = found[-1], found[-1].with_suffix(".stderr")
    return max(out.read_bytes(), err.read_bytes() if err.exists() else b"", key=len)


def blow_up(path, base, size):
    rounds = max(1, 1_000_000 // len(base))
    block = base.rstrip(b"\n") + b"\n"
    with path.open("wb") as file:
        for _ in range(max(1, size // (len(block) * rounds))):
            file.write(block * rounds)


def with_logs(path, base, size):
    lines = base.splitlines(keepends=True)
    block = "".join(line.format(n=number % 999) + "\n" for number in range(2_000) for line in LOGS).encode()
    with path.open("wb") as file:
        file.write(b"".join(lines[:2]))
        for _ in range(max(1, size // len(block))):
            file.write(block)
        file.write(b"".join(lines[2:]))


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--quick", action="store_true", help="small files, one round")
    options.add_argument("--only", default="", help="only what has this word")
    options.add_argument("--tribunal", default=str(ROOT / "target/release/tribunal"))
    options = options.parse_args()
    size, rounds = (4_000_000, 1) if options.quick else (60_000_000, 3)
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)

        def judge(*words):
            sample = Sample([options.tribunal, "judge", *words, "--exit-code", "0", "--format", "json"], cwd=folder)
            if sample.code not in (0, 1, 2, 3):
                sys.exit(f"exit {sample.code}: {sample.err}")
            return sample

        if not options.only or "junit" in options.only:
            junit(folder, judge, size, rounds, problems)
        tiny = folder / "tiny.log"
        tiny.write_text("x\n")
        print(f"\n| judge | `results` MB/s | `logs` MB/s | MiB at {size // 10**6} MB | MiB at {size // 10**6 * 8} MB |\n|---|---|---|---|---|")
        for name, pattern in RUNS.items():
            if options.only and options.only not in name:
                continue
            base = recorded(pattern)
            word = name.split()[0]
            judge(word, str(tiny))
            idle = median([judge(word, str(tiny)) for _ in range(3)])
            cells, memory = [], []
            for make in (blow_up, with_logs):
                log = folder / "a.log"
                make(log, base, size)
                samples = [judge(word, str(log)) for _ in range(rounds)]
                rate = log.stat().st_size / 1e6 / max(0.001, median(samples) - idle)
                cells.append(f"{rate:.0f}")
                memory = [samples[0].rss]
                if make is with_logs and rate < 200:
                    problems.append(f"{name}: {rate:.0f} MB/s")
            with_logs(log, base, size * 8)
            memory.append(judge(word, str(log)).rss)
            log.unlink()
            if memory[1] > memory[0] + 24:
                problems.append(f"{name}: memory grows with the log, {memory[0]:.0f} to {memory[1]:.0f} MiB")
            print(f"| {name} | {cells[0]} | {cells[1]} | {memory[0]:.0f} | {memory[1]:.0f} |", flush=True)
    print("\n" + ("\n".join(f"below the goal: {text}" for text in problems) or "all goals met"))
    return 1 if problems else 0


def junit(folder, judge, size, rounds, problems):
    home = folder / "peers"
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", str(home), "junitparser", "lxml"], check=True)
    os.environ["PYTHONPATH"] = str(home)
    tiny = folder / "tiny.xml"
    tiny.write_text('<testsuite><testcase name="a"/></testsuite>')
    judge("junit", "--artifact", str(tiny))
    idle = median([judge("junit", "--artifact", str(tiny)) for _ in range(5)])
    print(f"`tribunal judge` of one test takes {idle * 1e3:.0f} ms; whole runs, and in brackets without that\n")
    print("| report | tribunal MB/s | junitparser | lxml | beside junitparser | beside lxml | MiB |\n|---|---|---|---|---|---|---|")
    for name, shape in (("pytest", pytest_shape), ("surefire", surefire_shape), ("jest-junit", jest_shape)):
        path = folder / "report.xml"
        report(path, shape, size)
        runs = {"tribunal": [], **{peer: [] for peer in PEERS}}
        for _ in range(rounds):
            runs["tribunal"].append(judge("junit", "--artifact", str(path)))
            for peer, code in PEERS.items():
                runs[peer].append(Sample([sys.executable, "-c", code, str(path)], cwd=folder))
        counts = json.loads(runs["tribunal"][0].out)
        for peer in PEERS:
            sample = runs[peer][0]
            if sample.code:
                sys.exit(sample.err)
            cases, bad, _ = sample.out.split()
            mine = counts["suites"][0]["counts"]
            if int(cases) != sum(mine.values()) or int(bad) != mine["failed"] + mine["errored"]:
                sys.exit(f"{peer} counts {cases} and {bad}, tribunal {mine}")
        megabytes = path.stat().st_size / 1e6
        whole = megabytes / median(runs["tribunal"])
        alone = megabytes / max(0.001, median(runs["tribunal"]) - idle)
        # Peers without the start of Python and their imports' reading, as they say themselves.
        peers = {peer: megabytes / statistics.median(float(sample.out.split()[2]) for sample in runs[peer]) for peer in PEERS}
        beside = {peer: whole / rate for peer, rate in peers.items()}
        print(f"| {name} | {whole:.0f} ({alone:.0f}) | {peers['junitparser']:.0f} | {peers['lxml']:.0f} | {beside['junitparser']:.1f}x | {beside['lxml']:.1f}x | {runs['tribunal'][0].rss:.0f} |", flush=True)
        for peer, goal in (("junitparser", 3), ("lxml", 1)):
            if beside[peer] < goal:
                problems.append(f"junit on {name}: {beside[peer]:.1f}x {peer}, the goal is {goal}x")
        path.unlink()


if __name__ == "__main__":
    sys.exit(main())
