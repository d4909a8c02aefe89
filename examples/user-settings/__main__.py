"""A person's own pipeline variable, and a property that a Connect app keeps at that person."""

import pulumi
from pulumi_bitbucket_user.dynamic import UserApplicationProperty, UserPipelineVariable

config = pulumi.Config()
user_id = config.require("userId")

UserPipelineVariable(
    "npm-token",
    user_id=user_id,
    key="NPM_TOKEN",
    value=config.require_secret("npmToken"),
    secured=True,
)

UserApplicationProperty(
    "review-limits",
    user_id=user_id,
    app_key="acme-app",
    property_name="review-limits",
    value={"_attributes": ["public"], "maxOpenReviews": 5, "areas": ["api", "web"]},
)
