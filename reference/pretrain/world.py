"""The closed world that the built-in model knows: word lists and facts, nothing else.

Every list is written for this project. `generate.py` builds text and conversations from them; the evaluator scores
against them. Words are lower case unless they are names of people, countries, cities, days or months.
"""

ANIMALS = (
    "cat dog horse cow pig sheep goat duck hen fox bear wolf lion tiger mouse rabbit frog bird fish owl bee ant "
    "snake monkey whale seal deer donkey camel turtle"
).split()
FRUITS = "apple pear plum banana orange lemon grape cherry peach melon mango fig berry lime".split()
TOOLS = "hammer saw drill axe rake spade brush knife ladder shovel needle broom".split()
CLOTHES = "hat coat shirt sock shoe scarf glove dress belt boot skirt jacket".split()
VEHICLES = "car bus train bike boat truck plane ship tractor van".split()
VEGETABLES = "carrot onion potato bean pea cabbage leek turnip".split()
INSTRUMENTS = "drum flute piano violin trumpet guitar harp bell".split()
FURNITURE = "chair table bed sofa shelf desk bench stool".split()

CATEGORIES = {
    "animal": ANIMALS,
    "fruit": FRUITS,
    "tool": TOOLS,
    "vehicle": VEHICLES,
    "vegetable": VEGETABLES,
}
CATEGORY_PLURALS = {
    "animal": "animals",
    "fruit": "fruits",
    "tool": "tools",
    "vehicle": "vehicles",
    "vegetable": "vegetables",
}

# Things that a person can hold, own or find; used in stories, passages and word lists.
THINGS = (
    "ball book box cup key lamp letter map clock kite doll coin rope basket bottle bag pen ring candle spoon plate "
    "picture blanket mirror flower stone cake"
).split()
COLOURS = "red blue green yellow black white brown grey pink purple".split()

# The adjectives come in pairs of opposites, both directions.
OPPOSITE_PAIRS = [
    ("big", "small"), ("hot", "cold"), ("fast", "slow"), ("happy", "sad"), ("old", "young"), ("long", "short"),
    ("full", "empty"), ("open", "closed"), ("wet", "dry"), ("hard", "soft"), ("light", "dark"), ("loud", "quiet"),
    ("rich", "poor"), ("strong", "weak"), ("thick", "thin"), ("clean", "dirty"), ("early", "late"), ("high", "low"),
    ("up", "down"), ("left", "right"), ("near", "far"), ("good", "bad"), ("day", "night"), ("first", "last"),
    ("inside", "outside"), ("over", "under"), ("start", "stop"), ("push", "pull"), ("win", "lose"), ("buy", "sell"),
    ("love", "hate"), ("always", "never"), ("front", "back"), ("top", "bottom"), ("sweet", "sour"), ("wide", "narrow"),
]
OPPOSITES = {a: b for a, b in OPPOSITE_PAIRS} | {b: a for a, b in OPPOSITE_PAIRS}
ADJECTIVES = (
    "big small old young happy sad quiet loud clean dirty strong weak soft round shiny funny brave kind busy tired"
).split()

COLOUR_OF = {
    "the sky": "blue", "grass": "green", "snow": "white", "a banana": "yellow", "a lemon": "yellow",
    "the sun": "yellow", "a cherry": "red", "a carrot": "orange", "coal": "black", "milk": "white",
    "a frog": "green", "a crow": "black", "a leaf": "green", "blood": "red", "chocolate": "brown",
    "a fire engine": "red", "an orange": "orange", "a pea": "green", "the night": "black", "a pig": "pink",
    "a tomato": "red", "an elephant": "grey", "a swan": "white", "a plum": "purple", "the sea": "blue",
    "a lime": "green", "wood": "brown", "a pumpkin": "orange",
}

