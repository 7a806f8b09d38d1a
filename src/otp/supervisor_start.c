/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor_start.c: what a node's supervisors can start, by name, and starting it.
 *
 * Model    A table of chains hangs off the node. Entries are only ever added, at the head of a
 *          chain by compare-and-exchange, and go when the node has stopped: reading needs no
 *          lock, and an entry may be kept.
 */
#include "supervisor.h"

#include "gen.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define PLACES 256
#define STARTS_MAX 65536

struct starts {
        /* release when an entry is put in front, acquire when read: pairs up so that an
         * entry that is seen is whole */
        _Atomic(struct kri_start *) places[PLACES];
        _Atomic int64_t count;
};

static const char starts_key;

/* -- the table -- */

static void release_starts(void *value)
{
        struct starts *t = (struct starts *)value;

        for (int i = 0; i < PLACES; i++) {
                struct kri_start *next, *e = atomic_load(&t->places[i]);

                for (; e != NULL; e = next) {
                        next = e->next;
                        free(e);
                }
        }
        free(t);
}

/* NULL: no memory. */
static struct starts *starts_of(kr_node *node)
{
        struct starts *t = (struct starts *)kr_node_get(node, &starts_key);

        if (t != NULL)
                return t;
        kr_critical_begin(); /* a kill in between would lose the block */
        t = (struct starts *)calloc(1, sizeof(*t));
        if (t != NULL && !kr_node_put(node, &starts_key, t, release_starts)) {
                free(t);
                t = (struct starts *)kr_node_get(node,
                                                 &starts_key); /* another was first */
        }
        kr_critical_end();
        return t;
}

static _Atomic(struct kri_start *) *place_of(struct starts *t, kr_atom module,
                                             kr_atom function)
{
        uint64_t hash = ((uint64_t)module.index << 32 | function.index) *
                        UINT64_C(0x9e3779b97f4a7c15);

        return &t->places[hash >> 56];
}

static bool has_same_opts(const struct kri_start *a, const struct kri_start *b)
{
        if (a->opts != &a->copy || b->opts != &b->copy)
                return a->opts == b->opts;
        return memcmp(&a->copy, &b->copy, sizeof(a->copy)) == 0;
}

static bool is_same_start(const struct kri_start *e, const struct kri_start *other)
{
        const kr_child_start *a = &e->start, *b = &other->start;

        return kr_atom_eq(e->module, other->module) &&
               kr_atom_eq(e->function, other->function) && has_same_opts(e, other) &&
               a->behaviour == b->behaviour && a->start == b->start && a->run == b->run &&
               a->proc == b->proc && kr_atom_eq(e->owner, other->owner) &&
               kr_atom_eq(e->behaviour, other->behaviour);
}

static const struct kri_start *find_same(struct kri_start *head,
                                         const struct kri_start *wanted)
{
        for (; head != NULL; head = head->next)
                if (is_same_start(head, wanted))
                        return head;
        return NULL;
}

/* In front of its chain, unless somebody was quicker with the same. */
static kr_err add(struct starts *t, const struct kri_start *wanted,
                  const struct kri_start **ret)
{
        _Atomic(struct kri_start *) *place =
                place_of(t, wanted->module, wanted->function);
        struct kri_start *entry;

        if (atomic_load(&t->count) >= STARTS_MAX)
                return KR_ESYSTEMLIMIT;
        entry = (struct kri_start *)malloc(sizeof(*entry));
        if (entry == NULL)
                return KR_ENOMEM;
        *entry = *wanted;
        if (wanted->opts == &wanted->copy)
                entry->opts = &entry->copy;
        entry->id = atomic_fetch_add(&t->count, 1) + 1;
        entry->next = atomic_load_explicit(place, memory_order_acquire);
        do {
                *ret = find_same(entry->next, wanted);
                if (*ret != NULL) {
                        free(entry);
                        return KR_OK;
                }
        } while (!atomic_compare_exchange_weak_explicit(place, &entry->next, entry,
                                                        memory_order_release,
                                                        memory_order_acquire));
        *ret = entry;
        return KR_OK;
}

