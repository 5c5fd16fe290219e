#!/usr/bin/env python3
"""Compares two builds of the espalier command: what one made before a change, what the other makes now.

    compare-builds.py OLD NEW [--networks NAME ...] [--no-torchvision] [--speed] [--convert]
                      [--rounds N] [--seconds S] [--seed N]

Every network of the zoo and torchvision's exports (Scripts/check-torchvision.sh; skipped where PyPI
cannot be reached) is pruned by both builds in five patterns: the ONNX files must be equal, byte by
byte. Dense and with blocks 16x8 at 70 %, each build packs and runs it on the same seeded inputs: the
outputs must be equal, bit by bit. --speed times the packed models of five networks in turns,
--convert the conversion of ResNet-50, with the most memory it had.

Exit 1 where anything differs; a network that one build refuses differs, one that both refuse is
skipped. Progress goes to stderr. Needs nothing but Python's standard library.
"""
import argparse
import array
import collections
import filecmp
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import onnx_inputs

ROOT = pathlib.Path(__file__).resolve().parent.parent
SECONDS = 1800
PATTERNS = {
    "channel": ["--pattern", "channel", "--budget", "flops:2"],
    "block": ["--pattern", "block:16x8", "--sparsity", "0.7"],
    "nm": ["--pattern", "nm:2:4"],
    "vnm": ["--pattern", "vnm:8:2:4"],
    "unstructured": ["--pattern", "unstructured", "--sparsity", "0.7"],
}
TIMED = ["resnet50", "mobilenet_v2", "efficientnet_b0", "vit_b_16", "swin_t"]
TORCHVISION = """resnet18 resnet50 mobilenet_v2 mobilenet_v3_large efficientnet_b0 densenet121 googlenet
shufflenet_v2_x1_0 regnet_y_400mf resnext50_32x4d squeezenet1_1 vit_b_16 swin_t
lraspp_mobilenet_v3_large""".split()

# What a run of the command came to: the last line it said on stderr where it failed, seconds, bytes.
Run = collections.namedtuple("Run", "failure seconds memory output")


