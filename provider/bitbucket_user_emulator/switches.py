"""What a test may switch, in code (`bitbucket.switches`) or with a PATCH of `/_emulator/switches`."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Switches:
    """Where the facts allow more than one behaviour, or where a real server changes its mood."""

    absent_grant: str = "none"  # GET of a person without a direct grant: "none" (200) or "404"
    delete_absent_grant: int = 204  # or 404
    non_member: int = 400  # a grant to somebody outside the workspace: 400 or 404
    sizes: bool = True  # `size` and `page` in pages
    numbered_pages: bool = False  # take page=2, and link to it, where only an opaque `next` is promised
    no_next: bool = False  # pages say their size and no `next`, although there is more
    repeated_entries: bool = False  # later pages begin an entry early, and a full last page lacks its end
    odd_entry: bool = False  # the last entry of each page does not say which one it is: no uuid, user, group or link
    endless_pages: bool = False  # every page has a `next`; after the last entry the list begins again
    foreign_next: str = ""  # another origin for `next`, such as https://elsewhere.example
    account_ids: bool = True  # whether people in answers have an `account_id`
    taken_key: str = "registered"  # which verb the refusal of somebody's SSH key holds: "registered" or "added"
    expires_on_answered: bool = False  # whether answers repeat an SSH key's expiry, or hold null
    attributes_answered: bool = True  # whether GET of a property repeats `_attributes`
    unique_labels: bool = False  # whether two deploy keys of a place cannot have one label
    environment_details: bool = True  # whether environments in answers have a slug and a type, which are not published
    membership_dates: bool = True  # gone for workspaces administered at admin.atlassian.com
    requests_per_hour: int | None = None  # what one person or app may ask in a rolling window
    burst_per_second: int | None = None  # what they may ask within a second; more is a 429 without Retry-After
    burst_at_once: int | None = None  # how many requests may be under way; more is a 429 without Retry-After
    retry_after: str | None = None  # the Retry-After header of a 429
    rate_window_seconds: float = 3600
    oauth_token_seconds: int = 7200
    case_blind_names: bool = False  # a project key in a path is found in any case
    lost_sight: int = 404  # below a place that the caller may read but not administer (any more): 404, or 403
    renamed_reads: int = 301  # GET under the former slug of a repository: 301 to the new one, or 404
    renamed_writes: int = 301  # the same for PUT, POST and DELETE, which nobody has recorded
    deprecated: dict[str, dict[str, str]] = field(default_factory=dict)  # a part of routes → headers that say so
    brownout: str = ""  # a part of routes, all calls of which answer 410
    gone: dict[str, int] = field(  # route → 404 or 410; take one out to have it alive again
        default_factory=lambda: {"/user/permissions/repositories": 404, "/user/permissions/workspaces": 410}
    )
