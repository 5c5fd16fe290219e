"""Imports torchvision even where its compiled detection operators do not fit the build of torch.

That happens with a CPU-only torch beside the common torchvision wheel. No model used here needs
those operators: it is enough that torch knows their schemas.
"""
import contextlib

import torch

library = torch.library.Library("torchvision", "FRAGMENT")
for operator in ("nms", "qnms"):
    with contextlib.suppress(RuntimeError):  # it is there already
        library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

import torchvision  # noqa: E402, F401