CAPITALS = {
    "France": "Paris", "Italy": "Rome", "Spain": "Madrid", "Germany": "Berlin", "England": "London",
    "Japan": "Tokyo", "China": "Beijing", "Egypt": "Cairo", "Greece": "Athens", "Norway": "Oslo",
    "Sweden": "Stockholm", "Poland": "Warsaw", "Austria": "Vienna", "Portugal": "Lisbon", "Ireland": "Dublin",
    "Russia": "Moscow", "Cuba": "Havana", "Peru": "Lima", "Kenya": "Nairobi", "Canada": "Ottawa",
    "Denmark": "Copenhagen", "Finland": "Helsinki", "Hungary": "Budapest", "India": "Delhi",
}

DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = "January February March April May June July August September October November December".split()

# Nouns whose plural adds more than an s; the rest of the nouns above follow `plural`.
IRREGULAR_PLURALS = {
    "mouse": "mice", "sheep": "sheep", "fish": "fish", "wolf": "wolves", "knife": "knives", "shelf": "shelves",
    "child": "children", "man": "men", "woman": "women", "foot": "feet", "tooth": "teeth", "goose": "geese",
    "leaf": "leaves", "scarf": "scarves", "deer": "deer", "potato": "potatoes",
}
PLURAL_NOUNS = (
    "cat dog horse cow pig goat duck hen fox bear lion bee ant frog apple pear plum lemon cherry peach berry melon "
    "hammer axe brush ladder hat coat dress shoe car bus train boat ball book box cup key lamp coin dish baby city "
    "lady"
).split() + list(IRREGULAR_PLURALS)

# Verb: (third person, past). Each is followed by one of the endings that make sense with it.
VERBS = {
    "walk": ("walks", "walked", ["to the park", "to the shop", "along the river", "through the garden"]),
    "run": ("runs", "ran", ["to the park", "along the river", "through the garden", "up the hill"]),
    "jump": ("jumps", "jumped", ["over the wall", "into the water", "over the box"]),
    "look": ("looks", "looked", ["at the moon", "at the picture", "out of the window"]),
    "sing": ("sings", "sang", ["a song", "in the kitchen", "in the rain"]),
    "eat": ("eats", "ate", ["an apple", "a cake", "some bread", "in the kitchen"]),
    "drink": ("drinks", "drank", ["some water", "some milk", "some tea"]),
    "sleep": ("sleeps", "slept", ["on the sofa", "under the tree", "in the house"]),
    "play": ("plays", "played", ["with the ball", "in the garden", "with a friend"]),
    "sit": ("sits", "sat", ["on the chair", "under the tree", "on the wall"]),
    "find": ("finds", "found", ["a coin", "a key", "the map", "a letter"]),
    "see": ("sees", "saw", ["a bird", "the moon", "a friend", "the river"]),
    "wait": ("waits", "waited", ["at the station", "for the bus", "for a friend"]),
    "cook": ("cooks", "cooked", ["some soup", "in the kitchen", "for a friend"]),
    "read": ("reads", "read", ["a book", "a letter", "under the tree"]),
    "write": ("writes", "wrote", ["a letter", "a song", "in the book"]),
    "carry": ("carries", "carried", ["a box", "the basket", "a bag"]),
    "open": ("opens", "opened", ["the door", "the box", "the window"]),
    "buy": ("buys", "bought", ["some bread", "a hat", "a cake"]),
    "lose": ("loses", "lost", ["a glove", "the key", "a shoe"]),
    "swim": ("swims", "swam", ["in the sea", "in the river", "to the boat"]),
    "climb": ("climbs", "climbed", ["up the hill", "over the wall", "up the tree"]),
    "hide": ("hides", "hid", ["under the bed", "behind the door", "in the box"]),
    "talk": ("talks", "talked", ["to a friend", "about the sea", "on the train"]),
    "work": ("works", "worked", ["in the garden", "at the shop", "in the school"]),
    "bring": ("brings", "brought", ["a cake", "some flowers", "the basket"]),
    "draw": ("draws", "drew", ["a picture", "a map", "a bird"]),
    "wash": ("washes", "washed", ["the car", "the cup", "a shirt"]),
    "fly": ("flies", "flew", ["over the hill", "to the tree", "over the sea"]),
    "go": ("goes", "went", ["to the school", "to the shop", "to the station"]),
}
SUBJECTS = (
    "the boy|the girl|the man|the woman|the teacher|the farmer|the doctor|the baker|the king|the queen|the child|"
    "the sailor|the old man|the young woman|my friend|my sister|my brother|the cat|the dog|the horse|the fox|the bear"
).split("|")
PLACES = (
    "garden|kitchen|park|school|shop|house|station|forest|village|barn|library|market|river|cave|tower|harbour"
).split("|")

