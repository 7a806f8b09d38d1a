/* SPDX-License-Identifier: Apache-2.0 */
/* statem_timeouts.c: the time-outs of a state machine.
 *
 * One that runs is a timer of the node, which sends {timeout, Timer, Type}, as in OTP. One of
 * time 0 has none: it waits here until nothing else is queued.
 */
#include <krarup/timer.h>

#include "statem.h"

static bool is_zero(const struct kri_timeout *t)
{
        return kr_ref_is_none(t->timer);
}

static struct kri_timeout *find(struct kri_timeouts *timeouts, kr_event_type type,
                                kr_term name)
{
        for (uint32_t i = 0; i < timeouts->count; i++) {
                struct kri_timeout *t = &timeouts->list[i];

                if (t->type == type &&
                    (type != KR_EVENT_NAMED_TIMEOUT || kr_same(t->name, name)))
                        return t;
        }
        return NULL;
}

/* Its terms are somebody else's by now. */
static void take_out(struct kri_timeouts *timeouts, struct kri_timeout *t)
{
        timeouts->zeros -= is_zero(t);
        *t = timeouts->list[--timeouts->count];
}

/* When it has fired already, its message is on the way or in the mailbox: take it out, so
 * that nobody sees it. Timers do not count for a mailbox's limit: it arrives. */
static void stop_timer(kr_ref timer)
{
        kr_msg msg = KR_MSG_INIT;

        if (kr_ref_is_none(timer) || kr_cancel_timer(timer) >= 0)
                return;
        (void)kr_receive(&msg, KR_INFINITY, kr_on(0, "{timeout, =, _}", timer));
        kr_msg_clear(&msg);
}

void kri_timeouts_cancel(struct kri_timeouts *timeouts, kr_event_type type, kr_term name)
{
        struct kri_timeout *t = find(timeouts, type, name);
        struct kri_timeout gone;

        if (t == NULL)
                return;
        gone = *t;
        take_out(timeouts, t);
        stop_timer(gone.timer);
        kr_release(gone.name);
        kr_release(gone.content);
}

/* -- when their time has come -- */

static void hand_over(struct kri_timeouts *timeouts, struct kri_timeout *t,
                      kr_event *event)
{
        *event = (kr_event){ .type = t->type, .name = t->name, .content = t->content };
        event->from.tag = event->state = kr_none();
        take_out(timeouts, t);
}

bool kri_timeouts_fired(struct kri_timeouts *timeouts, kr_term message, kr_event *event)
{
        struct kri_timeout *t = timeouts->list;
        kr_ref timer;

        if (timeouts->count == timeouts->zeros ||
            !kr_match(message, "{timeout, ~, _}", &timer) || kr_ref_is_none(timer))
                return false;
        while (t < timeouts->list + timeouts->count && !kr_ref_eq(t->timer, timer))
                t++;
        if (t == timeouts->list + timeouts->count)
                return false;
        hand_over(timeouts, t, event);
        return true;
}

bool kri_timeouts_zero(struct kri_timeouts *timeouts, kr_event *event)
{
        struct kri_timeout *oldest = NULL;

        if (timeouts->zeros == 0)
                return false;
        for (uint32_t i = 0; i < timeouts->count; i++) {
                struct kri_timeout *t = &timeouts->list[i];

                if (is_zero(t) && (oldest == NULL || t->order < oldest->order))
                        oldest = t;
        }
        hand_over(timeouts, oldest, event);
        return true;
}

/* -- starting -- */

static bool has_room(struct kri_timeouts *timeouts)
{
        uint32_t cap = timeouts->cap == 0 ? 4 : 2 * timeouts->cap;
        struct kri_timeout *list;

        if (timeouts->count < timeouts->cap)
                return true;
        list = kr_realloc(timeouts->list, cap * sizeof(*list));
        if (list == NULL)
                return false;
        timeouts->list = list;
        timeouts->cap = cap;
        return true;
}

