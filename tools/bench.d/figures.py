"""Figures beside their targets, as a table or as JSON."""

import json


class Figure:
    def __init__(self, label, unit, target=None, more=False):
        """`more`: whether more is better."""
        self.label, self.unit, self.target, self.more = label, unit, target, more

    def verdict(self, value):
        if value is None or self.target is None:
            return ""
        return "ok" if (value >= self.target if self.more else value <= self.target) else "MISSED"

    def goal(self):
        return "" if self.target is None else f"{'>=' if self.more else '<='} {self.target:g} {self.unit}"


def table(known, values):
    """One line for each figure that was measured."""
    rows = [("figure", "measured", "target", "")]
    for key, figure in known.items():
        if values.get(key) is not None:
            rows.append((figure.label, f"{values[key]:.2f} {figure.unit}", figure.goal(), figure.verdict(values[key])))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def show(known, values, as_json, **more):
    if as_json:
        targets = {key: figure.target for key, figure in known.items() if figure.target is not None}
        print(json.dumps({"figures": values, "targets": targets, **more}))
    else:
        table(known, values)
