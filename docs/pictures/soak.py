"""Draws soak.svg beside it from soak.txt, which is what `cargo bench --bench limits -- --soak 60`
prints of each minute."""

import pathlib

HERE = pathlib.Path(__file__).parent
WIDE, HIGH, LEFT, GAP = 640, 90, 100, 34
# What is drawn: its column, what it is called, its colour.
PANELS = [
    (4, "memory, MB", "#2563eb"),
    (5, "descriptors", "#64748b"),
    (2, "p50, ms", "#15803d"),
    (3, "p99, ms", "#b45309"),
]

rows = [line.split() for line in (HERE / "soak.txt").read_text().splitlines()]
minutes = [row for row in rows if len(row) == 6 and row[0].isdigit()]
high = len(PANELS) * (HIGH + GAP) + 30
picture = [
    f'<svg xmlns="http://www.w3.org/2000/svg" width="760" height="{high}"'
    ' font-family="sans-serif" font-size="13">',
    f'<rect width="760" height="{high}" fill="white"/>',
]
for place, (column, name, colour) in enumerate(PANELS):
    values = [float(row[column]) for row in minutes]
    top, most = 14 + place * (HIGH + GAP), max(values)
    across = WIDE / max(1, len(values) - 1)
    points = " ".join(
        f"{LEFT + across * minute:.1f},{top + HIGH - HIGH * value / most:.1f}"
        for minute, value in enumerate(values)
    )
    picture += [
        f'<text x="6" y="{top + 12}">{name}</text>',
        f'<text x="6" y="{top + 30}" fill="#64748b">{min(values):g} to {most:g}</text>',
        f'<line x1="{LEFT}" y1="{top + HIGH}" x2="{LEFT + WIDE}" y2="{top + HIGH}"'
        ' stroke="#a3a3a3"/>',
        f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>',
    ]
picture.append(
    f'<text x="{LEFT}" y="{high - 16}" fill="#64748b">minute 1 to {len(minutes)}; each line begins'
    " at 0</text>"
)
(HERE / "soak.svg").write_text("\n".join(picture + ["</svg>"]) + "\n")
