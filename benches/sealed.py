#!/usr/bin/env python3
"""Measures what sealed capture costs beside `stream`, and what is left when parts of the cluster are killed.

    benches/sealed.py [--only WORD,…] [--tribunal FILE] [--soak N] [--restarts N]

On a cluster of tests/cluster, whose processes are this machine's: their CPU and memory are read from /proc.
`start`: from the Job's creation to the suite's first word; also of `stream` with an empty volume, because the kubelet
looks only every 300 ms whether what a pod mounts is there, the token of a service account included. `cost`: CPU and memory of the seal and its keeper
beside a suite that writes 10 MB/s. `soak`: what many Jobs leave behind. `restarts`: API server, kubelet or
containerd is killed at a random moment of each run; its seed is printed.
"""

import argparse
import json
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import kubernetes as common

ROOT = common.ROOT
TICK = os.sysconf("SC_CLK_TCK")


def pipeline(out, suites, capture, jobs=20):
    (out / "pipeline.toml").write_text(
        f'version = 1\nname = "bench"\n[kubernetes]\nnamespace = "{common.NAMESPACE}"\nimage = "{common.IMAGE}"\n'
        f'capture = "{capture}"\njobs = {jobs}\n[defaults]\ndrain_timeout = "2m"\n{suites}'
    )
    return dict(os.environ, KUBECONFIG=os.environ["KUBECONFIG_TRIBUNAL_TEST"])


# A volume in a pod of `stream`.
VOLUME = """pod = { containers = [{ name = "suite", volumeMounts = [{ name = "any", mountPath = "/any" }] }], \
volumes = [{ name = "any", emptyDir = {} }] }
"""


def start(args, out, capture):
    # The container's own clock, so that nothing of the log's way is in it.
    environment = pipeline(out, '[suites.s]\nscript = "cat /proc/uptime"\nmatrix = { n = [%s] }\n[suites.s.kubernetes]\n'
                           % ", ".join(map(str, range(20))) + (VOLUME if capture == "volume" else ""),
                           "stream" if capture == "volume" else capture, jobs=1)
    subprocess.run([args.tribunal, "run"], cwd=out, env=environment, stdout=subprocess.DEVNULL, check=True)
    run = out / ".tribunal/runs/latest"
    stamp = json.loads((run / "run.json").read_text())["started_at"]
    began = float(subprocess.run(["date", "-d", stamp, "+%s.%N"], capture_output=True, text=True, check=True).stdout)
    boot = time.time() - float(pathlib.Path("/proc/uptime").read_text().split()[0])
    asked, took, ended = {}, [], []
    for text in (run / "events.jsonl").read_text().splitlines():
        event = json.loads(text)
        if event["event"] == "phase-changed" and event["phase"] == "provisioning":
            asked.setdefault(event["suite"], event["at_ms"] / 1000)
        elif event["event"] == "attempt-finished":
            record = event["record"]
            word = float((run / record["dir"] / "output.log").read_text().split()[0])
            took.append(word + boot - began - asked[event["suite"]])
            ended.append(event["at_ms"] / 1000 - (word + boot - began))
    return took, ended


def starts(args):
    rows = {"stream": ([], []), "volume": ([], []), "sealed": ([], [])}
    for _ in range(3):
        for capture, (took, ended) in rows.items():
            out = pathlib.Path(tempfile.mkdtemp())
            one, two = start(args, out, capture)
            took += one
            ended += two
            shutil.rmtree(out)
    for capture, (took, ended) in rows.items():
        print(f"{capture:<7} creation to first word: median {statistics.median(took):.3f} s; "
              f"first word to verdict: median {statistics.median(ended):.3f} s ({len(took)} Jobs, one at a time)")
    stream, volume, sealed = (statistics.median(took) for took, _ in rows.values())
    print(f"sealed starts {(sealed - stream) * 1000:+.0f} ms later than stream without a volume, "
          f"{(sealed - volume) * 1000:+.0f} ms later than with one", flush=True)


class Watcher(threading.Thread):
    """CPU seconds and peak memory of the seal's processes, by role."""

    def __init__(self):
        super().__init__(daemon=True)
        self.seen, self.stop = {}, False

    def run(self):
        while not self.stop:
            for proc in pathlib.Path("/proc").iterdir():
                if not proc.name.isdigit():
                    continue
                try:
                    words = (proc / "cmdline").read_bytes().split(b"\0")
                    if not words[0].endswith(b"/tribunal-seal/seal"):
                        continue
                    fields = (proc / "stat").read_text().rsplit(") ", 1)[1].split()
                    peak = [line for line in (proc / "status").read_text().splitlines() if line.startswith("VmHWM")]
                    cpu = (int(fields[11]) + int(fields[12])) / TICK
                    self.seen[proc.name] = (words[1].decode(), cpu, int(peak[0].split()[1]))
                except (OSError, IndexError):
                    continue
            time.sleep(0.1)


def cost(args):
    # 100 lines of 1,000 bytes a tenth of a second: 10 MB in ten of them, for 20 s.
    text = ("l=$(head -c 999 /dev/zero | tr '\\\\0' x); b=$(for i in $(seq 100); do echo $l; done); "
            "for i in $(seq 200); do for j in 1 2 3 4 5 6 7 8 9 10; do echo \\\"$b\\\"; done; sleep 0.1; done")
    for capture in ("stream", "sealed"):
        out = pathlib.Path(tempfile.mkdtemp())
        environment = pipeline(out, f'[suites.s]\nscript = "{text}"\n[suites.s.kubernetes]\n', capture)
        watcher = Watcher()
        watcher.start()
        with common.Cpu() as cpu:
            subprocess.run([args.tribunal, "run"], cwd=out, env=environment, stdout=subprocess.DEVNULL, check=False)
        watcher.stop = True
        summary = json.loads((out / ".tribunal/runs/latest/summary.json").read_text())["suites"][0]
        size = summary["capture"]["bytes"]
        seconds = summary["duration_ms"] / 1000
        print(f"{capture:<7} {size / 1e6:.0f} MB in {seconds:.1f} s ({size / 1e6 / seconds:.1f} MB/s), "
              f"{summary['status']}/{summary['capture']['completeness']}, runner {cpu.seconds:.2f} s CPU")
        for role, used, peak in watcher.seen.values():
            print(f"  {role:<7} {used:.2f} s CPU ({used / seconds:.1%} of a core), peak memory {peak / 1024:.1f} MiB")
        shutil.rmtree(out)


