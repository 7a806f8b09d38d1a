/* SPDX-License-Identifier: Apache-2.0 */
/* report.h: a line for each process that ends by an error that nobody caught.
 *
 * Model    The process notes that there is something to say (KRI_P_REPORT). It is said when it
 *          has left its stack, which may be nearly full, and still has its name.
 *          After some lines in a second the others are only counted: a storm of them costs
 *          a look at the clock each. Their number is a line too: with the first report
 *          after that second, when the monitor thread or the host's loop sees that the
 *          second is over, when the node rests, or when it stops.
 * Threads  any; no lock is held when the host's function is called.
 */
#ifndef KR_CORE_REPORT_H
#define KR_CORE_REPORT_H

#include <stdatomic.h>
#include <stdint.h>

#include "term/word.h"

#include "forward.h"

struct kri_report {
        _Atomic int64_t since_ns;  /* when the present second began */
        _Atomic uint32_t said;     /* in it */
        _Atomic uint64_t left_out; /* since the last line that told their number */
};

/* p has ended so. On the stack of whoever finishes it. */
void kri_report_end(const struct kri_proc *p, kri_word reason);

/* Say how many were left out, if any were; the first: only if their second is over. */
void kri_report_late(struct kr_node *node);
void kri_report_rest(struct kr_node *node);

#endif
