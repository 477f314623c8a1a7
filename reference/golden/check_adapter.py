"""Loads an adapter that Tabtune exported in peft and compares logits.

    python reference/golden/check_adapter.py MODEL_DIR ADAPTER_DIR CASE.json [--limit 1e-5]

CASE.json is {"documents": [{"ids": [...]}, ...], "logits": "PATH"}; PATH, relative to CASE.json, is a safetensors
file with tensors `logits.0`, `logits.1`, … of shape (T, V) in f32, as Tabtune computed them. Prints one JSON object
{measured, limit}, measured being ‖difference‖ / ‖peft's logits‖ over all documents; exits with 1 above the limit.
"""

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import load_file

from settings import use_exact_float32


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="model folder: config.json and safetensors")
    parser.add_argument("adapter", type=Path, help="adapter folder in PEFT form")
    parser.add_argument("case", type=Path, help="JSON file with documents and the path of the logits")
    parser.add_argument("--limit", type=float, default=1e-5)
    arguments = parser.parse_args()
    use_exact_float32()
    documents, found = read_case(arguments.case)
    wanted = peft_logits(arguments.model, arguments.adapter, documents)
    for index, (one, other) in enumerate(zip(found, wanted)):
        if one.shape != other.shape:
            shapes = f"shape {list(one.shape)}, peft gives {list(other.shape)}"
            raise SystemExit(f"{arguments.case}: logits.{index} has {shapes}")

    from golden_case import distance

    measured = distance(found, wanted)
    print(json.dumps({"measured": measured, "limit": arguments.limit}))
    if not measured <= arguments.limit:
        raise SystemExit(1)


def read_case(path):
    case = json.loads(path.read_text(encoding="utf-8"))
    for field in ("documents", "logits"):
        if field not in case:
            raise SystemExit(f"{path}: field {field} is missing; expected {{documents, logits}}")
    if not isinstance(case["documents"], list) or not case["documents"]:
        raise SystemExit(f"{path}: field documents: expected a non-empty list of {{ids}}")
    logits_path = path.parent / case["logits"]
    if not logits_path.is_file():
        raise SystemExit(f"{path}: field logits: no such file: {logits_path}")
    tensors = load_file(logits_path)
    names = [f"logits.{index}" for index in range(len(case["documents"]))]
    if missing := [name for name in names if name not in tensors]:
        raise SystemExit(f"{logits_path}: no tensor {missing[0]}; it has {', '.join(sorted(tensors)) or 'none'}")
    return case["documents"], [tensors[name] for name in names]


def peft_logits(model_folder, adapter_folder, documents):
    from loss import document_logits
    from models import load_adapted, refuse_unused_tensors

    model = load_adapted(model_folder, adapter_folder, trainable=False)
    refuse_unused_tensors(model, adapter_folder)
    with torch.no_grad():
        return [document_logits(model, document["ids"]) for document in documents]


if __name__ == "__main__":
    main()
