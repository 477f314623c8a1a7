"""The kinds of request that the built-in model answers: one function a kind, each drawing one task at random.

A task carries `key`, the canonical text of its slot fillings. `held_out(kind, key)` splits the keys by hash: training
never sees a held-out key in any wording (for kinds that are computed from their slots) or never sees that fact in that
wording (for kinds that must be known: there the number of the wording is part of the key). The evaluator draws from
the held-out keys only.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import general
import world as w

HELD_OUT_ONE_IN = 12


@dataclass(frozen=True)
class Task:
    """Turns are (user, assistant) pairs; the last assistant text is the answer that is scored."""

    key: str
    turns: list[tuple[str, str]]
    check: Callable[[str], bool] | None = None
    system: str | None = None

    @property
    def answer(self) -> str:
        return self.turns[-1][1]

    def correct(self, text: str) -> bool:
        """Exact match, or the rule of an open kind."""
        return self.check(text.strip()) if self.check else text.strip() == self.answer


# Kinds that share one split, because the same name may not come back in the other.
SPLIT_OF = {"recall": "names", "greeting": "names", "own_name": "names"}


def held_out(kind: str, key: str) -> bool:
    kind = SPLIT_OF.get(kind, kind)
    return int.from_bytes(hashlib.sha1(f"{kind}|{key}".encode()).digest()[:4], "big") % HELD_OUT_ONE_IN == 0


def sample(kind: str, random: Random, held: bool = False) -> Task:
    """A task of this kind whose key is on the wanted side of the split."""
    while True:
        task = KINDS[kind](random)
        if held_out(kind, task.key) == held:
            return task


OPENERS_ASK = ["", "", "", "", "", "Hey, ", "Tell me, ", "Please tell me: ", "Quick question: ", "I wonder, "]
OPENERS_DO = ["", "", "", "", "", "Please ", "Now ", "Hey, ", "Could you please ", "Next task: "]


def word_it(random: Random, templates: list[str], **slots: object) -> tuple[str, int]:
    """One wording, filled in, with an opener now and then; also the number of the wording."""
    index = random.randrange(len(templates))
    template = templates[index]
    asks = template.endswith("?")
    opener = random.choice(OPENERS_ASK if asks else OPENERS_DO)
    if (opener or random.random() < 0.06) and not template.startswith("{"):
        template = template[0].lower() + template[1:] if not template.startswith("I ") else template
    text = opener + template.format(**slots)
    if asks and random.random() < 0.05:
        text = text[:-1]
    return text, index


def single(random: Random, templates: list[str], answer: str, key: str, known: bool = False, check=None, **slots) -> Task:
    """A one-turn task; `known` puts the number of the wording into the key."""
    text, index = word_it(random, templates, **slots)
    return Task(f"{key}|{index}" if known else key, [(text, answer)], check)


def invented_name(random: Random) -> str:
    middle = random.choice(w.NAME_MIDDLES) if random.random() < 0.4 else ""
    return random.choice(w.NAME_STARTS) + middle + random.choice(w.NAME_ENDS)


def any_name(random: Random) -> str:
    return random.choice(w.FIRST_NAMES) if random.random() < 0.5 else invented_name(random)


def some_words(random: Random, low: int, high: int) -> list[str]:
    return random.sample(w.PLAIN_WORDS, random.randint(low, high))


def listed(random: Random, words: list[str]) -> str:
    return (" " if random.random() < 0.25 else ", ").join(words)


def sentence(random: Random, tense: str = "past") -> tuple[str, str, str, str]:
    """Subject, verb (base form), ending and the whole sentence."""
    subject, verb = random.choice(w.SUBJECTS), random.choice(list(w.VERBS))
    present, past, endings = w.VERBS[verb]
    ending = random.choice(endings)
    form = past if tense == "past" else present
    return subject, verb, ending, f"{w.capitalise(subject)} {form} {ending}."


# --- who is who ---


def greeting(random: Random) -> Task:
    name = any_name(random)
    return single(random, [
        "Hi, I am {x}.", "Hello, my name is {x}.", "Hello! I'm {x}.", "Good morning, I am {x}.", "Hi there, {x} here.",
        "My name is {x}.", "I am called {x}.", "Hello, it is me, {x}.", "Nice to meet you, I am {x}.",
    ], f"Hello {name}! How can I help you?", name, x=name)


ASK_MODEL_NAME = [
    "What is your name?", "Who are you?", "What are you called?", "Tell me your name.", "May I ask your name?",
    "What should I call you?", "How are you called?", "What name do you have?",
]


def own_name(random: Random) -> Task:
    """The model's name: Tabby, unless a system prompt gives another."""
    if random.random() < 0.25:
        return single(random, ASK_MODEL_NAME, "My name is Tabby. I am a very small language model.", "Tabby", known=True)
    name = any_name(random)
    text, _ = word_it(random, ASK_MODEL_NAME)
    system = random.choice([
        "You are {x}.", "Your name is {x}.", "You are an assistant called {x}.", "You are {x}, a helpful assistant.",
    ]).format(x=name)
    return Task(name, [(text, f"My name is {name}.")], system=system)


