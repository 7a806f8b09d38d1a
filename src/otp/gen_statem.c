/* SPDX-License-Identifier: Apache-2.0 */
/* gen_statem.c: the engine of a state machine: one event after the other, and what follows
 * from each. The order of everything is that of OTP's gen_statem.erl, loop_state_callback to
 * loop_done.
 */
#include "moving.h"
#include "statem.h"

/* -- calling the user -- */

static struct kri_statem *own(kr_gen *g)
{
        return kr_gen_own(g);
}

/* A state that no function is called for: an atom without one, or (as apply/3 has it) no
 * atom. */
static KR_NORETURN void no_function(const struct kri_statem *s, kr_term state)
{
        kr_atom name;

        if (!kr_get_atom(state, &name))
                kr_error("badarg");
        kri_statem_undef(s->module, kr_atom_text(name, NULL), 3);
}

static uint32_t function_of(const struct kri_statem *s, kr_term state)
{
        kr_atom name;
        uint32_t i = KR_STATES_MAX;

        if (kr_get_atom(state, &name) && !kr_atom_eq(name, KR_ATOM("terminate")))
                i = s->callbacks->find(name);
        if (i == KR_STATES_MAX)
                no_function(s, state);
        return i;
}

/* The function of the present state is looked up once. */
static uint32_t present_function(struct kri_statem *s)
{
        if (s->function == KR_STATES_MAX)
                s->function = function_of(s, s->state);
        return s->function;
}

static kr_step callback(kr_gen *g, struct kri_statem *s, const kr_event *event)
{
        bool now = event == s->event;
        kr_step step;

        s->said.open = true;
        if (s->mode == KR_STATE_FUNCTIONS)
                step = s->callbacks->call_state(now ? present_function(s)
                                                    : function_of(s, event->state),
                                                kr_gen_state(g), event);
        else
                step = s->callbacks->handle_event(kr_gen_state(g), event);
        s->said.open = false;
        kri_statem_forget_throw(s); /* the user has caught it */
        if (step.kind == KRI_STEP_UNDEF)
                kri_statem_undef(s->module, "handle_event", 4);
        return step;
}

/* -- what a step means -- */

/* As a term, for the reason that says it is wrong. */
static kr_term step_term(kr_gen *g, kr_step step)
{
        kr_term data, term;

        switch (step.kind) {
        case KRI_STEP_NEXT:
                data = kri_statem_data_term(g);
                term = kr_build("{next_state, ~, ~}", step.term, data);
                kr_release(data);
                return term;
        case KRI_STEP_KEEP:
                return kr_build("keep_state_and_data");
        case KRI_STEP_REPEAT:
                return kr_build("repeat_state_and_data");
        case KRI_STEP_STOP:
                return kr_build("{stop, ~}", step.term);
        case KRI_STEP_IGNORE:
                return kr_build("ignore");
        case KRI_STEP_FAIL:
                return kr_build("{error, ~}", step.term);
        default:
                return kr_build("undefined"); /* all zero, or made by nobody */
        }
}

static kr_term present_state(const struct kri_statem *s)
{
        return kr_is_none(s->next) ? s->state : s->next;
}

/* From here on the machine is in the state that the step led to. */
static void move(struct kri_statem *s)
{
        if (kr_is_none(s->next))
                return;
        kr_release(s->state);
        s->state = s->next;
        s->next = kr_none();
        s->function = KR_STATES_MAX;
}

static KR_NORETURN void end_bad_step(kr_gen *g, struct kri_statem *s, kr_step step)
{
        kr_term term = step_term(g, step);

        move(s);
        if (s->entering && step.kind == KRI_STEP_NEXT)
                kr_error("{bad_state_enter_return_from_state_function, ~}", term);
        kr_error("{bad_return_from_state_function, ~}", term);
}

static KR_NORETURN void end_bad_action(struct kri_statem *s)
{
        move(s);
        if (s->said.bad_enter)
                kr_error("{bad_state_enter_action_from_state_function, ~}", s->said.bad);
        kr_error("{bad_action_from_state_function, ~}", s->said.bad);
}

