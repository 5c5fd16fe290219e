#!/usr/bin/env python3
"""Runs ONNX's operator cases and writes the tables of docs/onnx-cases.md.

    check-onnx-cases.py ESPALIER CASES TABLES

CASES is what Scripts/fetch-onnx-cases.sh prints. Each case is verified on the reference evaluation and on the runtime
and goes through `groups`; those of onnx 1.14.1 that are claimed are verified; each emptied one is verified on the runtime, on the reference where the runtime refuses it,
and goes through `groups` too. Exit 1 unless

- every case that Scripts/select-onnx-cases.py calls claimed passes, on the runtime if its types are the runtime's, but
  for those that Tests/Operators/onnx-cases-failing.txt names, which must not pass on either;
- every claimed case of onnx 1.14.1 does so too, by its name;
- every other case passes as well, or is refused with a message;
- every emptied case agrees with onnx's reference, or is refused with a message;
- nothing ends by a signal or takes two minutes, and there are no fewer claimed cases than the page counted.
"""
import collections
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).parent.parent
REASONS = ROOT / "Tests/Operators/onnx-cases-failing.txt"
PAGE = ROOT / "docs/onnx-cases.md"
PASSES, DIFFERS, REFUSED = 0, 1, 65


def run(*arguments):
    """Exit status and the last line of explanation, without the case's folder."""
    try:
        done = subprocess.run(arguments, capture_output=True, text=True, errors="replace", timeout=120,
                              close_fds=False)
    except subprocess.TimeoutExpired:
        return 124, "takes more than two minutes"
    lines = [line for text in (done.stderr, done.stdout) for line in reversed(text.splitlines()) if line.strip()]
    return done.returncode, re.sub(r"^\S*\.(onnx|pb): ", "", lines[0]) if lines else ""


def verify(espalier, case, *flags):
    # Half precision is judged by its own rounding; the rest more strictly than by default.
    strict = () if case.name in half_precision else ("--atol", "1e-5")
    return run(espalier, "verify", "--case", str(case), *strict, *flags)


def every(function, cases):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip((case.name for case in cases), pool.map(function, cases)))


def ends_badly(status):
    """By a signal, by no answer in time, or by an internal fault."""
    return status not in (PASSES, DIFFERS, REFUSED)


def reason(message):
    """A refusal without its code and place, and without what is the case's own."""
    return re.sub(r"^E\d+( at [^:]*)?: ", "", message)


def cell(text):
    return text.replace("|", "\\|")