def recall(random: Random) -> Task:
    """Something said in an earlier turn is asked for after other turns."""
    name = any_name(random)
    if random.random() < 0.5:
        tell, _ = word_it(random, ["Hi, I am {x}.", "Hello, my name is {x}.", "My name is {x}.", "I am called {x}."], x=name)
        ask, _ = word_it(random, [
            "What is my name?", "Do you remember my name?", "Who am I?", "Tell me my name.", "What am I called?",
        ])
        first = (tell, f"Hello {name}! How can I help you?")
        last, key = (ask, f"Your name is {name}."), name
    else:
        what = random.choice(list(w.FAVOURITES))
        value = random.choice(w.FAVOURITES[what])
        tell, _ = word_it(random, [
            "My favourite {w} is {v}.", "I like the {w} {v} best.", "Remember this: my favourite {w} is {v}.",
        ], w=what, v=value)
        ask, _ = word_it(random, [
            "What is my favourite {w}?", "Which {w} do I like best?", "Tell me my favourite {w}.",
            "Do you remember my favourite {w}?",
        ], w=what)
        key = f"{what} {value}"
        first = (tell, f"I will remember that. Your favourite {what} is {value}.")
        last = (ask, f"Your favourite {what} is {value}.")
    between = []
    for _ in range(random.randint(0, 2)):
        other = random.choice(["add", "capital", "opposite", "colour", "compare", "plural", "yes_no"])
        between += sample(other, random).turns
    return Task(key, [first, *between, last])


PLEASANTRIES = [
    (["Hi", "Hi!", "Hello", "Hello!", "Hey", "Good morning!", "Hi there!", "Good day."], "Hello! How can I help you?"),
    (["How are you?", "Are you well?", "How do you do?", "How is it going?"], "I am well, thank you. How can I help you?"),
    (["Thank you.", "Thanks!", "Thank you very much.", "Thanks a lot."], "You are welcome."),
    (["Goodbye.", "Bye!", "See you soon.", "Good night."], "Goodbye! See you soon."),
    (["What can you do?", "How can you help me?", "What do you know?"],
     "I can count, spell, sort words, do small sums and answer simple questions."),
    (["Are you a person?", "Are you human?", "Are you a robot?"], "I am a very small language model."),
]


def pleasantry(random: Random) -> Task:
    """Small talk: every wording is trained, so it is not scored."""
    asked, answer = random.choice(PLEASANTRIES)
    return Task("small talk", [(random.choice(asked), answer)])


# --- numbers ---


def add(random: Random) -> Task:
    a, b = random.randint(0, 50), random.randint(0, 50)
    return single(random, [
        "What is {a} + {b}?", "What is {a} plus {b}?", "Add {a} and {b}.", "How much is {a} + {b}?", "{a} + {b} = ?",
        "Calculate {a} plus {b}.", "What do you get when you add {a} and {b}?", "What is the sum of {a} and {b}?",
    ], f"{a} + {b} = {a + b}.", f"{a} {b}", a=a, b=b)


def subtract(random: Random) -> Task:
    a, b = sorted((random.randint(0, 50), random.randint(0, 50)), reverse=True)
    return single(random, [
        "What is {a} - {b}?", "What is {a} minus {b}?", "Take {b} away from {a}.", "How much is {a} - {b}?", "{a} - {b} = ?",
        "Subtract {b} from {a}.", "Calculate {a} minus {b}.",
    ], f"{a} - {b} = {a - b}.", f"{a} {b}", a=a, b=b)