RHYMES = [
    "cat hat bat mat rat".split(), "dog log fog frog".split(), "tree bee key sea".split(), "cake lake snake rake".split(),
    "house mouse".split(), "ball wall tall fall".split(), "night light right kite".split(), "ring king sing wing".split(),
    "moon spoon soon".split(), "bear chair hair pear".split(), "boat coat goat".split(), "bell shell well".split(),
    "day play say way".split(), "sun run fun".split(), "book cook hook look".split(), "star car far jar".split(),
    "rain train plane".split(), "red bed head bread".split(), "box fox socks".split(), "snow go slow".split(),
    "pen hen ten men".split(), "pig big dig wig".split(),
]

# What an animal or thing can do, for yes or no questions.
ABILITIES = {
    "swim": ("fish duck whale seal frog turtle".split(), "hen stone book chair table lamp hammer".split()),
    "fly": ("bird owl bee plane duck".split(), "cow pig sheep stone book chair horse snake".split()),
    "read a book": ("teacher child woman man doctor".split(), "cat fish stone tree chair cow snake".split()),
    "run": ("horse dog cat wolf fox deer".split(), "stone tree chair lamp book snake".split()),
    "sing": ("bird child woman man".split(), "stone chair shoe table box hammer".split()),
}

FIRST_NAMES = (
    "Tom Anna Ben Mira Leo Sara Max Nina Paul Ella Jack Rosa Sam Lily Oscar Emma Hugo Clara Finn Ruth Adam Vera Luke "
    "Iris Noah Maya Felix Alma Peter Jane Karl Lena Omar Dora Ivan Zoe Ravi Tess Milo Ada Ned Eva Rob Kate Ali Mary "
    "Tim Lucy Ian Grace Kofi Amy Juan Nora Dan Sofia Bill Mona Eric Hana"
).split()
# Invented names are built from these, so that the model learns to copy a name that it has never met.
NAME_STARTS = "Bra Cor Dal El Fen Gar Hol Il Jo Kel Lor Mar Nel Or Pel Quin Ro Sel Tal Ul Ver Wil Yor Zan Bel Tro Mun".split()
NAME_MIDDLES = "a e i o u an en in or ar el il am om us".split()
NAME_ENDS = "dor mir na lo ra vin ton ka sha ric bel dan fus gil la min na pho ro ster ta va wen xa zi".split()

FAVOURITES = {
    "colour": COLOURS,
    "animal": ANIMALS,
    "fruit": FRUITS,
}
SIZES = "big small tiny huge".split()

# Words for exercises on words: short, common, all with a known spelling.
PLAIN_WORDS = sorted(
    set(ANIMALS + FRUITS + TOOLS + CLOTHES + VEHICLES + THINGS + FURNITURE + INSTRUMENTS + VEGETABLES)
    | set("sun moon tree river garden house door window milk bread water rain snow hill road school park friend".split())
)


def article(noun: str) -> str:
    """'a cat', 'an apple'."""
    return ("an " if noun[0] in "aeiou" else "a ") + noun


def plural(noun: str) -> str:
    """The plural of a noun of this world."""
    if noun in IRREGULAR_PLURALS:
        return IRREGULAR_PLURALS[noun]
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    if noun.endswith(("s", "x", "ch", "sh")):
        return noun + "es"
    return noun + "s"


def capitalise(text: str) -> str:
    """First letter upper case, the rest as it is."""
    return text[:1].upper() + text[1:]
