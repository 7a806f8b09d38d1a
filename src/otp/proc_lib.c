/* SPDX-License-Identifier: Apache-2.0 */
/* proc_lib.c: processes that a function runs, with ancestors, an initial call and reports. */
#include <krarup/proc_lib.h>

#include <string.h>

#include "gen.h"
#include "report.h"

/* -- what both kinds of records share -- */

struct kri_born *kri_born_self(void)
{
        struct kri_born *born = kr_loop_record(&kri_gen_loop);

        return born != NULL ? born : kr_loop_record(&kri_plain_loop);
}

struct kri_more *kri_born_more(struct kri_born *born)
{
        if (born->more == NULL) {
                struct kri_more *more = kr_calloc(1, sizeof(*more));

                if (more != NULL)
                        more->name = kr_none();
                born->more = more;
        }
        return born->more;
}

static bool is_plain(const struct kri_born *born)
{
        return born->head.loop == &kri_plain_loop;
}

static kr_term argument_of(const struct kri_plain *plain)
{
        return kr_element(2, plain->born.head.args);
}

kr_term kri_born_ancestors(const struct kri_born *born)
{
        kr_term ancestors = born->head.args;

        if (!is_plain(born))
                return kri_line_term(born->line);
        if (((const struct kri_plain *)born)->entry.kind == KRI_ENTRY_TERM)
                ancestors = kr_element(1, ancestors);
        return kr_keep(ancestors);
}

kr_pid kri_born_starter(const struct kri_born *born)
{
        if (is_plain(born))
                return ((const struct kri_plain *)born)->starter;
        return born->line != NULL ? kri_line_parent(born->line) : kr_pid_none();
}

/* '$ancestors' and '$initial_call', where reports look for them. */
static void put_origin(const struct kri_born *born)
{
        kr_term line = kri_born_ancestors(born), call = kri_born_initial_call(born);

        if (!kr_is_none(line))
                kr_put(kr_atom_term(KR_ATOM("$ancestors")), line);
        if (!kr_is_none(call))
                kr_put(kr_atom_term(KR_ATOM("$initial_call")), call);
        kr_release(line);
        kr_release(call);
}

void kri_born_report(struct kri_born *born, kr_class kind, kr_term reason)
{
        if ((born->flags & KRI_BORN_REPORTED) != 0)
                return;
        born->flags |= KRI_BORN_REPORTED;
        if (kind == KR_CLASS_EXIT && kri_report_is_planned(reason))
                return;
        put_origin(born);
        kri_report_crash(kind, reason);
}

static void release_lines(struct kri_born *born)
{
        if (!kri_line_is_counted(born->line) && born->more == NULL)
                return;
        kr_critical_begin();
        kri_line_release(born->line);
        born->line = NULL;
        if (born->more != NULL) {
                kri_line_release(born->more->ours);
                born->more->ours = NULL;
        }
        kr_critical_end();
}

bool kri_born_leaves_starter(const struct kri_born *born, kr_term reason)
{
        if ((born->flags & (KRI_BORN_STARTED | KRI_BORN_ACKED)) != KRI_BORN_STARTED)
                return false;
        return (born->flags & KRI_BORN_LINKED) == 0 ||
               kr_is_that_atom(reason, KR_ATOM("normal"));
}

/* An exit signal is nothing to report: whoever sent it did. */
bool kri_born_ended(struct kri_born *born, kr_term reason, bool fault)
{
        bool reports = (born->flags & KRI_BORN_REPORTED) == 0 &&
                       (!fault || kri_gen_has_faulted()) &&
                       !kri_report_is_planned(reason);

        if (kri_born_leaves_starter(born, reason)) {
                kr_term error = kr_build("{error, ~}", reason);

                kri_tell_starter(born, false, error);
                kr_release(error);
        }
        if (reports)
                put_origin(born);
        release_lines(born);
        return reports;
}

kr_term kr_ancestors(void)
{
        const struct kri_born *born = kri_born_self();

        return born != NULL ? kri_born_ancestors(born) : kr_nil();
}

static kr_term plain_call(const struct kri_plain *plain)
{
        const char *name = plain->entry.name;
        kr_atom function;

        if (kr_atom_from(name, strlen(name), &function) != KR_OK)
                return kr_none();
        return kr_build("{proc_lib, ~, ~}", function,
                        plain->entry.kind == KRI_ENTRY_NONE ? 0 : 1);
}

static kr_term behaviour_call(const kr_gen *g)
{
        const kr_behaviour *behaviour = g->behaviour;
        kr_atom module;

        if (behaviour->kind->initial_call != NULL)
                return behaviour->kind->initial_call(g);
        if (kr_atom_from(behaviour->name, strlen(behaviour->name), &module) != KR_OK)
                return kr_none();
        return kr_build("{~, init, 1}", module);
}

kr_term kri_born_initial_call(const struct kri_born *born)
{
        if (is_plain(born))
                return plain_call((const struct kri_plain *)born);
        return behaviour_call((const kr_gen *)born);
}

kr_term kr_initial_call(void)
{
        const struct kri_born *born = kri_born_self();

        return born != NULL ? kri_born_initial_call(born) : kr_none();
}

/* -- functions -- */

static void call(const struct kri_plain *plain)
{
        const struct kri_entry *entry = &plain->entry;

        switch (entry->kind) {
        case KRI_ENTRY_NONE:
                entry->fn();
                break;
        case KRI_ENTRY_INT:
                ((void (*)(int64_t))entry->fn)(entry->arg.i);
                break;
        case KRI_ENTRY_TERM:
                ((void (*)(kr_term))entry->fn)(argument_of(plain));
                break;
        default:
                ((void (*)(void *))entry->fn)((void *)(plain + 1));
        }
}

