#!/usr/bin/env python3
"""Times networks before and after channel removal, and with blocks on top, in alternating rounds.

    bench-channels.py [--networks NAME ...] [--ratio R] [--rounds N] [--threads N] [--output FILE.md]

Each network of the zoo is pruned to R times fewer MACs by channels (l1, counts in multiples of 8),
then blocks 16x8 at 70 % are formed on what is left. Every round runs each variant once, in shuffled
order; speed-up is the median over rounds of dense time / variant time within the round, with its
least and greatest. *Theory* is the ratio of MACs; *realised* the share of its saving that was measured.
Needs nothing but the espalier command and Python's standard library.
"""
import argparse
import json
import os
import pathlib
import random
import statistics
import subprocess
import tempfile

import pages
from pages import markdown

ESPALIER = os.environ.get("ESPALIER", ".build/release/espalier")
NETWORKS = ["resnet50", "mobilenet_v2", "efficientnet_b0", "vit_b_16", "swin_t"]


def espalier(*words):
    return subprocess.run([ESPALIER, *map(str, words)], check=True, stdout=subprocess.PIPE,
                          text=True).stdout


def prepare(name, ratio, folder):
    """The packed variants of one network, with the MACs that each has left of the dense ones."""
    dense = folder / f"{name}.onnx"
    espalier("zoo", name, "-o", dense)
    fewer = folder / f"{name}-channels.onnx"
    report = json.loads(espalier("prune", dense, "-o", fewer, "--pattern", "channel",
                                 "--budget", f"flops:{ratio}", "--no-refit", "--force", "--json"))
    both = folder / f"{name}-both.onnx"
    blocks = json.loads(espalier("prune", fewer, "-o", both, "--pattern", "block:16x8",
                                 "--sparsity", "0.7", "--scope", "layer", "--no-refit", "--force",
                                 "--json"))
    theory = {"dense": 1.0, "channels": report["flops_ratio"],
              "channels, blocks 16x8 70 %": report["flops_ratio"] * blocks["flops_ratio"]}
    variants = {}
    for label, path in zip(theory, (dense, fewer, both)):
        packed = path.with_suffix(".esp")
        espalier("convert", path, "-o", packed)
        variants[label] = packed
    return variants, theory


def median_ns(packed, threads):
    return json.loads(espalier("bench", packed, "--threads", threads, "--json"))["median_ns"]


def measure(name, arguments, folder):
    variants, theory = prepare(name, arguments.ratio, folder)
    times = {label: [] for label in variants}
    generator = random.Random(arguments.seed)
    for _ in range(arguments.rounds):
        order = list(variants)
        generator.shuffle(order)
        for label in order:
            times[label].append(median_ns(variants[label], arguments.threads))
    rows = []
    for label in variants:
        ratios = sorted(d / t for d, t in zip(times["dense"], times[label]))
        speedup = statistics.median(ratios)
        realised = "" if label == "dense" else f"{(1 - 1 / speedup) / (1 - 1 / theory[label]):.0%}"
        rows.append([name if label == "dense" else "", label,
                     f"{statistics.median(times[label]) / 1e6:.2f}", f"{theory[label]:.2f}",
                     f"{speedup:.2f}", f"{ratios[0]:.2f} to {ratios[-1]:.2f}", realised])
    return rows


def table(rows):
    return markdown.Table(
        ["network", "variant", "ms", "theory", "speed-up", "range", "realised"], rows).text()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--networks", nargs="+", default=NETWORKS)
    parser.add_argument("--ratio", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1, help="order of the rounds")
    parser.add_argument("--output", type=pathlib.Path, help="the page to write")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}, {arguments.rounds} rounds, {arguments.threads} thread(s)")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.networks:
            added = measure(name, arguments, pathlib.Path(folder))
            print(table(added), flush=True)
            rows += added
    if arguments.output:
        tables = "## Networks\n\n" + table(rows) + "\n\n## How it was measured\n\n"
        pages.write("channels-speed", tables + markdown.facts_table({
            "times fewer MACs": f"{arguments.ratio:g}", "rounds": arguments.rounds,
            "threads": arguments.threads}), arguments.output)


if __name__ == "__main__":
    main()
