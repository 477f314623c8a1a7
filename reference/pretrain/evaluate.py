"""Scores a model folder on held-out prompts of every kind, greedy decoding, in f32 from the published bf16 weights.

    python reference/pretrain/evaluate.py                                # public/models/tabtune-3m, 100 prompts a kind
    python reference/pretrain/evaluate.py --json --leak-check 200000     # figures as JSON; look for prompts in the corpus

Keys are drawn from the held-out side of `kinds.held_out`, prompts of a kind are distinct, three in ten carry a system
prompt and one in four follows another exchange. An answer counts when it equals the expected text, or, for the open
kinds (rhyme, list_three, make_sentence, tell_story), when it passes the kind's rule.
"""

import argparse
import json
from pathlib import Path
from random import Random

import torch
from transformers import AutoTokenizer, LlamaForCausalLM

import generate
import kinds


DEFAULT_MODEL = Path(__file__).resolve().parents[2] / "public" / "models" / "tabtune-3m"
CORPUS_SEED = 1


def prompts(kind: str, count: int, random: Random) -> list[tuple[list[dict], kinds.Task]]:
    """`count` different held-out conversations that end before the scored answer (fewer where a kind has fewer)."""
    found: dict[str, tuple[list[dict], kinds.Task]] = {}
    for _ in range(count * 50):
        if len(found) == count:
            break
        task = kinds.sample(kind, random, held=True)
        turns = list(task.turns)
        if random.random() < 0.25:
            before = kinds.sample(random.choice([k for k in kinds.KINDS if k not in ("own_name", "recall")]), random)
            turns = before.turns + turns
        system = task.system or generate.system_prompt(random)
        messages = [{"role": "system", "content": system}] if system else []
        for user, assistant in turns:
            messages += [{"role": "user", "content": user}, {"role": "assistant", "content": assistant}]
        found.setdefault(" / ".join(user for user, _ in task.turns) + str(task.system), (messages[:-1], task))
    return list(found.values())


@torch.no_grad()
def answer(model: LlamaForCausalLM, tokenizer, conversations: list[list[dict]], new_tokens: int = 96) -> list[str]:
    """Greedy answers, a batch with left padding."""
    texts = [tokenizer.apply_chat_template(c, tokenize=False, add_generation_prompt=True) for c in conversations]
    batch = tokenizer(texts, return_tensors="pt", padding=True, padding_side="left", add_special_tokens=False)
    batch.pop("token_type_ids", None)
    out = model.generate(**batch, max_new_tokens=new_tokens, do_sample=False)
    return tokenizer.batch_decode(out[:, batch["input_ids"].shape[1]:], skip_special_tokens=True)


def leaks(asked: set[tuple[str, str]], documents: int) -> int:
    """How many scored (prompt, answer) pairs occur in the first documents of the training corpus."""
    hits = set()
    for index in range(documents):
        pieces = generate.document(CORPUS_SEED, index)
        for (before, _), (text, trained) in zip(pieces, pieces[1:], strict=False):
            user = before.rsplit(f"{generate.IM_START}user\n", 1)[-1].split(generate.IM_END)[0]
            pair = (user, text.removesuffix(generate.IM_END))
            if trained and pair in asked:
                hits.add(pair)
    return len(hits)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=DEFAULT_MODEL)
    parser.add_argument("--count", type=int, default=100, help="prompts a kind")
    parser.add_argument("--seed", type=int, default=2024)
    parser.add_argument("--kinds", nargs="*", default=[kind for kind in kinds.KINDS if kind not in kinds.UNSCORED])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--show", type=int, default=0, help="wrong answers to print for each kind")
    parser.add_argument("--leak-check", type=int, default=0, metavar="N", help="search N training documents for the prompts")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()

    torch.set_num_threads(arguments.threads)
    tokenizer = AutoTokenizer.from_pretrained(arguments.model)
    model = LlamaForCausalLM.from_pretrained(arguments.model, dtype=torch.bfloat16).float().eval()
    result: dict[str, dict] = {}
    asked: set[tuple[str, str]] = set()
    for kind in arguments.kinds:
        cases = prompts(kind, arguments.count, Random(f"{arguments.seed}:{kind}"))
        asked |= {task.turns[-1] for _, task in cases}
        right = 0
        wrong: list[tuple[str, str, str]] = []
        for at in range(0, len(cases), 50):
            part = cases[at:at + 50]
            for (messages, task), text in zip(part, answer(model, tokenizer, [m for m, _ in part]), strict=True):
                if task.correct(text):
                    right += 1
                else:
                    wrong.append((messages[-1]["content"], task.answer, text))
        result[kind] = {"correct": right, "prompts": len(cases)}
        if not arguments.json:
            print(f"{kind:14} {right:4d} of {len(cases):4d}  {100 * right / len(cases):5.1f} %", flush=True)
            for prompt, expected, text in wrong[:arguments.show]:
                print(f"    {prompt!r}\n      expected {expected!r}\n      got      {text!r}")
    right, total = (sum(r[field] for r in result.values()) for field in ("correct", "prompts"))
    summary = {"correct": right, "prompts": total, "share": right / total, "kinds": result}
    if arguments.leak_check:
        summary["leaks"] = leaks(asked, arguments.leak_check)
    if arguments.json:
        print(json.dumps(summary, indent=2))
    else:
        print(f"{'all':14} {right:4d} of {total:4d}  {100 * right / total:5.2f} %  over {len(result)} kinds")
        if arguments.leak_check:
            print(f"{summary['leaks']} of the scored pairs occur in {arguments.leak_check} training documents")


if __name__ == "__main__":
    main()
