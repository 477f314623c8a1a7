"""The training loop that Tabtune's trainer must equal: HF Trainer's arithmetic, written out.

One optimiser step takes `gradientAccumulation` micro-batches of `microBatchSize` rows in the given order. Its loss is
the token mean over all of them. Micro-batches and windows end with the epoch, so the last of each may be short.
"""

import math

import torch
from transformers import get_scheduler

from documents import supervised
from loss import accumulate_gradients

SCHEDULES = {"linear": "linear", "cosine": "cosine", "constant": "constant_with_warmup"}


def chunks(items, size):
    return [items[start : start + size] for start in range(0, len(items), size)]


def epoch_windows(documents, config):
    """The optimiser steps of one epoch, each a list of micro-batches, each a list of documents."""
    return chunks(chunks(documents, config["microBatchSize"]), config["gradientAccumulation"])


def total_steps(documents, config):
    return config["maxSteps"] if config["maxSteps"] > 0 else config["epochs"] * len(epoch_windows(documents, config))


def warmup_steps(config, total):
    return config["warmupSteps"] if config["warmupSteps"] > 0 else math.ceil(total * config["warmupRatio"])


def refuse_what_is_not_replayable(config):
    """The loop replays documents as given; settings that would reorder, join or drop at random are refused."""
    wanted = {"shuffle": False, "packing": False}
    for name, value in wanted.items():
        if config[name] != value:
            raise SystemExit(f"config: field {name}: expected {value} for a replay, got {config[name]}")
    if config["lora"]["dropout"] != 0:
        raise SystemExit(f"config: field lora.dropout: expected 0 for a replay, got {config['lora']['dropout']}")


def train(model, documents, config):
    """Trains the model's trainable parameters in place; returns {loss, learningRate, gradientNorm} of each step.

    The learning rate is the one that the step used, the norm the one before clipping.
    """
    refuse_what_is_not_replayable(config)
    documents = [cut(document, config["cutoffLength"]) for document in documents]
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(
        parameters,
        lr=config["learningRate"],
        betas=(config["adamBeta1"], config["adamBeta2"]),
        eps=config["adamEpsilon"],
        weight_decay=config["weightDecay"],
        foreach=False,
    )
    total = total_steps(documents, config)
    schedule = get_scheduler(
        SCHEDULES[config["schedule"]],
        optimizer,
        num_warmup_steps=warmup_steps(config, total),
        num_training_steps=total,
    )
    windows = epoch_windows(documents, config)
    limit = config["maxGradientNorm"] or math.inf
    steps = []
    while len(steps) < total:
        window = windows[len(steps) % len(windows)]
        rows = [document for micro_batch in window for document in micro_batch]
        count = sum(supervised(document) for document in rows)
        if count == 0:
            raise SystemExit(f"documents: step {len(steps) + 1} has no trained token; give each row at least one")
        optimizer.zero_grad()
        loss = accumulate_gradients(model, rows, count)
        norm = torch.nn.utils.clip_grad_norm_(parameters, limit, foreach=False).item()
        steps.append({"loss": loss, "learningRate": schedule.get_last_lr()[0], "gradientNorm": norm})
        optimizer.step()
        schedule.step()
    return steps


def cut(document, length):
    return {"ids": document["ids"][:length], "trained": document["trained"][:length]}
