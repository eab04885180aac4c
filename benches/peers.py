#!/usr/bin/env python3
"""Measures tribunal beside its peers and prints a table of ratios from one run.

    make bench                 or    benches/peers.py [--quick] [--rounds N] [--only WORD]

Pairs run in turn (A B A B ...), medians are compared. Needs a release build (target/release/tribunal); xargs
is taken from the system, GNU parallel where it is installed. Everything happens in a temporary folder.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TICK = os.sysconf("SC_CLK_TCK")


class Sample:
    """One run of a command: wall and CPU seconds, its own CPU without children, peak memory in MiB."""

    def __init__(self, argv, cwd=None, watch=False):
        begun = time.perf_counter()
        child = subprocess.Popen(
            argv, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        # Looking costs the one that is looked at: memory is only watched where it is asked for.
        self.rss = 0
        while watch and os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
            for line in pathlib.Path(f"/proc/{child.pid}/status").read_text().splitlines():
                if line.startswith("VmHWM"):
                    self.rss = max(self.rss, int(line.split()[1]) / 1024)
            time.sleep(0.05)
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        self.wall = time.perf_counter() - begun
        fields = pathlib.Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()
        self.own = (int(fields[11]) + int(fields[12])) / TICK
        _, code, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(code)
        self.cpu = usage.ru_utime + usage.ru_stime
        self.code = child.returncode
        self.err = child.stderr.read().decode(errors="replace")


def paired(rounds, *commands):
    """Runs the commands in turn after one warm-up each; returns their samples."""
    samples = [[] for _ in commands]
    for number in range(rounds + 1):
        for index, command in enumerate(commands):
            sample = command()
            if sample.code not in (0, None):
                sys.exit(f"exit {sample.code}: {sample.err}")
            if number:
                samples[index].append(sample)
    return samples


def med(samples, field):
    return statistics.median(getattr(sample, field) for sample in samples)


def row(what, figure, goal, note=""):
    print(f"{what:<58} {figure:>12} {goal:>12}  {note}", flush=True)


def project(folder, text):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pipeline.toml").write_text(text)
    return folder


def many(tribunal, folder, rounds, count):
    suites = "".join(f'[suites.s{n:05}]\ncommand = ["true"]\n' for n in range(count))
    cwd = project(folder, f'version = 1\nname = "many"\n[run]\njobs = 2\n{suites}')

    def ours():
        shutil.rmtree(cwd / ".tribunal", ignore_errors=True)
        return Sample([tribunal, "run"], cwd)

    true = shutil.which("true")
    commands = [ours, lambda: Sample(["sh", "-c", f"seq {count} | xargs -P2 -n1 {true}"], cwd)]
    parallel = shutil.which("parallel")
    if parallel:
        commands.append(lambda: Sample(["sh", "-c", f"seq {count} | {parallel} --will-cite -j2 -n0 {true}"], cwd))
    mine, xargs, *rest = paired(rounds, *commands)
    note = f"tribunal {med(mine, 'wall'):.2f} s, xargs {med(xargs, 'wall'):.2f} s"
    row(f"{count} x true: wall / xargs -P2 -n1", f"{med(mine, 'wall') / med(xargs, 'wall'):.2f}x", "<= 1.30x", note)
    row(f"{count} x true: own CPU a suite", f"{med(mine, 'own') / count * 1e6:.0f} us", "<= 300 us")
    if rest:
        a, b = med(rest[0], "cpu") / count * 1e3, med(mine, "cpu") / count * 1e3
        row(f"{count} x true: CPU a job, GNU parallel / tribunal", f"{a / b:.1f}x", ">= 5x", f"{a:.2f} ms, {b:.2f} ms")
    else:
        row(f"{count} x true: CPU a job, GNU parallel / tribunal", "-", ">= 5x", "parallel is not installed")


def burst(tribunal, folder, rounds, gib):
    size = gib << 30
    writer = f"head -c {size} /dev/zero"
    cwd = project(folder, f'version = 1\nname = "burst"\n[suites.big]\nscript = "exec {writer}"\n')

    def ours():
        shutil.rmtree(cwd / ".tribunal", ignore_errors=True)
        return Sample([tribunal, "run"], cwd, watch=True)

    def file():
        (cwd / "plain").unlink(missing_ok=True)
        return Sample(["sh", "-c", f"exec {writer} > plain"], cwd)

    mine, plain = paired(rounds, ours, file)
    note = f"{size / med(mine, 'wall') / 1e6:.0f} MB/s, plain {size / med(plain, 'wall') / 1e6:.0f} MB/s"
    row(f"{gib} GiB of output: throughput / cmd > file", f"{med(plain, 'wall') / med(mine, 'wall'):.2f}x", ">= 0.90x", note)
    row(f"{gib} GiB of output: peak memory of the runner", f"{max(s.rss for s in mine):.0f} MiB", "< 64 MiB")


def pytest_log(tribunal, folder, rounds, mb):
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "pytest.log"
    line = "tests/test_module_{0:04}.py::test_case_{1:06} PASSED                [ {2:2}%]\n"
    noise = "DEBUG    app.worker:worker.py:{0} handled message {1} in {2} ms, queue length {0}\n"
    with open(log, "w", encoding="utf-8") as out:
        cases = 1000
        out.write("=" * 29 + " test session starts " + "=" * 30 + "\n")
        out.write(f"collected {cases} items\n\n")
        written = 0
        for n in range(cases):
            out.write(line.format(n % 97, n, min(99, n * 100 // cases)))
            while written < (n + 1) * mb * 1_000_000 // cases:
                written += out.write(noise.format(n, written, n % 50))
        body = f" {cases} passed in 12.34s "
        out.write("\n" + body.center(80, "=") + "\n")
    command = lambda: Sample([tribunal, "judge", "pytest", str(log), "--exit-code", "0"], folder, watch=True)
    empty = folder / "empty.log"
    empty.write_text("=" * 30 + " 1 passed in 0.01s " + "=" * 31 + "\n")
    base = lambda: Sample([tribunal, "judge", "pytest", str(empty), "--exit-code", "0"], folder)
    full, small = paired(rounds, command, base)
    size = log.stat().st_size
    wall = med(full, "wall")
    row(f"pytest judge over {size / 1e6:.0f} MB", f"{wall:.2f} s", "<= 1 s", f"{size / wall / 1e6:.0f} MB/s, {med(full, 'rss'):.0f} MiB")
    row("judge pytest on a small log, whole process", f"{med(small, 'wall') * 1e3:.1f} ms", "-")


def live(tribunal, folder, rounds, mb):
    """From the end of the output to the verdict, as the journal has it."""
    script = folder / "talk.py"
    folder.mkdir(parents=True, exist_ok=True)
    script.write_text(
        "import sys\n"
        f"n = {mb} * 10000\n"
        "print('collected 1 item')\n"
        "for i in range(n): sys.stdout.write('x' * 99 + chr(10))\n"
        "print((' 1 passed in 0.12s ').center(80, '='))\n"
    )
    cwd = project(folder, f'version = 1\nname = "live"\n[suites.talk]\ncommand = ["{sys.executable}", "talk.py"]\njudge = "pytest"\n')
    took = []
    for number in range(rounds + 1):
        sample = Sample([tribunal, "run"], cwd)
        if sample.code:
            sys.exit(f"live: exit {sample.code}: {sample.err}")
        events = [json.loads(line) for line in (cwd / ".tribunal/runs/latest/events.jsonl").read_text().splitlines()]
        at = {}
        for event in events:
            if event["event"] == "phase-changed" and event["phase"] == "judging":
                at["end"] = event["at_ms"]
            if event["event"] == "attempt-finished":
                at["verdict"] = event["at_ms"]
        if number:
            took.append(at["verdict"] - at["end"])
    row(f"live: end of {mb} MB of output to the verdict", f"{statistics.median(took)} ms", "<= 5 ms")


def start(tribunal, folder, rounds):
    suites = "".join(f'[suites.s{n:05}]\ncommand = ["pytest", "-q", "tests/{n}"]\njudge = "pytest"\nenv = {{ N = "{n}" }}\ntimeout = "5m"\n' for n in range(1000))
    cwd = project(folder, f'version = 1\nname = "start"\n{suites}')
    version, check, true = paired(
        max(rounds, 11),
        lambda: Sample([tribunal, "--version"], cwd),
        lambda: Sample([tribunal, "check"], cwd),
        lambda: Sample(["true"], cwd),
    )
    note = f"an empty process here: {med(true, 'wall') * 1e3:.1f} ms"
    row("tribunal --version", f"{med(version, 'wall') * 1e3:.1f} ms", "<= 5 ms", note)
    row("tribunal check, 1,000 suites", f"{med(check, 'wall') * 1e3:.1f} ms", "<= 50 ms")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="smaller inputs")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="many, burst, pytest, live or start")
    parser.add_argument("--tribunal", default=str(ROOT / "target/release/tribunal"))
    args = parser.parse_args()
    if not os.access(args.tribunal, os.X_OK):
        sys.exit(f"{args.tribunal} is not there: cargo build --release")
    small = args.quick
    parts = {
        "start": lambda f: start(args.tribunal, f, args.rounds),
        "many": lambda f: many(args.tribunal, f, args.rounds, 200 if small else 1000),
        "pytest": lambda f: pytest_log(args.tribunal, f, args.rounds, 20 if small else 200),
        "live": lambda f: live(args.tribunal, f, args.rounds, 2 if small else 20),
        "burst": lambda f: burst(args.tribunal, f, min(args.rounds, 3), 1 if small else 4),
    }
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.2f}, medians of {args.rounds} rounds\n")
    row("what", "measured", "goal")
    with tempfile.TemporaryDirectory(prefix="tribunal-bench-", dir=os.environ.get("TMPDIR")) as folder:
        for name, part in parts.items():
            if args.only in ("", name):
                part(pathlib.Path(folder) / name)


if __name__ == "__main__":
    main()
