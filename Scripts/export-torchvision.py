#!/usr/bin/env python3
"""Exports torchvision models with random weights to ONNX, with both of PyTorch's exporters.

    export-torchvision.py [--folder DIR] [MODEL ...]     any name torchvision.models.get_model knows

Leaves per model NAME.ts.onnx (TorchScript exporter), NAME.dyn.onnx (+ .data, the newer default),
NAME.input.npy, and onnxruntime's NAME.{ts,dyn}.output.npy for it. Work already done is skipped.
"""
import argparse
import os
import pathlib
import sys

import numpy as np
import torch
from torchvision_random import SEED, build, export, image, run

MODELS = """resnet18 mobilenet_v2 vit_b_16 swin_t resnet50 mobilenet_v3_large efficientnet_b0
densenet121 googlenet shufflenet_v2_x1_0 regnet_y_400mf resnext50_32x4d squeezenet1_1
lraspp_mobilenet_v3_large""".split()
# Two inputs must move some output by this share of the outputs' range, and the two engines must
# agree to well within the 1e-4 that Espalier is held to: else the model proves nothing.
NOTABLE_CHANGE = 0.05
ENGINES_AGREE = 5e-5


def process(name, folder):
    kinds = {"ts": False, "dyn": True}
    missing = [k for k in kinds if not (folder / f"{name}.{k}.output.npy").exists()]
    if not missing:
        print(f"{name:28} there already")
        return
    model, first, second = build(name), image(SEED), image(SEED + 1)
    with torch.no_grad():
        expected = model(first).numpy()
    np.save(folder / f"{name}.input.npy", first.numpy())
    for kind in missing:
        path = folder / f"{name}.{kind}.onnx"
        export(model, first, path, dynamo=kinds[kind])
        output = run(path, first)
        span = float(output.max() - output.min())
        if not np.isfinite(output).all() or span == 0:
            sys.exit(f"{path.name}: outputs are constant or not finite; rework randomise()")
        change = float(np.abs(run(path, second) - output).max()) / span
        error = float(np.abs(expected - output).max()) / span
        print(f"{name:28} {kind:3} range {span:9.3g}  change {change:5.3f}  to torch {error:.1e}",
              flush=True)
        if change < NOTABLE_CHANGE:
            sys.exit(f"{path.name}: outputs hardly depend on the input; rework randomise()")
        if error > ENGINES_AGREE:
            sys.exit(f"{path.name}: onnxruntime and torch disagree; the model is ill-conditioned")
        # Last, because its presence says that the rest is complete.
        np.save(folder / f"{name}.{kind}.output.npy", output)


if __name__ == "__main__":
    cache = os.environ.get("ESPALIER_CACHE", pathlib.Path.home() / ".cache/espalier")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", default=MODELS, metavar="MODEL")
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path(cache) / "torchvision")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for model_name in arguments.models:
        process(model_name, arguments.folder)
