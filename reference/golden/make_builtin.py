"""Writes e2e/golden/builtin-*/: the built-in model trained on each sample dataset by transformers + peft.

    python reference/golden/make_builtin.py                    # the model under public/models, all datasets
    python reference/golden/make_builtin.py --only brindle-bay # one of them

builtin-start/ is the adapter that all runs begin with: A drawn by PyTorch from a fixed seed, B zero, as peft starts.
builtin-DATASET/curve.json is {dataset, model, config, documents, steps}: `dataset` and `model` name the files with
their SHA-256, so that a figure of another model is not mistaken for a fault; `config` is the run that
public/datasets/index.json suggests, cut to 50 steps in the file's order; `documents` are all rows as transformers'
own tokenizer and chat template make them, `steps` what each of the 50 steps gave.

The datasets are read here a second time, by Python that knows nothing of the reader in src/data. Prints one JSON line
a dataset.
"""

import argparse
import hashlib
import json
import time
from pathlib import Path

from json_files import print_line, write_json
from settings import GOLDEN, use_exact_float32

REPOSITORY = Path(__file__).resolve().parents[2]
ANSWER_END = "<|im_end|>"
STEPS = 50
SEED = 206


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=REPOSITORY / "public" / "models" / "tabtune-3m")
    parser.add_argument("--datasets", type=Path, default=REPOSITORY / "public" / "datasets")
    parser.add_argument("--out", type=Path, default=GOLDEN, help="folder that receives builtin-*/")
    parser.add_argument("--only", nargs="*", help="names of datasets; all when left out")
    arguments = parser.parse_args()
    use_exact_float32()

    entries = json.loads((arguments.datasets / "index.json").read_text(encoding="utf-8"))["datasets"]
    names = [Path(entry["file"]).stem for entry in entries]
    chosen = names if arguments.only is None else arguments.only
    if unknown := set(chosen) - set(names):
        parser.error(f"--only: no such dataset: {', '.join(sorted(unknown))}; known: {', '.join(names)}")

    start = arguments.out / "builtin-start"
    if any(entry["run"]["lora"] != entries[0]["run"]["lora"] for entry in entries):
        raise SystemExit("index.json: the suggested runs differ in lora; one starting adapter can't serve them all")
    write_start(arguments.model, start, entries[0]["run"]["lora"])
    for name, entry in zip(names, entries):
        if name in chosen:
            began = time.monotonic()
            figures = write_dataset(arguments.model, arguments.datasets, entry, start, arguments.out / f"builtin-{name}")
            print_line({"dataset": name, **figures, "seconds": time.monotonic() - began})
    sizes = [file.stat().st_size for file in arguments.out.glob("builtin-*/*") if file.is_file()]
    print_line({"files": len(sizes), "bytes": sum(sizes)})


def write_start(model_folder, folder, lora):
    """The adapter before its first step, in f32: the same bytes for every model of these shapes."""
    import torch
    from peft import LoraConfig, get_peft_model

    from models import empty_folder, load_base, sort_target_modules

    empty_folder(folder)
    adapted = get_peft_model(
        load_base(model_folder),
        LoraConfig(
            r=lora["rank"],
            lora_alpha=lora["alpha"],
            lora_dropout=lora["dropout"],
            use_rslora=lora["rsLora"],
            target_modules=short_target_names(model_folder, lora["targetModules"]),
            task_type="CAUSAL_LM",
        ),
    )
    generator = torch.Generator().manual_seed(SEED)
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora_A" in name:
                parameter.copy_((2 * torch.rand(parameter.shape, generator=generator) - 1) / parameter.shape[1] ** 0.5)
            elif "lora_B" in name:
                parameter.zero_()
    adapted.peft_config["default"].base_model_name_or_path = Path(model_folder).name
    adapted.save_pretrained(folder, save_embedding_layers=False)
    (folder / "README.md").unlink()
    sort_target_modules(folder / "adapter_config.json")


def short_target_names(model_folder, targets):
    """peft would write "all-linear" out as every single path; the seven short names mean the same layers."""
    from configurations import LINEAR_NAMES

    return list(LINEAR_NAMES) if targets == "all-linear" else targets


