/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor_spec.c: child specs and flags: checked as OTP does, with OTP's names for what is
 * wrong, in OTP's order. Every spec passes as a term through here, C's too (see
 * supervisor_child.c). */
#include "supervisor.h"

#include <string.h>

#define ATOM(text) kr_atom_term(KR_ATOM(text))

#define WORKER_SHUTDOWN_MS 5000
#define BACKOFF_MAX_MS 60000

/* -- names -- */

static const char *const strategies[] = { "one_for_one", "one_for_all", "rest_for_one",
                                          "simple_one_for_one" };
static const char *const auto_shutdowns[] = { "never", "any_significant",
                                              "all_significant" };
const char *const kri_restart_names[] = { "permanent", "transient", "temporary" };
const char *const kri_child_type_names[] = { "", "worker", "supervisor" };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static kr_atom atom_of(const char *text)
{
        return kri_atom_of(text);
}

kr_atom kri_strategy_atom(kr_strategy strategy)
{
        return atom_of(strategies[strategy]);
}

kr_atom kri_auto_shutdown_atom(kr_auto_shutdown auto_shutdown)
{
        return atom_of(auto_shutdowns[auto_shutdown]);
}

kr_atom kri_child_type_atom(const struct kri_child *child)
{
        return atom_of(kri_child_type_names[child->type]);
}

/* The place of an atom among names; false: it is none of them. */
static bool find_name(kr_term t, const char *const *names, size_t count, size_t *ret)
{
        const char *text;
        kr_atom atom;

        if (!kr_get_atom(t, &atom))
                return false;
        text = kr_atom_text(atom, NULL);
        for (size_t i = 0; i < count; i++) {
                if (strcmp(text, names[i]) == 0 && *text != 0) {
                        *ret = i;
                        return true;
                }
        }
        return false;
}

bool kri_auto_shutdown_of(kr_term atom, kr_auto_shutdown *ret)
{
        size_t i;

        if (kr_is_that_atom(atom, KR_ATOM("undefined"))) {
                *ret = KRI_AUTO_SHUTDOWN_ANY;
                return true;
        }
        if (!find_name(atom, auto_shutdowns, COUNT(auto_shutdowns), &i))
                return false;
        *ret = (kr_auto_shutdown)i;
        return true;
}

/* -- flags -- */

kr_term kri_flags_check(const kr_supervisor_flags *flags, struct kri_flags *ret_flags)
{
        struct kri_flags f = { .strategy = flags->strategy,
                               .auto_shutdown = flags->auto_shutdown,
                               .intensity = flags->intensity,
                               .period_s = flags->period_s };

        if ((unsigned)flags->strategy >= COUNT(strategies))
                return kr_build("{invalid_strategy, ~}", (int)flags->strategy);
        if (flags->intensity < 0 && flags->intensity != KR_INTENSITY_NONE)
                return kr_build("{invalid_intensity, ~}", flags->intensity);
        if (flags->period_s < 0)
                return kr_build("{invalid_period, ~}", flags->period_s);
        if ((unsigned)flags->auto_shutdown >= COUNT(auto_shutdowns))
                return kr_build("{invalid_auto_shutdown, ~}", (int)flags->auto_shutdown);
        if (f.intensity == 0)
                f.intensity = 1;
        else if (f.intensity == KR_INTENSITY_NONE)
                f.intensity = 0;
        if (f.period_s == 0)
                f.period_s = 5;
        *ret_flags = f;
        return kr_none();
}

/* -- checking -- */

/* The fields of a spec, borrowed from it; none: it has no such key. */
struct fields {
        kr_term id, start, restart, significant, type, shutdown, modules;
        kr_term name, start_id, budget, backoff; /* beyond OTP */
        kr_term args;                            /* of start */
        size_t restart_at, type_at;
};

static kr_term field(kr_term map, kr_atom key)
{
        kr_term value = kr_none();

        (void)kr_map_get(map, kr_atom_term(key), &value);
        return value;
}

static void fields_of_map(kr_term spec, struct fields *f)
{
        f->id = field(spec, KR_ATOM("id"));
        f->start = field(spec, KR_ATOM("start"));
        f->restart = field(spec, KR_ATOM("restart"));
        f->significant = field(spec, KR_ATOM("significant"));
        f->type = field(spec, KR_ATOM("type"));
        f->shutdown = field(spec, KR_ATOM("shutdown"));
        f->modules = field(spec, KR_ATOM("modules"));
        f->name = field(spec, KR_ATOM("name"));
        f->start_id = field(spec, KR_ATOM("start_id"));
        f->budget = field(spec, KR_ATOM("budget"));
        f->backoff = field(spec, KR_ATOM("backoff"));
}

