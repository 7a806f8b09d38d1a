/* SPDX-License-Identifier: Apache-2.0 */
/* statem_actions.c: what a callback says: actions, steps, and a call from outside. */
#include "statem.h"

/* -- who says it -- */

struct kri_statem *kri_statem_self(kr_gen **ret_gen)
{
        kr_gen *g = kr_gen_self();

        if (g == NULL || kr_gen_module(g)->kind != &kr_gen_statem_kind)
                return NULL;
        *ret_gen = g;
        return kr_gen_own(g);
}

/* Where a callback says its actions; elsewhere it is misuse, by this function. NULL: on a
 * thread, where nothing can be raised. */
static struct kri_said *said_by(const char *function, kr_gen **ret_gen)
{
        struct kri_statem *s = kri_statem_self(ret_gen);

        if (s != NULL && s->said.open)
                return &s->said;
        if (!kri_gen_is_thread())
                kr_error(
                        "{badarg, {~, <<\"only in a callback that returns a kr_step\">>}}",
                        function);
        return NULL;
}

/* What is returned then. */
static kr_step no_step(void)
{
        kr_step step = { KRI_STEP_NONE, kr_none() };

        return step;
}

static KR_NORETURN void no_memory(void)
{
        kr_error("system_limit");
}

static kr_term built(struct kri_site *site, const union kri_arg *args)
{
        kr_term term = kri_build(site, args);

        if (kr_is_none(term))
                no_memory();
        return term;
}

void kri_said_bad(struct kri_said *said, kr_term action, bool only_in_enter)
{
        if (!kr_is_none(said->bad)) {
                kr_release(action);
                return;
        }
        said->bad = kr_is_none(action) ? kr_build("no_memory") : action;
        said->bad_enter = only_in_enter;
}

void kri_said_clear(struct kri_said *said)
{
        struct kri_queued *event;

        while ((event = kri_queue_pop(&said->events)) != NULL)
                kri_queued_free(event);
        for (uint32_t i = 0; i < said->timing_count; i++) {
                kr_release(said->timings[i].name);
                kr_release(said->timings[i].content);
        }
        said->timing_count = 0;
        said->postpone = said->hibernate = false;
        kr_release(said->bad);
        said->bad = kr_none();
}

/* -- steps -- */

kr_step kri_step_with(enum kri_step kind, struct kri_site *site,
                      const union kri_arg *args)
{
        kr_step step = { kind, built(site, args) };

        return step;
}

void kri_statem_throw(kr_step step)
{
        kr_gen *g;

        if (said_by("kr_throw_step", &g) != NULL)
                kri_statem_self(&g)->thrown = step;
        kr_throw("kr_throw_step");
}

/* -- actions -- */

kr_step kri_statem_reply(kr_from from, struct kri_site *site, const union kri_arg *args)
{
        kr_gen *g;
        struct kri_said *said = said_by("kr_statem_reply", &g);

        if (said == NULL)
                return no_step();
        if (!kr_is_none(said->bad)) /* what stands behind it is not done */
                return kr_keep_state();
        if (kr_pid_is_none(from.pid)) {
                kri_said_bad(said, kr_build("{reply, undefined, ~}", built(site, args)),
                             false);
                return kr_keep_state();
        }
        kri_gen_reply(from, site, args);
        if (kri_gen_debugs(g)) {
                kr_term reply = built(site, args);
                kr_term to = kr_from_term(from);

                kr_gen_debug(g, "{out, ~, ~}", reply, to);
                kr_release(to);
                kr_release(reply);
        }
        return kr_keep_state();
}

kr_step kr_postpone(void)
{
        kr_gen *g;
        struct kri_said *said = said_by("kr_postpone", &g);

        if (said == NULL)
                return no_step();
        if (said->in_enter)
                kri_said_bad(said, kr_build("postpone"), true);
        else
                said->postpone = true;
        return kr_keep_state();
}

