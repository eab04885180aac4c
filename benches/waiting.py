"""Figures of live judges that wait: python3 benches/waiting.py [TRIBUNAL]

A real run of 500 suites at once. Each has printed half of a pytest run and waits; its judge, built in and written in Rust,
has told its first case and is blocked in the read behind it. Then the same suites with a judge that is only started at a
suite's end. The difference, in threads and in resident memory (/proc/PID/status), is what 500 blocked judges cost.
"""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TRIBUNAL = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "target/release/tribunal").resolve()
COUNT = 500
HEAD = """\
============================= test session starts ==============================
collected 2 items

tests/test_a.py::test_one PASSED                                         [ 50%]
"""
# A program: it gets the output when the suite has ended. Never gets that far here.
PROGRAM = b"\0asm\x01\0\0\0" + bytes([1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 5, 3, 1, 0, 1, 7, 19, 2]) + (
    bytes([6]) + b"_start" + bytes([0, 0]) + bytes([6]) + b"memory" + bytes([2, 0])
) + bytes([10, 4, 1, 2, 0, 0x0B])


def measure(judge, sign):
    """Threads and resident KiB when the journal has `sign` once for each suite."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        rows = "".join(f"[suites.s{n}]\nscript = 'cat head; exec sleep 1000'\njudge = '{judge}'\n" for n in range(COUNT))
        (folder / "pipeline.toml").write_text(
            f"version = 1\nname = 'bench'\n[defaults]\ngrace = '1s'\n[judges.later]\npath = 'later.wasm'\n{rows}"
        )
        (folder / "head").write_text(HEAD)
        (folder / "later.wasm").write_bytes(PROGRAM)
        run = subprocess.Popen([TRIBUNAL, "run", "-qq", "--jobs", str(COUNT)], cwd=folder, stdout=subprocess.DEVNULL)
        try:
            journal = folder / ".tribunal/runs/latest/events.jsonl"
            deadline = time.monotonic() + 120
            while not journal.exists() or journal.read_text().count(sign) < COUNT:
                if run.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{judge}: the suites did not come up")
                time.sleep(0.1)
            time.sleep(1)
            status = dict(line.split(":", 1) for line in pathlib.Path(f"/proc/{run.pid}/status").read_text().splitlines())
            return int(status["Threads"]), int(status["VmRSS"].split()[0])
        finally:
            run.send_signal(signal.SIGINT)
            try:
                run.wait(30)
            except subprocess.TimeoutExpired:
                run.kill()


def main():
    live_threads, live = measure("pytest", '"case-reported"')
    threads, none = measure("later", '"running"')
    more, each = live_threads - threads, (live - none) / COUNT
    print(f"{COUNT} suites with a blocked judge each: {live_threads} threads, {live // 1024} MiB resident")
    print(f"{COUNT} suites without:                   {threads} threads, {none // 1024} MiB resident")
    print(f"a judge: {more / COUNT:.3f} threads{': MISSED' if more > 2 else ''} (wanted: none), "
          f"{each:.0f} KiB{': MISSED' if each > 1024 else ''} (wanted: 1024)")


if __name__ == "__main__":
    os.environ.pop("RUSTFLAGS", None)
    main()
