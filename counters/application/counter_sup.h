/* SPDX-License-Identifier: Apache-2.0 */
/* counter_sup.h: the supervisor of the counter. */
#ifndef COUNTER_SUP_H
#define COUNTER_SUP_H

#include <krarup.h>

extern const kr_behaviour counter_sup;

/* {error, Reason}: KR_EFAILED, and the Reason in *more. */
kr_started counter_sup_start_link(kr_term init, kr_msg *more);

#endif
