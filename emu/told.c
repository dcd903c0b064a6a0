/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What instructions tell of the CPU: features and counters are the machine's, not the engine's or the host's. */
#include "shim.h"

#include <stdlib.h>
#include <string.h>

void rt0_set_cpuid(struct rt0_engine *e, const struct rt0_cpuid *leaves, size_t n)
{
	struct rt0_cpuid *p = malloc((n + 1) * sizeof *p);
	if (!p)
		return;
	memcpy(p, leaves, n * sizeof *p);
	free(e->cpuid);
	e->cpuid = p;
	e->ncpuid = n;
}

/* x86: the answers of CPUID. A leaf that is not described answers zeroes, as real CPUs do for leaves they reserve. */
int rt0_on_cpuid(uc_engine *uc, void *user)
{
	struct rt0_engine *e = user;
	static const int regs[4] = {UC_X86_REG_EAX, UC_X86_REG_EBX, UC_X86_REG_ECX, UC_X86_REG_EDX};
	uint32_t leaf = rt0_reg(e, UC_X86_REG_EAX), subleaf = rt0_reg(e, UC_X86_REG_ECX);
	const struct rt0_cpuid *found = NULL;
	if (!e->ncpuid)
		return 0;
	for (size_t i = 0; i < e->ncpuid; i++)
		if (e->cpuid[i].leaf == leaf && (e->cpuid[i].subleaf == subleaf || (!found && e->cpuid[i].subleaf == 0)))
			found = &e->cpuid[i];
	for (int i = 0; i < 4; i++) {
		/* Writing the 64-bit register clears its upper half, as the instruction does. */
		uint64_t v = found ? found->regs[i] : 0;
		static const int wide[4] = {UC_X86_REG_RAX, UC_X86_REG_RBX, UC_X86_REG_RCX, UC_X86_REG_RDX};
		uc_reg_write(uc, sizeof(void *) == 8 && e->pc == UC_X86_REG_RIP ? wide[i] : regs[i], &v);
	}
	return 1;
}

/* x86: the time stamp counter would be the host's. */
int rt0_on_rdtsc(uc_engine *uc, void *user)
{
	struct rt0_engine *e = user;
	uint64_t now = rt0_counter(e), low = (uint32_t)now, high = now >> 32;
	bool wide = e->pc == UC_X86_REG_RIP;
	rt0_record_opaque(e);
	uc_reg_write(uc, wide ? UC_X86_REG_RAX : UC_X86_REG_EAX, &low);
	uc_reg_write(uc, wide ? UC_X86_REG_RDX : UC_X86_REG_EDX, &high);
	return 1;
}

int rt0_on_rdtscp(uc_engine *uc, void *user)
{
	struct rt0_engine *e = user;
	uint64_t cpu = 0;
	uc_reg_write(uc, e->pc == UC_X86_REG_RIP ? UC_X86_REG_RCX : UC_X86_REG_ECX, &cpu);
	return rt0_on_rdtsc(uc, user);
}

/* arm64: so would the virtual counter, CNTVCT_EL0 (op0 3, op1 3, CRn 14, CRm 0, op2 2), and its self-synchronised twin (op2 6). */
uint32_t rt0_on_mrs(uc_engine *uc, uc_arm64_reg reg, const uc_arm64_cp_reg *cp, void *user)
{
	struct rt0_engine *e = user;
	if (e->id && cp->op0 == 3 && !cp->op1 && !cp->crn && !cp->crm && !cp->op2) { /* MIDR_EL1 */
		uc_reg_write(uc, reg, &e->id);
		return 1;
	}
	if (cp->op0 != 3 || cp->op1 != 3 || cp->crn != 14 || cp->crm != 0 || (cp->op2 != 1 && cp->op2 != 2 && cp->op2 != 5 && cp->op2 != 6))
		return 0;
	uint64_t now = rt0_counter(e);
	rt0_record_opaque(e);
	uc_reg_write(uc, reg, &now);
	return 1;
}