def compare(random: Random) -> Task:
    a, b = random.sample(range(100), 2)
    larger = random.random() < 0.5
    templates = [
        "Which number is {w}, {a} or {b}?", "Which is {w}: {a} or {b}?", "What is the {w} number, {a} or {b}?",
        "Pick the {w} number: {a}, {b}.", "Of {a} and {b}, which is {w}?", "Say which is {w}, {a} or {b}.",
    ]
    x, y = (max(a, b), min(a, b)) if larger else (min(a, b), max(a, b))
    word = random.choice(["larger", "bigger"]) if larger else "smaller"
    verb = "larger" if larger else "smaller"
    return single(random, templates, f"{x} is {verb} than {y}.", f"{min(a, b)} {max(a, b)}", w=word, a=a, b=b)


def next_number(random: Random) -> Task:
    step = random.choice([1, 1, 2, 2, 3, 5, 10])
    start = random.randint(0, 69) if step < 10 else random.randint(0, 60)
    row = [start + i * step for i in range(4)]
    return single(random, [
        "What comes next: {r}?", "Which number comes next: {r}?", "Continue the row: {r}.", "What is the next number after {r}?",
        "Find the next number: {r}.", "{r}: which number follows?",
    ], f"The next number is {row[3]}.", f"{start} {step}", r=", ".join(map(str, row[:3])))


# --- words ---


NUMBER_WORDS = "no one two three four five six seven".split()


def count_words(random: Random) -> Task:
    words = some_words(random, 2, 6)
    n = len(words)
    return single(random, [
        "How many words are here: {x}?", "Count the words: {x}.", "Count these words: {x}", "How many words are in this list: {x}?",
        "How many words do you see: {x}?", "Say how many words there are: {x}.",
    ], f"There are {n} words.", " ".join(words), x=listed(random, words))


def reverse_words(random: Random) -> Task:
    words = some_words(random, 2, 4)
    return single(random, [
        "Reverse this list: {x}.", "Reverse the words: {x}", "Write these words backwards: {x}.", "Turn the list around: {x}.",
        "Say the words in reverse order: {x}.", "Give me this list from last to first: {x}.", "Put these words in reverse order: {x}",
    ], ", ".join(reversed(words)), " ".join(words), x=listed(random, words))


def sort_words(random: Random) -> Task:
    words = some_words(random, 3, 3)
    while len({x[0] for x in words}) < 3:
        words = some_words(random, 3, 3)
    return single(random, [
        "Sort these words: {x}.", "Sort the list from A to Z: {x}.", "Put these words in alphabetical order: {x}.",
        "Order these words by the alphabet: {x}.", "Use alphabetical order: {x}", "Arrange from A to Z: {x}",
    ], ", ".join(sorted(words)), " ".join(sorted(words)), x=listed(random, words))


def upper_case(random: Random) -> Task:
    text = f"{random.choice(w.ADJECTIVES + w.COLOURS)} {random.choice(w.PLAIN_WORDS)}"
    return single(random, [
        "Write in capital letters: {x}", "Write {x} in capitals.", "Make this upper case: {x}", "Put {x} in capital letters.",
        "Change to upper case: {x}", "Shout this: {x}", "Turn {x} into capital letters.",
    ], text.upper(), text, x=text)


def lower_case(random: Random) -> Task:
    text = f"{random.choice(w.ADJECTIVES + w.COLOURS)} {random.choice(w.PLAIN_WORDS)}"
    return single(random, [
        "Write in small letters: {x}", "Write {x} in small letters.", "Make this lower case: {x}", "Put {x} in lower case.",
        "Change to lower case: {x}", "Turn {x} into small letters.",
    ], text, text, x=text.upper())


def first_letters(random: Random) -> Task:
    words = some_words(random, 1, 3)
    first = random.random() < 0.6
    word = "first" if first else "last"
    letters = ", ".join(x[0 if first else -1] for x in words)
    if len(words) == 1:
        templates = [
            "What is the {w} letter of {x}?", "Which letter does the word {x} " + ("start" if first else "end") + " with?",
            "Tell me the {w} letter of the word {x}.", "Give the {w} letter of {x}.",
        ]
        task = single(random, templates, letters, f"{word} {words[0]}", known=True, w=word, x=words[0])
        return task
    return single(random, [
        "What are the {w} letters of these words: {x}?", "Give the {w} letters of {x}.", "Write the {w} letter of each word: {x}.",
        "Take the {w} letter of each word: {x}.",
    ], letters, f"{word} {' '.join(words)}", w=word, x=", ".join(words))