static int count_ways(const kr_child_start *s)
{
        return (s->behaviour != NULL) + (s->start != NULL) + (s->run != NULL) +
               (s->proc != NULL);
}

/* -- what lies in a loaded module -- */

static const void *address_of(const kr_child_start *start)
{
        if (start->behaviour != NULL)
                return start->behaviour;
        if (start->start != NULL)
                return (const void *)(uintptr_t)start->start;
        return start->run != NULL ? (const void *)(uintptr_t)start->run
                                  : (const void *)(uintptr_t)start->proc;
}

/* Texts become atoms', which stay; a registry of the module's own is not kept. */
static void copy_opts(struct kri_start *wanted)
{
        const kr_start_opts *opts = wanted->opts;
        kr_start_opts *copy = &wanted->copy;

        if (opts == NULL || !kr_module_of(opts, NULL, NULL))
                return;
        memset(copy, 0, sizeof(*copy));
        if (opts->name != NULL)
                copy->name = kr_atom_text(kri_atom_of(opts->name), NULL);
        if (opts->debug != NULL)
                copy->debug = kr_atom_text(kri_atom_of(opts->debug), NULL);
        if (opts->via != NULL && !kr_module_of(opts->via, NULL, NULL))
                copy->via = opts->via;
        copy->via_name = opts->via_name;
        copy->timeout_ms = opts->timeout_ms;
        copy->spawn.priority = opts->spawn.priority;
        copy->spawn.memory_max = opts->spawn.memory_max;
        copy->spawn.mailbox.messages = opts->spawn.mailbox.messages;
        copy->spawn.mailbox.bytes = opts->spawn.mailbox.bytes;
        copy->spawn.mailbox.overflow = opts->spawn.mailbox.overflow;
        wanted->opts = copy;
}

static void let_go_of_module(struct kri_start *wanted)
{
        kr_child_start *start = &wanted->start;

        start->module = kr_atom_text(wanted->module, NULL);
        start->function = kr_atom_text(wanted->function, NULL);
        if (!kr_module_of(address_of(start), &wanted->owner, NULL))
                return;
        copy_opts(wanted);
        if (start->behaviour == NULL)
                return;
        wanted->behaviour = kri_atom_of(start->behaviour->name);
        start->behaviour = NULL;
}

/* Of the owner's current version. NULL: there is none. */
static const kr_behaviour *behaviour_now(const struct kri_start *how)
{
        const kr_module *m;

        if (how->behaviour.index == 0)
                return how->start.behaviour;
        m = kr_module_find(how->owner);
        for (size_t i = 0; m != NULL && i < m->behaviour_count; i++)
                if (kr_atom_eq(kri_atom_of(m->behaviours[i]->name), how->behaviour))
                        return m->behaviours[i];
        return NULL;
}

/* Is it still there? */
static bool is_alive(const struct kri_start *how)
{
        if (how->owner.index == 0)
                return true;
        return how->behaviour.index != 0
                       ? behaviour_now(how) != NULL
                       : kr_module_of(address_of(&how->start), NULL, NULL);
}

kr_err kri_start_know(kr_node *node, const kr_child_start *start,
                      const kr_start_opts *opts, const struct kri_start **ret)
{
        struct kri_start wanted = { .start = *start, .opts = opts };
        struct starts *t;
        kr_err err;

        if (start->module == NULL || start->function == NULL || count_ways(start) != 1 ||
            kr_atom_from(start->module, strlen(start->module), &wanted.module) != KR_OK ||
            kr_atom_from(start->function, strlen(start->function), &wanted.function) !=
                    KR_OK)
                return KR_EBADARG;
        let_go_of_module(&wanted);
        t = starts_of(node);
        if (t == NULL)
                return KR_ENOMEM;
        *ret = find_same(atomic_load_explicit(place_of(t, wanted.module, wanted.function),
                                              memory_order_acquire),
                         &wanted);
        if (*ret != NULL)
                return KR_OK;
        kr_critical_begin();
        err = add(t, &wanted, ret);
        kr_critical_end();
        return err;
}

