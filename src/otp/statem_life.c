/* SPDX-License-Identifier: Apache-2.0 */
/* statem_life.c: how a state machine begins and how it ends. */
#include "debug_text.h"
#include "gen.h"
#include "moving.h"
#include "report.h"
#include "statem.h"

/* As Erlang's error for a function that is not there, so that the reason names it. */
KR_NORETURN void kri_statem_undef(const kr_behaviour *module, const char *function,
                                  int arity)
{
        kr_term reason = kr_build("{undef, [{~, ~, ~, []}]}", kri_atom_of(module->name),
                                  kri_atom_of(function), arity);

        if (kr_is_none(reason))
                kr_error("undef");
        kr_raise(KR_CLASS_ERROR, reason);
}

void kri_statem_forget_throw(struct kri_statem *s)
{
        if (s->thrown.kind == KRI_STEP_NONE)
                return;
        kr_release(s->thrown.term);
        s->thrown.kind = KRI_STEP_NONE;
}

/* -- the beginning -- */

static void blank(struct kri_statem *s, const kr_behaviour *module)
{
        s->module = module;
        s->callbacks = module->callbacks;
        s->state = s->next = s->said.bad = kr_none();
        s->function = KR_STATES_MAX;
}

struct init_call {
        kr_gen *g;
        kr_term args;
        kr_step step;
};

static void call_init(void *arg)
{
        struct init_call *call = arg;
        struct kri_statem *s = kr_gen_own(call->g);

        s->said.open = true;
        call->step = s->callbacks->init(kr_gen_state(call->g), call->args);
        s->said.open = false;
        if (call->step.kind == KRI_STEP_UNDEF)
                kri_statem_undef(s->module, "init", 1);
}

/* The starter gets the reason without the trace. */
static KR_NORETURN void fail(kr_gen *g, kr_class kind, kr_term reason)
{
        kr_term bare = kind == KR_CLASS_ERROR ? kr_element(1, reason) : reason;

        kri_statem_report(g, kind, reason);
        kr_init_fail(kind, reason, "{error, ~}", bare);
}

static KR_NORETURN void bad_init(kr_gen *g, kr_term value)
{
        kr_term reason = kr_build("{bad_return_from_init, ~}", value);

        kri_statem_report(g, KR_CLASS_EXIT, reason);
        kr_gen_init_stop(g, KR_CLASS_EXIT, reason);
}

/* What kr_throw_step said in init, if it was that. */
static kr_step caught_step(kr_gen *g, kr_class kind, kr_term reason)
{
        struct kri_statem *s = kr_gen_own(g);
        kr_step step = s->thrown;

        s->said.open = false;
        s->thrown.kind = KRI_STEP_NONE;
        if (kind != KR_CLASS_THROW)
                fail(g, kind, reason);
        if (step.kind == KRI_STEP_NONE)
                bad_init(g, reason);
        return step;
}

static void take_init(kr_gen *g, kr_step step)
{
        struct kri_statem *s = kr_gen_own(g);

        switch (step.kind) {
        case KRI_STEP_NEXT:
                s->state = step.term;
                s->phase = KRI_STATEM_ENTER;
                kr_gen_init_started(g);
        case KRI_STEP_STOP:
                kr_gen_init_stop(g, KR_CLASS_EXIT, step.term);
        case KRI_STEP_FAIL:
                kr_gen_init_error(g, step.term);
        case KRI_STEP_IGNORE:
                kr_gen_init_ignore(g);
        case KRI_STEP_KEEP:
                bad_init(g, kr_build("keep_state_and_data"));
        case KRI_STEP_REPEAT:
                bad_init(g, kr_build("repeat_state_and_data"));
        default:
                bad_init(g, kr_build("undefined"));
        }
}

void kri_statem_enter_loop(const kr_behaviour *behaviour, const kr_start_opts *opts,
                           const void *data, struct kri_site *site,
                           const union kri_arg *args)
{
        kr_gen *g;
        struct kri_statem *s;
        kr_term state;

        if (behaviour == NULL || behaviour->kind != &kr_gen_statem_kind)
                kr_error("{badarg, {<<\"kr_statem_enter_loop\">>, <<\"behaviour\">>}}");
        state = kri_build(site, args);
        if (kr_is_none(state))
                kr_error("system_limit");
        g = kri_gen_enter(behaviour, opts, data);
        s = kr_gen_own(g);
        blank(s, behaviour);
        s->state = state;
        s->phase = KRI_STATEM_ENTER;
        kr_become_loop(&kri_gen_loop, g);
}

void kri_statem_stateless(kr_gen *g)
{
        blank(kr_gen_own(g), kr_gen_module(g));
        kr_error("{badarg, {<<\"kr_enter_loop\">>,"
                 " <<\"a gen_statem needs a state: kr_statem_enter_loop\">>}}");
}

static void init(kr_gen *g, kr_term args)
{
        struct init_call call = { .g = g, .args = args };
        kr_msg reason = KR_MSG_INIT;
        kr_class kind;

        blank(kr_gen_own(g), kr_gen_module(g));
        if (!kr_catch(call_init, &call, &kind, &reason))
                call.step = caught_step(g, kind, reason.term);
        take_init(g, call.step);
}

/* -- the end -- */

/* Go on after a throw: the event is kept, for the stack is about to go. */
static KR_NORETURN void go_on(kr_gen *g, struct kri_statem *s)
{
        if (s->current == NULL)
                s->current = kri_queued_new(s->event);
        if (s->current == NULL)
                kr_gen_exit(g, KR_CLASS_EXIT, kr_atom_term(KR_ATOM("system_limit")));
        kr_gen_loop(g);
}

