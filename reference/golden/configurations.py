"""The golden cases, as data: a small random model each, its adapter, its documents and its training run.

Those of llama together cover grouped heads (H != G, and G = 1), a head size other than hidden / heads, head sizes 8 to 128,
tied and untied heads, RoPE theta and `llama3` scaling, attention and MLP biases, odd vocabularies, one to three
layers, f32, bf16 and f16 weights, and a document longer than 300 tokens. Nothing here is computed.
"""

from dataclasses import dataclass

LINEAR_NAMES = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
SHORT_LENGTHS = (1, 7, 17, 33, 65)

# A run's settings when the case does not say otherwise; the names are those of src/core/run-config.ts.
RUN_DEFAULTS = {
    "epochs": 1,
    "maxSteps": 50,
    "microBatchSize": 2,
    "gradientAccumulation": 2,
    "learningRate": 5e-3,
    "schedule": "linear",
    "warmupSteps": 5,
    "warmupRatio": 0,
    "weightDecay": 0,
    "adamBeta1": 0.9,
    "adamBeta2": 0.999,
    "adamEpsilon": 1e-8,
    "maxGradientNorm": 1,
    "cutoffLength": 512,
    "packing": False,
    "trainOnPrompt": False,
    "shuffle": False,
    "seed": 42,
    "evaluationSplit": 0,
    "evaluationInterval": 0,
    "samplePrompts": [],
    "sampleTokens": 64,
}


@dataclass(frozen=True)
class Case:
    """One golden folder. `model` goes to the family's config class as it is, `run` overrides RUN_DEFAULTS."""

    name: str
    seed: int
    describes: str
    model: dict
    lora: dict
    run: dict
    dtype: str = "float32"
    # Write config.json as published Llama repositories do (`rope_theta`, `rope_scaling`, `torch_dtype`) and not as
    # transformers 5 does (`rope_parameters`, `dtype`): a reader meets both.
    published_form: bool = False
    weight_std: float = 0.15
    single_lengths: tuple = SHORT_LENGTHS
    micro_batch_lengths: tuple = (5, 19, 12)
    packed_lengths: tuple = (9, 1, 23, 14)
    curve_rows: int = 14
    curve_lengths: tuple = (6, 28)
    family: str = "llama"

    @property
    def folder(self):
        return f"{self.family}-{self.name}"


def lora(rank, alpha, target_modules, rs_lora=False):
    return {
        "rank": rank,
        "alpha": alpha,
        "dropout": 0,
        "targetModules": target_modules,
        "rsLora": rs_lora,
    }


def llama(hidden, heads, groups, head, feed_forward, vocabulary, layers, tied=False, rope=None, **more):
    return {
        "hidden_size": hidden,
        "num_attention_heads": heads,
        "num_key_value_heads": groups,
        "head_dim": head,
        "intermediate_size": feed_forward,
        "vocab_size": vocabulary,
        "num_hidden_layers": layers,
        "tie_word_embeddings": tied,
        "max_position_embeddings": 512,
        "rope_parameters": rope or {"rope_type": "default", "rope_theta": 10000.0},
        "rms_norm_eps": 1e-6,
        "bos_token_id": 1,
        "eos_token_id": 2,
        **more,
    }


def small(family, name, seed, describes, model, lora, long=False, **more):
    """A case of a family beside llama; with `long` one document fills more than a chunk of the prompt."""
    run = {"warmupSteps": 5, "maxGradientNorm": 0.5, **more.pop("run", {})}
    settings = {
        "single_lengths": (1, 70) if long else (1, 7, 21),
        "micro_batch_lengths": (5, 12),
        "packed_lengths": (9, 1, 14),
        **more,
    }
    return Case(family=family, name=name, seed=seed, describes=describes, model=model, lora=lora, run=run, **settings)


def llama3_rope(theta, factor, original, low=1.0, high=4.0):
    return {
        "rope_type": "llama3",
        "rope_theta": theta,
        "factor": factor,
        "low_freq_factor": low,
        "high_freq_factor": high,
        "original_max_position_embeddings": original,
    }


