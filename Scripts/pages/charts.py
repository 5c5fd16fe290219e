"""Bar and line charts as SVG: titled axes with units, one named baseline, legible in light and dark.

Bars start at 0. A chart is a panel; a picture is panels side by side with a title and a legend.
"""
import math
from xml.sax.saxutils import escape

# On white and on near black alike; the last is of what a picture is about.
COLOURS = ["#7d8799", "#b07d1f", "#c0603f", "#4f7fc4", "#9a63bd", "#2f8f4e"]
BOLD, FAINT, CLEAR = ' font-weight="bold"', ' class="faint"', ' class="clear"'
STYLE = """<style>
text { fill: #1f2328 } .paper { fill: #ffffff } .grid { stroke: #d8dde3 }
.base { stroke: #1f2328 } .range { stroke: #1f2328 } .faint { fill: #57606a }
.clear { paint-order: stroke; stroke: #ffffff; stroke-width: 4 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .paper { fill: #0d1117 } .grid { stroke: #343b44 }
.base { stroke: #e6edf3 } .range { stroke: #e6edf3 } .faint { fill: #a0a9b4 }
.clear { stroke: #0d1117 } }
</style>"""


def text(x, y, words, size=13, anchor="start", bold=False, faint=False, clear=False,
         turned=False):
    """`clear` text wipes what lies under it."""
    turn = f' transform="rotate(-90 {x:.1f} {y:.1f})"' if turned else ""
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}"'
            f'{BOLD if bold else ""}{FAINT if faint else ""}'
            f'{CLEAR if clear else ""}{turn}>'
            f"{escape(words)}</text>")


def line(x1, y1, x2, y2, kind, width=1.0, dashes=""):
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" class="{kind}" '
            f'stroke-width="{width:g}"{dashed}/>')


def picture(title, parts, width, height):
    """The whole SVG around elements."""
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
            f'role="img" font-family="sans-serif">\n<title>{escape(title)}</title>\n{STYLE}\n'
            f'<rect width="{width:.0f}" height="{height:.0f}" class="paper"/>\n'
            + text(16, 26, title, 16, bold=True) + "\n" + "\n".join(parts) + "\n</svg>\n")


def steps(highest, most=5):
    """Round numbers from 0 up to at least `highest`, at most `most` spaces apart."""
    raw = highest / most
    power = 10 ** math.floor(math.log10(raw))
    space = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= raw - 1e-12)
    return [space * i for i in range(math.ceil(highest / space - 1e-9) + 1)]


def bars(title, axis, panels, baseline, baseline_name, *, is_behind, decimals=2, notes=None):
    """Horizontal bars on one scale that begins at 0.

    axis: what the numbers are, with their unit. panels: (heading, {name: (value, low, high) or
    (value, None, None) or None}); all share their names. A line at `baseline` through every panel
    is named in the legend. is_behind: whether a value's bar is grey, as not better than the
    baseline. notes: words behind a bar's number, by name.
    """
    names = list(panels[0][1])
    row, top, gap = 26, 88 if panels[0][0] else 62, 18
    left = 30 + 7.2 * max(map(len, names))
    breadth = (880 - left - 16) / len(panels) - gap
    label = 8.2 * (4 + decimals) + 7 * max(map(len, (notes or {"": ""}).values()))
    most = max([high or value for _, found in panels for value, _, high in found.values() if value]
               + [baseline])
    scale = (breadth - label) / most
    bottom = top + row * len(names) + 4
    width = left + len(panels) * (breadth + gap)
    parts = [text(left - 10, top + row * i + 18, name, 13, "end") for i, name in enumerate(names)]
    for number, (heading, found) in enumerate(panels):
        origin = left + number * (breadth + gap)
        if heading:
            parts.append(text(origin, top - 12, heading, 13, bold=True))
        marks = steps(most, 6 if breadth > 250 else 4)
        for mark in marks:
            if mark * scale > breadth:
                continue
            parts.append(line(origin + mark * scale, top, origin + mark * scale, bottom, "grid"))
            parts.append(text(origin + mark * scale, bottom + 16, f"{mark:g}", 12, "middle",
                              faint=True))
        numbers = []
        for i, name in enumerate(names):
            if not found[name]:
                parts.append(text(origin + 4, top + row * i + 18, "no time", 12, faint=True))
                continue
            value, low, high = found[name]
            y = top + row * i + 4
            colour = COLOURS[0] if is_behind(value) else COLOURS[-1]
            parts.append(f'<rect x="{origin:.1f}" y="{y:.1f}" width="{value * scale:.1f}" '
                         f'height="{row - 8}" fill="{colour}"/>')
            if high:
                parts.append(line(origin + low * scale, y + 9, origin + high * scale, y + 9,
                                  "range", 1.5))
            note = (notes or {}).get(name, "")
            numbers.append(text(origin + (high or value) * scale + 6, y + 14,
                                f"{value:.{decimals}f}" + (f", {note}" if note else ""), 12,
                                clear=True))
        parts.append(line(origin + baseline * scale, top - 4, origin + baseline * scale, bottom,
                          "base", 1.5, "5 3"))
        parts += numbers
    parts.append(text(left, bottom + 40, axis, 13))
    parts.append(line(16, 42, 44, 42, "base", 1.5, "5 3"))
    ranged = any(point and point[2] for _, found in panels for point in found.values())
    parts.append(text(50, 46, baseline_name + ("; thin lines: 95 % intervals" if ranged else ""), 13))
    return picture(title, parts, width, bottom + 56)


