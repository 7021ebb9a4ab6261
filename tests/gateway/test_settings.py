"""What the environment and `.env` make of the settings, and how every fault in them is named."""

import os
from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from domain.errors import SourceUnavailableError, StartError
from gateway.setting_kinds import host_and_port
from gateway.settings import SETTINGS, Settings, read_settings, settings_table
from sources.mongo import MongoSource
from sources.profile_reading import read_profile

REPOSITORY = Path(__file__).parents[2]
SECRET = "0123456789abcdef0123456789abcdef"


def faults(**environ: str) -> tuple[str, ...]:
    with pytest.raises(StartError) as caught:
        read_settings(environ, env_file=None)
    return caught.value.faults


def fault(**environ: str) -> str:
    (only,) = faults(**environ)
    return only


# ── where they come from ──


def test_nothing_given_means_the_defaults() -> None:
    assert read_settings({}, env_file=None) == Settings()


def test_every_setting_is_read_into_its_field() -> None:
    settings = read_settings(
        {
            "GATEWAY_POSTGRES_URL": "postgresql://u:p@db:5433/crm",
            "GATEWAY_MONGO_URL": "mongodb://u:p@db:27018/accounts",
            "GATEWAY_PROFILE": "grocer",
            "GATEWAY_HOST": "0.0.0.0",  # noqa: S104 - read, not bound
            "GATEWAY_PORT": "8080",
            "GATEWAY_WORKERS": "4",
            "GATEWAY_STOP_SECONDS": "12.5",
            "GATEWAY_METRICS_ADDRESS": "9464",
            "GATEWAY_JWT_SECRET": SECRET,
            "GATEWAY_JWKS_URL": "https://issuer.test/keys",
            "GATEWAY_JWKS_SECONDS": "60",
            "GATEWAY_JWT_ISSUER": "https://issuer.test/",
            "GATEWAY_JWT_AUDIENCE": "gateway",
            "GATEWAY_MAX_PAGE": "250",
            "GATEWAY_STORE_SECONDS": "2.5",
            "GATEWAY_COUNT_SECONDS": "60",
            "GATEWAY_COUNT_RECORDS": "5000",
            "GATEWAY_INDEX_SECONDS": "0",
            "GATEWAY_SMTP_URL": "smtp://u:p@mail.test:2525",
            "GATEWAY_SMTP_FROM": "The Shop <shop@mail.test>",
            "GATEWAY_ACCOUNT_URL": "https://shop.test/{purpose}#{token}",
            "GATEWAY_PUBLIC_URL": "https://gateway.test/api",
            "GATEWAY_MAX_BODY": "2048",
            "GATEWAY_CORS_ORIGINS": "https://a.test, http://localhost:3000",
            "GATEWAY_DOCUMENTS": "documents.json",
            "GATEWAY_INTROSPECTION": "nobody",
            "GATEWAY_MAX_TOKENS": "5000",
            "GATEWAY_MAX_DEPTH": "12",
            "GATEWAY_MAX_ALIASES": "7",
            "GATEWAY_MAX_ROOT_FIELDS": "9",
            "GATEWAY_MAX_DIRECTIVES": "3",
            "GATEWAY_MAX_FRAGMENTS": "40",
            "GATEWAY_MAX_INTROSPECTION": "2",
            "GATEWAY_MAX_LIST": "77",
            "GATEWAY_MAX_COST": "999",
            "GATEWAY_REQUEST_SECONDS": "12.5",
            "GATEWAY_MAX_AT_ONCE": "5",
            "GATEWAY_RATE": "60",
        },
        env_file=None,
    )

    assert settings == Settings(
        postgres_url="postgresql+asyncpg://u:p@db:5433/crm",
        mongo_url="mongodb://u:p@db:27018/accounts",
        profile="grocer",
        host="0.0.0.0",  # noqa: S104
        port=8080,
        workers=4,
        stop_seconds=12.5,
        metrics_address="127.0.0.1:9464",
        jwt_secret=SECRET,
        jwks_url="https://issuer.test/keys",
        jwks_seconds=60.0,
        jwt_issuer="https://issuer.test/",
        jwt_audience="gateway",
        max_page=250,
        store_timeout=2.5,
        count_seconds=60.0,
        count_records=5000,
        index_seconds=0.0,
        smtp_url="smtp://u:p@mail.test:2525",
        smtp_from="The Shop <shop@mail.test>",
        account_url="https://shop.test/{purpose}#{token}",
        public_url="https://gateway.test/api",
        max_body=2048,
        cors_origins=("https://a.test", "http://localhost:3000"),
        documents="documents.json",
        introspection="nobody",
        max_tokens=5000,
        max_depth=12,
        max_aliases=7,
        max_root_fields=9,
        max_directives=3,
        max_fragments=40,
        max_introspection=2,
        max_list=77,
        max_cost=999,
        request_seconds=12.5,
        max_at_once=5,
        rate=60,
    )


