/* SPDX-License-Identifier: Apache-2.0 */
/* hot_counter: the module of hot_upgrade, in versions whose states have a field more each. */
#include <krarup.h>

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

struct hot_counter {
#if VERSION == 3
        int64_t last;
#endif
#if VERSION >= 2
        int64_t resets;
#endif
        int64_t value;
};
#if VERSION == 1
KR_FIELDS(fields, struct hot_counter, value);
#elif VERSION == 2
KR_FIELDS(fields, struct hot_counter, value, resets);
#else
KR_FIELDS(fields, struct hot_counter, value, resets, last);
#endif

static kr_next init(struct hot_counter *c, kr_term args)
{
        return kr_match(args, "~", &c->value) ? kr_ok() : kr_stop("badarg");
}

static kr_next handle_call(struct hot_counter *c, kr_term request, kr_from from)
{
        (void)request;
        (void)from;
        return kr_reply("~", c->value);
}

KR_GEN_SERVER(hot_counter, struct hot_counter, .init = init, .handle_call = handle_call,
              .fields = fields, .version = TEXT(VERSION));

static const kr_behaviour *const behaviours[] = { &hot_counter };

KR_MODULE(hot_counter, .version = TEXT(VERSION), KR_BEHAVIOURS(behaviours));
