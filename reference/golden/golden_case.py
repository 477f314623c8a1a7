"""Writes one golden folder and checks that it proves something: gradients that are not zero, clipping that clips,
packed documents equal to separate ones, a merged model equal to its adapter."""

import torch
from safetensors.torch import save_file
from transformers import GenerationConfig

from configurations import run_config
from documents import random_documents, supervised
from json_files import write_json
from loop import train
from loss import accumulate_gradients, document_logits, packed_logits, summary
from models import adapter_parameters, empty_folder, load_adapted, load_base, write_adapter, write_model

# How near PyTorch must be to itself when the same value is computed along another path.
SAME = 5e-6


def write_case(case, folder):
    """Writes the folder; returns a line of figures for the log."""
    generator = torch.Generator().manual_seed(case.seed)
    empty_folder(folder)
    adapter_folder = folder / "adapter"
    write_model(case, folder, generator)
    write_adapter(case, folder, adapter_folder, generator)
    figures = write_expected(case, folder, adapter_folder, generator)
    figures |= write_curve(case, folder, adapter_folder, generator)
    return figures


def write_expected(case, folder, adapter_folder, generator):
    lengths = (*case.single_lengths, *case.micro_batch_lengths, *case.packed_lengths)
    documents = random_documents(lengths, case.model["vocab_size"], generator)
    batches = list_batches(case)

    base = load_base(folder)
    adapted = load_adapted(folder, adapter_folder)
    merged = load_adapted(folder, adapter_folder).merge_and_unload()
    with torch.no_grad():
        logits = {
            name: [document_logits(model, document["ids"]) for document in documents]
            for name, model in (("base", base), ("adapter", adapted), ("merged", merged))
        }
        packed_rows = batches[-1]["documents"]
        packed = packed_logits(adapted, [documents[index] for index in packed_rows])
    packed_error = distance(packed, [logits["adapter"][index] for index in packed_rows])
    merged_error = distance(logits["merged"], logits["adapter"])
    adapter_effect = distance(logits["adapter"], logits["base"])
    require(packed_error < SAME, case, f"packed differs from separate by {packed_error:.1e}")
    require(merged_error < SAME, case, f"merged differs from adapter by {merged_error:.1e}")
    require(adapter_effect > 0.01, case, f"the adapter changes the logits by {adapter_effect:.1e} only")

    knobs = require_knobs_that_matter(case, folder, documents, logits["base"])

    count = sum(supervised(document) for document in documents)
    accumulate_gradients(adapted, documents, count)
    gradients = {name: parameter.grad for name, parameter in adapter_parameters(adapted).items()}
    smallest = min(gradient.norm().item() for gradient in gradients.values())
    require(smallest > 1e-5, case, f"a gradient has norm {smallest:.1e}")

    tensors = {f"{kind}.logits.{index}": one for kind in logits for index, one in enumerate(logits[kind])}
    tensors |= {f"gradient.{name}": gradient for name, gradient in gradients.items()}
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / "expected.safetensors")
    answer = {} if case.family == "llama" else {"greedy": greedy_answer(case, adapted, documents)}
    write_json(
        folder / "case.json",
        {
            "name": case.name,
            **answer,
            "describes": case.describes,
            "dtype": case.dtype,
            "lora": case.lora,
            "documents": documents,
            "batches": [
                {**batch, "expected": expected_of(logits, documents, batch["documents"])} for batch in batches
            ],
            "expected": expected_of(logits, documents, range(len(documents))),
        },
    )
    return {
        "packed": packed_error,
        "merged": merged_error,
        "effect": adapter_effect,
        "knobs": knobs,
        "smallestGradient": smallest,
    }


def require_knobs_that_matter(case, folder, documents, logits):
    """A reader of config.json that ignores a setting must be seen: returns the smallest effect of changing one."""
    effects = {}
    for knob, changes in changed_settings(case).items():
        model = load_base(folder, **changes)
        with torch.no_grad():
            changed = [document_logits(model, document["ids"]) for document in documents]
        effects[knob] = distance(changed, logits)
        require(effects[knob] > 1e-3, case, f"changing {knob} changes the logits by {effects[knob]:.1e} only")
    return min(effects.values())


