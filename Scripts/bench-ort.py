#!/usr/bin/env python3
"""Times Espalier beside onnxruntime, in alternating rounds of fresh processes.

    bench-ort.py MODEL.onnx A.esp [B.esp ...] [--threads N] [--rounds R]

Every round runs each contender once, in shuffled order, pinned to the first N CPUs; a row shows
the median of its rounds' medians, their spread, and the ratio to onnxruntime (below 1: faster).
"""
import argparse
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import time


def onnxruntime_samples(path, threads, seconds):
    import numpy as np
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    generator = np.random.default_rng(20)
    feed = {}
    for value in session.get_inputs():
        shape = [n if isinstance(n, int) else 1 for n in value.shape]
        if "float" in value.type:
            feed[value.name] = generator.standard_normal(shape).astype(np.float32)
        else:
            kind = {"tensor(int64)": np.int64, "tensor(int32)": np.int32, "tensor(bool)": np.bool_}
            feed[value.name] = np.ones(shape, kind[value.type])
    for _ in range(3):
        session.run(None, feed)
    samples, end = [], time.monotonic() + seconds
    while len(samples) < 5 or time.monotonic() < end:
        start = time.perf_counter_ns()
        session.run(None, feed)
        samples.append(time.perf_counter_ns() - start)
    return samples


def median_ns(contender, arguments):
    """One round of one contender in a process of its own, which inherits the CPUs pinned here."""
    if contender == arguments.model:
        command = [sys.executable, __file__, contender, "--samples",
                   "--threads", str(arguments.threads), "--seconds", str(arguments.seconds)]
    else:
        command = [arguments.espalier, "bench", contender, "--json",
                   "--threads", str(arguments.threads)]
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if run.returncode != 0:
        sys.exit(f"bench-ort: exit {run.returncode}: {' '.join(command)}")
    return json.loads(run.stdout)["median_ns"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("packed", nargs="*")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="onnxruntime's time per round")
    parser.add_argument("--samples", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument(
        "--espalier", default=os.environ.get("ESPALIER", ".build/release/espalier"))
    arguments = parser.parse_intermixed_args()

    if arguments.samples:
        samples = onnxruntime_samples(arguments.model, arguments.threads, arguments.seconds)
        print(json.dumps({"median_ns": statistics.median(samples), "samples_ns": samples}))
        return

    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < arguments.threads:
        sys.exit(f"bench-ort: {arguments.threads} threads, but only {len(allowed)} CPUs here")
    os.sched_setaffinity(0, allowed[:arguments.threads])
    contenders = [arguments.model, *arguments.packed]
    medians = {contender: [] for contender in contenders}
    for _ in range(arguments.rounds):
        for contender in random.sample(contenders, len(contenders)):
            medians[contender].append(median_ns(contender, arguments))

    middle = {contender: statistics.median(values) for contender, values in medians.items()}
    base = middle[arguments.model]
    print(f"{arguments.threads} thread(s), {arguments.rounds} alternating rounds")
    print(f"{'':32} {'median ms':>10} {'lowest':>10} {'highest':>10} {'/ onnxruntime':>14}")
    for contender in contenders:
        name = "onnxruntime" if contender == arguments.model else pathlib.Path(contender).name
        columns = [middle[contender], min(medians[contender]), max(medians[contender])]
        cells = " ".join(f"{ns / 1e6:10.3f}" for ns in columns)
        print(f"{name:32} {cells} {middle[contender] / base:14.2f}")


if __name__ == "__main__":
    main()