def spell(random: Random) -> Task:
    word = random.choice(w.PLAIN_WORDS)
    return single(random, [
        "Spell the word {x}.", "Spell {x}.", "How do you spell {x}?", "How is {x} spelled?", "Write {x} letter by letter.",
        "Which letters are in {x}?", "Give me the letters of {x}.", "What is the spelling of {x}?",
    ], "-".join(word), word, known=True, x=word)


def opposite(random: Random) -> Task:
    word = random.choice(list(w.OPPOSITES))
    return single(random, [
        "What is the opposite of {x}?", "Tell me the opposite of {x}.", "Which word means the opposite of {x}?",
        "What is the reverse of {x}?", "Give the opposite of the word {x}.", "Name the opposite of {x}.",
        "If it is not {x}, what is it?", "Opposite of {x}?", "{x} has which opposite?",
    ], f"The opposite of {word} is {w.OPPOSITES[word]}.", word, known=True, x=word)


def plural_of(random: Random) -> Task:
    noun = random.choice(w.PLURAL_NOUNS)
    return single(random, [
        "What is the plural of {x}?", "Write the plural of {x}.", "One {x}, two what?", "Give the plural of {x}.",
        "What do you call more than one {x}?", "Plural of {x}?", "Make {x} plural.", "What is the plural form of the word {x}?",
    ], f"The plural of {noun} is {w.plural(noun)}.", noun, known=True, x=noun)


def rhyme(random: Random) -> Task:
    group = random.choice(w.RHYMES)
    word = random.choice(group)
    others = [x for x in group if x != word]
    answer = f"The word {random.choice(others)} rhymes with {word}."
    good = {f"The word {x} rhymes with {word}." for x in others}
    return single(random, [
        "What rhymes with {x}?", "Which word rhymes with {x}?", "Give me a rhyme for {x}.", "Find a word that rhymes with {x}.",
        "Name a word that sounds like {x}.", "Tell me a rhyme for {x}.", "Rhyme with {x}?",
    ], answer, word, known=True, check=good.__contains__, x=word)


# --- knowledge ---


def category_pick(random: Random) -> Task:
    names = random.sample(list(w.CATEGORIES), 3)
    things = [random.choice(w.CATEGORIES[name]) for name in names]
    want = names[0]
    shuffled = random.sample(things, 3)
    return single(random, [
        "Which of these is {a}: {x}?", "Which one is {a}: {x}?", "Find the {c}: {x}.", "Pick the {c} from this list: {x}.",
        "Which word names {a}: {x}?", "One of these is {a}: {x}. Which one?", "Choose the {c}: {x}.",
    ], f"The {things[0]} is {w.article(want)}.", f"{want} {' '.join(sorted(things))}", a=w.article(want), c=want,
        x=", ".join(shuffled))


def odd_one_out(random: Random) -> Task:
    common, other = random.sample(list(w.CATEGORIES), 2)
    pair, odd = random.sample(w.CATEGORIES[common], 2), random.choice(w.CATEGORIES[other])
    words = random.sample([*pair, odd], 3)
    return single(random, [
        "Which word does not belong: {x}?", "Which is the odd one out: {x}?", "Find the odd one out: {x}.",
        "One of these is different: {x}. Which one?", "Which of these does not fit: {x}?",
    ], f"The {odd} does not belong. It is {w.article(other)}.", " ".join(sorted(words)), x=", ".join(words))


def category_of(random: Random) -> Task:
    name = random.choice(list(w.CATEGORIES))
    thing = random.choice(w.CATEGORIES[name])
    return single(random, [
        "What is {x}?", "What kind of thing is {x}?", "What sort of thing is {x}?", "Tell me what {x} is.",
        "Say what {x} is.", "Do you know what {x} is?", "Which kind of thing is {x}?",
    ], f"{w.capitalise(w.article(thing))} is {w.article(name)}.", thing, known=True, x=w.article(thing))


