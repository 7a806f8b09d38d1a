/* SPDX-License-Identifier: Apache-2.0 */
/* commands_counter.c: the commands that are about counters. */
#include "commands.h"

#include "glob.h"
#include "kept.h"
#include "registry.h"

#include <ctype.h>
#include <string.h>

static void say_no_integer(struct session *s)
{
        session_settle(s);
        reply_error(&s->out, "ERR value is not an integer or out of range");
}

/* -- arguments; what is wrong with them is said -- */

static bool take_integer(struct session *s, kr_bytes arg, int64_t *ret)
{
        if (resp_int64(arg.data, arg.len, ret))
                return true;
        say_no_integer(s);
        return false;
}

static bool is_too_long(struct session *s, kr_bytes arg, size_t max)
{
        if (arg.len <= max)
                return false;
        session_settle(s);
        reply_error(&s->out,
                    "ERR string exceeds maximum allowed size (proto-max-bulk-len)");
        return true;
}

static bool take_name(struct session *s, const struct session_args *args, kr_bytes *ret)
{
        *ret = session_arg(args, 1);
        return !is_too_long(s, *ret, NAME_MAX_BYTES);
}

/* -- counting -- */

static void add(struct session *s, const struct session_args *args, int64_t n)
{
        struct session_ask ask = { .op = SESSION_ADD, .n = n, .what = kr_none() };

        if (take_name(s, args, &ask.name))
                session_ask(s, &ask);
}

void command_incr(struct session *s, const struct session_args *args)
{
        add(s, args, 1);
}

void command_decr(struct session *s, const struct session_args *args)
{
        add(s, args, -1);
}

void command_incrby(struct session *s, const struct session_args *args)
{
        int64_t n;

        if (take_integer(s, session_arg(args, 2), &n))
                add(s, args, n);
}

void command_decrby(struct session *s, const struct session_args *args)
{
        int64_t n;

        if (!take_integer(s, session_arg(args, 2), &n))
                return;
        if (n != INT64_MIN) {
                add(s, args, -n);
                return;
        }
        session_settle(s);
        reply_error(&s->out, "ERR decrement would overflow");
}

void command_tick(struct session *s, const struct session_args *args)
{
        struct session_ask ask = { .op = SESSION_TICK,
                                   .id = session_arg(args, 2),
                                   .what = kr_none() };

        if (take_name(s, args, &ask.name) && !is_too_long(s, ask.id, KEPT_ID_MAX) &&
            take_integer(s, session_arg(args, 3), &ask.n))
                session_ask(s, &ask);
}

void command_get(struct session *s, const struct session_args *args)
{
        struct session_ask ask = { .op = SESSION_GET,
                                   .says = SESSION_BULK,
                                   .what = kr_none() };

        if (take_name(s, args, &ask.name))
                session_ask(s, &ask);
}

/* What SET can do beyond a value (EX, NX, ...) counters cannot. */
void command_set(struct session *s, const struct session_args *args)
{
        struct session_ask ask = { .op = SESSION_SET,
                                   .says = SESSION_OK,
                                   .what = kr_none() };

        if (args->count > 3) {
                session_settle(s);
                reply_error(&s->out, "ERR syntax error");
        } else if (take_name(s, args, &ask.name) &&
                   take_integer(s, session_arg(args, 2), &ask.n)) {
                session_ask(s, &ask);
        }
}

/* -- many of them: after all that was asked before -- */

void command_del(struct session *s, const struct session_args *args)
{
        int64_t deleted = 0;

        session_settle(s);
        for (uint32_t i = 1; i < args->count; i++) {
                struct session_ask ask = { .op = SESSION_DELETE,
                                           .name = session_arg(args, i),
                                           .what = kr_none() };
                int64_t n = 0;
                kr_err err = session_ask_now(s, &ask, &n);

                if (err == KR_OK) {
                        deleted += n;
                } else if (err != KR_ENOPROC) {
                        session_say_err(s, err);
                        return;
                }
        }
        reply_integer(&s->out, deleted);
}

