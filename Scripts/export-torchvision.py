#!/usr/bin/env python3
"""Exports torchvision models with random weights to ONNX, with both of PyTorch's exporters.

    export-torchvision.py [--folder DIR] [MODEL ...]     any name torchvision.models.get_model knows

Leaves per model NAME.ts.onnx (TorchScript exporter), NAME.dyn.onnx (+ .data, the newer default),
NAME.input.npy, and onnxruntime's NAME.{ts,dyn}.output.npy for it. Work already done is skipped.
"""
import argparse
import contextlib
import io
import math
import os
import pathlib
import sys
import warnings

import numpy as np
import onnxruntime
import torch
from torch import nn
from torchvision_any import torchvision

MODELS = """resnet18 mobilenet_v2 vit_b_16 swin_t resnet50 mobilenet_v3_large efficientnet_b0
densenet121 googlenet shufflenet_v2_x1_0 regnet_y_400mf resnext50_32x4d squeezenet1_1
lraspp_mobilenet_v3_large""".split()
SEED = 20
# Two inputs must move some output by this share of the outputs' range, and the two engines must
# agree to well within the 1e-4 that Espalier is held to: else the model proves nothing.
NOTABLE_CHANGE = 0.05
ENGINES_AGREE = 5e-5


class Output(nn.Module):
    """Reduces the dictionary a segmentation model returns to its one tensor."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, image):
        return self.model(image)["out"]


def build(name):
    options = {"weights": None}
    if name in ("googlenet", "inception_v3"):
        options |= {"aux_logits": False, "init_weights": False}
    if name.startswith(("lraspp_", "fcn_", "deeplabv3_")):
        options["weights_backbone"] = None
    torch.manual_seed(SEED)
    model = torchvision.models.get_model(name, **options)
    randomise(model)
    if "weights_backbone" in options:
        model = Output(model)
    return model.eval()


@torch.no_grad()
def randomise(model):
    """Gives every parameter and statistic a value that keeps signals alive and of moderate size.

    Fresh torchvision models hide mistakes: batch norm is the identity, biases, ViT's head and
    some residual branches are zero.
    """
    norms = (nn.modules.batchnorm._BatchNorm, nn.LayerNorm, nn.GroupNorm)
    for module in model.modules():
        for name, parameter in module.named_parameters(recurse=False):
            if isinstance(module, norms):
                parameter.uniform_(0.5, 1.5) if name == "weight" else parameter.normal_(0, 0.1)
            elif "layer_scale" in name:
                parameter.uniform_(0.2, 0.6)
            elif name.endswith("bias"):
                parameter.normal_(0, 0.1)
            elif isinstance(module, nn.modules.conv._ConvNd):
                parameter.normal_(0, math.sqrt(2 / parameter[0].numel()))
            elif isinstance(module, (nn.Linear, nn.MultiheadAttention)):
                parameter.normal_(0, 1 / math.sqrt(parameter.shape[-1]))
            else:  # tokens, position embeddings and bias tables
                parameter.normal_(0, 0.2)

    # Statistics of a few pictures, disturbed: made-up ones would let a deep network forget its
    # input, since what is common to all inputs then grows from layer to layer.
    batch_norms = [m for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    model.eval()
    for module in batch_norms:
        module.reset_running_stats()
        module.momentum = None
        module.train()
    if batch_norms:
        model(torch.cat([image(seed) for seed in range(4)]))
    for module in batch_norms:
        deviation = module.running_var.sqrt()
        module.running_mean += deviation * torch.randn_like(deviation) * 0.1
        # The mean of 1 / variance over this interval is 1: depth neither grows nor fades the signal.
        module.running_var *= torch.empty_like(deviation).uniform_(0.6, 1.6)


def image(seed):
    """A smooth random picture with some noise: pure noise averages out and looks alike to a CNN."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.randn(1, 3, 7, 7, generator=generator)
    smooth = nn.functional.interpolate(coarse, size=(224, 224), mode="bilinear")
    return 1.5 * smooth + 0.3 * torch.randn(1, 3, 224, 224, generator=generator)


def export(model, example, path, dynamo):
    names = {"input_names": ["input"], "output_names": ["output"]}
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        torch.onnx.export(model, (example,), str(path), dynamo=dynamo, **names)


def run(path, example):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(["output"], {"input": example.numpy()})[0]


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