static void plain_run(void *record)
{
        call(record);
}

static void plain_caught(void *record, kr_class kind, kr_term reason)
{
        kri_born_report(record, kind, reason);
}

static void plain_ended(void *record, kr_term reason, bool fault)
{
        if (kri_born_ended(record, reason, fault))
                kri_report_crash(KR_CLASS_ERROR, reason);
}

const kr_loop kri_plain_loop = { .name = "proc_lib",
                                 .run = plain_run,
                                 .caught = plain_caught,
                                 .ended = plain_ended,
                                 .reports = true };

/* -- a child, and its word -- */

/* The record of a function, and its argument behind it: in `room` if that is enough. None: no
 * memory. */
static struct kri_plain *plain_record(const struct kri_entry *entry, void *room,
                                      size_t room_size, size_t *ret_size)
{
        size_t arg = entry->kind == KRI_ENTRY_PTR ? entry->size : 0;
        struct kri_plain *plain;

        *ret_size = sizeof(*plain) + arg;
        plain = *ret_size <= room_size ? room : kr_alloc(*ret_size);
        if (plain == NULL)
                return NULL;
        memset(plain, 0, sizeof(*plain));
        plain->entry = *entry;
        plain->starter = kr_self();
        if (arg != 0)
                memcpy(plain + 1, entry->arg.ptr, arg);
        return plain;
}

union room {
        max_align_t align;
        char bytes[512];
};

/* [Self | OwnAncestors], with the argument if that is a term: gives a new term. */
static kr_term plain_args(const struct kri_entry *entry)
{
        kr_term older = kr_ancestors(), ancestors, args;
        kr_atom name = kri_gen_own_name();

        ancestors = name.index != 0 ? kr_build("[~|~]", name, older)
                                    : kr_build("[~|~]", kr_self(), older);
        kr_release(older);
        if (entry->kind != KRI_ENTRY_TERM || kr_is_none(ancestors))
                return ancestors;
        args = kr_build("{~, ~}", ancestors, entry->arg.term);
        kr_release(ancestors);
        return args;
}

/* False: no memory. To be undone by plain_child_fini. */
static bool plain_child(struct kri_newborn *child, const struct kri_entry *entry,
                        union room *room)
{
        child->loop = &kri_plain_loop;
        child->args = plain_args(entry);
        child->record = NULL;
        if (!kr_is_none(child->args))
                child->record = plain_record(entry, room, sizeof(*room), &child->size);
        if (child->record == NULL)
                kr_release(child->args);
        return child->record != NULL;
}

static void plain_child_fini(struct kri_newborn *child, const union room *room)
{
        kr_release(child->args);
        if (child->record != (const void *)room)
                kr_free(child->record);
}

kr_pid kri_proc_lib_spawn(const kr_spawn_opts *opts, struct kri_entry entry)
{
        struct kri_newborn child;
        union room room;
        kr_pid pid = kr_pid_none();

        if (kr_here() == NULL)
                return pid;
        if (entry.fn == NULL || (entry.kind == KRI_ENTRY_PTR && entry.arg.ptr == NULL)) {
                kri_otp_badarg("kr_proc_lib_spawn", entry.fn == NULL ? "fn" : "arg");
                return pid;
        }
        if (plain_child(&child, &entry, &room)) {
                pid = kri_spawn_child(opts, &child);
                plain_child_fini(&child, &room);
        }
        if (kr_pid_is_none(pid) && !kri_gen_is_thread())
                kr_error("system_limit");
        return pid;
}

kr_started kri_proc_lib_start(enum kri_start_mode mode, const kr_start_opts *opts,
                              struct kri_entry entry)
{
        kr_started started = { KR_ENOMEM, kr_pid_none(), kr_ref_none() };
        struct kri_newborn child;
        union room room;

        if (entry.fn == NULL || (entry.kind == KRI_ENTRY_PTR && entry.arg.ptr == NULL)) {
                kri_otp_badarg("kr_proc_lib_start", entry.fn == NULL ? "fn" : "arg");
                started.err = KR_EBADARG;
                return started;
        }
        if (!plain_child(&child, &entry, &room))
                return started;
        started = kri_start_child(mode, opts, &child, true);
        plain_child_fini(&child, &room);
        return started;
}

/* -- the child's side -- */

void kri_tell_starter(struct kri_born *born, bool ok, kr_term term)
{
        born->flags |= KRI_BORN_ACKED;
        if (kr_is_none(term))
                return; /* the starter looks after it from time to time */
        if (ok)
                (void)kr_send(kri_born_starter(born), "{ack, ~, ~}", kr_self(), term);
        else
                (void)kr_send(kri_born_starter(born), "{nack, ~, ~}", kr_self(), term);
}

static struct kri_born *child_self(const char *function)
{
        struct kri_born *born = kri_born_self();

        if (born == NULL)
                kri_otp_badarg(function, "process");
        return born;
}

void kri_init_ack(struct kri_site *site, const union kri_arg *args)
{
        struct kri_born *born = child_self("kr_init_ack");
        kr_term term;

        if (born == NULL)
                return;
        term = kri_build(site, args);
        if (kr_is_none(term))
                kr_error("system_limit");
        kri_tell_starter(born, true, term);
        kr_release(term);
}

void kri_init_fail(kr_class kind, kr_term reason, struct kri_site *site,
                   const union kri_arg *args)
{
        struct kri_born *born = child_self("kr_init_fail");
        kr_term term;

        if (born != NULL) {
                term = kri_build(site, args);
                if (kr_is_none(term))
                        kr_error("system_limit");
                kri_tell_starter(born, false, term);
                kr_release(term);
        }
        kr_raise(kind, reason);
}
