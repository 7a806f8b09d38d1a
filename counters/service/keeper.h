/* SPDX-License-Identifier: Apache-2.0 */
/* keeper.h: the process that holds what the counters have counted, while they come and go.
 *
 * It stands on the supervisors' side: it starts before the counters, and what happens to them does
 * not happen to it. It knows no more than is needed to hand on a block of memory (kept.h): the
 * less there is, the less can fail in it. If it does end, all values go with it.
 */
#ifndef SERVICE_KEEPER_H
#define SERVICE_KEEPER_H

#include "kept.h"

#define KEEPER_COUNTERS_MAX 1000000

/* Its args are []; it is registered as `keeper`. */
extern const kr_behaviour keeper;

/* -- for a counter: each asks the keeper -- */

/* What the last counter of this name left, or a new one; the caller's until kept_unref. Whoever had
 * it before can write no more.
 * KR_ESYSTEMLIMIT: there are KEEPER_COUNTERS_MAX; KR_ENOMEM. */
KR_MUST_CHECK kr_err keeper_take(kr_bytes name, struct kept **ret);

/* The counter is deleted: this is held no longer. False: there is a successor already. */
bool keeper_drop(const struct kept *k);

/* The names of all, a list of binaries in the slot. */
kr_term keeper_names(kr_msg *slot);

#endif