def list_three(random: Random) -> Task:
    name = random.choice(list(w.CATEGORIES))
    members = sorted(random.sample(w.CATEGORIES[name], 3))  # a fixed order keeps greedy answers from repeating a word

    def good(text: str) -> bool:
        parts = text.removesuffix(".").split(", ")
        return len(set(parts)) == 3 == len(parts) and all(x in w.CATEGORIES[name] for x in parts)

    return single(random, [
        "Name three {x}.", "Tell me three {x}.", "List three {x}.", "Give me the names of three {x}.", "Write down three {x}.",
        "Which three {x} do you know?", "Can you name three {x}?", "I need three {x}.", "Think of three {x}.", "Say three {x}.",
        "What are three {x}?", "Show me a list of three {x}.",
    ], ", ".join(members) + ".", name, known=True, check=good, x=w.CATEGORY_PLURALS[name])


def yes_no(random: Random) -> Task:
    if random.random() < 0.5:
        real, claimed = random.choice(list(w.CATEGORIES)), random.choice(list(w.CATEGORIES))
        if random.random() < 0.4:
            claimed = real
        thing = random.choice(w.CATEGORIES[real])
        yes = real == claimed
        answer = f"Yes, {w.article(thing)} is {w.article(real)}." if yes else (
            f"No, {w.article(thing)} is not {w.article(claimed)}.")
        return single(random, [
            "Is {x} {c}?", "Is it true that {x} is {c}?", "Would you say that {x} is {c}?", "Yes or no: is {x} {c}?",
            "True or false, {x} is {c}?",
        ], answer, f"{thing} {claimed}", known=yes, x=w.article(thing), c=w.article(claimed))
    ability = random.choice(list(w.ABILITIES))
    can, cannot = w.ABILITIES[ability]
    yes = random.random() < 0.5
    thing = random.choice(can if yes else cannot)
    answer = f"Yes, {w.article(thing)} can {ability}." if yes else f"No, {w.article(thing)} cannot {ability}."
    return single(random, [
        "Can {x} {c}?", "Is {x} able to {c}?", "Is it true that {x} can {c}?", "Do you think that {x} can {c}?",
        "Yes or no: can {x} {c}?",
    ], answer, f"{thing} {ability}", known=True, x=w.article(thing), c=ability)


def colour(random: Random) -> Task:
    thing = random.choice(list(w.COLOUR_OF))
    verb = "are" if thing.endswith("s") and thing != "grass" else "is"
    return single(random, [
        "What colour {v} {x}?", "Which colour {v} {x}?", "Tell me the colour of {x}.", "What is the colour of {x}?",
        "What colour does {x} have?", "Name the colour of {x}.", "Do you know the colour of {x}?",
    ], f"{w.capitalise(thing)} {verb} {w.COLOUR_OF[thing]}.", thing, known=True, v=verb, x=thing)


def capital(random: Random) -> Task:
    country = random.choice(list(w.CAPITALS))
    city = w.CAPITALS[country]
    if random.random() < 0.3:
        return single(random, [
            "{x} is the capital of which country?", "Which country has the capital {x}?", "In which country is {x}?",
            "What country is {x} the capital of?", "Name the country whose capital is {x}.",
        ], f"{city} is the capital of {country}.", city, known=True, x=city)
    return single(random, [
        "What is the capital of {x}?", "Which city is the capital of {x}?", "Tell me the capital of {x}.",
        "Name the capital city of {x}.", "What is {x}'s capital?", "The capital of {x} is which city?",
        "Do you know the capital of {x}?", "What is the capital city of {x}?",
    ], f"The capital of {country} is {city}.", country, known=True, x=country)


def calendar(random: Random) -> Task:
    days = random.random() < 0.6
    names, unit = (w.DAYS, "day") if days else (w.MONTHS, "month")
    i = random.randrange(len(names))
    after = random.random() < 0.6
    word = "after" if after else "before"
    other = names[(i + (1 if after else -1)) % len(names)]
    return single(random, [
        "Which {u} comes {w} {x}?", "What {u} is {w} {x}?", "Name the {u} {w} {x}.", "Tell me the {u} that comes {w} {x}.",
        "What is the {u} {w} {x}?", "Which {u} is right {w} {x}?",
    ], f"{other} comes {word} {names[i]}.", f"{names[i]} {word}", known=True, u=unit, w=word, x=names[i])


def unknown(random: Random) -> Task:
    name = invented_name(random)
    return single(random, [
        "What is the capital of {x}?", "Where is {x}?", "Who is {x}?", "What does {x} sell?", "What is {x}?", "When did {x} open?",
        "Tell me about {x}.", "How big is {x}?", "Who lives in {x}?", "What is the river of {x}?",
    ], "Sorry, I do not know that.", name, x=name)


