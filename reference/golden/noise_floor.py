"""How far PyTorch in f32 is from itself in f64 on every golden case: `python reference/golden/noise_floor.py`.

Prints one JSON line a case: relative distance of logits, gradients, losses, gradient norms
and the trained adapter. A limit of the parity tests is
fair when it is well above these figures, so a case whose figures come within a tenth of a limit is refused.
"""

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import load_file

from json_files import print_line
from settings import GOLDEN, use_exact_float32


# A tenth of what the parity tests allow.
LARGEST = {"logits": 1e-6, "worstGradientTensor": 1e-5, "losses": 1e-5, "worstLoss": 1e-5, "worstNorm": 1e-5}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--golden", type=Path, default=GOLDEN, help="folder that holds FAMILY-NAME/")
    parser.add_argument("names", nargs="*", help="folders such as llama-grouped; all when left out")
    arguments = parser.parse_args()
    folder = arguments.golden
    use_exact_float32()
    for case in sorted(path.parent for path in folder.glob("*/case.json")):
        if arguments.names and case.name not in arguments.names:
            continue
        figures = noise(case)
        print_line({"case": case.name, **figures})
        if shaky := [name for name, largest in LARGEST.items() if not figures[name] <= largest]:
            raise SystemExit(f"{case.name}: float32 itself is unsure of {', '.join(shaky)}; choose a calmer case")


def noise(folder):
    from float64 import Float64, to_float64
    from golden_case import distance
    from documents import supervised
    from loop import train
    from loss import accumulate_gradients, document_logits
    from models import adapter_parameters, load_adapted

    documents = json.loads((folder / "case.json").read_text())["documents"]
    curve = json.loads((folder / "curve.json").read_text())
    expected = load_file(folder / "expected.safetensors")
    final = load_file(folder / "final.safetensors")

    model = to_float64(load_adapted(folder, folder / "adapter"))
    with Float64():
        with torch.no_grad():
            logits = [document_logits(model, document["ids"]) for document in documents]
        accumulate_gradients(model, documents, sum(supervised(document) for document in documents))
    if logits[0].dtype != torch.float64:
        raise SystemExit(f"{folder.name}: logits came out as {logits[0].dtype}, expected float64")
    gradients = {name: parameter.grad for name, parameter in adapter_parameters(model).items()}
    worst_gradient = max(distance([expected[f"gradient.{name}"]], [exact]) for name, exact in gradients.items())

    model = to_float64(load_adapted(folder, folder / "adapter"))
    with Float64():
        steps = train(model, curve["documents"], curve["config"])
    losses, exact_losses = (series(one, "loss") for one in (curve["steps"], steps))
    norms, exact_norms = (series(one, "gradientNorm") for one in (curve["steps"], steps))
    exact_final = adapter_parameters(model)
    return {
        "logits": distance([expected[f"adapter.logits.{index}"] for index in range(len(documents))], logits),
        "worstGradientTensor": worst_gradient,
        "losses": distance([losses], [exact_losses]),
        "worstLoss": ((losses - exact_losses).abs() / exact_losses).max().item(),
        "worstNorm": ((norms - exact_norms).abs() / exact_norms).max().item(),
        "finalAdapter": distance([final[name] for name in exact_final], [p.detach() for p in exact_final.values()]),
    }


def series(steps, field):
    return torch.tensor([step[field] for step in steps], dtype=torch.float64)


if __name__ == "__main__":
    main()
