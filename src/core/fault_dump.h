/* SPDX-License-Identifier: Apache-2.0 */
/* fault_dump.h: the last words of a node that cannot go on: a text file, and a line on stderr.
 *
 * Model    Written from a signal handler or from wherever an invariant broke: by system
 *          calls alone, without a lock and without allocation, and never trusting a
 *          pointer. Other threads may still run: what is printed of them is a glance.
 *          The file is opts.dump_path of the node concerned; no path, no file.
 */
#ifndef KR_CORE_FAULT_DUMP_H
#define KR_CORE_FAULT_DUMP_H

#include "fault_priv.h"

/* The nodes of this OS process, by slot, for dumps and for debuggers (tools/krarup-gdb.py).
 * An entry stands from kri_faults_open to kri_faults_close. */
extern struct kr_node *_Atomic kri_nodes[KRI_NEAR_SLOTS];

/* The dump of a fault that p (NULL: no process, but a thread of ours) does not survive. */
void kri_dump_fault(const struct kri_proc *p, const struct kri_fault *fault,
                    const ucontext_t *context);

#endif
