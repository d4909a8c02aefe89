package main

import (
	"github.com/pulumi-bitbucket-user/pulumi-bitbucket-user/sdk/go/bitbucketuser"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

// One person's access to a repository and a project, and a variable, through the plugin.
func access(ctx *pulumi.Context) error {
	settings := config.New(ctx, "")
	workspace := pulumi.String(settings.Require("workspace"))
	member := bitbucketuser.GetWorkspaceMemberOutput(ctx, bitbucketuser.GetWorkspaceMemberOutputArgs{
		Workspace: workspace,
		Email:     pulumi.StringPtr(settings.Require("person")),
	})

	if _, err := bitbucketuser.NewRepositoryUserPermission(ctx, "api", &bitbucketuser.RepositoryUserPermissionArgs{
		Workspace:  workspace,
		RepoSlug:   pulumi.String("api"),
		UserId:     member.AccountId(),
		Permission: pulumi.String(bitbucketuser.RepositoryPermissionWrite),
	}); err != nil {
		return err
	}
	if _, err := bitbucketuser.NewProjectUserPermission(ctx, "ops", &bitbucketuser.ProjectUserPermissionArgs{
		Workspace:  workspace,
		ProjectKey: pulumi.String("OPS"),
		UserId:     member.AccountId(),
		Permission: pulumi.String(bitbucketuser.ProjectPermissionRead),
	}); err != nil {
		return err
	}
	variable, err := bitbucketuser.NewWorkspacePipelineVariable(ctx, "deploy-token", &bitbucketuser.WorkspacePipelineVariableArgs{
		Workspace: workspace,
		Key:       pulumi.String("DEPLOY_TOKEN"),
		Value:     settings.RequireSecret("deployToken"),
		Secured:   pulumi.Bool(true),
	})
	if err != nil {
		return err
	}

	ctx.Export("person", member.DisplayName())
	ctx.Export("variable", variable.Uuid)
	return nil
}
