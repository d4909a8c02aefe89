from tests.acceptance.lives import GRACE, Drift, Life, Neighbour, Standing, Step

LIFE = Life(
    places=(f"/users/{GRACE.uuid}/pipelines_config/",),
    holds=lambda bitbucket: bitbucket.user_variables("Grace"),
    standing=Standing(
        lambda bitbucket: bitbucket.set_variable("Grace", "EDITOR", "somebody's"),
        f"a variable EDITOR (not secured) stands in {GRACE.uuid} already; nothing was changed",
        reads=1,
    ),
    created=Step(
        {"user_id": GRACE.uuid, "key": "EDITOR", "value": "plain-secret-3"},
        {"EDITOR": {"value": "plain-secret-3", "secured": False}},
        "POST",
    ),
    updated=Step({"secured": True}, {"EDITOR": {"value": "plain-secret-3", "secured": True}}, "PUT"),
    drift=Drift(lambda bitbucket: bitbucket.set_variable("Grace", "EDITOR", "changed by hand", secured=False)),
    replaced=Step({"secured": False}, {"EDITOR": {"value": "plain-secret-3", "secured": False}}, "DELETE POST"),
    spelled={"user_id": GRACE.uuid.strip("{}").upper()},
    removed=lambda bitbucket: bitbucket.delete_variable("Grace", "EDITOR"),
    renamed="POST",
    neighbour=Neighbour(
        lambda bitbucket, n: bitbucket.set_variable("Grace", f"OTHER_{n}", "theirs"),
        lambda bitbucket: bitbucket.person("Grace").variables,
    ),
)
