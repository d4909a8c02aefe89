// Takes the place of an example's main.go: runs its program inline, as one command of the engine, and prints what the
// engine showed.

package main

import (
	"context"
	"fmt"
	"os"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
)

func main() {
	shown, err := run(context.Background(), os.Args[1], os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(shown)
}

func run(ctx context.Context, project, command string) (string, error) {
	stack, err := auto.UpsertStackInlineSource(ctx, "dev", project, access, auto.WorkDir("."))
	if err != nil {
		return "", err
	}
	switch command {
	case "up":
		result, err := stack.Up(ctx)
		return result.StdOut, err
	case "refresh":
		result, err := stack.Refresh(ctx)
		return result.StdOut, err
	case "destroy":
		result, err := stack.Destroy(ctx)
		return result.StdOut, err
	}
	return "", fmt.Errorf("unknown command %s", command)
}
