/* SPDX-License-Identifier: Apache-2.0 */
#include "session.h"

#include "commands.h"
#include "counters_sup.h"
#include "registry.h"

#include <stdatomic.h>
#include <string.h>

#define RETRY_MS 5 /* between two attempts to start a counter that does not come up */

enum { ANSWER, DOWN };

struct session *session_new(struct service *service)
{
        struct session *s = kr_calloc(1, sizeof(*s));

        if (s == NULL)
                return NULL;
        s->service = service;
        s->id = kr_unique_integer();
        names_choose_secret(s->secret);
        resp_init(&s->resp);
        return s;
}

/* -- who is the counter of a name -- */

static bool is_it(const struct session_known *k, kr_bytes name)
{
        return !kr_pid_is_none(k->pid) && k->len == name.len &&
               memcmp(k->name, name.data, name.len) == 0;
}

/* Clients seldom change the counter from one request to the next. */
static struct session_known *place_of(struct session *s, kr_bytes name)
{
        if (!is_it(&s->known[s->last_known], name))
                s->last_known = (uint32_t)names_hash(s->secret, name.data, name.len) &
                                (SESSION_KNOWN_MAX - 1);
        return &s->known[s->last_known];
}

static void forget(struct session_known *k)
{
        const kr_demonitor_opts flush = { .flush = true };

        if (kr_pid_is_none(k->pid))
                return;
        (void)kr_demonitor(k->monitor, &flush);
        kr_free(k->name);
        k->pid = kr_pid_none();
}

/* Its place may be another counter's: that one has nothing under way any more, see find. */
static bool remember(struct session_known *k, kr_bytes name, kr_pid pid)
{
        char *copy = kr_alloc(name.len + 1);

        if (copy == NULL)
                return false;
        memcpy(copy, name.data, name.len);
        forget(k);
        k->name = copy;
        k->len = (uint32_t)name.len;
        k->pid = pid;
        k->monitor = kr_monitor(pid);
        return true;
}

/* The pid of the counter of this name, which is started if it is asleep, or if `create`.
 * KR_ENOPROC: there is none; KR_ESYSTEMLIMIT, KR_ENOMEM as counters_start; KR_ETIMEDOUT. */
static kr_err look_up(kr_bytes name, bool create, int64_t until_ms, kr_pid *ret_pid)
{
        for (;;) {
                enum registry_state state = registry_find(name, ret_pid);
                kr_err err;

                if (state == REGISTRY_UP)
                        return KR_OK;
                if (state == REGISTRY_NOBODY && !create)
                        return KR_ENOPROC;
                if (kr_monotonic_ms(NULL) >= until_ms)
                        return KR_ETIMEDOUT;
                err = counters_start(name);
                if (err == KR_EFAILED)
                        kr_sleep(RETRY_MS);
                else if (err != KR_OK)
                        return err;
        }
}

static bool creates(enum session_op op)
{
        return op != SESSION_GET && op != SESSION_DELETE;
}

static bool is_asked(const struct session *s, kr_ref tag)
{
        for (uint32_t i = 0; i < s->asked_count; i++)
                if (kr_ref_eq(s->asked[i].tag, tag))
                        return true;
        return false;
}

/* NULL: *ret_err says why. If another counter's place is needed, what is under way to that one
 * is settled first: its DOWN would not come any more. */
static struct session_known *find(struct session *s, const struct session_ask *ask,
                                  kr_err *ret_err)
{
        int64_t until_ms = kr_monotonic_ms(NULL) + SESSION_REQUEST_MS;
        struct session_known *k = place_of(s, ask->name);
        kr_pid pid;

        if (!kr_pid_is_none(k->pid) && is_asked(s, k->monitor))
                session_settle(s);
        *ret_err = look_up(ask->name, creates(ask->op), until_ms, &pid);
        if (*ret_err == KR_OK && !remember(k, ask->name, pid))
                *ret_err = KR_ENOMEM;
        return *ret_err == KR_OK ? k : NULL;
}

/* -- asking: a gen_server's call, whose tag is the monitor -- */

