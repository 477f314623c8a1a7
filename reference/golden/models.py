"""Makes the random models and adapters, and loads such folders for the reference computation.

Whatever is computed is computed from the files as they lie on disk: weights are rounded to their stored type first
and every sum is then made in f32 from the rounded values.
"""

import copy
import json
import shutil
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import MODEL_FOR_CAUSAL_LM_MAPPING, AutoConfig


def write_model(case, folder, generator):
    """Writes config.json and model.safetensors of a random model."""
    config = AutoConfig.for_model(case.family, **case.model, attn_implementation="eager")
    model = MODEL_FOR_CAUSAL_LM_MAPPING[type(config)](config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if is_norm(name):
                middle = 0 if name.endswith(".bias") or case.family.startswith("gemma") else 1
                parameter.copy_(middle + 0.2 * noise)
            elif is_embedding(name) and not config.tie_word_embeddings:
                parameter.copy_(0.5 * noise)
            else:
                parameter.copy_(case.weight_std * noise)
    stored = copy.deepcopy(model).to(getattr(torch, case.dtype))
    stored.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    if case.published_form:
        write_published_form(folder / "config.json", case.model)
        if case.family == "gpt2":
            write_short_names(folder / "model.safetensors")


def is_norm(name):
    return "norm" in name or ".ln_" in name


def is_embedding(name):
    return any(part in name for part in ("embed_tokens", "embed_in", "wte", "wpe"))


def write_published_form(path, model):
    """Rewrites `rope_parameters` and `dtype` into the keys that repositories made with transformers 4 have."""
    config = json.loads(path.read_text())
    rope = config.pop("rope_parameters", {})
    if "full_attention" in rope:
        config["rope_local_base_freq"] = rope["sliding_attention"]["rope_theta"]
        rope = rope["full_attention"]
    if "sliding_window_pattern" in model:
        config["sliding_window_pattern"] = model["sliding_window_pattern"]
        del config["layer_types"]
    theta, share = PUBLISHED_ROPE.get(config["model_type"], ("rope_theta", "partial_rotary_factor"))
    for ours, theirs in (("rope_theta", theta), ("partial_rotary_factor", share)):
        if ours in rope:
            config[theirs] = rope.pop(ours)
    if rope:
        config["rope_scaling"] = None if rope["rope_type"] == "default" else rope
    config["torch_dtype"] = config.pop("dtype")
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


def write_short_names(path):
    """Leaves out the first part of every tensor's name, as the repositories of GPT-2 do."""
    tensors = load_file(path)
    save_file({name.removeprefix("transformer."): tensor for name, tensor in tensors.items()}, path, {"format": "pt"})


# Keys of theta and of the rotated share of each head where they have names of their own.
PUBLISHED_ROPE = {"gpt_neox": ("rotary_emb_base", "rotary_pct")}


def load_base(folder, **changes):
    """The folder's model in f32, with eager attention and no dropout; `changes` replace settings of config.json."""
    config = AutoConfig.from_pretrained(folder)
    for name, value in changes.items():
        setattr(config, name, value)
    model = MODEL_FOR_CAUSAL_LM_MAPPING[type(config)].from_pretrained(
        folder, config=config, dtype=torch.float32, attn_implementation="eager"
    )
    return model.eval()


def load_adapted(model_folder, adapter_folder, trainable=True):
    """The folder's model with a PEFT adapter from disk, adapter weights in f32."""
    return PeftModel.from_pretrained(load_base(model_folder), adapter_folder, is_trainable=trainable).eval()


def write_adapter(case, model_folder, adapter_folder, generator):
    """Writes a PEFT adapter with random A and B, both non-zero, so that both have gradients."""
    settings = case.lora
    adapted = get_peft_model(
        load_base(model_folder),
        LoraConfig(
            r=settings["rank"],
            lora_alpha=settings["alpha"],
            lora_dropout=settings["dropout"],
            use_rslora=settings["rsLora"],
            target_modules=settings["targetModules"],
            task_type="CAUSAL_LM",
            fan_in_fan_out=case.family == "gpt2",
        ),
    )
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora_A" in name:
                parameter.copy_(torch.randn(parameter.shape, generator=generator) / parameter.shape[1] ** 0.5)
            elif "lora_B" in name:
                parameter.copy_(0.1 * torch.randn(parameter.shape, generator=generator))
    adapted.peft_config["default"].base_model_name_or_path = Path(model_folder).name
    adapted.save_pretrained(adapter_folder, save_embedding_layers=False)
    (adapter_folder / "README.md").unlink()
    sort_target_modules(adapter_folder / "adapter_config.json")


def sort_target_modules(path):
    """PEFT writes this set in hash order, which differs between two runs of Python."""
    config = json.loads(path.read_text())
    config["target_modules"] = sorted(config["target_modules"])
    path.write_text(json.dumps(config, indent=2, sort_keys=True))


def refuse_unused_tensors(model, adapter_folder):
    """peft only warns of tensors that it misses or does not know; a reference must have exactly the file's."""
    stored = set(load_file(Path(adapter_folder) / "adapter_model.safetensors"))
    loaded = {tensor_name(name) for name, _ in model.named_parameters() if "lora_" in name}
    if stored != loaded:
        raise SystemExit(
            f"{adapter_folder}: adapter_model.safetensors and adapter_config.json disagree:"
            f" only in the file {sorted(stored - loaded)[:3]}, only in the model {sorted(loaded - stored)[:3]}"
        )


def tensor_name(parameter_name):
    """The name that a parameter of the adapter named "default" has in adapter_model.safetensors."""
    return parameter_name.replace(".default.", ".")


def adapter_parameters(model):
    """Trainable parameters by their PEFT tensor name, in the model's order."""
    return {tensor_name(name): p for name, p in model.named_parameters() if p.requires_grad}


def empty_folder(folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
