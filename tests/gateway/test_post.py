"""Letters through SMTP servers as they are: encrypted from the start or later, with a login, or none of it."""

import ipaddress
import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sources.mail import Letter, MailError, mailer_of
from tests.loading import existing_store, indexed
from tests.post import Box, post_office
from tests.running import running
from tests.servers import Servers

USER, PASSWORD = "post@shop.example", "pä:ss/word"
AS_USER = "post%40shop.example:p%C3%A4%3Ass%2Fword@"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of this machine, signed by itself, and its key."""
    key, day = ec.generate_private_key(ec.SECP256R1()), timedelta(days=1)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "post office")])
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key(), serial_number=1)
        .not_valid_before(datetime.now(UTC) - day)
        .not_valid_after(datetime.now(UTC) + day)
        .add_extension(here, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path = tmp_path_factory.mktemp("post") / "certificate.pem"
    path.write_bytes(made.public_bytes(pem) + key.private_bytes(pem, form, serialization.NoEncryption()))
    return path


@pytest.fixture
def server(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this machine trust the certificate."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


def admit(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
    assert isinstance(given, LoginPassword)
    is_known = (given.login.decode(), given.password.decode()) == (USER, PASSWORD)
    return AuthResult(success=is_known, handled=False, auth_data=given.login if is_known else None)


async def send(url: str, to: str = "anna@new.example") -> None:
    letter = Letter(to=to, subject="Grüße", text="A link", html="<p>A link</p>")
    await mailer_of(url, "shop@grocer.example").send(letter)


async def refused(url: str, to: str = "anna@new.example") -> str:
    with pytest.raises(MailError) as refusal:
        await send(url, to)
    assert to not in str(refusal.value)
    return str(refusal.value)


def as_user(box: Box, user: str = AS_USER) -> str:
    return box.url.replace("://", f"://{user}")


@pytest.mark.usefixtures("trusted")
async def test_a_server_that_is_encrypted_from_the_start(server: ssl.SSLContext) -> None:
    async with post_office(tls=server, authenticator=admit) as box:
        await send(box.url)
        await send(as_user(box))
        assert box.senders == [None, USER]
        assert await refused(as_user(box, "post%40shop.example:wrong@")) == "SMTPAuthenticationError 535"


@pytest.mark.usefixtures("trusted")
async def test_a_server_that_encrypts_when_it_is_asked_to(server: ssl.SSLContext) -> None:
    async with post_office(starttls=server, authenticator=admit) as box:
        for asked in ("", "?starttls=always", "?starttls=never"):
            await send(f"{box.url}{asked}")
        assert box.encrypted == [True, True, False]
        await send(f"{as_user(box)}?starttls=always")
        assert (box.encrypted[3], box.senders[3]) == (True, USER)
        assert "TLS" in await refused(f"{as_user(box)}?starttls=never")


@pytest.mark.usefixtures("trusted")
async def test_a_server_that_takes_nothing_in_clear(server: ssl.SSLContext) -> None:
    async with post_office(starttls=server, require_starttls=True) as box:
        await send(box.url)
        assert await refused(f"{box.url}?starttls=never") == "SMTPSenderRefused 530"


async def test_a_server_that_nobody_trusts_gets_nothing(server: ssl.SSLContext) -> None:
    async with post_office(tls=server, authenticator=admit) as box:
        assert await refused(as_user(box)) == "SMTPConnectError of SSLCertVerificationError"
        assert box.letters == []
    async with post_office(starttls=server, authenticator=admit) as box:
        assert await refused(f"{as_user(box)}?starttls=always") == "SSLCertVerificationError"
        assert box.letters == []


async def test_a_server_that_encrypts_nothing() -> None:
    async with post_office() as box:
        await send(box.url)
        assert "STARTTLS" in await refused(f"{box.url}?starttls=always")
        assert "AUTH" in await refused(as_user(box))


async def test_addresses_of_any_script() -> None:
    async with post_office() as box:
        await send(box.url, "anna@bücher.example")
        assert box.receivers == ["anna@xn--bcher-kva.example"]
        assert "SMTPUTF8" in await refused(box.url, "jörg@bücher.example")
    async with post_office(enable_SMTPUTF8=True) as box:
        await send(box.url, "jörg@bücher.example")
        assert box.receivers == ["jörg@bücher.example"]


@pytest.mark.usefixtures("trusted")
async def test_a_gateway_mails_through_a_server_that_asks_who_it_is(servers: Servers, server: ssl.SSLContext) -> None:
    settings = await indexed(await existing_store(servers, "grocer", "post"))
    async with post_office(starttls=server, authenticator=admit) as box:
        async with running(replace(settings, smtp_url=f"{as_user(box)}?starttls=always")) as gateway:
            mutation = 'mutation { requestPasswordReset(email: "a1@north.example") }'
            assert (await gateway.data(mutation, tenant="north"))["requestPasswordReset"] is True
            assert (await box.next())["To"] == "a1@north.example"
        assert (box.encrypted, box.senders) == ([True], [USER])
