"""The grammar of store profiles as data: every section, every key, what fits it and what it is for.

Reading, its messages and whatever else speaks about profiles walk this table; what is required and what the defaults
are, the shapes in `sources.profile` say.
"""

from domain.status import BookingStatus, CustomerStatus, LeadStatus
from sources import profile
from sources.profile_kinds import Key, Kind, Section
from sources.profile_parts import (
    CONTACT,
    CREATED_AT,
    CUSTOMER_REF,
    KEY,
    SNAPSHOT,
    choice,
    column,
    condition,
    field,
    history,
    keyed,
    links,
    rows,
    satellite,
    status,
    tenant_of,
    text,
    unit,
)

_STORE = Section(
    shape=profile.StoreSection,
    description="The store as a whole",
    keys={
        "name": text("What the store is called, also inside of ids"),
        "currency": Key(kind=Kind.CURRENCY, description="The currency of amounts without one of their own"),
        "timezone": Key(kind=Kind.TIMEZONE, description="Where days and months begin, and dates without zone are"),
        "phone_region": Key(kind=Kind.REGION, description="The country of numbers without +, else not compared"),
        "trust_unverified": Key(kind=Kind.FLAG, description="Whether what nobody verified may link by itself"),
    },
)

_TENANT_SECTION = Section(
    shape=profile.TenantSection,
    description="The tenants; without this section any value of the tenant columns is one",
    keys=rows("table", key=KEY, name=column("What a tenant is called")),
)

_STORED_TOTALS = Section(
    shape=profile.StoredTotals,
    description="Totals that somebody stored, to be held against the live ones",
    keys={
        "table": text("The table that holds them, by default the customer's"),
        "tenant": tenant_of("customer", needs="table"),
        "customer": Key(
            kind=Kind.COLUMN,
            description="The column that holds the customer's key, by default called as in [customer]",
            default_from="customer.key",
            needs="table",
        ),
        "leads": column("The number of leads"),
        "bookings": column("The number of bookings"),
        "accepted": column("The number of bookings that went well or are to come"),
        "no_shows": column("The number of no-shows"),
        "first_booking_at": column("When the first booking was"),
        "revenue": column("The revenue"),
        "unit": unit(needs="revenue"),
    },
    one_of=("leads", "bookings", "accepted", "no_shows", "first_booking_at", "revenue"),
)

_CUSTOMER_SECTION = Section(
    shape=profile.CustomerSection,
    description="The customers of the CRM",
    keys=keyed(
        "table",
        name=Key(kind=Kind.NAME, description="The name, in one column or joined of several"),
        email=field("The e-mail address"),
        phone=field("The phone number"),
        source=field("Where the customer came from"),
        area=field("Where the customer lives"),
        created_at=CREATED_AT,
        last_contact_at=column("When somebody last spoke to the customer"),
    ),
    sections={
        "status": status(CustomerStatus),
        "stored_totals": _STORED_TOTALS,
        "external": Section(
            shape=profile.External,
            description="What other services call the customer",
            keys=satellite(
                "customer",
                customer=column("The customer's key"),
                provider=column("The other service"),
                external_id=column("The customer's id there"),
                branch=column("The branch of it"),
            ),
        ),
        "referrer": Section(
            shape=profile.Referrer,
            description="Who refers others: customers with a row here",
            keys=satellite("customer", customer=column("The customer's key")),
        ),
    },
)

_LEAD = Section(
    shape=profile.LeadSection,
    description="The leads",
    keys=keyed(
        "table",
        customer=Key(kind=Kind.REF, description="The customer that the lead belongs to", to="customer"),
        unattached=choice(
            "What a lead without customer is: a fault, or not converted yet", "orphaned", "open", needs="customer"
        ),
        **CONTACT,
        source=field("Where the lead came from"),
        service=field("What the lead asks for"),
        notes=field("What was noted about it"),
        created_at=CREATED_AT,
        updated_at=column("When the row was last changed"),
        next_follow_up_at=column("When to get in touch next"),
        contact_attempts=column("How often somebody tried to"),
    ),
    sections={"status": status(LeadStatus), "snapshot": SNAPSHOT, "history": history("lead")},
)