struct terminate_call {
        kr_gen *g;
        kr_term reason;
};

static void call_terminate(void *arg)
{
        struct terminate_call *call = arg;
        struct kri_statem *s = kr_gen_own(call->g);

        (void)s->callbacks->terminate(kr_gen_state(call->g), call->reason, s->state);
}

/* What is thrown by the user's terminate does not matter; another end of it is the end. */
static void run_terminate(kr_gen *g, kr_term reason)
{
        struct terminate_call call = { g, reason };
        kr_msg other = KR_MSG_INIT;
        kr_class kind;

        if (!kr_catch(call_terminate, &call, &kind, &other) && kind != KR_CLASS_THROW) {
                kri_statem_report(g, kind, other.term);
                kr_gen_exit(g, kind, other.term);
        }
        kr_msg_clear(&other);
}

static void raise_bad_return(void *thrown)
{
        kr_error("{bad_return_from_state_function, ~}", *(kr_term *)thrown);
}

/* {Reason, Trace} for what was thrown: a return value that is no step. */
static kr_term bad_return(kr_term thrown, kr_msg *slot)
{
        kr_class kind;

        (void)kr_catch(raise_bad_return, &thrown, &kind, slot);
        return slot->term;
}

void kri_statem_terminate(kr_gen *g, kr_class kind, kr_term reason)
{
        struct kri_statem *s = kr_gen_own(g);
        kr_msg slot = KR_MSG_INIT;
        kr_term bare;

        s->said.open = false;
        if (kind == KR_CLASS_THROW) {
                if (s->thrown.kind != KRI_STEP_NONE)
                        go_on(g, s);
                kind = KR_CLASS_ERROR;
                reason = bad_return(reason, &slot);
        }
        s->phase = KRI_STATEM_ENDING;
        bare = kind == KR_CLASS_ERROR ? kr_element(1, reason) : reason;
        run_terminate(g, bare);
        if (kri_report_is_planned(bare))
                kr_gen_debug(g, "{terminate, ~, ~}", bare, s->state);
        else
                kri_statem_report(g, kind, reason);
        kr_gen_exit(g, kind, reason);
}

/* -- another version of the module -- */

/* That of the module which it was, is or may be again. The machine goes on in its state. */
static const kr_behaviour *version_now(const kr_behaviour *module, const kr_gen *g,
                                       const kr_behaviour *from)
{
        const kr_behaviour *now = module == from ? g->behaviour
                                                 : kr_behaviour_now(module);

        return now != NULL && now->kind == module->kind &&
                               now->state_size == g->behaviour->state_size
                       ? now
                       : module;
}

static void moved(kr_gen *g, const kr_behaviour *from)
{
        struct kri_statem *s = kr_gen_own(g);

        for (uint32_t i = 0; i < s->below_count; i++)
                s->below[i] = version_now(s->below[i], g, from);
        (void)kri_statem_use(s, version_now(s->module, g, from));
}

static kr_term mark(kr_gen *g)
{
        return kr_keep(((struct kri_statem *)kr_gen_own(g))->state);
}

static void reset(kr_gen *g, kr_term mark)
{
        struct kri_statem *s = kr_gen_own(g);

        kr_release(s->state);
        s->state = mark;
        s->function = KR_STATES_MAX;
}

static bool replica(kr_gen *g, const kr_gen *of)
{
        const struct kri_statem *s = kr_gen_own((kr_gen *)(uintptr_t)of);
        struct kri_statem *copy = kr_gen_own(g);

        blank(copy, s->module);
        copy->phase = KRI_STATEM_EVENTS;
        copy->state = kr_keep(s->state);
        return !kr_is_none(copy->state) && kri_statem_use(copy, s->module);
}

/* Modules that took over (kr_change_callback_module) may be of other files than the first. */
static void refresh(kr_gen *g)
{
        struct kri_statem *s = kr_gen_own(g);
        uint32_t generation = kr_module_generation();
        const kr_behaviour *now;

        if (s->module == NULL || s->module == g->behaviour)
                return;
        now = kr_behaviour_now(s->module);
        if (kri_is_within_reach(s->module, now))
                (void)kri_statem_use(s, now);
        if (s->module->attention != NULL)
                __atomic_store_n(s->module->attention, generation, __ATOMIC_RELAXED);
}

static size_t code(kr_gen *g, const void **ret, size_t max)
{
        const struct kri_statem *s = kr_gen_own(g);
        size_t count = 0;

        if (s->module != NULL && max != 0)
                ret[count++] = s->module;
        for (uint32_t i = 0; i < s->below_count && count < max; i++)
                ret[count++] = s->below[i];
        return count;
}

static const struct kri_kind_moves moves = { .moved = moved,
                                             .mark = mark,
                                             .reset = reset,
                                             .replica = replica,
                                             .refresh = refresh,
                                             .code = code };

const kr_kind kr_gen_statem_kind = {
        .name = "gen_statem",
        .init = init,
        .loop = kri_statem_loop,
        .terminate = kri_statem_terminate,
        .get_state = kri_statem_get_state,
        .replace_state = kri_statem_replace_state,
        .code_change = kri_statem_code_change,
        .status = kri_statem_status,
        .own_size = sizeof(struct kri_statem),
        .report = kri_statem_report,
        .says_in = true,
        .print = kri_statem_print,
        .moves = &moves,
};
