from tests.acceptance.lives import GRACE, Drift, Life, Standing, Step

LIFE = Life(
    places=(f"/users/{GRACE.uuid}/properties/",),
    holds=lambda bitbucket: bitbucket.properties("Grace"),
    standing=Standing(
        lambda bitbucket: bitbucket.set_property("Grace", "acme-app/look", {"theme": "somebody's"}),
        refusal=None,
        reads=0,
    ),
    created=Step(
        {"user_id": GRACE.uuid, "app_key": "acme-app", "property_name": "look", "value": {"theme": "dark"}},
        {"acme-app/look": {"theme": "dark"}},
        "PUT",
    ),
    updated=Step(
        {"value": {"theme": "light", "_attributes": ["public"]}},
        {"acme-app/look": {"theme": "light", "_attributes": ["public"]}},
        "PUT",
    ),
    drift=Drift(lambda bitbucket: bitbucket.set_property("Grace", "acme-app/look", {"theme": "by hand"})),
    replaced=Step(
        {"property_name": "feel"}, {"acme-app/feel": {"theme": "light", "_attributes": ["public"]}}, "DELETE PUT"
    ),
    spelled={"user_id": GRACE.uuid.strip("{}").upper()},
    removed=lambda bitbucket: bitbucket.set_property("Grace", "acme-app/feel", None),
    renamed="PUT",
    neighbour=None,
)
