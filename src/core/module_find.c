/* SPDX-License-Identifier: Apache-2.0 */
/* module_find.c: what stands for a behaviour now, and who runs a module. */
#include "module.h"

#include <string.h>

#include <krarup/loop.h>

#include "term/atom.h"

#include "loop.h"
#include "module_scan.h"
#include "node.h"
#include "receive.h"
#include "sleeper.h"

/* The first member of every behaviour and every handler, which this layer does not know. */
static const char *name_of(const void *thing)
{
        return *(const char *const *)thing;
}

static bool is_named(const void *thing, const char *name)
{
        return strcmp(name_of(thing), name) == 0;
}

static const kr_behaviour *behaviour_in(const kr_module *m, const char *name)
{
        for (size_t i = 0; i < m->behaviour_count; i++)
                if (is_named(m->behaviours[i], name))
                        return m->behaviours[i];
        return NULL;
}

static const kr_handler_module *handler_in(const kr_module *m, const char *name)
{
        for (size_t i = 0; i < m->handler_count; i++)
                if (is_named(m->handlers[i], name))
                        return m->handlers[i];
        return NULL;
}

static const kr_module *current(const struct kri_module_name *name)
{
        struct kri_version *v =
                name != NULL ? atomic_load_explicit(&name->current, memory_order_acquire)
                             : NULL;

        return v != NULL ? v->module : NULL;
}

const kr_handler_module *kr_handler_now(const kr_handler_module *handler)
{
        struct kri_proc *p = kri_current();
        struct kri_version *v;
        const kr_module *now;

        if (p == NULL ||
            atomic_load_explicit(&kri_modules_loaded, memory_order_relaxed) == 0)
                return handler;
        v = kri_version_at(p->node, (uintptr_t)handler);
        if (v == NULL)
                return handler;
        now = current(v->of);
        return now != NULL ? handler_in(now, name_of(handler)) : NULL;
}

/* -- by name -- */

const kr_behaviour *kr_behaviour_named(kr_atom name)
{
        struct kri_proc *p = kri_current();
        const char *text = kr_atom_text(name, NULL);
        const kr_behaviour *found = NULL;
        struct kri_module_name *module;
        const kr_module *m;
        uint32_t at = 0;

        if (p == NULL)
                return NULL;
        m = current(kri_module_named(p->node, name.index));
        if (m != NULL)
                found = behaviour_in(m, text);
        while (found == NULL && (module = kri_module_next(p->node, &at)) != NULL)
                if ((m = current(module)) != NULL)
                        found = behaviour_in(m, text);
        return found;
}

const kr_handler_module *kr_handler_named(kr_atom name)
{
        struct kri_proc *p = kri_current();
        const char *text = kr_atom_text(name, NULL);
        const kr_handler_module *found = NULL;
        struct kri_module_name *module;
        const kr_module *m;
        uint32_t at = 0;

        if (p == NULL)
                return NULL;
        m = current(kri_module_named(p->node, name.index));
        if (m != NULL)
                found = handler_in(m, text);
        while (found == NULL && (module = kri_module_next(p->node, &at)) != NULL)
                if ((m = current(module)) != NULL)
                        found = handler_in(m, text);
        return found;
}

/* -- who runs it -- */

static size_t note(const struct kri_proc *p, const void *address,
                   struct kri_version **ret, size_t count)
{
        struct kri_version *v = kri_version_at(p->node, (uintptr_t)address);

        if (v == NULL)
                return count;
        for (size_t i = 0; i < count; i++)
                if (ret[i] == v)
                        return count;
        ret[count] = v;
        return count + 1;
}

size_t kri_modules_run(struct kri_proc *p, struct kri_version *ret[KRI_LOOP_CODE_MAX])
{
        const void *code[KRI_LOOP_CODE_MAX] = { (const void *)(uintptr_t)p->fn };
        const kr_loop *loop = kri_loop_of(p);
        size_t count = 1, noted = 0;

        if (loop != NULL)
                count = loop->code != NULL
                                ? loop->code(p->arg.ptr, code, KRI_LOOP_CODE_MAX)
                                : 0;
        for (size_t i = 0; i < count; i++)
                noted = note(p, code[i], ret, noted);
        return noted;
}

