/* SPDX-License-Identifier: Apache-2.0 */
/* memory.h: memory that a process owns, and clean-ups that run however it ends.
 *
 * On a thread that is no process kr_alloc is malloc, and kr_defer returns false.
 */
#ifndef KRARUP_MEMORY_H
#define KRARUP_MEMORY_H

#include <krarup/base.h>

KR_BEGIN_DECLS

/* Released by kr_free or when the process ends, whatever ends it. NULL: no memory, or over
 * the process's memory_max (which also ends it, with `killed`, at its next signal).
 * Aligned for any type. Only the owner may call kr_realloc and kr_free. */
KR_API void *kr_alloc(size_t size) __attribute__((malloc));
KR_API void *kr_calloc(size_t count, size_t size) __attribute__((malloc));
KR_API void *kr_realloc(void *block, size_t size);
KR_API void kr_free(void *block);

/* Have fn(arg) called when the process ends or the enclosing kr_catch is left by an exit:
 * last registered first, on a stack of its own, so that after a stack overflow what `arg`
 * points to is still as it was. A clean-up may use this API but not wait; one that waits or
 * faults is given up and the next one runs. false: no memory (nothing registered). */
KR_API bool kr_defer(void (*fn)(void *arg), void *arg);

/* Take back the last kr_defer of this pair; `run` calls it now. */
KR_API void kr_defer_cancel(void (*fn)(void *arg), void *arg, bool run);

/* Between begin and end a fault is not survivable (the node ends with a dump), and a kill
 * waits: for regions that would leave a lock held or shared data half written. They nest. */
KR_API void kr_critical_begin(void);
KR_API void kr_critical_end(void);

KR_END_DECLS
#endif
