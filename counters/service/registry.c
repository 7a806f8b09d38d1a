/* SPDX-License-Identifier: Apache-2.0 */
#include "registry.h"

#include "keeper.h"
#include "names.h"

#include <string.h>

struct entry {
        struct name name; /* its text is behind the entry */
        kr_pid pid;       /* none: asleep */
        kr_ref monitor;
};

struct registry {
        struct names names;
};

/* -- what others call -- */

enum registry_state registry_find(kr_bytes name, kr_pid *ret_pid)
{
        kr_msg slot = KR_MSG_INIT;
        kr_term answer = kr_call("registry", &slot, "{find, ~}", name);
        enum registry_state state = REGISTRY_UP;

        if (!kr_get_pid(answer, ret_pid))
                state = kr_match(answer, "asleep") ? REGISTRY_ASLEEP : REGISTRY_NOBODY;
        kr_msg_clear(&slot);
        return state;
}

void registry_forget(kr_bytes name, kr_pid pid)
{
        kr_msg slot = KR_MSG_INIT;

        (void)kr_call("registry", &slot, "{forget, ~, ~}", name, pid);
        kr_msg_clear(&slot);
}

kr_term registry_names(kr_msg *slot)
{
        return kr_call("registry", slot, "names");
}

int64_t registry_count(void)
{
        kr_msg slot = KR_MSG_INIT;
        int64_t count = 0;

        (void)kr_get_int64(kr_call("registry", &slot, "count"), &count);
        kr_msg_clear(&slot);
        return count;
}

static bool register_name(kr_term name, kr_pid pid)
{
        kr_msg slot = KR_MSG_INIT;
        bool registered =
                kr_match(kr_call("registry", &slot, "{register, ~, ~}", name, pid),
                         "true");

        kr_msg_clear(&slot);
        return registered;
}

static void unregister_name(kr_term name)
{
        kr_msg slot = KR_MSG_INIT;

        (void)kr_call("registry", &slot, "{unregister, ~}", name);
        kr_msg_clear(&slot);
}

static kr_pid whereis_name(kr_term name)
{
        kr_pid pid = kr_pid_none();
        kr_bytes text;

        if (kr_get_bytes(name, &text))
                (void)registry_find(text, &pid);
        return pid;
}

const kr_via registry_via = { .name = "registry",
                              .register_name = register_name,
                              .unregister_name = unregister_name,
                              .whereis_name = whereis_name };

/* -- the table -- */

static struct entry *find(struct registry *r, kr_bytes name)
{
        return (struct entry *)names_find(&r->names, name.data, name.len);
}

/* Asleep at first. NULL: no memory. */
static struct entry *add(struct registry *r, kr_bytes name)
{
        struct entry *e = kr_alloc(sizeof(*e) + name.len);

        if (e == NULL)
                return NULL;
        memcpy(e + 1, name.data, name.len);
        e->name.text = (const char *)(e + 1);
        e->name.len = (uint32_t)name.len;
        e->pid = kr_pid_none();
        e->monitor = kr_ref_none();
        if (names_add(&r->names, &e->name))
                return e;
        kr_free(e);
        return NULL;
}

/* Its monitor's message brings the name along. */
static void wake(struct entry *e, kr_pid pid)
{
        kr_bytes name = { e->name.text, e->name.len };
        kr_term tag = kr_build("{ended, ~}", name);

        e->pid = pid;
        e->monitor = kr_monitor_alias(pid, KR_ALIAS_NONE, &tag);
        kr_release(tag);
}

static void put_to_sleep(struct entry *e)
{
        const kr_demonitor_opts flush = { .flush = true };

        if (!kr_pid_is_none(e->pid))
                (void)kr_demonitor(e->monitor, &flush);
        e->pid = kr_pid_none();
}

/* -- callbacks -- */

static kr_next init(struct registry *r, kr_term args)
{
        kr_msg slot = KR_MSG_INIT;
        kr_bytes name;

        (void)args;
        names_init(&r->names);
        for (kr_term l = keeper_names(&slot); kr_is_cons(l); l = kr_tl(l))
                if (kr_get_bytes(kr_hd(l), &name) && add(r, name) == NULL)
                        return kr_stop("no_memory");
        kr_msg_clear(&slot);
        return kr_ok();
}

static kr_next handle_register(struct registry *r, kr_bytes name, kr_pid pid)
{
        struct entry *e = find(r, name);

        if (e == NULL)
                e = add(r, name);
        if (e == NULL || !kr_pid_is_none(e->pid))
                return kr_reply("false");
        wake(e, pid);
        return kr_reply("true");
}

static kr_next handle_find(struct registry *r, kr_bytes name)
{
        const struct entry *e = find(r, name);

        if (e == NULL)
                return kr_reply("nobody");
        return kr_pid_is_none(e->pid) ? kr_reply("asleep") : kr_reply("~", e->pid);
}

static kr_next handle_forget(struct registry *r, kr_bytes name, kr_pid pid)
{
        struct entry *e = find(r, name);

        if (e != NULL && kr_pid_eq(e->pid, pid)) {
                put_to_sleep(e);
                names_remove(&r->names, &e->name);
                kr_free(e);
        }
        return kr_reply("ok");
}

static kr_next handle_unregister(struct registry *r, kr_bytes name)
{
        struct entry *e = find(r, name);

        if (e != NULL)
                put_to_sleep(e);
        return kr_reply("ok");
}

static void add_name(struct name *name, void *list)
{
        kr_add_binary(list, name->text, name->len);
}

static kr_next reply_names(struct registry *r)
{
        kr_builder b = KR_BUILDER_INIT;
        kr_next next;
        kr_term list;

        names_each(&r->names, add_name, &b);
        list = kr_build_list(&b);
        next = kr_reply("~", list);
        kr_release(list);
        return next;
}

static kr_next handle_call(struct registry *r, kr_term request, kr_from from)
{
        kr_bytes name;
        kr_pid pid;

        (void)from;
        if (kr_match(request, "{find, ~}", &name))
                return handle_find(r, name);
        if (kr_match(request, "{register, ~, ~}", &name, &pid))
                return handle_register(r, name, pid);
        if (kr_match(request, "{forget, ~, ~}", &name, &pid))
                return handle_forget(r, name, pid);
        if (kr_match(request, "{unregister, ~}", &name))
                return handle_unregister(r, name);
        if (kr_match(request, "names"))
                return reply_names(r);
        if (kr_match(request, "count"))
                return kr_reply("~", (int64_t)r->names.count);
        return kr_reply("unknown_request");
}

static kr_next handle_cast(struct registry *r, kr_term message)
{
        (void)r;
        (void)message;
        return kr_noreply();
}

/* It was not deleted, or it would have been forgotten: it has crashed, or was stopped. */
static kr_next handle_info(struct registry *r, kr_term info)
{
        struct entry *e;
        kr_bytes name;
        kr_pid pid;

        if (!kr_match(info, "{{ended, ~}, _, process, ~, _}", &name, &pid))
                return kr_noreply();
        e = find(r, name);
        if (e != NULL && kr_pid_eq(e->pid, pid))
                e->pid = kr_pid_none();
        return kr_noreply();
}

KR_GEN_SERVER(registry, struct registry, .init = init, .handle_call = handle_call,
              .handle_cast = handle_cast, .handle_info = handle_info);
