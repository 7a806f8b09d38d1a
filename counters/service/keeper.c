/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper.h"

#include "names.h"

struct held {
        struct name name; /* its text is the block's */
        struct kept *kept;
};

struct keeper {
        struct names names;
};

/* -- what others call -- */

kr_err keeper_take(kr_bytes name, struct kept **ret)
{
        kr_msg slot = KR_MSG_INIT;
        kr_term answer = kr_call("keeper", &slot, "{take, ~}", name);
        uint64_t address;
        kr_err err = KR_OK;

        if (kr_match(answer, "{ok, ~}", &address))
                *ret = (struct kept *)(uintptr_t)address;
        else
                err = kr_match(answer, "full") ? KR_ESYSTEMLIMIT : KR_ENOMEM;
        kr_msg_clear(&slot);
        return err;
}

bool keeper_drop(const struct kept *k)
{
        kr_msg slot = KR_MSG_INIT;
        kr_term answer = kr_call("keeper", &slot, "{drop, ~, ~}", kept_name(k),
                                 (uint64_t)(uintptr_t)k);
        bool dropped = kr_match(answer, "true");

        kr_msg_clear(&slot);
        return dropped;
}

kr_term keeper_names(kr_msg *slot)
{
        return kr_call("keeper", slot, "names");
}

/* -- callbacks -- */

static kr_next init(struct keeper *k, kr_term args)
{
        (void)args;
        names_init(&k->names);
        return kr_ok();
}

static struct held *find(struct keeper *k, kr_bytes name)
{
        return (struct held *)names_find(&k->names, name.data, name.len);
}

/* NULL: no memory. */
static struct held *add(struct keeper *k, kr_bytes name)
{
        struct held *held = kr_alloc(sizeof(*held));
        kr_bytes text;

        if (held == NULL)
                return NULL;
        held->kept = kept_new(name.data, name.len);
        if (held->kept == NULL)
                goto free_held;
        text = kept_name(held->kept);
        held->name.text = text.data;
        held->name.len = (uint32_t)text.len;
        if (names_add(&k->names, &held->name))
                return held;
        kept_unref(held->kept);
free_held:
        kr_free(held);
        return NULL;
}

/* False: no memory; the block is closed, and the next one who asks tries again. */
static bool hand_on(struct held *held)
{
        struct kept *next = kept_succeed(held->kept);

        if (next == NULL)
                return false;
        held->name.text = kept_name(next).data;
        kept_unref(held->kept);
        held->kept = next;
        return true;
}

/* The reference is the counter's from here; one that is killed before it has read the answer
 * leaves it behind: memory that nobody uses, no more. */
static kr_next take(struct keeper *k, kr_bytes name)
{
        struct held *held = find(k, name);

        if (held == NULL && k->names.count >= KEEPER_COUNTERS_MAX)
                return kr_reply("full");
        if (held == NULL)
                held = add(k, name);
        else if (!hand_on(held))
                held = NULL;
        if (held == NULL)
                return kr_reply("no_memory");
        return kr_reply("{ok, ~}", (uint64_t)(uintptr_t)kept_ref(held->kept));
}

static void let_go(struct held *held)
{
        kept_unref(held->kept);
        kr_free(held);
}

static kr_next drop(struct keeper *k, kr_bytes name, uint64_t address)
{
        struct held *held = find(k, name);

        if (held == NULL || (uintptr_t)held->kept != address)
                return kr_reply("false");
        kept_close(held->kept);
        names_remove(&k->names, &held->name);
        let_go(held);
        return kr_reply("true");
}

static void add_name(struct name *name, void *list)
{
        kr_add_binary(list, name->text, name->len);
}

static kr_next reply_names(struct keeper *k)
{
        kr_builder b = KR_BUILDER_INIT;
        kr_next next;
        kr_term list;

        names_each(&k->names, add_name, &b);
        list = kr_build_list(&b);
        next = kr_reply("~", list);
        kr_release(list);
        return next;
}

static kr_next handle_call(struct keeper *k, kr_term request, kr_from from)
{
        uint64_t address;
        kr_bytes name;

        (void)from;
        if (kr_match(request, "{take, ~}", &name))
                return take(k, name);
        if (kr_match(request, "{drop, ~, ~}", &name, &address))
                return drop(k, name, address);
        if (kr_match(request, "names"))
                return reply_names(k);
        return kr_reply("unknown_request");
}

static kr_next handle_cast(struct keeper *k, kr_term message)
{
        (void)k;
        (void)message;
        return kr_noreply();
}

static void let_go_of_name(struct name *name, void *unused)
{
        (void)unused;
        kept_unref(((struct held *)name)->kept);
}

static void release(struct keeper *k)
{
        names_each(&k->names, let_go_of_name, NULL);
        names_fini(&k->names);
}

KR_GEN_SERVER(keeper, struct keeper, .init = init, .handle_call = handle_call,
              .handle_cast = handle_cast, .release = release);
