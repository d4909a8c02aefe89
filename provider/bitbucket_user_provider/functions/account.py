"""An account, as `getCurrentUser` and `getUser` tell of it."""

from ..models.model import Model
from ..models.person import bare
from ..run.api import Api
from ..run.listings import Entry


class Account(Model):
    uuid: str
    """UUID of the account, without braces."""

    account_id: str | None = None
    """Atlassian account id. A team has none."""

    display_name: str | None = None
    """Name as Bitbucket shows it. Absent when privacy settings withhold it."""

    nickname: str | None = None
    """Name of the account's own choosing; not unique."""

    account_status: str | None = None
    """`active`, or what else Bitbucket says of the account."""

    created_on: str | None = None
    """When the account was made. Absent when its profile is private."""

    type: str
    """`user`, `app_user` (an OAuth consumer or access token acts as one) or `team`."""


def account(api: Api, entry: Entry) -> Account:
    api.people.learn(entry["uuid"], entry.get("account_id"))
    return Account(
        uuid=bare(entry["uuid"]),
        account_id=entry.get("account_id"),
        display_name=entry.get("display_name"),
        nickname=entry.get("nickname"),
        account_status=entry.get("account_status"),
        created_on=entry.get("created_on"),
        type=entry.get("type") or "user",
    )
