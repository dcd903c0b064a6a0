// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/emu"
	"github.com/rt0-dev/rt0/kernel"
	"github.com/rt0-dev/rt0/loader"
	"github.com/rt0-dev/rt0/machine"
)

// program is a file that is booted, read once for all its boots. It may be used by many goroutines.
type program struct {
	path string
	open func() (*loader.Image, error)
}

func openProgram(path string) *program {
	return &program{path, sync.OnceValues(func() (*loader.Image, error) { return loader.Open(path) })}
}

// image is the program as its file says. When the error is one of the file's contents there is an image nevertheless: what can be told of it.
func (p *program) image() (*loader.Image, error) {
	img, err := p.open()
	if e := (*loader.Error)(nil); errors.As(err, &e) {
		img = e.Image
	}
	return img, err
}

// station is where boots of a program are made, one after the other. It is no matter for more than one goroutine.
//
// A warm station keeps what the next boot can use. The guest's memory with the program in it, and the code that the engine has translated,
// are the dear part: a snapshot is taken before anything of the machine goes there, and restored for each boot. The stack, the vDSO, the
// process and the breakpoints are made anew.
type station struct {
	program  *program
	opts     *options
	warm     bool
	recall   *recollections // nil: everything is run
	stages   []*stage
	outlines map[outlineKey]*outline
}

func newStation(p *program, o *options) *station {
	return &station{program: p, opts: o, outlines: map[outlineKey]*outline{}}
}

// stage is an engine in which the program stands loaded.
type stage struct {
	key      stageKey
	err      error // why there is none
	img      *loader.Image
	engine   *emu.Engine
	layout   loader.Layout
	cpu      *arch.Processor // of all machines that come here
	promises string
	loaded   *emu.Snapshot   // nil: it is for one boot
	recall   *recollection   // nil: everything is run
	marks    map[uint64]bool // the engine's breakpoints
	boots    int
	first    uint64 // bytes of the host's memory, after its first boot
}

// stageKey is all of a machine that an engine, and the program's place in it, depend on.
type stageKey struct {
	arch *arch.Arch
	page uint64 // of the mapping
	cpu  string
}

// outlineKey is what an outline depends on beside program and options.
type outlineKey struct{ bias uint64 }

const (
	// maxStages bounds the engines that a station keeps, of some megabytes each.
	maxStages = 6
	// maxOutlines bounds the places of a program that a station knows.
	maxOutlines = 16
	// spare is how much an engine may grow beyond twice of what its first boot took, in bytes.
	spare = 4 << 20
)

// machine is m as it is booted: resolved, with the arguments of the options.
func (s *station) machine(m machine.Machine) machine.Machine {
	m = m.Resolved()
	m.Args = append(slices.Clip(m.Args), s.opts.args...)
	return m
}

// run boots the program on m, which is as machine gives it.
func (s *station) run(ctx context.Context, m machine.Machine) *Report {
	r := newReport(s.program.path, m, s.opts)
	if err := s.carryOut(ctx, r); err != nil {
		r.refuse(err)
	}
	return r
}

// carryOut carries the boot out, and fills r in.
func (s *station) carryOut(ctx context.Context, r *Report) error {
	if err := r.Machine.Validate(); err != nil {
		return err
	}
	img, err := s.program.image()
	if img != nil {
		defer r.Binary.describe(img, s.warm)()
	}
	if err != nil {
		return err
	}
	if img, err = addressed(img, r.Machine); err != nil {
		return err
	}
	if s.opts.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.opts.timeout)
		defer cancel()
	}
	if s.warm {
		if same, err := s.onStage(ctx, r, img); same {
			return err
		}
		r.again()
	}
	st := s.build(img, r.Machine, nil, false)
	defer st.closeLater()
	return s.boot(ctx, r, st)
}

// describe says what the file is, and the returned function its checksum: that takes as long as a good part of a boot, and has the other core
// when this is the only boot.
func (b *Binary) describe(img *loader.Image, again bool) (finish func()) {
	b.GOARCH, b.GoVersion, b.BuildMode, b.Stripped = img.GOARCH(), img.GoVersion, img.BuildMode, img.Stripped
	if !again {
		go img.SHA256()
	}
	return func() { b.SHA256 = img.SHA256() }
}

// onStage makes a boot on an engine that has had others. False: the bound on memory was met, which is nearer there, since what was translated and
// the tables of former boots are in it as well.
func (s *station) onStage(ctx context.Context, r *Report, img *loader.Image) (same bool, err error) {
	st, err := s.stageFor(img, r.Machine)
	if err != nil {
		return true, err
	}
	if st.recall.due() {
		if done, err := s.record(ctx, r, img, st.recall); done {
			return true, err
		}
		r.again()
	}
	if err := st.engine.Restore(st.loaded); err != nil {
		return true, fmt.Errorf("go back to the program as it was loaded: %w", err)
	}
	err = st.recall.boot(st.engine, r, func() error { return s.boot(ctx, r, st) })
	full := st.engine.Mem().Exhausted()
	size := st.engine.Mem().Footprint()
	if st.boots++; st.boots == 1 {
		st.first = size
	}
	if full || st.engine.Broken() || size > 2*st.first+spare {
		s.drop(st)
	}
	return !full || st.boots == 1, err
}

