// Command sdkgen writes the Python, Node.js, Go and Java SDKs of one schema, or programs that use it, with Pulumi's own code
// generators.
//
//	sdkgen sdks SCHEMA OUT LANGUAGE...
//	sdkgen examples SCHEMA OUT FOLDER
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pulumi/pulumi-java/pkg/codegen/java"
	golang "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

const tool = "pulumi-bitbucket-user"

var generators = map[string]func(*schema.Package) (map[string][]byte, error){
	"python": func(p *schema.Package) (map[string][]byte, error) {
		return python.GeneratePackage(tool, p, nil, nil)
	},
	"nodejs": func(p *schema.Package) (map[string][]byte, error) {
		return nodejs.GeneratePackage(tool, p, nil, nil, false, nil)
	},
	"go": func(p *schema.Package) (map[string][]byte, error) {
		return golang.GeneratePackage(tool, p, nil)
	},
	"java": func(p *schema.Package) (map[string][]byte, error) {
		return java.GeneratePackage(tool, p, nil, nil, true, false) // without files for Gradle: Maven compiles it
	},
}

func main() {
	source, err := os.ReadFile(os.Args[2])
	check(err)
	if os.Args[1] == "examples" {
		writeExamples(source, os.Args[4], os.Args[3])
		return
	}
	for _, language := range os.Args[4:] {
		files, err := generators[language](load(source))
		check(err)
		for name, content := range files {
			write(filepath.Join(os.Args[3], language, name), content)
		}
	}
}

func write(path string, content []byte) {
	check(os.MkdirAll(filepath.Dir(path), 0o755))
	check(os.WriteFile(path, content, 0o644))
}

// load binds the schema. Each language gets a copy, because generating changes enum values of the one it gets.
func load(source []byte) *schema.Package {
	var spec schema.PackageSpec
	check(json.Unmarshal(source, &spec))
	bound, err := schema.ImportSpec(spec, nil, schema.NewNullLoader(), schema.ValidationOptions{})
	check(err)
	return bound
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "sdkgen:", err)
		os.Exit(1)
	}
}
