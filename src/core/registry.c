/* SPDX-License-Identifier: Apache-2.0 */
#include "registry.h"

#include <string.h>

#include "term/atom.h"

#include "list.h"

/* Reductions: whoever does nothing but this comes to the end of its turn as well. */
#define COST_CHANGE 8
#define COST_LOOK 1

static _Atomic(kri_word) *name_place(const struct kr_node *node, uint32_t atom)
{
        _Atomic(kri_word) *chunk;

        if (atom / KRI_NAME_CHUNK >= KRI_NAME_CHUNKS)
                return NULL;
        /* acquire: pairs with the release in make_place; the chunk is zeroed then */
        chunk = atomic_load_explicit(&node->registry.chunks[atom / KRI_NAME_CHUNK],
                                     memory_order_acquire);
        return chunk != NULL ? &chunk[atom % KRI_NAME_CHUNK] : NULL;
}

kri_word kri_registry_find(const struct kr_node *node, uint32_t atom)
{
        _Atomic(kri_word) *place = name_place(node, atom);

        /* acquire: the process's record is whole for whoever finds it here */
        return place != NULL ? atomic_load_explicit(place, memory_order_acquire) : 0;
}

/* lock held */
static _Atomic(kri_word) *make_place(struct kr_node *node, uint32_t atom)
{
        size_t size = KRI_NAME_CHUNK * sizeof(_Atomic(kri_word));
        _Atomic(kri_word) *place = name_place(node, atom), *chunk;

        if (place != NULL || atom / KRI_NAME_CHUNK >= KRI_NAME_CHUNKS)
                return place;
        chunk = kri_node_alloc(node, size);
        if (chunk == NULL)
                return NULL;
        memset((void *)chunk, 0, size);
        atomic_store_explicit(&node->registry.chunks[atom / KRI_NAME_CHUNK], chunk,
                              memory_order_release);
        return &chunk[atom % KRI_NAME_CHUNK];
}

void kri_registry_fini(struct kr_node *node)
{
        for (uint32_t i = 0; i < KRI_NAME_CHUNKS; i++)
                kri_node_free(node, (void *)node->registry.chunks[i],
                              KRI_NAME_CHUNK * sizeof(_Atomic(kri_word)));
}

/* lock held. The name is put into the process's record first: if the process ends after
 * that, its end finds the name and takes it out of the table, waiting for our lock. */
static bool enter_name(struct kr_node *node, _Atomic(kri_word) *place, uint32_t atom,
                       kri_word pid)
{
        struct kri_proc *p = kri_proc_of(node, pid);
        uint32_t none = 0;

        if (atomic_load_explicit(place, memory_order_relaxed) != 0 || p == NULL)
                return false;
        if (kri_serial(p) != kri_pid_serial(pid) ||
            !atomic_compare_exchange_strong(&p->name, &none, atom))
                return false;
        if (kri_serial(p) !=
            kri_pid_serial(pid)) { /* it was the next tenant that we named */
                uint32_t ours = atom;

                atomic_compare_exchange_strong(&p->name, &ours, 0);
                return false;
        }
        atomic_store_explicit(place, pid, memory_order_release);
        return true;
}

void kri_registry_forget(struct kri_proc *p)
{
        uint32_t name = atomic_load_explicit(&p->name, memory_order_relaxed);
        struct kr_node *node = p->node;

        if (name == 0 && atomic_compare_exchange_strong(&p->name, &name, KRI_NAME_DEAD))
                return;
        kri_lock(&node->registry.lock);
        name = atomic_exchange(&p->name, KRI_NAME_DEAD);
        if (name != 0 && name != KRI_NAME_DEAD) {
                _Atomic(kri_word) *place = name_place(node, name);

                if (atomic_load(place) == kri_proc_word(p))
                        atomic_store_explicit(place, 0, memory_order_release);
        }
        kri_unlock(&node->registry.lock);
}

