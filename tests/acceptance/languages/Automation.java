// Runs an example's program inline, as one command of the engine, and prints what the engine showed:
// java Automation COMMAND

import access.App;
import com.pulumi.automation.AutomationException;
import com.pulumi.automation.LocalWorkspace;
import com.pulumi.automation.LocalWorkspaceOptions;
import com.pulumi.automation.UpdateResult;
import com.pulumi.automation.WorkspaceStack;
import java.nio.file.Path;

public class Automation {
    public static void main(String[] args) throws Exception {
        var inline = LocalWorkspaceOptions.builder().program(App::stack).build();
        try (var stack = LocalWorkspace.createOrSelectStack("dev", Path.of(".").toAbsolutePath(), inline)) {
            System.out.println(run(stack, args[0]).standardOutput());
        }
    }

    private static UpdateResult run(WorkspaceStack stack, String command) throws AutomationException {
        return switch (command) {
            case "up" -> stack.up();
            case "refresh" -> stack.refresh();
            case "destroy" -> stack.destroy();
            default -> throw new IllegalArgumentException(command);
        };
    }
}
