/* SPDX-License-Identifier: Apache-2.0 */
/* ahead.h: fresh memory is made present before somebody needs it, by a thread of its own.
 *
 * Model    Whoever takes fresh memory piece by piece says which piece comes next, and goes on.
 *          The first touch of a page makes the kernel find one and clear it; of a huge page
 *          that takes a tenth of a millisecond, in a virtual machine whose host has to find
 *          memory, too, two. The thread touches it meanwhile, on a core that is idle, if any.
 *          It changes nothing, so that a piece may be in use before its turn has come: it is
 *          only a hint, and without thread nothing is lost but the time.
 * Threads  any may ask. A piece is released only after kri_ahead_cancel.
 */
#ifndef KR_BASE_AHEAD_H
#define KR_BASE_AHEAD_H

#include <stdbool.h>
#include <stddef.h>

#include "plat_thread.h"

#define KRI_AHEAD_MAX 4u

struct kri_ahead_piece {
        void *place;
        size_t size;
};

struct kri_ahead {
        kri_mutex lock;
        struct kri_ahead_piece asked[KRI_AHEAD_MAX]; /* what comes first is first */
        uint32_t count;
        bool touching; /* asked[0] */
        bool stop;
        bool started, refused; /* its thread; there will be none */
        _Atomic uint32_t news; /* it sleeps on it while nothing is asked */
        pthread_t thread;
};

/* No thread is started before something is asked. */
void kri_ahead_init(struct kri_ahead *ahead);
void kri_ahead_fini(struct kri_ahead *ahead);

/* Whole pages. Returns at once; when too much is asked already, nothing happens. */
void kri_ahead_ask(struct kri_ahead *ahead, void *place, size_t size);

/* The piece is not touched any more when this returns. */
void kri_ahead_cancel(struct kri_ahead *ahead, const void *place);

#endif
