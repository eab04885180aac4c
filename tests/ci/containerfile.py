"""The rules for our Containerfile that a linter does not have: nothing but the program, and no privileges."""

import re
import sys

lines = open(sys.argv[1], encoding="utf-8").read().replace("\\\n", " ").splitlines()
steps = [line.split(None, 1) for line in lines if line.strip() and not line.startswith("#")]
problems = []


def values(word):
    return [rest for step, rest in steps if step.upper() == word]


for base in values("FROM"):
    if base.split()[0] != "scratch" and "@sha256:" not in base:
        problems.append(f"FROM {base}: neither scratch nor pinned by digest")
if values("RUN") or values("SHELL"):
    problems.append("RUN: there is no shell to run it")
if values("ADD"):
    problems.append("ADD: may fetch; COPY does not")
user = (values("USER") or ["0"])[-1]
if not re.fullmatch(r"[1-9]\d*:[1-9]\d*", user):
    problems.append(f"USER {user}: not an unprivileged number, which a cluster can check")
for kind in ("ENTRYPOINT", "CMD"):
    for form in values(kind):
        if not form.startswith("["):
            problems.append(f"{kind} {form}: needs a shell")
for copy in values("COPY"):
    if "--chown=0:0" not in copy or "--chmod=" not in copy:
        problems.append(f"COPY {copy}: the user could write it, or its mode is the builder's")
order = [step.upper() for step, _ in steps]
if "USER" not in order or order.index("USER") > order.index("ENTRYPOINT"):
    problems.append("USER comes after ENTRYPOINT")
print("\n".join(problems))
sys.exit(bool(problems))