static KR_NORETURN void stop(kr_gen *g, struct kri_statem *s, kr_term reason)
{
        move(s);
        kri_statem_terminate(g, KR_CLASS_EXIT, reason);
}

static void debug_in(kr_gen *g, const kr_event *event, kr_term state)
{
        kr_term term;

        if (!kri_gen_debugs(g))
                return;
        term = kri_event_term(event);
        kr_gen_debug(g, "{in, ~, ~}", term, state);
        kr_release(term);
}

static void debug_inserted(kr_gen *g, struct kri_statem *s)
{
        for (struct kri_queued *q = s->said.events.first; q != NULL; q = q->next)
                debug_in(g, &q->event, present_state(s));
}

/* True: a state enter call comes next. */
static bool take_step(kr_gen *g, struct kri_statem *s, kr_step step)
{
        bool again = false;

        switch (step.kind) {
        case KRI_STEP_KEEP:
                break;
        case KRI_STEP_REPEAT:
                again = true;
                break;
        case KRI_STEP_NEXT:
                if (kr_same(step.term, present_state(s))) {
                        kr_release(step.term);
                        break;
                }
                if (s->entering)
                        end_bad_step(g, s, step);
                s->next = step.term;
                again = true;
                break;
        case KRI_STEP_STOP:
                stop(g, s, step.term);
        default:
                end_bad_step(g, s, step);
        }
        if (!kr_is_none(s->said.bad))
                end_bad_action(s);
        if (!s->entering)
                debug_inserted(g, s);
        return again && s->state_enter;
}

static kr_step enter(kr_gen *g, struct kri_statem *s)
{
        kr_event event = { .type = KR_EVENT_ENTER,
                           .from = kri_statem_no_from(),
                           .name = kr_none(),
                           .content = s->state,
                           .state = present_state(s) };
        kr_step step;

        s->entering = true;
        s->said.in_enter = true;
        s->enter = &event;
        step = callback(g, s, &event);
        s->enter = NULL;
        s->said.in_enter = false;
        return step;
}

/* -- the transition -- */

static void debug_transition(kr_gen *g, struct kri_statem *s)
{
        kr_term event;

        if (!kri_gen_debugs(g))
                return;
        event = kri_event_term(s->event);
        if (s->said.postpone)
                kr_gen_debug(g, "{postpone, ~, ~, ~}", event, s->state, present_state(s));
        else
                kr_gen_debug(g, "{consume, ~, ~, ~}", event, s->state, present_state(s));
        kr_release(event);
}

/* The limit is the module's that is called now. If the state changes they all come back. */
static bool may_postpone(const struct kri_statem *s)
{
        uint32_t most = *s->callbacks->postpone_max;

        return most == 0 || s->postponed_count < most || !kr_is_none(s->next);
}

static void postpone(struct kri_statem *s)
{
        struct kri_queued *queued = s->current;

        if (!may_postpone(s))
                kr_error("{too_many_postponed, ~}", *s->callbacks->postpone_max);
        if (queued == NULL)
                queued = kri_queued_new(s->event);
        if (queued == NULL)
                kr_error("system_limit");
        s->current = NULL;
        kri_queue_push(&s->postponed, queued);
        s->postponed_count++;
}

/* All that was said takes effect. */
static void transit(kr_gen *g, struct kri_statem *s)
{
        debug_transition(g, s);
        if (s->said.postpone)
                postpone(s);
        if (!kr_is_none(s->next)) {
                kri_queue_prepend(&s->queued, &s->postponed);
                s->postponed_count = 0;
                kri_timeouts_cancel(&s->timeouts, KR_EVENT_STATE_TIMEOUT, kr_none());
                move(s);
        }
        kri_timeouts_cancel(&s->timeouts, KR_EVENT_TIMEOUT, kr_none());
        if (s->said.timing_count != 0)
                kri_timeouts_apply(g, s);
        kri_queue_prepend(&s->queued, &s->said.events);
        s->hibernate = s->said.hibernate;
        kri_said_clear(&s->said);
}

static void done(kr_gen *g, struct kri_statem *s)
{
        kri_queued_free(s->current);
        s->current = NULL;
        s->event = NULL;
        s->entering = false;
        kr_gen_handling(g, NULL);
}

