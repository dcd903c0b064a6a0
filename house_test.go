// SPDX-License-Identifier: GPL-2.0-or-later

package rt0_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/rt0-dev/rt0"

// storeys are the folders of the house, the ground floor first. A package imports from storeys below its own; its tests may look at
// their own storey too.
var storeys = [][]string{
	{"arch", "internal/nearest", "internal/yamltree"},
	{"emu", "machine"},
	{"loader", "kernel", "fixtures"},
	{"harness"},
	{"zoo", "diff"},
	{"internal/render"},
	{"cmd", "scripts"},
}

const (
	cgoOnlyIn   = "emu"
	goarchIn    = "arch"
	maxLines    = 600
	license     = "SPDX-License-Identifier: GPL-2.0-or-later"
	generatedBy = "// Code generated "
)

// licensed are the kinds of files that say their licence, in one of the first two lines: a script's first names its interpreter.
var licensed = []string{".go", ".c", ".h", ".sh"}

// source is a file of the repository.
type source struct {
	path string // with slashes, relative to the root
	text []byte
	ast  *ast.File // of a Go file
}

// folder is where a package or a file lives in the house: the top-level folder, and below internal the next one as well; "" is the root.
func folder(dir string) string {
	parts := strings.Split(dir, "/")
	if parts[0] == "internal" && len(parts) > 1 {
		return parts[0] + "/" + parts[1]
	}
	return parts[0]
}

func (s source) folder() string {
	dir := path.Dir(s.path)
	if dir == "." {
		return ""
	}
	return folder(dir)
}

func (s source) isTest() bool { return strings.HasSuffix(s.path, "_test.go") }

func (s source) isGenerated() bool {
	return bytes.Contains(s.text[:min(len(s.text), 1000)], []byte(generatedBy))
}

// house reads the repository's sources. Folders that Go does not look into either are passed over, and the tools' own module.
func house(t *testing.T) []source {
	t.Helper()
	var sources []source
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			hidden := name != "." && strings.HasPrefix(d.Name(), ".")
			if hidden || d.Name() == "testdata" || name == "bin" || name == "tools" {
				return filepath.SkipDir
			}
			return nil
		}
		if !slices.Contains(licensed, path.Ext(name)) {
			return nil
		}
		s := source{path: filepath.ToSlash(name)}
		if s.text, err = os.ReadFile(name); err != nil {
			return err
		}
		if path.Ext(name) == ".go" {
			s.ast, err = parser.ParseFile(token.NewFileSet(), name, s.text, parser.SkipObjectResolution)
		}
		sources = append(sources, s)
		return err
	})
	require.NoError(t, err)
	require.NotEmpty(t, sources)
	return sources
}

func storeyOf(folder string) int {
	return slices.IndexFunc(storeys, func(storey []string) bool { return slices.Contains(storey, folder) })
}

func TestImportsRunOneWay(t *testing.T) {
	t.Parallel()
	for _, s := range house(t) {
		if s.ast == nil || s.folder() == "" {
			continue
		}
		own := storeyOf(s.folder())
		if own < 0 {
			t.Errorf("%s: folder %s has no place in the house: give it one in house_test.go and in ARCHITECTURE.md", s.path, s.folder())
			continue
		}
		for _, spec := range s.ast.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			require.NoError(t, err)
			if name == "C" && s.folder() != cgoOnlyIn {
				t.Errorf("%s uses cgo: only %s may", s.path, cgoOnlyIn)
			}
			inside, found := strings.CutPrefix(name, module+"/")
			if !found {
				continue
			}
			other := storeyOf(folder(inside))
			if folder(inside) == s.folder() || other >= 0 && other < own || s.isTest() && other == own {
				continue
			}
			t.Errorf("%s imports %s, which is not below it: imports run %s", s.path, name, direction())
		}
	}
}

// direction is the rule, as a reader wants it.
func direction() string {
	var names []string
	for _, storey := range slices.Backward(storeys) {
		names = append(names, strings.Join(storey, ", "))
	}
	return strings.Join(names, " → ")
}

func TestFilesSayTheirLicence(t *testing.T) {
	t.Parallel()
	for _, s := range house(t) {
		lines := bytes.SplitN(s.text, []byte("\n"), 3)
		head := bytes.Join(lines[:min(len(lines), 2)], []byte("\n"))
		if !bytes.Contains(head, []byte(license)) {
			t.Errorf("%s: the first line is to be a comment that says %s", s.path, license)
		}
	}
}

func TestFilesAreOneIdea(t *testing.T) {
	t.Parallel()
	for _, s := range house(t) {
		if n := bytes.Count(s.text, []byte("\n")); n > maxLines && !s.isGenerated() {
			t.Errorf("%s has %d lines: more than %d are two ideas", s.path, n, maxLines)
		}
	}
}

// What differs between CPUs is data in package arch; a switch over names elsewhere is a table that is missing there.
func TestNoSwitchOverArchitectures(t *testing.T) {
	t.Parallel()
	for _, s := range house(t) {
		if s.ast == nil || s.folder() == goarchIn {
			continue
		}
		ast.Inspect(s.ast, func(n ast.Node) bool {
			if sw, ok := n.(*ast.SwitchStmt); ok && sw.Tag != nil && namesGOARCH(sw.Tag) {
				t.Errorf("%s switches over the architecture: make it a field of arch.Arch", s.path)
			}
			return true
		})
	}
}

func namesGOARCH(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return strings.EqualFold(e.Name, "goarch")
	case *ast.SelectorExpr:
		return strings.EqualFold(e.Sel.Name, "goarch")
	}
	return false
}