const struct kri_start *kri_start_find(kr_node *node, kr_atom module, kr_atom function,
                                       int64_t id)
{
        struct starts *t = (struct starts *)kr_node_get(node, &starts_key);
        const struct kri_start *e, *found = NULL;

        if (t == NULL)
                return NULL;
        e = atomic_load_explicit(place_of(t, module, function), memory_order_acquire);
        /* the last of a chain is the first that was told of */
        for (; e != NULL; e = e->next)
                if (kr_atom_eq(e->module, module) && kr_atom_eq(e->function, function) &&
                    (id == 0 ? e->opts == NULL || found == NULL : e->id == id))
                        found = e;
        return found;
}

kr_err kr_supervisor_offer(kr_node *node, const kr_child_start *start)
{
        const struct kri_start *known;

        return kri_start_know(node, start, NULL, &known);
}

/* -- what start functions give back -- */

/* `more` is either filled by Krarup or, without a signal, holds a term of ours. */
static void clear_more(kr_msg *more)
{
        if (more->sig == NULL)
                kr_release(more->term);
        kr_msg_clear(more);
}

static void put_more(kr_msg *more, kr_term term)
{
        clear_more(more);
        more->term = term;
}

kr_started kri_started_with(kr_pid pid, kr_msg *more, struct kri_site *site,
                            const union kri_arg *args)
{
        kr_term info = kri_build(site, args);

        put_more(more, kr_build("{ok, ~, ~}", pid, info));
        kr_release(info);
        return kr_started_ok(pid);
}

kr_started kri_start_failed(kr_msg *more, struct kri_site *site,
                            const union kri_arg *args)
{
        kr_started failed = { .err = KR_EFAILED };

        put_more(more, kri_build(site, args));
        return failed;
}

/* -- starting -- */

struct beginning {
        const struct kri_child *child;
        kr_term args;
        kr_msg more;
        kr_started started;
        bool undefined; /* nothing of this name is known */
};

static kr_started start_behaviour(const struct kri_start *how, kr_term name, kr_term args,
                                  kr_msg *more)
{
        kr_start_opts opts = { .ret_reason = more };
        kr_atom atom;

        if (how->opts != NULL) {
                opts = *how->opts;
                opts.ret_reason = more;
        }
        if (kr_get_atom(name, &atom))
                opts.name = kr_atom_text(atom, NULL);
        return kri_gen_start_with(KRI_START_LINK, behaviour_now(how), &opts, args);
}

static struct kri_entry entry_of(const struct kri_start *how, void (*fn)(kr_term),
                                 kr_term args)
{
        return kri_entry_term((void (*)(void))fn, how->start.function, args, 0);
}

static void begin(void *arg)
{
        struct beginning *b = (struct beginning *)arg;
        const struct kri_start *how = b->child->how;
        const kr_spawn_opts linked = { .link = true };
        kr_start_opts opts = { .ret_reason = &b->more };

        if (behaviour_now(how) != NULL)
                b->started = start_behaviour(how, b->child->name, b->args, &b->more);
        else if (how->start.start != NULL)
                b->started = how->start.start(b->args, &b->more);
        else if (how->start.run != NULL)
                b->started = kr_started_ok(
                        kri_proc_lib_spawn(&linked,
                                           entry_of(how, how->start.run, b->args)));
        else
                b->started = kri_proc_lib_start(KRI_START_LINK, &opts,
                                                entry_of(how, how->start.proc, b->args));
}

static struct kri_begun failed(kr_term reason)
{
        struct kri_begun r = { .failed = true, .more = reason };

        if (kr_is_none(reason))
                r.more = kr_atom_term(KR_ATOM("enomem"));
        return r;
}

/* A term in the place of a result: {ok, Pid}, {ok, Pid, Info}, ignore, {error, Reason}; any
 * other is the reason of a failure. */
static struct kri_begun begun_by_term(kr_term result)
{
        struct kri_begun r = { .more = kr_none() };
        kr_term t;

