// SPDX-License-Identifier: GPL-2.0-or-later

// Package harness is the face of rt0: it boots a Go binary on a faked machine and says what the runtime concluded. Go tests call
// [Boot] and its assertions; everything else calls [Run], which gives a [Report]. The command line uses nothing but this package.
package harness

import (
	"encoding/json"
	"reflect"
	"runtime/debug"
	"strings"

	"github.com/rt0-dev/rt0/machine"
)

// Schema is the version of the JSON form of [Document]. Fields may be added within a version; none changes its meaning.
const Schema = 1

// Document is what `rt0 boot -o json` prints.
type Document struct {
	Schema int `json:"schema"`
	RT0    RT0 `json:"rt0"`
	// Matrix is what the boots of a matrix are a part of, or all of; nil for others.
	Matrix *MatrixAxes `json:"matrix,omitempty"`
	Boots  []*Report   `json:"boots"`
}

// RT0 is the program that made a document.
type RT0 struct {
	Version string `json:"version"` // of the module: "v0.1.0", or "(devel)"
}

// NewDocument puts reports into a document of this version of rt0.
func NewDocument(boots ...*Report) Document {
	if boots == nil {
		boots = []*Report{}
	}
	return Document{Schema: Schema, RT0: RT0{Version: Version()}, Boots: boots}
}

// Version is the version of the rt0 module in this program, "(devel)" when it was built from a work tree.
func Version() string {
	const module = "github.com/rt0-dev/rt0"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(devel)"
	}
	if info.Main.Path == module && info.Main.Version != "" {
		return info.Main.Version
	}
	for _, d := range info.Deps {
		if d.Path == module {
			return d.Version
		}
	}
	return "(devel)"
}

// Outcome is how a boot ended.
type Outcome string

// The outcomes.
const (
	Reached Outcome = "reached" // the point asked for
	Exited  Outcome = "exited"  // exit_group before that point
	Threw   Outcome = "threw"   // a Go fatal error or an unrecovered panic
	Killed  Outcome = "killed"  // by a signal
	Stuck   Outcome = "stuck"   // deadlock, or a bound was hit
	Refused Outcome = "refused" // never started
)

// Outcomes are all outcomes, best first.
var Outcomes = []Outcome{Reached, Exited, Threw, Killed, Stuck, Refused}

// Report is one boot: plain data. Equal binaries, machines and options give equal reports on every host.
type Report struct {
	Cell     *Cell           `json:"cell,omitempty"` // in a matrix
	Binary   Binary          `json:"binary"`
	Machine  machine.Machine `json:"machine"` // resolved
	Until    string          `json:"until"`   // the point asked for: a phase or a symbol
	Outcome  Outcome         `json:"outcome"`
	Reason   string          `json:"reason"`         // one line; empty when the point was reached or the program exited
	Phase    string          `json:"phase"`          // the last phase entered
	Died     string          `json:"died,omitempty"` // the phase in which the runtime gave up, when it did: it goes on to exit then
	ExitCode *int            `json:"exitCode"`
	Signal   *string         `json:"signal"`          // "SIGSEGV"
	Fault    *Fault          `json:"fault,omitempty"` // the instruction that the program died of, when it did
	Stdout   string          `json:"stdout"`
	Stderr   string          `json:"stderr"`
	Runtime  Runtime         `json:"runtime"`
	Phases   []Phase         `json:"phases"`
	// Schedinit are the calls inside runtime.schedinit in the order that they run. Functions that the compiler inlined are absent.
	Schedinit []Phase `json:"schedinit"`
	// Inits are the package initialisers in the order that they were entered.
	Inits  []Init `json:"inits"`
	Counts Counts `json:"counts"`
	// Calls are the system calls by name, those that never returned among them.
	Calls map[string]int `json:"calls"`
	// Files are the paths that the guest asked for, in that order: the first call of each name on each. Of more than 4096 the rest is left out.
	Files    []File    `json:"files"`
	Events   []string  `json:"events"`             // what the faked kernel met and does not do: one line each
	Syscalls []Syscall `json:"syscalls,omitempty"` // when traced
	// Hash is over all that the guest did, in hexadecimal: see hash.go. It depends on nothing of the host, and on nothing that only looks.
	Hash string `json:"hash"`

	err      error // why there was no boot
	crash    *Crash
	options  *options
	promises string  // of CPU features that cannot be executed
	sysmon   *uint64 // the instruction at which sysmon's thread was started
	goMinor  int
	settings map[string]string // of the build
}

// Binary is the program that was booted.
type Binary struct {
	Path      string `json:"path"`
	SHA256    string `json:"sha256"` // hexadecimal
	GOARCH    string `json:"goarch"`
	GoVersion string `json:"goVersion"` // "go1.26.8"
	BuildMode string `json:"buildMode"` // "exe", "pie"
	Stripped  bool   `json:"stripped"`
}

// Unknown is the value of a number of [Runtime] that the release does not have, or that a stripped binary does not tell. It is null in JSON.
const Unknown = -1

