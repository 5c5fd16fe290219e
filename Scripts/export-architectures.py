#!/usr/bin/env python3
"""Exports torchvision's classification and segmentation architectures to ONNX, random weights.

    export-architectures.py [--folder DIR] [--exporter FORM] [NAME ...]        default: all of them
    export-architectures.py --list

Leaves NAME.FORM.onnx and NAME.inputs.npy, two pictures [2, 3, side, side], in a folder named
after the versions. Work already done is skipped. Exit 1 if any export fails, the reason printed.
FORM is `ts`, PyTorch's TorchScript exporter (dynamo=False), or `dyn`, the newer default; these take
one picture, and `ts-batch` and `dyn-batch` any number.
"""
import argparse
import os
import pathlib
import sys
import tempfile
import time

import numpy as np
import torch
import torchvision_random
from torchvision_any import torchvision

SEED = torchvision_random.SEED
# Two inputs must move some output by this share of the outputs' range, or the model proves nothing.
# The two engines must agree, or the network is too sensitive to be compared at all.
NOTABLE_CHANGE = 0.05
ENGINES_AGREE = 1e-5
STEADY = 0.5
FORMS = ["ts", "dyn", "ts-batch", "dyn-batch"]


def names():
    """Every classification and segmentation architecture, without quantised ones."""
    models = torchvision.models
    return models.list_models(module=models) + models.list_models(module=models.segmentation)


def side(name):
    """Pixels along one edge: small where the architecture takes any size."""
    if name.startswith("swin_v2_"):
        return 256
    if name.startswith(("vit_", "swin_", "maxvit_", "alexnet", "vgg")):
        return 224  # AlexNet and VGG pool to a size that the TorchScript exporter wants divisible
    if name.startswith(("inception_", "fcn_", "deeplabv3_", "lraspp_")):
        return 96
    return 64


def pictures(name):
    """The two pictures the exports are checked with: [2, 3, side, side]."""
    return torch.cat([torchvision_random.image(SEED + i, side(name)) for i in range(2)])


def export(name, form, folder):
    """Path of the export, made if missing; raises what the exporter raises."""
    path = folder / f"{name}.{form}.onnx"
    exporter, _, free = form.partition("-")
    inputs = folder / f"{name}.inputs.npy"
    if path.exists() and inputs.exists():
        return path
    model, images = torchvision_random.build(name, side(name), STEADY), pictures(name)
    # In a folder of its own first, under its final name: the model names its data file.
    with tempfile.TemporaryDirectory(dir=folder) as unchecked:
        # The newer exporter takes an axis of one for fixed, so that a free one is shown with two.
        torchvision_random.export(
            model, images if free else images[:1], pathlib.Path(unchecked) / path.name,
            dynamo=exporter == "dyn", free_batch=bool(free))
        with torch.no_grad():
            expected = model(images[:1]).numpy()
        del model
        first, second = (
            torchvision_random.run(pathlib.Path(unchecked) / path.name, images[i:i + 1])
            for i in range(2))
        span = float(first.max() - first.min())
        change = float(np.abs(first - second).max()) / span
        error = float(np.abs(first - expected).max()) / span
        print(f"{name:30} {form:9} range {span:9.3g}  change {change:5.3f}  "
              f"to torch {error:.1e}", flush=True)
        if not np.isfinite(first).all() or not change >= NOTABLE_CHANGE:
            raise ValueError("outputs hardly depend on the input; rework randomise()")
        if error > ENGINES_AGREE:
            raise ValueError("onnxruntime and torch disagree: ill-conditioned; rework randomise()")
        np.save(inputs, images.numpy())
        # The model last, because its presence says that the rest is complete.
        parts = sorted(os.listdir(unchecked), key=lambda part: part == path.name)
        for part in parts:
            os.rename(os.path.join(unchecked, part), folder / part)
    return path


def main(arguments):
    folder = arguments.folder / f"torch{torch.__version__}-torchvision{torchvision.__version__}"
    folder.mkdir(parents=True, exist_ok=True)
    failures = 0
    for name in arguments.names or names():
        start = time.monotonic()
        try:
            path = export(name, arguments.form, folder)
            print(f"{path}  {time.monotonic() - start:.0f} s", flush=True)
        except Exception as error:  # whatever an exporter throws is the finding
            failures += 1
            reason = str(error).strip().splitlines() or [type(error).__name__]
            print(f"{name:30} {arguments.form:9} FAILED: {reason[0]}", flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))
    cache = os.environ.get("ESPALIER_CACHE", pathlib.Path.home() / ".cache/espalier")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--folder", type=pathlib.Path,
                        default=pathlib.Path(cache) / "torchvision-all")
    parser.add_argument("--exporter", dest="form", choices=FORMS, default="ts")
    parser.add_argument("--list", action="store_true")
    parsed = parser.parse_args()
    if parsed.list:
        print("\n".join(names()))
    else:
        sys.exit(main(parsed))
