/* SPDX-License-Identifier: Apache-2.0 */
/* trap.c: modules that are refused. TRAP says for what. */
#define PLAIN 0
#define THREAD_LOCAL 1
#define UNRESOLVED 2
#define ABI 3
#define STATICS 4
#define NAMELESS 5

#if TRAP == ABI
#include <krarup/module.h>
#undef KR_MODULE_ABI
#define KR_MODULE_ABI 99
#else
#include <krarup.h>
#endif

#if TRAP == THREAD_LOCAL
static __thread int per_thread;
#endif
#if TRAP == UNRESOLVED
void nobody_defines_this(void);
#endif
#if TRAP == STATICS
static _Atomic int counted = 5;
static char table[100];
#endif

KR_FUNCTION(run)
{
#if TRAP == THREAD_LOCAL
        per_thread++;
#elif TRAP == UNRESOLVED
        nobody_defines_this();
#elif TRAP == STATICS
        table[counted % 100]++;
        return kr_build("~", ++counted);
#endif
        return kr_build("ok");
}

#if TRAP == NAMELESS
const int krarup_modules = 1;
kr_term (*krarup_run)(kr_term args) = run_apply;
#else
static const kr_export exports[] = { KR_EXPORT(run) };
KR_MODULE(trap, .version = "1", KR_EXPORTS(exports));
#endif
