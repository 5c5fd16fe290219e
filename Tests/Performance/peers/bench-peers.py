#!/usr/bin/env python3
"""Times Espalier beside other runtimes, all of them in one run, and prints the tables.

    bench-peers.py [MODEL ...]     names of goals.py (default: all), or .onnx files

Run by `make bench-peers`; README.md says how it measures.
"""
import argparse
import datetime
import os
import pathlib
import random
import sys
import tempfile
import time

import models
import report
from report import pages
from contender import HERE
from engines import ENGINES
from goals import CHAINS, GOALS, VARIANTS
from measuring import PEERS_TOLERANCE, TOLERANCE, Schedule, measure


def main():
    arguments = parse()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as cache:
        schedule = scheduled(arguments, pathlib.Path(cache))
        results, failures, peak = [], [], 0
        for position, name in enumerate(arguments.models, 1):
            def say(text):
                minutes, seconds = divmod(int(time.monotonic() - started), 60)
                place = f"{name} ({position} of {len(arguments.models)})"
                print(f"[{minutes:2}:{seconds:02}] {place}: {text}", file=sys.stderr, flush=True)
            try:
                results.append(measure(name, schedule, say))
                peak = max(peak, models.measured_peak(results[-1].instruction_set, schedule.folder))
            except models.Failed as failure:
                failures.append(f"bench-peers: {name}: {failure}")
    if results:
        write(results, peak, schedule, arguments.output)
    if failures:
        sys.exit("\n".join(failures))


def scheduled(arguments, cache):
    schedule = Schedule(
        folder=arguments.folder, cache=cache, threads=arguments.threads,
        variants=[v for v in VARIANTS if not arguments.variants or v.name in arguments.variants],
        rounds=arguments.rounds, seconds=arguments.seconds, order=random.Random(arguments.seed))
    schedule.folder.mkdir(parents=True, exist_ok=True)
    if arguments.with_deepsparse:
        schedule.deepsparse = models.command(HERE / "environment.sh", "deepsparse").split()[-1]
    print(f"bench-peers: about {schedule.minutes(arguments.models):.0f} minutes, and the first time "
          "some more to make the networks", file=sys.stderr, flush=True)
    return schedule


def write(results, peak, schedule, output):
    """Prints the tables, and writes the page with its picture where there is a file to write."""
    kernels = results[0].instruction_set
    tables = report.tables(results, peak, {
        "date": datetime.date.today().isoformat(), "machine": machine(),
        "kernels": {"avx512": "AVX-512", "avx2": "AVX2", "neon": "NEON"}.get(kernels, kernels),
        "f32 peak of a core, measured": f"{peak:.0f} GFLOP/s",
        "versions": ", ".join(versions(results)), "rounds": schedule.rounds,
        "burst": f"{schedule.seconds:g} s", "largest error that counts": f"{TOLERANCE:g}",
        "largest error of peers that counts": f"{PEERS_TOLERANCE:g}"})
    print(tables)
    if output:
        pages.write("performance", tables, output)


def versions(results):
    """Espalier's and those of all engines that ran."""
    yield f"Espalier {models.command(models.ESPALIER, '--version').strip()}"
    found = {ENGINES[c.engine].package: c.version for result in results
             for c in result.contenders if c.version}
    yield from (f"{engine} {version}" for engine, version in found.items())


def machine():
    """The processor's name and how many cores this process may use."""
    names = [line.split(":", 1)[1].strip()
             for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
             if line.startswith("model name")]
    return f"{names[0] if names else 'unnamed processor'}, {len(os.sched_getaffinity(0))} cores"


def parse():
    cache = pathlib.Path(os.environ.get("ESPALIER_CACHE", pathlib.Path.home() / ".cache/espalier"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", default=[*GOALS, *CHAINS], metavar="MODEL")
    parser.add_argument("--variants", nargs="+", choices=[variant.name for variant in VARIANTS],
                        metavar="NAME", help='some of the patterns: dense, "nm 2:4", ...')
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], choices=[1, 2])
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=0.2, help="of one burst")
    parser.add_argument("--quick", action="store_true", help="3 rounds of 0.1 s: a rough picture")
    parser.add_argument("--seed", type=int, default=20, help="of the order within rounds")
    parser.add_argument("--folder", type=pathlib.Path, default=cache / "peer-models",
                        help="where models are kept")
    parser.add_argument("--output", type=pathlib.Path, help="the .md file to write as well")
    parser.add_argument("--with-deepsparse", action="store_true",
                        help="accepts its licence; its times are never written to a file")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.rounds, arguments.seconds = 3, 0.1
    if not models.WORKER.exists():
        parser.error(f"no {models.WORKER}; `make bench-peers` builds it")
    if len(os.sched_getaffinity(0)) < max(arguments.threads):
        parser.error(f"{max(arguments.threads)} threads need as many cores")
    if arguments.with_deepsparse and arguments.output:
        parser.error("--with-deepsparse only prints: leave --output out")
    return arguments


if __name__ == "__main__":
    main()
