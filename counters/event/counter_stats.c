/* SPDX-License-Identifier: Apache-2.0 */
/* counter_stats: how many ticks, how much, the largest; counter_stats.erl says it in Erlang. */
#include "counter_events.h"

struct counter_stats {
        int64_t ticks;
        int64_t sum;
        int64_t largest;
};

KR_FIELDS(fields, struct counter_stats, ticks, sum, largest);

static kr_handled init(struct counter_stats *s, kr_term args)
{
        (void)s, (void)args; /* all zero */
        return kr_handled_ok();
}

static kr_handled handle_event(struct counter_stats *s, kr_term event)
{
        kr_term term;
        int64_t n;

        if (!kr_match(event, "{tick, _, ~}", &term))
                return kr_handled_ok();
        n = kr_to_int64(term);
        s->ticks++;
        s->sum = kr_add(s->sum, n);
        if (n > s->largest)
                s->largest = n;
        return kr_handled_ok();
}

static kr_handled handle_call(struct counter_stats *s, kr_term request)
{
        if (kr_match(request, "read"))
                return kr_handled_reply("{~, ~, ~}", s->ticks, s->sum, s->largest);
        return kr_handled_reply("{error, no_such_request}");
}

KR_EVENT_HANDLER(counter_stats, struct counter_stats, .init = init,
                 .handle_event = handle_event, .handle_call = handle_call,
                 .fields = fields);

kr_err counter_stats_add(void)
{
        return kr_event_add_handler("counter_events", &counter_stats, NULL, "[]");
}

kr_term counter_stats_read(kr_msg *answer)
{
        return kr_event_call("counter_events", &counter_stats, answer, "read");
}
