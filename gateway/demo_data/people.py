# ruff: noqa: RUF001 - letters of other scripts are the point
"""Made-up customers: names in many scripts, addresses that lead nowhere, phone numbers that nobody has."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

T = TypeVar("T")
#: A number from 0 up to 1, the next of its row.
Draw = Callable[[], float]


class Person(NamedTuple):
    name: str | None
    email: str | None
    phone: str | None
    address: str
    area: str
    #: The name in ASCII, as it stands in an e-mail address.
    ascii_name: str


class Culture(NamedTuple):
    """Hold *given* and *family* names, each as written and in ASCII; *form* puts them together."""

    weight: int
    given: tuple[tuple[str, str], ...]
    family: tuple[tuple[str, str], ...]
    form: str = "{given} {family}"


def _names(text: str) -> tuple[tuple[str, str], ...]:
    """Read `name` or `name/ascii`, separated by spaces."""
    pairs = (word.partition("/") for word in text.split())
    return tuple((name, ascii_name or name.lower()) for name, _, ascii_name in pairs)


_CULTURES = (
    Culture(
        46,
        _names(
            "Anna Søren/soeren Åse/aase Mette Jørgen/joergen Lærke/laerke Niels Bjørn/bjoern Freja Mikkel Sofie "
            "Øjvind/oejvind Karen Rasmus Ida Emil Maja Søs/soes Lars Astrid"
        ),
        _names(
            "Jensen Sørensen/soerensen Nørgaard/noergaard Østergaard/oestergaard Møller/moeller Kjær/kjaer Holm "
            "Bækgaard/baekgaard Dahl Åkesson/aakesson Lund Skov Thygesen Bruun Winther Højgaard/hoejgaard"
        ),
    ),
    Culture(
        10,
        _names("Jürgen/juergen Käthe/kaethe François/francois Zoë/zoe Hélène/helene Björk/bjork Jón/jon"),
        _names("Müller/mueller Weiß/weiss Lefèvre/lefevre O'Brien/obrien Þórsdóttir/thorsdottir Núñez/nunez"),
    ),
    Culture(
        9,
        _names("Łukasz/lukasz Małgorzata/malgorzata Jiří/jiri Žofie/zofie İpek/ipek Şükrü/sukru Ștefan/stefan"),
        _names("Wójcik/wojcik Dvořák/dvorak Çelik/celik Yıldız/yildiz Țurcanu/turcanu Horváth/horvath Šimić/simic"),
    ),
    Culture(
        3,
        _names("Thị/thi Đức/duc Hồng/hong Quân/quan"),
        _names("Nguyễn/nguyen Trần/tran Phạm/pham Đặng/dang"),
        "{family} {given}",
    ),
    Culture(
        8,
        _names("Анна/anna Сергей/sergei Щукарь/shchukar Юлія/yuliia Ольга/olga Їжак/yizhak Дмитро/dmytro Жанна/zhanna"),
        _names(
            "Щукин/shchukin Шевченко/shevchenko Іваненко/ivanenko Ёлкин/yolkin Чайка/chaika Петрова/petrova Ґудзь/gudz"
        ),
    ),
    Culture(
        5,
        _names("Ελένη/eleni Γιώργος/giorgos Σίσυφος/sisyfos Ουρανία/ourania Άγγελος/angelos"),
        _names("Παπαδόπουλος/papadopoulos Οικονόμου/oikonomou Ξένος/xenos Ψαλτίδη/psaltidi"),
    ),
    Culture(
        6,
        _names("فاطمة/fatima محمد/mohammed ليلى/layla يوسف/yusuf نور/nour أحمد/ahmed"),
        _names("الحسن/alhassan خوري/khoury حداد/haddad النجار/alnajjar منصور/mansour"),
    ),
    Culture(2, _names("נועה/noa יעקב/yaakov מרים/miriam"), _names("כהן/cohen לוי/levi מזרחי/mizrahi")),
    Culture(
        5,
        _names("伟/wei 小明/xiaoming 芳/fang 静怡/jingyi 建国/jianguo 丽/li"),
        _names("王/wang 李/li 欧阳/ouyang 陈/chen 诸葛/zhuge"),
        "{family}{given}",
    ),
    Culture(
        3,
        _names("さくら/sakura 健太/kenta ユキ/yuki 太郎/taro"),
        _names("山田/yamada 佐藤/sato 髙橋/takahashi 渡邊/watanabe"),
        "{family} {given}",
    ),
    Culture(
        2, _names("민준/minjun 서연/seoyeon 지우/jiwoo"), _names("김/kim 이/lee 박/park 최/choi"), "{family}{given}"
    ),
    Culture(2, _names("प्रिया/priya अर्जुन/arjun लक्ष्मी/lakshmi"), _names("शर्मा/sharma सिंह/singh पटेल/patel")),
    Culture(1, _names("สมชาย/somchai มาลี/malee"), _names("ใจดี/jaidee ทองคำ/thongkham")),
    Culture(
        1,
        _names("ნინო/nino გიორგი/giorgi Արմեն/armen"),
        _names("ბერიძე/beridze კაპანაძე/kapanadze Պետրոսյան/petrosyan"),
    ),
)
_BY_WEIGHT = tuple(culture for culture in _CULTURES for _ in range(culture.weight))
_COMPANIES = (
    "Café Æblehaven ApS", "Kontor & Co.", "Ørsted Tandklinik", "Bageri Smørkagen", "Ejerforeningen Fjorden 3-7",
    "Atelier Señorita", "Bogladen “Ordet”", "ООО Ромашка", "東京ラーメン", "Ταβέρνα Ακρόπολη",
)  # fmt: skip
_STREETS = (
    "Æblevej", "Birkegade", "Cedervænget", "Enghavestien", "Fjordgade", "Gråbrødregade", "Havnepladsen", "Kløvermarken",
    "Lærkestien", "Mølledamsvej", "Nyhavnsstræde", "Rosenkæret", "Søndre Allé", "Tulipanvej", "Åboulevarden",
)  # fmt: skip
AREAS = (
    "Østerbro",
    "Nørrebro",
    "Vesterbro",
    "Amager",
    "Frederiksberg",
    "Valby",
    "Hellerup",
    "Gentofte",
    "Lyngby",
    "Brønshøj",
)
_DOMAINS = ("example.com", "example.org", "example.net", "mail.example", "post.example")
#: One number, written as people write it.
_PHONE_FORMS = (
    "+45{0}{1}{2}{3}",
    "+45{0}{1}{2}{3}",
    "+45 {0} {1} {2} {3}",
    "{0} {1} {2} {3}",
    "{0}{1}{2}{3}",
    "0045{0}{1}{2}{3}",
)


def pick(draw: Draw, among: Sequence[T]) -> T:
    return among[int(draw() * len(among))]


def chance(draw: Draw, share: float) -> bool:
    return draw() < share


def make_person(number: int, draw: Draw) -> Person:
    """Make the customer with this *number*, which makes e-mail address and phone number theirs alone.

    Some have no name, no e-mail, no phone; some write them in a way of their own.
    """
    culture = pick(draw, _BY_WEIGHT)
    given, given_ascii = pick(draw, culture.given)
    family, family_ascii = pick(draw, culture.family)
    ascii_name = f"{given_ascii}.{family_ascii}"
    name: str | None = culture.form.format(given=given, family=family)
    if chance(draw, 0.03):
        name = f"{pick(draw, _COMPANIES)} ({family})"
    elif chance(draw, 0.012):
        name = None
    email = f"{ascii_name}{number}@{pick(draw, _DOMAINS)}"
    if chance(draw, 0.03):
        email = email.title()
    street = f"{pick(draw, _STREETS)} {1 + int(draw() * 120)}"
    return Person(
        name=name,
        email=None if chance(draw, 0.07) else email,
        phone=None if chance(draw, 0.09) else write_phone(number, pick(draw, _PHONE_FORMS)),
        address=street,
        area=pick(draw, AREAS),
        ascii_name=ascii_name,
    )


def write_phone(number: int, form: str = _PHONE_FORMS[0]) -> str:
    """Write a Danish number that nobody has: none of eight digits begins with 1."""
    digits = f"{10_000_000 + number % 9_000_000}"
    return form.format(digits[0:2], digits[2:4], digits[4:6], digits[6:8])
