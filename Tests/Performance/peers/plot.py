"""Draws the ratios as SVG: a panel per network, a bar per pattern, a mark at each goal."""
from xml.sax.saxutils import escape

import goals

LEFT, TOP, ROW, PANEL, GAP = 132, 66, 22, 140, 10
BAR, MISSED, GOAL, TEXT, GRID = "#2f6f4f", "#a9c6b6", "#c0392b", "#222", "#ddd"


def picture(networks):
    """The plot of all networks with a ratio; the same scale throughout."""
    names = [variant.name for variant in goals.VARIANTS]
    found = {(result.model, name): result.ratio(name, 1) for result in networks for name in names}
    marks = [goals.goal(result.model, name) or 0 for result in networks for name in names]
    # Room for the number beside the longest bar.
    most = 1.25 * max([ratio[0] for ratio in found.values() if ratio] + marks + [1])
    width = max(540, LEFT + len(networks) * (PANEL + GAP))
    height = TOP + len(names) * ROW + 34
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        'font-family="sans-serif" font-size="11">',
        "<title>Speed relative to the fastest dense peer</title>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        text(16, 22, "Speed relative to the fastest dense peer, one thread", 14, weight="bold"),
        text(16, 40, "Line at 1: that peer. Red: goal. Dark: goal reached. Thin line: 95 %.", 11),
    ]
    for row, name in enumerate(names):
        parts.append(text(LEFT - 10, TOP + row * ROW + 15, name, 11, anchor="end"))
    for column, result in enumerate(networks):
        left = LEFT + column * (PANEL + GAP)
        parts.append(text(left, TOP - 6, result.title, 12, weight="bold"))
        for row, name in enumerate(names):
            parts += bar(left, TOP + row * ROW, PANEL / most, found[result.model, name],
                         goals.goal(result.model, name))
        one = left + PANEL / most
        bottom = TOP + len(names) * ROW + 2
        parts.append(line(left, TOP, left, bottom, GRID))
        parts.append(line(one, TOP, one, bottom, TEXT))
        parts.append(text(one, bottom + 13, "1", 11, anchor="middle"))
    return "\n".join([*parts, "</svg>"]) + "\n"


def bar(left, top, scale, ratio, goal):
    if ratio:
        value, low, high = ratio
        color = BAR if goal is None or goals.meets(value, goal) else MISSED
        yield (f'<rect x="{left}" y="{top + 4}" width="{value * scale:.1f}" height="14" '
               f'fill="{color}"/>')
        yield line(left + low * scale, top + 11, left + high * scale, top + 11, TEXT)
        end = max(value, high, goal or 0)
        yield text(left + end * scale + 4, top + 15, f"{value:.2f}", 10)
    if goal:
        place = left + goal * scale
        yield line(place, top + 2, place, top + 20, GOAL, 2)


def line(x1, y1, x2, y2, color, width=1):
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{color}" '
            f'stroke-width="{width}"/>')


def text(x, y, words, size, anchor="start", weight="normal"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
            f'font-weight="{weight}" fill="{TEXT}">{escape(words)}</text>')