/* False: it is neither a map nor the old tuple. */
static bool get_fields(kr_term spec, struct fields *f)
{
        const kr_term none = kr_none();

        *f = (struct fields){ none, none, none, none, none, none, none,
                              none, none, none, none, none, 0,    0 };
        if (kr_is_map(spec))
                fields_of_map(spec, f);
        else if (!kr_match(spec, "{~, ~, ~, ~, ~, ~}", &f->id, &f->start, &f->restart,
                           &f->shutdown, &f->type, &f->modules))
                return false;
        return true;
}

static kr_term invalid(const char *what, kr_term value)
{
        return kr_build("{~, ~}", atom_of(what), value);
}

static bool is_mfa(kr_term start, kr_term *ret_args)
{
        kr_atom module, function;

        return kr_match(start, "{~, ~, ~}", &module, &function, ret_args) &&
               kr_is_list(*ret_args);
}

static kr_term check_significant(struct fields *f, kr_auto_shutdown auto_shutdown)
{
        bool significant;

        if (kr_is_none(f->significant))
                f->significant = ATOM("false");
        if (kr_is_that_atom(f->significant, KR_ATOM("true"))) {
                if (auto_shutdown == KR_AUTO_SHUTDOWN_NEVER)
                        return kr_build("{bad_combination, [{auto_shutdown, never},"
                                        " {significant, true}]}");
                if (f->restart_at == KR_PERMANENT)
                        return kr_build("{bad_combination, [{restart, permanent},"
                                        " {significant, true}]}");
        }
        if (!kr_get_bool(f->significant, &significant))
                return invalid("invalid_significant", f->significant);
        return kr_none();
}

static bool is_shutdown(kr_term t)
{
        return kr_is_that_atom(t, KR_ATOM("infinity")) ||
               kr_is_that_atom(t, KR_ATOM("brutal_kill")) ||
               (kr_is_integer(t) && kr_compare(t, kr_int(0)) >= 0);
}

static kr_term check_modules(kr_term modules)
{
        size_t length;

        if (kr_is_none(modules) || kr_is_that_atom(modules, KR_ATOM("dynamic")))
                return kr_none();
        if (!kr_length(modules, &length))
                return invalid("invalid_modules", modules);
        for (; kr_is_cons(modules); modules = kr_tl(modules))
                if (!kr_is_atom(kr_hd(modules)))
                        return invalid("invalid_module", kr_hd(modules));
        return kr_none();
}

/* What OTP does not have. */
static kr_term check_ours(const struct fields *f)
{
        int32_t intensity, period_s, first, most;
        bool gives_up;

        if (!kr_is_none(f->name) && !kr_is_atom(f->name))
                return invalid("invalid_name", f->name);
        if (!kr_is_none(f->budget) &&
            (!kr_match(f->budget, "{~, ~, ~}", &intensity, &period_s, &gives_up) ||
             (intensity < 0 && intensity != KR_INTENSITY_NONE) || period_s < 0 ||
             (intensity == 0 && (period_s != 0 || gives_up))))
                return invalid("invalid_budget", f->budget);
        if (!kr_is_none(f->backoff) &&
            (!kr_match(f->backoff, "{~, ~}", &first, &most) || first <= 0 || most < 0 ||
             (most != 0 && most < first)))
                return invalid("invalid_backoff", f->backoff);
        return kr_none();
}

static kr_term check_fields(struct fields *f, kr_auto_shutdown auto_shutdown)
{
        kr_term error;

        if (kr_is_none(f->id))
                return ATOM("missing_id");
        if (kr_is_none(f->start))
                return ATOM("missing_start");
        if (!is_mfa(f->start, &f->args))
                return invalid("invalid_mfa", f->start);
        if (kr_is_none(f->restart))
                f->restart = ATOM("permanent");
        if (!find_name(f->restart, kri_restart_names, COUNT(kri_restart_names),
                       &f->restart_at))
                return invalid("invalid_restart_type", f->restart);
        error = check_significant(f, auto_shutdown);
        if (!kr_is_none(error))
                return error;
        if (kr_is_none(f->type))
                f->type = ATOM("worker");
        if (!find_name(f->type, kri_child_type_names, COUNT(kri_child_type_names),
                       &f->type_at))
                return invalid("invalid_child_type", f->type);
        if (kr_is_none(f->shutdown))
                f->shutdown = f->type_at == KR_CHILD_WORKER ? kr_int(WORKER_SHUTDOWN_MS)
                                                            : ATOM("infinity");
        if (!is_shutdown(f->shutdown))
                return invalid("invalid_shutdown", f->shutdown);
        error = check_modules(f->modules);
        return kr_is_none(error) ? check_ours(f) : error;
}

