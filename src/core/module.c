/* SPDX-License-Identifier: Apache-2.0 */
#include "module.h"

#include <krarup/loop.h>

#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "term/atom.h"

#include "list.h"
#include "node.h"

#define FIRST_SLOTS 64u

uint32_t kri_module_changes;
_Atomic uint32_t kri_modules_loaded;

/* Open addressing; replaced by a larger one when half full, and then kept for readers. */
struct names {
        struct names *smaller;
        uint32_t mask;
        struct kri_module_name *_Atomic slots[];
};

struct kri_modules {
        kri_mutex lock;
        struct names *_Atomic names;
        uint32_t count;
        struct kri_version *_Atomic listed; /* those that lie in objects of their own */
        bool (*_Atomic missing)(kr_atom module);
};

static void changed(void)
{
        __atomic_fetch_add(&kri_module_changes, 1, __ATOMIC_RELEASE);
}

/* -- the node's -- */

static void free_modules(void *value)
{
        struct kri_modules *modules = value;
        struct names *names = atomic_load(&modules->names);

        for (uint32_t i = 0; names != NULL && i <= names->mask; i++) {
                struct kri_module_name *name = atomic_load(&names->slots[i]);

                if (name == NULL)
                        continue;
                kri_version_free(atomic_load(&name->old));
                kri_version_free(atomic_load(&name->current));
                free(name);
        }
        while (names != NULL) {
                struct names *smaller = names->smaller;

                free(names);
                names = smaller;
        }
        free(modules);
}

static struct kri_modules *modules_of(const struct kr_node *node)
{
        /* acquire: pairs with the release below */
        return atomic_load_explicit(&node->modules, memory_order_acquire);
}

/* Made with the first module. NULL: no memory. */
static struct kri_modules *modules_for(struct kr_node *node)
{
        static const char key;
        struct kri_modules *modules = modules_of(node), *none = NULL;

        if (modules != NULL)
                return modules;
        modules = calloc(1, sizeof(*modules));
        if (modules == NULL)
                return NULL;
        modules->lock = (kri_mutex)KRI_MUTEX_INIT;
        if (!kr_node_put(node, &key, modules, free_modules)) {
                free(modules); /* somebody else was faster, or there is no room */
                return modules_of(node);
        }
        atomic_compare_exchange_strong(&node->modules, &none, modules);
        return modules;
}

/* -- names -- */

static uint32_t slot_of(const struct names *names, uint32_t atom)
{
        return (uint32_t)kri_mix64(atom) & names->mask;
}

static struct kri_module_name *find_name(const struct names *names, uint32_t atom)
{
        for (uint32_t i = slot_of(names, atom);; i = (i + 1) & names->mask) {
                struct kri_module_name *name =
                        atomic_load_explicit(&names->slots[i], memory_order_acquire);

                if (name == NULL || name->atom == atom)
                        return name;
        }
}

struct kri_module_name *kri_module_named(const struct kr_node *node, uint32_t atom)
{
        struct kri_modules *modules = modules_of(node);
        struct names *names;

        if (modules == NULL)
                return NULL;
        names = atomic_load_explicit(&modules->names, memory_order_acquire);
        return names != NULL ? find_name(names, atom) : NULL;
}

static void put_name(struct names *names, struct kri_module_name *name)
{
        uint32_t i = slot_of(names, name->atom);

        while (atomic_load_explicit(&names->slots[i], memory_order_relaxed) != NULL)
                i = (i + 1) & names->mask;
        /* release: pairs with the acquire in find_name */
        atomic_store_explicit(&names->slots[i], name, memory_order_release);
}

/* locked. Room for one more name. */
static bool make_room(struct kri_modules *modules)
{
        struct names *old = atomic_load(&modules->names), *names;
        uint32_t size = old != NULL ? 2 * (old->mask + 1) : FIRST_SLOTS;

        if (old != NULL && 2 * (modules->count + 1) <= old->mask + 1)
                return true;
        names = calloc(1, sizeof(*names) + size * sizeof(names->slots[0]));
        if (names == NULL)
                return false;
        names->mask = size - 1;
        names->smaller = old;
        for (uint32_t i = 0; old != NULL && i <= old->mask; i++)
                if (atomic_load(&old->slots[i]) != NULL)
                        put_name(names, atomic_load(&old->slots[i]));
        atomic_store_explicit(&modules->names, names, memory_order_release);
        return true;
}

