"""What a card of the page says when there is nothing to draw, nothing to add, or no place for a line."""

import math

from spektron.report.page import study_page
from spektron.report.values import Card, Figure, Marker, StudyReport


def page_of(card, verdict="V."):
    return study_page(StudyReport(study="a@1", title="b", status="cannot_tell", verdict=verdict, cards=(card,)))


def test_what_does_not_apply_stays_with_its_reason():
    page = page_of(Card(title="Model size", status="not_applicable", body="Not applicable, because of one size."))
    assert 'class="card not_applicable"' in page
    assert "Not applicable, because of one size." in page


def test_a_card_does_not_repeat_the_verdict():
    page = page_of(Card(title="t", body="It holds. More of it."), verdict="It holds.")
    assert page.count("It holds.") == 1
    assert "More of it." in page


def test_a_line_that_cannot_be_drawn_is_named():
    figure = Figure(name="f", title="F", x_label="x", y_label="y", markers=(Marker(label="floor", x=math.inf),))
    assert "No line for “floor”" in page_of(Card(title="t", figure=figure))
