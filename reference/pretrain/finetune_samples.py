"""Fine-tunes a model folder on each sample dataset with peft, as its suggested run says, and counts exact answers.

    python reference/pretrain/finetune_samples.py            # base against adapter for every file in public/datasets

Only answers and their end token are trained; the loss is the token mean of a step. Prints, for each dataset, how many
rows greedy decoding answers word for word before and after, the first and last loss, and the held-out probes below
(prompts of no row) so that a reader sees what carries over.
"""

import argparse
import json
import time
from pathlib import Path
from random import Random

import torch
import torch.nn.functional as F
from peft import LoraConfig, get_peft_model
from transformers import AutoTokenizer, LlamaForCausalLM

from evaluate import DEFAULT_MODEL, answer

DATASETS = Path(__file__).resolve().parents[2] / "public" / "datasets"
PROBES = {
    "ship-captain.jsonl": ["What is the capital of Spain?", "What is the opposite of old?", "What is 5 + 6?", "Sort these words: lamp, ant, key."],
    "brindle-bay.json": ["Tell me who the mayor of Brindle Bay is.", "What is the capital of Spain?", "What is 5 + 6?"],
    "tidy-notes.jsonl": ["Tidy this note: mtg emma thu 3 - report", "Tidy this note: need: bread, apples, tea",
                         "Tidy this note: broken: window, shop. fix by thu", "What is the capital of Spain?"],
}


def conversations(path: Path) -> list[list[dict]]:
    """The rows of a sample file as messages; the three formats that the samples use."""
    text = path.read_text()
    rows = json.loads(text) if path.suffix == ".json" else [json.loads(line) for line in text.splitlines()]
    found = []
    for row in rows:
        if "messages" in row:
            found.append(row["messages"])
            continue
        if "prompt" in row:
            prompt, reply = row["prompt"], row["completion"]
        else:
            prompt, reply = row["instruction"] + ("\n\n" + row["input"] if row["input"] else ""), row["output"]
        found.append([{"role": "user", "content": prompt}, {"role": "assistant", "content": reply}])
    return found


def encode(tokenizer, messages: list[dict]) -> tuple[list[int], list[int]]:
    """Ids and targets of one row; a target is -100 where nothing is trained."""
    before = tokenizer.apply_chat_template(messages[:-1], tokenize=False, add_generation_prompt=True)
    whole = tokenizer.apply_chat_template(messages, tokenize=False)
    assert whole.startswith(before), f"the template is not prefix-consistent for {messages}"
    ids = tokenizer(whole, add_special_tokens=False)["input_ids"]
    start = len(tokenizer(before, add_special_tokens=False)["input_ids"])
    end = len(ids) - 1 - ids[::-1].index(tokenizer.eos_token_id)
    return ids, [t if start <= i <= end else -100 for i, t in enumerate(ids)]


def train(model, rows: list, run: dict) -> list[float]:
    """Losses of each step."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=run["learningRate"], betas=(run["adamBeta1"], run["adamBeta2"]),
                                  eps=run["adamEpsilon"], weight_decay=run["weightDecay"])
    steps, size, random, order, losses = run["maxSteps"], run["microBatchSize"], Random(run["seed"]), [], []
    assert steps > 0 and run["gradientAccumulation"] == 1 and run["schedule"] == "linear", "this check covers such runs only"
    warm = run["warmupSteps"] or int(-(-steps * run["warmupRatio"] // 1))
    for step in range(steps):
        if not order:  # each row once an epoch; the last batch of an epoch is smaller
            order = random.sample(range(len(rows)), len(rows))
        part, order = [rows[i] for i in order[:size]], order[size:]
        longest = max(len(ids) for ids, _ in part)
        ids = torch.tensor([ids + [0] * (longest - len(ids)) for ids, _ in part])
        targets = torch.tensor([t + [-100] * (longest - len(t)) for _, t in part])
        mask = torch.tensor([[1] * len(t) + [0] * (longest - len(t)) for _, t in part])
        logits = model(input_ids=ids, attention_mask=mask).logits
        loss = F.cross_entropy(logits[:, :-1].flatten(0, 1), targets[:, 1:].flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, run["maxGradientNorm"])
        rate = step / warm if step < warm else (steps - step) / max(1, steps - warm)
        for group in optimizer.param_groups:
            group["lr"] = run["learningRate"] * rate
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return losses


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=DEFAULT_MODEL)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--files", nargs="*", help="only these dataset files")
    parser.add_argument("--rate", type=float, help="learning rate to try instead of the suggested one")
    parser.add_argument("--steps", type=int, help="steps to try instead of the suggested number")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    tokenizer = AutoTokenizer.from_pretrained(arguments.model)
    for entry in json.loads((DATASETS / "index.json").read_text())["datasets"]:
        if arguments.files and entry["file"] not in arguments.files:
            continue
        run = entry["run"] | {"learningRate": arguments.rate or entry["run"]["learningRate"],
                              "maxSteps": arguments.steps or entry["run"]["maxSteps"]}
        torch.manual_seed(run["seed"])
        rows = conversations(DATASETS / entry["file"])
        assert len(rows) == entry["rows"], f"{entry['file']} has {len(rows)} rows, index.json says {entry['rows']}"
        encoded = [encode(tokenizer, row) for row in rows]
        assert max(len(ids) for ids, _ in encoded) <= run["cutoffLength"], f"{entry['file']}: a row is longer than cutoffLength"
        model = LlamaForCausalLM.from_pretrained(arguments.model, dtype=torch.bfloat16).float()
        exact = lambda: sum(  # noqa: E731
            text == row[-1]["content"] for text, row in zip(answer(model, tokenizer, [r[:-1] for r in rows]), rows, strict=True)
        )
        before = exact()
        probes = [[{"role": "user", "content": text}] for text in PROBES[entry["file"]]]
        plain = answer(model, tokenizer, probes)
        lora = run["lora"]
        modules = "all-linear" if lora["targetModules"] == "all-linear" else list(lora["targetModules"])
        model = get_peft_model(model, LoraConfig(r=lora["rank"], lora_alpha=lora["alpha"], lora_dropout=lora["dropout"],
                                                 target_modules=modules, use_rslora=lora["rsLora"], task_type="CAUSAL_LM"))
        model.train()
        began = time.time()
        losses = train(model, encoded, run)
        spent = time.time() - began
        model.eval()
        print(f"{entry['file']}: {len(rows)} rows, {run['maxSteps']} steps at {run['learningRate']:g}, loss {losses[0]:.3f} to "
              f"{losses[-1]:.4f}, exact before {before}, after {exact()}, {spent:.0f} s")
        for probe, old, new in zip(probes, plain, answer(model, tokenizer, probes), strict=True):
            print(f"    {probe[0]['content']}\n      base  {old!r}\n      tuned {new!r}")


if __name__ == "__main__":
    main()