void command_exists(struct session *s, const struct session_args *args)
{
        int64_t count = 0;
        kr_pid pid;

        session_settle(s);
        for (uint32_t i = 1; i < args->count; i++)
                count += registry_find(session_arg(args, i), &pid) != REGISTRY_NOBODY;
        reply_integer(&s->out, count);
}

void command_dbsize(struct session *s, const struct session_args *args)
{
        (void)args;
        session_settle(s);
        reply_integer(&s->out, registry_count());
}

static bool fits(kr_bytes pattern, kr_term name, kr_bytes *ret)
{
        return kr_get_bytes(name, ret) &&
               glob_fits(pattern.data, pattern.len, ret->data, ret->len);
}

void command_keys(struct session *s, const struct session_args *args)
{
        kr_bytes pattern = session_arg(args, 1), name;
        kr_msg slot = KR_MSG_INIT;
        kr_term names;
        size_t count = 0;

        session_settle(s);
        names = registry_names(&slot);
        for (kr_term l = names; kr_is_cons(l); l = kr_tl(l))
                count += fits(pattern, kr_hd(l), &name);
        reply_array(&s->out, count);
        for (kr_term l = names; kr_is_cons(l); l = kr_tl(l))
                if (fits(pattern, kr_hd(l), &name))
                        reply_bulk(&s->out, name.data, name.len);
        kr_msg_clear(&slot);
}

/* -- commands that the module `counter` brings along -- */

/* A list of the arguments, the command in lower case. none: no memory. */
static kr_term list_of(const struct session_args *args)
{
        kr_bytes command = session_arg(args, 0);
        kr_builder b = KR_BUILDER_INIT;
        char lower[64];

        for (size_t i = 0; i < command.len && i < sizeof(lower); i++)
                lower[i] = (char)tolower(((const unsigned char *)command.data)[i]);
        kr_add_binary(&b, lower, command.len);
        for (uint32_t i = 1; i < args->count; i++) {
                kr_bytes arg = session_arg(args, i);

                kr_add_binary(&b, arg.data, arg.len);
        }
        return kr_build_list(&b);
}

static bool take_says(kr_term how, enum session_says *ret)
{
        if (kr_match(how, "integer"))
                *ret = SESSION_INTEGER;
        else if (kr_match(how, "bulk"))
                *ret = SESSION_BULK;
        else if (kr_match(how, "ok"))
                *ret = SESSION_OK;
        else
                return false;
        return true;
}

/* `said` is what the module has made of the request. */
static bool ask_as_told(struct session *s, const struct session_args *args, kr_term said)
{
        struct session_ask ask = { .op = SESSION_OTHER };
        kr_bytes text;
        kr_term how, what;

        if (kr_match(said, "{error, ~}", &text)) {
                session_settle(s);
                reply_error(&s->out, "ERR %.*s", (int)text.len, (const char *)text.data);
                return true;
        }
        if (!kr_match(said, "{ok, ~, ~}", &what, &how) || !take_says(how, &ask.says))
                return false;
        if (!take_name(s, args, &ask.name))
                return true;
        ask.what = kr_keep(what);
        session_ask(s, &ask);
        return true;
}

bool command_of_module(struct session *s, const struct session_args *args)
{
        kr_term list, said;
        bool known;

        if (args->count < 2 || session_arg(args, 0).len > 64 ||
            !kr_function_exported("counter", "request", 1))
                return false;
        list = list_of(args);
        said = kr_apply("counter", "request", "{~}", list);
        known = ask_as_told(s, args, said);
        kr_release(said);
        kr_release(list);
        return known;
}

kr_term commands_of_module(void)
{
        if (!kr_function_exported("counter", "commands", 0))
                return kr_nil();
        return kr_apply("counter", "commands", "{}");
}
