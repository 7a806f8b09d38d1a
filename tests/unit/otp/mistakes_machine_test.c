/* SPDX-License-Identifier: Apache-2.0 */
/* mistakes_machine_test.c: mistakes with gen_statem and gen_event. */
#include "mistakes.h"

/* -- a machine whose callbacks do what is wrong -- */

struct wrong {
        kr_from from;
};

static kr_step do_wrong(kr_term what)
{
        static const kr_step none;

        if (kr_match(what, "ignore"))
                return kr_ignore_machine();
        if (kr_match(what, "late"))
                return kr_state_timeout(-7, "late");
        if (kr_match(what, "type"))
                return kr_next_event((kr_event_type)77, "x");
        if (kr_match(what, "reply"))
                return kr_statem_reply(kri_statem_no_from(), "x");
        if (kr_match(what, "elsewhere"))
                return kr_next_state("nowhere");
        if (kr_match(what, "entering"))
                return kr_next_state("entering");
        if (kr_match(what, "postpone"))
                return kr_postpone();
        return none;
}

static kr_step wrong_init(struct wrong *w, kr_term args)
{
        (void)w;
        return kr_match(args, "null") ? do_wrong(args) : kr_next_state("here");
}

static kr_step here(struct wrong *w, const kr_event *e)
{
        kr_term what;

        (void)w;
        return kr_got_cast(e, "~", &what) ? do_wrong(what) : kr_keep_state();
}

/* Its state enter call does what may not be done there. */
static kr_step entering(struct wrong *w, const kr_event *e)
{
        (void)w;
        if (e->type == KR_EVENT_ENTER)
                return kr_next_state("here");
        return kr_keep_state();
}

KR_GEN_STATEM(wrong, struct wrong, .mode = KR_STATE_FUNCTIONS, .state_enter = true,
              .postpone_max = 3, .init = wrong_init,
              .states = { { "here", here }, { "entering", entering } });

static kr_step enters_badly(struct wrong *w, const kr_event *e)
{
        (void)w;
        return e->type == KR_EVENT_ENTER ? kr_postpone() : kr_keep_state();
}

KR_GEN_STATEM(bad_enter, struct wrong, .mode = KR_HANDLE_EVENT, .state_enter = true,
              .init = wrong_init, .handle_event = enters_badly);
KR_GEN_STATEM(without_mode, struct wrong, .init = wrong_init, .handle_event = here);

static kr_pid machine(void)
{
        kr_started s = kr_start(&wrong, NULL, "[]");

        kit_ok(s.err);
        return s.pid;
}

/* -- steps -- */

/* mistake: a state callback that returns nothing */
MISTAKE(test_a_step_that_nobody_made, "{bad_return_from_state_function,undefined}",
        "each way out of a state callback returns a step")
{
        kr_cast(machine(), "null");
}

/* mistake: a state callback that returns what only init may */
MISTAKE(test_ignore_from_a_state, "{bad_return_from_state_function,ignore}",
        "only init returns kr_ignore_machine")
{
        kr_cast(machine(), "ignore");
}

/* mistake: an init that returns nothing */
MISTAKE(test_an_init_without_a_step, "{bad_return_from_init,undefined}",
        "init returns kr_next_state")
{
        (void)kr_start(&wrong, NULL, "null");
}

/* mistake: a state without a function */
MISTAKE(test_a_state_that_is_not_there, "undef", "the module has no such callback")
{
        kr_pid pid = machine();

        kr_cast(pid, "elsewhere");
        kr_cast(pid, "again");
}

/* mistake: a state enter call that changes the state */
MISTAKE(test_a_state_enter_call_that_leaves,
        "{bad_state_enter_return_from_state_function,", "cannot change the state")
{
        kr_cast(machine(), "entering");
}

/* mistake: a state enter call that postpones */
MISTAKE(test_a_state_enter_call_that_postpones,
        "{bad_state_enter_action_from_state_function,", "has no event to postpone")
{
        (void)kr_start(&bad_enter, NULL, "[]");
}

/* mistake: a machine without .mode */
MISTAKE(test_a_machine_without_a_mode, "{bad_return_from_callback_mode,",
        "set .mode in KR_GEN_STATEM")
{
        (void)kr_start(&without_mode, NULL, "[]");
}

/* -- actions -- */

