from typing import Any

import pytest

from api.rule_words import rule_in_words

LDC = {"kind": "country_scheme", "scheme": "un_ldc", "values": ["member"]}
NEW = {"kind": "first_time_user"}


def attribute(op: str, value: Any) -> dict[str, Any]:
    return {"kind": "attribute", "key": "open_to_all", "op": op, "value": value}


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (
            {"kind": "startup", "max_age_years": 1},
            "a small independent enterprise, at most 1 year old",
        ),
        ({"kind": "sme"}, "a small or medium enterprise (2003/361/EC)"),
        (LDC, "an organisation in one of the least developed countries (UN)"),
        (
            LDC | {"grace_days": 30},
            (
                "an organisation in one of the least developed countries (UN), "
                "or that left it at most 30 days ago"
            ),
        ),
        (
            {"kind": "country_scheme", "scheme": "wb_income", "values": ["low", "lower_middle"]},
            ("an organisation in a country whose income group (World Bank) is low or lower middle"),
        ),
        (attribute("eq", value=True), "an organisation whose open to all is yes"),
        (attribute("in", ["a", 2]), "an organisation whose open to all is one of a, 2"),
        (attribute("ge", 3), "an organisation whose open to all is at least 3"),
        (
            {"kind": "all", "rules": [NEW, {"kind": "any", "rules": [NEW, attribute("lt", 3)]}]},
            (
                "an organisation without any booking before and also (an organisation without "
                "any booking before or an organisation whose open to all is below 3)"
            ),
        ),
    ],
)
def test_rule_in_words__each_kind__is_a_plain_sentence(rule: dict[str, Any], words: str) -> None:
    assert rule_in_words(rule) == words
