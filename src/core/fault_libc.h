/* SPDX-License-Identifier: Apache-2.0 */
/* fault_libc.h: which functions of libc may be left in the middle.
 *
 * Model    At kri_libc_init names are resolved to addresses, those to the bounds of the
 *          functions behind them (a name may stand for one of several variants, chosen for
 *          this processor, or for a jump to the function that does the work).
 * Law      What is not listed may hold a lock. The list names functions, as the program
 *          called them; below such an entry any function of libc may be under way, but none
 *          of the malloc family.
 */
#ifndef KR_CORE_FAULT_LIBC_H
#define KR_CORE_FAULT_LIBC_H

#include <stdbool.h>
#include <stdint.h>

enum kri_libc_kind {
        KRI_LIBC_LOCKS = 0,  /* may hold a lock, or leave something half done */
        KRI_LIBC_FREE = 1,   /* holds none: can be left anywhere */
        KRI_LIBC_ABORTS = 2, /* holds none when it raises SIGABRT */
        KRI_LIBC_MALLOC = 3, /* one of the malloc family, whoever provides it */
};

/* Before any other call; again has no effect. The first takes about a millisecond. */
void kri_libc_init(void);

/* Any thread, also in a signal handler: */

/* Is this an address in libc, the dynamic loader or a malloc that takes the place of
 * libc's? */
bool kri_libc_holds(uintptr_t pc);

/* The kind of the function that begins at `start`. */
enum kri_libc_kind kri_libc_kind(uintptr_t start);

/* The name it is called by, up to a space or a zero byte; NULL: it is not listed. */
const char *kri_libc_name(uintptr_t start);

#endif
