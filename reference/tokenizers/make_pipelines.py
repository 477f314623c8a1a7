"""Writes e2e/golden/tokenizer-pipelines.json: ids of the Rust `tokenizers` library for each normaliser and
pre-tokenizer that Tabtune reads, put before the byte-level model of public/models/tabtune-3m, on texts that they treat
differently; and texts of each decoder, behind a small vocabulary.
"""

import json
from pathlib import Path

import tokenizers

root = Path(__file__).parents[2]
base = json.loads((root / "public/models/tabtune-3m/tokenizer.json").read_text(encoding="utf-8"))

TEXTS = [
    "Hello world, well-known -- it's 2½ o'clock...\n\n  (Yes!) [no] $1 $& a-b--c-",
    "\ufeff x\u0085y\u00a0z\u3000\u200b\t naïve E\u0301cole ΟΔΟΣ İstanbul ﬁ ǅ",
    "日本語、テスト。한국어 ٣Ⅷ ١٢٣ हिन्दी \u32ff \u09fe\u09bc\u09fe x_y z²",
    "-",
    "- -a ",
    " ",
]
BEHAVIORS = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"]
BYTES = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
PATTERNS = [{"String": " "}, {"String": "-"}, {"Regex": "\\s"}, {"Regex": "\\w"}, {"Regex": "[^\\s\\p{L}]"}]


def normalizers():
    for form in ["NFC", "NFD", "NFKC", "NFKD", "Lowercase"]:
        yield {"type": form}
    yield {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "$&"}, {"type": "NFC"}]}
    for left, right in [(True, True), (True, False), (False, True)]:
        yield {"type": "Strip", "strip_left": left, "strip_right": right}
    yield {"type": "Replace", "pattern": {"String": "-"}, "content": "$1"}
    yield {"type": "Replace", "pattern": {"Regex": "\\s+"}, "content": "$&_"}


def pre_tokenizers():
    for pattern in PATTERNS:
        for behavior in BEHAVIORS:
            for invert in [False, True]:
                yield {"type": "Split", "pattern": pattern, "behavior": behavior, "invert": invert}
    for behavior in BEHAVIORS:
        yield {"type": "Punctuation", "behavior": behavior}
    for name in ["Punctuation", "Whitespace", "WhitespaceSplit", "BertPreTokenizer"]:
        yield {"type": name}
    for individual in [True, False]:
        yield {"type": "Digits", "individual_digits": individual}
    for scheme in ["always", "first", "never"]:
        for split in [True, False]:
            yield {"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": split}
    yield {"type": "Metaspace", "replacement": "_"}
    yield {"type": "Metaspace", "replacement": "▁", "add_prefix_space": False, "prepend_scheme": "never"}
    for prefix in [True, False]:
        yield {"type": "ByteLevel", "add_prefix_space": prefix, "trim_offsets": True, "use_regex": True}


def decoders():
    for scheme in ["always", "first", "never"]:
        yield {"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": True}
    yield {"type": "Metaspace", "replacement": "▁"}
    replace = {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}
    strip = {"type": "Strip", "content": " ", "start": 1, "stop": 0}
    yield {"type": "Sequence", "decoders": [replace, {"type": "ByteFallback"}, {"type": "Fuse"}, strip]}
    yield {"type": "Sequence", "decoders": [replace, {"type": "ByteFallback"}, {"type": "Fuse"}]}
    yield {"type": "Replace", "pattern": {"String": "▁"}, "content": "$&"}
    yield {"type": "Strip", "content": "▁", "start": 2, "stop": 0}
    yield {"type": "Fuse"}
    yield {"type": "ByteFallback"}
    yield BYTES


TOKENS = ["▁", "▁a", "b", "▁▁▁c▁", "Ġd", "Ã", "©", "<0xE3>", "<0x81>", "<0x82>", "x$"]
SEQUENCES = [[1, 2, 1], [0, 1, 3, 2], [3], [2, 4, 5, 6], [1, 7, 8, 9, 2], [7, 8, 9], [2, 7, 8], [10, 0]]


def decoded(decoder):
    model = {"type": "BPE", "vocab": {token: i for i, token in enumerate(TOKENS)}, "merges": []}
    tokenizer = tokenizers.Tokenizer.from_str(json.dumps({"version": "1.0", "model": model, "decoder": decoder}))
    return {"decoder": decoder, "texts": [tokenizer.decode(ids) for ids in SEQUENCES]}


def case(normalizer, pre_tokenizer):
    tokenizer = tokenizers.Tokenizer.from_str(
        json.dumps({**base, "normalizer": normalizer, "pre_tokenizer": pre_tokenizer})
    )
    ids = [encoding.ids for encoding in tokenizer.encode_batch(TEXTS, add_special_tokens=False)]
    return {"normalizer": normalizer, "pre_tokenizer": pre_tokenizer, "ids": ids}


def main():
    cases = [case(normalizer, BYTES) for normalizer in normalizers()]
    for step in pre_tokenizers():
        is_bytes = step["type"] == "ByteLevel"
        cases.append(case(None, step if is_bytes else {"type": "Sequence", "pretokenizers": [step, BYTES]}))
    lines = ",\n".join("    " + json.dumps(one, separators=(",", ":")) for one in cases)
    behind = ",\n".join("    " + json.dumps(decoded(decoder)) for decoder in decoders())
    head = {"tokenizers": tokenizers.__version__, "texts": TEXTS, "tokens": TOKENS, "sequences": SEQUENCES}
    (root / "e2e/golden/tokenizer-pipelines.json").write_text(
        f'{{{json.dumps(head)[1:-1]},\n"cases": [\n{lines}\n],\n"decoders": [\n{behind}\n]}}\n', encoding="utf-8"
    )
    print(f"{len(cases)} pipelines, {len(list(decoders()))} decoders")


main()
