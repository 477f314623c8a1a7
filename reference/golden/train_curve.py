"""Trains an adapter with the reference loop on any Llama folder.

    python reference/golden/train_curve.py --model DIR --documents documents.json --config run.json \
        --adapter DIR --out curve.json [--final FILE]

documents.json is a list of {ids, trained} in training order (the training rows alone: evaluationSplit is not
applied), run.json a RunConfig with shuffle and packing off and dropout 0, --adapter the adapter to start from. Writes
{config, documents, steps: [{loss, learningRate, gradientNorm}]}; --final also writes the trained adapter's tensors.
"""

import argparse
import json
from pathlib import Path

from safetensors.torch import save_file

from settings import use_exact_float32


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="model folder: config.json and safetensors")
    parser.add_argument("--documents", type=Path, required=True, help="JSON list of {ids, trained}")
    parser.add_argument("--config", type=Path, required=True, help="run.json, complete")
    parser.add_argument("--adapter", type=Path, required=True, help="starting adapter in PEFT form")
    parser.add_argument("--out", type=Path, required=True, help="curve.json to write")
    parser.add_argument("--final", type=Path, help="safetensors file for the trained adapter")
    arguments = parser.parse_args()
    use_exact_float32()

    from documents import read_documents
    from json_files import write_json
    from loop import train
    from models import adapter_parameters, load_adapted, refuse_unused_tensors

    config = read_config(arguments.config)
    documents = read_documents(arguments.documents)
    model = load_adapted(arguments.model, arguments.adapter)
    refuse_unused_tensors(model, arguments.adapter)
    refuse_other_scale(model, config["lora"], arguments.adapter)
    refuse_unknown_tokens(documents, model.config.vocab_size, arguments.documents)
    steps = train(model, documents, config)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    write_json(arguments.out, {"config": config, "documents": documents, "steps": steps})
    if arguments.final:
        final = adapter_parameters(model)
        save_file({name: parameter.detach().contiguous() for name, parameter in final.items()}, arguments.final)


def read_config(path):
    """The RunConfig in the file. Every field must be there: the defaults belong to src/core/run-config.ts alone."""
    from configurations import RUN_DEFAULTS

    config = json.loads(path.read_text(encoding="utf-8"))
    wanted = {"lora", *RUN_DEFAULTS}
    if missing := sorted(wanted - set(config)):
        raise SystemExit(f"{path}: field {missing[0]} is missing; write the complete configuration")
    if unknown := sorted(set(config) - wanted):
        raise SystemExit(f"{path}: field {unknown[0]} is not one of a RunConfig")
    return config


def refuse_other_scale(model, lora, adapter_folder):
    """The adapter's own settings decide in peft; they must be those of the run."""
    saved = model.peft_config["default"]
    for field, found, wanted in (
        ("r", saved.r, lora["rank"]),
        ("lora_alpha", saved.lora_alpha, lora["alpha"]),
        ("use_rslora", saved.use_rslora, lora["rsLora"]),
        ("lora_dropout", saved.lora_dropout, lora["dropout"]),
    ):
        if found != wanted:
            raise SystemExit(f"{adapter_folder}/adapter_config.json: {field} is {found}, the run says {wanted}")


def refuse_unknown_tokens(documents, vocabulary, path):
    for row, document in enumerate(documents):
        if max(document["ids"]) >= vocabulary:
            raise SystemExit(f"{path}: row {row}: field ids: {max(document['ids'])} is not below {vocabulary}")


if __name__ == "__main__":
    main()