/* locked. The name, made if need be. */
static kr_err name_for(struct kr_node *node, struct kri_modules *modules, uint32_t atom,
                       struct kri_module_name **ret)
{
        struct kri_module_name *name = kri_module_named(node, atom);

        if (name == NULL) {
                if (modules->count == KRI_MODULES_MAX)
                        return KR_ESYSTEMLIMIT;
                name = make_room(modules) ? calloc(1, sizeof(*name)) : NULL;
                if (name == NULL)
                        return KR_ENOMEM;
                name->atom = atom;
                modules->count++;
                put_name(atomic_load(&modules->names), name);
        }
        *ret = name;
        return KR_OK;
}

struct kri_module_name *kri_module_next(const struct kr_node *node, uint32_t *at)
{
        struct kri_modules *modules = modules_of(node);
        struct names *names = modules != NULL ? atomic_load(&modules->names) : NULL;

        while (names != NULL && *at <= names->mask) {
                struct kri_module_name *name = atomic_load(&names->slots[(*at)++]);

                if (name != NULL && atomic_load(&name->current) != NULL)
                        return name;
        }
        return NULL;
}

/* -- versions -- */

static bool is_sound(const kr_module *m)
{
        if (m == NULL || m->abi != KR_MODULE_ABI || m->size != sizeof(*m) ||
            m->name == NULL || m->name[0] == '\0' ||
            (m->exports == NULL && m->export_count != 0) ||
            (m->behaviours == NULL && m->behaviour_count != 0) ||
            (m->loops == NULL && m->loop_count != 0) || m->export_count > UINT16_MAX ||
            m->behaviour_count > UINT16_MAX || m->loop_count > UINT16_MAX)
                return false;
        for (size_t i = 0; i < m->export_count; i++)
                if (m->exports[i].name == NULL || m->exports[i].call == NULL ||
                    m->exports[i].arity < 0 || m->exports[i].arity > 255)
                        return false;
        for (size_t i = 0; i < m->behaviour_count; i++)
                if (m->behaviours[i] == NULL)
                        return false;
        for (size_t i = 0; i < m->loop_count; i++)
                if (m->loops[i].name == NULL || m->loops[i].fn == NULL)
                        return false;
        return true;
}

static kr_err atoms_of(struct kri_version *v)
{
        const kr_module *m = v->module;
        const char *version = m->version != NULL ? m->version : "0";
        kr_err err = kri_atom_make(version, strlen(version), &v->version);

        for (size_t i = 0; err == KR_OK && i < m->export_count; i++) {
                struct kri_function *f = &v->functions[i];

                f->arity = m->exports[i].arity;
                f->call = m->exports[i].call;
                err = kri_atom_make(m->exports[i].name, strlen(m->exports[i].name),
                                    &f->name);
        }
        for (size_t i = 0; err == KR_OK && i < m->loop_count; i++)
                err = kri_atom_make(m->loops[i].name, strlen(m->loops[i].name),
                                    &v->loops[i]);
        return err;
}

kr_err kri_version_new(const kr_module *module, const struct kri_version_facts *facts,
                       struct kri_version **ret)
{
        struct kri_version *v;
        kr_err err;

        if (!is_sound(module))
                return KR_EBADARG;
        v = calloc(1, sizeof(*v) + module->export_count * sizeof(v->functions[0]) +
                              module->loop_count * sizeof(v->loops[0]));
        if (v == NULL)
                return KR_ENOMEM;
        v->module = module;
        v->facts = facts;
        if (facts != NULL)
                v->span = facts->span;
        v->function_count = (uint32_t)module->export_count;
        v->loop_count = (uint32_t)module->loop_count;
        v->loops = (uint32_t *)(v->functions + v->function_count);
        err = atoms_of(v);
        if (err != KR_OK)
                kri_version_free(v);
        else
                *ret = v;
        return err;
}