def theta_rope(theta):
    return {"rope_type": "default", "rope_theta": theta}


CASES = (
    Case(
        name="grouped",
        seed=101,
        describes="four heads over two key/value heads, untied head, every linear layer adapted",
        model=llama(64, 4, 2, 16, 172, 131, 2),
        lora=lora(8, 16, "all-linear"),
        run={"schedule": "linear", "warmupSteps": 5, "gradientAccumulation": 2},
    ),
    Case(
        name="single-group",
        seed=102,
        describes="one key/value head, head size 20 of a hidden size of 48, tied head, three layers",
        model=llama(48, 4, 1, 20, 44, 203, 3, tied=True, rms_norm_eps=1e-5),
        lora=lora(4, 4, ["q_proj", "v_proj"]),
        run={"schedule": "cosine", "warmupSteps": 0, "warmupRatio": 0.1, "weightDecay": 0.01,
             "gradientAccumulation": 3, "learningRate": 2e-2},
        published_form=True,
    ),
    Case(
        name="scaled-rope",
        seed=103,
        describes="llama3 RoPE scaling with an original context of 32, so that most frequencies are changed",
        model=llama(64, 4, 2, 16, 100, 131, 2, rope=llama3_rope(10000.0, 8.0, 32)),
        lora=lora(3, 8, list(LINEAR_NAMES)),
        run={"schedule": "cosine", "warmupSteps": 3, "gradientAccumulation": 4, "weightDecay": 0.01},
        published_form=True,
    ),
    Case(
        name="biased",
        seed=104,
        describes="biases in attention and MLP, head size 8, rank-stabilised LoRA of rank 16, norm epsilon 1e-3",
        model=llama(32, 4, 4, 8, 172, 131, 2, attention_bias=True, mlp_bias=True,
                    rms_norm_eps=1e-3),
        lora=lora(16, 4, "all-linear", rs_lora=True),
        run={"schedule": "constant", "warmupSteps": 0, "warmupRatio": 0.05, "microBatchSize": 3,
             "learningRate": 2e-3},
    ),
    Case(
        name="mlp-only",
        seed=105,
        describes="adapter of rank 1 on the MLP alone, head size 64, one key/value head, theta 100000",
        model=llama(64, 2, 1, 64, 84, 149, 2, rope=theta_rope(100000.0)),
        lora=lora(1, 2, ["gate_proj", "up_proj", "down_proj"]),
        run={"schedule": "linear", "warmupSteps": 0, "warmupRatio": 0, "gradientAccumulation": 2,
             "learningRate": 1e-2},
        weight_std=0.12,
    ),
    Case(
        name="wide-head-bf16",
        seed=106,
        describes="head size 128 in a one-layer bf16 model, three ungrouped heads, attention alone adapted",
        model=llama(96, 3, 3, 128, 60, 131, 1, rope=theta_rope(500000.0)),
        lora=lora(4, 16, ["q_proj", "k_proj", "v_proj", "o_proj"]),
        run={"schedule": "cosine", "warmupSteps": 4, "gradientAccumulation": 2, "weightDecay": 0.01},
        dtype="bfloat16",
        weight_std=0.1,
    ),
    Case(
        name="tied-bf16",
        seed=107,
        describes="bf16 weights, tied head, six heads over two groups, head size 32 where hidden / heads is 16",
        model=llama(96, 6, 2, 32, 116, 203, 2, tied=True, rope=theta_rope(1000000.0), rms_norm_eps=1e-5),
        lora=lora(8, 8, "all-linear"),
        run={"schedule": "linear", "warmupSteps": 0, "warmupRatio": 0.14, "gradientAccumulation": 3,
             "weightDecay": 0.01},
        dtype="bfloat16",
        published_form=True,
        weight_std=0.1,
    ),
    Case(
        name="biased-f16",
        seed=108,
        describes="f16 weights, attention biases alone, five heads, a run of ten epochs of five steps",
        model=llama(80, 5, 5, 16, 100, 97, 2, attention_bias=True),
        lora=lora(3, 6, ["q_proj", "k_proj", "o_proj", "down_proj"]),
        # 17 rows make 9 micro-batches (the last of one row) and 5 windows (the last of one micro-batch).
        run={"schedule": "linear", "warmupSteps": 5, "epochs": 10, "maxSteps": 0},
        dtype="float16",
        curve_rows=17,
    ),
    Case(
        name="long",
        seed=109,
        describes="a document of 333 tokens under llama3 scaling, one key/value head",
        model=llama(32, 2, 1, 16, 44, 67, 2, rope=llama3_rope(10000.0, 32.0, 64), max_position_embeddings=2048),
        lora=lora(4, 8, "all-linear"),
        run={"schedule": "cosine", "warmupSteps": 2, "microBatchSize": 1, "gradientAccumulation": 2},
        single_lengths=(333,),
        micro_batch_lengths=(129, 2, 64),
        packed_lengths=(65, 31, 128),
        curve_rows=5,
        curve_lengths=(20, 300),
    ),
    Case(
        name="one-head",
        seed=110,
        describes="one layer of one head with MLP biases alone, tied head, rank above a quarter of the hidden size",
        model=llama(32, 1, 1, 32, 20, 131, 1, tied=True, mlp_bias=True),
        lora=lora(16, 16, ["v_proj", "o_proj", "up_proj"]),
        run={"schedule": "constant", "warmupSteps": 6, "gradientAccumulation": 4, "weightDecay": 0.01},
        weight_std=0.25,
    ),
    Case(
        name="deep",
        seed=111,
        describes="three layers, eight heads over four groups of head size 8, tied head, llama3 scaling, biases",
        model=llama(48, 8, 4, 8, 76, 131, 3, tied=True, rope=llama3_rope(10000.0, 4.0, 96, low=1.0, high=2.0),
                    attention_bias=True, mlp_bias=True),
        lora=lora(1, 1, "all-linear"),
        run={"schedule": "linear", "warmupSteps": 10, "gradientAccumulation": 2, "weightDecay": 0.01,
             "learningRate": 1e-2, "adamBeta2": 0.95},
        published_form=True,
        weight_std=0.2,
    ),
)


