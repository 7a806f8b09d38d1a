/* SPDX-License-Identifier: Apache-2.0 */
/* counters.h: counters that are gen_servers with names of one's choice. For processes.
 * As counter.h, but for the name. */
#ifndef COUNTERS_H
#define COUNTERS_H

#include <krarup.h>

kr_started counters_start_link(const char *name);
kr_term counters_read(const char *name, kr_msg *answer);
kr_err counters_tick(const char *name, kr_term n);
kr_err counters_stop(const char *name);

#endif