def table(*rows):
    head, *rest = rows
    return ["| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *rest)] + [""]


espalier, cases, tables = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
half_precision = set()


def selected(folder):
    """The claimed cases, and of those the runtime's."""
    lines = subprocess.run([sys.executable, ROOT / "Scripts/select-onnx-cases.py", cases / folder],
                           check=True, capture_output=True, text=True).stdout.splitlines()
    columns = [line.split("\t") for line in lines]
    claimed = {name for name, unclaimed, _, _ in columns if not unclaimed}
    half_precision.update(name for name, _, _, half in columns if half)
    return claimed, {name for name, _, lacking, _ in columns if name in claimed and not lacking}


claimed, runnable = selected("node")
# The early package stored bfloat16 as uint16, in other shapes than its models declare.
early_claimed, early_runnable = (names - half_precision for names in selected("early"))
named = dict(line.split(" ", 1) for line in REASONS.read_text().splitlines() if not line.startswith("#"))
counted = re.search(r"^\| reference *\|.*\| *(\d+) \|$", PAGE.read_text(), re.MULTILINE)
began = time.monotonic()
unexpected = []

nodes = sorted(case for case in (cases / "node").iterdir() if case.is_dir())
results = every(lambda case: (verify(espalier, case), verify(espalier, case, "--runtime"),
                              run(espalier, "groups", str(case / "model.onnx"))), nodes)
passing = collections.Counter()
refusals, failing = collections.defaultdict(list), []
for name, (reference, runtime, groups) in results.items():
    for place, (status, message), owes in (("reference", reference, name in claimed),
                                           ("runtime", runtime, name in runnable)):
        passing[place, owes] += status == PASSES
        wanted = (status != PASSES and not ends_badly(status) if name in named
                  else status == PASSES or status == REFUSED and not owes)
        if not wanted:
            unexpected.append(f"{name} on the {place}: exit {status}: {message}")
    if groups[0] not in (PASSES, REFUSED):
        unexpected.append(f"{name} through groups: exit {groups[0]}: {groups[1]}")
    if name in named:
        failing.append([f"`{name}`", cell(reference[1]), cell(runtime[1]), named[name]])
    elif reference[0] != PASSES or runtime[0] != PASSES:
        refused_by = reference[1] if reference[0] else "on the runtime: " + reason(runtime[1])
        refusals[reason(refused_by)].append(name.removeprefix("test_"))
unexpected += [f"{name} is expected to fail and is not a case" for name in named if name not in results]
if counted and len(claimed) < int(counted[1]):
    unexpected.append(f"{len(claimed)} cases are claimed, of {counted[1]} that {PAGE.name} counted")

early = [cases / "early" / name for name in sorted(early_claimed)]
early_passing = collections.Counter()
for name, outcomes in every(lambda case: (verify(espalier, case), verify(espalier, case, "--runtime")), early).items():
    for place, (status, message), owes in zip(("reference", "runtime"), outcomes, (True, name in early_runnable)):
        early_passing[place] += status == PASSES and owes
        if (status == PASSES) == (name in named) if owes else status not in (PASSES, REFUSED):
            unexpected.append(f"{name} of onnx 1.14.1 on the {place}: exit {status}: {message}")

half_precision |= {f"{name}.{place}" for name in half_precision for place in range(9)}
empty = sorted(case for case in (cases / "empty").iterdir() if case.is_dir())


def run_empty(case):
    status, message = verify(espalier, case, "--runtime")
    if status == REFUSED:
        status, message = verify(espalier, case)
    return (status, message), run(espalier, "groups", str(case / "model.onnx"))


emptied = collections.Counter()
for name, ((status, message), groups) in every(run_empty, empty).items():
    has_value = not (cases / "empty" / name / "refused").exists()
    if ends_badly(status) or status == DIFFERS and has_value:
        unexpected.append(f"{name} without elements: exit {status}: {message}")
    if groups[0] not in (PASSES, REFUSED):
        unexpected.append(f"{name} without elements, through groups: exit {groups[0]}: {groups[1]}")
    emptied[has_value, status == REFUSED] += 1

claims = {"reference": claimed, "runtime": runnable}
lines = table(("Evaluation", "Passing", "Of"),
              *((place, str(passing[place, True]), str(len(of))) for place, of in claims.items()),
              ("reference, cases of onnx 1.14.1", str(early_passing["reference"]), str(len(early_claimed))),
              ("runtime, cases of onnx 1.14.1", str(early_passing["runtime"]), str(len(early_runnable))))
lines += ["## Counts of the others", ""]
lines += table(("Cases", "Number"),
               ("not claimed, and pass on the reference all the same", str(passing["reference", False])),
               ("with an extent of 0, as onnx's reference has it", str(emptied[True, False])),
               ("with an extent of 0, refused where onnx's reference has a value", str(emptied[True, True])),
               ("with an extent of 0, refused or run where onnx's reference has none",
                str(emptied[False, True] + emptied[False, False])))
if failing:
    lines += ["## Cases that do not pass on both", "", *table(("Case", "Reference", "Runtime", "Why"), *failing)]
if refusals:
    lines += ["## Refused", "", *table(("Why", "Cases", "Which"), *(
        (cell(why), str(len(names)), ", ".join(f"`{name}`" for name in names))
        for why, names in sorted(refusals.items(), key=lambda item: (-len(item[1]), item[0]))))]
tables.write_text("\n".join(lines))

print(f"reference {passing['reference', True]} of {len(claimed)}, "
      f"runtime {passing['runtime', True]} of {len(runnable)}, "
      f"of onnx 1.14.1 {early_passing['reference']} of {len(early_claimed)} and "
      f"{early_passing['runtime']} of {len(early_runnable)}, {sum(map(len, refusals.values()))} refused, {len(empty)} with an extent of 0, {len(unexpected)} wrong; "
      f"{time.monotonic() - began:.0f} s (docs/onnx-cases.md)")
if unexpected:
    print(f"check-onnx-cases: against {REASONS.relative_to(ROOT)}:", *unexpected, sep="\n", file=sys.stderr)
    sys.exit(1)
