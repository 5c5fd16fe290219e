"""torchvision's models with random weights whose outputs depend on every part, and pictures for
them."""
import contextlib
import io
import math
import warnings

import onnxruntime
import torch
from torch import nn
from torchvision_any import torchvision

SEED = 20


class Output(nn.Module):
    """Reduces the dictionary a segmentation model returns to its one tensor."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, image):
        return self.model(image)["out"]


def build(name, side=224, steady=0.0):
    """The model of that name for pictures of that side, with random weights and statistics.

    steady: the share of a channel's squared mean that is added to its variance. Where a channel
    hardly varies, batch norm magnifies rounding errors with what varies; this bounds it.
    """
    options = {"weights": None}
    if name in ("googlenet", "inception_v3"):
        options |= {"aux_logits": False, "init_weights": False}
    if name.startswith(("lraspp_", "fcn_", "deeplabv3_")):
        options["weights_backbone"] = None
    torch.manual_seed(SEED)
    model = torchvision.models.get_model(name, **options)
    randomise(model, side, steady)
    if "weights_backbone" in options:
        model = Output(model)
    return model.eval()


@torch.no_grad()
def randomise(model, side, steady):
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
        # The fewer pixels, the more pictures: the last maps of a small one are a handful of values.
        model(torch.cat([image(seed, side) for seed in range(4 * (224 // side) ** 2)]))
    for module in batch_norms:
        module.running_var += steady * module.running_mean ** 2
        deviation = module.running_var.sqrt()
        module.running_mean += deviation * torch.randn_like(deviation) * 0.1
        # The mean of 1 / variance over this interval is 1: depth neither grows nor fades signals.
        module.running_var *= torch.empty_like(deviation).uniform_(0.6, 1.6)


def image(seed, side=224):
    """A smooth random picture [1, 3, side, side] with some noise: pure noise averages out and looks
    alike to a CNN."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.randn(1, 3, 7, 7, generator=generator)
    smooth = nn.functional.interpolate(coarse, size=(side, side), mode="bilinear")
    return 1.5 * smooth + 0.3 * torch.randn(1, 3, side, side, generator=generator)


def export(model, example, path, dynamo, free_batch=False):
    """Writes PATH with one input, `input`, and one output, `output`.

    free_batch: the file takes any number of pictures; then the example has two.
    """
    options = {"input_names": ["input"], "output_names": ["output"]}
    if free_batch and dynamo:
        options["dynamic_shapes"] = ({0: torch.export.Dim("batch")},)
    elif free_batch:
        options["dynamic_axes"] = {"input": {0: "batch"}, "output": {0: "batch"}}
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        torch.onnx.export(model, (example,), str(path), dynamo=dynamo, **options)


def run(path, example):
    """onnxruntime's output for one picture."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(["output"], {"input": example.numpy()})[0]