kr_step kr_statem_hibernate(void)
{
        kr_gen *g;
        struct kri_said *said = said_by("kr_statem_hibernate", &g);

        if (said == NULL)
                return no_step();
        said->hibernate = true;
        return kr_keep_state();
}

static bool can_be_inserted(const kr_event *event)
{
        if (event->type == KR_EVENT_CALL)
                return !kr_pid_is_none(event->from.pid);
        return event->type >= KR_EVENT_CALL && event->type < KR_EVENT_ENTER;
}

static void insert_event(struct kri_said *said, const kr_event *event)
{
        struct kri_queued *queued = kri_queued_new(event);

        if (queued == NULL)
                no_memory();
        kri_queue_push(&said->events, queued);
}

kr_step kri_statem_event(kr_event_type type, kr_from from, kr_term name,
                         struct kri_site *site, const union kri_arg *args)
{
        kr_gen *g;
        struct kri_said *said = said_by("kr_next_event", &g);
        kr_event event = { type, from, name, kr_none(), kr_none() };

        if (said == NULL)
                return no_step();
        event.content = built(site, args);
        if (!said->in_enter && can_be_inserted(&event)) {
                insert_event(said, &event);
        } else {
                kr_term type_term = kri_event_type_term(type, from, name);

                kri_said_bad(said,
                             kr_build("{next_event, ~, ~}", type_term, event.content),
                             said->in_enter);
                kr_release(type_term);
        }
        kr_release(event.content);
        return kr_keep_state();
}

/* -- about time-outs -- */

static void say_timing(struct kri_said *said, const struct kri_timing *timing)
{
        uint32_t cap = said->timing_cap == 0 ? 4 : 2 * said->timing_cap;
        struct kri_timing *timings = said->timings;

        if (said->timing_count == said->timing_cap) {
                timings = kr_realloc(timings, cap * sizeof(*timings));
                if (timings == NULL)
                        no_memory();
                said->timings = timings;
                said->timing_cap = cap;
        }
        timings[said->timing_count++] = *timing;
}

static kr_term kept_name(kr_term name)
{
        kr_term kept = kr_keep(name);

        if (kr_is_none(kept) && !kr_is_none(name))
                no_memory();
        return kept;
}

kr_step kri_statem_timeout(kr_event_type type, kr_term name, int64_t time_ms,
                           enum kri_timeout_how how, struct kri_site *site,
                           const union kri_arg *args)
{
        kr_gen *g;
        struct kri_said *said = said_by("kr_timeout", &g);
        struct kri_timing timing = { type, how, time_ms, kr_none(), kr_none() };

        if (said == NULL)
                return no_step();
        if (how == KRI_TIMEOUT_AFTER && time_ms < 0 && time_ms != KR_INFINITY) {
                kr_term kind = kri_event_type_term(type, kri_statem_no_from(), name);
                kr_term content = built(site, args);

                kri_said_bad(said, kr_build("{~, ~, ~}", kind, time_ms, content), false);
                kr_release(content);
                kr_release(kind);
                return kr_keep_state();
        }
        if (how != KRI_TIMEOUT_UPDATE && time_ms == KR_INFINITY)
                return kri_statem_cancel(type, name);
        timing.content = built(site, args);
        timing.name = kept_name(name);
        say_timing(said, &timing);
        return kr_keep_state();
}

kr_step kri_statem_cancel(kr_event_type type, kr_term name)
{
        kr_gen *g;
        struct kri_said *said = said_by("kr_timeout_cancel", &g);
        struct kri_timing timing = { type, KRI_TIMEOUT_CANCEL, 0, kr_none(), kr_none() };

        if (said == NULL)
                return no_step();
        timing.name = kept_name(name);
        say_timing(said, &timing);
        return kr_keep_state();
}

/* -- callback modules -- */

