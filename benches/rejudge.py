"""Figures of reloading and judging again: python3 benches/rejudge.py [TRIBUNAL [JUDGE.wasm]]

1. `tribunal rejudge` over a run of 1,000 suites: how many a second, per core.
2. `tribunal watch`: from the rename of a new judge's file to its being in force, and to its word about what was run.
   JUDGE.wasm is the judge of `plugin new --lang rust` where none is given; a custom section behind it makes it new.
"""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import languages

SUITES = 1_000
ROUNDS = 20


def tribunal():
    return str(languages.TRIBUNAL)


def rejudge(folder):
    rows = "\n".join(f"[suites.s{n}]\ncommand = ['echo', 'suite {n}']" for n in range(SUITES))
    (folder / "pipeline.toml").write_text(f"version = 1\nname = 'bench'\n{rows}\n")
    subprocess.run([tribunal(), "run", "-qq"], cwd=folder, check=True)
    best, cpu = None, None
    for _ in range(5):
        before, begun = os.times(), time.perf_counter()
        subprocess.run([tribunal(), "rejudge"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        took, after = time.perf_counter() - begun, os.times()
        used = after.children_user + after.children_system - before.children_user - before.children_system
        if best is None or took < best:
            best, cpu = took, used
    print(f"rejudge: {SUITES} attempts in {best * 1000:.0f} ms, {cpu * 1000:.0f} ms of CPU, start of the program included")
    print(f"         {SUITES / cpu:.0f} a second per core (wanted: 2000)")


def reload(folder, judge):
    shutil.copy(judge, folder / "judge.wasm")
    pipeline = "version = 1\nname = 'bench'\n[judges.mine]\npath = 'judge.wasm'\n"
    pipeline += "[suites.a]\ncommand = ['echo', 'hello']\njudge = 'mine'\n"
    (folder / "pipeline.toml").write_text(pipeline)
    watch = subprocess.Popen([tribunal(), "watch"], cwd=folder, stdout=subprocess.PIPE, text=True)
    original = judge.read_bytes()
    times, judged = [], []
    for line in watch.stdout:
        if line.startswith("watching"):
            break
    for number in range(ROUNDS):
        # A custom section (id 0) with a name of one byte and a body that is new each time: never cached.
        body = b"\x01x" + number.to_bytes(4, "little") + os.urandom(8)
        (folder / "new").write_bytes(original + bytes([0, len(body)]) + body)
        begun = time.perf_counter()
        os.replace(folder / "new", folder / "judge.wasm")
        for line in watch.stdout:
            if line.startswith("RELOAD"):
                break
        times.append((time.perf_counter() - begun) * 1000)
        for line in watch.stdout:
            if line.startswith("REJUDGED"):
                break
        judged.append((time.perf_counter() - begun) * 1000)
    watch.send_signal(signal.SIGINT)
    watch.wait()
    times.sort()
    judged.sort()
    size = len(original) / 1024
    print(f"reload: a judge of {size:.0f} KiB, compiled anew each time, in force after")
    print(f"        {times[0]:.0f} ms at best, {times[len(times) // 2]:.0f} ms in the middle, {times[-1]:.0f} ms at worst of {ROUNDS} (wanted: 300)")
    print(f"        what was run is judged anew after {judged[0]:.0f} ms at best, {judged[len(judged) // 2]:.0f} ms in the middle")


def main():
    with tempfile.TemporaryDirectory() as folder:
        rejudge(pathlib.Path(folder))
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as other:
        if len(sys.argv) > 2:
            judge = pathlib.Path(sys.argv[2]).resolve()
        else:
            project, _ = languages.build(pathlib.Path(other), "rust")
            judge = project / "all-good.wasm"
        reload(pathlib.Path(folder), judge)


if __name__ == "__main__":
    os.environ.pop("RUSTFLAGS", None)
    main()
