"""docs/permissions.md says what the code declares."""

from kametrix.models import OrgRole
from kametrix.services.access import MATRIX, PERMISSIONS, PLATFORM, PUBLIC, SIGNED_IN, SYSTEM
from tests import permissions


def test_the_document_is_current() -> None:
    assert permissions.DOCUMENT.read_text() == permissions.document(), "run `make docs`"


def test_everything_declares_a_known_need() -> None:
    needs = {need for _, need in permissions.handlers().values()} | set(permissions.routes().values())
    needs |= {str(getattr(service, "access")) for service in permissions.ALL_SERVICES.values()}
    assert needs <= PERMISSIONS | {PUBLIC, SIGNED_IN, SYSTEM, permissions.SIGNED}


def test_the_document_reads_the_matrix() -> None:
    assert permissions.passes("calls:read")["Agent"] == "own"
    assert permissions.passes("billing:write") == dict.fromkeys(permissions.PEOPLE, "") | {"Owner": "yes"}
    assert [name for name, may in permissions.passes(PLATFORM).items() if may] == ["platform admin"]
    assert permissions.passes(SIGNED_IN)["anonymous"] == ""
    assert all(set(line.own) <= set(line.roles) <= set(OrgRole) for line in MATRIX)