def test_the_environment_wins_over_the_file_and_is_left_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("GATEWAY_PORT=1111\nexport GATEWAY_PROFILE='grocer'\nOTHER=1\n")
    for name in [name for name in os.environ if name.startswith("GATEWAY_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GATEWAY_PORT", "2222")
    before = dict(os.environ)

    settings = read_settings(env_file=env_file)

    assert (settings.port, settings.profile) == (2222, "grocer")
    assert dict(os.environ) == before


def test_the_file_is_dot_env_in_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("GATEWAY_PORT=1111\n")
    monkeypatch.chdir(tmp_path)

    assert read_settings({}).port == 1111


def test_a_missing_file_is_no_fault(tmp_path: Path) -> None:
    assert read_settings({}, env_file=tmp_path / ".env") == Settings()


def test_a_file_that_is_no_text_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"GATEWAY_PROFILE=\xff\xfe\n")

    with pytest.raises(StartError, match="cannot be read as text"):
        read_settings({}, env_file=tmp_path / ".env")


def test_the_file_is_taken_as_it_stands(tmp_path: Path) -> None:
    """A byte order mark hides no setting, and `${…}` in a secret stays what it is."""
    secret = "${HOME}" + SECRET
    (tmp_path / ".env").write_text(f"\ufeffGATEWAY_JWT_SECRET={secret}\n", encoding="utf-8")

    assert read_settings({}, env_file=tmp_path / ".env").jwt_secret == secret


@pytest.mark.parametrize("name", [setting.name for setting in SETTINGS])
def test_an_empty_value_counts_as_not_given(name: str, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"{name}\n")

    assert read_settings({name: ""}, env_file=None) == Settings()
    assert read_settings({}, env_file=tmp_path / ".env") == Settings()