static bool runs(struct kri_proc *p, const struct kri_version *version)
{
        struct kri_version *found[KRI_LOOP_CODE_MAX];
        size_t count = kri_modules_run(p, found);

        for (size_t i = 0; i < count; i++)
                if (found[i] == version)
                        return true;
        return false;
}

/* Of a turn: a look at a record that nobody has touched for long takes its time. */
#define LOOK_COST 4

enum answer { NO, YES, AWAKE };

/* One that sleeps is looked at in its place. An attached thread runs nothing of a module's that
 * could be replaced. */
static enum answer look(struct kri_proc *self, kri_word pid,
                        const struct kri_version *version)
{
        struct kri_proc *p = kri_proc_of(self->node, pid);
        enum answer answer;

        if (p == NULL || kri_serial(p) != kri_pid_serial(pid) || kri_has(p, KRI_P_THREAD))
                return NO;
        p = kri_sleeper_borrow(self->sched, pid);
        if (p == NULL)
                return AWAKE;
        answer = runs(p, version) ? YES : NO;
        kri_sleeper_return(self->sched, p);
        return answer;
}

static bool says_yes(kr_pid pid, const struct kri_version *version)
{
        kr_atom module = { version->of->atom }, its = { version->version };
        kr_msg slot = KR_MSG_INIT;
        kr_term list = kr_nil();
        bool found = false;

        if (kr_process_info(pid, KR_ATOM("modules"), &slot))
                list = kr_element(2, slot.term);
        for (; kr_is_cons(list); list = kr_tl(list))
                found |= kr_match(kr_hd(list), "{=, =}", module, its);
        kr_msg_clear(&slot);
        return found;
}

static kr_pid next_that_runs(uint32_t *at, const struct kri_version *version)
{
        struct kri_proc *self = kri_enter();
        kri_word pid;

        while ((pid = kri_scan_next(self->node, at)) != 0) {
                enum answer answer = look(self, pid, version);
                kr_pid found;

                kri_spend(self, LOOK_COST);
                if (answer == NO)
                        continue;
                kri_leave(self);
                found = kri_word_pid(pid);
                if (answer == YES || says_yes(found, version))
                        return found;
                self = kri_enter();
        }
        kri_leave(self);
        return kr_pid_none();
}

static const struct kri_version *version_of(const struct kr_node *node, kr_atom module,
                                            bool old)
{
        struct kri_module_name *name = kri_module_named(node, module.index);

        if (name == NULL)
                return NULL;
        return atomic_load_explicit(old ? &name->old : &name->current,
                                    memory_order_acquire);
}

/* Takes `term`, none: no memory. May not return. */
static void fill(kr_msg *slot, kr_term term)
{
        struct kri_proc *p = kri_enter();
        struct kri_sig *sig = NULL;

        if (!kr_is_none(term))
                sig = kri_sig_message(&p->sched->pool, term.w);
        kr_release(term);
        if (sig == NULL) {
                kri_no_memory(p);
                return;
        }
        kri_slot_fill(p, slot, sig);
        kri_leave(p);
}

kr_pid kri_module_next_process(kr_atom module, bool old, uint32_t *at)
{
        struct kri_proc *p = kri_current();
        const struct kri_version *version = p != NULL ? version_of(p->node, module, old)
                                                      : NULL;

        if (*at == 0)
                *at = 1; /* slot 0 is nobody's */
        return version != NULL ? next_that_runs(at, version) : kr_pid_none();
}

void kri_module_processes(kr_atom module, bool old, kr_msg *slot)
{
        kr_builder list = KR_BUILDER_INIT;
        uint32_t at = 0;
        kr_pid pid;

        if (kri_current() == NULL)
                return;
        kr_msg_clear(slot);
        while (!kr_pid_is_none(pid = kri_module_next_process(module, old, &at)))
                kr_add_pid(&list, pid);
        fill(slot, kr_build_list(&list));
}

/* -- the way back -- */

bool kri_module_swap(struct kri_module_name *name)
{
        struct kri_version *old = atomic_load(&name->old);

        if (old == NULL)
                return false;
        atomic_store_explicit(&name->old, atomic_load(&name->current),
                              memory_order_release);
        atomic_store_explicit(&name->current, old, memory_order_release);
        __atomic_fetch_add(&kri_module_changes, 1, __ATOMIC_RELEASE);
        return true;
}
