#!/usr/bin/env python3
"""One engine in a process of its own, which answers each line of standard input with one of JSON.

    worker.py ENGINE MODEL.onnx THREADS INPUT.npy ...

    load         makes the model ready                        {"nanoseconds": N}
    run K        K inferences                                 [nanoseconds of each]
    output STEM  writes STEM.0.npy, STEM.1.npy, ...           {"count": N}

The first answer, {"version": V}, comes unasked once the engine is imported. {"failure": REASON}
stands in place of any answer, and is the last. Espalier's worker (Worker/PeerWorker.swift)
answers alike.
"""
import json
import os
import sys
import time

import numpy as np

from engines import ENGINES


def start(name, path, input_paths):
    engine = ENGINES[name]()
    path = engine.prepare(path)
    inputs = [np.load(input_path) for input_path in input_paths]
    __import__(engine.package)
    return engine, path, inputs


def load(engine, path, inputs, threads):
    start = time.perf_counter_ns()
    engine.load(path, inputs, threads)
    return {"nanoseconds": time.perf_counter_ns() - start}


def run(engine, count):
    samples = []
    for _ in range(count):
        engine.place_inputs()
        start = time.perf_counter_ns()
        engine.run()
        samples.append(time.perf_counter_ns() - start)
    return samples


def write_outputs(engine, stem):
    outputs = engine.outputs()
    for index, array in enumerate(outputs):
        np.save(f"{stem}.{index}.npy", np.asarray(array, np.float32))
    return {"count": len(outputs)}


def main(name, path, threads, *input_paths):
    # Engines write to standard output as they like; answers go to what it was.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    try:
        engine, path, inputs = start(name, path, input_paths)
        print(json.dumps({"version": engine.version()}), file=answers)
        for line in sys.stdin:
            command, _, argument = line.strip().partition(" ")
            if command == "load":
                answer = load(engine, path, inputs, int(threads))
            elif command == "run":
                answer = run(engine, int(argument))
            else:
                answer = write_outputs(engine, argument)
            print(json.dumps(answer), file=answers)
    except Exception as failure:
        reason = " ".join(str(failure).split()) or type(failure).__name__
        print(json.dumps({"failure": reason}), file=answers)


if __name__ == "__main__":
    main(*sys.argv[1:])
