#!/usr/bin/env python3
"""Checks a model with onnx.checker, runs it in onnxruntime, and saves its first output.

usage: run-onnxruntime.py MODEL.onnx INPUT.npy OUTPUT.npy
"""
import sys

import numpy as np
import onnx
import onnxruntime

model, input_path, output_path = sys.argv[1:]
onnx.checker.check_model(model, full_check=True)
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
outputs = session.run(None, {session.get_inputs()[0].name: np.load(input_path)})
np.save(output_path, outputs[0])
