"""JSON as the goldens have it: short numbers, one line a document or step so that a difference can be read."""

import json

import numpy


def short(values):
    """f32 values as the shortest decimals that read back as the same f32."""
    return [float(str(numpy.float32(value))) for value in values]


def print_line(entry):
    """Prints one JSON object, its figures to three digits."""
    rounded = {key: float(f"{value:.3g}") if isinstance(value, float) else value for key, value in entry.items()}
    print(json.dumps(rounded), flush=True)


def write_json(path, value):
    """Writes an object with one line a field, and lists of objects with one line an entry."""
    fields = []
    for name, entry in value.items():
        if isinstance(entry, list) and entry and isinstance(entry[0], dict):
            lines = ",\n    ".join(json.dumps(one) for one in entry)
            fields.append(f"  {json.dumps(name)}: [\n    {lines}\n  ]")
        else:
            fields.append(f"  {json.dumps(name)}: {json.dumps(entry)}")
    path.write_text("{\n" + ",\n".join(fields) + "\n}\n", encoding="utf-8")
