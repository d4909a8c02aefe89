// Runs the compiled program beside it inline, as one command of the engine, and prints what the engine showed:
// node automation.js PROJECT COMMAND

const path = require("path");
const { LocalWorkspace } = require("@pulumi/pulumi/automation");

async function main(projectName, command) {
    const workDir = process.cwd();
    const program = async () => require(path.join(workDir, "bin", "index.js"));
    const stack = await LocalWorkspace.createOrSelectStack({ stackName: "dev", projectName, program }, { workDir });
    const result = await stack[command]();
    console.log(result.stdout);
}

main(...process.argv.slice(2)).catch((error) => {
    console.error(error.message);
    process.exit(1);
});