/* -- records -- */

static bool add_budget(struct kri_child *child, const struct fields *f)
{
        kr_budget *limits;

        if (kr_is_none(f->budget) && kr_is_none(f->backoff))
                return true;
        child->budget = (struct kri_child_budget *)kr_calloc(1, sizeof(*child->budget));
        if (child->budget == NULL)
                return false;
        limits = &child->budget->limits;
        (void)kr_match(f->backoff, "{~, ~}", &limits->backoff_ms,
                       &limits->backoff_max_ms);
        if (limits->backoff_max_ms == 0)
                limits->backoff_max_ms = limits->backoff_ms > BACKOFF_MAX_MS
                                                 ? limits->backoff_ms
                                                 : BACKOFF_MAX_MS;
        child->budget->delay_ms = limits->backoff_ms;
        if (kr_is_none(f->budget))
                return true;
        (void)kr_match(f->budget, "{~, ~, ~}", &limits->intensity, &limits->period_s,
                       &limits->gives_up);
        if (limits->intensity == 0)
                return true;
        child->budget->restarts =
                (struct kri_restarts *)kr_calloc(1, sizeof(*child->budget->restarts));
        return child->budget->restarts != NULL;
}

static bool keep(kr_term *place, kr_term t)
{
        *place = kr_is_none(t) ? t : kr_keep(t);
        return kr_is_none(t) || !kr_is_none(*place);
}

static bool fill(struct kri_child *child, const struct fields *f)
{
        kr_term modules = f->modules;
        bool all;

        (void)kr_match(f->start, "{~, ~, _}", &child->module, &child->function);
        child->restart = (uint8_t)f->restart_at;
        child->type = (uint8_t)f->type_at;
        child->significant = kr_is_that_atom(f->significant, KR_ATOM("true"));
        (void)kr_get_int64(f->start_id, &child->how_id);
        child->how =
                kri_start_find(kr_here(), child->module, child->function, child->how_id);
        if (kr_is_none(modules))
                modules = kr_build("[~]", child->module);
        child->id = child->args = child->shutdown = child->modules = child->name =
                kr_none();
        all = keep(&child->id, f->id) && keep(&child->args, f->args) &&
              keep(&child->shutdown, f->shutdown) && !kr_is_none(modules) &&
              keep(&child->modules, modules) && keep(&child->name, f->name) &&
              add_budget(child, f);
        if (kr_is_none(f->modules))
                kr_release(modules);
        return all;
}

void kri_child_free(struct kri_child *child)
{
        if (child == NULL)
                return;
        if (child->budget != NULL) {
                if (child->budget->restarts != NULL)
                        kr_free(child->budget->restarts->entries);
                kr_free(child->budget->restarts);
                kr_free(child->budget);
        }
        kr_release(child->name);
        kr_release(child->modules);
        kr_release(child->shutdown);
        kr_release(child->args);
        kr_release(child->id);
        kr_free(child);
}

kr_term kri_spec_check(kr_term spec, kr_auto_shutdown auto_shutdown,
                       struct kri_child **ret_child)
{
        struct kri_child *child;
        struct fields f;
        kr_term error;

        if (!get_fields(spec, &f))
                return invalid("invalid_child_spec", spec);
        error = check_fields(&f, auto_shutdown);
        if (!kr_is_none(error))
                return error;
        child = (struct kri_child *)kr_calloc(1, sizeof(*child));
        if (child == NULL)
                return ATOM("enomem");
        if (!fill(child, &f)) {
                kri_child_free(child);
                return ATOM("enomem");
        }
        *ret_child = child;
        return kr_none();
}

/* What OTP does not have is not for children that are all alike. */
static kr_term check_alike(const struct kri_child *child)
{
        const kr_budget *limits;

        if (child->budget == NULL)
                return kr_none();
        limits = &child->budget->limits;
        return kr_build("{bad_combination, [{strategy, simple_one_for_one}, {~, ~}]}",
                        limits->backoff_ms != 0 ? KR_ATOM("backoff") : KR_ATOM("budget"),
                        limits->backoff_ms != 0 ? limits->backoff_ms : limits->intensity);
}

kr_term kri_spec_check_all(kr_term specs, kr_auto_shutdown auto_shutdown,
                           struct kri_sup *s)
{
        struct kri_child *child;
        kr_term error = kr_none();

