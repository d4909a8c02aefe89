"""An account: the result of `getCurrentUser` and `getUser`."""

from ..models.model import Model
from ..models.person import bare
from ..rest.answer import Answer
from ..run.api import Api


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


def account(api: Api, entry: Answer) -> Account:
    api.people.learn(entry.text("uuid"), entry.maybe("account_id"))
    return Account(
        uuid=bare(entry.text("uuid")),
        account_id=entry.maybe("account_id"),
        display_name=entry.maybe("display_name"),
        nickname=entry.maybe("nickname"),
        account_status=entry.maybe("account_status"),
        created_on=entry.maybe("created_on"),
        type=entry.maybe("type") or "user",
    )
