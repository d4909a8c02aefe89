package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/blang/semver"
	"github.com/hashicorp/hcl/v2"
	"github.com/pulumi/pulumi-java/pkg/codegen/java"
	"github.com/pulumi/pulumi-yaml/pkg/pulumiyaml"
	yamlgen "github.com/pulumi/pulumi-yaml/pkg/pulumiyaml/codegen"
	golang "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/hcl2/syntax"
	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/pcl"
	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

var (
	exported = regexp.MustCompile(`(ctx\.Export\("\w+", )(\w+\.\w+)\)`)
	entry    = regexp.MustCompile(`(Map\.entry\("[^"]*", )("[^"]*")\)`)
)

var programs = map[string]func(*pcl.Program) (map[string][]byte, hcl.Diagnostics, error){
	"python":     python.GenerateProgram,
	"typescript": nodejs.GenerateProgram,
	"go":         golang.GenerateProgram,
	"java":       java.GenerateProgram,
}

// In Java a function's plain name is the one that returns an output.
var options = map[string][]pcl.BindOption{"java": {pcl.PreferOutputVersionedInvokes}}

// writeExamples makes of each FOLDER/NAME.yaml a program in every language, OUT/NAME/LANGUAGE.
func writeExamples(source []byte, folder, out string) {
	examples, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	check(err)
	for _, path := range examples {
		for language, generate := range programs {
			bound := load(source)
			files, diagnostics, err := generate(program(path, loader{bound}, options[language]...))
			stop(path, diagnostics, err)
			name := strings.TrimSuffix(filepath.Base(path), ".yaml")
			for _, content := range files {
				write(filepath.Join(out, name, language), mended(language, string(content), bound.Resources))
			}
		}
	}
}

func mended(language, text string, resources []*schema.Resource) []byte {
	switch language {
	case "go":
		text = mendedGo(text, resources)
	case "java":
		text = mendedJava(text)
	}
	return []byte(text)
}

// mendedGo turns what the Go generator writes, and Go does not compile, into what it means: a package's name with a
// hyphen, a plain result as an output, and a function that is called Lookup because of a resource's own Get.
func mendedGo(text string, resources []*schema.Resource) string {
	text = strings.ReplaceAll(text, "bitbucket - user.", "bitbucketuser.")
	text = exported.ReplaceAllString(text, "${1}pulumi.Any($2))")
	for _, one := range resources {
		name := one.Token[strings.LastIndex(one.Token, ":")+1:]
		for _, end := range []string{"(", "Args{"} {
			text = strings.ReplaceAll(text, "bitbucketuser.Get"+name+end, "bitbucketuser.Lookup"+name+end)
		}
	}
	return text
}

// mendedJava wraps the texts of a map whose values are a text or an enum; the Java generator does so outside of maps alone.
func mendedJava(text string) string {
	if !entry.MatchString(text) {
		return text
	}
	text = entry.ReplaceAllString(text, "${1}Either.ofLeft($2))")
	return strings.Replace(text, "import com.pulumi.core.Output;\n", "import com.pulumi.core.Either;\nimport com.pulumi.core.Output;\n", 1)
}

// program binds a YAML program, and refuses what the schema does not know.
func program(path string, loader schema.ReferenceLoader, options ...pcl.BindOption) *pcl.Program {
	source, err := os.ReadFile(path)
	check(err)
	template, problems, err := pulumiyaml.LoadYAMLBytes(path, source)
	stop(path, problems.HCL(), err)
	text, diagnostics, err := yamlgen.ConvertTemplateIL(template, loader)
	stop(path, diagnostics, err)
	parser := syntax.NewParser()
	stop(path, nil, parser.ParseFile(strings.NewReader(text), "program.pp"))
	stop(path, parser.Diagnostics, nil)
	bound, diagnostics, err := pcl.BindProgram(parser.Files, loader, options...)
	stop(path, diagnostics, err)
	return bound
}

func stop(path string, diagnostics hcl.Diagnostics, err error) {
	if err == nil && diagnostics.HasErrors() {
		err = diagnostics
	}
	if err != nil {
		check(fmt.Errorf("%s: %w", path, err))
	}
}

// loader knows one package.
type loader struct{ only *schema.Package }

func (l loader) LoadPackage(name string, _ *semver.Version) (*schema.Package, error) {
	if name != l.only.Name {
		return nil, fmt.Errorf("examples use %s alone, not %s", l.only.Name, name)
	}
	return l.only, nil
}

func (l loader) LoadPackageV2(_ context.Context, wanted *schema.PackageDescriptor) (*schema.Package, error) {
	return l.LoadPackage(wanted.Name, nil)
}

func (l loader) LoadPackageReference(name string, _ *semver.Version) (schema.PackageReference, error) {
	found, err := l.LoadPackage(name, nil)
	if err != nil {
		return nil, err
	}
	return found.Reference(), nil
}

func (l loader) LoadPackageReferenceV2(
	_ context.Context, wanted *schema.PackageDescriptor,
) (schema.PackageReference, error) {
	return l.LoadPackageReference(wanted.Name, nil)
}
