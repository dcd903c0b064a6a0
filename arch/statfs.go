// SPDX-License-Identifier: GPL-2.0-or-later

package arch

// The structures of statfs, of which Linux has five. Those of 64-bit architectures are what statfs fills, those of 32-bit ones what statfs64
// does; s390x and ppc64 have both calls and one structure.

// statfsWords is struct statfs of asm-generic/statfs.h, where a long has 64 bits.
var statfsWords = Layout{
	Size: 120,
	Fields: []Field{
		{"f_type", 0, 8}, {"f_bsize", 8, 8}, {"f_blocks", 16, 8}, {"f_bfree", 24, 8}, {"f_bavail", 32, 8}, {"f_files", 40, 8}, {"f_ffree", 48, 8},
		{"f_fsid", 56, 4}, {"f_namelen", 64, 8}, {"f_frsize", 72, 8}, {"f_flags", 80, 8},
	},
}

// statfs64 is struct statfs64 of asm-generic/statfs.h, without padding at its end: 386 has none by its alignment, arm by ARCH_PACK_STATFS64.
var statfs64 = Layout{Size: 84, Fields: statfsHalves}

// s390xStatfs is struct statfs of s390/include/uapi/asm/statfs.h, with ints among the longs.
var s390xStatfs = Layout{Size: 88, Fields: statfsHalves}

var statfsHalves = []Field{
	{"f_type", 0, 4}, {"f_bsize", 4, 4}, {"f_blocks", 8, 8}, {"f_bfree", 16, 8}, {"f_bavail", 24, 8}, {"f_files", 32, 8}, {"f_ffree", 40, 8},
	{"f_fsid", 48, 4}, {"f_namelen", 56, 4}, {"f_frsize", 60, 4}, {"f_flags", 64, 4},
}

// mips32Statfs is struct statfs64 of O32, mips64Statfs struct statfs of N64 (mips/include/uapi/asm/statfs.h): their members have another order.
var (
	mips32Statfs = Layout{
		Size: 96,
		Fields: []Field{
			{"f_type", 0, 4}, {"f_bsize", 4, 4}, {"f_frsize", 8, 4}, {"f_blocks", 16, 8}, {"f_bfree", 24, 8}, {"f_files", 32, 8}, {"f_ffree", 40, 8},
			{"f_bavail", 48, 8}, {"f_fsid", 56, 4}, {"f_namelen", 64, 4}, {"f_flags", 68, 4},
		},
	}
	mips64Statfs = Layout{
		Size: 120,
		Fields: []Field{
			{"f_type", 0, 8}, {"f_bsize", 8, 8}, {"f_frsize", 16, 8}, {"f_blocks", 24, 8}, {"f_bfree", 32, 8}, {"f_files", 40, 8}, {"f_ffree", 48, 8},
			{"f_bavail", 56, 8}, {"f_fsid", 64, 4}, {"f_namelen", 72, 8}, {"f_flags", 80, 8},
		},
	}
)
