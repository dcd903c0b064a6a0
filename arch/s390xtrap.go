// SPDX-License-Identifier: GPL-2.0-or-later

package arch

// s390xTraps are what Linux makes of the engine's exceptions (EXCP_* of QEMU's target/s390x/cpu.h; s390/kernel/traps.c).
var s390xTraps = []Trap{
	{Intr: 3, Signal: SIGILL, Code: illOpc, Addr: true}, // EXCP_PGM
}

// The values of si_code (include/uapi/asm-generic/siginfo.h).
const (
	illOpc    = 1 // ILL_ILLOPC
	illOpn    = 2 // ILL_ILLOPN
	illPrvOpc = 5 // ILL_PRVOPC
	fpeIntDiv = 1 // FPE_INTDIV
)

// s390xException finds out which program interruption it was: the engine does not tell. The instruction decides, as each raises one or two
// of them. All of these suppress or complete the instruction, and leave the PSW behind it; si_addr is the instruction's (do_trap of
// s390/kernel/traps.c). A breakpoint is an illegal operation to Linux, unless somebody traces.
func s390xException(code []byte, reg func(Register) uint64) (Trap, int) {
	trap := s390xTraps[0]
	if len(code) < 2 {
		return trap, 0
	}
	length := s390xEmulation.Lengths[code[0]>>6]
	if len(code) < length {
		return trap, 0
	}
	opcode := s390xOpcode(code)
	fpc := reg(Register{"fpc", ucS390XRegFPC})
	kind, ok := s390xExceptions[opcode]
	switch {
	case ok:
		trap.Signal, trap.Code = kind.Signal, kind.Code
	case (code[0] == 0xb3 || code[0] == 0xed) && fpc&0xff00 != 0 && fpc&0x0300 == 0: // an IEEE exception (do_fp_trap)
		trap.Signal = SIGFPE
		for i, bit := range []uint64{0x4000, 0x2000, 0x1000, 0x0800, 0x8000} { // FPE_FLTDIV, FLTOVF, FLTUND, FLTRES, FLTINV
			if fpc&bit != 0 {
				trap.Code = int32(3 + i)
			}
		}
	}
	return trap, length
}

// s390xOpcode is the operation code: a byte, or a byte and a second one that stands where the first one says.
func s390xOpcode(code []byte) uint16 {
	switch first := uint16(code[0]) << 8; code[0] {
	case 0x01, 0xb2, 0xb3, 0xb9, 0xe5:
		return first | uint16(code[1])
	case 0xe3, 0xe6, 0xe7, 0xeb, 0xec, 0xed:
		return first | uint16(code[5])
	default:
		return first
	}
}

// s390xExceptions are the signals of instructions that the engine knows, and that raise another exception than an illegal operation.
var s390xExceptions = func() map[uint16]Trap {
	list := map[uint16]Trap{}
	for _, row := range []struct {
		signal  Signal
		code    int32
		opcodes []uint16
	}{
		// Fixed-point divide (divide_exception): D, DR, DL, DLR, DLG, DLGR, DSG, DSGR, DSGF, DSGFR.
		{SIGFPE, fpeIntDiv, []uint16{0x1d00, 0x5d00, 0xe397, 0xb997, 0xe387, 0xb987, 0xe30d, 0xb90d, 0xe31d, 0xb91d}},
		// Compare and trap, load and trap: a data exception that is no IEEE one. CRT, CGRT, CLRT, CLGRT, CIT, CGIT, CLFIT, CLGIT, CLT, CLGT,
		// LAT, LGAT, LFHAT, LLGFAT, LLGTAT.
		{SIGFPE, 0, []uint16{
			0xb972, 0xb960, 0xb973, 0xb961, 0xec72, 0xec70, 0xec73, 0xec71, 0xeb23, 0xeb2b, 0xe39f, 0xe385, 0xe3c8, 0xe39d, 0xe39c,
		}},
		// Specification, of an operand that is not aligned: CS, CSY, CSG, CDS, CDSY, CDSG, LAN(G), LAO(G), LAX(G), LAA(G), LAAL(G), STFLE.
		{SIGILL, illOpn, []uint16{
			0xba00, 0xeb14, 0xeb30, 0xbb00, 0xeb31, 0xeb3e, 0xebf4, 0xebe4, 0xebf6, 0xebe6, 0xebf7, 0xebe7, 0xebf8, 0xebe8, 0xebfa, 0xebea, 0xb2b0,
		}},
		// Specification, of a function that there is not: KMAC, KMF, KMO, PCC, KMCTR, KM, KMC, PPNO, KIMD, KLMD.
		{SIGILL, illOpn, []uint16{0xb91e, 0xb92a, 0xb92b, 0xb92c, 0xb92d, 0xb92e, 0xb92f, 0xb93c, 0xb93e, 0xb93f}},
		// Privileged operations, those that read or write the CPU's state: LPSW, LPSWE, SSM, STNSM, STOSM, LCTL, LCTLG, STCTL, STCTG, DIAG, SIGP,
		// SPX, STPX, SPKA, IPK, STIDP, STAP, SCK, SPT, STPT, SCKC, STCKC, PTLB, STFL, STSI, LURA, STURA, PFMF, LRA, LRAG.
		{SIGILL, illPrvOpc, []uint16{
			0x8200, 0xb2b2, 0x8000, 0xac00, 0xad00, 0xb700, 0xeb2f, 0xb600, 0xeb25, 0x8300, 0xae00, 0xb210, 0xb211, 0xb20a, 0xb20b, 0xb202,
			0xb212, 0xb204, 0xb208, 0xb209, 0xb206, 0xb207, 0xb20d, 0xb2b1, 0xb27d, 0xb24b, 0xb246, 0xb9af, 0xb100, 0xe303,
		}},
	} {
		for _, opcode := range row.opcodes {
			list[opcode] = Trap{Signal: row.signal, Code: row.code}
		}
	}
	return list
}()