#define CALL(request) "{'$gen_call', {~, ~}, " request "}", kr_self(), k->monitor

static void send(struct session *s, const struct session_known *k,
                 struct session_ask *ask)
{
        ask->tag = k->monitor;
        switch (ask->op) {
        case SESSION_ADD:
                (void)kr_send(k->pid, CALL("{add, ~, ~, ~}"), s->id, ask->number, ask->n);
                return;
        case SESSION_GET:
                (void)kr_send(k->pid, CALL("get"));
                return;
        case SESSION_SET:
                (void)kr_send(k->pid, CALL("{set, ~, ~, ~}"), s->id, ask->number, ask->n);
                return;
        case SESSION_TICK:
                (void)kr_send(k->pid, CALL("{tick, ~, ~, ~, ~}"), s->id, ask->number,
                              ask->id, ask->n);
                return;
        case SESSION_DELETE:
                (void)kr_send(k->pid, CALL("delete"));
                return;
        case SESSION_OTHER:
                (void)kr_send(k->pid, CALL("{ask, ~, ~, ~}"), s->id, ask->number,
                              ask->what);
        }
}

/* -- answers -- */

static void say_err(struct session *s, kr_err err)
{
        switch (err) {
        case KR_ENOMEM:
        case KR_ESYSTEMLIMIT:
                reply_error(&s->out, "OOM command not allowed when used memory > "
                                     "'maxmemory'.");
                return;
        default:
                reply_error(&s->out, "ERR the counter does not answer; whether it has "
                                     "counted this is not known");
                s->closing = true;
        }
}

/* An atom where an integer was to be. */
static void say_refusal(struct session *s, kr_term answer)
{
        if (kr_match(answer, "overflow"))
                reply_error(&s->out, "ERR increment or decrement would overflow");
        else if (kr_match(answer, "no_memory"))
                say_err(s, KR_ENOMEM);
        else
                reply_error(&s->out,
                            "ERR this version of the counters does not know that");
}

static void say(struct session *s, enum session_says how, int64_t n)
{
        switch (how) {
        case SESSION_INTEGER:
                reply_integer(&s->out, n);
                return;
        case SESSION_BULK:
                reply_number(&s->out, n);
                return;
        case SESSION_OK:
                reply_status(&s->out, "OK");
        }
}

/* The counter has ended: its one DOWN is for all that was under way to it. */
static void mark_lost(struct session *s, kr_ref tag)
{
        for (uint32_t i = 0; i < s->asked_count; i++)
                if (kr_ref_eq(s->asked[i].tag, tag))
                        s->asked[i].tag = kr_ref_none();
        for (uint32_t i = 0; i < SESSION_KNOWN_MAX; i++)
                if (kr_ref_eq(s->known[i].monitor, tag))
                        forget(&s->known[i]);
}

/* Once more, of whoever is its counter now. */
static kr_err send_again(struct session *s, struct session_ask *ask, int64_t until_ms)
{
        struct session_known k = { .len = 0 };
        kr_err err = look_up(ask->name, creates(ask->op), until_ms, &k.pid);

        if (err != KR_OK)
                return err;
        k.monitor = kr_monitor(k.pid);
        send(s, &k, ask);
        return KR_OK;
}

/* Wait for the answer of a request, and ask again for as long as its counters end. KR_OK: it is in
 * the slot. KR_ENOPROC: there is no such counter; or what say_err says. */
static kr_err await(struct session *s, struct session_ask *ask, kr_msg *slot,
                    kr_term *ret_answer)
{
        const kr_demonitor_opts flush = { .flush = true };
        int64_t until_ms = 0;
        kr_err err;

        for (;;) {
                if (kr_ref_is_none(ask->tag)) {
                        if (until_ms == 0)
                                until_ms = kr_monotonic_ms(NULL) + SESSION_REQUEST_MS;
                        err = send_again(s, ask, until_ms);
                        if (err != KR_OK)
                                return err;
                }
                switch (kr_receive(slot, SESSION_REQUEST_MS,
                                   kr_on(ANSWER, "{=, ~}", ask->tag, ret_answer),
                                   kr_on(DOWN, "{'DOWN', =, process, _, _}", ask->tag))) {
                case ANSWER:
                        if (until_ms != 0)
                                (void)kr_demonitor(ask->tag, &flush);
                        return KR_OK;
                case DOWN:
                        mark_lost(s, ask->tag);
                        ask->tag = kr_ref_none();
                        break;
                default:
                        return KR_ETIMEDOUT;
                }
        }
}

