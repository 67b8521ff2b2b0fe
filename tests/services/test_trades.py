"""Every template is a start an owner would accept: complete, within the form, spoken, honest about what it cannot know."""

import re
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from kametrix.services import texts, trades
from kametrix.services.agent_form import AgentForm, blanks, checked, unfilled
from kametrix.services.prompts import compose
from kametrix.services.trades import Trade, trade_of
from tests.forms import agent_form

ROOT = Path(__file__).parent.parent.parent
ALL = [(language, trade) for language in texts.LANGUAGES for trade in (*trades.trades(language), trades.general(language))]
each_trade = pytest.mark.parametrize(("language", "trade"), ALL, ids=lambda value: value.key if isinstance(value, Trade) else value)
NAMED = {
    "en": {"emergency": "emergency", "cancel": "(?i)cancel", "privacy": "Privacy: Never"},
    "de": {"emergency": "Notruf|Notdienst", "cancel": "(?i)absag|abzusag|stornier", "privacy": "Datenschutz: (Keine|Niemandem|Nie)"},
}


def form_of(language: str, trade: Trade) -> AgentForm:
    return agent_form(
        language=language, description=trade.description or "A business.", services=trade.services, hours=trade.hours,
        greeting=trade.greeting, end_call_message=trade.end_call_message, faqs=trade.faqs, policies=trade.policies,
    )  # fmt: skip


def spoken(trade: Trade) -> str:
    told = (*trade.services, trade.hours, trade.description, *(f"{pair.question} {pair.answer}" for pair in trade.faqs))
    return "\n".join(told)


@each_trade
def test_a_template_passes_the_form_and_fits_the_prompt(language: str, trade: Trade) -> None:
    form = checked(form_of(language, trade))
    assert form.faqs == trade.faqs
    assert form.policies == trade.policies
    assert compose(form)


@each_trade
def test_a_template_is_complete(language: str, trade: Trade) -> None:
    assert 6 <= len(trade.faqs) <= 10
    assert len({pair.question for pair in trade.faqs}) == len(trade.faqs)
    assert all(pair.question.endswith("?") for pair in trade.faqs)
    for name, words in NAMED[language].items():
        assert re.search(words, trade.policies), name
    if trade.key != "general":
        assert 6 <= len(trade.services) <= 10
        assert trade.names
        assert trade.hints


@each_trade
def test_answers_are_spoken_not_written(language: str, trade: Trade) -> None:
    assert not re.search(r"[*•#/&€$%|<>{}@_\"]|https?|www\.", spoken(trade) + trade.policies)
    for pair in trade.faqs:
        assert "\n" not in pair.answer
        assert len(pair.answer) <= 260, pair.question
        assert len(re.findall(r"[.!?](?:\s|\]|$)", pair.answer)) <= 4, pair.question


@each_trade
def test_no_price_or_address_is_invented(language: str, trade: Trade) -> None:
    told = " ".join(pair.answer for pair in trade.faqs) + trade.policies
    assert not re.search(r"\d", told)
    assert blanks(told) or trade.key in ("real_estate",)


@each_trade
def test_names_stand_only_where_the_form_fills_them(language: str, trade: Trade) -> None:
    for text in (trade.greeting, trade.end_call_message):
        assert set(re.findall(r"\{.*?\}", text)) <= {"{businessName}", "{agentName}"}
    assert "{businessName}" in trade.greeting
    assert "{agentName}" in trade.greeting


@pytest.mark.parametrize("trade", [trade for language, trade in ALL if language == "de"], ids=lambda trade: trade.key)
def test_german_is_polite(trade: Trade) -> None:
    assert not re.search(r"\b(du|dir|dich|dein\w*|euch|euer|eure\w*|ihr)\b", spoken(trade) + trade.policies + trade.greeting)
    assert re.search(r"\b(Sie|Ihnen)\b", trade.greeting)


@pytest.mark.parametrize("key", [*trades.ICONS, "general"])
def test_both_languages_say_the_same(key: str) -> None:
    first, second = (next(trade for spoken, trade in ALL if spoken == language and trade.key == key) for language in ("en", "de"))
    assert len(first.services) == len(second.services)
    assert first.policies.count("\n") == second.policies.count("\n")
    assert [len(blanks(pair.answer)) for pair in first.faqs] == [len(blanks(pair.answer)) for pair in second.faqs]
    assert first.title != second.title or key == "restaurant"


def test_there_are_eighteen_trades_with_icons_that_exist() -> None:
    assert len(trades.trades("en")) == 18
    known = Path(str(import_module("reflex_components_lucide.icon").__file__)).read_text()
    assert all(f'"{icon.replace("-", "_")}"' in known for icon in trades.ICONS.values())
    assert len(set(trades.ICONS.values())) == 18


def test_no_file_of_texts_is_unused_and_all_are_packaged() -> None:
    for language in texts.LANGUAGES:
        files = {path.stem for path in (ROOT / "kametrix" / "services" / "trade_texts" / language).iterdir()}
        assert files == {*trades.ICONS, "general"}
    packaged = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    assert "trade_texts/*/*.toml" in packaged["kametrix.services"]


