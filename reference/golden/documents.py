"""Token documents: the only data that the goldens know. A document is {"ids": [...], "trained": [0 or 1, ...]};
`trained[i]` says that token i is to be predicted from those before it, so `trained[0]` never counts."""

import json

import torch


def random_documents(lengths, vocabulary, generator):
    """Documents with something to learn: a fixed successor for each token, broken at random one time in five.

    The masks rotate over four habits: everything trained (first token too, which must be ignored), the second half
    as in a question with its answer, random holes, and two answers in one conversation.
    """
    successor = torch.randperm(vocabulary, generator=generator).tolist()
    documents = []
    for index, length in enumerate(lengths):
        noise = torch.rand(length, generator=generator).tolist()
        fresh = torch.randint(0, vocabulary, (length,), generator=generator).tolist()
        ids = [fresh[0]]
        for position in range(1, length):
            ids.append(fresh[position] if noise[position] < 0.2 else successor[ids[-1]])
        documents.append({"ids": ids, "trained": trained_mask(index % 4, length, noise)})
    return documents


def trained_mask(habit, length, noise):
    if habit == 0:
        return [1] * length
    if habit == 1:
        return [int(position >= length // 2) for position in range(length)]
    if habit == 2:
        return [int(value < 0.7) for value in noise]
    return [int((position * 4) // max(1, length) in (1, 3)) for position in range(length)]


def supervised(document):
    """How many tokens count in the loss: trained ones after the first."""
    return sum(document["trained"][1:])


def read_documents(path):
    """Documents from a JSON file, refused by file, row and field when they are not what they must be."""
    with open(path, encoding="utf-8") as file:
        documents = json.load(file)
    if not isinstance(documents, list) or not documents:
        raise SystemExit(f"{path}: expected a non-empty list of {{ids, trained}}")
    for row, document in enumerate(documents):
        ids = document.get("ids") if isinstance(document, dict) else None
        if not isinstance(ids, list) or not ids or not all(type(token) is int and token >= 0 for token in ids):
            raise SystemExit(f"{path}: row {row}: field ids: expected a non-empty list of token ids")
        trained = document.get("trained")
        if not isinstance(trained, list) or len(trained) != len(ids) or not all(flag in (0, 1) for flag in trained):
            raise SystemExit(f"{path}: row {row}: field trained: expected {len(ids)} values of 0 or 1")
    return documents
