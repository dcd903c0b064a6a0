// SPDX-License-Identifier: GPL-2.0-or-later

// Package conformance is the one table that every architecture goes through: small programs (the cases of the fixture conformance, and
// a large program that only prints), built in every way that Go builds them for the architecture, on machines few and many. What a program
// prints and how it ends must be what it prints natively on amd64, the facts about the machine aside; what the runtime concluded of the
// machine is judged from the report.
//
// The rows are in cases.go and machines.go, the columns are arch.All(): an architecture has its place here as soon as it is registered
// there. Its build modes, page sizes and variants (GOARM, GOAMD64, ...) come from its description.
//
// The reference is the amd64 program run by the host, where the host can; elsewhere it is the amd64 program in rt0.
//
// What is not asked: the whole product. A boot costs some 40 ms and a case up to half a second, so every case runs on the plain
// executable, twice, and those that a build mode or a variant could touch run on the others too. In seconds of CPU time for each
// architecture: cases 8, other modes 2 to 7, machines 6, variants 3 each; and to build everything in a new cache, 35, and 18 for each variant.
package conformance
