"""Figures of judges in every language: python3 benches/languages.py [TRIBUNAL [LANGUAGE…]]

For each template of `tribunal plugin new`: what it costs to load from the cache, to judge 64 KiB in a fresh world, and
to read 200 MiB through the contract. Then a Python judge that lets the host search the 200 MiB. Best and median of five
rounds, as other work may be on the machine. A language whose tools are missing is skipped, loudly; `make
setup-languages` installs them into target/languages.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
TRIBUNAL = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "target/release/tribunal").resolve()
TOOLS = ROOT / "target/languages/bin"
ROUNDS = 5
# Milliseconds of one judgement of 64 KiB at most; of loading from the cache; MB/s of 200 MiB at least.
WANTED = {
    "rust": (0.1, None, 700),
    "js": (2, None, None),
    "go": (2, None, None),
    "python": (5, 20, None),
    "c": (None, None, None),
    "zig": (None, None, None),
}
# Passes when the host finds no line with ERROR: the judge itself reads nothing.
SEARCHING = '''
from tribunal import Channel, Info, Judge, Status, evidence, verdict


class Plugin(Judge):
    info = Info("searching", "0.1.0", "Passes when no line has ERROR in it.", None)

    def decide(self):
        hits = evidence.open_log(Channel.COMBINED).search("ERROR", 1)
        if hits:
            return verdict(Status.FAILED, f"line {hits[0].line:.0f}: {hits[0].text}")
        return verdict(Status.PASSED, "no ERROR")
'''


def call(*command, cwd):
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def build(folder, language):
    call(TRIBUNAL, "plugin", "new", "all-good", "--lang", language, cwd=folder)
    project = folder / "all-good"
    python = TOOLS / "python" if (TOOLS / "python").exists() else "python3"
    componentize = TOOLS / "componentize-py" if (TOOLS / "componentize-py").exists() else "componentize-py"
    options = (f"PYTHON={python}", f"COMPONENTIZE={componentize}")
    call("make", *options, cwd=project)
    return project, options


def bench(project):
    """Best and median over the rounds: milliseconds of a load, of one judgement, of 200 MiB, and MB/s of those."""
    found = []
    for _ in range(ROUNDS):
        text = call(TRIBUNAL, "plugin", "bench", "all-good.wasm", cwd=project)
        load = float(re.search(r"load, cached +([\d.]+) ms", text)[1])
        small, least = map(float, re.search(r"^judge +([\d.]+) ms \(least ([\d.]+) ms", text, re.M).groups())
        large, rate = re.search(r"MiB +([\d.]+) ms, (\d+) MB/s", text).groups()
        found.append((load, small, least, float(large), int(rate)))
    loads, smalls, leasts, larges, rates = (sorted(column) for column in zip(*found))
    middle = ROUNDS // 2
    return {
        "load": (loads[0], loads[middle]),
        "small": (leasts[0], smalls[middle]),
        "large": (larges[0], larges[middle]),
        "rate": (rates[-1], rates[middle]),
    }


def beside(figures, unit, wanted, is_fine):
    best, median = figures
    text = f"{best:g} {unit} (median {median:g})"
    if wanted is None:
        return text
    return f"{text}, wanted {wanted:g}{'' if is_fine(best, wanted) else ': MISSED'}"


def at_most(value, wanted):
    return value <= wanted


def at_least(value, wanted):
    return value >= wanted


def main():
    os.environ.pop("RUSTFLAGS", None)
    chosen = sys.argv[2:] or WANTED
    for language in chosen:
        small_wanted, load_wanted, rate_wanted = WANTED[language]
        with tempfile.TemporaryDirectory() as folder:
            try:
                project, options = build(pathlib.Path(folder), language)
            except RuntimeError as error:
                print(f"{language:7} SKIPPED: {error}")
                continue
            figures = bench(project)
            print(f"{language:7} load   {beside(figures['load'], 'ms', load_wanted, at_most)}")
            print(f"        64 KiB {beside(figures['small'], 'ms', small_wanted, at_most)}")
            print(f"        200 MiB {beside(figures['rate'], 'MB/s', rate_wanted, at_least)}", flush=True)
            if language == "python":
                (project / "judge.py").write_text(SEARCHING)
                call("make", *options, cwd=project)
                print(f"        200 MiB searched by the host {beside(bench(project)['large'], 'ms', 2000, at_most)}", flush=True)


if __name__ == "__main__":
    main()
