/* SPDX-License-Identifier: Apache-2.0 */
/* server.c: the process code_server: loads, deletes and purges, one thing after the other.
 *
 * Model    A call is a gen_server's. Reading and mapping files happens in jobs (job.h), looking
 *          for holders in a process of its own (purge.h); meanwhile the server waits. A
 *          module's on_load runs in a process that the server does not wait for, for it may
 *          load others: who asked, and who asks for that module meanwhile, is answered when it
 *          is over.
 * Law      Tables change here and by kr_module_add alone; kr_module_info may look at the same
 *          time, under the table's lock, and nothing is freed while somebody could.
 */
#include "server.h"

#include <krarup/gen_server.h>
#include <krarup/memory.h>

#include <string.h>

#include "purge.h"
#include "version.h"

/* Somebody who has asked for a module whose on_load runs. */
struct waiting {
        struct waiting *next;
        kr_term from;    /* kept */
        kr_term request; /* kept: to be done then */
};

/* A module whose on_load runs. */
struct pending {
        struct pending *next;
        struct kri_version *version;
        kr_term from; /* kept; who loads it */
        kr_pid pid;
        kr_ref watching;
        kr_term result; /* kept: what it has returned; none: nothing yet */
        bool only_prepared;
        struct waiting *waiting;
};

struct server {
        struct kri_code_room *code;
        struct pending *pending;
        struct kri_version *prepared; /* loaded, and not published: an upgrade's; NULL */
        bool later;                   /* the present request is answered later */
};

/* -- answers: {ok, Term} or {error, {Reason, Text}}; give new terms -- */

static kr_term failed(const struct kri_refusal *why)
{
        return kr_build("{error, {~, ~}}", kri_atom_of(why->reason), why->text);
}

static kr_term loaded(const struct kri_version *v)
{
        return kr_build("{ok, {module, ~}}", (kr_atom){ v->of->atom });
}

/* -- on_load -- */

static struct pending *pending_of(const struct server *s, uint32_t atom)
{
        struct pending *p = s->pending;

        while (p != NULL && p->version->of->atom != atom)
                p = p->next;
        return p;
}

/* In the process of its own. */
static void run_on_load(kr_term what)
{
        kr_term result;
        kr_pid server;
        uint64_t place;

        if (!kr_match(what, "{~, ~}", &server, &place))
                return;
        result = ((const kr_module *)(uintptr_t)place)->on_load();
        kr_send(server, "{on_load, ~, ~}", kr_self(),
                kr_is_none(result) ? kr_atom_term(KR_ATOM("system_limit")) : result);
}

/* False: no memory. */
static bool begin_on_load(struct server *s, struct kri_version *v, kr_from from,
                          bool only_prepared)
{
        struct pending *p = kr_calloc(1, sizeof(*p));
        kr_term what, whom = kr_from_term(from);

        if (p == NULL)
                return false;
        *p = (struct pending){
                .next = s->pending, .version = v, .from = whom, .result = kr_none()
        };
        p->only_prepared = only_prepared;
        what = kr_build("{~, ~}", kr_self(), (uint64_t)(uintptr_t)v->module);
        p->pid = kr_spawn_monitor(&p->watching, run_on_load, what);
        kr_release(what);
        s->pending = p;
        s->later = true;
        return true;
}

/* -- loading -- */

/* All that loading does but publishing it: an upgrade tries it first. */
static kr_term prepared(struct server *s, struct kri_version *v)
{
        s->prepared = v;
        return kr_build("{ok, ~}", (uint64_t)(uintptr_t)v);
}

static kr_term ready(struct server *s, struct kri_version *v, bool only_prepared)
{
        struct kri_module_name *name = v->of;
        struct kri_refusal why;

        if (only_prepared)
                return prepared(s, v);
        if (atomic_load(&name->current) != NULL && atomic_load(&name->old) != NULL) {
                kri_refuse(&why, "not_purged", "%.200s was loaded while its on_load ran",
                           kr_atom_text((kr_atom){ name->atom }, NULL));
                kri_version_let_go(s->code, v);
                return failed(&why);
        }
        kri_version_publish(v);
        return loaded(v);
}