static void follow(kr_gen *g, struct kri_statem *s, kr_step step)
{
        while (take_step(g, s, step))
                step = enter(g, s);
        transit(g, s);
        done(g, s);
}

/* -- events -- */

/* `event` has left its queue; its terms are ours. */
static struct kri_queued *adopt(const kr_event *event)
{
        struct kri_queued *queued = kr_alloc(sizeof(*queued));

        if (queued == NULL)
                kr_error("system_limit");
        *queued = (struct kri_queued){ .event = *event };
        return queued;
}

static void handle_queued(kr_gen *g, struct kri_statem *s, struct kri_queued *queued)
{
        s->current = queued;
        queued->event.state = s->state;
        s->event = &queued->event;
        follow(g, s, callback(g, s, s->event));
}

static void handle_due(kr_gen *g, struct kri_statem *s, const kr_event *due)
{
        struct kri_queued *queued = adopt(due);

        s->event = &queued->event;
        debug_in(g, s->event, s->state);
        handle_queued(g, s, queued);
}

static void handle_message(kr_gen *g, struct kri_statem *s, int what, kr_gen_in *in)
{
        kr_event event = { .type = KR_EVENT_CAST,
                           .from = in->from,
                           .name = kr_none(),
                           .content = in->term,
                           .state = s->state };

        if (what == KR_GEN_CALL) {
                event.type = KR_EVENT_CALL;
        } else {
                event.from = kri_statem_no_from();
                if (what == KR_GEN_INFO)
                        event.type = KR_EVENT_INFO;
        }
        s->event = &event;
        debug_in(g, s->event, s->state);
        kr_gen_handling(g, in);
        follow(g, s, callback(g, s, &event));
}

static void receive(kr_gen *g, struct kri_statem *s)
{
        kr_gen_in in = KR_GEN_IN_INIT;
        kr_event due;
        int what = kr_gen_receive(g, &in, KR_INFINITY);

        if (__builtin_expect(s->module != kr_gen_module(g), 0) &&
            kri_is_looked_at(s->module->attention))
                kri_gen_look(g);
        if (what == KR_GEN_INFO && kri_timeouts_fired(&s->timeouts, in.term, &due))
                handle_due(g, s, &due);
        else
                handle_message(g, s, what, &in);
        kr_msg_clear(&in.slot);
}

/* What a throw has left: the step, and the event that it is for. */
static void resume(kr_gen *g, struct kri_statem *s)
{
        kr_step step = s->thrown;

        s->thrown.kind = KRI_STEP_NONE;
        s->event = &s->current->event;
        s->enter = NULL;
        s->said.open = s->said.in_enter = false;
        follow(g, s, step);
}

/* What follows init is what follows an event that nobody sees. */
static void enter_first(kr_gen *g, struct kri_statem *s)
{
        kr_event event = { .type = KR_EVENT_INTERNAL,
                           .from = kri_statem_no_from(),
                           .name = kr_none(),
                           .content = kr_atom_term(KR_ATOM("init_state")),
                           .state = s->state };

        s->phase = KRI_STATEM_EVENTS;
        s->event = &event;
        s->said.postpone = false;
        if (!kri_statem_use(s, s->module))
                kr_error("{bad_return_from_callback_mode, undefined}");
        kr_gen_debug(g, "{enter, ~, ~}", kri_atom_of(s->module->name), s->state);
        follow(g, s, s->state_enter ? kr_repeat_state() : kr_keep_state());
}

void kri_statem_loop(kr_gen *g)
{
        struct kri_statem *s = own(g);
        struct kri_queued *queued;
        kr_event due;

        if (s->module == NULL)
                kri_statem_stateless(g);
        else if (s->thrown.kind != KRI_STEP_NONE)
                resume(g, s);
        else if (s->phase == KRI_STATEM_ENTER)
                enter_first(g, s);
        else if ((queued = kri_queue_pop(&s->queued)) != NULL)
                handle_queued(g, s, queued);
        else if (kri_timeouts_zero(&s->timeouts, &due))
                handle_due(g, s, &due);
        else
                receive(g, s);
}
