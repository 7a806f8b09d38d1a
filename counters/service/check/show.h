/* SPDX-License-Identifier: Apache-2.0 */
/* show.h: the tally for people: on a terminal one line that is drawn over, shorter where there is
 * less room; elsewhere a line each second. */
#ifndef CHECK_SHOW_H
#define CHECK_SHOW_H

#include "tally.h"

/* Look where standard output goes. */
void show_init(void);

/* How it stands now, if it is time for that. `now_ns` is a monotonic clock. */
void show_live(const struct tally *t, int64_t now_ns);

/* A line of somebody else's, above the live one. */
void show_note(const char *text);

/* How it ended. */
void show_end(const struct tally *t);

#endif