/* The answer; none: no memory for it, or (s->later) it comes when on_load is over. */
static kr_term load_or_prepare(struct server *s, const char *file, const char *name,
                               kr_bytes bytes, kr_from from, bool only_prepared)
{
        struct kri_refusal why;
        struct kri_version *v = kri_version_bring(s->code, file, name, bytes, &why);

        if (v == NULL)
                return failed(&why);
        if (v->module->on_load == NULL)
                return ready(s, v, only_prepared);
        if (begin_on_load(s, v, from, only_prepared))
                return kr_none();
        kri_refuse(&why, "system_limit", "no memory to load %s", file);
        kri_version_let_go(s->code, v);
        return failed(&why);
}

static kr_term load(struct server *s, const char *file, const char *name, kr_bytes bytes,
                    kr_from from)
{
        return load_or_prepare(s, file, name, bytes, from, false);
}

/* It is the one that was prepared, and nobody has loaded another meanwhile. */
static struct kri_version *prepared_named(const struct server *s, const char *module)
{
        struct kri_version *v = s->prepared;

        return v != NULL && strcmp(v->module->name, module) == 0 ? v : NULL;
}

static void discard(struct server *s)
{
        struct kri_version *v = s->prepared;
        kr_term holders;
        uint32_t count;

        s->prepared = NULL;
        if (v == NULL)
                return;
        if (kri_purge_search(v, true, kr_pid_none(), &holders, &count))
                kri_version_let_go(s->code, v);
        kr_release(holders);
}

static kr_term prepare(struct server *s, const char *module, const char *file,
                       kr_from from)
{
        static const kr_bytes none;

        discard(s); /* of one that has ended without a word */
        return load_or_prepare(s, file, module, none, from, true);
}

static kr_term publish(struct server *s, const char *module)
{
        struct kri_version *v = prepared_named(s, module);
        struct kri_refusal why;

        if (v == NULL || atomic_load(&v->of->old) != NULL) {
                kri_refuse(&why, "not_purged", "%.200s has been loaded meanwhile",
                           module);
                return failed(&why);
        }
        s->prepared = NULL;
        kri_version_publish(v);
        return kr_build("{ok, 0}");
}

static kr_term swap(struct server *s, const char *module)
{
        struct kri_module_name *name = kri_code_named(s->code, module);
        struct kri_refusal why;
        bool done;

        kri_modules_lock(s->code->node, true);
        done = name != NULL && kri_module_swap(name);
        kri_modules_lock(s->code->node, false);
        if (done)
                return kr_build("{ok, 0}");
        kri_refuse(&why, "no_old_version", "%.200s has no old version", module);
        return failed(&why);
}

/* What an upgrade wants; none: something else is wanted. */
static kr_term handle_upgrade(struct server *s, kr_term request, kr_from from,
                              bool *ret_handled)
{
        const char *module, *file;

        *ret_handled = true;
        if (kr_match(request, "{prepare, ~, ~}", &module, &file))
                return prepare(s, module, file, from);
        if (kr_match(request, "{publish, ~}", &module))
                return publish(s, module);
        if (kr_match(request, "{swap, ~}", &module))
                return swap(s, module);
        *ret_handled = kr_match(request, "{discard, _}");
        if (*ret_handled)
                discard(s);
        return *ret_handled ? kr_build("{ok, 0}") : kr_none();
}

static kr_term load_named(struct server *s, const char *module, kr_from from)
{
        static const kr_bytes none;
        char file[KRI_FILE_BYTES_MAX];
        struct kri_refusal why;

        if (kri_code_find_file(s->code, module, file, sizeof(file)))
                return load(s, file, module, none, from);
        kri_refuse(&why, "nofile", "%.200s is in no folder of the path", module);
        return failed(&why);
}

/* -- deleting and purging -- */