// Runtime is what Go's runtime concluded, read from the guest's memory when the boot ended. Names are the newest release's.
type Runtime struct {
	Argc             int `json:"argc"`
	NumCPU           int `json:"numCPU"`     // runtime.NumCPU at start
	GOMAXPROCS       int `json:"gomaxprocs"` // Ps
	MaxMCount        int `json:"maxMCount"`  // limit on Ms
	PhysPageSize     int `json:"physPageSize"`
	PhysHugePageSize int `json:"physHugePageSize"`
	MaxStackSize     int `json:"maxStackSize"` // bytes
	Threads          int `json:"threads"`      // Ms that the runtime has made and not freed
	Goroutines       int `json:"goroutines"`   // Gs ever made and still kept: runtime.allgs
	// VDSOClockgettime is the address of the vDSO's clock_gettime (runtime.vdsoClockgettimeSym); 0: the runtime found none, Unknown: it does
	// not look for one.
	VDSOClockgettime int `json:"vdsoClockgettime"`
	SecureMode       int `json:"secureMode"` // 1: the runtime takes the program for a set-user-ID one (AT_SECURE); since Go 1.19.10 and 1.20.5

	Args []string `json:"args"` // os.Args as the runtime keeps them; nil when unknown
	Env  []string `json:"env"`  // the environment, likewise
	// CPUFeatures are the features that internal/cpu has found, by its own names, which GODEBUG=cpu.NAME=off takes too, sorted; nil where it did not look.
	// Those that the build takes for granted (GOAMD64=v3) are left out, as internal/cpu leaves them out.
	CPUFeatures []string `json:"cpuFeatures"`
}

// noRuntime is a Runtime of which nothing is known.
func noRuntime() Runtime {
	var r Runtime
	v := reflect.ValueOf(&r).Elem()
	for i := range v.NumField() {
		if v.Field(i).Kind() == reflect.Int {
			v.Field(i).SetInt(Unknown)
		}
	}
	return r
}

// MarshalJSON writes Unknown as null.
func (r Runtime) MarshalJSON() ([]byte, error) {
	var b strings.Builder
	b.WriteByte('{')
	v := reflect.ValueOf(r)
	for i := range v.NumField() {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"` + v.Type().Field(i).Tag.Get("json") + `":`)
		f := v.Field(i)
		if f.Kind() == reflect.Int && f.Int() == Unknown {
			b.WriteString("null")
			continue
		}
		j, err := json.Marshal(f.Interface())
		if err != nil {
			return nil, err
		}
		b.Write(j)
	}
	b.WriteByte('}')
	return []byte(b.String()), nil
}

// UnmarshalJSON reads null as Unknown.
func (r *Runtime) UnmarshalJSON(data []byte) error {
	type plain Runtime
	p := plain(noRuntime())
	if err := json.Unmarshal(data, &p); err != nil {
		return err
	}
	*r = Runtime(p)
	return nil
}

// Phase is a stretch of the boot: from a function's entry to the next phase (in [Report.Phases]), or to its return (in
// [Report.Schedinit]).
type Phase struct {
	Name             string `json:"name"`
	Function         string `json:"function"`         // the symbol, as the release names it
	StartInstruction uint64 `json:"startInstruction"` // instructions of all threads before it
	Instructions     uint64 `json:"instructions"`
	Syscalls         int    `json:"syscalls"`
	Pages            uint64 `json:"pages"` // of 4 KiB, touched in it for the first time
}

// Init is a package initialiser. Its cost is what its own thread did between its entry and its return, less what other initialisers inside it
// cost (up to Go 1.12, pkg.init called the initialisers of the packages that it imports).
type Init struct {
	Package          string `json:"package"`
	Function         string `json:"function"`  // "unicode.init", "main.init.0"
	Goroutine        *int   `json:"goroutine"` // null when the binary does not tell
	Thread           int    `json:"thread"`    // tid
	StartInstruction uint64 `json:"startInstruction"`
	Instructions     uint64 `json:"instructions"`
	Syscalls         int    `json:"syscalls"`
}

// Counts are totals of the boot.
type Counts struct {
	Instructions uint64 `json:"instructions"`
	Blocks       uint64 `json:"blocks"` // the engine's; may change with its version
	Syscalls     int    `json:"syscalls"`
	Threads      int    `json:"threads"`      // threads ever started
	PagesTouched uint64 `json:"pagesTouched"` // of 4 KiB; one that was discarded and touched again counts twice
}

// Syscall is one system call of a traced boot.
type Syscall struct {
	N           int      `json:"n"` // 1 for the first
	Thread      int      `json:"thread"`
	Phase       string   `json:"phase"`
	Name        string   `json:"name"`
	Args        []string `json:"args"`   // as strace would print them
	Result      *int64   `json:"result"` // a failure is the negative errno, as the kernel returns it; null: it never returned
	Error       string   `json:"error,omitempty"`
	Instruction uint64   `json:"instruction"`
}
