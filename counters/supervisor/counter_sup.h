/* SPDX-License-Identifier: Apache-2.0 */
/* counter_sup.h: the supervisor of one counter. For processes. */
#ifndef COUNTER_SUP_H
#define COUNTER_SUP_H

#include <krarup.h>

extern const kr_behaviour counter_sup;

/* KR_OK; KR_EALREADY with its pid if there is one. It is linked to the caller. */
kr_started counter_sup_start_link(int64_t init);

/* The counter first, then the supervisor: KR_OK; by whomever. KR_ENOPROC: there is none. */
kr_err counter_sup_stop(void);

#endif
