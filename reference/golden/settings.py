"""PyTorch settings under which every reference figure is made. Import before torch does any work."""

import os
import warnings
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import torch  # noqa: E402
import transformers  # noqa: E402


GOLDEN = Path(__file__).resolve().parents[2] / "e2e" / "golden"


def use_exact_float32():
    """CPU, one thread, exact f32 products, deterministic kernels: the same bytes on every run of one machine."""
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float32)
    torch.set_float32_matmul_precision("highest")
    torch.use_deterministic_algorithms(True)
    warnings.filterwarnings("ignore", category=FutureWarning)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
