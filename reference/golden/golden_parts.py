"""Goldens for single parts of a run: AdamW with clipping, schedules, RoPE frequencies and tables, LoRA's start."""

import math

import torch
from peft import LoraConfig, get_peft_model
from transformers import LlamaConfig, TrainingArguments, get_scheduler
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

from configurations import llama3_rope, theta_rope
from json_files import short, write_json
from loop import SCHEDULES
from models import empty_folder

TABLE_POSITIONS = (0, 1, 7, 31, 299, 4095, 131071)


def write_parts(folder):
    empty_folder(folder)
    write_json(folder / "adamw.json", {"cases": adamw_cases()})
    write_json(folder / "schedules.json", {"cases": schedule_cases()})
    write_json(folder / "rope-llama3.json", {"cases": rope_cases()})
    write_json(folder / "lora-init.json", {"cases": lora_init_cases()})


def adamw_cases():
    rates = [1e-2 * min(1.0, step / 3) for step in range(10)]
    constant = [1e-3] * 10
    return [
        adamw_case("clip, decay and warm-up from rate 0", 201, rates, 0.9, 0.999, 1e-8, 0.01, 1, 0.6),
        adamw_case("no clipping, no decay", 202, constant, 0.9, 0.999, 1e-8, 0, 0, 0.6),
        adamw_case("gradients as small as epsilon", 203, constant, 0.9, 0.999, 1e-8, 0.01, 1, 1e-8),
        adamw_case("other betas, strong decay, large gradients", 204, rates, 0.8, 0.95, 1e-6, 0.1, 0.5, 40.0),
    ]


def adamw_case(name, seed, rates, beta1, beta2, epsilon, decay, limit, scale):
    """Ten steps on two tensors of 7 and 2 x 3 elements, given as one flat list; element 4 never has a gradient."""
    generator = torch.Generator().manual_seed(seed)
    tensors = [torch.nn.Parameter(torch.randn(shape, generator=generator)) for shape in ((7,), (2, 3))]
    optimizer = torch.optim.AdamW(
        tensors, lr=1.0, betas=(beta1, beta2), eps=epsilon, weight_decay=decay, foreach=False
    )
    initial, gradients, steps = flat(tensors), [], []
    for rate in rates:
        for tensor in tensors:
            size = scale * 10 ** torch.rand(1, generator=generator).item() / 4
            tensor.grad = size * torch.randn(tensor.shape, generator=generator)
        tensors[0].grad[4] = 0
        gradients.append(flat([tensor.grad for tensor in tensors]))
        norm = torch.nn.utils.clip_grad_norm_(tensors, limit or math.inf, foreach=False).item()
        optimizer.param_groups[0]["lr"] = rate
        optimizer.step()
        moments = [[optimizer.state[tensor][key] for tensor in tensors] for key in ("exp_avg", "exp_avg_sq")]
        steps.append(
            {
                "gradientNorm": norm,
                "parameters": flat(tensors),
                "firstMoments": flat(moments[0]),
                "secondMoments": flat(moments[1]),
            }
        )
    return {
        "name": name,
        "adamBeta1": beta1,
        "adamBeta2": beta2,
        "adamEpsilon": epsilon,
        "weightDecay": decay,
        "maxGradientNorm": limit,
        "learningRates": rates,
        "initial": initial,
        "gradients": gradients,
        "steps": steps,
    }


def flat(tensors):
    return short(torch.cat([tensor.detach().flatten() for tensor in tensors]).numpy())


def schedule_cases():
    """Learning-rate multipliers of each step, the ratio resolved as TrainingArguments does it."""
    cases = []
    for name in SCHEDULES:
        for total in (12, 50):
            for steps, ratio in ((0, 0), (2, 0), (5, 0.5), (0, 0.1), (0, 0.06), (0, 0.14), (12, 0), (60, 0)):
                cases.append(schedule_case(name, total, steps, ratio))
    return cases


def schedule_case(name, total, steps, ratio):
    # One number serves both in transformers: whole for steps, below 1 for a ratio.
    arguments = TrainingArguments(output_dir="unused", warmup_steps=steps or ratio, use_cpu=True, report_to="none")
    resolved = arguments.get_warmup_steps(total)
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=1.0)
    schedule = get_scheduler(SCHEDULES[name], optimizer, num_warmup_steps=resolved, num_training_steps=total)
    multipliers = []
    for _ in range(total):
        multipliers.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    return {
        "schedule": name,
        "totalSteps": total,
        "warmupSteps": steps,
        "warmupRatio": ratio,
        "resolvedWarmupSteps": resolved,
        "multipliers": multipliers,
    }


def rope_cases():
    published = {
        "Llama-3.2-1B": (64, llama3_rope(500000.0, 32.0, 8192), 131072),
        "Llama-3.1-8B": (128, llama3_rope(500000.0, 8.0, 8192), 131072),
        "original context of 32": (16, llama3_rope(10000.0, 8.0, 32), 512),
        "narrow band": (8, llama3_rope(10000.0, 4.0, 96, low=1.0, high=2.0), 512),
        "no scaling": (20, theta_rope(10000.0), 512),
        "no scaling, theta 500000": (128, theta_rope(500000.0), 8192),
    }
    return [rope_case(name, *settings) for name, settings in published.items()]


def rope_case(name, head, rope, context):
    config = LlamaConfig(
        hidden_size=head, num_attention_heads=1, head_dim=head, max_position_embeddings=context, rope_parameters=rope
    )
    rotary = LlamaRotaryEmbedding(config)
    cosine, sine = rotary(torch.zeros(1), torch.tensor([TABLE_POSITIONS]))
    scaling = {key: value for key, value in rope.items() if key != "rope_theta"}
    return {
        "name": name,
        "headDim": head,
        "maxPositionEmbeddings": context,
        "ropeTheta": rope["rope_theta"],
        "ropeScaling": None if rope["rope_type"] == "default" else scaling,
        "inverseFrequencies": short(rotary.inv_freq.numpy()),
        "table": [
            {
                "position": position,
                "cos": short(cosine[0, row, : head // 2].numpy()),
                "sin": short(sine[0, row, : head // 2].numpy()),
            }
            for row, position in enumerate(TABLE_POSITIONS)
        ],
    }


def lora_init_cases():
    shapes = ((16, 1), (48, 4), (64, 8), (172, 16), (768, 8), (2048, 16))
    return [lora_init_case(inputs, rank) for inputs, rank in shapes]


def lora_init_case(inputs, rank, draws=64):
    """PEFT's law for A (rank, in), U(-1/sqrt(in), 1/sqrt(in)), and what PEFT really drew in `draws` new adapters."""
    torch.manual_seed(205)
    samples, zero = [], True
    for _ in range(draws):
        adapted = get_peft_model(
            torch.nn.Sequential(torch.nn.Linear(inputs, 24, bias=False)), LoraConfig(r=rank, target_modules=["0"])
        )
        layer = adapted.base_model.model[0]
        samples.append(layer.lora_A["default"].weight.detach().flatten().double())
        zero = zero and not layer.lora_B["default"].weight.any()
    sample = torch.cat(samples)
    return {
        "rank": rank,
        "inputs": inputs,
        "bound": 1 / math.sqrt(inputs),
        "standardDeviation": 1 / math.sqrt(3 * inputs),
        "secondFactorIsZero": bool(zero),
        "sample": {
            "count": sample.numel(),
            "largest": sample.abs().max().item(),
            "mean": sample.mean().item(),
            "standardDeviation": sample.std(unbiased=False).item(),
        },
    }
