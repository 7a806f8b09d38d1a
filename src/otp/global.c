/* SPDX-License-Identifier: Apache-2.0 */
/* global.c: the table of global names of one node, and the process that owns it.
 *
 * Protocol  calls to global_name_server: {register, Name, Pid}, {re_register, Name, Pid},
 *           {unregister, Name}, {forget, Name, Pid}, {whereis, Name}, names.
 * Law       The server never waits for another process. Whoever finds a name whose process is
 *           dead (its DOWN is on the way) has it forgotten.
 */
#include <krarup/global.h>

#include <krarup/behaviour.h>
#include <krarup/registry.h>

#include <string.h>

struct entry {
        struct entry *next, *next_pid; /* of the same place in both tables */
        kr_term name;                  /* kept */
        kr_pid pid;
        kr_ref monitor;
};

struct names {
        struct entry **by_name, **by_pid; /* `size` places each; a power of two, or 0 */
        size_t size, count;
        bool registered; /* as global_name_server */
};

/* -- the table -- */

static size_t name_place(const struct names *names, kr_term name)
{
        return kr_hash(name) & (names->size - 1);
}

static size_t pid_place(const struct names *names, kr_pid pid)
{
        return (pid.num * 0x9e3779b97f4a7c15u >> 32) & (names->size - 1);
}

static struct entry *find(const struct names *names, kr_term name)
{
        struct entry *e = NULL;

        if (names->size != 0)
                e = names->by_name[name_place(names, name)];
        while (e != NULL && !kr_same(e->name, name))
                e = e->next;
        return e;
}

static struct entry *find_pid(const struct names *names, kr_pid pid)
{
        struct entry *e = NULL;

        if (names->size != 0)
                e = names->by_pid[pid_place(names, pid)];
        while (e != NULL && !kr_pid_eq(e->pid, pid))
                e = e->next_pid;
        return e;
}

static void insert(struct names *names, struct entry *e)
{
        struct entry **by_name = &names->by_name[name_place(names, e->name)];
        struct entry **by_pid = &names->by_pid[pid_place(names, e->pid)];

        e->next = *by_name;
        *by_name = e;
        e->next_pid = *by_pid;
        *by_pid = e;
}

static bool grow(struct names *names)
{
        struct names larger = *names;

        larger.size = names->size == 0 ? 16 : 2 * names->size;
        larger.by_name = kr_calloc(2 * larger.size, sizeof(*larger.by_name));
        if (larger.by_name == NULL)
                return false;
        larger.by_pid = larger.by_name + larger.size;
        for (size_t i = 0; i < names->size; i++) {
                for (struct entry *e = names->by_name[i], *next; e != NULL; e = next) {
                        next = e->next;
                        insert(&larger, e);
                }
        }
        kr_free(names->by_name);
        *names = larger;
        return true;
}

static bool add(struct names *names, kr_term name, kr_pid pid)
{
        struct entry *e;

        if (names->count >= names->size && !grow(names))
                return false;
        e = kr_alloc(sizeof(*e));
        if (e == NULL)
                return false;
        e->name = kr_keep(name);
        if (kr_is_none(e->name)) {
                kr_free(e);
                return false;
        }
        e->pid = pid;
        e->monitor = kr_monitor(pid);
        insert(names, e);
        names->count++;
        return true;
}

static void take_out(struct names *names, struct entry *gone)
{
        struct entry **place;

        if (gone == NULL)
                return;
        place = &names->by_name[name_place(names, gone->name)];
        while (*place != gone)
                place = &(*place)->next;
        *place = gone->next;
        place = &names->by_pid[pid_place(names, gone->pid)];
        while (*place != gone)
                place = &(*place)->next_pid;
        *place = gone->next_pid;
        names->count--;
        kr_demonitor(gone->monitor, &(kr_demonitor_opts){ .flush = true });
        kr_release(gone->name);
        kr_free(gone);
}

static kr_term all_names(const struct names *names)
{
        kr_builder b = KR_BUILDER_INIT;

        for (size_t i = 0; i < names->size; i++)
                for (struct entry *e = names->by_name[i]; e != NULL; e = e->next)
                        kr_add_term(&b, e->name);
        return kr_build_list(&b);
}

/* -- the server -- */

static bool register_name(struct names *names, kr_term name, kr_pid pid)
{
        return find(names, name) == NULL && find_pid(names, pid) == NULL &&
               add(names, name, pid);
}

static void answer(struct names *names, kr_from from, kr_term request)
{
        kr_term name, list;
        struct entry *e;
        kr_pid pid;

        if (kr_match(request, "{whereis, ~}", &name)) {
                e = find(names, name);
                if (e != NULL)
                        kr_reply_to(from, "~", e->pid);
                else
                        kr_reply_to(from, "undefined");
        } else if (kr_match(request, "{register, ~, ~}", &name, &pid)) {
                bool done = register_name(names, name, pid);

                kr_reply_to(from, "~", done);
        } else if (kr_match(request, "{re_register, ~, ~}", &name, &pid)) {
                bool done;

                take_out(names, find(names, name));
                done = register_name(names, name, pid);
                kr_reply_to(from, "~", done);
        } else if (kr_match(request, "{unregister, ~}", &name)) {
                take_out(names, find(names, name));
                kr_reply_to(from, "ok");
        } else if (kr_match(request, "{forget, ~, ~}", &name, &pid)) {
                e = find(names, name);
                if (e != NULL && kr_pid_eq(e->pid, pid))
                        take_out(names, e);
                kr_reply_to(from, "ok");
        } else if (kr_match(request, "names")) {
                list = all_names(names);
                kr_reply_to(from, "~", kr_is_none(list) ? kr_nil() : list);
                kr_release(list);
        }
}

