#!/usr/bin/env python3
"""Measures the judges: megabytes a second of whole `tribunal judge` runs, and their peak memory.

    make bench-judges          or    benches/judges.py [--quick] [--cpu] [--only WORD] [--tribunal FILE]

The judge `junit` runs beside Python's junitparser and lxml on the same reports, which are generated in the shapes that
pytest, surefire and jest-junit write; the goal is 3 times junitparser and as fast as lxml. Each format of text is
measured twice: `results`, a recorded green run again and again (of formats whose judges read one run only, that run
with as many results as fit), and `logs`, such a run with log lines of its tests in it; the goal is 200 MB/s for both. Reports in JSON are recorded ones whose list of tests is repeated, with sums that
agree; they have a third of the bytes. Memory is that of a log eight times as long beside the first, for both kinds. Peers run in turn (A B A B …),
medians are compared; with `--cpu` of processor time, which others at work on the same machine change less than the clock's. Needs a release build; junitparser and lxml are installed into a temporary folder.
"""

import argparse
import json
import os
import pathlib
import random
import re
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
    "vitest": "vitest/*/green-verbose",
}
SUITES = ("numTotalTests", "numPassedTests", "numTotalTestSuites", "numPassedTestSuites")
# A recorded green report, its list of tests, and the sums that count them.
REPORTS = {
    "jest json": ("jest/*/green-json.stdout", ("testResults",), [(key,) for key in SUITES]),
    "vitest json": ("vitest/*/green-json.*", ("testResults",), [(key,) for key in SUITES]),
    "playwright json": ("playwright/*/green-json.stdout", ("suites",), [("stats", "expected")]),
    "rspec json file": ("rspec/*/green-json.stdout", ("examples",), [("summary", "example_count")]),
    "ctrf": ("ctrf/*/green.artifact.*.json", ("results", "tests"), [("results", "summary", key) for key in ("tests", "passed")]),
}
ONE_RUN = ("nextest", "pytest")
# More would be more than half a million tests, of which the judge says that they are too many to tell apart.
REPORT = 40_000_000
# Eight times as much holds nearly as many elements (800,000) as a judge takes of one report in JSON.
LISTED = 20_000_000
GOAL = 200
# What may come on top where there is more to read.
SLACK = 24
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
begun = time.perf_counter(), time.process_time()
{body}
print(cases, bad, time.perf_counter() - begun[0], time.process_time() - begun[1])
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
    """One run: seconds, peak memory in MiB, what it printed."""

    # Whether seconds are those of processors.
    cpu = False

    def __init__(self, argv, cwd=None):
        begun = time.perf_counter()
        child = subprocess.Popen(argv, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.out = child.stdout.read().decode(errors="replace")
        self.err = child.stderr.read().decode(errors="replace")
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        used = usage.ru_utime + usage.ru_stime
        self.seconds = used if Sample.cpu else time.perf_counter() - begun
        self.rss = usage.ru_maxrss / 1024
        self.code = child.returncode


def median(samples):
    return statistics.median(sample.seconds for sample in samples)


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


def newest(pattern, fits=lambda path: True):
    """The newest recorded file of this name that fits; says which newer ones do not."""
    found = sorted(FIXTURES.glob(pattern), key=lambda path: [int(n) if n.isdigit() else 0 for n in path.parent.name.split(".")])
    for path in reversed(found):
        if fits(path):
            return path
        print(f"skipped: {path.relative_to(FIXTURES)} is not what {pattern} is measured with", file=sys.stderr)
    sys.exit(f"no recorded run is called {pattern}")


def is_report(path):
    """Whether this file holds a report: vitest 5 writes its own to a file, and says on standard output where."""
    try:
        return isinstance(json.loads(path.read_text()), dict)
    except ValueError:
        return False


def recorded(pattern):
    """The newest recorded run of this name: the stream that holds it."""
    out = newest(pattern + ".stdout")
    err = out.with_suffix(".stderr")
    return max(out.read_bytes(), err.read_bytes() if err.exists() else b"", key=len)


def blow_up(path, base, size):
    rounds = max(1, 1_000_000 // len(base))
    block = base.rstrip(b"\n") + b"\n"
    with path.open("wb") as file:
        for _ in range(max(1, size // (len(block) * rounds))):
            file.write(block * rounds)


def long_run(path, base, size):
    """One run with as many results as fit, and counts that agree; tests of pytest get names of their own."""
    lines = base.decode().splitlines(keepends=True)
    results = [line for line in lines if re.search(r"^ +PASS \[|::\S+ PASSED ", line)]
    at, count = lines.index(results[0]), len(results)
    total = size // (len("".join(results).encode()) // count)
    own = rf"\b{count}(?= (?:items?|tests?|passed)\b)"
    renumbered = lambda line: re.sub(own, str(total), line)

    def fitted(line):
        """As pytest fills its own lines to one width."""
        if not line.startswith("="):
            return renumbered(line)
        title = renumbered(line).strip("=\n")
        fill = "=" * ((len(line) - 1 - len(title)) // 2)
        return (fill + title + fill).ljust(len(line) - 1, "=") + "\n"

    head, tail = ("".join(map(fitted, part)) for part in (lines[:at], lines[at + count :]))
    with path.open("w") as file:
        file.write(head)
        for number in range(total):
            line = re.sub(r"\(\d+/\d+\)", f"({number + 1}/{total})", results[number % count])
            file.write(re.sub(r"\[\d+\](?= PASSED)", f"[{number}]", line))
        file.write(tail)


def with_logs(path, base, size):
    lines = base.splitlines(keepends=True)
    block = "".join(line.format(n=number % 999) + "\n" for number in range(2_000) for line in LOGS).encode()
    with path.open("wb") as file:
        file.write(b"".join(lines[:2]))
        for _ in range(max(1, size // len(block))):
            file.write(block)
        file.write(b"".join(lines[2:]))


def large_report(path, recipe, size):
    """Writes a recorded report with its list of tests repeated to about this many bytes; returns how many tests."""
    pattern, where, sums = recipe
    text = newest(pattern, is_report).read_text()
    report = json.loads(text)
    around = report
    for key in where[:-1]:
        around = around[key]
    indent = len(text.split("\n", 2)[1]) - len(text.split("\n", 2)[1].lstrip()) if text.count("\n") > 2 else None
    style = {"indent": indent, "ensure_ascii": False, "separators": None if '": ' in text else (",", ":")}
    part = json.dumps(around[where[-1]], **style)[1:-1].strip()
    times = max(1, size // len(part.encode()))
    tests = 0
    for *keys, last in sums:
        owner = report
        for key in keys:
            owner = owner[key]
        owner[last] *= times
        tests = tests or owner[last]
    around[where[-1]] = ["@"]
    head, tail = json.dumps(report, **style).split('"@"')
    with path.open("w") as file:
        file.write(head)
        for number in range(times):
            file.write((",\n" if indent else ",") * (number > 0) + part)
        file.write(tail + "\n")
    return tests


def measure(name, judge, idle, rounds, make, size, problems):
    """Megabytes a second of what `make` writes, and the memory at this size and at eight times as much."""
    cell, memory = 0.0, []
    # Of a judge that stopped reading early no figure says anything.
    least = 1_000 if name.endswith("results") else 1
    for times in (1, 8):
        argv, path = make(size * times)
        samples = [judge(*argv) for _ in range(rounds if times == 1 else 1)]
        if times == 1:
            cell = path.stat().st_size / 1e6 / max(0.001, median(samples) - idle)
        counted = sum(json.loads(samples[0].out)["suites"][0]["counts"].values())
        if counted < least:
            sys.exit(f"{name}: only {counted} tests were counted: {samples[0].out}")
        memory.append(samples[0].rss)
        path.unlink()
    if cell < GOAL:
        problems.append(f"{name}: {cell:.0f} MB/s")
    if memory[1] > memory[0] + SLACK:
        problems.append(f"{name}: memory grows with the log, {memory[0]:.0f} to {memory[1]:.0f} MiB")
    return cell, memory


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--quick", action="store_true", help="small files, one round")
    options.add_argument("--cpu", action="store_true", help="processor time instead of the clock's")
    options.add_argument("--only", default="", help="only what has this word")
    options.add_argument("--tribunal", default=str(ROOT / "target/release/tribunal"))
    options = options.parse_args()
    Sample.cpu = options.cpu
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
            junit(folder, judge, min(size, REPORT), rounds, problems)
        tiny = folder / "tiny.log"
        tiny.write_text("x\n")
        print(f"\n| judge | `results` MB/s | `logs` MB/s | MiB at {size // 10**6} MB | MiB at {size // 10**6 * 8} MB |\n|---|---|---|---|---|")
        for name, pattern in RUNS.items():
            if options.only and options.only not in name:
                continue
            base, word, log = recorded(pattern), name.split()[0], folder / "a.log"
            judge(word, str(tiny))
            idle = median([judge(word, str(tiny)) for _ in range(3)])

            def make(size, write):
                write(log, base, size)
                return (word, str(log)), log

            cells, memory = [], []
            for kind, write in (("results", long_run if name in ONE_RUN else blow_up), ("logs", with_logs)):
                cell, both = measure(f"{name}, {kind}", judge, idle, rounds, lambda size: make(size, write), size, problems)
                cells.append(cell)
                memory.append(both)
            low, high = (max(two) for two in zip(*memory))
            print(f"| {name} | {cells[0]:.0f} | {cells[1]:.0f} | {low:.0f} | {high:.0f} |", flush=True)
        for name, recipe in REPORTS.items():
            if options.only and options.only not in name:
                continue
            word, file = name.split()[0], folder / "report.json"
            judge(word, str(tiny))
            idle = median([judge(word, str(tiny)) for _ in range(3)])

            def report_of(size):
                tests = large_report(file, recipe, size)
                argv = (word, str(tiny), "--artifact", str(file))
                counts = json.loads(judge(*argv).out)["suites"][0]["counts"]
                if counts.get("passed") != tests:
                    sys.exit(f"{name}: {tests} tests are in the report, and the judge says {counts}")
                return argv, file

            cell, (low, high) = measure(name, judge, idle, rounds, report_of, min(size, LISTED), problems)
            print(f"| {name} | {cell:.0f} | | {low:.0f} | {high:.0f} |", flush=True)
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
            cases, bad, *_ = sample.out.split()
            mine = counts["suites"][0]["counts"]
            if int(cases) != sum(mine.values()) or int(bad) != mine["failed"] + mine["errored"]:
                sys.exit(f"{peer} counts {cases} and {bad}, tribunal {mine}")
        megabytes = path.stat().st_size / 1e6
        whole = megabytes / median(runs["tribunal"])
        alone = megabytes / max(0.001, median(runs["tribunal"]) - idle)
        # Peers without the start of Python and their imports' reading, as they say themselves.
        peers = {peer: megabytes / statistics.median(float(sample.out.split()[3 if Sample.cpu else 2]) for sample in runs[peer]) for peer in PEERS}
        beside = {peer: whole / rate for peer, rate in peers.items()}
        print(f"| {name} | {whole:.0f} ({alone:.0f}) | {peers['junitparser']:.0f} | {peers['lxml']:.0f} | {beside['junitparser']:.1f}x | {beside['lxml']:.1f}x | {runs['tribunal'][0].rss:.0f} |", flush=True)
        for peer, goal in (("junitparser", 3), ("lxml", 1)):
            if beside[peer] < goal:
                problems.append(f"junit on {name}: {beside[peer]:.1f}x {peer}, the goal is {goal}x")
        path.unlink()


if __name__ == "__main__":
    sys.exit(main())
