"""Where the links of letters lead: to a page of the gateway's own, or to one of a frontend."""

from dataclasses import dataclass
from urllib.parse import quote, urlencode

#: What may stand in a frontend's address: the token; what it is for (`password`, `login`); the tenant.
TOKEN, PURPOSE, TENANT = "{token}", "{purpose}", "{tenant}"
FOR_PASSWORD, FOR_LOGIN = "password", "login"


@dataclass(frozen=True, slots=True)
class AccountLinks:
    """Fill in *page*, a frontend's, or make addresses of the gateway's own at *public_url*."""

    public_url: str
    page: str | None = None

    def link(self, token: str, purpose: str, tenant: str | None) -> str:
        """Make the address that *token* is handed over in: behind a #, browsers send it to no server."""
        given = {TOKEN: token, PURPOSE: purpose, TENANT: tenant or ""}
        if self.page is not None:
            link = self.page
            for name, value in given.items():
                link = link.replace(name, quote(value, safe=""))
            return link
        named = {"token": token, "for": purpose, **({} if tenant is None else {"tenant": tenant})}
        return f"{self.public_url.rstrip('/')}/account#{urlencode(named, quote_via=quote)}"
