/* SPDX-License-Identifier: Apache-2.0 */
/* counters_sup.h: the supervisor of counters that come and go. For processes. */
#ifndef COUNTERS_SUP_H
#define COUNTERS_SUP_H

#include <krarup.h>

extern const kr_behaviour counters_sup;

/* With a first counter. KR_OK; KR_EALREADY; KR_EBADARG, KR_ESYSTEMLIMIT: the name. */
kr_started counters_sup_start_link(const char *name, int64_t init);

/* One more. KR_OK; KR_EALREADY: that one is there, as `pid` if it runs; KR_EBADARG,
 * KR_ESYSTEMLIMIT: the name. */
kr_started counters_sup_start_child(const char *name, int64_t init);

/* One less. KR_OK; KR_ENOPROC: there is none of that name. */
kr_err counters_sup_stop_child(const char *name);

/* All of them, and the supervisor. KR_OK; KR_ENOPROC: there is none. */
kr_err counters_sup_stop(void);

#endif
