"""What letters say: in plain words, with one link, and nothing of what the stores hold of somebody."""

from html import escape

from sources.mail import Letter

_HOUR = "The link works once, within an hour."
_HTML = """<!doctype html>
<html lang="en">
<body style="font: 16px/1.5 sans-serif; color: #1b2533">
<p>{before}</p>
<p><a href="{link}">{action}</a></p>
<p>{after}</p>
<p style="color: #566375; font-size: 14px">If the link does not open, copy this address:<br>{link}</p>
</body>
</html>
"""


def reset_letter(to: str, store: str, link: str) -> Letter:
    before = f"Somebody asked for a new password for your account at {store}."
    after = f"{_HOUR} If it was not you, do nothing: your password stays as it is."
    return _letter(
        to, link, subject=f"A new password for {store}", before=before, action="Set a new password", after=after
    )


def invitation_letter(to: str, store: str, link: str) -> Letter:
    before = f"There is an account for you at {store}. Choose a password, and you can log in."
    after = f"{_HOUR} Later, ask for another one where you log in."
    return _letter(to, link, subject=f"Your account at {store}", before=before, action="Choose a password", after=after)


def confirmation_letter(to: str, store: str, link: str) -> Letter:
    before = f"This address is to be the one that you log in with at {store}."
    after = f"{_HOUR} If you know nothing of it, do nothing: nothing changes."
    return _letter(
        to, link, subject=f"Confirm your address for {store}", before=before, action="Confirm this address", after=after
    )


def _letter(to: str, link: str, *, subject: str, before: str, action: str, after: str) -> Letter:
    html = _HTML.format(before=escape(before), action=escape(action), link=escape(link), after=escape(after))
    text = f"{before}\n\n{action}:\n{link}\n\n{after}\n"
    return Letter(to=to, subject=" ".join(subject.split()), text=text, html=html)
