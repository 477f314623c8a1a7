"""Plain English sentences beyond the closed world, from a small phrase grammar.

They give the model a wider vocabulary and more shapes of sentence, so that a later fine-tune meets words and rhythms
that it can already read and copy. They state nothing true and are never asked about.
"""

from random import Random

NOUNS = (
    "captain crew harbour sail storm wind wave deck anchor sea island port cargo sailor company office town mayor "
    "meeting report order customer price bill invoice phone email computer printer room floor roof engine wheel tyre "
    "road street bridge station ticket train journey holiday summer winter spring autumn morning evening afternoon week "
    "month year hour minute weather cloud rain snow sunshine festival music song dance game team match score prize "
    "school lesson teacher student exam answer question story word page paper pencil library museum history science "
    "number letter message answer plan idea problem reason change chance choice task job worker manager owner team "
    "factory machine workshop product glass wood metal paper cloth colour light power water fire earth air field farm "
    "farmer crop seed tree leaf flower grass hill mountain valley lake river stream bridge path gate wall fence corner "
    "kitchen dinner lunch breakfast soup bread butter cheese egg salt sugar tea coffee juice oven plate table cup "
    "doctor nurse hospital medicine health body hand arm leg foot head face eye ear heart voice smile dream sleep "
    "mother father brother sister family child baby friend neighbour guest visitor people person king queen soldier "
    "money bank shop market basket list bag box door window key lock clock watch lamp bed chair shelf garden bicycle "
    "parcel delivery driver courier address supplier stock sample design project budget staff founder captain clinic "
    "tower square ferry bakery mill quarry lantern candle honey blanket boot ribbon treasure compass star moon"
).split()
ADJECTIVES = (
    "new good great little long high different large important young early able bad clear dark deep easy famous fair "
    "fine free fresh friendly full gentle golden green grey heavy honest huge late lazy local lucky modern narrow "
    "near nice noisy odd open perfect plain polite poor pretty proud ready real rich rough round safe sharp short "
    "silent simple slow small smooth soft special steady strange strong sudden sweet tall thin tiny useful warm weak "
    "whole wide wild wise wonderful wooden wrong urgent broken missing cheerful annual public main final next last"
).split()
VERBS_PAST = (
    "asked answered arrived began believed booked bought broke brought built called carried changed checked cleaned "
    "closed collected cooked counted covered crossed decided delivered drew dropped ended enjoyed explained fell filled "
    "finished fixed followed forgot found gave grew heard helped invited joined kept knew landed laughed learned left "
    "liked listened lost loved made met missed moved needed noticed offered opened ordered packed paid painted passed "
    "planned played pointed prepared printed promised pulled pushed ran reached received remembered repaired replaced "
    "reported returned sailed saw sent served shared showed signed sold started stayed stopped studied talked taught "
    "thanked tested threw told took tried turned used visited waited wanted washed watched went wished worked wrote"
).split()
VERBS_BASE = (
    "ask answer bring build buy call carry change check clean close come cook cross decide deliver draw drive eat "
    "explain fill find finish fix follow forget get give go hear help hold join keep know learn leave like listen "
    "look lose love make meet move need open order pack paint pay plan play point prepare print pull push put read "
    "remember repair reply reserve return run sail say see sell send serve share show sign sing sit sleep speak stand "
    "start stay steer stop study swim take talk teach tell test thank think throw try turn use visit wait walk want "
    "wash watch win work write"
).split()
ADVERBS = (
    "again always already early often quickly quietly slowly soon together today tomorrow yesterday carefully finally "
    "gladly loudly nearly never only really suddenly usually well almost also away back here now there too"
).split()
PREPOSITIONS = "in on at by near with for from to about after before behind under over through between without".split()
PRONOUNS = "I you he she we they it".split()
PEOPLE = "Mr Brown|Mrs Green|Mr Hill|Mrs Stone|Anna|Tom|the crew|everyone|nobody|our team|the staff|a friend".split("|")
INTERJECTIONS = "Oh|Well|Yes|No|Hello|Thank you|Please|Sorry|Of course|Good morning|Indeed|Welcome|Great news".split("|")
MODALS = "can will must should may could would".split()
# Words that no other list holds; they are copied, so that every one can be written.
COMMON_WORDS = (
    "the a an and or but if then than that this these those which who whom whose what when where why how all any both each "
    "few more most other some such no not only own same so too very just be is am are was were been being have has had "
    "do does did done will would can could shall should may might must as at by for from in into of off on onto out over "
    "since through to under until up upon with within without because while although however me him her us them my his "
    "its our their mine yours one two three four five six seven eight nine ten eleven twelve hundred thousand first "
    "second third half quarter metre kilometre minute second dozen pair possible next last until ago soon later once "
    "twice maybe perhaps enough quite rather even ever still yet north south east west left right today tonight please "
    "thanks hello goodbye yes okay sir madam dear pirate robot wizard cowboy poet detective chef gardener knight"
).split()
FIXED = (
    "Please reply as soon as possible.|It must be done by Friday.|That is all I know about it.|Nobody has been here since spring.|"
    "We are happy to help you with that.|If it rains, we will stay at home.|She is taller than her brother.|"
    "The parcel was sent to the wrong address.|They have already been told.|How much does it cost?|Who is in charge here?|"
    "Let us meet at the station at five.|He would rather wait outside.|Both of them were late again.|"
    "This is one of the oldest houses in town.|Do not forget to lock the door.|It takes about twenty minutes on foot.|"
    "More than a hundred people came to the fair.|The sooner we start, the better.|What a lovely day it is!|"
    "I have never seen such a big ship.|Could you tell me the way to the harbour?|It opens at nine and closes at six.|"
    "My favourite part was the end.|There are two of us and only one chair.|The lights went out, but nobody was afraid.|"
    "You can find us next to the post office.|Half of the bread is gone.|Each of the boxes has its own number.|"
    "Here is what we have to do.|The bridge will be repaired within three weeks.|Thank you for your kind letter."
).split("|")
TIMES = "on Monday|on Friday|at noon|at night|in spring|in the morning|next week|last year|every day|at 9|at 4 in the afternoon".split("|")