        if (kr_match(result, "{ok, ~}", &r.pid) || kr_match(result, "ignore"))
                return r;
        if (kr_match(result, "{ok, ~, ~}", &r.pid, &t)) {
                r.more = kr_keep(t);
                r.has_info = !kr_is_none(r.more);
                return r;
        }
        return failed(kr_keep(kr_match(result, "{error, ~}", &t) ? t : result));
}

static struct kri_begun begun_by_start(const struct beginning *b)
{
        struct kri_begun r = { .pid = b->started.pid, .more = kr_none() };
        const char *name;
        kr_atom atom;

        switch (b->started.err) {
        case KR_OK:
                if (b->more.sig != NULL || !kr_is_none(b->more.term))
                        return begun_by_term(b->more.term);
                if (kr_pid_is_none(r.pid))
                        break;
                return r;
        case KR_EIGNORED:
                r.pid = kr_pid_none();
                return r;
        case KR_EALREADY:
                return failed(kr_build("{already_started, ~}", r.pid));
        case KR_EFAILED:
                return failed(kr_keep(b->more.term));
        default:
                break;
        }
        name = kr_err_name(b->started.err);
        if (kr_atom_from(name, strlen(name), &atom) != KR_OK)
                return failed(kr_none());
        return failed(kr_atom_term(atom));
}

/* `catch apply(M, F, A)`: what is thrown is the result. */
static struct kri_begun begun_by_raise(kr_class kind, kr_term reason)
{
        if (kind == KR_CLASS_THROW)
                return begun_by_term(reason);
        return failed(kr_build("{'EXIT', ~}", reason));
}

static struct kri_begun undefined(const struct kri_child *child, kr_term args)
{
        return failed(kr_build("{'EXIT', {undef, [{~, ~, ~, []}]}}", child->module,
                               child->function, args));
}

/* apply/3 takes a proper list only. */
static struct kri_begun not_applied(const struct kri_child *child, kr_term args)
{
        return failed(kr_build("{'EXIT', {badarg, [{erlang, apply, [~, ~, ~], []}]}}",
                               child->module, child->function, args));
}

/* The latest of the same names that is there; NULL: none is. */
static const struct kri_start *find_alive(const struct kri_child *child)
{
        struct starts *t = (struct starts *)kr_node_get(kr_here(), &starts_key);
        const struct kri_start *e =
                atomic_load_explicit(place_of(t, child->module, child->function),
                                     memory_order_acquire);

        while (e != NULL && !(kr_atom_eq(e->module, child->module) &&
                              kr_atom_eq(e->function, child->function) && is_alive(e)))
                e = e->next;
        return e;
}

/* {Module, start_link, Args}, where a module that is loaded has a behaviour of this name, which
 * nobody has told of. NULL: there is none, or no memory. */
static const struct kri_start *know_named(const struct kri_child *child)
{
        kr_child_start start = { .module = kr_atom_text(child->module, NULL),
                                 .function = "start_link",
                                 .behaviour = kr_behaviour_named(child->module) };
        const struct kri_start *known = NULL;

        if (start.behaviour == NULL ||
            !kr_atom_eq(child->function, KR_ATOM("start_link")) ||
            kri_start_know(kr_here(), &start, NULL, &known) != KR_OK)
                return NULL;
        return known;
}

struct kri_begun kri_child_begin(struct kri_child *child, kr_term args)
{
        struct beginning b = { .child = child, .args = args };
        kr_msg raised = KR_MSG_INIT;
        struct kri_begun r;
        size_t length;
        kr_class kind;

        if (!kr_length(args, &length))
                return not_applied(child, args);
        if (child->how == NULL)
                child->how = kri_start_find(kr_here(), child->module, child->function,
                                            child->how_id);
        if (child->how != NULL && !is_alive(child->how))
                child->how = find_alive(child);
        if (child->how == NULL)
                child->how = know_named(child);
        if (child->how == NULL)
                return undefined(child, args);
        b.more.term = kr_none();
        if (kr_catch(begin, &b, &kind, &raised))
                r = begun_by_start(&b);
        else
                r = begun_by_raise(kind, raised.term);
        clear_more(&b.more);
        if (raised.sig != NULL)
                kr_msg_clear(&raised);
        return r;
}
