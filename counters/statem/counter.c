/* SPDX-License-Identifier: Apache-2.0 */
/* counter: what a counter does depends on its state; counter.erl says it in Erlang. */
#include "counter.h"

struct counter {
        int64_t value;
        int64_t limit;
        int64_t patience_ms; /* how long it stays full */
};

KR_FIELDS(counter_fields, struct counter, value, limit, patience_ms);

/* -- what others call -- */

kr_started counter_start_link(int64_t limit, int64_t patience_ms)
{
        return kr_start_link(&counter, KR_START_OPTS(.name = "counter"), "{~, ~}", limit,
                             patience_ms);
}

kr_term counter_read(kr_msg *answer)
{
        return kr_statem_call("counter", answer, "read");
}

kr_term counter_reset(kr_msg *answer)
{
        return kr_statem_call("counter", answer, "reset");
}

kr_err counter_tick(kr_term n)
{
        kr_cast("counter", "{tick, ~}", n);
        return KR_OK;
}

kr_err counter_pause(void)
{
        kr_cast("counter", "pause");
        return KR_OK;
}

kr_err counter_resume(void)
{
        kr_cast("counter", "resume");
        return KR_OK;
}

kr_err counter_stop(void)
{
        return kr_stop_normal("counter");
}

/* -- callbacks -- */

static kr_step init(struct counter *c, kr_term args)
{
        if (!kr_match(args, "{~, ~}", &c->limit, &c->patience_ms))
                return kr_stop_machine("bad_args");
        return kr_next_state("running");
}

/* What is the same in every state. */
static kr_step in_any_state(struct counter *c, const kr_event *e)
{
        if (kr_got_call(e, "read"))
                return kr_statem_reply(e->from, "{~, ~}", e->state, c->value);
        if (kr_got_call(e, "reset")) {
                kr_statem_reply(e->from, "~", c->value);
                c->value = 0;
                return kr_keep_state();
        }
        if (e->type == KR_EVENT_CALL)
                kr_error("function_clause");
        return kr_keep_state();
}

static kr_step running(struct counter *c, const kr_event *e)
{
        kr_term n;

        if (kr_got_cast(e, "{tick, ~}", &n)) {
                c->value = kr_add(c->value, kr_to_int64(n));
                return c->value < c->limit ? kr_keep_state() : kr_next_state("full");
        }
        if (kr_got_cast(e, "pause"))
                return kr_next_state("paused");
        return in_any_state(c, e);
}

static kr_step paused(struct counter *c, const kr_event *e)
{
        if (kr_got_cast(e, "{tick, _}"))
                return kr_postpone();
        if (kr_got_cast(e, "resume"))
                return kr_next_state("running");
        return in_any_state(c, e);
}

static kr_step full(struct counter *c, const kr_event *e)
{
        if (e->type == KR_EVENT_ENTER)
                return kr_state_timeout(c->patience_ms, "nobody_came");
        if (kr_got_state_timeout(e, "nobody_came"))
                return kr_stop_machine("{shutdown, full}");
        if (kr_got_call(e, "reset")) {
                kr_statem_reply(e->from, "~", c->value);
                c->value = 0;
                return kr_next_state("running");
        }
        return in_any_state(c, e);
}

KR_GEN_STATEM(counter, struct counter, .mode = KR_STATE_FUNCTIONS, .state_enter = true,
              .init = init, .fields = counter_fields,
              .states = {
                      { "running", running }, { "paused", paused }, { "full", full } });
