/* SPDX-License-Identifier: Apache-2.0 */
/* pattern.h: take terms apart and build them, in Erlang's own notation, type-safe.
 *
 *      int64_t n;
 *      kr_pid from;
 *      if (kr_match(msg, "{tick, ~, ~}", &n, &from)) ...
 *      kr_term t = kr_build("{tick, ~, ~}", n, kr_self());
 */
#ifndef KRARUP_PATTERN_H
#define KRARUP_PATTERN_H

#include <krarup/term.h>

#define KRI_ARGS_MAX 16

struct kri_code;

/* One call site: constant but for `code`, which is compiled at the first use. */
struct kri_site {
        const char *pattern;
        const char *file;
        int line;
        uint8_t count;                /* arguments at this call site */
        uint8_t types[KRI_ARGS_MAX];  /* enum kri_arg_type of each, by _Generic */
        struct kri_code *code;        /* atomic; NULL until first used */
};

/* One argument: a value, or the address where a result goes. */
union kri_arg {
        int64_t i;
        uint64_t u;
        double d;
        kr_atom atom;
        kr_pid pid;
        kr_port port;
        kr_ref ref;
        kr_term term;
        kr_bytes bytes;
        const char *str;
        void *out;
};

#endif
