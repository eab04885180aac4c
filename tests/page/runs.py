"""Makes the stored runs that the tests of the HTML report look at: recorded, hostile, big."""

import copy
import json
import pathlib
import random
import sys

RECORDED = pathlib.Path(__file__).parent.parent / "fixtures/run/events.jsonl"


def store(folder, events, outputs):
    """Writes a run's directory as `tribunal run` does."""
    folder.mkdir(parents=True)
    start = events[0]
    intro = {
        "version": 1, "id": start["run"], "pipeline": start["pipeline"], "file": "pipeline.toml",
        "started_at": start["started_at"], "tribunal": start["tribunal"], "pid": 1, "suites": len(start["suites"]),
    }
    (folder / "run.json").write_text(json.dumps(intro))
    with open(folder / "events.jsonl", "w") as journal:
        for event in events:
            journal.write(json.dumps(event) + "\n")
    for path, content in outputs.items():
        path = folder / path / "output.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def recorded():
    return [json.loads(line) for line in RECORDED.read_text().splitlines()]


def log(length, first=b""):
    """An output of exactly so many bytes, in lines with a few colours."""
    rng = random.Random(7)
    lines, size, number = [first], len(first), 0
    while size < length:
        number += 1
        word = b"\x1b[32mPASSED\x1b[0m" if rng.random() > 0.02 else b"\x1b[1;31mFAILED\x1b[0m"
        line = b"tests/test_area_%03d.py::test_case_%06d %s [%3d%%]\n" % (number % 400, number, word, number % 100)
        lines.append(line)
        size += len(line)
    return b"".join(lines)[:length]


def outputs_of(events):
    return {
        event["record"]["dir"]: log(event["record"]["capture"]["bytes"])
        for event in events
        if event["event"] == "attempt-finished"
    }


PAYLOADS = [
    "</script><script>alert(1)</script>", "<img src=x onerror=alert(2)>", "\"><svg onload=alert(3)>",
    "<style>@import 'http://127.0.0.1:9/x'</style>", "javascript:alert(4)", "<!--<script>", "]]>",
    "<iframe srcdoc='<script>parent.alert(5)</script>'>", "<link rel=stylesheet href=http://127.0.0.1:9/y>",
    "\u202egnp.exe", "__proto__", "<base href=http://127.0.0.1:9/>", "' style='background:url(http://127.0.0.1:9/z)",
]


def poison(value, skip=()):
    """Puts a payload into every text that comes from outside."""
    if isinstance(value, list):
        return [poison(item) for item in value]
    if isinstance(value, dict):
        keep = {"event", "status", "kind", "completeness", "started_at", "dir", "slug", "phase", "level", "executor"}
        return {key: item if key in keep else poison(item) for key, item in value.items()}
    if isinstance(value, str):
        return value + " ".join(PAYLOADS)
    return value


def hostile():
    events = [poison(event) for event in recorded()]
    noise = "".join(f"{payload}\n\x1b]0;x\x07\x1b]8;;javascript:alert(9)\x07link\x1b]8;;\x07\n" for payload in PAYLOADS)
    noise = noise.encode() + b"\xff\xfe invalid\n" + b"x" * 9000 + b"\n"
    return events, {
        event["record"]["dir"]: log(20_000, noise) for event in events if event["event"] == "attempt-finished"
    }


def big(cases=100_000, log_bytes=50_000_000):
    """Eight suites, a hundred thousand cases, one output of 50 MB of a failed suite."""
    base = recorded()
    start, end = base[0], base[-1]
    rng = random.Random(11)
    intros, events, suites, outputs = [], [], [], {}
    attempt = next(event for event in base if event["event"] == "attempt-finished" and event["record"]["status"] == "failed")
    finished = next(event for event in base if event["event"] == "suite-finished")
    each = cases // 8
    for number in range(8):
        name = f"area-{number}"
        intro = copy.deepcopy(start["suites"][0])
        intro.update(name=name, slug=name)
        intros.append(intro)
        failing = []
        for index in range(each):
            bad = number < 3 and rng.random() < 0.01
            case = {
                "id": f"tests/area_{number}/test_part_{index % 300:03d}.py::TestThings::test_case_{index:06d}[value-{index % 7}]",
                "status": "failed" if bad else "passed", "duration_ms": round(rng.expovariate(1 / 12), 1),
            }
            if bad:
                case |= {
                    "message": f"AssertionError: assert {rng.randrange(100)} == {rng.randrange(100)}",
                    "details": "    def test():\n>       assert a == b\nE       assert 1 == 2",
                    "file": f"tests/area_{number}/test_part_{index % 300:03d}.py", "line": 10 + index % 80,
                }
                failing.append(case)
            events.append({"at_ms": 1000 + index, "totals": start["totals"], "event": "case-reported", "suite": number,
                           "attempt": 1, "case": case})
        status = "failed" if failing else "passed"
        size = log_bytes if number == 0 else 100_000
        record = copy.deepcopy(attempt["record"])
        record.update(suite=name, status=status, summary=f"{len(failing)} of {each} failed", failing=failing[:100],
                      failing_omitted=max(0, len(failing) - 100), dir=f"suites/{name}/attempt-1", attempt=1)
        outputs[record["dir"]] = log(size)
        lines = outputs[record["dir"]].count(b"\n")
        record["capture"].update(bytes=size, lines=lines, stdout_bytes=size)
        events.append({**attempt, "suite": number, "record": record, "retry_in_ms": None})
        summary = copy.deepcopy(finished["summary"])
        summary.update(name=name, status=status, summary=record["summary"], failing=failing[:100],
                       failing_omitted=record["failing_omitted"], dir=record["dir"], history=[],
                       counts={"passed": each - len(failing), "failed": len(failing), "errored": 0, "skipped": 0, "flaky": 0})
        summary["capture"].update(bytes=size, lines=lines)
        events.append({**finished, "suite": number, "summary": summary})
        suites.append(summary)
    start = {**start, "suites": intros}
    end = copy.deepcopy(end)
    end["summary"].update(suites=suites, status="failed")
    return [start, *events, end], outputs


if __name__ == "__main__":
    to = pathlib.Path(sys.argv[1])
    run = recorded()
    store(to / "recorded", run, outputs_of(run))
    # Runs before it, as far as the page reads them.
    for name, day, unit, web in [("aaaa", 20, "passed", "passed"), ("bbbb", 21, "passed", "flaky"), ("cccc", 22, "failed", "flaky")]:
        ident = f"202611{day}-1000-{name}"
        folder = to / ident
        folder.mkdir()
        (folder / "run.json").write_text(json.dumps(
            {"version": 1, "id": ident, "pipeline": run[0]["pipeline"], "started_at": f"2026-11-{day}T10:00:00Z"}))
        (folder / "summary.json").write_text(json.dumps(
            {"version": 1, "suites": [{"name": "unit", "status": unit}, {"name": "web", "status": web}]}))
    store(to / "hostile", *hostile())
    # A pipeline of its own: it has no run before.
    (start, *rest), outputs = big()
    store(to / "big", [{**start, "pipeline": "big"}, *rest], outputs)