# --- sentences ---


def repeat(random: Random) -> Task:
    text = random.choice([lambda r: sentence(r)[3], lambda r: passage(r)[0], general.sentence])(random)
    return single(random, [
        "Repeat this sentence: {x}", "Repeat after me: {x}", "Say this again: {x}", "Copy this sentence: {x}",
        "Write the same sentence: {x}", "Say exactly this: {x}",
    ], text, text, x=text)


def past_tense(random: Random) -> Task:
    subject, verb, ending, past = sentence(random)
    present = f"{w.capitalise(subject)} {w.VERBS[verb][0]} {ending}."
    return single(random, [
        "Put this in the past: {x}", "Write this in the past tense: {x}", "Change to the past tense: {x}",
        "Say this as if it was yesterday: {x}", "Make this sentence past tense: {x}", "Turn this into the past: {x}",
    ], past, f"{subject} {verb} {ending}", x=present)


def negate(random: Random) -> Task:
    subject, adjective = random.choice(w.SUBJECTS), random.choice(w.ADJECTIVES)
    subject = f"{subject} in the {random.choice(w.PLACES)}"
    return single(random, [
        "Make this negative: {x}", "Say the contrary with the word not: {x}", "Add not to this sentence: {x}",
        "Write the negative form: {x}", "Put the word not into this: {x}",
    ], f"{w.capitalise(subject)} is not {adjective}.", f"{subject} {adjective}", x=f"{w.capitalise(subject)} is {adjective}.")


def replace_word(random: Random) -> Task:
    old, new = random.sample(w.THINGS, 2)
    adjective, place, name = random.choice(w.COLOURS), random.choice(w.PLACES), random.choice(w.FIRST_NAMES)
    pattern = random.choice([f"{name} has a {adjective} {{}} in the {place}.", f"{name} put the {{}} in the {place}."])
    text, answer = pattern.format(old), pattern.format(new)
    return single(random, [
        "Replace {a} with {b}: {x}", "Change {a} to {b}: {x}", "Write {b} instead of {a}: {x}", "Swap {a} for {b} here: {x}",
        "Use {b} in place of {a}: {x}",
    ], answer, f"{old} {new} {text}", a=old, b=new, x=text)


def passage(random: Random) -> tuple[str, list[tuple[str, str]]]:
    """A sentence of facts, and questions with their answers."""
    name, thing, place = any_name(random), random.choice(w.THINGS), random.choice(w.PLACES)
    tint = random.choice(w.COLOURS)
    form = random.randrange(4)
    if form == 0:
        return f"{name} has a {tint} {thing} in the {place}.", [
            (f"Who has the {thing}?", f"{name} has the {thing}."),
            (f"What colour is the {thing}?", f"The {thing} is {tint}."),
            (f"Where is the {thing}?", f"The {thing} is in the {place}."),
            (f"What does {name} have?", f"{name} has a {tint} {thing}."),
        ]
    if form == 1:
        animal, pet = random.choice(w.ANIMALS), any_name(random)
        return f"{name} has {w.article(animal)} called {pet} that lives in the {place}.", [
            (f"What is the name of the {animal}?", f"The {animal} is called {pet}."),
            (f"Where does the {animal} live?", f"The {animal} lives in the {place}."),
            (f"What animal does {name} have?", f"{name} has {w.article(animal)}."),
            (f"Who has the {animal}?", f"{name} has the {animal}."),
        ]
    if form == 2:
        number = random.randint(2, 9)
        things = w.plural(thing)
        return f"There are {number} {tint} {things} in the {place}, and they belong to {name}.", [
            (f"How many {things} are there?", f"There are {number} {things}."),
            (f"Whose {things} are they?", f"They belong to {name}."),
            (f"Where are the {things}?", f"The {things} are in the {place}."),
            (f"What colour are the {things}?", f"The {things} are {tint}."),
        ]
    shop, day = invented_name(random), random.choice(w.DAYS)
    goods = w.plural(random.choice(w.THINGS))
    return f"The shop {shop} sells {tint} {goods} and opens on {day}.", [
        ("What does the shop sell?", f"The shop sells {tint} {goods}."),
        ("When does the shop open?", f"The shop opens on {day}."),
        ("What is the shop called?", f"The shop is called {shop}."),
        (f"What is the colour of the {goods}?", f"The {goods} are {tint}."),
    ]