def lines(title, across, panels, names):
    """Lines with intervals over a horizontal axis that is to scale, panels side by side.

    across: title of the horizontal axis. panels: dictionaries with `heading`, `axis` (title and unit
    of the vertical one), `lowest` and `highest` of it, `baseline` and its `baseline_name`, `marks`
    (of the horizontal axis) and `series` {name: [(x, mean, half width of the interval)]}. The last
    of `names` is drawn bold. Nothing may lie below `lowest`.
    """
    breadth, height, left, top = 300, 300, 62, 64
    width = len(panels) * (breadth + left) + 16
    bottom = top + height
    parts = []
    for number, panel in enumerate(panels):
        origin = number * (breadth + left) + left
        right = origin + breadth - 16
        lowest, highest = panel["lowest"], panel["highest"]
        first, last = panel["marks"][0], panel["marks"][-1]

        def x(value):
            return origin + (value - first) / (last - first) * (right - origin)

        def y(value):
            if not lowest - 1e-9 <= value:
                raise ValueError(f"{value} lies below the axis of {panel['heading']}")
            return bottom - (min(value, highest) - lowest) / (highest - lowest) * height

        parts.append(text(origin, top - 14, panel["heading"], 14, bold=True))
        space = steps(highest - lowest)[1]
        for i in range(round((highest - lowest) / space) + 1):
            value = lowest + i * space
            parts.append(line(origin, y(value), right, y(value), "grid"))
            parts.append(text(origin - 6, y(value) + 4, f"{value:.3g}", 12, "end", faint=True))
        for mark in panel["marks"]:
            parts.append(line(x(mark), bottom, x(mark), bottom + 5, "base"))
            parts.append(text(x(mark), bottom + 19, f"{mark:g}", 12, "middle", faint=True))
        parts.append(text((origin + right) / 2, bottom + 38, across, 13, "middle"))
        parts.append(text(origin - 44, (top + bottom) / 2, panel["axis"], 13, "middle", turned=True))
        parts.append(line(origin, y(panel["baseline"]), right, y(panel["baseline"]), "base", 1.5,
                          "5 3"))
        parts.append(text(origin + 4, bottom - 8, "dashed: " + panel["baseline_name"], 12))
        for index, name in enumerate(names):
            colour, points = COLOURS[index % len(COLOURS)], panel["series"][name]
            path = "L".join(f"{x(at):.1f} {y(mean):.1f}" for at, mean, _ in points)
            parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" '
                         f'stroke-width="{3 if name == names[-1] else 1.8}"/>')
            aside = 2 * (index - (len(names) - 1) / 2)  # so that intervals do not hide each other
            for at, mean, half in points:
                if half:
                    parts.append(f'<path d="M{x(at) + aside:.1f} {y(mean - half):.1f}'
                                 f'V{y(mean + half):.1f}" stroke="{colour}" stroke-width="1.5"/>')
                parts.append(f'<circle cx="{x(at):.1f}" cy="{y(mean):.1f}" r="3" fill="{colour}"/>')
    if any(panel["lowest"] > 0 for panel in panels):
        parts.append(text(width - 16, 26, "upright lines: 95 % intervals; vertical axes begin above 0",
                          13, "end", faint=True))
    at = left
    for index, name in enumerate(names):
        parts.append(f'<rect x="{at}" y="{bottom + 58}" width="18" height="5" '
                     f'fill="{COLOURS[index % len(COLOURS)]}"/>')
        parts.append(text(at + 24, bottom + 66, name, 13, bold=name == names[-1]))
        at += 24 + 8 * len(name) + 30
    return picture(title, parts, width, bottom + 84)
