#!/usr/bin/env python3
"""Trains the networks of the accuracy study and writes their data, once.

    export-study.py [--folder DIR] [--seeds N] [digits] [minilm]        default: both, 5 seeds

digits-SEED/: {resnet14,mobilenet,wide_mobilenet}.onnx, with batch norms and an open batch; {calibration,
validation,test,other}.npy and {calibration,validation,test}-labels.npy. The training pictures' mean
and deviation are 0 and 1 after normalisation, which is what smooth noise needs to know.
minilm/: minilm.onnx at 32 tokens and SPLIT.{input_ids,attention_mask}.npy for calibration (512
texts for each of five seeds), validation, test, all of different documents; other (sentences from
templates) and random (tokens).
"""
import argparse
import contextlib
import io
import os
import pathlib
import warnings

import numpy as np
import torch


def digits(folder, seed):
    import study_digits
    makes = [make for make in (
        study_digits.resnet14, study_digits.mobilenet, study_digits.wide_mobilenet)
        if not (folder / f"{make.__name__}.onnx").exists()]
    if not makes:
        return
    folder.mkdir(parents=True, exist_ok=True)
    splits = study_digits.splits(seed)
    for name in ("calibration", "validation", "test"):
        pictures, labels = splits[name]
        np.save(folder / f"{name}.npy", pictures)
        np.save(folder / f"{name}-labels.npy", labels)
    np.save(folder / "other.npy", study_digits.photographs(study_digits.CALIBRATED, seed))
    for make in makes:
        torch.manual_seed(seed)
        network = make()
        study_digits.train(network, *splits["train"], seed)
        figures = "  ".join(
            f"{name} {study_digits.accuracy(network, *splits[name]):.2%}"
            for name in ("calibration", "validation", "test"))
        print(f"seed {seed}  {make.__name__:10} {figures}", flush=True)
        # PRESERVE keeps batch norms apart: recalibrating them is part of the study.
        example = (torch.from_numpy(splits["test"][0][:1]),)
        export(network, example, folder / f"{make.__name__}.onnx", ["input"], "output",
               training=torch.onnx.TrainingMode.PRESERVE)


def export(network, example, path, inputs, output, **options):
    """An export with an open batch; the file appears when it is whole."""
    part = path.with_suffix(".part")
    axes = {name: {0: "batch"} for name in [*inputs, output]}
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network, example, str(part), dynamo=False, input_names=inputs, output_names=[output],
            dynamic_axes=axes, **options)
    part.rename(path)


def minilm(folder):
    import study_texts
    if (folder / "minilm.onnx").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    encoder, tokeniser = study_texts.encoder()
    splits = study_texts.tokens(tokeniser, folder / "packages")
    for name, values in splits.items():
        for key, array in values.items():
            np.save(folder / f"{name}.{key}.npy", array)
        print(f"{name:12} {len(array)} texts", flush=True)
    example = tuple(torch.from_numpy(splits["test"][key][:1]) for key in study_texts.INPUTS)
    export(encoder, example, folder / "minilm.onnx", list(study_texts.INPUTS), "embedding")


def main(arguments):
    if "digits" in arguments.parts:
        for seed in range(1, arguments.seeds + 1):
            digits(arguments.folder / f"digits-{seed}", seed)
    if "minilm" in arguments.parts:
        minilm(arguments.folder / "minilm")


if __name__ == "__main__":
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))
    cache = os.environ.get("ESPALIER_CACHE", pathlib.Path.home() / ".cache/espalier")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help="digits, minilm")
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path(cache) / "study")
    parser.add_argument("--seeds", type=int, default=5)
    parsed = parser.parse_args()
    parsed.parts = parsed.parts or ["digits", "minilm"]
    main(parsed)
