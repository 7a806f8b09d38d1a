/* SPDX-License-Identifier: Apache-2.0 */
/* suspend.h: processes that are stopped by others, for debugging.
 *
 * Model    The suspended process counts (p->suspended); whoever suspends remembers whom and
 *          how often (extra->suspending), and takes it back when it ends. The signals to
 *          take it back with are made beforehand, so that cannot fail.
 */
#ifndef KR_CORE_SUSPEND_H
#define KR_CORE_SUSPEND_H

#include "proc.h"
#include "sched.h"

/* p has ended: those it has suspended go on. */
void kri_suspending_fini(struct kri_sched *s, struct kri_proc *p);

#endif