/* -- for commands -- */

void session_settle(struct session *s)
{
        kr_msg slot = KR_MSG_INIT;

        for (uint32_t i = 0; i < s->asked_count && !s->closing; i++) {
                struct session_ask *ask = &s->asked[i];
                kr_term answer;
                kr_err err = await(s, ask, &slot, &answer);
                int64_t n;

                if (err == KR_ENOPROC)
                        reply_nil(&s->out);
                else if (err != KR_OK)
                        say_err(s, err);
                else if (kr_get_int64(answer, &n))
                        say(s, ask->says, n);
                else
                        say_refusal(s, answer);
                kr_release(ask->what);
        }
        kr_msg_clear(&slot);
        s->asked_count = 0;
}

/* Its counter, as far as it is known or can be found; NULL: *ret_err. */
static struct session_known *counter_of(struct session *s, const struct session_ask *ask,
                                        kr_err *ret_err)
{
        struct session_known *k = place_of(s, ask->name);

        return is_it(k, ask->name) ? k : find(s, ask, ret_err);
}

void session_ask(struct session *s, const struct session_ask *ask)
{
        struct session_ask *asked;
        struct session_known *k;
        kr_err err;

        if (s->asked_count == SESSION_ASKED_MAX)
                session_settle(s);
        k = counter_of(s, ask, &err);
        if (k != NULL) {
                asked = &s->asked[s->asked_count++];
                *asked = *ask;
                asked->number = ++s->requests;
                send(s, k, asked);
                return;
        }
        session_settle(s);
        if (err == KR_ENOPROC)
                reply_nil(&s->out);
        else
                say_err(s, err);
        kr_release(ask->what);
}

kr_err session_ask_now(struct session *s, struct session_ask *ask, int64_t *ret)
{
        kr_msg slot = KR_MSG_INIT;
        struct session_known *k;
        kr_term answer;
        kr_err err = KR_OK;

        session_settle(s);
        k = counter_of(s, ask, &err);
        if (k == NULL)
                return err;
        ask->number = ++s->requests;
        send(s, k, ask);
        err = await(s, ask, &slot, &answer);
        if (err == KR_OK && !kr_get_int64(answer, ret))
                err = KR_EFAILED;
        kr_msg_clear(&slot);
        return err;
}

void session_say_err(struct session *s, kr_err err)
{
        say_err(s, err);
}

/* -- requests -- */

static bool is_full(const struct session *s)
{
        return s->out.len >= SESSION_OUT_BYTES;
}

/* What was executed is told now and then: it is a figure for people. */
static void tell_figures(struct session *s)
{
        atomic_fetch_add_explicit(&s->service->commands, s->commands,
                                  memory_order_relaxed);
        s->commands = 0;
}

bool session_run(struct session *s, char *data, size_t len, size_t *ret_used)
{
        size_t at = 0, used = 0;
        enum resp_found found = RESP_MORE;

        while (!s->closing && !is_full(s)) {
                struct session_args args;

                found = resp_next(&s->resp, data + at, len - at, &used);
                if (found != RESP_REQUEST)
                        break;
                args = (struct session_args){ data + at, s->resp.args, s->resp.count };
                if (args.count > 0) {
                        s->commands++;
                        commands_execute(s, &args);
                }
                at += used;
        }
        session_settle(s);
        if (found == RESP_ERROR) {
                reply_error(&s->out, "ERR Protocol error: %s", s->resp.error);
                s->closing = true;
        }
        tell_figures(s);
        *ret_used = at;
        return !s->closing && is_full(s);
}
