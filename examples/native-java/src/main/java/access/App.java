package access;

import com.pulumi.Context;
import com.pulumi.Pulumi;
import com.pulumi.bitbucketuser.BitbucketuserFunctions;
import com.pulumi.bitbucketuser.ProjectUserPermission;
import com.pulumi.bitbucketuser.ProjectUserPermissionArgs;
import com.pulumi.bitbucketuser.RepositoryUserPermission;
import com.pulumi.bitbucketuser.RepositoryUserPermissionArgs;
import com.pulumi.bitbucketuser.WorkspacePipelineVariable;
import com.pulumi.bitbucketuser.WorkspacePipelineVariableArgs;
import com.pulumi.bitbucketuser.enums.ProjectPermission;
import com.pulumi.bitbucketuser.enums.RepositoryPermission;
import com.pulumi.bitbucketuser.inputs.GetWorkspaceMemberArgs;
import com.pulumi.bitbucketuser.outputs.GetWorkspaceMemberResult;

/** One person's access to a repository and a project, and a variable, through the plugin. */
public class App {
    public static void main(String[] args) {
        Pulumi.run(App::stack);
    }

    public static void stack(Context context) {
        var config = context.config();
        var workspace = config.require("workspace");
        var member = BitbucketuserFunctions.getWorkspaceMember(GetWorkspaceMemberArgs.builder()
            .workspace(workspace)
            .email(config.require("person"))
            .build());

        new RepositoryUserPermission("api", RepositoryUserPermissionArgs.builder()
            .workspace(workspace)
            .repoSlug("api")
            .userId(member.applyValue(GetWorkspaceMemberResult::accountId))
            .permission(RepositoryPermission.Write)
            .build());
        new ProjectUserPermission("ops", ProjectUserPermissionArgs.builder()
            .workspace(workspace)
            .projectKey("OPS")
            .userId(member.applyValue(GetWorkspaceMemberResult::accountId))
            .permission(ProjectPermission.Read)
            .build());
        var deployToken = new WorkspacePipelineVariable("deploy-token", WorkspacePipelineVariableArgs.builder()
            .workspace(workspace)
            .key("DEPLOY_TOKEN")
            .value(config.requireSecret("deployToken"))
            .secured(true)
            .build());

        context.export("person", member.applyValue(GetWorkspaceMemberResult::displayName));
        context.export("variable", deployToken.uuid());
    }
}
