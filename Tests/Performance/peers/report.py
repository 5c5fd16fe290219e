"""The results as tables under headings: Scripts/pages/performance.py makes a page of them."""
import pathlib
import sys

import goals

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "Scripts"))
import pages  # noqa: E402
from pages import markdown  # noqa: E402


def tables(results, peak, facts):
    """All tables; `facts` says how they were measured, `peak` is a core's in GFLOP/s."""
    networks = [result for result in results if result.model not in goals.CHAINS]
    chains = [result for result in results if result.model in goals.CHAINS]
    parts = []
    for result in networks:
        parts += [f"## {result.title}", peers(result), ours(result, peak), failures(result)]
    if any(result.best_peer(2) for result in networks):
        parts.append("## Two threads")
        for result in networks:
            parts += [f"### {result.title}", scaling(result)]
    if networks:
        parts += ["## Memory", memory(networks)]
    if chains:
        parts += ["## Fully connected, batch 1", *map(connected, chains)]
    parts += ["## How it was measured", markdown.facts_table(facts)]
    return "\n\n".join(filter(None, parts)) + "\n"


def peers(result):
    header = ["peer", "1 thread", "2 threads", "speed-up", "load", "error"]
    rows = []
    for engine, variant in result.peers:
        one, two = (result.find(engine, variant, threads) for threads in (1, 2))
        some = one or two
        rows.append([
            label(engine, variant), milliseconds(one), milliseconds(two),
            ratio_cells(result.scaling(engine, variant))[0],
            f"{some.loaded['nanoseconds'] / 1e6:.0f}" if some else "–", error(one, two)])
    return table(header, rows)


def ours(result, peak):
    header = ["Espalier", "1 thread", "ratio", "95 %", "sparse part", "at peak", "load", "error"]
    rows = []
    for variant, one, two in variants(result):
        ratio = result.ratio(variant, 1)
        share, bound = "–", "–"
        if one and variant != "dense":
            part, left = one.sparse_part()
            share = f"{part:.0%}"
            if ratio:
                least = one.median * (1 - part) + 2 * left / peak / 1e6
                bound = f"{ratio[0] * one.median / least:.2f}"
        some = one or two
        rows.append([
            variant, milliseconds(one), *ratio_cells(ratio), share, bound,
            f"{some.loaded['nanoseconds'] / 1e6:.0f}" if some else "–", error(one, two)])
    return table(header, rows)


def failures(result):
    return "\n".join(
        f"- No time of {label(engine, variant)} on {threads} thread{'s' * (threads > 1)}: {reason}."
        for (engine, variant, threads), reason in result.failures.items())


def scaling(result):
    header = ["", "1 thread", "2 threads", "speed-up", "95 %", "ratio", "95 %"]
    rows = []
    for variant, one, two in variants(result):
        gain = result.scaling("espalier", variant)
        rows.append([
            variant, milliseconds(one), milliseconds(two), *ratio_cells(gain),
            *ratio_cells(result.ratio(variant, 2))])
    return table(header, rows)


def memory(networks):
    header = ["", "arena", "growth", "growth of onnxruntime", "of openvino"]
    rows = []
    for result in networks:
        here, *there = (result.find(engine, "dense", 1)
                        for engine in ("espalier", "onnxruntime", "openvino"))
        if here:
            grown = (f"{one.growth / 1e6:.0f}" if one else "–" for one in (here, *there))
            rows.append([result.title, f"{here.loaded['arena'] / 1e6:.1f}", *grown])
    return table(header, rows)


def connected(result):
    header = [result.title, "ms", "gain", "95 %", "error"]
    rows = []
    for variant, one, _ in variants(result):
        gain = result.gain(variant) if variant != "dense" else None
        rows.append(
            [f"Espalier, {variant}", milliseconds(one), *ratio_cells(gain), error(one)])
    for engine, variant in result.peers:
        peer = result.find(engine, variant, 1)
        rows.append([label(engine, variant), milliseconds(peer), "–", "–", error(peer)])
    return "\n\n".join(filter(None, [table(header, rows), failures(result)]))


def variants(result):
    """Each pattern that Espalier ran, with its contenders on one and two threads."""
    for variant in goals.VARIANTS:
        pair = [result.find("espalier", variant.name, threads) for threads in (1, 2)]
        if any(pair):
            yield variant.name, *pair


def table(header, rows):
    return markdown.Table(header, rows).text()


def label(engine, variant):
    return engine if variant == "dense" else f"{engine}, {variant}"


def milliseconds(contender):
    return f"{contender.median:.2f}" if contender else "–"


def ratio_cells(found):
    return [f"{found[0]:.2f}", f"{found[1]:.2f}–{found[2]:.2f}"] if found else ["–", "–"]


def error(*contenders):
    found = [contender.error for contender in contenders if contender]
    return f"{max(found):.1e}" if found else "–"