def noun_phrase(random: Random) -> str:
    roll = random.random()
    if roll < 0.15:
        return random.choice(PEOPLE)
    determiner = random.choice(["the", "the", "the", "our", "my", "your", "this", "every", "his", "her", "their"])
    if random.random() < 0.4:
        return f"{determiner} {random.choice(ADJECTIVES)} {random.choice(NOUNS)}"
    return f"{determiner} {random.choice(NOUNS)}"


def clause(random: Random) -> str:
    subject = noun_phrase(random) if random.random() < 0.7 else random.choice(PRONOUNS)
    form = random.randrange(8)
    if form == 0:
        text = f"{subject} {random.choice(VERBS_PAST)} {noun_phrase(random)}"
    elif form == 1:
        text = f"{subject} {random.choice(VERBS_PAST)} {random.choice(PREPOSITIONS)} {noun_phrase(random)}"
    elif form == 2:
        text = f"{subject} {random.choice(MODALS)} {random.choice(VERBS_BASE)} {noun_phrase(random)}"
    elif form == 3:
        be = {"I": "am", "you": "are", "we": "are", "they": "are"}.get(subject, "is")
        text = f"{subject} {be} {random.choice(['', 'very ', 'not ', 'so '])}{random.choice(ADJECTIVES)}"
    elif form == 4:
        text = f"there {random.choice(['is', 'was'])} {noun_phrase(random)} {random.choice(PREPOSITIONS)} {noun_phrase(random)}"
    elif form == 5:
        text = f"{subject} {random.choice(ADVERBS)} {random.choice(VERBS_PAST)} {noun_phrase(random)}"
    elif form == 6:
        done = random.choice([verb for verb in VERBS_PAST if verb.endswith("ed")])
        text = f"{subject} {random.choice(MODALS)} be {done} by {noun_phrase(random)}"
    else:
        text = f"{noun_phrase(random)} {random.choice(['has been', 'was', 'had been'])} {random.choice(PREPOSITIONS)} {noun_phrase(random)}"
    if random.random() < 0.2:
        text += f" {random.choice(TIMES)}"
    return text


def sentence(random: Random) -> str:
    """One sentence with a capital letter and an end mark."""
    form = random.random()
    if form < 0.06:
        return random.choice(FIXED)
    if form < 0.55:
        text = clause(random) + "."
    elif form < 0.7:
        text = f"{clause(random)}, {random.choice(['and', 'but', 'so', 'because', 'when', 'while'])} {clause(random)}."
    elif form < 0.8:
        text = f"{random.choice(INTERJECTIONS)}, {clause(random)}{random.choice('.!')}"
    elif form < 0.9:
        text = f"{random.choice(MODALS)} {random.choice(['you', 'we', 'they'])} {random.choice(VERBS_BASE)} {noun_phrase(random)}?"
    else:
        text = f"{random.choice(VERBS_BASE)} {noun_phrase(random)} {random.choice(TIMES)}{random.choice('.!')}"
    return text[0].upper() + text[1:]


def made_up_word(random: Random) -> str:
    """A word that means nothing: the tokenizer cuts it into its smaller pieces."""
    onsets = "b bl br c ch cl cr d dr f fl fr g gl gr h j k l m n p ph pl pr qu r s sc sh sk sl sm sn sp st str sw t th tr v w wh y z".split()
    middles = "a e i o u ai au ea ee ie oa oo ou ay ow".split()
    ends = "b ck d ff g l ll m mp n nd ng nk nt p r rd rm rn s sh ss st t tch th x ry ly er ing ed es le".split()
    word = random.choice(onsets) + random.choice(middles) + random.choice(ends)
    if random.random() < 0.5:
        word = random.choice(onsets) + random.choice(middles) + word
    return word.capitalize() if random.random() < 0.3 else word
