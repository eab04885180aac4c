#!/usr/bin/env python3
"""Measures tribunal beside `kubectl logs -f` + `kubectl wait` and stern: same cluster, same Jobs, one run.

    benches/kubernetes.py [--only WORD] [--repeat N] [--stern FILE] [--tribunal FILE]

Starts clusters of tests/cluster one after another, each with what its cases need: small log files that rotate,
log files that do not, and Debian's containerd 1.6, which drops the tails of logs. With a cluster given in
KUBECONFIG_TRIBUNAL_TEST, as `tests/cluster/with` does, it measures on that one alone. Each reader gets fresh Jobs
with the same containers. Lines are counted against what the containers printed; a summary is the last line, which
a verdict needs. CPU is the reader's own, with its children. stern is installed into the cluster's cache.
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
KUBECTL = str(ROOT / "tests/cluster/kubectl")
NAMESPACE = "tribunal-test"
IMAGE = "tribunal.test/busybox:1"
SUMMARY = "=== 3 passed in 0.01s ==="
STERN = "v1.32.0"
# What each cluster is started with, and which cases it is for.
CLUSTERS = [
    ({"TRIBUNAL_CLUSTER_LOG_MAX_SIZE": "1Mi", "TRIBUNAL_CLUSTER_LOG_INTERVAL": "3s"}, ["rotation"]),
    ({"TRIBUNAL_CLUSTER_LOG_MAX_SIZE": "100Mi"}, ["whole", "one", "long", "fast", "latency"]),
    ({"TRIBUNAL_CLUSTER_LOG_MAX_SIZE": "100Mi", "TRIBUNAL_CLUSTER_CONTAINERD": "1.6"}, ["dropped"]),
]


class Cpu:
    """The CPU seconds of the children that ended meanwhile."""

    def __enter__(self):
        self.begun, self.before = time.perf_counter(), os.times()
        return self

    def __exit__(self, *_):
        now = os.times()
        self.wall = time.perf_counter() - self.begun
        self.seconds = (
            now.children_user + now.children_system - self.before.children_user - self.before.children_system
        )


def script(lines):
    return f"seq 1 {lines}; echo '{SUMMARY}'"


def manifest(name, group, text):
    container = {
        "name": "suite", "image": IMAGE, "command": ["sh", "-eu", "-c", text],
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    pod = {
        "restartPolicy": "Never", "containers": [container],
        "securityContext": {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
    }
    labels = {"bench": group}
    return {
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name, "labels": labels},
        "spec": {"backoffLimit": 0, "template": {"metadata": {"labels": labels}, "spec": pod}},
    }


def kubectl(*args, **how):
    return subprocess.run([KUBECTL, "-n", NAMESPACE, *args], stdin=subprocess.DEVNULL, text=True, check=False, **how)


def apply(group, jobs, lines):
    names = [f"{group}-{n}" for n in range(jobs)]
    items = [manifest(name, group, script(lines)) for name in names]
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    subprocess.run([KUBECTL, "-n", NAMESPACE, "create", "-f", "-"], input=text, text=True, check=True,
                   stdout=subprocess.DEVNULL)
    return names


def judge(text, lines):
    """How many of the lines are there, and whether the verdict could be told."""
    seen = {line for line in text.splitlines() if line.isdigit()}
    return len(seen) / lines, SUMMARY in text


def by_kubectl(jobs, lines, out):
    group = f"kc{int(time.time())}"
    with Cpu() as cpu:
        names = apply(group, jobs, lines)
        files = []
        readers = []
        for name in names:
            # As people do it: wait until it runs, follow, and ask the Job.
            text = (
                f'until "{KUBECTL}" -n {NAMESPACE} logs -f job/{name} 2>/dev/null; do sleep 0.2; done; '
                f'"{KUBECTL}" -n {NAMESPACE} wait --for=condition=complete --timeout=120s job/{name} >/dev/null'
            )
            file = open(out / f"{name}.log", "w")
            files.append(file)
            readers.append(subprocess.Popen(["sh", "-c", text], stdout=file, stdin=subprocess.DEVNULL))
        for reader in readers:
            reader.wait()
    for file in files:
        file.close()
    kubectl("delete", "jobs", "-l", f"bench={group}", "--wait=true", stdout=subprocess.DEVNULL)
    return cpu, [judge((out / f"{name}.log").read_text(), lines) for name in names], []


def by_stern(stern, jobs, lines, out):
    group = f"st{int(time.time())}"
    file = out / "stern.log"
    with Cpu() as cpu:
        with open(file, "w") as sink:
            reader = subprocess.Popen(
                [stern, "--kubeconfig", os.environ["KUBECONFIG_TRIBUNAL_TEST"], "-n", NAMESPACE, "-l", f"bench={group}",
                 "--max-log-requests", "100", "--color", "never", "--template", "{{.PodName}} {{.Message}}\n"],
                stdout=sink, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
            names = apply(group, jobs, lines)
            # It never ends by itself: it is given until all Jobs are complete and it has been silent for 3 s.
            kubectl("wait", "--for=condition=complete", "--timeout=180s", "jobs", "-l", f"bench={group}",
                    stdout=subprocess.DEVNULL)
            size, since = -1, time.time()
            while time.time() - since < 3:
                if file.stat().st_size != size:
                    size, since = file.stat().st_size, time.time()
                time.sleep(0.1)
            reader.terminate()
            reader.wait()
    cpu.wall -= 3
    kubectl("delete", "jobs", "-l", f"bench={group}", "--wait=true", stdout=subprocess.DEVNULL)
    texts = {name: [] for name in names}
    for line in file.read_text().splitlines():
        pod, _, rest = line.partition(" ")
        name = pod.rsplit("-", 1)[0]
        if name in texts:
            texts[name].append(rest)
    return cpu, [judge("\n".join(texts[name]), lines) for name in names], []


def by_tribunal(args, jobs, lines, out, text=None, judge_name="pytest", at_once=None, capture=None):
    numbers = ", ".join(str(n) for n in range(jobs))
    (out / "pipeline.toml").write_text(
        f'version = 1\nname = "bench"\n[kubernetes]\nnamespace = "{NAMESPACE}"\nimage = "{IMAGE}"\n'
        f'capture = "{capture or args.capture}"\n'
        f"jobs = {at_once or max(jobs, 20)}\n[suites.s]\nscript = {json.dumps(text or script(lines))}\n"
        f'judge = "{judge_name}"\nretries = {{ infra = {args.retries} }}\n'
        f'drain_timeout = "{args.drain}"\nmatrix = {{ n = [{numbers}] }}\n[suites.s.kubernetes]\n'
    )
    environment = dict(os.environ, KUBECONFIG=os.environ["KUBECONFIG_TRIBUNAL_TEST"])
    with Cpu() as cpu:
        ended = subprocess.run([args.tribunal, "run", "--format", "json"], cwd=out, env=environment, text=True,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if not ended.stdout.strip():
        sys.exit(f"tribunal said: {ended.stderr}")
    summary = json.loads(ended.stdout)
    run = out / ".tribunal/runs/latest"
    found, told = [], []
    for suite in summary["suites"]:
        logs = sorted(run.glob(f"suites/s-n-{suite['name'].split('=')[1].rstrip(']')}/attempt-*/output.log"))
        content = logs[-1].read_text() if logs else ""
        share, has_summary = judge(content, lines) if lines else (0, False)
        found.append((share, has_summary))
        told.append((suite["status"], suite["capture"]["completeness"], share, has_summary))
    return cpu, found, told


def by_sealed(args, jobs, lines, out):
    """The same Jobs with every byte counted, hashed and kept in the pod until it is read."""
    return by_tribunal(args, jobs, lines, out, capture="sealed")


def line(reader, cpu, found, lines, told, blind):
    shares = [share for share, _ in found]
    total = sum(shares) * lines
    text = (
        f"{reader:<10} lines {statistics.mean(shares):7.2%}  summaries {sum(ok for _, ok in found):>2} of {len(found)}"
        f"  {total / cpu.wall:>9,.0f} lines/s  wall {cpu.wall:6.1f} s  CPU {cpu.seconds:6.2f} s"
        f" ({cpu.seconds / max(total, 1) * 1e6:5.2f} s/M lines)"
    )
    if told:
        counts, flaws = {}, set()
        for status, completeness, share, has_summary in told:
            key = f"{status}/{completeness}"
            counts[key] = counts.get(key, 0) + 1
            if completeness in ("complete", "proven") and share < 1:
                # What the runtime drops before its log file no reader of that file can see.
                flaws.add("dropped by the runtime" if blind else "FALSE COMPLETE")
            if status == "passed" and (completeness in ("gap", "cut", "unavailable") or not has_summary):
                flaws.add("FALSE PASS")
        text += "".join(f"  {flaw}" for flaw in sorted(flaws))
        text += "  " + ", ".join(f"{count} {key}" for key, count in sorted(counts.items()))
    print(text, flush=True)


def compare(title, jobs, lines, args, blind=False):
    for number in range(args.repeat):
        print(f"\n{title}: {jobs} Jobs of {lines + 1:,} lines ({number + 1} of {args.repeat})", flush=True)
        readers = [("tribunal", lambda out: by_tribunal(args, jobs, lines, out))]
        readers.append(("sealed", lambda out: by_sealed(args, jobs, lines, out)))
        if not args.alone:
            readers.append(("kubectl", lambda out: by_kubectl(jobs, lines, out)))
            if args.stern:
                readers.append(("stern", lambda out: by_stern(args.stern, jobs, lines, out)))
        for name, read in readers:
            out = pathlib.Path(tempfile.mkdtemp())
            try:
                cpu, found, told = read(out)
                line(name, cpu, found, lines, told, blind)
            finally:
                shutil.rmtree(out)


def fast(args):
    out = pathlib.Path(tempfile.mkdtemp())
    cpu, _, told = by_tribunal(args, args.fast, 0, out, text="echo 'the one line'", judge_name="exit-code", at_once=20)
    logs = list((out / ".tribunal/runs/latest").glob("suites/*/attempt-1/output.log"))
    right = sum(log.read_text() == "the one line\n" for log in logs)
    counts = {}
    for status, completeness, *_ in told:
        counts[f"{status}/{completeness}"] = counts.get(f"{status}/{completeness}", 0) + 1
    print(f"\n{args.fast} fast Jobs, 20 at a time: {right} right logs, {counts}, wall {cpu.wall:.1f} s, CPU {cpu.seconds:.2f} s")
    shutil.rmtree(out)


def latency(args):
    """From the container's own last word to the verdict in the journal; both clocks are this machine's."""
    out = pathlib.Path(tempfile.mkdtemp())
    by_tribunal(args, 40, 0, out, text="sleep 1; cat /proc/uptime", judge_name="exit-code", at_once=4)
    run = out / ".tribunal/runs/latest"
    started = json.loads((run / "run.json").read_text())["started_at"]
    seconds = subprocess.run(["date", "-d", started, "+%s.%N"], capture_output=True, text=True, check=True).stdout
    boot = time.time() - float(pathlib.Path("/proc/uptime").read_text().split()[0])
    took = []
    for text in (run / "events.jsonl").read_text().splitlines():
        event = json.loads(text)
        if event["event"] == "attempt-finished":
            record = event["record"]
            log = (run / record["dir"] / "output.log").read_text()
            took.append(float(seconds) + event["at_ms"] / 1000 - boot - float(log.split()[0]))
    took.sort()
    print(f"\nexit to verdict, 40 Jobs, 4 at a time: median {took[len(took) // 2]:.2f} s, "
          f"p95 {took[int(len(took) * 0.95)]:.2f} s, most {took[-1]:.2f} s")
    shutil.rmtree(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="cases, by commas: rotation, whole, one, long, fast, latency, dropped")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--retries", type=int, default=2, help="retries.infra, as pipelines have it: an attempt with a gap is repeated")
    parser.add_argument("--fast", type=int, default=1000)
    parser.add_argument("--alone", action="store_true", help="tribunal without the others")
    parser.add_argument("--stern", default=shutil.which("stern"))
    parser.add_argument("--tribunal", default=str(ROOT / "target/release/tribunal"))
    parser.add_argument("--drain", default="5m", help="drain_timeout: 2.4 million lines take a busy kubelet minutes")
    parser.add_argument("--capture", default="stream", help="stream (the log API) or sealed")
    args = parser.parse_args()
    args.tribunal = str(pathlib.Path(args.tribunal).resolve())
    if not args.alone and not args.stern:
        args.stern = stern()
    if "KUBECONFIG_TRIBUNAL_TEST" not in os.environ:
        return on_clusters(args)
    cases = {
        "rotation": lambda: compare("rotation", 6, 400_000, args),
        "whole": lambda: compare("whole", 24, 100_000, args),
        "one": lambda: compare("one", 1, 150_000, args),
        "long": lambda: compare("long", 1, 2_000_000, args),
        "fast": lambda: fast(args),
        "latency": lambda: latency(args),
        "dropped": lambda: compare("dropped", 24, 100_000, args, blind=True),
    }
    for word, case in cases.items():
        if word in args.only.split(",") or not args.only:
            case()
    return None


def on_clusters(args):
    """Measures everything that was asked for, each case on a cluster that is made for it."""
    for settings, cases in CLUSTERS:
        cases = [case for case in cases if case in args.only.split(",") or not args.only]
        if not cases:
            continue
        command = [str(ROOT / "tests/cluster/with"), sys.executable, __file__, "--only", ",".join(cases),
                   "--repeat", str(args.repeat), "--fast", str(args.fast), "--tribunal", args.tribunal,
                   "--capture", args.capture, "--drain", args.drain]
        command += ["--alone"] if args.alone else ["--stern", args.stern]
        environment = {name: value for name, value in os.environ.items() if name != "KUBECONFIG"}
        print("\n" + " ".join(f"{name}={value}" for name, value in settings.items()), flush=True)
        subprocess.run(command, env=environment | settings, check=True)


def stern():
    """The path of stern, installed once."""
    cache = pathlib.Path(os.environ.get("TRIBUNAL_CLUSTER_CACHE", pathlib.Path.home() / ".cache/tribunal-cluster"))
    binary = cache / "stern" / "stern"
    if not binary.exists():
        environment = dict(os.environ, GOBIN=str(binary.parent), CGO_ENABLED="0")
        subprocess.run(["go", "install", f"github.com/stern/stern@{STERN}"], env=environment, check=True)
    return str(binary)


if __name__ == "__main__":
    main()