void kri_version_free(struct kri_version *version)
{
        free(version);
}

kr_err kri_version_list(struct kr_node *node, struct kri_version *version, uint32_t atom)
{
        struct kri_modules *modules = modules_for(node);
        kr_err err;

        if (modules == NULL)
                return KR_ENOMEM;
        kri_lock(&modules->lock);
        err = name_for(node, modules, atom, &version->of);
        if (err == KR_OK && version->facts != NULL) {
                atomic_store(&version->next, atomic_load(&modules->listed));
                /* release: who walks the list finds it whole */
                atomic_store_explicit(&modules->listed, version, memory_order_release);
                atomic_fetch_add(&kri_modules_loaded, 1);
        }
        kri_unlock(&modules->lock);
        return err;
}

void kri_version_unlist(struct kr_node *node, struct kri_version *version)
{
        struct kri_modules *modules = modules_of(node);
        struct kri_version *_Atomic *place = &modules->listed;

        kri_lock(&modules->lock);
        while (atomic_load(place) != NULL && atomic_load(place) != version)
                place = &atomic_load(place)->next;
        if (atomic_load(place) == version) {
                atomic_store(place, atomic_load(&version->next));
                atomic_fetch_sub(&kri_modules_loaded, 1);
        }
        kri_unlock(&modules->lock);
}

void kri_version_publish(struct kri_version *version)
{
        struct kri_module_name *name = version->of;

        struct kri_version *current = atomic_load(&name->current);

        if (current != NULL)
                atomic_store_explicit(&name->old, current, memory_order_release);
        atomic_store_explicit(&name->current, version, memory_order_release);
        changed();
}

bool kri_module_delete(struct kri_module_name *name)
{
        struct kri_version *current = atomic_load(&name->current);

        if (current == NULL || atomic_load(&name->old) != NULL)
                return false;
        atomic_store_explicit(&name->old, current, memory_order_release);
        atomic_store_explicit(&name->current, NULL, memory_order_release);
        changed();
        return true;
}

void kri_module_forget_old(struct kri_module_name *name)
{
        atomic_store_explicit(&name->old, NULL, memory_order_release);
        changed();
}

struct kri_version *kri_version_at(const struct kr_node *node, uintptr_t at)
{
        struct kri_modules *modules = modules_of(node);
        struct kri_version *v;

        if (modules == NULL)
                return NULL;
        v = atomic_load_explicit(&modules->listed, memory_order_acquire);
        while (v != NULL && !kri_span_holds(&v->span, at))
                v = atomic_load_explicit(&v->next, memory_order_acquire);
        return v;
}

void kri_module_missing_hook(struct kr_node *node, bool (*missing)(kr_atom module))
{
        struct kri_modules *modules = modules_for(node);

        if (modules != NULL)
                atomic_store(&modules->missing, missing);
}

bool kri_module_ask(struct kr_node *node, uint32_t atom)
{
        struct kri_modules *modules = modules_of(node);
        bool (*missing)(kr_atom) = modules != NULL ? atomic_load(&modules->missing)
                                                   : NULL;

        return missing != NULL && missing((kr_atom){ atom });
}

void kri_modules_lock(const struct kr_node *node, bool lock)
{
        struct kri_modules *modules = modules_of(node);

        if (modules != NULL && lock)
                kri_lock(&modules->lock);
        else if (modules != NULL)
                kri_unlock(&modules->lock);
}

/* -- the public face -- */

static kr_err add(struct kr_node *node, struct kri_version *v)
{
        uint32_t atom;
        kr_err err = kri_atom_make(v->module->name, strlen(v->module->name), &atom);

        if (err == KR_OK)
                err = kri_version_list(node, v, atom);
        if (err != KR_OK)
                return err;
        kri_modules_lock(node, true);
        if (atomic_load(&v->of->current) != NULL || atomic_load(&v->of->old) != NULL)
                err = KR_EALREADY;
        else
                kri_version_publish(v);
        kri_modules_lock(node, false);
        return err;
}

