/* SPDX-License-Identifier: Apache-2.0 */
/* counters.h: counters with names of one's choice, under counters_sup. For processes. */
#ifndef COUNTERS_H
#define COUNTERS_H

#include <krarup.h>

extern const kr_behaviour counters;

/* The atom of a name: up to 60 small letters, digits and _, a letter first. Atoms stay for ever:
 * the program makes at most COUNTERS_NAMES_MAX new ones. KR_EBADARG; KR_ESYSTEMLIMIT. */
#define COUNTERS_NAMES_MAX 1000
kr_err counters_name(const char *name, kr_atom *ret);

/* For a supervisor: args are [Name, Init]. */
kr_started counters_start(kr_term args, kr_msg *more);

/* As counter.h's. A name that nobody has given to a counter never becomes an atom. */
kr_err counters_tick(const char *name, kr_term n);
kr_term counters_read(const char *name, kr_msg *answer);

#endif