def changed_settings(case):
    """Each setting that the case exercises, and a value that a careless reader might take in its place."""
    changes = {}
    for path, value in rope_numbers(case.model.get("rope_parameters", {})):
        factor = 0.5 if path[-1] == "partial_rotary_factor" else 1.5
        changes["/".join(path)] = {"rope_parameters": replaced(case.model["rope_parameters"], path, value * factor)}
    for name in ("attention_bias", "mlp_bias", "use_parallel_residual", "scale_attn_weights"):
        if case.model.get(name) is not None:
            changes[name] = {name: not case.model[name]}
    for name in ("rms_norm_eps", "layer_norm_eps", "layer_norm_epsilon"):
        if case.model.get(name, 0) > 1e-4:
            changes[name] = {name: 1e-5}
    for name in ("attn_logit_softcapping", "final_logit_softcapping", "query_pre_attn_scalar"):
        if case.model.get(name) is not None:
            changes[name] = {name: case.model[name] * 2}
    if case.model.get("sliding_window") is not None:
        changes["sliding_window"] = {"sliding_window": case.model["sliding_window"] + 1}
    if case.model.get("no_rope_layers") is not None:
        changes["no_rope_layers"] = {"no_rope_layers": [1 - flag for flag in case.model["no_rope_layers"]]}
    if case.model.get("rotary_dim") is not None:
        changes["rotary_dim"] = {"rotary_dim": case.model["rotary_dim"] // 2}
    return changes


def rope_numbers(rope, path=()):
    """The numbers in rope_parameters, which some families give for each type of layer, with their paths."""
    for name, value in rope.items():
        if isinstance(value, dict):
            yield from rope_numbers(value, (*path, name))
        elif name != "rope_type":
            yield (*path, name), value


def replaced(tree, path, value):
    first, *rest = path
    return {**tree, first: replaced(tree[first], rest, value) if rest else value}


def greedy_answer(case, model, documents, length=10):
    """The likeliest tokens after the longest document, by transformers' own generate and its cache."""
    index = max(range(len(documents)), key=lambda row: len(documents[row]["ids"]))
    prompt = documents[index]["ids"]
    model.get_base_model().generation_config.eos_token_id = None  # else it would step in for the None below
    settings = GenerationConfig(max_new_tokens=length, do_sample=False, eos_token_id=None, pad_token_id=0)
    with torch.no_grad():
        # Without a mask generate would take each padding id in the prompt for padding.
        inputs = {"input_ids": torch.tensor([prompt]), "attention_mask": torch.ones(1, len(prompt), dtype=torch.long)}
        answer = model.generate(**inputs, generation_config=settings)[0, len(prompt) :].tolist()
        logits = document_logits(model, prompt + answer)[len(prompt) - 1 : -1]
    best, second = logits.topk(2).values.T
    require(logits.argmax(-1).tolist() == answer, case, "generate's cache gives another answer than no cache")
    require(len(answer) == length, case, f"the answer has {len(answer)} tokens")
    require(bool((best - second > 1e-3 * logits.std()).all()), case, "two tokens of the answer are equally likely")
    return {"document": index, "answer": answer}


def list_batches(case):
    """Documents in the order of case.json: each single row, then one micro-batch, then one packed row."""
    batches, start = [], 0
    for length in case.single_lengths:
        batches.append({"name": f"single row of {length}", "documents": [start]})
        start += 1
    for name, lengths in (("micro-batch", case.micro_batch_lengths), ("packed row", case.packed_lengths)):
        batches.append({"name": name, "documents": list(range(start, start + len(lengths)))})
        start += len(lengths)
    return batches


def expected_of(logits, documents, indices):
    chosen = [documents[index] for index in indices]
    with_adapter = summary([logits["adapter"][index] for index in indices], chosen)
    base = summary([logits["base"][index] for index in indices], chosen)
    return {**with_adapter, "baseLoss": base["loss"], "baseAccuracy": base["accuracy"]}


def write_curve(case, folder, adapter_folder, generator):
    config = run_config(case)
    shortest, longest = case.curve_lengths
    lengths = torch.randint(shortest, longest + 1, (case.curve_rows,), generator=generator).tolist()
    documents = random_documents(lengths, case.model["vocab_size"], generator)
    model = load_adapted(folder, adapter_folder)
    steps = train(model, documents, config)
    norms = [step["gradientNorm"] for step in steps]
    clipped = sum(norm > config["maxGradientNorm"] for norm in norms)
    first, last = (sum(step["loss"] for step in part) / 5 for part in (steps[:5], steps[-5:]))
    require(len(steps) == 50, case, f"the run has {len(steps)} steps")
    require(clipped >= 3, case, f"clipping acts on {clipped} steps only")
    require(last < 0.95 * first, case, f"the loss goes from {first:.3f} to {last:.3f} only")
    write_json(folder / "curve.json", {"config": config, "documents": documents, "steps": steps})
    final = {name: parameter.detach().contiguous() for name, parameter in adapter_parameters(model).items()}
    save_file(final, folder / "final.safetensors")
    return {
        "firstLoss": first,
        "lastLoss": last,
        "clipped": clipped,
        "smallestNorm": min(norms),
        "largestNorm": max(norms),
    }


def distance(found, wanted):
    """‖found − wanted‖ / ‖wanted‖ over lists of tensors, in f64."""
    found, wanted = (torch.cat([one.double().flatten() for one in list_]) for list_ in (found, wanted))
    return ((found - wanted).norm() / wanted.norm()).item()


def require(holds, case, message):
    if not holds:
        raise SystemExit(f"golden case {case.folder} proves too little: {message}")
