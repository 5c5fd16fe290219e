"""Line charts with intervals as SVG, side by side."""
from xml.sax.saxutils import escape

COLOURS = ["#8a94a6", "#b98b2f", "#c0603f", "#5b7fb5", "#8b5fa8", "#3a7d44"]
WIDTH, HEIGHT, LEFT, TOP = 380, 330, 52, 56


def chart(title, labels, series, lowest, highest, unit):
    """One panel as SVG elements with the origin at its corner.

    labels: along the horizontal axis, evenly spaced. series: (name, [(mean, half width of the
    interval)] or None where there is no value); the last is drawn bold. Values below `lowest` are
    drawn at the floor of the panel.
    """
    bottom, right = HEIGHT - 40, WIDTH - 16

    def x(i):
        return LEFT + 16 + i * (right - LEFT - 32) / max(1, len(labels) - 1)

    def y(value):
        share = (min(max(value, lowest), highest) - lowest) / (highest - lowest)
        return bottom - share * (bottom - TOP)

    parts = [f'<text x="{LEFT}" y="24" font-size="15" font-weight="bold">{escape(title)}</text>']
    for step in range(5):
        value = lowest + step * (highest - lowest) / 4
        parts.append(f'<path d="M{LEFT} {y(value):.1f}H{right}" stroke="#e3e6eb"/>'
                     f'<text x="{LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end" '
                     f'fill="#555">{value:g}{escape(unit)}</text>')
    for i, label in enumerate(labels):
        parts.append(f'<text x="{x(i):.1f}" y="{bottom + 20}" text-anchor="middle" '
                     f'fill="#555">{escape(label)}</text>')
    for number, (_, points) in enumerate(series):
        colour = COLOURS[number % len(COLOURS)]
        known = [(i, *point) for i, point in enumerate(points) if point]
        line = "L".join(f"{x(i):.1f} {y(mean):.1f}" for i, mean, _ in known)
        thick = 3 if number == len(series) - 1 else 1.6
        parts.append(f'<path d="M{line}" fill="none" stroke="{colour}" stroke-width="{thick}"/>')
        for i, mean, half in known:
            parts.append(f'<path d="M{x(i):.1f} {y(mean - half):.1f}V{y(mean + half):.1f}" '
                         f'stroke="{colour}"/><circle cx="{x(i):.1f}" cy="{y(mean):.1f}" r="3" '
                         f'fill="{colour}"/>')
    return "\n".join(parts)


def picture(panels, names):
    """The whole SVG: panels beside one another, their shared legend below."""
    width = WIDTH * len(panels)
    body = "".join(f'<g transform="translate({i * WIDTH} 0)">{panel}</g>\n'
                   for i, panel in enumerate(panels))
    step = (width - 2 * LEFT) / len(names)
    legend = "".join(
        f'<rect x="{LEFT + i * step:.0f}" y="{HEIGHT + 6}" width="14" height="4" '
        f'fill="{COLOURS[i % len(COLOURS)]}"/><text x="{LEFT + i * step + 20:.0f}" '
        f'y="{HEIGHT + 13}">{escape(name)}</text>' for i, name in enumerate(names))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT + 30}" '
            f'role="img" font-family="sans-serif" font-size="12">\n'
            f'<rect width="{width}" height="{HEIGHT + 30}" fill="#fff"/>\n{body}{legend}\n</svg>\n')
