/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * How long an instruction of x86 is, and which one it is: SDM volume 2, chapter 2 and appendix A, VEX and EVEX included, which the engine takes
 * for what they are not. What is no instruction has some length: the engine traps on it, and it ends its block.
 */
#include "shim.h"

/* What follows an opcode. */
enum {
	M = 1,  /* ModR/M */
	I1 = 2, /* bytes of immediates */
	I2 = 4,
	IZ = 8,    /* two or four, by the operand size */
	IV = 16,   /* the same, eight with REX.W */
	IP = 32,   /* far pointer */
	IO = 64,   /* an address: four or eight, by the address size */
	G3 = 128,  /* an immediate for the first two of the group alone */
};

/* The one-byte opcodes from 0x40 on; those before are the same eight over and over. */
static const uint8_t one_byte[256 - 0x40] = {
	[0x62 - 0x40] = M, [0x63 - 0x40] = M, [0x68 - 0x40] = IZ, [0x69 - 0x40] = M | IZ, [0x6a - 0x40] = I1, [0x6b - 0x40] = M | I1,
	[0x70 - 0x40 ... 0x7f - 0x40] = I1,
	[0x80 - 0x40] = M | I1, [0x81 - 0x40] = M | IZ, [0x82 - 0x40] = M | I1, [0x83 - 0x40] = M | I1, [0x84 - 0x40 ... 0x8f - 0x40] = M,
	[0x9a - 0x40] = IP, [0xa0 - 0x40 ... 0xa3 - 0x40] = IO, [0xa8 - 0x40] = I1, [0xa9 - 0x40] = IZ,
	[0xb0 - 0x40 ... 0xb7 - 0x40] = I1, [0xb8 - 0x40 ... 0xbf - 0x40] = IV,
	[0xc0 - 0x40] = M | I1, [0xc1 - 0x40] = M | I1, [0xc2 - 0x40] = I2, [0xc4 - 0x40] = M, [0xc5 - 0x40] = M,
	[0xc6 - 0x40] = M | I1, [0xc7 - 0x40] = M | IZ, [0xc8 - 0x40] = I1 | I2, [0xca - 0x40] = I2, [0xcd - 0x40] = I1,
	[0xd0 - 0x40 ... 0xd3 - 0x40] = M, [0xd4 - 0x40] = I1, [0xd5 - 0x40] = I1, [0xd8 - 0x40 ... 0xdf - 0x40] = M,
	[0xe0 - 0x40 ... 0xe7 - 0x40] = I1, [0xe8 - 0x40] = IZ, [0xe9 - 0x40] = IZ, [0xea - 0x40] = IP, [0xeb - 0x40] = I1,
	[0xf6 - 0x40] = M | G3 | I1, [0xf7 - 0x40] = M | G3 | IZ, [0xfe - 0x40] = M, [0xff - 0x40] = M,
};

static uint8_t after_one_byte(uint8_t op)
{
	static const uint8_t arithmetic[8] = {M, M, M, M, I1, IZ, 0, 0};
	return op < 0x40 ? arithmetic[op & 7] : one_byte[op - 0x40];
}

/* The opcodes behind 0x0f. */
static uint8_t after_two_bytes(uint8_t op)
{
	switch (op) {
	case 0x05 ... 0x09: case 0x0b: case 0x0e: case 0x30 ... 0x37: case 0x77: case 0xa0 ... 0xa2: case 0xa8 ... 0xaa: case 0xc8 ... 0xcf:
		return 0;
	case 0x80 ... 0x8f:
		return IZ;
	case 0x0f: case 0x70 ... 0x73: case 0xa4: case 0xac: case 0xba: case 0xc2: case 0xc4 ... 0xc6:
		return M | I1;
	}
	return M;
}

uint64_t rt0_x86_insn(const uint8_t *p, size_t n, bool wide, uint32_t *length)
{
	const uint8_t *start = p, *end = p + n;
	uint8_t pp = 0, map = 0, kind = RT0_X86_LEGACY, rex = 0, op, modrm = 0, follows;
	bool size = false, address = false, l = false;
	*length = n;
	for (;; p++) {
		if (p >= end)
			return 0;
		if (*p == 0x66)
			size = true;
		else if (*p == 0x67)
			address = true;
		else if (*p == 0xf3 || *p == 0xf2)
			pp = *p == 0xf3 ? 2 : 3;
		else if (*p != 0xf0 && *p != 0x2e && *p != 0x36 && *p != 0x3e && *p != 0x26 && *p != 0x64 && *p != 0x65)
			break;
	}
	if (wide && (*p & 0xf0) == 0x40)
		rex = *p++;
	if (p >= end)
		return 0;
	op = *p++;
	bool more = p < end && (wide || (*p & 0xc0) == 0xc0);
	if (op == 0xc5 && more) {
		kind = RT0_X86_VEX, map = 1, pp = *p & 3, l = *p & 4, p++;
	} else if (op == 0xc4 && more && p + 1 < end) {
		kind = RT0_X86_VEX, map = p[0] & 7, pp = p[1] & 3, l = p[1] & 4, rex = p[1] >> 4 & 8, p += 2;
	} else if (op == 0x62 && more && p + 2 < end) {
		kind = RT0_X86_EVEX, map = p[0] & 7, pp = p[1] & 3, l = p[2] & 0x60, rex = p[1] >> 4 & 8, p += 3;
	} else if (op == 0x0f) {
		map = 1;
	}
	if (map && kind == RT0_X86_LEGACY && p < end) {
		op = *p++;
		if (op == 0x38 || op == 0x3a) {
			map = op == 0x38 ? 2 : 3;
			if (p >= end)
				return 0;
			op = *p++;
		}
	} else if (map) {
		if (p >= end)
			return 0;
		op = *p++;
	}
	if (kind == RT0_X86_LEGACY && !pp && size)
		pp = 1;
	if (map == 0)
		follows = after_one_byte(op);
	else if (map == 1 && kind == RT0_X86_LEGACY)
		follows = after_two_bytes(op);
	else if (map == 1)
		follows = op == 0x77 ? 0 : M | (((op & 0xfc) == 0x70 || op == 0xc2 || (op >= 0xc4 && op <= 0xc6)) ? I1 : 0);
	else
		follows = M | (map == 3 ? I1 : 0);
	if (follows & M && p < end) {
		modrm = *p++;
		uint8_t mod = modrm >> 6, rm = modrm & 7;
		if (mod != 3 && address && !wide) {
			p += mod == 1 ? 1 : mod == 2 || rm == 6 ? 2 : 0;
		} else if (mod != 3) {
			if (rm == 4 && p < end)
				rm = *p++ & 7;
			p += mod == 1 ? 1 : mod == 2 || rm == 5 ? 4 : 0;
		}
	}
	if (follows & G3 && modrm >> 3 & 6)
		follows = 0;
	if (follows & I1)
		p += 1;
	if (follows & I2)
		p += 2;
	if (follows & (IZ | IV | IP)) /* a near jump in 64-bit mode has no operand size */
		p += follows & IV && rex & 8 ? 8 : size && !(rex & 8) && !(wide && (map == 1 || op == 0xe8 || op == 0xe9)) ? 2 : 4;
	if (follows & IP)
		p += 2;
	if (follows & IO)
		p += wide ? (address ? 4 : 8) : address ? 2 : 4;
	*length = p - start;
	return (uint64_t)(rex & 8) << 24 | (uint64_t)l << 26 | (uint64_t)kind << 24 | (uint64_t)map << 20 | (uint64_t)pp << 16 | (uint64_t)op << 8 | modrm;
}
