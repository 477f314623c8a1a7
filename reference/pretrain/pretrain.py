"""Pre-trains the built-in model on generated text and writes an ordinary model folder.

    python reference/pretrain/pretrain.py --out public/models/tabtune-3m --minutes 60

Runs on a CPU (bf16 products through autocast) or a GPU. Matrices inside the layers are trained with Muon, the embedding
and the norms with AdamW; the learning rate falls linearly to zero over the planned wall-clock time, so `--minutes` is
the whole recipe. Every `--save-every` steps the state is written to `--state`, from which `--resume` continues.
Rows hold several documents end to end; attention and positions start again at each document.
"""

import argparse
import json
import math
import queue
import threading
import time
from pathlib import Path
from random import Random

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch import Tensor, nn

import generate
import tokenizer as tokenizer_file

CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "vocab_size": tokenizer_file.VOCABULARY,
    "hidden_size": 192,
    "intermediate_size": 512,
    "num_hidden_layers": 7,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "head_dim": 32,
    "hidden_act": "silu",
    "max_position_embeddings": 512,
    "rope_theta": 10000.0,
    "rms_norm_eps": 1e-5,
    "attention_bias": False,
    "mlp_bias": False,
    "attention_dropout": 0.0,
    "initializer_range": 0.02,
    "tie_word_embeddings": True,
    "bos_token_id": None,
    "eos_token_id": 2,
    "pad_token_id": 0,
    "use_cache": True,
    "torch_dtype": "bfloat16",
}
GENERATION_CONFIG = {"do_sample": False, "eos_token_id": [2, 0], "pad_token_id": 0, "max_new_tokens": 128}
# Lengths of the rows of a batch; a document goes into the shortest that holds it, longer ones are left out.
ROWS = (96, 192, 384)
# Share of the documents that only copy tokens drawn from the whole vocabulary. Without them the tokens that the corpus
# never writes end up with one and the same embedding, and no adapter could ever make the model write them.
ANY_TOKENS_SHARE = 0.10


class Norm(nn.Module):
    def __init__(self, size: int):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))

    def forward(self, x: Tensor) -> Tensor:
        y = x.float()
        y = y * torch.rsqrt(y.square().mean(-1, keepdim=True) + CONFIG["rms_norm_eps"])
        return y * self.weight


class Attention(nn.Module):
    """Grouped-query attention; x is (B, T, C), cosine and sine (B, T, D), mask (B, 1, T, T)."""

    def __init__(self):
        super().__init__()
        c, d = CONFIG["hidden_size"], CONFIG["head_dim"]
        self.heads, self.groups, self.size = CONFIG["num_attention_heads"], CONFIG["num_key_value_heads"], d
        self.q_proj = nn.Linear(c, self.heads * d, bias=False)
        self.k_proj = nn.Linear(c, self.groups * d, bias=False)
        self.v_proj = nn.Linear(c, self.groups * d, bias=False)
        self.o_proj = nn.Linear(self.heads * d, c, bias=False)

    def forward(self, x: Tensor, cosine: Tensor, sine: Tensor, mask: Tensor) -> Tensor:
        rows, length, _ = x.shape
        split = lambda y: y.view(rows, length, -1, self.size).transpose(1, 2)  # noqa: E731
        q, k, v = split(self.q_proj(x)), split(self.k_proj(x)), split(self.v_proj(x))
        q, k = rotate(q, cosine, sine), rotate(k, cosine, sine)
        repeat = self.heads // self.groups
        k, v = k.repeat_interleave(repeat, 1), v.repeat_interleave(repeat, 1)
        # Written out: at these short rows it is several times faster on a CPU than the fused kernel.
        scores = (q @ k.transpose(-1, -2)).float() / math.sqrt(self.size)
        y = torch.softmax(scores.masked_fill(~mask, -1e9), -1).to(v.dtype) @ v
        return self.o_proj(y.transpose(1, 2).reshape(rows, length, -1))