/* True: the old version is gone. */
static bool purge(struct kri_code_room *code, struct kri_module_name *name, bool kill,
                  kr_pid caller, kr_term *ret_holders, uint32_t *ret_count)
{
        struct kri_version *old = name != NULL ? atomic_load(&name->old) : NULL;

        *ret_holders = kr_nil();
        *ret_count = 0;
        if (old == NULL)
                return true;
        if (!kri_purge_search(old, kill, caller, ret_holders, ret_count))
                return false;
        kri_version_run_out(old);
        kri_modules_lock(code->node, true);
        kri_module_forget_old(name);
        kri_modules_lock(code->node, false);
        kri_version_let_go(code, old);
        return true;
}

/* {Done, Holders, Count}: gives a new term. */
static kr_term purge_named(struct kri_code_room *code, const char *module, bool kill,
                           kr_pid caller)
{
        uint32_t count;
        kr_term holders, answer;
        bool done =
                purge(code, kri_code_named(code, module), kill, caller, &holders, &count);

        answer = kr_build("{~, ~, ~}", done, holders, count);
        kr_release(holders);
        return answer;
}

static kr_term check_process(struct kri_code_room *code, kr_pid pid, const char *module)
{
        struct kri_module_name *name = kri_code_named(code, module);
        struct kri_version *old = name != NULL ? atomic_load(&name->old) : NULL;

        return old != NULL ? kri_purge_look(pid, old) : kr_nil();
}

/* -- on_load is over -- */

static kr_term handle(struct server *s, kr_term request, kr_from from);

/* Takes both. An answer for which there is no memory is the end of the server, and so of the
 * calls that wait for it. */
static void reply(kr_term to, kr_term answer)
{
        kr_from from;

        if (kr_is_none(answer) || !kr_get_from(to, &from))
                kr_error("system_limit");
        kr_reply_to(from, "~", answer);
        kr_release(answer);
        kr_release(to);
}

/* Who has asked for it meanwhile. */
static void serve_waiting(struct server *s, struct pending *p)
{
        while (p->waiting != NULL) {
                struct waiting *w = p->waiting;
                kr_term answer;
                kr_from from;

                p->waiting = w->next;
                s->later = false;
                if (!kr_get_from(w->from, &from))
                        kr_error("system_limit");
                answer = handle(s, w->request, from);
                if (s->later)
                        kr_release(w->from);
                else
                        reply(w->from, answer);
                kr_release(w->request);
                kr_free(w);
        }
}

static void finish(struct server *s, struct pending *p)
{
        struct kri_version *v = p->version;
        bool ok = kr_is_that_atom(p->result, KR_ATOM("ok"));
        struct kri_refusal why;
        kr_term list;
        uint32_t count;

        if (ok) {
                reply(p->from, ready(s, v, p->only_prepared));
        } else {
                kri_refuse(&why, "on_load_failure",
                           "the on_load of %.200s did not return ok",
                           kr_atom_text((kr_atom){ v->of->atom }, NULL));
                if (kri_purge_search(v, true, kr_pid_none(), &list, &count))
                        kri_version_let_go(s->code, v);
                kr_release(list);
                reply(p->from, failed(&why));
        }
        serve_waiting(s, p);
        kr_release(p->result);
        kr_free(p);
}

/* True: it was about one of those. */
static bool on_load_said(struct server *s, kr_term info)
{
        kr_pid pid = kr_pid_none();
        kr_ref ref = kr_ref_none();
        kr_term result = kr_none();
        struct pending **place = &s->pending;

        if (!kr_match(info, "{on_load, ~, ~}", &pid, &result) &&
            !kr_match(info, "{'DOWN', ~, process, _, _}", &ref))
                return false;
        while (*place != NULL && !kr_pid_eq((*place)->pid, pid) &&
               !kr_ref_eq((*place)->watching, ref))
                place = &(*place)->next;
        if (*place == NULL)
                return true;
        if (!kr_is_none(result)) {
                if (kr_replace(&(*place)->result, result) != KR_OK)
                        (*place)->result = kr_none(); /* it counts as failed */
        } else {
                struct pending *p = *place;

                *place = p->next;
                finish(s, p);
        }
        return true;
}

