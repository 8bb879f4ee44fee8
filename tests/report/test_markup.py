import json
import math
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spektron.report.markup import script_json, tag

JSON = st.recursive(st.text() | st.integers() | st.none(), lambda inner: st.dictionaries(st.text(), inner, max_size=3))


class Reader(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.elements, self.words = [], ""
        self.feed(html)
        self.close()

    def handle_starttag(self, name, attributes):
        self.elements.append((name, dict(attributes)))

    def handle_data(self, data):
        self.words += data


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"])))
def test_a_parser_reads_back_any_text_as_text(text):
    read = Reader(tag("p", text, tag("b", text), data_v=text))
    assert read.words == text * 2
    assert read.elements == [("p", {"data-v": text}), ("b", {})]


@given(JSON)
def test_script_json_reads_back_and_cannot_end_its_script(value):
    text = script_json(value)
    assert json.loads(text) == value
    assert not set("<>&\u2028\u2029") & set(text)


def test_script_json_refuses_what_json_does_not_have():
    with pytest.raises(ValueError, match="JSON"):
        script_json([math.nan])
