/* SPDX-License-Identifier: Apache-2.0 */
/* statem_status.c: a state machine as others see it: sys and the logger. */
#include <krarup/fields.h>

#include <stdio.h>

#include "report.h"
#include "statem.h"

static const struct kr_field *fields_of(const kr_behaviour *module)
{
        return module->fields != NULL ? *module->fields : NULL;
}

static kr_term call_format_status(void *arg)
{
        kr_gen *g = arg;
        const struct kri_statem *s = kr_gen_own(g);

        return s->callbacks->format_status(kr_gen_state(g));
}

kr_term kri_statem_data_term(kr_gen *g)
{
        struct kri_statem *s = kr_gen_own(g);
        const struct kr_field *fields = fields_of(s->module);
        char name[256];
        kr_term term;

        (void)snprintf(name, sizeof(name), "%s:format_status/1", s->module->name);
        term = kri_report_shown(call_format_status, g, name);
        if (kr_is_none(term) && fields != NULL)
                term = kri_report_fields(fields, kr_gen_state(g));
        return kr_is_none(term) ? kr_build("undefined") : term;
}

/* {State, Data}; before init has returned the state is undefined */
static kr_term state_and(const struct kri_statem *s, kr_term data)
{
        kr_term state = kr_is_none(s->state) ? kr_atom_term(KR_ATOM("undefined"))
                                             : s->state;
        kr_term term = kr_build("{~, ~}", state, data);

        kr_release(data);
        return term;
}

/* -- sys -- */

kr_term kri_statem_get_state(kr_gen *g)
{
        struct kri_statem *s = kr_gen_own(g);
        const struct kr_field *fields = fields_of(s->module);
        kr_term data = fields != NULL ? kr_fields_get(fields, kr_gen_state(g))
                                      : kri_statem_data_term(g);

        return state_and(s, data);
}

kr_term kri_statem_replace_state(kr_gen *g, kr_term state)
{
        struct kri_statem *s = kr_gen_own(g);
        const struct kr_field *fields = fields_of(s->module);
        kr_term name, data, kept;

        if (!kr_match(state, "{~, ~}", &name, &data))
                return kr_none();
        kept = kr_keep(name);
        if (kr_is_none(kept))
                return kr_none();
        /* data without fields can only be left as it is */
        if (fields != NULL ? kr_fields_set(fields, kr_gen_state(g), data, NULL) != KR_OK
                           : !kr_match(data, "undefined")) {
                kr_release(kept);
                return kr_none();
        }
        kr_release(s->state);
        s->state = kept;
        s->function = KR_STATES_MAX;
        return kri_statem_get_state(g);
}

/* The reason (taken) lives until the next one. */
static kr_err refuse(struct kri_statem *s, kr_term reason, kr_msg *ret_reason)
{
        kr_release(s->refused);
        s->refused = reason;
        ret_reason->term = reason;
        return KR_EFAILED;
}

kr_err kri_statem_code_change(kr_gen *g, kr_term old_version, kr_term extra,
                              kr_msg *ret_reason)
{
        struct kri_statem *s = kr_gen_own(g);
        kr_step step;

        s->said.open = true;
        step = s->callbacks->code_change(kr_gen_state(g), old_version, s->state, extra);
        s->said.open = false;
        kri_said_clear(&s->said);
        switch (step.kind) {
        case KRI_STEP_KEEP:
                return KR_OK;
        case KRI_STEP_NEXT:
                kr_release(s->state);
                s->state = step.term;
                s->function = KR_STATES_MAX;
                return KR_OK;
        case KRI_STEP_STOP:
                return refuse(s, step.term, ret_reason);
        case KRI_STEP_UNDEF:
                return KR_EIGNORED;
        default:
                return refuse(s, kr_build("bad_return_value"), ret_reason);
        }
}

static kr_term modules_term(const struct kri_statem *s)
{
        kr_builder b = KR_BUILDER_INIT;

        kr_add_atom(&b, kri_atom_of(s->module->name));
        for (uint32_t i = s->below_count; i-- > 0;)
                kr_add_atom(&b, kri_atom_of(s->below[i]->name));
        return kr_build_list(&b);
}

/* What follows the header in get_status. */
kr_term kri_statem_status(kr_gen *g)
{
        struct kri_statem *s = kr_gen_own(g);
        kr_term modules = modules_term(s);
        kr_term timeouts = kri_timeouts_term(&s->timeouts);
        kr_term postponed = kri_queue_term(&s->postponed);
        kr_term state = state_and(s, kri_statem_data_term(g));
        kr_term term = kr_build("[{data, [{\"Modules\", ~}, {\"Time-outs\", ~},"
                                " {\"Postponed\", ~}]}, {data, [{\"State\", ~}]}]",
                                modules, timeouts, postponed, state);

        kr_release(state);
        kr_release(postponed);
        kr_release(timeouts);
        kr_release(modules);
        return term;
}

/* -- the logger -- */

/* The event that was handled, and what waits behind it. */
static kr_term queue_term(const struct kri_statem *s)
{
        kr_term rest = kri_queue_term(&s->queued);
        kr_term event, all;

        if (s->event == NULL)
                return rest;
        event = kri_event_term(s->event);
        all = kr_build("[~ | ~]", event, rest);
        kr_release(event);
        kr_release(rest);
        return all;
}

static kr_term mode_term(const struct kri_statem *s)
{
        switch (s->mode) {
        case KR_STATE_FUNCTIONS:
                return kr_build("state_functions");
        case KR_HANDLE_EVENT:
                return kr_build("handle_event_function");
        }
        return kr_build("undefined");
}

/* {Class, Reason, Trace} */
static kr_term reason_term(kr_class kind, kr_term reason)
{
        if (kind == KR_CLASS_ERROR)
                return kr_build("{error, ~, ~}", kr_element(1, reason),
                                kr_element(2, reason));
        return kind == KR_CLASS_EXIT ? kr_build("{exit, ~, []}", reason)
                                     : kr_build("{throw, ~, []}", reason);
}

void kri_statem_report(kr_gen *g, kr_class kind, kr_term reason)
{
        struct kri_statem *s = kr_gen_own(g);
        kr_term parts[7];

        if (!kri_report_wanted(KR_LOG_ERROR))
                return;
        parts[0] = queue_term(s);
        parts[1] = kri_queue_term(&s->postponed);
        parts[2] = modules_term(s);
        parts[3] = mode_term(s);
        parts[4] = state_and(s, kri_statem_data_term(g));
        parts[5] = kri_timeouts_term(&s->timeouts);
        parts[6] = reason_term(kind, reason);
        kri_report(KR_LOG_ERROR,
                   "#{label => {gen_statem, terminate}, name => ~, queue => ~,"
                   " postponed => ~, modules => ~, callback_mode => ~, state_enter => ~,"
                   " state => ~, timeouts => ~, log => [], reason => ~,"
                   " client_info => undefined}",
                   kr_gen_name(g), parts[0], parts[1], parts[2], parts[3],
                   (bool)s->state_enter, parts[4], parts[5], parts[6]);
        for (int i = 0; i < 7; i++)
                kr_release(parts[i]);
}