def rotate(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    first, second = x.chunk(2, -1)
    turned = torch.cat((-second, first), -1)
    return (x * cosine[:, None] + turned * sine[:, None]).to(x.dtype)


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        c, f = CONFIG["hidden_size"], CONFIG["intermediate_size"]
        self.gate_proj, self.up_proj = nn.Linear(c, f, bias=False), nn.Linear(c, f, bias=False)
        self.down_proj = nn.Linear(f, c, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.self_attn, self.mlp = Attention(), Mlp()
        self.input_layernorm, self.post_attention_layernorm = Norm(CONFIG["hidden_size"]), Norm(CONFIG["hidden_size"])

    def forward(self, x: Tensor, cosine: Tensor, sine: Tensor, mask: Tensor) -> Tensor:
        x = x + self.self_attn(self.input_layernorm(x), cosine, sine, mask)
        return x + self.mlp(self.post_attention_layernorm(x))


class Body(nn.Module):
    """The decoder without its head; parameter names are transformers' own."""

    def __init__(self):
        super().__init__()
        self.embed_tokens = nn.Embedding(CONFIG["vocab_size"], CONFIG["hidden_size"])
        self.layers = nn.ModuleList(Layer() for _ in range(CONFIG["num_hidden_layers"]))
        self.norm = Norm(CONFIG["hidden_size"])
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:
                scale = 1 / math.sqrt(2 * len(self.layers)) if name.endswith(("o_proj.weight", "down_proj.weight")) else 1
                deviation = 0.02 if "embed" in name else 1 / math.sqrt(parameter.shape[1])
                nn.init.normal_(parameter, std=deviation * scale)

    def forward(self, ids: Tensor, positions: Tensor, mask: Tensor) -> Tensor:
        half = CONFIG["head_dim"] // 2
        frequency = CONFIG["rope_theta"] ** (-torch.arange(half, device=ids.device) / half)
        angle = positions[..., None].float() * frequency
        angle = torch.cat((angle, angle), -1)
        cosine, sine = angle.cos(), angle.sin()
        x = self.embed_tokens(ids)
        for layer in self.layers:
            x = layer(x, cosine, sine, mask)
        return self.norm(x)


class Corpus(threading.Thread):
    """Generates, tokenises and packs batches ahead of the training loop, in document order."""

    def __init__(self, vocabulary: Tokenizer, seed: int, first: int, tokens: int):
        super().__init__(daemon=True)
        self.vocabulary, self.seed, self.next, self.tokens = vocabulary, seed, first, tokens
        self.ready: queue.Queue = queue.Queue(maxsize=8)

    def run(self) -> None:
        filling: dict[int, list] = {length: [] for length in ROWS}
        full: dict[int, list] = {length: [] for length in ROWS}
        while True:
            document = self.encode(self.next)
            self.next += 1
            length = next((length for length in ROWS if len(document[0]) <= length), None)
            if length is None:
                continue
            used = lambda row: sum(len(ids) for ids, _ in row)  # noqa: E731
            rows = filling[length]
            row = max((row for row in rows if used(row) + len(document[0]) <= length), key=used, default=None)
            if row is None:
                rows.append(row := [])
            row.append(document)
            if len(rows) > 24:
                fullest = max(rows, key=used)
                rows.remove(fullest)
                full[length].append(fullest)
            count = self.tokens // length
            if len(full[length]) >= count:
                self.ready.put((batch(full[length][:count], length), self.next))
                del full[length][:count]

    def encode(self, index: int) -> tuple[list[int], list[bool]]:
        """Ids and trained flags of document `index`; some documents are a row of any tokens, written twice."""
        random = Random(f"{self.seed}:{index}:tokens")
        if random.random() < ANY_TOKENS_SHARE:
            row = [random.randrange(len(tokenizer_file.SPECIALS), CONFIG["vocab_size"]) for _ in range(random.randint(5, 24))]
            between = self.vocabulary.encode("\n").ids
            ids = row + between + row + [CONFIG["pad_token_id"]]
            return ids, [i >= len(row) + len(between) for i in range(len(ids))]
        pieces = generate.document(self.seed, index)
        ids, trained = [], []
        for text, flag in pieces:
            part = self.vocabulary.encode(text).ids
            ids += part
            trained += [flag] * len(part)
        return ids, trained


def batch(rows: list, length: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """ids, positions (B, T); document mask (B, 1, T, T); targets (B, T) with -100 where nothing is trained."""
    ids, positions = torch.zeros(len(rows), length, dtype=torch.long), torch.zeros(len(rows), length, dtype=torch.long)
    owner, targets = torch.full((len(rows), length), -1), torch.full((len(rows), length), -100)
    for r, documents in enumerate(rows):
        at = 0
        for number, (tokens, trained) in enumerate(documents):
            end = at + len(tokens)
            ids[r, at:end] = torch.tensor(tokens)
            positions[r, at:end] = torch.arange(len(tokens))
            owner[r, at:end] = number
            for i in range(1, len(tokens)):
                if trained[i]:
                    targets[r, at + i - 1] = tokens[i]
            at = end
    same = owner[:, None, :, None] == owner[:, None, None, :]
    mask = same & torch.ones(length, length, dtype=torch.bool).tril()
    return ids, positions, mask, targets


def export(body: Body, folder: Path) -> None:
    """Weights rounded to bf16 under transformers' names, and both configurations."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {f"model.{name}": value.detach().to("cpu", torch.bfloat16).contiguous() for name, value in body.state_dict().items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "model.safetensors").chmod(0o644)
    (folder / "config.json").write_text(json.dumps(CONFIG, indent=2) + "\n")
    (folder / "generation_config.json").write_text(json.dumps(GENERATION_CONFIG, indent=2) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="model folder; its tokenizer.json is used if it is there")
    parser.add_argument("--minutes", type=float, default=60, help="wall-clock training time")
    parser.add_argument("--state", type=Path, default=None, help="file for resumable state")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--tokens", type=int, default=8064, help="tokens a step")
    parser.add_argument("--matrix-rate", type=float, default=0.006)
    parser.add_argument("--other-rate", type=float, default=0.004)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--save-every", type=int, default=300)
    parser.add_argument("--compile", action="store_true")
    arguments = parser.parse_args()

    torch.manual_seed(arguments.seed)
    torch.set_num_threads(arguments.threads)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if not (arguments.out / "tokenizer.json").exists():
        tokenizer_file.write(arguments.out)
    vocabulary = Tokenizer.from_file(str(arguments.out / "tokenizer.json"))
    body = Body().to(device)
    print(sum(p.numel() for p in body.parameters()), "parameters on", device, flush=True)
    matrices = [p for name, p in body.named_parameters() if p.dim() == 2 and "embed" not in name]
    others = [p for name, p in body.named_parameters() if p.dim() != 2 or "embed" in name]
    optimizers = [
        torch.optim.Muon(matrices, lr=arguments.matrix_rate, weight_decay=0.05, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(others, lr=arguments.other_rate, betas=(0.9, 0.98), weight_decay=0.0),
    ]
    step, spent, first = 0, 0.0, 0
    if arguments.resume and arguments.state.exists():
        state = torch.load(arguments.state, map_location=device)
        body.load_state_dict(state["body"])
        for optimizer, saved in zip(optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        step, spent, first = state["step"], state["spent"], state["next_document"]
    corpus = Corpus(vocabulary, arguments.seed, first, arguments.tokens)
    corpus.start()
    forward = torch.compile(body, dynamic=False) if arguments.compile else body

    seconds, started, seen, mean_loss = arguments.minutes * 60, time.time(), 0, None
    began = started - spent
    while (spent := time.time() - began) < seconds:
        (ids, positions, mask, targets), first = corpus.ready.get()
        ids, positions, mask, targets = (x.to(device) for x in (ids, positions, mask, targets))
        where = (targets.flatten() != -100).nonzero().squeeze(1)
        with torch.autocast(device, torch.bfloat16):
            hidden = forward(ids, positions, mask).flatten(0, 1)[where]
            logits = hidden @ body.embed_tokens.weight.T
        loss = F.cross_entropy(logits.float(), targets.flatten()[where])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(body.parameters(), 1.0)
        share = min(1.0, (step + 1) / 100) * min(1.0, (1 - spent / seconds) / 0.7)
        for optimizer, rate in zip(optimizers, (arguments.matrix_rate, arguments.other_rate), strict=True):
            for group in optimizer.param_groups:
                group["lr"] = rate * share
            optimizer.step()
            optimizer.zero_grad()
        step += 1
        seen += ids.numel()
        mean_loss = loss.item() if mean_loss is None else 0.97 * mean_loss + 0.03 * loss.item()
        if step % 20 == 0:
            rate = seen / (time.time() - started)
            print(f"step {step}  {spent / 60:.1f} min  loss {mean_loss:.4f}  {rate:.0f} tokens/s", flush=True)
        if arguments.state and step % arguments.save_every == 0:
            torch.save({
                "body": body.state_dict(), "optimizers": [o.state_dict() for o in optimizers], "step": step,
                "spent": spent, "next_document": first,
            }, arguments.state)
            export(body, arguments.out)
    export(body, arguments.out)
    print(f"finished after {step} steps, {seen} tokens, loss {mean_loss:.4f}")


if __name__ == "__main__":
    main()
