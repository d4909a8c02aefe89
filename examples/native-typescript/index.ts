// One person's access to a repository and a project, and a variable, through the plugin.

import * as pulumi from "@pulumi/pulumi";
import * as bitbucket from "pulumi-bitbucket-user";

const config = new pulumi.Config();
const workspace = config.require("workspace");
const member = bitbucket.getWorkspaceMemberOutput({ workspace, email: config.require("person") });

new bitbucket.RepositoryUserPermission("api", {
    workspace,
    repoSlug: "api",
    userId: member.accountId,
    permission: "write",
});
new bitbucket.ProjectUserPermission("ops", {
    workspace,
    projectKey: "OPS",
    userId: member.accountId,
    permission: "read",
});
const deployToken = new bitbucket.WorkspacePipelineVariable("deploy-token", {
    workspace,
    key: "DEPLOY_TOKEN",
    value: config.requireSecret("deployToken"),
    secured: true,
});

export const person = member.displayName;
export const variable = deployToken.uuid;
