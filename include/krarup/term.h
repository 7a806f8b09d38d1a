/* SPDX-License-Identifier: Apache-2.0 */
/* term.h: Erlang's data, in hand.
 *
 * A kr_term is one word that may point into memory that somebody else owns: a message
 * slot (see process.h), memory of the process (kr_keep, kr_build) or a kr_terms arena.
 * It is valid as long as that memory. What is taken out by value (integers, floats,
 * atoms, pids, references, ports) stays valid for ever.
 *
 * All functions here may be called by any thread, never block and keep nothing, unless
 * they say otherwise.
 */
#ifndef KRARUP_TERM_H
#define KRARUP_TERM_H

#include <krarup/base.h>

/* Plain values. Two that are equal in all fields are the same (kr_pid_eq, kr_ref_eq);
 * all zero is "none" and equal to no term. Fields are Krarup's: do not take them apart. */
typedef struct { uint64_t w; } kr_term;
typedef struct { uint32_t index; } kr_atom;
typedef struct { uint64_t num; uint32_t node; uint32_t zero; } kr_pid;
typedef struct { uint64_t num; uint32_t node; uint32_t zero; } kr_port;
typedef struct { uint64_t id[2]; uint32_t id2; uint32_t node; } kr_ref;

/* Bytes of somebody else. A binary in a term is always followed by a zero byte. */
typedef struct { const void *data; size_t len; } kr_bytes;

#endif
