"""Telephone numbers as people type them."""

from __future__ import annotations

import pytest

from helpdesk.text import telephone


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("+13125550100", "+13125550100"),
        (" +1 (312) 555-0100 ", "+13125550100"),
        ("0049 151.1234/5678", "+4915112345678"),
        ("3125550100", ""),
        ("+0 312 555 0100", ""),
        ("+12345", ""),
        ("+1234567890123456", ""),
        ("+1312555010x", ""),
        ("+١٢٣٤٥٦٧٨", ""),
        ("+------", ""),
        ("", ""),
    ],
)
def test_a_number_is_written_as_providers_name_it(typed, number):
    assert telephone.e164(typed) == number