CASES += (
    small("qwen2", "grouped", 301, "biases on query, key and value alone, four heads over two, untied head",
          llama(32, 4, 2, 8, 44, 41, 2, rope=theta_rope(1000000.0)),
          lora(4, 8, "all-linear"), long=True),
    small("qwen2", "tied-bf16", 302, "bf16 weights, tied head, three heads over one, the published form of config.json",
          llama(48, 3, 1, 16, 36, 43, 2, tied=True, rope=theta_rope(10000.0)),
          lora(3, 6, ["q_proj", "k_proj", "v_proj", "o_proj"]), dtype="bfloat16", published_form=True,
          run={"schedule": "cosine", "weightDecay": 0.01}),
    small("qwen2", "windowed", 303, "a sliding window of 9 tokens on the second of two layers, f16 weights",
          llama(32, 2, 2, 16, 44, 37, 2, use_sliding_window=True, sliding_window=9, max_window_layers=1),
          lora(2, 4, ["q_proj", "v_proj", "gate_proj", "down_proj"]), dtype="float16",
          run={"gradientAccumulation": 3, "learningRate": 1e-2}),
    small("mistral", "windowed", 311, "a sliding window of 11 tokens on every layer, four heads over two",
          llama(32, 4, 2, 8, 44, 41, 2, sliding_window=11),
          lora(4, 8, "all-linear"), long=True),
    small("mistral", "narrow-bf16", 312, "bf16 weights, a window of 4, head size 20 of a hidden size of 48",
          llama(48, 4, 1, 20, 36, 43, 2, sliding_window=4, rope=theta_rope(1000000.0)),
          lora(3, 6, ["q_proj", "k_proj", "o_proj", "up_proj"]), dtype="bfloat16", published_form=True,
          run={"schedule": "cosine", "weightDecay": 0.01}),
    small("mistral", "whole-f16", 313, "no window, f16 weights, tied head, three layers",
          llama(32, 2, 1, 16, 28, 37, 3, tied=True, sliding_window=None),
          lora(2, 2, ["q_proj", "v_proj"]), dtype="float16", run={"gradientAccumulation": 3, "learningRate": 2e-2}),
    small("qwen3", "grouped", 321, "norms of each head, heads wider than hidden / heads, four over two",
          llama(32, 4, 2, 16, 44, 41, 2, rope=theta_rope(1000000.0)),
          lora(4, 8, "all-linear"), long=True),
    small("qwen3", "tied-bf16", 322, "bf16 weights, tied head, three heads over one, norm epsilon 1e-3",
          llama(48, 3, 1, 20, 36, 43, 2, tied=True, rms_norm_eps=1e-3),
          lora(3, 6, ["q_proj", "k_proj", "v_proj", "o_proj"]), dtype="bfloat16", published_form=True,
          run={"schedule": "cosine", "weightDecay": 0.01}),
    small("qwen3", "biased-windows", 323, "attention biases and a window of 8 on the last layer, f16 weights",
          llama(32, 2, 2, 8, 44, 37, 2, attention_bias=True, use_sliding_window=True, sliding_window=8,
                max_window_layers=1),
          lora(2, 4, ["q_proj", "k_proj", "down_proj"]), dtype="float16",
          run={"gradientAccumulation": 3, "learningRate": 1e-2}),
)


