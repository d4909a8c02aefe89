// Previews what cannot work, one thing at a time, and prints what is said of each as JSON by its name:
// node refusals.js < [{name, kind, inputs} or {name, invoke, inputs}, with config and command where they differ]

import { readFileSync } from "fs";
import { LocalWorkspace, PulumiFn } from "@pulumi/pulumi/automation";
import * as bitbucket from "pulumi-bitbucket-user";

interface Case {
    name: string;
    kind?: string;
    invoke?: string;
    inputs: Record<string, unknown>;
    config?: Record<string, string>;
    command?: "up";
}

async function main() {
    const cases: Case[] = JSON.parse(readFileSync(0, "utf8"));
    const stack = await LocalWorkspace.createOrSelectStack(
        { stackName: "dev", projectName: "refusals", program: async () => {} },
        { workDir: process.cwd() },
    );
    const told: Record<string, string[]> = {};
    for (const one of cases) {
        const said: string[] = (told[one.name] = []);
        const onEvent = ({ diagnosticEvent: event }: any) => {
            if (event?.severity === "error") said.push(event.message);
        };
        const config = Object.entries(one.config ?? {});
        await stack.setAllConfig(Object.fromEntries(config.map(([key, value]) => [`bitbucket-user:${key}`, { value }])));
        stack.workspace.program = program(one);
        await stack[one.command ?? "preview"]({ onEvent }).then(
            () => said.push("nothing was refused"),
            () => {},
        );
        for (const [key] of config) await stack.removeConfig(`bitbucket-user:${key}`);
    }
    console.log(JSON.stringify(told));
}

function program({ name, kind, invoke, inputs }: Case): PulumiFn {
    const untyped = bitbucket as any;
    return async () => {
        if (kind) new untyped[kind](name, inputs);
        else await untyped[invoke!](inputs);
    };
}

// What the compiler refuses by itself: it fails on a line of these that it would let pass.
const grant = { workspace: "acme", repoSlug: "api", userId: "712020:1" };
export const typed: unknown[] = [
    // @ts-expect-error: permission is missing
    (): bitbucket.RepositoryUserPermissionArgs => ({ ...grant }),
    // @ts-expect-error: permision is no property
    (): bitbucket.RepositoryUserPermissionArgs => ({ ...grant, permission: "read", permision: "read" }),
    // @ts-expect-error: a permission is a text
    (): bitbucket.RepositoryUserPermissionsArgs => ({ ...grant, permissions: { "712020:1": 2 } }),
    // @ts-expect-error: secured is a boolean
    (): bitbucket.WorkspacePipelineVariableArgs => ({ workspace: "acme", key: "A", value: "", secured: "yes" }),
    // @ts-expect-error: repoSlug is missing
    () => bitbucket.getRepositoryUserPermissions({ workspace: "acme" }),
    (): bitbucket.RepositoryUserPermissionArgs => ({ ...grant, permission: "read" }),
    (level: string): bitbucket.RepositoryUserPermissionArgs => ({ ...grant, permission: level }), // as from a file
];

main();
