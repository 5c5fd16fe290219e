#!/usr/bin/env python3
"""Checks a model with onnx.checker and runs it in onnxruntime on seeded random inputs.

usage: random-case.py MODEL.onnx FOLDER [--seed N]

Floating-point inputs are standard normal, integers are 0 or 1 where they are a mask and below 1000
elsewhere. Saves FOLDER/input.NAME.npy and FOLDER/output.NAME.npy; prints the seed.
"""
import argparse

import numpy as np
import onnx
import onnxruntime

parser = argparse.ArgumentParser()
parser.add_argument("model")
parser.add_argument("folder")
parser.add_argument("--seed", type=int, default=1)
options = parser.parse_args()

onnx.checker.check_model(options.model, full_check=True)
session = onnxruntime.InferenceSession(options.model, providers=["CPUExecutionProvider"])
random = np.random.default_rng(options.seed)
print(f"seed {options.seed}")
inputs = {}
for entry in session.get_inputs():
    if entry.type == "tensor(float)":
        inputs[entry.name] = random.standard_normal(entry.shape).astype(np.float32)
    else:
        bound = 2 if "mask" in entry.name else 1000
        inputs[entry.name] = random.integers(0, bound, entry.shape)
    np.save(f"{options.folder}/input.{entry.name}.npy", inputs[entry.name])
for entry, value in zip(session.get_outputs(), session.run(None, inputs)):
    np.save(f"{options.folder}/output.{entry.name}.npy", value)
