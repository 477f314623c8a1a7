"""Writes the built-in model's training text: conversations over all kinds of request, and plain text.

    python reference/pretrain/generate.py --documents 20 --seed 1        # print some

Document i of a seed is a pure function of (seed, i). No held-out key (see `kinds.held_out`) is ever written.
A document is a list of (text, trained) pieces; joined they are exactly what the chat template renders.
"""

import argparse
import json
from random import Random

import general
import kinds
import world as w

END_OF_TEXT = "<|endoftext|>"
IM_START, IM_END = "<|im_start|>", "<|im_end|>"
Piece = tuple[str, bool]

# Share of each kind among the conversations; kinds that are computed need more examples than kinds that are known.
WEIGHTS = {kind: 1.0 for kind in kinds.KINDS} | {
    "add": 2.5, "subtract": 2.5, "sort_words": 2.5, "reverse_words": 1.5, "count_words": 1.5, "upper_case": 2.0,
    "spell": 1.6, "first_letters": 1.6, "recall": 1.4, "reading": 1.6, "repeat": 1.5, "odd_one_out": 2.0, "yes_no": 1.8,
    "rhyme": 1.5, "calendar": 1.2, "greeting": 0.7, "unknown": 0.6, "tell_story": 0.6, "opposite": 1.8, "plural": 1.3,
    "compare": 2.2, "pleasantry": 0.5, "lower_case": 1.4, "capital": 1.5, "next_number": 3.0, "list_three": 1.3,
    "own_name": 2.5, "category_pick": 1.3,
}
SYSTEM_PROMPTS = [
    "You are a helpful assistant.", "You are a small helper.", "Answer the question.", "Give short answers.", "Be brief.",
    "You answer simple questions.", "You are a friendly assistant.", "Help the user.", "Answer in one short sentence.",
    "You are a polite helper. Answer briefly.", "Read carefully and answer.",
]
TEXT_SHARE = 0.30
# Share of the conversations in which the prompts are trained as well, so that no word is only ever read.
WHOLE_SHARE = 0.12
_KINDS, _WEIGHTS = list(WEIGHTS), list(WEIGHTS.values())


def system_prompt(random: Random) -> str | None:
    """None for most conversations."""
    return random.choice(SYSTEM_PROMPTS) if random.random() < 0.3 else None


def draw(random: Random) -> kinds.Task:
    return kinds.sample(random.choices(_KINDS, _WEIGHTS)[0], random)


def conversation(random: Random) -> list[Piece]:
    first = draw(random)
    system = first.system or system_prompt(random)
    turns = list(first.turns)
    more_turns, most = (0.93, 12) if random.random() < 0.025 else (0.32, 5)
    while random.random() < more_turns and len(turns) < most:
        more = draw(random)
        if more.system is None:
            turns += more.turns
    pieces = pieces_of(system, turns)
    return [(text, True) for text, _ in pieces] if random.random() < WHOLE_SHARE else pieces


def pieces_of(system: str | None, turns: list[tuple[str, str]]) -> list[Piece]:
    """The rendered conversation; trained are the answers with their end token."""
    pieces: list[Piece] = []
    if system is not None:
        pieces.append((f"{IM_START}system\n{system}{IM_END}\n", False))
    for user, assistant in turns:
        pieces.append((f"{IM_START}user\n{user}{IM_END}\n{IM_START}assistant\n", False))
        pieces.append((f"{assistant}{IM_END}", True))
        pieces.append(("\n", False))
    return pieces


def arithmetic(random: Random) -> str:
    """A run of sums, none of them held out."""
    lines = []
    for _ in range(random.randint(5, 12)):
        kind = random.choice(["add", "subtract"])
        lines.append(kinds.sample(kind, random).answer)
    return " ".join(lines)


def spelling(random: Random) -> str:
    word = lambda: random.choice(w.PLAIN_WORDS + w.ADJECTIVES + w.COLOURS)  # noqa: E731
    lines = []
    for x in (word() for _ in range(random.randint(3, 7))):
        lines.append(random.choice([f"{x}: {'-'.join(x)}.", f"The word {x} starts with {x[0]}.", f"The word {x} ends with {x[-1]}.",
                                    f"{x.upper()} is {x}.", f"{x} is {x.upper()}."]))
    return " ".join(lines)


def numbers(random: Random) -> list[Piece]:
    """A run of comparisons and number rows, none held out; only what follows from the rest is trained."""
    pieces: list[Piece] = []
    for number in range(random.randint(4, 8)):
        space = " " if number else ""
        if random.random() < 0.6:
            larger = random.random() < 0.5
            low, high = map(int, kinds.sample("compare", random).key.split())
            shown = (low, high) if random.random() < 0.5 else (high, low)
            pieces.append((f"{space}The {'larger' if larger else 'smaller'} of {shown[0]} and {shown[1]} is", False))
            pieces.append((f" {high if larger else low}.", True))
        else:
            start, step = map(int, kinds.sample("next_number", random).key.split())
            pieces.append((f"{space}After {start}, {start + step}, {start + 2 * step} comes", False))
            pieces.append((f" {start + 3 * step}.", True))
    return [*pieces, (END_OF_TEXT, True)]


def copying(random: Random) -> list[Piece]:
    """A row of words, names and numbers, then the same row again; only the second is trained."""
    pick = [
        lambda: random.choice(w.PLAIN_WORDS), lambda: random.choice(general.NOUNS), lambda: kinds.any_name(random),
        lambda: str(random.randint(0, 99)), lambda: random.choice(general.VERBS_PAST), lambda: random.choice(general.ADJECTIVES),
        lambda: random.choice(general.COMMON_WORDS), lambda: random.choice(general.VERBS_BASE), lambda: general.made_up_word(random),
        lambda: general.made_up_word(random),
    ]
    items = [random.choice(pick)() for _ in range(random.randint(5, 14))]
    row = random.choice([" ", ", "]).join(items)
    return [(row + "\n", False), (row + END_OF_TEXT, True)]


def plain_text(random: Random) -> list[Piece]:
    form = random.random()
    if form < 0.15:
        text = arithmetic(random)
    elif form < 0.35:
        return numbers(random)
    elif form < 0.47:
        text = spelling(random)
    elif form < 0.70:
        return copying(random)
    elif form < 0.75:
        text = kinds.story(random, random.choice(w.ANIMALS), kinds.any_name(random))
    elif form < 0.8:
        text = " ".join(kinds.sentence(random)[3] for _ in range(random.randint(1, 4)))
    else:
        text = " ".join(general.sentence(random) for _ in range(random.randint(1, 4)))
    return [(text + END_OF_TEXT, True)]


def document(seed: int, index: int) -> list[Piece]:
    """Document `index` of the corpus with this seed."""
    random = Random(f"{seed}:{index}")
    return plain_text(random) if random.random() < TEXT_SHARE else conversation(random)


def main() -> None:
    parser = argparse.ArgumentParser(description="Print documents of the training corpus as JSON lines.")
    parser.add_argument("--documents", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    for index in range(arguments.documents):
        print(json.dumps({"text": "".join(text for text, _ in document(arguments.seed, index))}))


if __name__ == "__main__":
    main()