        for (; kr_is_cons(specs) && kr_is_none(error); specs = kr_tl(specs)) {
                error = kri_spec_check(kr_hd(specs), auto_shutdown, &child);
                if (!kr_is_none(error))
                        break;
                if (kri_sup_find(s, child->id) != NULL)
                        error = kr_build("{duplicate_child_name, ~}", child->id);
                else if (kri_sup_is_simple(s))
                        error = check_alike(child);
                if (kr_is_none(error) && !kri_sup_reserve(s))
                        error = ATOM("enomem");
                if (kr_is_none(error))
                        kri_sup_add(s, child);
                else
                        kri_child_free(child);
        }
        if (kr_is_none(error) && !kr_is_nil(specs))
                error = kr_build("{badarg, ~}", specs);
        if (!kr_is_none(error))
                kri_sup_remove_all(s);
        return error;
}

/* -- records as terms -- */

kr_term kri_child_pid_term(const struct kri_child *child)
{
        switch (child->state) {
        case KRI_CHILD_RUNNING:
                return kr_build("~", child->pid);
        case KRI_CHILD_RESTARTING:
                if (kr_pid_is_none(child->pid))
                        return kr_build("{restarting, undefined}");
                return kr_build("{restarting, ~}", child->pid);
        default:
                return ATOM("undefined");
        }
}

static kr_term restart_term(const struct kri_child *child)
{
        return kr_atom_term(atom_of(kri_restart_names[child->restart]));
}

static kr_term args_term(const struct kri_child *child)
{
        return child->is_forgetful ? ATOM("undefined") : child->args;
}

static kr_term mfa_term(const struct kri_child *child, kr_term args)
{
        return kr_build("{~, ~, ~}", child->module, child->function,
                        kr_is_none(args) ? args_term(child) : args);
}

static void add_ours(kr_builder *b, const struct kri_child *child)
{
        const kr_budget *limits;

        if (!kr_is_none(child->name))
                kri_add_pair(b, "name", child->name);
        if (child->budget == NULL)
                return;
        limits = &child->budget->limits;
        if (limits->intensity != 0)
                kri_add_own(b, "budget",
                            kr_build("{~, ~, ~}", limits->intensity, limits->period_s,
                                     limits->gives_up));
        if (limits->backoff_ms != 0)
                kri_add_own(b, "backoff",
                            kr_build("{~, ~}", limits->backoff_ms,
                                     limits->backoff_max_ms));
}

kr_term kri_child_spec(const struct kri_child *child)
{
        kr_builder b = KR_BUILDER_INIT;

        kri_add_pair(&b, "id", child->id);
        kri_add_own(&b, "start", mfa_term(child, kr_none()));
        kri_add_pair(&b, "restart", restart_term(child));
        kri_add_own(&b, "significant", kr_build("~", child->significant));
        kri_add_pair(&b, "shutdown", child->shutdown);
        kri_add_pair(&b, "type", kr_atom_term(kri_child_type_atom(child)));
        kri_add_pair(&b, "modules", child->modules);
        add_ours(&b, child);
        return kr_build_map(&b);
}

kr_term kri_child_record(const struct kri_child *child)
{
        kr_term pid = kri_child_pid_term(child), mfa = mfa_term(child, kr_none());
        kr_term record = kr_build("{child, ~, ~, ~, ~, ~, ~, ~, ~}", pid, child->id, mfa,
                                  restart_term(child), child->significant,
                                  child->shutdown, kri_child_type_atom(child),
                                  child->modules);

        kr_release(mfa);
        kr_release(pid);
        return record;
}

kr_term kri_child_offender(const struct kri_child *child, kr_term first, kr_term args)
{
        kr_term mfa = mfa_term(child, args);
        kr_term list = kr_build("[~, {id, ~}, {mfargs, ~}, {restart_type, ~},"
                                " {significant, ~}, {shutdown, ~}, {child_type, ~}]",
                                first, child->id, mfa, restart_term(child),
                                child->significant, child->shutdown,
                                kri_child_type_atom(child));

        kr_release(mfa);
        return list;
}

/* -- checking for others -- */

kr_term kri_specs_error(kr_term specs, kr_auto_shutdown auto_shutdown)
{
        struct kri_sup s = { .gen = NULL };
        kr_term error = kri_spec_check_all(specs, auto_shutdown, &s);

        kri_sup_remove_all(&s);
        return error;
}

kr_term kr_supervisor_check_childspecs(kr_term specs, kr_term auto_shutdown)
{
        kr_auto_shutdown limit;
        kr_term error, answer;

        if (!kr_is_list(specs))
                return kr_build("{error, {badarg, ~}}", specs);
        if (!kri_auto_shutdown_of(auto_shutdown, &limit))
                return kr_build("{error, {badarg, ~}}", auto_shutdown);
        error = kri_specs_error(specs, limit);
        if (kr_is_none(error))
                return ATOM("ok");
        answer = kr_build("{error, ~}", error);
        kr_release(error);
        return answer;
}
