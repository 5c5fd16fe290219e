#!/usr/bin/env python3
"""Prunes torchvision architectures to half their MACs with Torch-Pruning, as its guide shows it.

    torch-pruning.py --folder RESULTS NAME ...       started by torch-pruning.sh

The default: DependencyGraph traces the network, MetaPruner takes the same share of every group by
L1 magnitude, step by step, until at most half the MACs are left or a step removes nothing more;
only the layers that give the classes are protected. Prints {"name", "pruned", "macs", "reason",
"by_hand"}: the share of MACs left, as PyTorch's own counter sees a forward pass of the pruned
network; and, where it fails, whether it works once it is told the number of attention heads.
"""
import argparse
import importlib.util
import json
import pathlib
import resource
import signal
import warnings

import torch
import torch_pruning
import torchvision_random
from torch.utils.flop_counter import FlopCounterMode

SCRIPTS = pathlib.Path(__file__).resolve().parents[3] / "Scripts"
STEPS, LARGEST_SHARE, WANTED = 10, 0.9, 0.5
# Some architectures take it hours and all memory: what does not fit these counts as a failure.
CPU_SECONDS, BYTES = 120, 12 << 30
OUT_OF_TIME = f"not done after {CPU_SECONDS} s of processor time"


def script(name):
    """A development script as a module: its name has a dash."""
    spec = importlib.util.spec_from_file_location(name.replace("-", "_"), SCRIPTS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def macs(model, example):
    """Multiply-adds of a forward pass and the output's shape."""
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        output = model(example)
    return counter.get_total_flops() / 2, output.shape


def prune(name, architectures, with_heads=False):
    """(share of MACs left, reason it fell short or "")."""
    model = torchvision_random.build(name, architectures.side(name), architectures.STEADY)
    example = architectures.pictures(name)[:1]
    dense, shape = macs(model, example)
    classes = shape[1]
    heads = [module for module in model.modules()
             if classes in (getattr(module, "out_features", 0), getattr(module, "out_channels", 0))]
    attention = [module for module in model.modules() if hasattr(module, "num_heads")]
    if with_heads and not attention:
        return 1.0, "no attention"
    pruner = torch_pruning.pruner.MetaPruner(
        model, example, importance=torch_pruning.importance.MagnitudeImportance(p=1),
        pruning_ratio=LARGEST_SHARE, iterative_steps=STEPS, ignored_layers=heads,
        num_heads={module: module.num_heads for module in attention if with_heads})
    left = 1.0
    for _ in range(STEPS):
        pruner.step()
        count, pruned_shape = macs(model, example)
        if pruned_shape != shape:
            return left, f"outputs are {list(pruned_shape)}, not {list(shape)}"
        left = count / dense
        if left <= WANTED:
            return left, ""
    return left, f"leaves {left:.3f} of the MACs with {LARGEST_SHARE:.0%} of every group gone"


class Clock:
    """Whether an attempt has used up its time: pruning may catch what the signal raises."""
    is_over = False


def out_of_time(signal_number, frame):
    Clock.is_over = True
    raise TimeoutError


def attempt(*arguments):
    """prune() within the limits: (share of MACs left or None, reason or "")."""
    signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
    Clock.is_over = False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return prune(*arguments)
    except Exception as error:  # whatever it throws is the finding
        if Clock.is_over:
            return None, OUT_OF_TIME
        lines = str(error).strip().splitlines()
        return None, f"{type(error).__name__}: {lines[0] if lines else ''}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def main(arguments):
    architectures = script("export-architectures")
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for name in arguments.names:
        path = arguments.folder / (
            f"{name}-{architectures.side(name)}-{STEPS}-torch{torch.__version__}.json")
        if not path.exists():
            left, reason = attempt(name, architectures)
            failed = bool(reason) and reason != OUT_OF_TIME  # what takes too long, does so with rules
            by_hand = failed and not attempt(name, architectures, True)[1]
            path.write_text(json.dumps({"name": name, "pruned": not reason, "macs": left,
                                        "reason": reason, "by_hand": by_hand}))
        print(path.read_text(), flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGPROF, out_of_time)
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="+", metavar="NAME")
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    main(parser.parse_args())
