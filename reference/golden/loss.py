"""Logits and the token-mean loss of documents, each computed by itself: no padding, no packing, no mask to trust."""

import torch
from torch.nn import functional

from documents import supervised


def document_logits(model, ids):
    """Logits (T, V) of one document."""
    return model(input_ids=torch.tensor([ids]), use_cache=False).logits[0]


def packed_logits(model, documents):
    """Logits of documents laid end to end in one row, kept apart by positions that begin anew at each document."""
    ids = [token for document in documents for token in document["ids"]]
    positions = [position for document in documents for position in range(len(document["ids"]))]
    inputs = {"input_ids": torch.tensor([ids]), "position_ids": torch.tensor([positions])}
    logits = model(**inputs, use_cache=False).logits[0]
    return logits.split([len(document["ids"]) for document in documents])


def targets(document):
    """Rows of the logits that are scored, and the tokens that they should predict."""
    rows = [position - 1 for position in range(1, len(document["ids"])) if document["trained"][position]]
    wanted = [document["ids"][row + 1] for row in rows]
    return torch.tensor(rows, dtype=torch.long), torch.tensor(wanted, dtype=torch.long)


def loss_sum(logits, document):
    """Cross-entropy summed over the document's scored tokens; 0 with a gradient of 0 when there are none."""
    rows, wanted = targets(document)
    return functional.cross_entropy(logits[rows], wanted, reduction="sum")


def right_answers(logits, document):
    rows, wanted = targets(document)
    return int((logits[rows].argmax(-1) == wanted).sum())


def summary(logits, documents):
    """Token-mean loss and token accuracy over documents whose logits are given."""
    count = sum(supervised(document) for document in documents)
    if count == 0:
        return {"supervised": 0, "loss": None, "accuracy": None}
    total = sum(loss_sum(one, document).item() for one, document in zip(logits, documents))
    right = sum(right_answers(one, document) for one, document in zip(logits, documents))
    return {"supervised": count, "loss": total / count, "accuracy": right / count}


def accumulate_gradients(model, documents, count):
    """Adds the gradient of (loss sum / count) of every document to the parameters; returns that loss."""
    total = 0.0
    for document in documents:
        if supervised(document) == 0:
            continue
        loss = loss_sum(document_logits(model, document["ids"]), document) / count
        loss.backward()
        total += loss.item()
    return total
