"""The steps of a set's plan, taken in Bitbucket."""

import re
from collections.abc import Collection, Sequence

from ..errors import ApiError, BitbucketError
from ..operation import current
from ..run.api import Api
from ..run.facts import Keeper
from ..run.things import Verdict
from .held import ADMIN, Held
from .plan import Outcome, Plan, Step, carry_out
from .subjects import Subjects
from .twice import refuse_twice

OF_ITSELF = re.compile(r"\bowner|\borgani[sz]ation", re.IGNORECASE)
"""What a 403 says that is about the grant, and not about the credential."""


def take_steps(
    api: Api, subjects: Subjects, made: Plan, now: list[Held], wanted: Collection[str], own: bool = False
) -> tuple[Outcome, list[str]]:
    """Takes the plan's steps towards who is wanted, and keeps `now`, the grants as Bitbucket answers, up to date.
    Returns what became of the steps, which raise nothing, and whom Bitbucket refuses to remove for good.

    Whom something else of the run wants, or a step of it has just given access under another spelling, loses none. With
    `own`, neither does whom this very resource wants: its place is only spelt anew.
    """
    grants = {grant.id: grant for grant in now}
    own_right = [step for step in made.caller if step.before == ADMIN != step.after]
    verdicts: dict[str, Verdict] = {}
    given: list[str] = []
    kept: list[str] = []
    refused: list[str] = []

    def before(stage: Sequence[Step]) -> None:
        if stage is not made.gives:  # whoever waited for this set to be done would be waited for in turn
            subjects.given(wanted)
        if stage is made.caller and own_right:
            subjects.wait_until_quiet()
        verdicts.update(subjects.look([step.id for step in stage if step.after is None], own))

    def take(step: Step) -> None:
        if step.after is not None:
            grant = subjects.put(step.id, step.after, step.key or step.id)
            grants[grant.id] = grant
            given.append(grant.id)
            return
        try:
            if isinstance(verdict := verdicts[step.id], BitbucketError):
                raise verdict
            if isinstance(verdict, Keeper) or subjects.settle(step.id, own):
                kept.append(step.name)
            else:
                grants.pop(step.id, None)
        except ApiError as refusal:
            if own or not _is_final(refusal):
                raise
            refused.append(step.id)
            current.get().warn(
                f"{subjects.place.shown}: Bitbucket refuses to remove {step.name} ({refusal.told}). The grant "
                "stays as it is, not managed, and is left alone from now on."
            )

    def after() -> None:
        subjects.given(given)
        refuse_twice(api, wanted)

    outcome = carry_out(made, take, before, after, api.config.max_concurrent_requests)
    now[:] = grants.values()
    if kept:
        current.get().say(f"kept in Bitbucket, because resources of this run want them: {', '.join(kept)}")
    if any(step in outcome.done for step in own_right):
        subjects.place.lost()
    return outcome, refused


def _is_final(refusal: ApiError) -> bool:
    """Whether Bitbucket refuses to remove this very grant, of the workspace's owner or of the organisation, whoever
    asks: the request has nothing else that could be wrong. Any other refusal may be over tomorrow."""
    return refusal.status == 400 or (refusal.status == 403 and OF_ITSELF.search(refusal.told) is not None)