static void take_name(void *unused)
{
        (void)unused;
        kr_register("global_name_server", kr_self());
}

enum { CALL, DOWN, OTHER };

static void serve(struct names *names)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term from_term, request;
        kr_class kind;
        kr_from from;
        kr_pid pid;

        if (!names->registered) {
                names->registered = kr_catch(take_name, NULL, &kind, &msg);
                kr_init_ack("ok"); /* or another was faster: it is there */
                if (!names->registered)
                        return;
        }
        for (;;) {
                switch (kr_receive_top(&msg, KR_INFINITY,
                                       kr_on(CALL, "{'$gen_call', ~, ~}", &from_term,
                                             &request),
                                       kr_on(DOWN, "{'DOWN', _, process, ~, _}", &pid),
                                       kr_on(OTHER, "_"))) {
                case CALL:
                        if (kr_get_from(from_term, &from))
                                answer(names, from, request);
                        break;
                case DOWN:
                        take_out(names, find_pid(names, pid));
                        break;
                }
        }
}

/* -- asking it -- */

static kr_server name_server(void)
{
        kr_pid pid = kr_whereis("global_name_server");
        struct names empty = { .size = 0 };

        while (kr_pid_is_none(pid)) {
                if (kr_proc_lib_start(NULL, serve, &empty).err != KR_OK &&
                    !kri_gen_is_thread())
                        kr_error("system_limit");
                pid = kr_whereis("global_name_server");
        }
        return kri_server_pid(pid);
}

static const kr_call_as gen_server_call = { "gen_server", "call" };

static bool ask_yes(kr_msg *slot)
{
        bool yes = kr_match(slot->term, "true");

        kr_msg_clear(slot);
        return yes;
}

/* As the server has it: the process may be dead. */
static kr_pid look_up(kr_term name)
{
        kr_pid pid = kr_pid_none();
        kr_msg slot = KR_MSG_INIT;

        (void)kr_call_for(&gen_server_call, name_server(), &slot, KR_INFINITY,
                          "{whereis, ~}", name);
        (void)kr_get_pid(slot.term, &pid);
        kr_msg_clear(&slot);
        return pid;
}

kr_pid kr_global_whereis_name(kr_term name)
{
        kr_msg slot = KR_MSG_INIT;
        kr_pid pid;

        if (kr_here() == NULL)
                return kr_pid_none();
        pid = look_up(name);
        if (kr_pid_is_none(pid) || kr_is_process_alive(pid))
                return pid;
        (void)kr_call_for(&gen_server_call, name_server(), &slot, KR_INFINITY,
                          "{forget, ~, ~}", name, pid);
        kr_msg_clear(&slot);
        return kr_pid_none();
}

bool kr_global_register_name(kr_term name, kr_pid pid)
{
        kr_msg slot = KR_MSG_INIT;

        if (kr_here() == NULL || !kr_is_process_alive(pid) ||
            !kr_pid_is_none(kr_global_whereis_name(name)))
                return false;
        (void)kr_call_for(&gen_server_call, name_server(), &slot, KR_INFINITY,
                          "{register, ~, ~}", name, pid);
        return ask_yes(&slot);
}

bool kr_global_re_register_name(kr_term name, kr_pid pid)
{
        kr_msg slot = KR_MSG_INIT;

        if (kr_here() == NULL)
                return false;
        (void)kr_call_for(&gen_server_call, name_server(), &slot, KR_INFINITY,
                          "{re_register, ~, ~}", name, pid);
        return ask_yes(&slot);
}

void kr_global_unregister_name(kr_term name)
{
        kr_msg slot = KR_MSG_INIT;

        if (kr_here() == NULL)
                return;
        (void)kr_call_for(&gen_server_call, name_server(), &slot, KR_INFINITY,
                          "{unregister, ~}", name);
        kr_msg_clear(&slot);
}

kr_term kr_global_registered_names(void)
{
        kr_msg slot = KR_MSG_INIT;
        kr_term names;

        if (kr_here() == NULL)
                return kr_none();
        (void)kr_call_for(&gen_server_call, name_server(), &slot, KR_INFINITY, "names");
        names = kr_keep(slot.term);
        kr_msg_clear(&slot);
        return names;
}

kr_pid kri_global_send(kr_term name, struct kri_site *site, const union kri_arg *args)
{
        kr_pid pid = kr_global_whereis_name(name);
        kr_term message;

        if (kr_here() == NULL)
                return pid;
        message = kri_build(site, args);
        if (!kr_pid_is_none(pid))
                (void)kr_send(pid, "~", message);
        else if (!kri_gen_is_thread())
                kr_exit("{badarg, {~, ~}}", name, message);
        kr_release(message);
        return pid;
}

/* global:send/2 exits when nobody is there; who casts does not care. */
static void send(kr_term name, kr_term message)
{
        kr_pid pid = kr_global_whereis_name(name);

        if (!kr_pid_is_none(pid))
                (void)kr_send(pid, "~", message);
}

const kr_via kr_via_global = { .name = "global",
                               .register_name = kr_global_register_name,
                               .unregister_name = kr_global_unregister_name,
                               .whereis_name = kr_global_whereis_name,
                               .send = send };
