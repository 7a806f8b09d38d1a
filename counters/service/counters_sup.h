/* SPDX-License-Identifier: Apache-2.0 */
/* counters_sup.h: the counters: one for each name, started when it is first used, and again
 * when it has crashed. Names are bytes; see registry.h. */
#ifndef SERVICE_COUNTERS_SUP_H
#define SERVICE_COUNTERS_SUP_H

#include <krarup.h>

extern const kr_behaviour counters_sup;

/* Start the counter of this name. KR_OK also if there was one already: ask the registry who it is.
 * KR_ESYSTEMLIMIT: there are too many; KR_ENOMEM; KR_EFAILED: not now (the supervisor is being
 * started again, or there is no module `counter`). Blocks. */
KR_MUST_CHECK kr_err counters_start(kr_bytes name);

#endif