def test_an_empty_value_in_the_environment_takes_back_the_files(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("GATEWAY_PORT=1111\n")

    assert read_settings({"GATEWAY_PORT": ""}, env_file=tmp_path / ".env").port == Settings().port


# ── faults ──


def test_all_faults_are_named_in_one_error(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("GATEWAY_MAX_PAGE=0\nGATEWAY_PROT=1\n")

    with pytest.raises(StartError) as caught:
        read_settings({"GATEWAY_PORT": "80x", "GATEWAY_STORE_SECONDS": "-1"}, env_file=tmp_path / ".env")

    assert caught.value.faults == (
        "GATEWAY_PROT is not a setting; did you mean GATEWAY_PORT?",
        "GATEWAY_PORT is '80x'; expected a whole number from 1 to 65535",
        "GATEWAY_MAX_PAGE is '0'; expected a whole number from 1 to 10000",
        "GATEWAY_STORE_SECONDS is '-1'; expected a number of seconds above 0, up to 3600",
    )


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("GATEWAY_PORT", ["0", "65536", "-1", "8000.0", "http", "9" * 5000]),
        ("GATEWAY_MAX_PAGE", ["0", "10001", "ten"]),
        ("GATEWAY_WORKERS", ["0", "257", "-1", "two", "1.5"]),
        ("GATEWAY_STOP_SECONDS", ["0", "-1", "nan", "3601", "soon"]),
        (
            "GATEWAY_METRICS_ADDRESS",
            ["0", "65536", "host", ":", "host:", "http://host:1", "::1:9464", "[::1]", "[10.0.0.1]:9464", "a b:1"],
        ),
        ("GATEWAY_STORE_SECONDS", ["0", "-1", "nan", "inf", "3601", "5s"]),
        ("GATEWAY_COUNT_SECONDS", ["0", "nan", "soon"]),
        ("GATEWAY_COUNT_RECORDS", ["0", "1000000001", "2e6"]),
        ("GATEWAY_INDEX_SECONDS", ["-1", "nan", "86401", "often"]),
        ("GATEWAY_MAX_BODY", ["1023", "104857601", "1 MiB"]),
        ("GATEWAY_MAX_DEPTH", ["0", "101", "deep"]),
        ("GATEWAY_MAX_COST", ["0", "1.5"]),
        ("GATEWAY_RATE", ["-1", "1/s"]),
        ("GATEWAY_REQUEST_SECONDS", ["0", "nan"]),
        ("GATEWAY_JWKS_SECONDS", ["0", "nan", "86401"]),
        ("GATEWAY_SMTP_FROM", ["shop", "shop@mail.test, other@mail.test", "<>"]),
        (
            "GATEWAY_ACCOUNT_URL",
            [
                "https://shop.test/",
                "http://shop.test/{token}",
                "https://{token}.test/",
                "{token}",
                "https://a/{token}{b}",
            ],
        ),
        (
            "GATEWAY_PUBLIC_URL",
            ["gateway.test", "http://gateway.test", "https://gateway.test?a", "https://u:p@gateway.test"],
        ),
        ("GATEWAY_HOST", ["localhost:8000", "http://localhost", "[::1]", "-x", "a b", "256.1.1.1:1"]),
    ],
)
def test_a_wrong_value_is_named_with_what_was_given(name: str, texts: list[str]) -> None:
    for text in texts:
        said = fault(**{name: text})
        assert said.startswith(f"{name} is '{text[:10]}")
        assert "; expected a" in said


@pytest.mark.parametrize("host", ["localhost", "gateway.internal", "my_host", "127.0.0.1", "::1", "::", "fe80::1%eth0"])
def test_a_host_is_a_name_or_an_address(host: str) -> None:
    assert read_settings({"GATEWAY_HOST": host}, env_file=None).host == host


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("GATEWAY_JWT_SECERT", "GATEWAY_JWT_SECRET"),
        ("GATEWAY_POSTGRESQL_URL", "GATEWAY_POSTGRES_URL"),
        ("GATEWAY_MAXPAGE", "GATEWAY_MAX_PAGE"),
    ],
)
def test_an_unknown_name_is_a_fault_whose_value_is_not_shown(name: str, near: str) -> None:
    assert fault(**{name: "hunter2"}) == f"{name} is not a setting; did you mean {near}?"


def test_a_name_like_no_other_gets_no_suggestion() -> None:
    assert fault(GATEWAY_QQQQQQQQQQQQ="1") == "GATEWAY_QQQQQQQQQQQQ is not a setting"


def test_open_does_not_come_from_the_environment() -> None:
    assert fault(GATEWAY_OPEN="1").startswith("GATEWAY_OPEN is not a setting")


def test_the_variables_of_the_tests_are_no_fault() -> None:
    environ = {"GATEWAY_TEST_MONGO_URL": "x", "GATEWAY_CHROMIUM": "/bin/true", "HOME": "/", "gateway_port": "1"}

    assert read_settings(environ, env_file=None) == Settings()


# ── secrets ──


@pytest.mark.parametrize(
    "url",
    [
        "postgres://u:hunter2@host",
        "postgres://u:hunter2@host/",
        "postgres://u:x@y@hunter2:port/db",
        "postgresql://host:hunter2",
        "postgresql://u:hunter2?@host",
        "postgresql://host/?password=hunter2@hunter2",
        "postgresql://u:hunter2@host:99999/db",
        "postgresql+psycopg2://u:hunter2@host/db",
        "mysql://u:hunter2@host/db",
        "u:hunter2@host/db",
        "u:hunter2://host/db",
    ],
)
def test_no_password_is_shown_of_a_wrong_url(url: str) -> None:
    for name in ("GATEWAY_POSTGRES_URL", "GATEWAY_MONGO_URL"):
        said = fault(**{name: url})
        assert said.startswith(f"{name} is ")
        assert "hunter2" not in said


