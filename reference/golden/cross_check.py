"""Checks the written-out loop against transformers' own Trainer: `python reference/golden/cross_check.py [NAME ...]`.

The same model, adapter, documents and settings go through `transformers.Trainer` (padded micro-batches, its own
accumulation, clipping and schedule) in the given order. Prints one JSON line a case: the largest relative difference
of losses, gradient norms and learning rates over 50 steps, and the relative distance of the trained adapters.
"""

import argparse
import json
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file

from json_files import print_line
from settings import GOLDEN, use_exact_float32

LIMIT = 1e-5


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=["llama-grouped"], help="folders; llama-grouped when left out")
    parser.add_argument("--golden", type=Path, default=GOLDEN, help="folder that holds FAMILY-NAME/")
    arguments = parser.parse_args()
    use_exact_float32()
    failed = []
    for name in arguments.names:
        figures = compare(arguments.golden / name)
        print_line({"case": name, **figures})
        if max(figures.values()) > LIMIT:
            failed.append(name)
    if failed:
        raise SystemExit(f"Trainer and loop differ by more than {LIMIT} on {', '.join(failed)}")


def compare(folder):
    from golden_case import distance
    from models import adapter_parameters, load_adapted

    curve = json.loads((folder / "curve.json").read_text())
    model = load_adapted(folder, folder / "adapter")
    logged = run_trainer(model, curve["documents"], curve["config"])
    final, trained = load_file(folder / "final.safetensors"), adapter_parameters(model)
    pairs = {"loss": "loss", "gradientNorm": "grad_norm", "learningRate": "learning_rate"}
    figures = {
        ours: largest_difference([step[ours] for step in curve["steps"]], [entry[theirs] for entry in logged])
        for ours, theirs in pairs.items()
    }
    figures["finalAdapter"] = distance([p.detach() for p in trained.values()], [final[name] for name in trained])
    return figures


def largest_difference(found, wanted):
    if len(found) != len(wanted):
        raise SystemExit(f"the loop made {len(found)} steps, Trainer {len(wanted)}")
    return max(abs(one - other) / max(abs(other), 1e-12) for one, other in zip(found, wanted))


def run_trainer(model, documents, config):
    """Trains with transformers' Trainer; returns its log, one entry an optimiser step."""
    from transformers import PrinterCallback, Trainer, TrainingArguments

    from loop import SCHEDULES

    with tempfile.TemporaryDirectory() as output:
        trainer = Trainer(
            model=model,
            args=TrainingArguments(
                output_dir=output,
                per_device_train_batch_size=config["microBatchSize"],
                gradient_accumulation_steps=config["gradientAccumulation"],
                num_train_epochs=config["epochs"],
                max_steps=config["maxSteps"] or -1,
                learning_rate=config["learningRate"],
                lr_scheduler_type=SCHEDULES[config["schedule"]],
                warmup_steps=config["warmupSteps"] or config["warmupRatio"],
                weight_decay=config["weightDecay"],
                adam_beta1=config["adamBeta1"],
                adam_beta2=config["adamBeta2"],
                adam_epsilon=config["adamEpsilon"],
                max_grad_norm=config["maxGradientNorm"],
                optim="adamw_torch",
                train_sampling_strategy="sequential",
                logging_steps=1,
                save_strategy="no",
                report_to="none",
                use_cpu=True,
                disable_tqdm=True,
                remove_unused_columns=False,
            ),
            train_dataset=documents,
            data_collator=pad,
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()
        return [entry for entry in trainer.state.log_history if "grad_norm" in entry]


def pad(documents):
    """Right padding: attention 0, label -100 there and wherever the document is not trained."""
    width = max(len(document["ids"]) for document in documents)
    ids = torch.zeros(len(documents), width, dtype=torch.long)
    attention = torch.zeros_like(ids)
    labels = torch.full_like(ids, -100)
    for row, document in enumerate(documents):
        length = len(document["ids"])
        tokens = torch.tensor(document["ids"])
        ids[row, :length] = tokens
        attention[row, :length] = 1
        labels[row, :length] = torch.where(torch.tensor(document["trained"]) == 1, tokens, -100)
    return {"input_ids": ids, "attention_mask": attention, "labels": labels}


if __name__ == "__main__":
    main()
