"""What a test may switch, in code (`bitbucket.switches`) or with a PATCH of `/_emulator/switches`."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Switches:
    """Where the facts allow more than one behaviour, or where a real server changes its mood."""

    absent_grant: str = "none"  # GET of a person without a direct grant: "none" (200) or "404"
    delete_absent_grant: int = 204  # or 404
    non_member: int = 400  # a grant to somebody outside the workspace: 400 or 404
    owner_in_projects: int = 400  # a project grant to the owner: 400, or 200 as one report has it
    sizes: bool = True  # `size` and `page` in pages
    numbered_pages: bool = False  # accept page=2 where only `next` is promised
    expires_on_answered: bool = False  # whether answers repeat an SSH key's expiry, or hold null
    attributes_answered: bool = True  # whether GET of a property repeats `_attributes`
    membership_dates: bool = True  # gone for workspaces administered at admin.atlassian.com
    retry_after: str | None = None  # the Retry-After header of a 429
    rate_window_seconds: float = 3600
    oauth_token_seconds: int = 7200
    case_blind_names: bool = False  # a project key in a path is found in any case
    lost_sight: int = 404  # below a place that the caller may read but not administer (any more): 404, or 403
    renamed_reads: int = 301  # GET under the former slug of a repository: 301 to the new one, or 404
    renamed_writes: int = 301  # the same for PUT, POST and DELETE, which nobody has recorded
    brownout: str = ""  # a part of routes, all calls of which answer 410
    gone: dict[str, int] = field(  # route → 404 or 410; take one out to have it alive again
        default_factory=lambda: {"/user/permissions/repositories": 404, "/user/permissions/workspaces": 410}
    )
