"""Ids of the Rust `tokenizers` library, for `npm run parity:tokenizers`.

stdin: {"file": path of a tokenizer.json, "texts": [...]}; stdout: {"ids": [[...], ...], "special": [[...], ...]} or
{"error": why the library refuses the file}. Half surrogates, which UTF-8 can't hold, become U+FFFD, as they do in a
browser's TextEncoder.
"""

import json
import re
import sys

from tokenizers import Tokenizer

request = json.load(sys.stdin)
try:
    tokenizer = Tokenizer.from_file(request["file"])
except Exception as error:  # the library raises plain Exception for every fault of the file
    json.dump({"error": str(error)}, sys.stdout)
    sys.exit()
tokenizer.no_padding()
tokenizer.no_truncation()
texts = [re.sub("[\ud800-\udfff]", "\ufffd", text) for text in request["texts"]]


def ids(special: bool) -> list[list[int]]:
    return [encoding.ids for encoding in tokenizer.encode_batch(texts, add_special_tokens=special)]


json.dump({"ids": ids(False), "special": ids(True)}, sys.stdout)
