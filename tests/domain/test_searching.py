"""Search by name, e-mail or phone: any script finds any other, numbers are found however they are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import BadInputError
from domain.matching import normal_phone
from domain.searching import AllOf, AnyOf, Condition, Has, matches, read_search, searchable
from domain.spellings import spellings, words

PHONE = "+353 87 123 4567"


def finds(search: str, name: str | None = None, email: str | None = None, phone: str | None = None) -> bool:
    asked = read_search(search, "IE")
    assert asked is not None
    return matches(asked, name, email, phone, "IE")


@pytest.mark.parametrize(
    ("search", "name"),
    [
        ("shchukin", "Иван Щукин"),
        ("Щукин", "Shchukin Junior"),
        ("schukin", "Щукин"),
        ("weiss", "Marta Weiß"),
        ("WEISS", "Marta Weiß"),
        ("Weiß", "Weiss"),
        ("aa", "Åse"),
        ("a", "Åse"),
        ("Åse", "Aase"),
        ("åse", "Ase"),
        ("mueller", "Müller"),
        ("muller", "Müller"),
        ("Müller", "Mueller"),
        ("soerensen", "Sørensen"),
        ("sorensen", "Sørensen"),
        ("Sørensen", "SOERENSEN"),
        ("kjaer", "Kjær"),
        ("blaabaergroed", "Blåbærgrød"),
        ("blabaergrod", "Blåbærgrød"),
        ("dostoyevskiy", "Фёдор Достоевский"),
        ("dostoevsky", "Фёдор Достоевский"),
        ("yulia", "Юлия"),
        ("iuliia", "Юлия"),
        ("Serhii", "Сергій"),
        ("Čedomir Nikolić", "Чедомир Николић"),
        ("istanbul", "İstanbul"),
        ("athina", "Αθήνα"),
        ("xiaoming", "王小明"),
        ("o'brien", "O’Brien"),
        ("obrien", "O'Brien"),
        ("brien o", "O Brien"),
        ("lüdenscheidt", "Müller-Lüdenscheidt"),
        ("muller-ludenscheidt", "Müller-Lüdenscheidt"),
        ("ivan shch", "Иван Щукин"),
        ("son", "Anderson"),
        ("42", "Customer 42"),
        ("Anna - Berlin", "Berlin, Anna"),
        ("j.smith", "J. Smith"),
        ("ivan@x.example", "ivan@x.example"),
        ("a\u030arhus", "Århus"),
    ],
)
def test_a_name_is_found_in_any_spelling(search: str, name: str) -> None:
    assert finds(search, name)


@pytest.mark.parametrize(
    ("search", "name"),
    [
        ("so", "Anderson"),
        ("baer", "Barbara"),
        ("anna berta", "Anna"),
        ("!?", "Anna"),
        ("🙂", "🙂"),
        ("42", "Customer 4"),
    ],
)
def test_what_is_not_in_a_name_does_not_find_it(search: str, name: str) -> None:
    assert not finds(search, name)


@pytest.mark.parametrize(
    "search", ["anna.b@x.example", "ANNA.B@X.EXAMPLE", "anna.b", "@x.example", "nna", "x.example", "анна"]
)
def test_an_email_is_found_by_a_part_of_it(search: str) -> None:
    assert finds(search, email="Anna.B@x.example")


@pytest.mark.parametrize(
    "search",
    [
        PHONE,
        "00353 87 1234567",
        "087 123 4567",
        "(087) 123-4567",
        "087123",
        "0871234567",
        "+353",
        "123 4567",
        "4567",
        "٠٨٧١٢٣٤٥٦٧",
    ],
)
def test_a_phone_is_found_in_any_notation_and_by_a_part_of_it(search: str) -> None:
    assert finds(search, phone=PHONE)
    assert finds(search, phone="353871234567" if search.startswith(("+", "00", "1", "4")) else "087 1234567")


def test_a_number_that_is_none_is_found_by_its_digits() -> None:
    assert finds("12-34", phone="ext. 1234")
    assert not finds("12", phone="ext. 9912")


def test_an_address_is_not_put_together_of_words_from_elsewhere() -> None:
    assert not finds("example.org", "Jørgen", "j@mail.example")
    assert not finds("ivan@", "Ivan", "i@x.example")
    assert finds("mail.example", "Jørgen", "j@mail.example")


def test_all_words_have_to_be_found_wherever_they_stand() -> None:
    assert finds("+353 87 ivan x.example", "Иван", "i@x.example", PHONE)
    assert not finds("+353 88 ivan", "Иван", None, PHONE)


def test_a_blank_search_asks_for_nothing_and_a_long_one_is_refused() -> None:
    assert read_search(" \t\n", None) is None
    with pytest.raises(BadInputError, match="200 characters, not 201"):
        read_search("a" * 201, None)


def leaves(condition: Condition) -> list[str]:
    if isinstance(condition, Has):
        return [condition.part]
    return [part for one in condition.conditions for part in leaves(one)]


anything = st.text(max_size=60)


@given(anything, anything, anything)
def test_whatever_is_written_can_be_kept_and_asked_for(name: str, email: str, phone: str) -> None:
    text = searchable(name, email, phone, normal_phone(phone, "DK"))
    assert text.encode()
    assert "\x00" not in text
    asked = read_search(name, "DK")
    assert asked is None or all(part.isprintable() and len(part) < 300 for part in leaves(asked))


@given(st.text(min_size=1, max_size=60))
def test_a_record_is_found_by_its_whole_name_email_and_phone(text: str) -> None:
    asked = read_search(text, "DK")
    if asked is None or asked == AnyOf(()):
        return
    assert matches(asked, text, None, None, "DK")


@given(st.text(alphabet=st.characters(categories=["L"]), min_size=1, max_size=12))
def test_every_spelling_of_a_name_finds_it(name: str) -> None:
    for word in words(name):
        assert len(spellings(word)) <= 24
        for spelling in spellings(word):
            assert spelling.isalnum()
            assert finds(spelling, name)


@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_plain_words_are_parted_as_any_others(text: str) -> None:
    assert words(text) == words(f"{text} é")[:-1]


@given(st.integers(20_000_000, 99_999_999), st.sampled_from(["{}", "+45{}", "0045 {}", "+45 ({})", "(+45) {}"]))
def test_a_number_at_home_is_found_however_it_is_written(number: int, form: str) -> None:
    asked = read_search(form.format(number), "DK")
    assert asked is not None
    assert matches(asked, None, None, f"+45 {number}", "DK")
    assert matches(asked, None, None, str(number), "DK")


def test_what_is_asked_is_a_tree_of_parts() -> None:
    assert read_search(" Åse åse", None) == AllOf((AllOf((AnyOf((Has("aase"), Has("ase"))),)),))
