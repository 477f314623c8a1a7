"""The built-in model's tokenizer: byte-fallback BPE trained on the generated text.

    python reference/pretrain/tokenizer.py OUT_DIR        # writes tokenizer.json, tokenizer_config.json, chat_template.jinja

Spaces stay spaces, digits and white space are single tokens, and what is not in the vocabulary becomes <0x00>…<0xFF>,
so any text survives encoding and decoding unchanged. Words in capitals are left out of the training text on purpose:
they are written letter by letter, which ties them to spelling.
"""

import json
import sys
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from tokenizers.models import BPE

import generate

VOCABULARY = 3072
SPECIALS = [generate.END_OF_TEXT, generate.IM_START, generate.IM_END]
PATTERN = r" ?\p{L}+|\p{N}|\s| ?[^\s\p{L}\p{N}]+"
TRAINING_DOCUMENTS = 150_000
TOKENIZER_SEED = 7
CHAT_TEMPLATE = (
    "{%- for message in messages -%}\n"
    "{{- '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' -}}\n"
    "{%- endfor -%}\n"
    "{%- if add_generation_prompt -%}\n"
    "{{- '<|im_start|>assistant\\n' -}}\n"
    "{%- endif -%}\n"
)


def pre_tokenizer() -> pre_tokenizers.PreTokenizer:
    return pre_tokenizers.Split(Regex(PATTERN), behavior="isolated")


def training_text():
    """Document texts without special tokens and without words in capitals."""
    for index in range(TRAINING_DOCUMENTS):
        for text, _ in generate.document(TOKENIZER_SEED, index):
            for special in SPECIALS:
                text = text.replace(special, "\n")
            yield " ".join(x for x in text.split(" ") if not (len(x) > 1 and x.strip(".:!?\n").isupper()))


def train() -> Tokenizer:
    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = pre_tokenizer()
    learner.train_from_iterator(training_text(), trainers.BpeTrainer(
        vocab_size=VOCABULARY - len(SPECIALS) - 256, min_frequency=20, show_progress=False,
        initial_alphabet=["\n", *map(chr, range(32, 127))],
    ))
    learned = json.loads(learner.to_str())["model"]
    ordered = sorted(learned["vocab"], key=learned["vocab"].get)
    names = SPECIALS + [f"<0x{byte:02X}>" for byte in range(256)] + ordered
    merges = [tuple(merge) for merge in learned["merges"]]
    tokenizer = Tokenizer(BPE(vocab={name: i for i, name in enumerate(names)}, merges=merges, byte_fallback=True))
    tokenizer.pre_tokenizer = pre_tokenizer()
    tokenizer.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.add_special_tokens(SPECIALS)
    return tokenizer


def write(folder: Path) -> Tokenizer:
    """Train and write the three files; returns the tokenizer."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = train()
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "chat_template.jinja").write_text(CHAT_TEMPLATE)
    (folder / "tokenizer_config.json").write_text(json.dumps({
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": None,
        "eos_token": generate.IM_END,
        "pad_token": generate.END_OF_TEXT,
        "unk_token": None,
        "add_bos_token": False,
        "clean_up_tokenization_spaces": False,
        "model_max_length": 512,
    }, indent=2) + "\n")
    return tokenizer


if __name__ == "__main__":
    print(write(Path(sys.argv[1])).get_vocab_size(), "tokens")
