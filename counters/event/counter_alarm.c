/* SPDX-License-Identifier: Apache-2.0 */
/* counter_alarm: somebody is told when a counter passes a threshold; counter_alarm.erl says it
 * in Erlang. */
#include "counter_events.h"

struct counter_alarm {
        kr_pid to;
        int64_t threshold;
        kr_term sums; /* #{Counter => Sum} */
};

static kr_handled init(struct counter_alarm *a, kr_term args)
{
        a->sums = kr_build("#{}");
        return kr_match(args, "{~, ~}", &a->to, &a->threshold)
                       ? kr_handled_ok()
                       : kr_handled_other("{error, bad_args}");
}

static int64_t sum_of(struct counter_alarm *a, kr_atom counter)
{
        int64_t sum = 0;
        kr_term t;

        if (kr_map_get(a->sums, kr_atom_term(counter), &t))
                sum = kr_to_int64(t);
        return sum;
}

static void set_sum(struct counter_alarm *a, kr_atom counter, int64_t sum)
{
        kr_term value = kr_build("~", sum);
        kr_term sums = kr_map_put(a->sums, kr_atom_term(counter), value);

        kr_release(value);
        kr_release(a->sums);
        a->sums = sums;
}

static kr_handled handle_event(struct counter_alarm *a, kr_term event)
{
        kr_atom counter;
        int64_t before, sum;
        kr_term n;

        if (!kr_match(event, "{tick, ~, ~}", &counter, &n))
                return kr_handled_ok();
        before = sum_of(a, counter);
        sum = kr_add(before, kr_to_int64(n));
        set_sum(a, counter, sum);
        if (before < a->threshold && sum >= a->threshold)
                kr_send(a->to, "{alarm, ~, ~}", counter, sum);
        return kr_handled_ok();
}

static void release(struct counter_alarm *a)
{
        kr_release(a->sums);
}

KR_EVENT_HANDLER(counter_alarm, struct counter_alarm, .init = init,
                 .handle_event = handle_event, .release = release);

kr_err counter_alarm_add(int64_t threshold)
{
        return kr_event_add_sup_handler("counter_events", &counter_alarm, NULL, "{~, ~}",
                                        kr_self(), threshold);
}
