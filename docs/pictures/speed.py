"""Draws speed.svg beside it from the first table of docs/speed.md."""

import html
import pathlib
import re

HERE = pathlib.Path(__file__).parent
COLOURS = {
    "constant": "#a3a3a3",
    "the same claim through": "#b45309",
    "the same claim in": "#64748b",
}
BAR, LEFT, WIDE = 26, 370, 300


def colour(name):
    return next((of for start, of in COLOURS.items() if name.startswith(start)), "#2563eb")


table = (HERE.parent / "speed.md").read_text().split("\n\n")[2]
rows = re.findall(r"^\| (.+?) \| ([\d,]+) \|", table, re.MULTILINE)
rates = [(name, rate, int(rate.replace(",", ""))) for name, rate in rows]
most = max(rate for _, _, rate in rates)
high = BAR * len(rates) + 40
picture = [
    f'<svg xmlns="http://www.w3.org/2000/svg" width="760" height="{high}"'
    ' font-family="sans-serif" font-size="13">',
    f'<rect width="760" height="{high}" fill="white"/>',
    '<text x="10" y="20">Answers a second, all durable, two cores, 256 connections</text>',
]
for place, (name, shown, rate) in enumerate(rates):
    top, width = 34 + BAR * place, WIDE * rate / most
    picture += [
        f'<text x="10" y="{top + 14}">{html.escape(name)}</text>',
        f'<rect x="{LEFT}" y="{top}" width="{width:.1f}" height="18" fill="{colour(name)}"/>',
        f'<text x="{LEFT + width + 6:.1f}" y="{top + 14}">{shown}</text>',
    ]
(HERE / "speed.svg").write_text("\n".join(picture + ["</svg>"]) + "\n")