def write_dataset(model_folder, dataset_folder, entry, start, folder):
    from transformers import AutoTokenizer

    from loop import train
    from models import empty_folder, load_adapted, refuse_unused_tensors

    tokenizer = AutoTokenizer.from_pretrained(model_folder)
    path = dataset_folder / entry["file"]
    config = {
        **entry["run"],
        "maxSteps": STEPS,
        "shuffle": False,
        "evaluationSplit": 0,
        "samplePrompts": [],
    }
    documents = [tokenized(messages, tokenizer) for messages in read_messages(path, entry["format"])]
    refuse_what_proves_little(documents, config, entry)
    model = load_adapted(model_folder, start)
    refuse_unused_tensors(model, start)
    steps = train(model, documents, config)
    first, last = (sum(step["loss"] for step in part) / 5 for part in (steps[:5], steps[-5:]))
    if not last < 0.7 * first:
        raise SystemExit(f"{entry['file']}: the loss goes from {first:.3f} to {last:.3f} only")
    empty_folder(folder)
    write_json(
        folder / "curve.json",
        {
            "dataset": {"file": entry["file"], "sha256": sha256(path)},
            "model": {
                "name": Path(model_folder).name,
                "weightsSha256": sha256(model_folder / "model.safetensors"),
                "tokenizerSha256": sha256(model_folder / "tokenizer.json"),
            },
            "config": config,
            "documents": documents,
            "steps": steps,
        },
    )
    return {"rows": len(documents), "firstLoss": first, "lastLoss": last}


def read_messages(path, form):
    """Conversations of a sample dataset, in the file's order. Only what the samples hold is understood."""
    text = path.read_text(encoding="utf-8")
    rows = json.loads(text) if path.suffix == ".json" else [json.loads(line) for line in text.splitlines() if line.strip()]
    return [READERS[form](row) for row in rows]


def read_openai(row):
    return row["messages"]


def read_alpaca(row):
    question = row["instruction"] if row["input"] == "" else row["instruction"] + "\n" + row["input"]
    return question_and_answer(question, row["output"])


def read_prompt_completion(row):
    return question_and_answer(row["prompt"], row["completion"])


def question_and_answer(question, answer):
    return [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]


READERS = {"openai-messages": read_openai, "alpaca": read_alpaca, "prompt-completion": read_prompt_completion}


def tokenized(messages, tokenizer):
    """A conversation's ids, and 1 for each token of an answer with its end mark.

    Where an answer begins is told by its prefix: the turns before it with the generation prompt, tokenised by
    themselves, must be how the whole begins.
    """
    ids = tokenizer.apply_chat_template(messages, tokenize=True, return_dict=False)
    end_id = tokenizer.convert_tokens_to_ids(ANSWER_END)
    trained = [0] * len(ids)
    for turn, message in enumerate(messages):
        if message["role"] != "assistant":
            continue
        prefix = tokenizer.apply_chat_template(
            messages[:turn], add_generation_prompt=True, tokenize=True, return_dict=False
        )
        if ids[: len(prefix)] != prefix:
            raise SystemExit(f"turn {turn + 1} of {messages}: the prompt's tokens are not how the conversation begins")
        end = ids.index(end_id, len(prefix))
        trained[len(prefix) : end + 1] = [1] * (end + 1 - len(prefix))
    return {"ids": ids, "trained": trained}


def refuse_what_proves_little(documents, config, entry):
    if len(documents) != entry["rows"]:
        raise SystemExit(f"index.json: {entry['file']} is said to have {entry['rows']} rows, it has {len(documents)}")
    for row, document in enumerate(documents):
        if len(document["ids"]) > config["cutoffLength"]:
            raise SystemExit(f"{entry['file']}: row {row + 1} has {len(document['ids'])} tokens and would be cut")
        if not 0 < sum(document["trained"]) < len(document["ids"]):
            raise SystemExit(f"{entry['file']}: row {row + 1}: got an answer of {sum(document['trained'])} tokens")


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
