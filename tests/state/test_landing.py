"""The price of a month follows the price of a minute."""

from kametrix.state.landing import examples


def test_examples_are_computed_from_the_rate() -> None:
    assert [(example.calls, example.price) for example in examples(15)] == [
        ("15 calls of 2 minutes", "$4.50"),
        ("40 calls of 3 minutes", "$18.00"),
        ("200 calls of 2 minutes", "$60.00"),
    ]
    assert examples(20)[1].price == "$24.00"
