from kametrix.services.voices import BY_ID, VOICES

RETIRED = {"Spencer", "Neha", "Harry", "Cole", "Paige", "Hana", "Lily", "Kylie"}


def test_every_voice_is_current_and_described_once() -> None:
    assert len(BY_ID) == len(VOICES) >= 12
    assert not BY_ID.keys() & RETIRED
    assert all(voice.description.endswith(".") and voice.name for voice in VOICES)
    assert len({voice.description for voice in VOICES}) == len(VOICES)
