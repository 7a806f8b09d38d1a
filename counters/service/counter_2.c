/* SPDX-License-Identifier: Apache-2.0 */
/* counter, version 2: version 1 and the command GETSET. Its state has a field more, which begins at
 * 0; all else goes over by itself, because the fields are declared. */
#include "counter.h"

#include "keeper.h"
#include "registry.h"
#include "resp.h"

/* All that is to be remembered is written to what the keeper holds before it is answered; the
 * struct has the value once more, for whoever looks into it. */
struct counter {
        int64_t value;
        uint64_t kept; /* address of the struct kept */
        int64_t swaps; /* GETSETs since version 2 */
};

KR_FIELDS(counter_fields, struct counter, value, kept, swaps);

static struct kept *kept_of(const struct counter *c)
{
        return (struct kept *)(uintptr_t)c->kept;
}

static kr_next init(struct counter *c, kr_term name)
{
        struct kept *kept;
        kr_bytes text;
        kr_err err;

        if (!kr_get_bytes(name, &text))
                return kr_stop("badarg");
        err = keeper_take(text, &kept);
        if (err != KR_OK)
                return err == KR_ESYSTEMLIMIT ? kr_fail("full") : kr_fail("no_memory");
        if (!kr_defer(kept_unref, kept)) {
                kept_unref(kept);
                return kr_fail("no_memory");
        }
        c->kept = (uintptr_t)kept;
        c->value = kept_value(kept);
        return kr_ok();
}

/* -- what it is asked -- */

/* Once it is written it holds; only then it is said. A closed block has a successor for it. */
static kr_next write(struct counter *c, int64_t value, struct kept_request request,
                     const void *id, size_t id_len)
{
        switch (kept_write(kept_of(c), value, request, value, id, id_len)) {
        case KR_OK:
                c->value = value;
                return kr_reply("~", value);
        case KR_ENOMEM:
                return kr_reply("no_memory");
        default:
                return kr_stop("superseded");
        }
}

static kr_next add(struct counter *c, struct kept_request request, int64_t n)
{
        int64_t value;

        if (kept_was_served(kept_of(c), request, &value))
                return kr_reply("~", value);
        if (__builtin_add_overflow(c->value, n, &value))
                return kr_reply("overflow");
        return write(c, value, request, NULL, 0);
}

/* It says itself whether it has been served: by its id. */
static kr_next tick(struct counter *c, struct kept_request request, kr_bytes id,
                    int64_t n)
{
        int64_t value;

        if (kept_has_id(kept_of(c), id.data, id.len))
                return kr_reply("~", c->value);
        if (__builtin_add_overflow(c->value, n, &value))
                return kr_reply("overflow");
        return write(c, value, request, id.data, id.len);
}

static kr_next set(struct counter *c, struct kept_request request, int64_t n)
{
        int64_t value;

        if (kept_was_served(kept_of(c), request, &value))
                return kr_reply("~", value);
        return write(c, n, request, NULL, 0);
}

/* The new value is written, and the old one answered. */
static kr_next getset(struct counter *c, struct kept_request request, int64_t n)
{
        int64_t old = c->value;

        if (kept_was_served(kept_of(c), request, &old))
                return kr_reply("~", old);
        switch (kept_write(kept_of(c), n, request, old, NULL, 0)) {
        case KR_OK:
                c->value = n;
                c->swaps++;
                return kr_reply("~", old);
        case KR_ENOMEM:
                return kr_reply("no_memory");
        default:
                return kr_stop("superseded");
        }
}

/* The name is free before the answer is on its way; whoever asks this process meanwhile learns
 * that it has ended, and asks again. */
static kr_next vanish(struct counter *c)
{
        (void)keeper_drop(kept_of(c));
        registry_forget(kept_name(kept_of(c)), kr_self());
        return kr_then_reply(kr_stop("normal"), "1");
}

/* -- callbacks -- */

static kr_next handle_call(struct counter *c, kr_term asked, kr_from from)
{
        struct kept_request request;
        kr_bytes id;
        int64_t n;

        (void)from;
        if (kr_match(asked, "{add, ~, ~, ~}", &request.from, &request.number, &n))
                return add(c, request, n);
        if (kr_match(asked, "{tick, ~, ~, ~, ~}", &request.from, &request.number, &id,
                     &n))
                return tick(c, request, id, n);
        if (kr_match(asked, "{set, ~, ~, ~}", &request.from, &request.number, &n))
                return set(c, request, n);
        if (kr_match(asked, "{ask, ~, ~, {getset, ~}}", &request.from, &request.number,
                     &n))
                return getset(c, request, n);
        if (kr_match(asked, "get"))
                return kr_reply("~", c->value);
        if (kr_match(asked, "delete"))
                return vanish(c);
        return kr_reply("unknown");
}

static kr_next handle_cast(struct counter *c, kr_term message)
{
        (void)c;
        if (kr_match(message, "segfault"))
                *(volatile int *)NULL = 1;
        return kr_noreply();
}

KR_GEN_SERVER(counter, struct counter, .init = init, .handle_call = handle_call,
              .handle_cast = handle_cast, .fields = counter_fields, .version = "2");

/* -- what it brings along: see counter.h -- */

KR_FUNCTION(commands)
{
        return kr_build(
                "[{<<\"getset\">>, 3, <<\"Let a counter go on from a number, and tell "
                "the one it had\">>}]");
}

KR_FUNCTION(request, kr_term, said)
{
        kr_bytes text;
        int64_t n;

        if (kr_match(said, "[<<\"getset\">>, _, ~]", &text))
                return resp_int64(text.data, text.len, &n)
                               ? kr_build("{ok, {getset, ~}, bulk}", n)
                               : kr_build("{error, <<\"value is not an integer or out of "
                                          "range\">>}");
        if (kr_match(said, "[<<\"getset\">> | _]"))
                return kr_build("{error, <<\"wrong number of arguments for 'getset' "
                                "command\">>}");
        return kr_build("unknown");
}

static const kr_behaviour *const behaviours[] = { &counter };
static const kr_export exports[] = { KR_EXPORT(commands), KR_EXPORT(request) };

KR_MODULE(counter, .version = "2", KR_BEHAVIOURS(behaviours), KR_EXPORTS(exports));