def left():
    """What of tribunal's is in the cluster."""
    text = subprocess.run([common.KUBECTL, "-n", common.NAMESPACE, "get", "jobs,pods,configmaps", "-o", "name"],
                          capture_output=True, text=True, check=True).stdout
    return [line for line in text.split() if "kube-root-ca" not in line]


def connections():
    port = f":{int(os.environ.get('TRIBUNAL_CLUSTER_PORT_BASE', 26440)) + 2:04X}"
    rows = pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]
    return sum(row.split()[3] == "01" and port in row for row in rows)


def soak(args):
    out = pathlib.Path(tempfile.mkdtemp())
    numbers = ", ".join(map(str, range(args.soak)))
    environment = pipeline(out, '[suites.s]\nscript = "seq 1 1000"\nmatrix = { n = [%s] }\n[suites.s.kubernetes]\n'
                           % numbers, "sealed")
    before = connections()
    with common.Cpu() as cpu:
        subprocess.run([args.tribunal, "run"], cwd=out, env=environment, stdout=subprocess.DEVNULL, check=False)
    at_end = left()
    time.sleep(10)
    told = {}
    for suite in json.loads((out / ".tribunal/runs/latest/summary.json").read_text())["suites"]:
        key = f"{suite['status']}/{suite['capture']['completeness']}"
        told[key] = told.get(key, 0) + 1
    print(f"soak: {args.soak} sealed Jobs, 20 at a time, {cpu.wall:.0f} s: {told}; left at the end {len(at_end)}, "
          f"10 s later {len(left())}; connections to the API server {before} before, {connections()} after", flush=True)
    shutil.rmtree(out)


def restarts(args):
    script = "i=0; while [ $i -lt 40 ]; do i=$((i+1)); echo line $i; sleep 0.2; done"
    whole = "".join(f"line {n}\n" for n in range(1, 41))
    suites = "".join(
        f"[suites.{name}]\nscript = \"{script}; {end}\"\njudge = \"pytest\"\n[suites.{name}.kubernetes]\n"
        for name, end in [
            ("green", "echo '=== 3 passed in 0.01s ==='"), ("red", "echo '=== 1 failed in 0.01s ==='; exit 1"),
            ("mute", "exit 0"), ("denied", "echo '=== 3 passed in 0.01s ==='; exit 4"),
        ])
    told, false, wrong = {}, 0, 0
    for number in range(args.restarts):
        seed = args.seed + number
        dice = random.Random(seed)
        part, moment = dice.choice(["apiserver", "kubelet", "containerd"]), dice.uniform(0, 12)
        out = pathlib.Path(tempfile.mkdtemp())
        environment = pipeline(out, suites, "sealed")
        with subprocess.Popen([args.tribunal, "run"], cwd=out, env=environment, stdout=subprocess.DEVNULL) as child:
            time.sleep(moment)
            subprocess.run([ROOT / "tests/cluster/restart", part, "2"], check=True, stdout=subprocess.DEVNULL)
            child.wait(timeout=600)
        run = out / ".tribunal/runs/latest"
        for suite in json.loads((run / "summary.json").read_text())["suites"]:
            found = suite["capture"]["completeness"]
            key = f"{suite['name']} {suite['status']}/{found}"
            told[key] = told.get(key, 0) + 1
            logs = sorted(run.glob(f"suites/{suite['name']}/attempt-*/output.log"))
            kept = logs[-1].read_text() if logs else ""
            bad = suite["status"] == "passed" and suite["name"] != "green"
            lost = found == "proven" and not kept.startswith(whole)
            false += bad or (suite["status"] == "passed" and not kept.startswith(whole))
            wrong += lost
            if bad or lost or found != "proven":
                print(f"seed {seed}: {part} at {moment:.1f} s: {key}: {suite.get('message', '')}", flush=True)
        shutil.rmtree(out)
    count = sum(told.values())
    # Jobs are deleted in the background.
    time.sleep(10)
    print(f"restarts: {args.restarts} runs, {count} sealed suites, seeds from {args.seed}: false passes {false}, "
          f"false proofs {wrong}; {dict(sorted(told.items()))}; left {left()}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="start,cost,soak,restarts")
    parser.add_argument("--tribunal", default=str(ROOT / "target/release/tribunal"))
    parser.add_argument("--soak", type=int, default=500)
    parser.add_argument("--restarts", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    args.tribunal = str(pathlib.Path(args.tribunal).resolve())
    if "KUBECONFIG_TRIBUNAL_TEST" not in os.environ:
        command = [str(ROOT / "tests/cluster/with"), sys.executable, __file__, *sys.argv[1:]]
        environment = {name: value for name, value in os.environ.items() if name != "KUBECONFIG"}
        sys.exit(subprocess.run(command, env=environment | {"TRIBUNAL_CLUSTER_LOG_MAX_SIZE": "100Mi"}, check=False).returncode)
    for word in args.only.split(","):
        {"start": starts, "cost": cost, "soak": soak, "restarts": restarts}[word](args)


if __name__ == "__main__":
    main()
