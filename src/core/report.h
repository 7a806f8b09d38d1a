/* SPDX-License-Identifier: Apache-2.0 */
/* report.h: a line for each process that ends by an error that nobody caught.
 *
 * Model    The process notes that there is something to say (KRI_P_REPORT). It is said when it
 *          has left its stack, which may be nearly full, and still has its name.
 *          After some lines in a second the others are only counted: a storm of them costs
 *          a look at the clock each. Their number is a line too: with the first report
 *          after that second, when the monitor thread or the host's loop sees that the
 *          second is over, when the node rests, or when it stops.
 * Logger   Instead of a line a message goes to a process, if one is named, it lives, and
 *          few enough wait in its mailbox. That is known about: its length, and how many
 *          we have sent since its queue was last seen empty. Those left out are counted
 *          apart, and told as soon as somebody looks and there is room.
 * Threads  any; no lock is held when the host's function is called.
 */
#ifndef KR_CORE_REPORT_H
#define KR_CORE_REPORT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "term/word.h"

#include "forward.h"

struct kri_report {
        _Atomic int64_t since_ns;  /* when the present second began */
        _Atomic uint32_t said;     /* in it */
        _Atomic uint64_t left_out; /* since the last line that told their number */

        _Atomic uint64_t logger; /* near pid; 0: none */
        _Atomic uint32_t sent;   /* to it, since its queue was last seen empty */
        _Atomic uint64_t lost;   /* messages left out, and not told yet */
};

/* p has ended so. On the stack of whoever finishes it, with its pool. */
void kri_report_end(struct kri_sched *s, const struct kri_proc *p, kri_word reason);

/* Say how many were left out, if any were; the first: lines only if their second is over.
 * On a thread that holds no scheduler, or of a node that runs nothing. */
void kri_report_late(struct kr_node *node);
void kri_report_rest(struct kr_node *node);

/* -- between the files of this room -- */

/* The name that p has registered; 0: none. */
uint32_t kri_report_name(const struct kri_proc *p);

/* kri_report_end for a logger. False: there is none, or it has ended. */
bool kri_report_send(struct kri_sched *s, const struct kri_proc *p, kri_word reason);
/* Tell the logger how many were left out, if it can take that. */
void kri_report_look(struct kr_node *node);

#endif