_BOOKING = Section(
    shape=profile.BookingSection,
    description="The bookings",
    keys=keyed(
        "table",
        customer=CUSTOMER_REF,
        lead=column("The lead that the booking came from", to="lead"),
        code=column("The number or code that the customer knows it by"),
        tracking_token=column("The secret part of the link to follow it"),
        start_at=column("When it begins, by default when the row came to be"),
        end_at=column("When it ends"),
        minutes=Key(kind=Kind.COLUMN, description="How many minutes it takes", excludes="end_at"),
        service=field("What is booked"),
        location=field("Where it takes place"),
        staff=field("Who does it"),
        source=field("Where the booking came from"),
        note=field("What was noted about it"),
        amount=column("What it costs"),
        unit=unit(needs="amount"),
        currency=column("The currency of the amount; empty is the store's", needs="amount"),
        payment_status=field("The store's word for how it stands with the payment"),
        paid=condition("When it is paid"),
        created_at=CREATED_AT,
    ),
    sections={
        "status": status(BookingStatus),
        "snapshot": SNAPSHOT,
        "shipments": Section(
            shape=profile.Shipments,
            description="What was sent for a booking, in the order of created_at",
            keys=satellite(
                "booking",
                booking=column("The booking's key"),
                provider=column("Who carries it"),
                tracking_number=column("The number that they know it by"),
                status=column("Where it is, in their words"),
                estimated_delivery=column("When it should arrive"),
                created_at=CREATED_AT,
            ),
        ),
        "history": history("booking"),
    },
)

_REVENUE = Section(
    shape=profile.RevenueSection,
    description="What counts as revenue",
    keys={
        **rows("table"),
        "tenant": tenant_of("customer"),
        "customer": CUSTOMER_REF,
        "amount": column("The amount"),
        "at": column("When it counts"),
        "unit": unit(needs=None),
        "currency": column("The currency of the amount; empty is the store's, others are summed apart"),
    },
)

_ACCOUNT = Section(
    shape=profile.AccountSection,
    description="The login accounts of customers",
    keys=keyed(
        "collection",
        **CONTACT,
        created_at=CREATED_AT,
        active=condition("When an account may log in; without it, always"),
        verified=condition("When somebody has verified the e-mail address"),
        password_hash=column("The hash of the password"),
        password_scheme=choice("How the password is hashed", "bcrypt", "argon2", needs="password_hash"),
        placeholder_email=Key(kind=Kind.ADDRESS, description="What stands for an e-mail address where there is none"),
    ),
    sections={"links": links("delivery")},
)

_DELIVERY = Section(
    shape=profile.DeliverySection,
    description="The delivery records of customers",
    keys=keyed(
        "collection",
        **CONTACT,
        address=field("Where to deliver"),
        area=field("The area that this is in"),
        courier=column("Who delivers", to="courier"),
        created_at=CREATED_AT,
    ),
    sections={"links": links("account"), "status": status(CustomerStatus)},
)

_COURIER = Section(
    shape=profile.CourierSection,
    description="Who delivers",
    keys=keyed("collection", name=field("The name"), phone=field("The phone number")),
)

_SEGMENTS = Section(
    shape=profile.Segments,
    description="The days that tell new, active and inactive customers apart",
    keys={
        "new": Key(kind=Kind.DAYS, description="For how many days a customer is new"),
        "active": Key(kind=Kind.DAYS, description="For how many days after the last booking one is active"),
        "at_risk": Key(kind=Kind.DAYS, description="For how many days after it one is at risk, and inactive then"),
    },
)

#: The whole file.
GRAMMAR = Section(
    shape=profile.Profile,
    description="One existing store; what is left out, the store does not have",
    sections={
        "store": _STORE,
        "tenant": _TENANT_SECTION,
        "customer": _CUSTOMER_SECTION,
        "lead": _LEAD,
        "booking": _BOOKING,
        "revenue": _REVENUE,
        "account": _ACCOUNT,
        "delivery": _DELIVERY,
        "courier": _COURIER,
        "segments": _SEGMENTS,
    },
    one_of=("customer", "account", "delivery"),
)
