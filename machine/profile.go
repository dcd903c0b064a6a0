// SPDX-License-Identifier: GPL-2.0-or-later

package machine

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/rt0-dev/rt0/internal/yamltree"
)

// Profile is a machine that comes with rt0.
type Profile struct {
	Name    string
	Source  string // where its figures come from: the comment at the head of its file
	Machine Machine
}

//go:embed profiles/*.yaml
var embedded embed.FS

const (
	maxProfile = yamltree.MaxBytes
	maxDepth   = 16 // profiles in a chain of inherits
)

// Profiles are the machines that come with rt0, sorted by name.
func Profiles() []Profile {
	profiles := make([]Profile, 0, len(names()))
	for _, name := range names() {
		data, err := embedded.ReadFile("profiles/" + name + ".yaml")
		if err != nil {
			panic(err) // names come from the same file system
		}
		m, err := Load(name)
		if err != nil {
			panic(err) // TestProfiles loads each
		}
		profiles = append(profiles, Profile{Name: name, Source: headComment(data), Machine: m})
	}
	return profiles
}

// names of the embedded profiles, sorted.
var names = sync.OnceValue(func() []string {
	files, _ := fs.Glob(embedded, "profiles/*.yaml")
	for i, file := range files {
		files[i] = strings.TrimSuffix(path.Base(file), ".yaml")
	}
	slices.Sort(files)
	return files
})

// headComment is the comment lines that a profile starts with, the licence aside.
func headComment(data []byte) string {
	var lines []string
	for line := range strings.Lines(string(data)) {
		comment, ok := strings.CutPrefix(strings.TrimSpace(line), "#")
		if !ok {
			break
		}
		if !strings.Contains(comment, "SPDX-License-Identifier") {
			lines = append(lines, strings.TrimSpace(comment))
		}
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// Load is a machine by the name of a profile, or from a YAML file: what has a slash or ends in .yaml or .yml is a file. The machine
// is resolved and valid. A name that no profile has is an [*UnknownProfileError]; what is wrong inside one is a [*ProfileError].
//
// A profile starts from the one that it inherits, by name or by a file's path relative to its own, else from default. Its name is
// its own (the file's, when it gives none), and so is its description. What has names merges by them: the keys of kernel,
// cgroup and clock, the variables of env, the paths of files; null takes an inherited variable or file away. The lists features
// and args replace the inherited ones.
func Load(nameOrFile string) (Machine, error) {
	m, err := load(nameOrFile, nil)
	if err != nil {
		return Machine{}, err
	}
	return m, nil
}

// load reads a profile that the chain of others inherits from; the first of the chain is the one that the user named.
func load(nameOrFile string, chain []string) (Machine, error) {
	if nameOrFile == "default" {
		return defaults(), nil // what profiles/default.yaml says, without reading it
	}
	if len(chain) >= maxDepth {
		return Machine{}, fmt.Errorf("more than %d profiles inherit from each other: %s", maxDepth, strings.Join(chain, " → "))
	}
	id, read := nameOrFile, readEmbedded
	if isFile(nameOrFile) {
		id, read = filepath.Clean(nameOrFile), readFile
	} else if !slices.Contains(names(), nameOrFile) {
		return Machine{}, &UnknownProfileError{Name: nameOrFile, Nearest: nearest(nameOrFile, names())}
	}
	if slices.Contains(chain, id) {
		return Machine{}, fmt.Errorf("it inherits from itself: %s", strings.Join(append(chain, id), " → "))
	}
	data, err := read(id)
	if err != nil {
		return Machine{}, &ProfileError{File: id, Err: err}
	}
	return parseProfile(id, data, append(slices.Clip(chain), id))
}

func isFile(nameOrFile string) bool {
	return strings.ContainsAny(nameOrFile, `/`+string(filepath.Separator)) ||
		strings.HasSuffix(nameOrFile, ".yaml") || strings.HasSuffix(nameOrFile, ".yml")
}

func readEmbedded(name string) ([]byte, error) {
	return embedded.ReadFile("profiles/" + name + ".yaml")
}

// readFile reads no further than a profile may be long: the path may be a device.
func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		if pathErr := (*fs.PathError)(nil); errors.As(err, &pathErr) {
			return nil, pathErr.Err
		}
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxProfile+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxProfile {
		return nil, fmt.Errorf("a profile has at most %d bytes", maxProfile)
	}
	return data, nil
}

// parent is the machine that a profile inherits from. A file is looked for beside the file that names it.
func parent(nameOrFile string, chain []string) (Machine, error) {
	if isFile(nameOrFile) && len(chain) > 0 && isFile(chain[len(chain)-1]) && !filepath.IsAbs(nameOrFile) {
		nameOrFile = filepath.Join(filepath.Dir(chain[len(chain)-1]), nameOrFile)
		if !isFile(nameOrFile) { // "./x" beside "y.yaml" joins to "x"
			nameOrFile = "." + string(filepath.Separator) + nameOrFile
		}
	}
	return load(nameOrFile, chain)
}
