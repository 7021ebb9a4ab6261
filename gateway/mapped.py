"""Hold what a profile maps against what the settings name, before anything is opened."""

from domain.errors import StartError
from gateway.settings import Settings
from sources.profile import Profile


def require_urls(profile: Profile, settings: Settings) -> None:
    """Raise StartError where the profile maps something of a store that the settings do not name."""
    mapped = mapped_stores(profile)
    faults = [
        f"{name}: not set, but the profile maps something in {store}; expected {example}"
        for name, store, url, example in (
            ("GATEWAY_POSTGRES_URL", "PostgreSQL", settings.postgres_url, "postgresql://user@host/database"),
            ("GATEWAY_MONGO_URL", "MongoDB", settings.mongo_url, "mongodb://host/database"),
        )
        if url is None and store in mapped
    ]
    if faults:
        raise StartError(f"The profile {profile.store.name} cannot be served:", faults)


def mapped_stores(profile: Profile) -> list[str]:
    """Name the stores that the profile maps something of."""
    crm = (profile.customer, profile.lead, profile.booking, profile.revenue, profile.tenant)
    documents = (profile.account, profile.delivery, profile.courier)
    return [
        store
        for store, sections in (("PostgreSQL", crm), ("MongoDB", documents))
        if any(section is not None for section in sections)
    ]
