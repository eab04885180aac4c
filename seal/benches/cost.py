#!/usr/bin/env python3
"""What the seal costs: CPU and memory of both processes, beside a suite that writes at a steady rate.

    cargo build --profile seal -p tribunal-seal && seal/benches/cost.py target/seal/seal

Prints a table; asserts nothing. A reader takes the spool over TCP meanwhile and acknowledges, as a runner does.
"""
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

SEAL = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "target/seal/seal")
SECONDS = float(sys.argv[2]) if len(sys.argv) > 2 else 10
TICK = os.sysconf("SC_CLK_TCK")

WRITER = """
import os, sys, time
rate, size, seconds = float(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
line = (b"x" * (size - 1)) + b"\\n"
begun, sent = time.monotonic(), 0
while (now := time.monotonic() - begun) < seconds:
    while sent < rate * now:
        os.write(1, line)
        sent += size
    time.sleep(0.001)
"""


def read(port, result):
    """Takes the spool and acknowledges, as a runner does."""
    link = socket.create_connection(("127.0.0.1", port))
    link.sendall(struct.pack("<B3xIQ", 1, 1, 1) + b"t" + struct.pack("<B3xIQ", 2, 0, 0))
    end, buffer = 0, b""
    try:
        while chunk := link.recv(1 << 20):
            buffer += chunk
            at = 0
            while len(buffer) - at >= 16:
                kind, length, offset = struct.unpack_from("<B3xIQ", buffer, at)
                if len(buffer) - at < 16 + length:
                    break
                if kind == 3 or kind == 5:
                    pass
                at += 16 + length
                if kind == 5 - 2 and length:
                    end = offset + length
            buffer = buffer[at:]
            link.sendall(struct.pack("<B3xIQ", 4, 0, end))
            result["spool"] = end
    except OSError:
        pass


def usage(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    with open(f"/proc/{pid}/status") as status:
        peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    return (int(fields[11]) + int(fields[12])) / TICK, peak


def measure(rate, size):
    with tempfile.TemporaryDirectory() as home:
        keeper = subprocess.Popen(
            [SEAL, "keeper", "--spool", home, "--port", "0", "--token", "t",
             "--spool-limit", str(256 << 20), "--hold", "0.2"])
        while not os.path.exists(f"{home}/keeper.sock"):
            time.sleep(0.01)
        port = int(open(f"{home}/port").read())
        result = {}
        reader = threading.Thread(target=read, args=(port, result), daemon=True)
        reader.start()
        begun = time.monotonic()
        log = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        seal = subprocess.Popen(
            [SEAL, "run", "--spool", home, "--", sys.executable, "-c", WRITER, str(rate), str(size), str(SECONDS)],
            stdout=log.stdin)
        log.stdin.close()
        last = {}
        while seal.poll() is None:
            for name, pid in (("seal", seal.pid), ("keeper", keeper.pid)):
                try:
                    last[name] = usage(pid)
                except (OSError, StopIteration):
                    pass
            time.sleep(0.05)
        took = time.monotonic() - begun
        keeper.wait()
        megabytes = result.get("spool", 0) / 1e6
        (seal_cpu, seal_rss), (keeper_cpu, keeper_rss) = last["seal"], last["keeper"]
        print(f"{rate / 1e6:7.1f} {size:7d} {megabytes / took:9.1f}"
              f" {100 * seal_cpu / took:7.2f} {100 * keeper_cpu / took:8.2f}"
              f" {100 * (seal_cpu + keeper_cpu) / took:7.2f} {seal_rss:8d} {keeper_rss:10d}", flush=True)


print("asked    bytes  captured    seal   keeper    both     seal     keeper")
print(" MB/s a write      MB/s   % CPU    % CPU   % CPU   peak kB    peak kB")
for rate, size in ((0, 80), (1e6, 80), (10e6, 80), (10e6, 4096), (10e6, 65536), (1e12, 65536)):
    measure(rate, size)