static kr_ref start_timer(const struct kri_timing *timing)
{
        kr_term type =
                kri_event_type_term(timing->type, kri_statem_no_from(), timing->name);
        kr_ref timer;

        if (timing->how == KRI_TIMEOUT_AT) /* below 0: long past */
                timer = kr_start_timer_at(timing->time_ms < 0 ? 0 : timing->time_ms,
                                          kr_self(), "~", type);
        else
                timer = kr_start_timer(timing->time_ms, kr_self(), "~", type);
        kr_release(type);
        return timer;
}

static void debug_start(kr_gen *g, struct kri_statem *s, const struct kri_timing *timing)
{
        kr_term type, options;

        if (!kri_gen_debugs(g))
                return;
        type = kri_event_type_term(timing->type, kri_statem_no_from(), timing->name);
        options = timing->how == KRI_TIMEOUT_AT ? kr_build("[{abs, true}]") : kr_nil();
        kr_gen_debug(g, "{start_timer, {~, ~, ~, ~}, ~}", type, timing->time_ms,
                     timing->content, options, s->state);
        kr_release(options);
        kr_release(type);
}

/* The timing's terms are taken. */
static void start(kr_gen *g, struct kri_statem *s, struct kri_timing *timing,
                  uint64_t order)
{
        struct kri_timeouts *timeouts = &s->timeouts;
        struct kri_timeout t = { .type = timing->type,
                                 .order = order,
                                 .name = timing->name,
                                 .content = timing->content };

        if (!has_room(timeouts))
                kr_error("system_limit");
        if (timing->how != KRI_TIMEOUT_UPDATE) {
                if (timing->time_ms != 0)
                        t.timer = start_timer(timing);
                debug_start(g, s, timing);
        }
        kri_timeouts_cancel(timeouts, timing->type, timing->name);
        timeouts->list[timeouts->count++] = t;
        timeouts->zeros += is_zero(&t);
        timing->name = timing->content = kr_none();
}

static void apply(kr_gen *g, struct kri_statem *s, struct kri_timing *timing,
                  uint64_t order)
{
        struct kri_timeout *t;
        kr_term old;

        switch (timing->how) {
        case KRI_TIMEOUT_CANCEL:
                kri_timeouts_cancel(&s->timeouts, timing->type, timing->name);
                return;
        case KRI_TIMEOUT_UPDATE:
                t = find(&s->timeouts, timing->type, timing->name);
                if (t == NULL)
                        break;
                old = t->content;
                t->content = timing->content;
                timing->content = old;
                return;
        case KRI_TIMEOUT_AFTER:
        case KRI_TIMEOUT_AT:
                break;
        }
        start(g, s, timing, order);
}

static bool is_said_later(const struct kri_said *said, uint32_t i)
{
        const struct kri_timing *timing = &said->timings[i];

        for (uint32_t later = i + 1; later < said->timing_count; later++)
                if (said->timings[later].type == timing->type &&
                    (timing->type != KR_EVENT_NAMED_TIMEOUT ||
                     kr_same(said->timings[later].name, timing->name)))
                        return true;
        return false;
}

/* From the last to the first, as OTP does; of a kind that is said again only the last is
 * carried out. Those of time 0 come in the order in which they were said. */
void kri_timeouts_apply(kr_gen *g, struct kri_statem *s)
{
        struct kri_said *said = &s->said;
        uint64_t order = s->timeouts.order_next;

        s->timeouts.order_next += said->timing_count;
        for (uint32_t i = said->timing_count; i-- > 0;)
                if (!is_said_later(said, i))
                        apply(g, s, &said->timings[i], order + i);
}

kr_term kri_timeouts_term(const struct kri_timeouts *timeouts)
{
        kr_builder b = KR_BUILDER_INIT;
        kr_term list, term;

        for (uint32_t i = 0; i < timeouts->count; i++) {
                const struct kri_timeout *t = &timeouts->list[i];
                kr_term type =
                        kri_event_type_term(t->type, kri_statem_no_from(), t->name);
                kr_term pair = kr_build("{~, ~}", type, t->content);

                kr_add_term(&b, pair);
                kr_release(pair);
                kr_release(type);
        }
        list = kr_build_list(&b);
        term = kr_build("{~, ~}", timeouts->count, list);
        kr_release(list);
        return term;
}
