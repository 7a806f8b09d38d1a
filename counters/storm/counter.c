/* SPDX-License-Identifier: Apache-2.0 */
#include "counter.h"

#include <limits.h>

_Atomic int64_t counter_counted[COUNTERS];

struct counter {
        int64_t value;
        int64_t who; /* its index in counter_counted */
};

KR_FIELDS(counter_fields, struct counter, value);

static void tick(struct counter *c, kr_term n)
{
        c->value = kr_add(c->value, kr_to_int64(n)); /* badarith for what is no number */
        atomic_fetch_add(&counter_counted[c->who], 1);
}

/* -- weak spots -- */

static void write_through_null(void)
{
        volatile int *volatile nowhere = NULL;

        *nowhere = 1;
}

static void loop_for_ever(void)
{
        for (volatile unsigned turns = 0;; turns++)
                ;
}

/* Each call needs the one above it: there is no tail call to make of it. */
static int go_deeper(volatile int *above)
{
        volatile int here[64] = { *above + 1 };

        return here[0] == INT_MAX ? 0 : go_deeper(here) + here[0];
}

/* -- callbacks -- */

static kr_next init(struct counter *c, kr_term args)
{
        c->who = kr_to_int64(kr_hd(args));
        return kr_ok();
}

static kr_next handle_call(struct counter *c, kr_term request, kr_from from)
{
        kr_term n;

        (void)from;
        if (kr_match(request, "{tick, ~}", &n))
                tick(c, n);
        return kr_reply("~", c->value);
}

static kr_next handle_cast(struct counter *c, kr_term message)
{
        volatile int depth = 0;
        kr_term n;

        if (kr_match(message, "{tick, ~}", &n))
                tick(c, n);
        else if (kr_match(message, "segv"))
                write_through_null();
        else if (kr_match(message, "loop"))
                loop_for_ever();
        else if (kr_match(message, "deep"))
                c->value = go_deeper(&depth);
        return kr_noreply();
}

/* What nobody knows is dropped. */
static kr_next handle_info(struct counter *c, kr_term info)
{
        (void)c;
        (void)info;
        return kr_noreply();
}

KR_GEN_SERVER(counter, struct counter, .init = init, .handle_call = handle_call,
              .handle_cast = handle_cast, .handle_info = handle_info,
              .fields = counter_fields);