kr_err kr_module_add(kr_node *node, const kr_module *module)
{
        struct kri_version *v;
        kr_err err;

        if (node == NULL)
                return KR_EBADARG;
        err = kri_version_new(module, NULL, &v);
        if (err != KR_OK)
                return err;
        err = add(node, v);
        if (err != KR_OK)
                kri_version_free(v);
        return err;
}

const kr_module *kri_module_find(kr_atom module)
{
        struct kri_proc *p = kri_current();
        struct kri_module_name *name = p != NULL ? kri_module_named(p->node, module.index)
                                                 : NULL;
        struct kri_version *v = name != NULL ? atomic_load(&name->current) : NULL;

        return v != NULL ? v->module : NULL;
}

/* The first member of every behaviour, which this layer does not know. */
static const char *behaviour_name(const kr_behaviour *behaviour)
{
        return *(const char *const *)(const void *)behaviour;
}

const kr_behaviour *kr_behaviour_now(const kr_behaviour *behaviour)
{
        struct kri_proc *p = kri_current();
        struct kri_version *v, *now;

        if (p == NULL ||
            atomic_load_explicit(&kri_modules_loaded, memory_order_relaxed) == 0)
                return behaviour;
        v = kri_version_at(p->node, (uintptr_t)behaviour);
        now = v != NULL ? atomic_load_explicit(&v->of->current, memory_order_acquire)
                        : NULL;
        if (v == NULL || now == v)
                return behaviour;
        for (size_t i = 0; now != NULL && i < now->module->behaviour_count; i++)
                if (strcmp(behaviour_name(now->module->behaviours[i]),
                           behaviour_name(behaviour)) == 0)
                        return now->module->behaviours[i];
        return NULL;
}

bool kr_module_of(const void *address, kr_atom *ret_module, kr_atom *ret_version)
{
        struct kri_proc *p = kri_current();
        struct kri_version *v = p != NULL ? kri_version_at(p->node, (uintptr_t)address)
                                          : NULL;

        if (v == NULL)
                return false;
        if (ret_module != NULL)
                ret_module->index = v->of->atom;
        if (ret_version != NULL)
                ret_version->index = v->version;
        return true;
}

struct walk {
        const struct kr_node *node;
        uint32_t at;
};

static bool next_name(void *arg, kri_word *ret)
{
        struct walk *walk = arg;
        struct kri_module_name *name = kri_module_next(walk->node, &walk->at);

        if (name != NULL)
                *ret = kri_atom(name->atom);
        return name != NULL;
}

void kr_modules(kr_msg *slot)
{
        struct kri_proc *p = kri_enter();
        struct walk count, fill;

        if (p == NULL)
                return;
        if (slot == NULL) {
                kri_badarg(p, "kr_modules", "slot");
                return;
        }
        count = fill = (struct walk){ p->node, 0 };
        if (!kri_list_fill(p, slot, next_name, &count, &fill)) {
                kri_no_memory(p);
                return;
        }
        kri_leave(p);
}

/* As deep as what is called by name usually goes; instrumented code goes deeper. */
#if defined(KRI_ASAN)
#define WIPE_BYTES ((size_t)16384)
#else
#define WIPE_BYTES ((size_t)2048)
#endif
#define WIPE_MARGIN                                                                      \
        ((size_t)1024) /* to the end of the stack: this must not overflow it */

static size_t room_below(const struct kri_proc *p)
{
        const char *here = __builtin_frame_address(0);
        size_t left;

        if (p == NULL || !kri_stack_holds(p->stack, here))
                return 0; /* an attached thread's stack is the program's */
        left = (size_t)(here - kri_stack_floor(p->stack));
        return left > WIPE_BYTES + WIPE_MARGIN ? WIPE_BYTES
               : left > WIPE_MARGIN            ? left - WIPE_MARGIN
                                               : 0;
}

__attribute__((noinline)) void kri_stack_wipe(void)
{
        size_t size = room_below(kri_current());
        char below[size + 1];

        memset(below, 0, sizeof(below));
        __asm__ volatile("" : : "r"(below) : "memory");
}