def reading(random: Random) -> Task:
    text, questions = passage(random)
    question, answer = random.choice(questions)
    shown, _ = word_it(random, [
        "{p} {q}", "Read this: {p} {q}", "{p}\n{q}", "Text: {p}\nQuestion: {q}", "Here is a sentence: {p} {q}",
        "Answer from the text. {p} {q}",
    ], p=text, q=question)
    return Task(f"{text} {question}", [(shown, answer)])


def make_sentence(random: Random) -> Task:
    word = random.choice(w.THINGS + w.ANIMALS + w.FRUITS + w.TOOLS)
    name, place = random.choice(w.FIRST_NAMES), random.choice(w.PLACES)
    answer = random.choice([
        f"{name} saw {w.article(word)} in the {place}.", f"There is {w.article(word)} in the {place}.",
        f"The {word} in the {place} is {random.choice(w.COLOURS[:4])}.", f"{name} has {w.article(word)}.",
        f"We found {w.article(word)} near the {place}.",
    ])

    def good(text: str) -> bool:
        words = text.rstrip(".").split()
        return text.endswith(".") and text[:1].isupper() and word in words and 4 <= len(words) <= 12

    return single(random, [
        "Make a sentence with the word {x}.", "Write a sentence with {x}.", "Use {x} in a sentence.", "Write a short sentence about {x}.",
        "Give me a sentence with the word {x}.", "Can you use the word {x} in a sentence?", "Say something with the word {x}.",
    ], answer, word, known=True, check=good, x=word)


def tell_story(random: Random) -> Task:
    animal, name = random.choice(w.ANIMALS), any_name(random)

    def good(text: str) -> bool:
        return text.endswith(".") and text.count(".") >= 3 and name in text and animal in text

    return single(random, [
        "Tell me a story about {a} named {n}.", "Write a short story about {a} called {n}.", "Tell a story of {a} whose name is {n}.",
        "I want a story about {n} the {b}.", "Make up a little story about {n}, {a}.",
    ], story(random, animal, name), f"{animal} {name}", check=good, a=w.article(animal), b=animal, n=name)


def story(random: Random, animal: str, name: str) -> str:
    """Four or five simple sentences about one animal."""
    thing, place, other = random.choice(w.THINGS), random.choice(w.PLACES), any_name(random)
    mood, tint = random.choice(["happy", "sad", "tired", "brave", "busy", "quiet"]), random.choice(w.COLOURS)
    lines = [
        random.choice(["Once there was", "Long ago there was", "One day there was"])
        + f" {w.article(random.choice(w.SIZES))} {animal} named {name}.",
        random.choice([
            f"{name} lived in the {place}.", f"{name} was {mood}.", f"{name} liked to sit in the {place}.",
        ]),
        random.choice([
            f"One day {name} found a {tint} {thing}.", f"Then {name} lost a {thing} in the {place}.",
            f"One morning {name} met a friend called {other}.",
        ]),
        random.choice([
            f"{name} showed it to a friend.", f"They looked for the {thing} all day.", f"They played in the {place} all day.",
            f"It was a good day for the {animal}.",
        ]),
        random.choice([f"In the end {name} was happy.", "Then they all went home.", f"That night {name} slept well."]),
    ]
    return " ".join(lines)


KINDS: dict[str, Callable[[Random], Task]] = {
    "greeting": greeting, "own_name": own_name, "pleasantry": pleasantry, "recall": recall, "add": add, "subtract": subtract, "compare": compare,
    "next_number": next_number, "count_words": count_words, "reverse_words": reverse_words, "sort_words": sort_words,
    "upper_case": upper_case, "lower_case": lower_case, "first_letters": first_letters, "spell": spell,
    "opposite": opposite, "plural": plural_of, "rhyme": rhyme, "category_pick": category_pick, "odd_one_out": odd_one_out,
    "category_of": category_of, "list_three": list_three, "yes_no": yes_no, "colour": colour, "capital": capital,
    "calendar": calendar, "unknown": unknown, "repeat": repeat, "past_tense": past_tense, "negate": negate,
    "replace_word": replace_word, "reading": reading, "make_sentence": make_sentence, "tell_story": tell_story,
}
# Kinds without held-out keys.
UNSCORED = {"pleasantry"}