void kri_register(kr_atom name, kr_pid pid)
{
        struct kri_proc *p = kri_enter();
        _Atomic(kri_word) *place;
        bool done;

        if (p == NULL)
                return;
        if (name.index == 0 || name.index == KRI_A_undefined) {
                kri_badarg(p, "kr_register", "name");
                return;
        }
        kri_lock(&p->node->registry.lock);
        place = make_place(p->node, name.index);
        done = place != NULL && pid.node == p->node->slot &&
               enter_name(p->node, place, name.index, kri_pid_word(pid));
        kri_unlock(&p->node->registry.lock);
        if (done) {
                kri_spend(p, COST_CHANGE);
                kri_leave(p);
        } else if (place == NULL) {
                kri_no_memory(p);
        } else {
                kri_badarg(p, "kr_register",
                           kri_registry_find(p->node, name.index) != 0 ? "name" : "pid");
        }
}

kr_atom kri_atom_of(const char *text)
{
        kr_atom atom = { 0 };
        kr_err err = text != NULL ? kri_atom_make(text, strlen(text), &atom.index)
                                  : KR_OK;
        struct kri_proc *p;

        if (err == KR_OK)
                return atom;
        if (err != KR_EBADARG && (p = kri_enter()) != NULL)
                kri_no_memory(p);
        return (kr_atom){ 0 };
}

/* lock held */
static bool leave_name(struct kr_node *node, uint32_t atom)
{
        kri_word pid = kri_registry_find(node, atom);
        struct kri_proc *p;
        uint32_t ours = atom;

        if (pid == 0)
                return false;
        p = kri_proc_of(node, pid);
        /* if this fails the process is ending, and clears its name itself after us */
        atomic_compare_exchange_strong(&p->name, &ours, 0);
        atomic_store_explicit(name_place(node, atom), 0, memory_order_release);
        return true;
}

void kri_unregister(kr_atom name)
{
        struct kri_proc *p = kri_enter();
        bool done;

        if (p == NULL)
                return;
        kri_lock(&p->node->registry.lock);
        done = leave_name(p->node, name.index);
        kri_unlock(&p->node->registry.lock);
        if (done) {
                kri_spend(p, COST_CHANGE);
                kri_leave(p);
        } else {
                kri_badarg(p, "kr_unregister", "name");
        }
}

kr_pid kri_whereis(struct kr_node *node, kr_atom name)
{
        struct kri_proc *p = NULL;
        kri_word pid;

        if (node == NULL) {
                p = kri_enter();
                if (p == NULL)
                        return (kr_pid){ 0 };
                node = p->node;
        }
        pid = kri_registry_find(node, name.index);
        if (p != NULL) {
                kri_spend(p, COST_LOOK);
                kri_leave(p);
        }
        return pid != 0 ? kri_word_pid(pid) : (kr_pid){ 0 };
}

struct name_walk {
        struct kr_node *node;
        uint32_t atom;
};

static bool next_name(void *walk, kri_word *ret_name)
{
        struct name_walk *w = walk;

        while (w->atom < KRI_NAME_CHUNK * KRI_NAME_CHUNKS) {
                uint32_t atom = w->atom++;

                if (name_place(w->node, atom) == NULL) {
                        w->atom = (atom / KRI_NAME_CHUNK + 1) * KRI_NAME_CHUNK;
                } else if (kri_registry_find(w->node, atom) != 0) {
                        *ret_name = kri_atom(atom);
                        return true;
                }
        }
        return false;
}

void kr_registered(kr_msg *slot)
{
        struct kri_proc *p = kri_enter();

        if (p == NULL)
                return;
        if (slot == NULL) {
                kri_badarg(p, "kr_registered", "slot");
                return;
        }
        kri_lock(&p->node->registry.lock);
        {
                struct name_walk walk = { p->node, 1 }, again = walk;
                bool done = kri_list_fill(p, slot, next_name, &walk, &again);

                kri_unlock(&p->node->registry.lock);
                if (done) {
                        kri_spend(p, COST_CHANGE);
                        kri_leave(p);
                } else {
                        kri_no_memory(p);
                }
        }
}