def gemma3_rope(theta=1000000.0, local=10000.0, factor=None):
    scaled = {"rope_type": "linear", "factor": factor} if factor else {"rope_type": "default"}
    return {
        "full_attention": {**scaled, "rope_theta": theta},
        "sliding_attention": {"rope_type": "default", "rope_theta": local},
    }


def gpt_neox(hidden, heads, feed_forward, vocabulary, layers, share, **more):
    return {
        "hidden_size": hidden,
        "num_attention_heads": heads,
        "intermediate_size": feed_forward,
        "vocab_size": vocabulary,
        "num_hidden_layers": layers,
        "max_position_embeddings": 512,
        "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "partial_rotary_factor": share},
        "bos_token_id": 1,
        "eos_token_id": 2,
        **more,
    }


def gpt(hidden, heads, vocabulary, layers, **more):
    return {
        "n_embd": hidden,
        "n_head": heads,
        "n_layer": layers,
        "n_positions": 128,
        "vocab_size": vocabulary,
        "bos_token_id": 1,
        "eos_token_id": 2,
        **more,
    }


def partly(share, theta=10000.0):
    return {"rope_type": "default", "rope_theta": theta, "partial_rotary_factor": share}


ALTERNATING = ["sliding_attention", "full_attention"]
DECAYING = {"schedule": "cosine", "weightDecay": 0.01}
LONGER = {"gradientAccumulation": 3, "learningRate": 1e-2}