/* Do it when that on_load is over. */
static kr_term wait_for(struct server *s, struct pending *p, kr_term request,
                        kr_from from)
{
        struct waiting *w = kr_calloc(1, sizeof(*w)), **place = &p->waiting;

        if (w == NULL)
                kr_error("system_limit");
        w->from = kr_from_term(from);
        w->request = kr_keep(request);
        while (*place != NULL)
                place = &(*place)->next;
        *place = w;
        s->later = true;
        return kr_none();
}

/* -- requests -- */

static struct pending *pending_named(const struct server *s, const char *module)
{
        kr_atom atom;

        return kr_atom_existing(module, strlen(module), &atom) ? pending_of(s, atom.index)
                                                               : NULL;
}

/* Its own on_load asks for it, and would wait for itself. */
static kr_term not_for_itself(const char *module)
{
        struct kri_refusal why;

        kri_refuse(&why, "on_load_failure",
                   "%.200s is not there before its on_load is over", module);
        return failed(&why);
}

static kr_term handle_load(struct server *s, kr_term request, kr_from from)
{
        static const kr_bytes none;
        const char *file, *module;
        struct kri_module_name *name;
        struct pending *pending;
        kr_bytes bytes;

        if (kr_match(request, "{load, ~}", &file))
                return load(s, file, NULL, none, from);
        if (!kr_match(request, "{load_binary, ~, ~, ~}", &module, &file, &bytes) &&
            !kr_match(request, "{_, ~}", &module))
                return kr_none();
        pending = pending_named(s, module);
        if (pending != NULL && kr_pid_eq(pending->pid, from.pid))
                return not_for_itself(module);
        if (pending != NULL)
                return wait_for(s, pending, request, from);
        if (kr_match(request, "{load_binary, _, _, _}"))
                return load(s, file, module, bytes, from);
        name = kri_code_named(s->code, module);
        if (kr_match(request, "{ensure_loaded, _}") && name != NULL &&
            atomic_load(&name->current) != NULL)
                return loaded(atomic_load(&name->current));
        return load_named(s, module, from);
}

static kr_term delete_named(struct kri_code_room *code, const char *module)
{
        struct kri_module_name *name = kri_code_named(code, module);
        struct kri_version *current = name != NULL ? atomic_load(&name->current) : NULL;

        return kr_build("~", (bool)(current != NULL && current->facts != NULL &&
                                    kri_module_delete(name)));
}

static kr_term handle(struct server *s, kr_term request, kr_from from)
{
        const char *module;
        bool handled;
        kr_term answer = handle_upgrade(s, request, from, &handled);
        kr_pid pid;

        if (handled)
                return answer;
        if (kr_match(request, "{delete, ~}", &module))
                return delete_named(s->code, module);
        if (kr_match(request, "{purge, ~}", &module))
                return purge_named(s->code, module, true, from.pid);
        if (kr_match(request, "{soft_purge, ~}", &module))
                return purge_named(s->code, module, false, from.pid);
        if (kr_match(request, "{check_process, ~, ~}", &pid, &module))
                return check_process(s->code, pid, module);
        return handle_load(s, request, from);
}

static kr_next handle_call(struct server *s, kr_term request, kr_from from)
{
        kr_term answer;

        s->later = false;
        answer = handle(s, request, from);
        if (s->later)
                return kr_noreply();
        if (kr_is_none(answer))
                return kr_stop("system_limit"); /* and with it who waits for an answer */
        kr_reply_to(from, "~", answer);
        kr_release(answer);
        return kr_noreply();
}

static kr_next handle_cast(struct server *s, kr_term message)
{
        (void)s;
        (void)message;
        return kr_noreply();
}

static kr_next handle_info(struct server *s, kr_term info)
{
        (void)on_load_said(s, info); /* or it is nothing of ours */
        return kr_noreply();
}

static kr_next init(struct server *s, kr_term args)
{
        (void)args;
        s->code = kri_code_of(kr_here());
        return s->code != NULL ? kr_ok() : kr_stop("no_room");
}

KR_GEN_SERVER(kri_code_server, struct server, .init = init, .handle_call = handle_call,
              .handle_cast = handle_cast, .handle_info = handle_info);