/* mistake: a time-out in the past */
MISTAKE(test_a_time_below_zero, "{bad_action_from_state_function,{state_timeout,-7,late",
        "its time")
{
        kr_cast(machine(), "late");
}

/* mistake: an inserted event of a type that there is not */
MISTAKE(test_an_event_of_no_type, "{bad_action_from_state_function,{next_event,77,x",
        "its event type")
{
        kr_cast(machine(), "type");
}

/* mistake: a reply to nobody */
MISTAKE(test_a_reply_to_nobody, "{bad_action_from_state_function,{reply,undefined,x",
        "whom it answers")
{
        kr_cast(machine(), "reply");
}

/* mistake: an action outside of a callback */
MISTAKE(test_an_action_outside_of_a_callback,
        "{<<\"kr_postpone\">>,<<\"only in a callback that returns a kr_step\">>}",
        "say actions in init and in state callbacks")
{
        (void)kr_postpone();
}

/* mistake: more events are postponed than .postpone_max */
MISTAKE(test_too_many_are_postponed, "{too_many_postponed,3}", "raise .postpone_max")
{
        kr_pid pid = machine();

        for (int i = 0; i < 4; i++)
                kr_cast(pid, "postpone");
}

/* As many as that are kept, and come back with the state. */
KIT_SIM_TEST(test_as_many_as_that_are_postponed)
{
        kr_pid pid = machine();
        kr_ref ref = kr_monitor(pid);

        for (int i = 0; i < 3; i++)
                kr_cast(pid, "postpone");
        kit_ok(kr_stop_normal(pid));
        kit_expect_down(ref, "normal");
}

/* -- handlers -- */

struct handler {
        int64_t n;
};

static kr_handled handler_init(struct handler *h, kr_term args)
{
        (void)h;
        (void)args;
        return kr_handled_ok();
}

static kr_handled handle_event(struct handler *h, kr_term event)
{
        static const kr_handled none;
        volatile int *volatile nowhere = NULL;

        (void)h;
        if (kr_match(event, "null"))
                return none;
        if (kr_match(event, "fault"))
                *nowhere = 1;
        return kr_handled_ok();
}

KR_EVENT_HANDLER(handler, struct handler, .init = handler_init,
                 .handle_event = handle_event);

static kr_pid manager(void)
{
        kr_started s = kr_start(&kr_event_manager, NULL, "[]");
        kr_msg slot = KR_MSG_INIT;

        kit_ok(s.err);
        (void)kr_event_add_handler(s.pid, &handler, &slot, "[]");
        kit_match(slot.term, "ok");
        kr_msg_clear(&slot);
        return s.pid;
}

/* mistake: a handler that returns nothing */
MISTAKE(test_a_handler_that_returns_nothing, "handler handler terminates: undefined",
        "a callback of a handler returns")
{
        kr_event_notify(manager(), "null");
}

/* mistake: a handler that follows a NULL pointer */
MISTAKE(test_a_handler_that_faults, "sigsegv at address 0x0",
        "a NULL pointer was followed")
{
        kr_event_notify(manager(), "fault");
}

/* mistake: a handler's result outside of a handler */
MISTAKE(test_a_result_outside_of_a_handler,
        "{<<\"kr_handled_other\">>,<<\"only in a callback of a handler\">>}",
        "it says what a callback of an event handler returns")
{
        (void)kr_handled_other("x");
}

KIT_MAIN(KIT_CASE(test_a_step_that_nobody_made), KIT_CASE(test_ignore_from_a_state),
         KIT_CASE(test_an_init_without_a_step), KIT_CASE(test_a_state_that_is_not_there),
         KIT_CASE(test_a_state_enter_call_that_leaves),
         KIT_CASE(test_a_state_enter_call_that_postpones),
         KIT_CASE(test_a_machine_without_a_mode), KIT_CASE(test_a_time_below_zero),
         KIT_CASE(test_an_event_of_no_type), KIT_CASE(test_a_reply_to_nobody),
         KIT_CASE(test_an_action_outside_of_a_callback),
         KIT_CASE(test_too_many_are_postponed),
         KIT_CASE(test_as_many_as_that_are_postponed),
         KIT_CASE(test_a_handler_that_returns_nothing),
         KIT_CASE(test_a_handler_that_faults),
         KIT_CASE(test_a_result_outside_of_a_handler))