def test_a_wrong_url_is_named_by_its_scheme() -> None:
    assert fault(GATEWAY_POSTGRES_URL="mysql://u:p@host/db") == (
        "GATEWAY_POSTGRES_URL is mysql://… (not shown further); "
        "expected postgresql://user:password@host:5432/database, with the name of the database, "
        "and no options but host, port and sslmode"
    )


@pytest.mark.parametrize(
    "secret",
    [
        "hunter2",
        SECRET[:31],
        "ssh-rsa " + SECRET,
        f"-----BEGIN PUBLIC KEY-----\n{SECRET}\n-----END PUBLIC KEY-----",
        "\udcff" * 32,
    ],
)
def test_a_secret_that_signs_badly_is_refused_and_not_shown(secret: str) -> None:
    assert fault(GATEWAY_JWT_SECRET=secret) == (
        "GATEWAY_JWT_SECRET is a value that is not shown; expected at least 32 bytes, and no public key"
    )


@pytest.mark.parametrize(
    "url",
    ["issuer.test/keys", "http://issuer.test/keys", "file:///etc/passwd", "https://", "https://[x/", "https://h:0/"],
)
def test_keys_come_over_tls_or_from_this_machine(url: str) -> None:
    assert "expected https://host/path" in fault(GATEWAY_JWKS_URL=url)
    for good in ("https://issuer.test/keys?a=b", "http://127.0.0.1:8080/keys", "http://[::1]/keys", "http://localhost"):
        assert read_settings({"GATEWAY_JWKS_URL": good}, env_file=None).jwks_url == good


@pytest.mark.parametrize(
    "origins",
    ["*", "null", "a.test", "https://a.test/", "https://a.test,", "https://*.a.test", "ftp://a.test", "https://"],
)
def test_an_origin_is_named_whole(origins: str) -> None:
    assert "expected origins such as https://shop.example" in fault(GATEWAY_CORS_ORIGINS=origins)


def test_who_may_ask_about_the_schema_is_one_of_three() -> None:
    assert "expected one of everyone, signed-in, nobody" in fault(GATEWAY_INTROSPECTION="no")


def test_public_keys_need_no_secret_beside_them() -> None:
    assert Settings(jwks_url="https://issuer.test/keys").require_key() is None
    with pytest.raises(StartError):
        Settings(jwks_url="https://issuer.test/keys", jwt_secret="short").require_key()


def test_a_secret_is_measured_in_bytes() -> None:
    assert read_settings({"GATEWAY_JWT_SECRET": "ü" * 16}, env_file=None).jwt_secret == "ü" * 16


def test_settings_show_no_secret_when_printed() -> None:
    settings = Settings(
        jwt_secret="hunter2", postgres_url="postgres://u:hunter2@h/d", mongo_url="mongodb://u:hunter2@h/d"
    )

    assert "hunter2" not in repr(settings)


# ── URLs of stores ──


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg"])
@pytest.mark.parametrize(
    "rest", ["u:p%40ss@db.example:5433/crm", "u@db/crm", "[::1]:5432/crm", "postgres@/crm?host=/run/pg", "/crm"]
)
def test_a_postgres_url_of_any_scheme_becomes_asyncpgs(scheme: str, rest: str) -> None:
    given = make_url(f"{scheme}://{rest}")

    read = make_url(read_settings({"GATEWAY_POSTGRES_URL": f"{scheme}://{rest}"}, env_file=None).postgres_url or "")

    assert read == given.set(drivername="postgresql+asyncpg")


