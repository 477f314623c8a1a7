"""Runs a model of transformers in f64, to learn how much of a golden figure is f32 rounding.

The model code asks for f32 in its norms and its softmax; inside `Float64` such requests give f64. Rotary tables stay
the f32 values that transformers makes, since they are inputs of the comparison and not part of its rounding.
"""

import torch
from torch.overrides import TorchFunctionMode


class Float64(TorchFunctionMode):
    def __torch_function__(self, function, types, args=(), kwargs=None):
        args = tuple(widened(value) for value in args)
        kwargs = {name: widened(value) for name, value in (kwargs or {}).items()}
        return torch.Tensor.double(*args) if function is torch.Tensor.float else function(*args, **kwargs)


def widened(value):
    return torch.float64 if value is torch.float32 else value


def to_float64(model):
    """The same model with f64 weights and its own f32 rotary tables; use it inside `with Float64():`."""
    for module in model.modules():
        if type(module).__name__.endswith("RotaryEmbedding"):
            module.forward = float32_tables(module)
    return model.double()


def float32_tables(module):
    # Gemma 3 has a table for each type of layer.
    names = [name for name, _ in module.named_buffers() if name.endswith("inv_freq") and "original" not in name]
    inverse_frequencies = {name.removesuffix("inv_freq").rstrip("_"): getattr(module, name).clone() for name in names}

    def forward(hidden, position_ids, layer_type=""):
        with torch._C.DisableTorchFunction():
            angles = position_ids[..., None].float() * inverse_frequencies[layer_type]
            angles = torch.cat((angles, angles), dim=-1)
            return angles.cos().to(hidden.dtype), angles.sin().to(hidden.dtype)

    return forward