bool kri_statem_use(struct kri_statem *s, const kr_behaviour *module)
{
        const struct kri_gen_statem *callbacks = module->callbacks;
        bool state_enter = false;
        kr_callback_mode mode = callbacks->mode(&state_enter);

        if (mode != KR_STATE_FUNCTIONS && mode != KR_HANDLE_EVENT)
                return false;
        s->module = module;
        s->callbacks = callbacks;
        s->mode = mode;
        s->state_enter = state_enter;
        s->function = KR_STATES_MAX;
        return true;
}

static bool fits(const struct kri_statem *s, const kr_behaviour *module)
{
        return module != NULL && module->kind == &kr_gen_statem_kind &&
               module->state_size == s->module->state_size;
}

static bool push_below(struct kri_statem *s)
{
        uint32_t cap = s->below_cap == 0 ? 4 : 2 * s->below_cap;
        const kr_behaviour **below = s->below;

        if (s->below_count == s->below_cap) {
                below = kr_realloc(below, cap * sizeof(*below));
                if (below == NULL)
                        no_memory();
                s->below = below;
                s->below_cap = cap;
        }
        below[s->below_count++] = s->module;
        return true;
}

static kr_step use_module(kr_gen *g, struct kri_statem *s, const kr_behaviour *module)
{
        if (!kri_statem_use(s, module))
                kr_error("{bad_return_from_callback_mode, undefined}");
        kr_gen_debug(g, "{module, ~, ~}", kri_atom_of(module->name), kr_statem_state());
        return kr_keep_state();
}

/* Whether `module` may take over here; else the action, as a term, is bad. */
static bool may_take_over(struct kri_statem *s, const char *action,
                          const kr_behaviour *module)
{
        struct kri_said *said = &s->said;
        const char *name = module != NULL ? module->name : "undefined";

        if (kr_is_none(said->bad) && !said->in_enter && fits(s, module))
                return true;
        kri_said_bad(said, kr_build("{~, ~}", kri_atom_of(action), kri_atom_of(name)),
                     said->in_enter);
        return false;
}

kr_step kr_change_callback_module(const kr_behaviour *module)
{
        kr_gen *g;
        struct kri_statem *s;

        if (said_by("kr_change_callback_module", &g) == NULL)
                return no_step();
        s = kri_statem_self(&g);
        if (!may_take_over(s, "change_callback_module", module))
                return kr_keep_state();
        return use_module(g, s, module);
}

kr_step kr_push_callback_module(const kr_behaviour *module)
{
        kr_gen *g;
        struct kri_statem *s;

        if (said_by("kr_push_callback_module", &g) == NULL)
                return no_step();
        s = kri_statem_self(&g);
        if (may_take_over(s, "push_callback_module", module) && push_below(s))
                return use_module(g, s, module);
        return kr_keep_state();
}

kr_step kr_pop_callback_module(void)
{
        kr_gen *g;
        struct kri_said *said = said_by("kr_pop_callback_module", &g);
        struct kri_statem *s = kri_statem_self(&g);

        if (said == NULL)
                return no_step();
        if (said->in_enter || s->below_count == 0) {
                kri_said_bad(said, kr_build("pop_callback_module"), s->below_count != 0);
                return kr_keep_state();
        }
        return use_module(g, s, s->below[--s->below_count]);
}

/* -- what is handled now -- */

const kr_event *kr_statem_event(void)
{
        kr_gen *g;
        struct kri_statem *s = kri_statem_self(&g);

        if (s == NULL)
                return NULL;
        return s->enter != NULL ? s->enter : s->event;
}

kr_term kr_statem_state(void)
{
        kr_gen *g;
        struct kri_statem *s = kri_statem_self(&g);

        if (s == NULL)
                return kr_none();
        return s->enter != NULL ? s->enter->state : s->state;
}

/* -- calls from outside -- */

kr_term kri_statem_call(kr_server server, kr_msg *slot, int64_t timeout_ms,
                        struct kri_site *site, const union kri_arg *args)
{
        static const kr_call_as as = { "gen_statem", "call" };

        return kri_call_as(&as, server, slot, timeout_ms, site, args);
}
