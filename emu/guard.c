/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The engine gives up by abort() where its authors thought that nothing could come: some undefined instructions of arm64 do that, and a guest
 * that contains them would end rt0. While the engine runs on a thread, signals that only its own fault can raise there end the run instead.
 * Everywhere else they go to whoever had them before, Go's runtime.
 *
 * What the engine was at is lost, and it may be in any state: it never runs again, and is left to the end of the process.
 */
#include "shim.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>

static const int fatal[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
enum { FATAL = sizeof fatal / sizeof *fatal };

static struct sigaction before[FATAL];
static pthread_once_t once = PTHREAD_ONCE_INIT;
static __thread sigjmp_buf *way_out;

static void on_fatal(int sig, siginfo_t *info, void *context)
{
	if (way_out)
		siglongjmp(*way_out, sig);
	for (int i = 0; i < FATAL; i++) {
		if (fatal[i] != sig)
			continue;
		if (before[i].sa_flags & SA_SIGINFO) {
			before[i].sa_sigaction(sig, info, context);
		} else if (before[i].sa_handler == SIG_DFL) {
			sigaction(sig, &before[i], NULL);
			raise(sig);
		} else if (before[i].sa_handler != SIG_IGN) {
			before[i].sa_handler(sig);
		}
	}
}

static void install(void)
{
	for (int i = 0; i < FATAL; i++) {
		sigaction(fatal[i], NULL, &before[i]);
		struct sigaction act = before[i];
		act.sa_flags |= SA_SIGINFO | SA_ONSTACK;
		act.sa_sigaction = on_fatal;
		sigaction(fatal[i], &act, NULL);
	}
}

uc_err rt0_start(struct rt0_engine *e, uint64_t pc)
{
	sigjmp_buf here, *outer = way_out;
	if (e->broken)
		return UC_ERR_EXCEPTION;
	pthread_once(&once, install);
	int sig = sigsetjmp(here, 0); /* the mask is put right below: saving it at each run would cost a system call */
	if (sig == 0) {
		way_out = &here;
		uc_err err = uc_emu_start(e->uc, pc, 0, 0, 0);
		way_out = outer;
		return err;
	}
	way_out = outer;
	e->broken = sig;
	sigset_t raised;
	sigemptyset(&raised);
	for (int i = 0; i < FATAL; i++)
		sigaddset(&raised, fatal[i]);
	pthread_sigmask(SIG_UNBLOCK, &raised, NULL);
	return UC_ERR_EXCEPTION;
}