def test_a_url_given_directly_is_rewritten_likewise_and_only_once() -> None:
    settings = Settings(postgres_url="postgres://u:p%40@h/crm?host=/run/pg")

    assert settings.postgres_url == "postgresql+asyncpg://u:p%40@h/crm?host=%2Frun%2Fpg"
    assert Settings(postgres_url=settings.postgres_url) == settings


def test_libpqs_sslmode_is_asyncpgs_ssl() -> None:
    settings = Settings(postgres_url="postgres://h/crm?sslmode=require")

    assert settings.postgres_url == "postgresql+asyncpg://h/crm?ssl=require"


def test_a_wrong_url_given_directly_is_refused_without_being_shown() -> None:
    with pytest.raises(ValueError, match="no URL of a PostgreSQL database") as caught:
        Settings(postgres_url="postgres://u:hunter2@h:port/crm")

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "mongodb://db/accounts",
        "mongodb://u:p%40ss@db:27017/accounts?authSource=admin",
        "mongodb://a:1,b:2,[::1]:3/accounts?replicaSet=rs",
        "mongodb://%2Frun%2Fmongo.sock/accounts",
        "mongodb+srv://u:p@cluster.example/accounts?retryWrites=true",
    ],
)
def test_a_mongo_url_is_kept_as_it_is(url: str) -> None:
    assert read_settings({"GATEWAY_MONGO_URL": url}, env_file=None).mongo_url == url


@pytest.mark.parametrize(
    "url",
    [
        "mongodb://db",
        "mongodb://db/",
        "mongodb://db/?replicaSet=rs",
        "mongodb:///accounts",
        "mongodb://db:port/accounts",
        "mongodb://db,/accounts",
        "mongodb://u:p@ss@db/accounts",
        "mongodb://u:p/ss@db/accounts",
        "mongodb://db/accounts.users",
        "http://db/accounts",
        "db/accounts",
    ],
)
def test_a_mongo_url_without_a_database_or_of_another_form_is_a_fault(url: str) -> None:
    assert fault(GATEWAY_MONGO_URL=url).startswith("GATEWAY_MONGO_URL is ")


# ── serving ──


def test_settings_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings().port = 1  # type: ignore[misc]


@pytest.mark.parametrize("secret", [None, "", SECRET[:31], "ssh-rsa " + SECRET])
def test_without_a_good_secret_nothing_is_served(secret: str | None) -> None:
    with pytest.raises(StartError, match="GATEWAY_JWT_SECRET: expected at least 32 bytes"):
        Settings(jwt_secret=secret).require_key()


def test_the_key_is_the_secret_and_open_needs_none() -> None:
    assert Settings(jwt_secret=SECRET).require_key() == SECRET
    assert Settings(open=True).require_key() is None
    assert Settings(open=True, jwt_secret=SECRET).require_key() is None


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.53", "::1", "localhost"])
def test_open_is_for_this_machine(host: str) -> None:
    assert Settings(open=True, host=host).open


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org", "localhost.example.org", ""])  # noqa: S104
def test_open_to_others_is_refused(host: str) -> None:
    with pytest.raises(StartError, match="may listen on"):
        Settings(open=True, host=host)


# ── the table ──


def test_every_field_but_open_has_its_setting() -> None:
    assert {setting.field for setting in SETTINGS} == {each.name for each in fields(Settings)} - {"open"}


def test_no_row_of_the_table_holds_what_would_break_it() -> None:
    assert all(line.count("|") == 4 for line in settings_table().splitlines())


def test_the_readme_holds_the_table() -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")

    _, _, rest = readme.partition("<!-- settings -->")
    table, end, _ = rest.partition("<!-- /settings -->")

    assert end
    assert table.strip() == settings_table()


@pytest.mark.parametrize("query", ["application_name=x", "connect_timeout=3", "foo=bar", "sslmode=bogus"])
def test_a_postgres_url_has_no_options_that_the_driver_would_choke_on(query: str) -> None:
    said = fault(GATEWAY_POSTGRES_URL=f"postgresql://u:hunter2@host/db?{query}")
    assert said.startswith("GATEWAY_POSTGRES_URL is postgresql://…")
    assert "no options but host, port and sslmode" in said
    assert query.partition("=")[0] in said
    assert "hunter2" not in said


