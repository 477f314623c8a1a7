"""Runs transformers' Llama in f64, to learn how much of a golden figure is f32 rounding.

The model code asks for f32 in its norms and its softmax; inside `Float64` such requests give f64. Rotary tables stay
the f32 values that transformers makes, since they are inputs of the comparison and not part of its rounding.
"""

import torch
from torch.overrides import TorchFunctionMode


class Float64(TorchFunctionMode):
    def __torch_function__(self, function, types, args=(), kwargs=None):
        args = tuple(widened(value) for value in args)
        kwargs = {name: widened(value) for name, value in (kwargs or {}).items()}
        return function(*args, **kwargs)


def widened(value):
    return torch.float64 if value is torch.float32 else value


def to_float64(model):
    """The same model with f64 weights and its own f32 rotary tables; use it inside `with Float64():`."""
    for module in model.modules():
        if type(module).__name__ == "LlamaRotaryEmbedding":
            module.forward = float32_tables(module)
    return model.double()


def float32_tables(module):
    inverse_frequencies = module.inv_freq.clone()

    def forward(hidden, position_ids):
        with torch._C.DisableTorchFunction():
            angles = position_ids[..., None].float() * inverse_frequencies
            angles = torch.cat((angles, angles), dim=-1)
            return angles.cos().to(hidden.dtype), angles.sin().to(hidden.dtype)

    return forward