// boot makes the process and lets it run.
func (s *station) boot(ctx context.Context, r *Report, st *stage) error {
	if st.err != nil {
		return st.err
	}
	r.promises = st.promises
	out, err := s.outline(st)
	if err != nil {
		return err
	}
	b, err := newBoot(r, s.opts, st, out)
	if err != nil {
		return err
	}
	defer b.close()
	if s.opts.inject != nil {
		s.opts.inject(b)
	}
	if s.opts.until == phaseTable[0].name {
		b.finish(kernel.Exit{Kind: kernel.Stopped}) // the guest stands there already
		return nil
	}
	end := b.run(ctx)
	if s.opts.ended != nil {
		s.opts.ended(b)
	}
	b.finish(end)
	return nil
}

// outline is what is known of the program where it stands.
func (s *station) outline(st *stage) (*outline, error) {
	key := outlineKey{st.layout.Bias}
	if out := s.outlines[key]; out != nil {
		return out, nil
	}
	out, err := outlineOf(st.img, st.layout.Bias, s.opts)
	if err != nil {
		return nil, err
	}
	if len(s.outlines) >= maxOutlines {
		clear(s.outlines)
	}
	s.outlines[key] = out
	return out, nil
}

// stageFor is the stage for a machine: one that is there, or a new one.
func (s *station) stageFor(img *loader.Image, m machine.Machine) (*stage, error) {
	key := stageKey{img.Arch, mappingPage(img.Arch, uint64(m.PageSize)), cpuKey(m)}
	for _, st := range s.stages {
		if st.key == key {
			return st, st.err
		}
	}
	recall := s.recall.of(key)
	st := s.build(img, m, recall.engine(), false)
	st.key, st.recall = key, recall
	if st.err == nil {
		if st.loaded, st.err = st.engine.Snapshot(); st.err != nil {
			st.close()
		}
	}
	if len(s.stages) >= maxStages {
		// Any: machines come in turns, and the one that was used longest ago would be the one that is wanted next.
		s.drop(s.stages[rand.IntN(len(s.stages))])
	}
	s.stages = append(s.stages, st)
	return st, st.err
}

// cpuKey is what a machine says of the CPU that an engine must know.
func cpuKey(m machine.Machine) string {
	if len(m.Features) == 0 && len(m.CPUID) == 0 && m.CPU.XCR0 == 0 {
		return m.CPU.Model
	}
	return fmt.Sprintf("%s %d %q %q", m.CPU.Model, m.CPU.XCR0, m.Features, m.CPUID)
}

// build opens an engine and loads the program: the one place where this is done. The stage's err says why there is none.
func (s *station) build(img *loader.Image, m machine.Machine, memory *emu.Recollection, record bool) *stage {
	st := &stage{img: img, marks: map[uint64]bool{}}
	if st.err = st.open(m, emu.Config{Memory: s.opts.memory, Recollection: memory, Record: record}); st.err != nil {
		st.close()
	}
	return st
}

func (st *stage) open(m machine.Machine, cfg emu.Config) error {
	a := st.img.Arch
	cpu, err := m.Processor(a)
	if err != nil {
		return err
	}
	st.cpu, st.promises = cpu, promises(cpu)
	cfg.Arch, cfg.Model, cfg.CPUID, cfg.XCR0, cfg.Has, cfg.ID, cfg.Guards = a, cpu.Model(), cpu.CPUID(), cpu.XCR0(), cpu.Has, cpu.CPU.MIDR, cpu.Guards()
	if st.engine, err = emu.New(cfg); err != nil {
		return err
	}
	st.layout, err = st.img.Load(st.engine.Mem(), mappingPage(a, uint64(m.PageSize)))
	return err
}

func (st *stage) close() {
	if st.engine != nil {
		st.engine.Close()
		st.engine = nil
	}
}

// closing bounds the engines that are being closed beside what goes on.
var closing = make(chan struct{}, 4)

// closeLater closes in the background: it takes some milliseconds that nobody needs to wait for.
func (st *stage) closeLater() {
	if st.engine == nil {
		return
	}
	closing <- struct{}{}
	go func() {
		st.close()
		<-closing
	}()
}

// drop gives a stage up.
func (s *station) drop(st *stage) {
	s.stages = slices.DeleteFunc(s.stages, func(other *stage) bool { return other == st })
	st.closeLater()
}

// close gives all of them up.
func (s *station) close() {
	for _, st := range s.stages {
		st.closeLater()
	}
	s.stages = nil
}