@pytest.mark.parametrize(
    "rest",
    [
        *("host/db?port=abc", "host/db?port=99999", "host/db?host=a&host=b", "host/db?host=a%00b"),
        *("a..b/db", f"{'a' * 70}/db", "host/db?sslmode=require&ssl=disable"),
    ],
)
def test_a_postgres_url_names_a_place_that_can_be(rest: str) -> None:
    assert fault(GATEWAY_POSTGRES_URL=f"postgresql://{rest}").startswith("GATEWAY_POSTGRES_URL is postgresql://…")


@pytest.mark.parametrize("setting", ["GATEWAY_POSTGRES_URL", "GATEWAY_MONGO_URL"])
def test_what_may_be_a_part_of_a_password_is_not_named_as_an_option(setting: str) -> None:
    scheme = "postgresql" if "POSTGRES" in setting else "mongodb"
    assert "hunter" not in fault(**{setting: f"{scheme}://u:p@ss/w?hunter=2@host/db"})


@pytest.mark.parametrize(
    "rest",
    [
        *("u:p%zz@h/db", "u:p:x@h/db", "h:99999/db", "h/a%20b", "h/db?tls=maybe", "h/db?foo=bar"),
        *("h/db?socketTimeoutMS=abc", "h/db?authMechanism=NOPE", "h/db?tlsCAFile=/nowhere"),
    ],
)
def test_a_mongo_url_that_its_driver_cannot_read_is_refused(rest: str) -> None:
    said = fault(GATEWAY_MONGO_URL=f"mongodb://{rest}")
    assert said.startswith("GATEWAY_MONGO_URL is mongodb://…")


@pytest.mark.parametrize(
    ("url", "option"),
    [
        ("mongodb://u:hunter2@h/db?tls=maybe&w=1", "tls"),
        ("mongodb://u:hunter2@h/db?foo=bar", "foo"),
        ("mongodb+srv://u:hunter2@a.b.invalid/db?directConnection=true", "directConnection"),
    ],
)
def test_an_option_that_the_driver_of_mongo_refuses_is_named(url: str, option: str) -> None:
    said = fault(GATEWAY_MONGO_URL=url)
    assert f"it cannot have {option} as given" in said
    assert "hunter2" not in said


def test_what_only_a_name_for_srv_may_have_is_accepted_there() -> None:
    url = "mongodb+srv://stores.example.invalid/crm?srvMaxHosts=2"
    assert read_settings({"GATEWAY_MONGO_URL": url}, env_file=None).mongo_url == url


def test_a_name_for_srv_is_not_looked_up_when_settings_are_read() -> None:
    url = "mongodb+srv://stores.example.invalid/crm"
    assert read_settings({"GATEWAY_MONGO_URL": url}, env_file=None).mongo_url == url


async def test_a_name_for_srv_that_nobody_knows_is_a_store_that_is_down() -> None:
    source = MongoSource(read_profile("grocer"), "mongodb+srv://u:hunter2@stores.example.invalid/crm", seconds=5)
    with pytest.raises(SourceUnavailableError):
        await source.ping()
    source.close()


@pytest.mark.parametrize(
    ("given", "address", "parts"),
    [
        ("9464", "127.0.0.1:9464", ("127.0.0.1", 9464)),
        (":9464", "127.0.0.1:9464", ("127.0.0.1", 9464)),
        ("0.0.0.0:9464", "0.0.0.0:9464", ("0.0.0.0", 9464)),  # noqa: S104 - read, not bound
        ("metrics.internal:1", "metrics.internal:1", ("metrics.internal", 1)),
        ("[::1]:9464", "[::1]:9464", ("::1", 9464)),
    ],
)
def test_an_address_of_metrics_is_of_this_machine_unless_it_says_otherwise(
    given: str, address: str, parts: tuple[str, int]
) -> None:
    settings = read_settings({"GATEWAY_METRICS_ADDRESS": given}, env_file=None)
    assert settings.metrics_address == address
    assert host_and_port(address) == parts