CASES += (
    small("gemma3_text", "grouped", 331, "local and global positions, a window of 9 on the first of two layers, four heads over two",
          llama(32, 4, 2, 8, 44, 41, 2, tied=True, rope=gemma3_rope(), query_pre_attn_scalar=8, sliding_window=9,
                layer_types=ALTERNATING),
          lora(4, 8, "all-linear"), long=True),
    small("gemma3_text", "scaled-bf16", 332, "bf16 weights, global positions stretched by 8, head size 20, published form",
          llama(48, 3, 1, 20, 36, 43, 2, tied=True, rope=gemma3_rope(theta=10000.0, local=500.0, factor=8.0), query_pre_attn_scalar=16,
                sliding_window=6, layer_types=ALTERNATING),
          lora(3, 6, ["q_proj", "k_proj", "v_proj", "o_proj"]), dtype="bfloat16", published_form=True, run=DECAYING),
    small("gemma3_text", "pattern-f16", 333, "f16 weights, every third layer global by its pattern alone, untied head",
          llama(32, 2, 2, 16, 28, 37, 3, rope=gemma3_rope(), query_pre_attn_scalar=24, sliding_window=5,
                sliding_window_pattern=3),
          lora(2, 4, ["q_proj", "v_proj", "gate_proj", "down_proj"]), dtype="float16", published_form=True, run=LONGER),
    small("gemma", "grouped", 341, "four heads over two, tied head", llama(32, 4, 2, 8, 44, 41, 2, tied=True),
          lora(4, 8, "all-linear"), long=True),
    small("gemma", "one-group-bf16", 342, "bf16 weights, one key/value head, head size 20, the published form",
          llama(48, 3, 1, 20, 36, 43, 2, tied=True, rope=theta_rope(100000.0)),
          lora(3, 6, ["q_proj", "k_proj", "o_proj", "up_proj"]), dtype="bfloat16", published_form=True, run=DECAYING),
    small("gemma", "untied-f16", 343, "f16 weights, untied head, norm epsilon 0.05, attention biases",
          llama(32, 2, 2, 16, 44, 37, 2, rms_norm_eps=0.05, attention_bias=True),
          lora(2, 4, ["q_proj", "v_proj", "down_proj"]), dtype="float16", run=LONGER),
    small("gemma2", "grouped", 351, "caps of 2 and 3, a window of 9 on the first of two layers, four heads over two",
          llama(32, 4, 2, 8, 44, 41, 2, tied=True, query_pre_attn_scalar=6, sliding_window=9,
                attn_logit_softcapping=2.0, final_logit_softcapping=3.0),
          lora(4, 8, "all-linear"), long=True, run={"maxGradientNorm": 0.3}),
    small("gemma2", "capped-logits-bf16", 352, "bf16 weights, logits capped and scores not, head size 20, published form",
          llama(48, 3, 1, 20, 36, 43, 2, tied=True, query_pre_attn_scalar=16, sliding_window=6,
                attn_logit_softcapping=None, final_logit_softcapping=4.0),
          lora(3, 6, ["q_proj", "k_proj", "v_proj", "o_proj"]), dtype="bfloat16", published_form=True, run=DECAYING),
    small("gemma2", "capped-scores-f16", 353, "f16 weights, scores capped and logits not, untied head, three layers",
          llama(32, 2, 2, 16, 28, 37, 3, query_pre_attn_scalar=16, sliding_window=4,
                attn_logit_softcapping=3.0, final_logit_softcapping=None),
          lora(2, 4, ["q_proj", "v_proj", "gate_proj", "down_proj"]), dtype="float16", run=LONGER),
    small("gpt_neox", "parallel", 361, "parallel residual, a quarter of each head of 16 rotated",
          gpt_neox(32, 2, 64, 41, 2, 0.25, use_parallel_residual=True),
          lora(4, 8, "all-linear"), long=True),
    small("gpt_neox", "serial-bf16", 362, "bf16 weights, attention before the MLP, half of each head, published form",
          gpt_neox(48, 4, 36, 43, 2, 0.5, use_parallel_residual=False, layer_norm_eps=1e-3),
          lora(3, 6, ["query_key_value", "dense"]), dtype="bfloat16", published_form=True, run=DECAYING),
    small("gpt_neox", "whole-f16", 363, "f16 weights, whole heads rotated, three heads of 12, gelu in its tanh form",
          gpt_neox(36, 3, 44, 37, 2, 1.0, use_parallel_residual=True, hidden_act="gelu_new"),
          lora(2, 4, ["query_key_value", "dense_h_to_4h", "dense_4h_to_h"]), dtype="float16", run=LONGER),
    small("gpt2", "tied", 371, "two heads of 16, tied head", gpt(32, 2, 41, 2, n_inner=64, scale_attn_weights=True),
          lora(4, 8, "all-linear"), long=True),
    small("gpt2", "wide-bf16", 372, "bf16 weights, three heads of 16, scores not scaled, an MLP of four times the width",
          gpt(48, 3, 43, 1, layer_norm_epsilon=1e-3, scale_attn_weights=False),
          lora(3, 6, ["c_attn", "c_proj"]), dtype="bfloat16", published_form=True, run=DECAYING),
    small("gpt2", "untied-f16", 373, "f16 weights, untied head, scores scaled by layer, exact gelu",
          gpt(32, 4, 37, 2, n_inner=44, tie_word_embeddings=False, scale_attn_by_inverse_layer_idx=True, scale_attn_weights=True,
              activation_function="gelu"),
          lora(2, 4, ["c_attn", "c_fc"]), dtype="float16", run=LONGER),
    small("smollm3", "grouped", 381, "no positions on the second of two layers, four heads over two, tied head",
          llama(32, 4, 2, 8, 44, 41, 2, tied=True, no_rope_layers=[1, 0], pad_token_id=0),
          lora(4, 8, "all-linear"), long=True),
    small("smollm3", "interval-bf16", 382, "bf16 weights, every third layer without positions, the published form",
          llama(48, 3, 1, 16, 28, 43, 3, rope=theta_rope(2000000.0), no_rope_layer_interval=3,
                pad_token_id=0),
          lora(3, 6, ["q_proj", "k_proj", "v_proj", "o_proj"]), dtype="bfloat16", published_form=True, run=DECAYING),
    small("smollm3", "biased-windows-f16", 383, "f16 weights, biases, a window of 5 where there are no positions",
          llama(32, 2, 2, 16, 44, 37, 2, no_rope_layers=[0, 1], use_sliding_window=True, sliding_window=5,
                attention_bias=True, mlp_bias=True, pad_token_id=0),
          lora(2, 4, ["q_proj", "v_proj", "down_proj"]), dtype="float16", run=LONGER),
    small("phi3", "grouped", 391, "fused projections, four heads over two, untied head",
          llama(32, 4, 2, 8, 44, 41, 2, rope=partly(1.0), pad_token_id=0), lora(4, 8, "all-linear"), long=True),
    small("phi3", "partial-bf16", 392, "bf16 weights, three quarters of each head rotated, tied head, published form",
          llama(48, 3, 1, 16, 36, 43, 2, tied=True, rope=partly(0.75), pad_token_id=0),
          lora(3, 6, ["qkv_proj", "o_proj"]), dtype="bfloat16", published_form=True, run=DECAYING),
    small("phi3", "windowed-f16", 393, "f16 weights, a window of 7 on every layer, half of each head rotated",
          llama(32, 2, 2, 16, 44, 37, 2, rope=partly(0.5), sliding_window=7, pad_token_id=0),
          lora(2, 4, ["qkv_proj", "gate_up_proj", "down_proj"]), dtype="float16", run=LONGER),
    small("gptj", "partial", 401, "half of each head of 16 rotated, a head with a bias",
          gpt(32, 2, 41, 2, n_inner=64, rotary_dim=8), lora(4, 8, "all-linear"), long=True),
    small("gptj", "wide-bf16", 402, "bf16 weights, whole heads of 12 rotated, epsilon 1e-3",
          gpt(36, 3, 43, 1, rotary_dim=12, layer_norm_epsilon=1e-3),
          lora(3, 6, ["q_proj", "k_proj", "v_proj", "out_proj"]), dtype="bfloat16", published_form=True, run=DECAYING),
    small("gptj", "narrow-f16", 403, "f16 weights, four elements of each head of 8 rotated, exact gelu",
          gpt(32, 4, 37, 2, n_inner=44, rotary_dim=4, activation_function="gelu"),
          lora(2, 4, ["q_proj", "v_proj", "fc_in", "fc_out"]), dtype="float16", run=LONGER),
)


def run_config(case):
    """The case's RunConfig, with every field of src/core/run-config.ts."""
    unknown = set(case.run) - set(RUN_DEFAULTS)
    if unknown:
        raise ValueError(f"case {case.name}: unknown run fields {sorted(unknown)}")
    return {"lora": case.lora, **RUN_DEFAULTS, **case.run}
