"""Words as the built-in receptionist compares them, in English and German."""

import re
from collections.abc import Iterable

FAMILIES = {
    "price": "price prices cost costs much charge fee fees expensive cheap rate rates preis preise kosten kostet teuer gebühr gebühren",
    "hours": "open opens opened opening hours hour close closes closed closing geöffnet öffnungszeiten öffnet offen schließt auf",
    "place": "where address located location directions find wo adresse anfahrt standort",
    "park": "park parking car garage parken parkplatz parkplätze auto",
    "services": "service services offer offers provide leistung leistungen bieten anbieten angebot angebote behandlungen",
    "visit": "appointment appointments book booking schedule reschedule slot termin termine buchen vereinbaren",
    "insurance": "insurance insured insurer versicherung kasse krankenkasse",
    "pay": "pay payment card cards cash invoice zahlen bezahlen karte bar rechnung",
}
FAMILY_OF = {word: family for family, words in FAMILIES.items() for word in words.split()}
EMPTY_WORDS = """
    a an the and or but so to of in on at for with is are am was were be been do does did have has had you your yours i me my we our it its
    this that these those what when who how which can could would will shall should may might please hi hello hey there just also if about
    any some one get got want like need know tell say said ask yes no ok okay thanks thank well oh usually really maybe more than very me
    der die das ein eine einen einem einer und oder aber zu in im am an auf für mit ist sind war bin sie ihr ihre ihnen ihren ich mich mir
    mein meine wir uns es dies diese was wann wer wie welche kann könnte könnten würde bitte hallo guten tag morgen denn mal auch bei von
    den dem haben hat habe ja nein danke ungefähr gern gerne noch
"""
GERMAN_WORDS = """
    und ich sie ist nicht bitte der die das ein eine wann was wie haben guten tag danke auf wiederhören termin geöffnet mir mich ihnen
"""
EMPTY = set(EMPTY_WORDS.split()) - {"auf"}
GERMAN = set(GERMAN_WORDS.split())


def words_of(text: str) -> list[str]:
    """Lower-case words, apostrophes gone."""
    return re.findall(r"[^\W_]+", text.lower().replace("’", "'").replace("'", ""))


def meaning(text: str) -> set[str]:
    """The words that carry meaning, each as its family or itself."""
    return {FAMILY_OF.get(word, word) for word in words_of(text) if word in FAMILY_OF or word not in EMPTY}


def alike(one: str, other: str) -> bool:
    """The same word, or the same stem: Saturdays and Saturday, whitening and whiten."""
    if one == other:
        return True
    shared = min(len(one), len(other))
    return shared >= 4 and one[: max(4, shared - 2)] == other[: max(4, shared - 2)]


def shared(mine: Iterable[str], theirs: Iterable[str]) -> int:
    """How many of my words they have too."""
    theirs = list(theirs)
    return sum(any(alike(word, other) for other in theirs) for word in mine)


def looks_german(text: str) -> bool:
    """Whether at least two words, or a third of all, are German."""
    found = words_of(text)
    count = sum(word in GERMAN for word in found)
    return count >= 2 or (bool(found) and count / len(found) > 1 / 3)


def says(text: str, phrases: Iterable[str]) -> bool:
    """Whether any phrase stands in the text as whole words."""
    plain = f" {' '.join(words_of(text))} "
    return any(f" {phrase} " in plain for phrase in phrases)