def command(tool, *words):
    """Runs one build's command, and measures it."""
    start = time.monotonic()
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen([tool, *map(str, words)], stdout=output, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - start
        output.seek(0)
        errors.seek(0)
        said = errors.read().decode(errors="replace").strip().splitlines()
        failure = ""
        if process.returncode:
            failure = f"exit {process.returncode}: {said[-1] if said else ''}"
        return Run(failure, seconds, usage.ru_maxrss * 1024, output.read())


def both(tools, *words):
    """Runs both builds' commands; `{}` in a word becomes old or new."""
    return [command(tool, *(str(word).replace("{}", name) for word in words))
            for name, tool in tools.items()]


class Table:
    """Rows as they come, aligned; equal, different and skipped ones are counted."""

    def __init__(self, *titles):
        self.titles, self.counts = titles, collections.Counter()
        self.widths = [24, 16, 9, 0]
        print(self.line(titles))

    def line(self, cells):
        return "  ".join(str(c).ljust(w) for c, w in zip(cells, self.widths)).rstrip()

    def row(self, network, what, result, note=""):
        self.counts[result] += 1
        print(self.line([network, what, result, note]), flush=True)


def refusals(table, network, what, runs):
    """Whether a build refused, which has then been told."""
    failures = [run.failure for run in runs]
    if not any(failures):
        return False
    if all(failures):
        table.row(network, what, "skipped", f"both refuse: {failures[0]}")
    else:
        side = "old" if failures[0] else "new"
        table.row(network, what, "differs", f"only {side} refuses: {failures[0] or failures[1]}")
    return True


def distance(one, other):
    """How far two .npy files of floats are apart: the largest difference as a share of the range."""
    def floats(path):
        data = pathlib.Path(path).read_bytes()
        start = 10 + int.from_bytes(data[8:10], "little")
        if b"'<f4'" not in data[:start]:
            return None
        return array.array("f", data[start:])
    a, b = floats(one), floats(other)
    if a is None or b is None or len(a) != len(b):
        return "of another type or size"
    span = max(a) - min(a)
    worst = max((abs(x - y) for x, y in zip(a, b)), default=0)
    return f"off by {worst / span if span else worst:.1e} of the range"


def compare_outputs(table, tools, network, what, model, inputs, folder):
    """Packs and runs one model with both builds."""
    if refusals(table, network, what, both(tools, "convert", model, "-o", folder / "{}.esp")):
        return
    runs = both(tools, "run", folder / "{}.esp", *inputs, "-o", folder / "{}.out")
    if refusals(table, network, what, runs):
        return
    sides = [folder / f"{name}.out" for name in tools]
    names = [sorted(path.name for path in side.iterdir()) for side in sides]
    if names[0] != names[1]:
        table.row(network, what, "differs", f"outputs {names[0]} and {names[1]}")
        return
    _, different, unread = filecmp.cmpfiles(*sides, names[0], shallow=False)
    if different or unread:
        name = (different + unread)[0]
        table.row(network, what, "differs", f"{name} {distance(sides[0] / name, sides[1] / name)}")
    else:
        table.row(network, what, "equal", f"{len(names[0])} outputs")
    for side in sides:
        for path in side.iterdir():
            path.unlink()


def compare_network(table, tools, network, model, seed, folder):
    """All comparisons of one ONNX file."""
    inputs = onnx_inputs.random_inputs(model, folder, seed)
    for what, options in PATTERNS.items():
        runs = both(tools, "prune", model, "-o", folder / "{}.onnx", *options)
        pruned = [folder / f"{name}.onnx" for name in tools]
        if not refusals(table, network, what, runs):
            same = filecmp.cmp(*pruned, shallow=False)
            table.row(network, what, "equal" if same else "differs", "" if same else "ONNX files")
            if what == "block":
                compare_outputs(table, tools, network, "block, outputs", pruned[0], inputs, folder)
        for path in pruned:
            path.unlink(missing_ok=True)
    compare_outputs(table, tools, network, "dense, outputs", model, inputs, folder)


def zoo(table, tools, names, folder):
    """(name, path) of the zoo's networks, which both builds must make alike."""
    lists = [run.output.decode() for run in both(tools, "zoo", "list")]
    known = [[line.split()[0] for line in text.splitlines()[2:]] for text in lists]
    strange = set(names) - {*known[0], *known[1], *(f"{name}.ts" for name in TORCHVISION)}
    if strange:
        sys.exit(f"compare-builds: no network is called {', '.join(sorted(strange))}")
    wanted = [name for name in known[0] + sorted(set(known[1]) - set(known[0]))
              if not names or name in names]
    for name in wanted:
        if name not in known[1]:
            table.row(name, "zoo", "differs", "only the old build has it")
            continue
        if name not in known[0]:
            table.row(name, "zoo", "skipped", "only the new build has it")
            continue
        runs = both(tools, "zoo", name, "-o", folder / "{}.zoo.onnx")
        if refusals(table, name, "zoo", runs):
            continue
        paths = [folder / f"{side}.zoo.onnx" for side in tools]
        same = filecmp.cmp(*paths, shallow=False)
        table.row(name, "zoo", "equal" if same else "differs", "" if same else "ONNX files")
        yield name, paths[0]


def torchvision(table, names):
    """(name, path) of torchvision's exports, made where they are not there."""
    wanted = [name for name in TORCHVISION if not names or f"{name}.ts" in names]
    if not wanted:
        return
    cache = pathlib.Path(os.environ.get("ESPALIER_CACHE", pathlib.Path.home() / ".cache/espalier"))
    folder = cache / "torchvision"
    environment = subprocess.run([ROOT / "Scripts/oracle-env.sh"], capture_output=True, text=True)
    if environment.returncode:
        said = environment.stderr.strip().splitlines()
        table.row("torchvision", f"{len(wanted)} exports", "skipped", said[-1] if said else "no Python")
        return
    for name in wanted:
        script = [environment.stdout.strip(), ROOT / "Scripts/export-torchvision.py", "--folder",
                  folder, name]
        done = subprocess.run(script, capture_output=True, text=True)
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines()
            table.row(f"{name}.ts", "export", "skipped", said[-1] if said else "")
            continue
        yield f"{name}.ts", folder / f"{name}.ts.onnx"


def rule(title):
    print(f"\n{title}\n", flush=True)


def speed(tools, names, rounds, seconds, folder):
    """Times packed models of both builds in turns; whether all could be timed."""
    rule(f"Speed: medians of {rounds} rounds, one thread, both builds in every round; above 1 the new is faster")
    line = "{:<18} {:<16} {:>9} {:>9} {:>7}  {}"
    print(line.format("network", "variant", "old ms", "new ms", "ratio", "range"))
    good = True
    for name in names or TIMED:
        dense = folder / "speed.onnx"
        blocks = folder / "speed-block.onnx"
        old = tools["old"]
        failures = [command(old, "zoo", name, "-o", dense).failure,
                    command(old, "prune", dense, "-o", blocks, *PATTERNS["block"]).failure]
        for variant, model in (("dense", dense), ("block:16x8 70 %", blocks)):
            runs = both(tools, "convert", model, "-o", folder / "speed-{}.esp")
            failures += [run.failure for run in runs]
            if any(failures):
                print(line.format(name, variant, "-", "-", "-", f"refused: {max(failures)}"))
                good = False
                continue
            times = {side: [] for side in tools}
            for turn in range(rounds):
                for side in sorted(tools, reverse=turn % 2 == 1):
                    print(f"{name} {variant}: round {turn + 1}, {side}", file=sys.stderr)
                    run = command(tools[side], "bench", folder / f"speed-{side}.esp", "--threads", 1,
                                  "--seconds", seconds, "--json")
                    if run.failure:
                        sys.exit(f"compare-builds: bench: {run.failure}")
                    times[side].append(json.loads(run.output)["median_ns"] / 1e6)
            ratios = sorted(o / n for o, n in zip(times["old"], times["new"]))
            middle = {side: statistics.median(times[side]) for side in tools}
            print(line.format(
                name, variant, f"{middle['old']:.2f}", f"{middle['new']:.2f}",
                f"{statistics.median(ratios):.3f}", f"{ratios[0]:.3f} to {ratios[-1]:.3f}"),
                flush=True)
    return good


def convert(tools, rounds, folder):
    """Time and memory of converting ResNet-50 with both builds in turns."""
    rule(f"Converting ResNet-50: medians of {rounds} rounds, both builds in every round")
    model = folder / "convert.onnx"
    failure = command(tools["old"], "zoo", "resnet50", "-o", model).failure
    if failure:
        print(f"refused: {failure}")
        return False
    seconds, memory = ({side: [] for side in tools} for _ in range(2))
    for turn in range(rounds):
        for side in sorted(tools, reverse=turn % 2 == 1):
            print(f"convert: round {turn + 1}, {side}", file=sys.stderr)
            run = command(tools[side], "convert", model, "-o", folder / f"convert-{side}.esp")
            if run.failure:
                print(f"{side} refuses: {run.failure}")
                return False
            seconds[side].append(run.seconds)
            memory[side].append(run.memory / 1e6)
    line = "{:<18} {:>9} {:>9} {:>9}"
    print(line.format("", "old", "new", "new / old"))
    for title, values, form in (("seconds", seconds, "{:.2f}"), ("peak memory, MB", memory, "{:.0f}")):
        old, new = (statistics.median(values[side]) for side in tools)
        print(line.format(title, form.format(old), form.format(new), f"{new / old:.2f}"))
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("old", type=pathlib.Path)
    parser.add_argument("new", type=pathlib.Path)
    parser.add_argument("--networks", nargs="+", default=[],
                        help="names of the zoo, or NAME.ts of torchvision; all by default")
    parser.add_argument("--no-torchvision", action="store_true")
    parser.add_argument("--no-results", action="store_true", help="only --speed or --convert")
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--convert", action="store_true")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=2.0, help="of one timing")
    parser.add_argument("--seed", type=int, default=1, help="of the inputs")
    arguments = parser.parse_args()
    tools = {"old": arguments.old.resolve(), "new": arguments.new.resolve()}
    good = True
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        if not arguments.no_results:
            print(f"seed {arguments.seed}")
            table = Table("network", "what", "result", "")
            for network, path in zoo(table, tools, arguments.networks, folder):
                print(network, file=sys.stderr)
                compare_network(table, tools, network, path, arguments.seed, folder)
            if arguments.no_torchvision:
                table.row("torchvision", f"{len(TORCHVISION)} exports", "skipped", "by --no-torchvision")
            else:
                for network, path in torchvision(table, arguments.networks):
                    print(network, file=sys.stderr)
                    compare_network(table, tools, network, path, arguments.seed, folder)
            counts = table.counts
            print(f"\n{counts['equal']} equal, {counts['differs']} differ, {counts['skipped']} skipped")
            good = counts["equal"] > 0 and not counts["differs"]
        if arguments.speed:
            names = [name for name in arguments.networks if not name.endswith(".ts")]
            good = speed(tools, names, arguments.rounds, arguments.seconds, folder) and good
        if arguments.convert:
            good = convert(tools, arguments.rounds, folder) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