def test_a_language_we_do_not_speak_gets_english() -> None:
    assert trades.trades("fr") == trades.trades("en")
    assert trades.general("../../models") == trades.general("en")
    assert trades.by_key("../general", "en") is None


def test_blanks_are_told_at_their_field() -> None:
    trade = trades.by_key("dentist", "en")
    assert trade
    told = unfilled(form_of("en", trade))
    assert told["faqs.4.answer"].startswith("Still to confirm or fill in: [price].")
    assert "faqs.0.answer" not in told
    assert unfilled(agent_form()) == {}


SENTENCES = {
    "en": {
        "dentist": "We are a family dental practice in Oak Park, offering check-ups, fillings and implants.",
        "doctor": "Dr. Whitlock runs a small family medicine clinic with vaccinations and check-ups for all ages.",
        "physiotherapy": "Physiotherapy and manual therapy after sports injuries",
        "veterinary": "Small animal hospital: we look after dogs, cats and rabbits",
        "hair": "Trendy barbershop. Cuts, beard trims and hot towel shaves.",
        "beauty": "I run a nail salon with two colleagues, mostly manicures, pedicures and gel.",
        "fitness": "Yoga studio with twelve classes a week and a free trial session",
        "restaurant": "Italian trattoria with a terrace; lunch and dinner, pizza from a wood oven",
        "hotel": "A boutique hotel with 24 rooms near the station, breakfast included",
        "plumbing": "Emergency plumber for burst pipes, blocked drains and boilers",
        "electrician": "Local electricians: rewiring, fuse boxes, EV chargers and solar",
        "car_workshop": "Independent car repair shop, all makes, MOT, tyres and brakes",
        "cleaning": "Office cleaning and window cleaning for companies in the city",
        "lawyer": "We are a law firm for employment law and family law",
        "tax": "Bookkeeping and tax returns for freelancers, payroll for small companies",
        "real_estate": "Estate agents for flats and houses, sales and lettings, viewings every day",
        "photographer": "Wedding photographer, also portraits and family photos",
        "shop": "Independent bookshop selling books, gifts and cards",
    },
    "de": {
        "dentist": "Wir sind eine Zahnarztpraxis in Köln mit Schwerpunkt Implantate und Prophylaxe.",
        "doctor": "Hausärztliche Gemeinschaftspraxis, Vorsorge, Impfungen und Hausbesuche",
        "physiotherapy": "Praxis für Physiotherapie: Krankengymnastik, Lymphdrainage und Massage",
        "veterinary": "Kleintierpraxis für Hunde, Katzen und Kaninchen",
        "hair": "Friseurmeisterin in dritter Generation, Färben, Strähnen, Hochsteckfrisuren",
        "beauty": "Mein Kosmetikstudio bietet Gesichtsbehandlungen, Wimpern und Maniküre.",
        "fitness": "Fitnessstudio mit Kursen, Sauna und Probetraining",
        "restaurant": "Gasthaus mit Biergarten und gutbürgerlicher Küche",
        "hotel": "Familiengeführte Pension mit zwölf Zimmern und Frühstück",
        "plumbing": "Meisterbetrieb für Sanitär und Heizung, Badsanierung und Wärmepumpen",
        "electrician": "Elektroinstallationen, Photovoltaik und Wallboxen",
        "car_workshop": "Freie Kfz-Werkstatt: Inspektion, Reifen, Bremsen, TÜV",
        "cleaning": "Gebäudereinigung für Büros und Treppenhäuser",
        "lawyer": "Kanzlei für Arbeitsrecht und Mietrecht, zwei Rechtsanwältinnen",
        "tax": "Steuerberaterin für Selbstständige: Buchhaltung, Jahresabschluss, Steuererklärung",
        "real_estate": "Immobilienmakler für Wohnungen und Häuser, Verkauf und Vermietung",
        "photographer": "Fotografin für Hochzeiten, Porträts und Bewerbungsfotos",
        "shop": "Kleine Buchhandlung mit ausgesuchtem Sortiment und Geschenken",
    },
}


@pytest.mark.parametrize(
    ("language", "key", "sentence"), [(language, key, text) for language, known in SENTENCES.items() for key, text in known.items()]
)
def test_a_description_tells_the_trade(language: str, key: str, sentence: str) -> None:
    for said in (sentence, sentence.upper(), sentence.replace(" ", "\n")):
        found = trade_of(said, language)
        assert found
        assert found.key == key


def test_every_trade_is_recognized_in_its_own_words() -> None:
    for language in texts.LANGUAGES:
        for trade in trades.trades(language):
            assert trade_of(f"{trade.title}. {trade.description} {', '.join(trade.services)}", language) == trade


@pytest.mark.parametrize(
    "sentence",
    [
        "", " \n", "We help people.", "A small family business since 1950", "Consulting for software companies", "Great service!",
        "Hotel and restaurant on the lake", "hairy problems, menus and tablets",
        "Wir sind ein kleines Familienunternehmen.", "\x00\ud800{{ trade }}", "cat", "a" * 4000,
    ],
)  # fmt: skip
def test_no_trade_is_guessed(sentence: str) -> None:
    assert trade_of(sentence, "en") is None
    assert trade_of(sentence, "de") is None
