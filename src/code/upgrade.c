/* SPDX-License-Identifier: Apache-2.0 */
/* upgrade.c: the steps of an upgrade, and the way back. */
#include "upgrade.h"

#include <krarup/registry.h>

#include <stdio.h>
#include <string.h>

#include "core/module.h"
#include "core/node.h"

#define DEFAULT_MS 5000
#define NAME "krarup_upgrade"
#define ROUNDS_MAX 3
#define TRIES 5

/* -- what goes wrong -- */

void kri_upgrade_fail(struct kri_upgrade *u, kr_term why)
{
        if (!u->failed)
                (void)kr_format(u->report.reason, sizeof(u->report.reason), why);
        u->failed = true;
        kr_release(why);
}

static void fail_text(struct kri_upgrade *u, const char *text)
{
        kri_upgrade_fail(u, kr_atom_term(kri_atom_of(text)));
}

/* -- asking the code server -- */

/* True: it did. Otherwise the upgrade has failed for the reason that it gives; *ret (may be
 * NULL) is a number that it has answered with. */
static bool code_server(struct kri_upgrade *u, const char *request, uint64_t *ret)
{
        kr_msg answer = KR_MSG_INIT;
        kr_term what = kr_none(), said;
        bool done = false;
        uint64_t number;

        if (strcmp(request, "prepare") == 0)
                what = kr_call_timeout("code_server", &answer, KR_INFINITY,
                                       "{prepare, ~, ~}", (const char *)u->order.module,
                                       (const char *)u->order.file);
        else
                what = kr_call_timeout("code_server", &answer, KR_INFINITY, "{~, ~}",
                                       kri_atom_of(request),
                                       (const char *)u->order.module);
        if (kr_match(what, "{ok, ~}", &number)) {
                done = true;
                if (ret != NULL)
                        *ret = number;
        } else if (kr_match(what, "{error, ~}", &said)) {
                kri_upgrade_fail(u, kr_keep(said));
        } else {
                fail_text(u, "code_server");
        }
        kr_msg_clear(&answer);
        return done;
}

/* -- step 1: the new version, which nobody can reach yet -- */

/* Only that who waits for the upgrade has mere pointers on its stack, which may be left of calls
 * that are over: a purge kills nobody for those. */
static bool are_leftovers(kr_term holders, kr_pid asker)
{
        kr_term list;

        if (!kr_match(holders, "[{=, ~}]", asker, &list))
                return false;
        for (; kr_is_cons(list); list = kr_tl(list))
                if (!kr_match(kr_hd(list), "{pointer, _}"))
                        return false;
        return true;
}

/* Before anything else of the upgrade is on the stack: it would look as if it held what is to go.
 * Gives a new term: who holds it; none: it is gone. */
static __attribute__((noinline)) kr_term purge_old(const struct kri_upgrade_order *order)
{
        kr_msg holders = KR_MSG_INIT;
        kr_term left = kr_none();

        if (order->back)
                return left;
        if (order->opts.kill_old)
                (void)kr_code_purge(order->module, NULL);
        if (!kr_code_soft_purge(order->module, &holders)) {
                if (are_leftovers(holders.term, order->asker))
                        (void)kr_code_purge(order->module, NULL);
                if (kr_code_check_old(order->module))
                        left = kr_keep(kr_is_none(holders.term) ? kr_nil()
                                                                : holders.term);
        }
        kr_msg_clear(&holders);
        return left;
}

static struct kri_module_name *name_of(const struct kri_upgrade *u)
{
        return kri_module_named(kr_here(), kri_atom_of(u->order.module).index);
}

static void set_version(char *text, size_t size, const struct kri_version *v)
{
        (void)snprintf(text, size, "%s", kr_atom_text((kr_atom){ v->version }, NULL));
}

static bool prepare(struct kri_upgrade *u)
{
        struct kri_module_name *name = name_of(u);
        uint64_t place = 0;

        u->before = name != NULL ? atomic_load(&name->current) : NULL;
        if (u->before == NULL) {
                fail_text(u, "not_loaded");
                return false;
        }
        if (u->order.back) {
                u->next = atomic_load(&name->old);
        } else {
                if (!code_server(u, "prepare", &place))
                        return false;
                u->next = (struct kri_version *)(uintptr_t)place;
        }
        if (u->next == NULL) {
                fail_text(u, "no_old_version");
                return false;
        }
        set_version(u->report.from, sizeof(u->report.from), u->before);
        set_version(u->report.to, sizeof(u->report.to), u->next);
        return true;
}

/* Nobody has reached it: it goes. */
static void give_up_prepared(struct kri_upgrade *u)
{
        if (u->next != NULL && !u->order.back)
                (void)code_server(u, "discard", NULL);
}

/* -- step 3: everybody goes over -- */

static void watch(struct kri_upgrade *u, bool on)
{
        u->watched = on;
        (void)kri_moving_watch(kr_here(), kri_atom_of(u->order.module),
                               on ? kr_self() : kr_pid_none(), u->ref);
}

static bool publish(struct kri_upgrade *u)
{
        return code_server(u, u->order.back ? "swap" : "publish", NULL);
}

/* What came of the step for each. */
static void count_over(struct kri_upgrade *u)
{
        for (uint32_t i = 0; i < u->count; i++) {
                const struct kri_target *t = &u->targets[i];

                u->report.processes++;
                if (t->is_gone)
                        u->report.gone++;
                else if (t->is_late || t->moved == KRI_MOVED_REFUSED)
                        u->report.refused++;
                else if (!t->has_moved)
                        u->report.untried++;
                else if (t->moved == KRI_MOVED_CONVERTED)
                        u->report.converted++;
                else
                        u->report.moved++;
        }
}

static bool keeps_old_states(const struct kri_upgrade *u)
{
        return u->report.converted != 0;
}

static void move_rolling(struct kri_upgrade *u)
{
        if (!publish(u))
                return;
        /* those that were born meanwhile, of what was known before, are found the next time */
        for (int rounds = 0; rounds < ROUNDS_MAX && !u->failed; rounds++)
                if (kri_upgrade_walk_all(u, true, KRI_MOVE_OVER, count_over) == 0)
                        return;
}

/* All stand still before the first changes. Those that were born while the others were being
 * stopped change as they are found. */
static void move_at_once(struct kri_upgrade *u)
{
        (void)kri_upgrade_walk_all(u, false, KRI_MOVE_HOLD, NULL);
        if (!u->failed)
                move_rolling(u);
}

static void release_held(struct kri_upgrade *u, bool old)
{
        if (u->order.opts.mode == KR_UPGRADE_AT_ONCE)
                (void)kri_upgrade_walk_all(u, old, KRI_MOVE_ON, NULL);
}

/* -- back -- */

/* Without room it may be counted twice. */
static void note_lost(struct kri_upgrade *u, kr_pid pid)
{
        uint32_t room = u->lost_room != 0 ? u->lost_room * 2 : 16;
        kr_pid *lost;

        if (u->lost_count == u->lost_room) {
                lost = kr_realloc(u->lost, room * sizeof(*lost));
                if (lost == NULL)
                        return;
                u->lost = lost;
                u->lost_room = room;
        }
        u->lost[u->lost_count++] = pid;
}

/* It is about to end, or has not answered: until then it is found again, in the order in which it
 * was found before. */
static bool is_counted(struct kri_upgrade *u, kr_pid pid)
{
        for (uint32_t i = 0; i < u->lost_count; i++) {
                uint32_t at = (u->lost_at + i) % u->lost_count;

                if (kr_pid_eq(u->lost[at], pid)) {
                        u->lost_at = at + 1;
                        return true;
                }
        }
        return false;
}

static void count_back(struct kri_upgrade *u)
{
        uint32_t before = u->lost_count;

        for (uint32_t i = 0; i < u->count; i++) {
                const struct kri_target *t = &u->targets[i];

                if (before != 0 && is_counted(u, t->pid))
                        continue;
                if (t->is_late || t->moved == KRI_MOVED_LOST)
                        note_lost(u, t->pid);
                if (t->is_gone || t->is_late || t->moved == KRI_MOVED_LOST)
                        u->report.lost++;
                else if (t->moved == KRI_MOVED_CONVERTED)
                        u->report.converted_back++;
                else
                        u->report.restored++;
        }
}

/* Whoever runs the version that has failed; it is old now. Then it goes. */
static void all_back(struct kri_upgrade *u)
{
        bool failed = u->failed;

        for (int rounds = 0; rounds < ROUNDS_MAX; rounds++)
                if (kri_upgrade_walk_all(u, true, KRI_MOVE_BACK, count_back) == 0)
                        break;
        u->failed = failed;
        kr_free(u->lost);
        u->lost = NULL;
        u->lost_count = u->lost_room = 0;
}

static void roll_back(struct kri_upgrade *u)
{
        watch(u, false);
        if (!code_server(u, "swap", NULL))
                return;
        all_back(u);
        release_held(u, false);
        u->report.outcome = KR_UPGRADE_ROLLED_BACK;
        if (!u->order.back)
                (void)kr_code_soft_purge(u->order.module, NULL);
}

/* -- for good -- */

static void keep(struct kri_upgrade *u)
{
        watch(u, false);
        u->report.outcome = KR_UPGRADE_DONE;
        if (keeps_old_states(u))
                (void)kri_upgrade_walk_all(u, false, KRI_MOVE_KEEP, NULL);
}

/* -- all of it -- */

static void change_all(struct kri_upgrade *u)
{
        int64_t began_ns = kr_monotonic_ns(NULL);

        watch(u, true);
        if (u->order.opts.mode == KR_UPGRADE_AT_ONCE)
                move_at_once(u);
        else
                move_rolling(u);
        if (!u->failed)
                release_held(u, false);
        u->report.moving_ns = kr_monotonic_ns(NULL) - began_ns;
}

static bool is_current(const struct kri_upgrade *u)
{
        return atomic_load(&name_of(u)->current) == u->next;
}

static void upgrade(struct kri_upgrade *u)
{
        int64_t began_ns = kr_monotonic_ns(NULL);

        if (u->failed || !prepare(u))
                return;
        kri_upgrade_try(u);
        u->report.loading_ns = kr_monotonic_ns(NULL) - began_ns;
        if (!u->failed)
                change_all(u);
        if (!u->failed && u->order.opts.trial_ms > 0)
                kri_upgrade_watch(u, u->order.opts.trial_ms);
        if (!u->failed && kri_upgrade_check(u))
                kri_upgrade_watch(u, 0); /* what has happened meanwhile */
        if (!u->failed) {
                keep(u);
        } else if (is_current(u)) {
                roll_back(u);
        } else {
                watch(u, false);
                release_held(u, false);
                give_up_prepared(u);
        }
        u->report.took_ns = kr_monotonic_ns(NULL) - began_ns;
}

/* -- the process -- */

static void answer(const struct kri_upgrade *u)
{
        kr_term bytes = kr_binary(&u->report, sizeof(u->report));

        kr_send(u->order.asker, "{~, ~}", u->order.ref, bytes);
        kr_release(bytes);
}

/* The stack was another's, an upgrade's perhaps, whose pointers into the version before would look
 * in the gaps of our frames as if they were ours. */
static __attribute__((noinline)) void wipe_stack(void)
{
        volatile char below[16384];

        for (size_t i = 0; i < sizeof(below); i++)
                below[i] = 0;
}

static __attribute__((noinline)) void do_it(const struct kri_upgrade_order *order,
                                            kr_term holders)
{
        struct kri_upgrade *u = kr_calloc(1, sizeof(*u));
        enum { EXTRA };
        kr_msg msg = KR_MSG_INIT;
        kr_term extra;

        if (u == NULL)
                kr_exit("enomem");
        u->targets = kr_calloc(KRI_TARGETS_MAX, sizeof(*u->targets));
        if (u->targets == NULL)
                kr_exit("enomem");
        u->order = *order;
        u->ref = kr_make_ref();
        memcpy(u->report.module, order->module, sizeof(u->report.module));
        (void)kr_receive(&msg, KR_INFINITY,
                         kr_on(EXTRA, "{extra, =, ~}", order->ref, &extra));
        u->extra = kr_keep(extra);
        kr_msg_clear(&msg);
        kr_trap_exit(true);
        if (!kr_is_none(holders))
                kri_upgrade_fail(u, kr_build("{not_purged, ~}", holders));
        upgrade(u);
        answer(u);
}

static void run(const struct kri_upgrade_order *order)
{
        kr_term holders;

        wipe_stack();
        kr_register(KR_ATOM(NAME), kr_self()); /* taken: ends with badarg */
        holders = purge_old(order);
        do_it(order, holders);
}

/* -- the caller -- */

static const char *bad_option(const char *module, const char *file,
                              const kr_upgrade_opts *opts)
{
        if (module == NULL || strlen(module) >= 256 || kri_atom_of(module).index == 0)
                return "module";
        if (file == NULL || strlen(file) >= 4096)
                return "file";
        if (opts->mode != KR_UPGRADE_ROLLING && opts->mode != KR_UPGRADE_AT_ONCE)
                return "mode";
        if (opts->change_timeout_ms < KR_INFINITY || opts->check_timeout_ms < KR_INFINITY)
                return "timeout_ms";
        if (opts->trial_ms < 0)
                return "trial_ms";
        if (opts->check_export != NULL && (strlen(opts->check_export) >= 512 ||
                                           strchr(opts->check_export, ':') == NULL))
                return "check_export";
        return NULL;
}

static void fill_order(struct kri_upgrade_order *order, const char *module,
                       const char *file, const kr_upgrade_opts *opts)
{
        (void)snprintf(order->module, sizeof(order->module), "%s", module);
        (void)snprintf(order->file, sizeof(order->file), "%s", file);
        if (opts->check_export != NULL)
                (void)snprintf(order->check_export, sizeof(order->check_export), "%s",
                               opts->check_export);
        order->asker = kr_self();
        order->ref = kr_make_ref();
        order->opts = *opts;
        order->opts.extra = order->opts.check_export = NULL;
        if (opts->change_timeout_ms == 0)
                order->opts.change_timeout_ms = DEFAULT_MS;
        if (opts->check_timeout_ms == 0)
                order->opts.check_timeout_ms = DEFAULT_MS;
}

/* The upgrade's word, or its end without one. */
static kr_err await(const struct kri_upgrade_order *order, kr_ref monitor,
                    kr_upgrade_report *ret)
{
        enum { WORD, DOWN };
        kr_msg msg = KR_MSG_INIT;
        kr_bytes bytes = { NULL, 0 };
        kr_term why = kr_none();
        kr_err err = KR_EFAILED;

        if (kr_receive(&msg, KR_INFINITY, kr_on(WORD, "{=, ~}", order->ref, &bytes),
                       kr_on(DOWN, "{'DOWN', =, _, _, ~}", monitor, &why)) == WORD &&
            bytes.len == sizeof(*ret)) {
                memcpy(ret, bytes.data, sizeof(*ret));
                /* it may hold pointers as long as it lives, and its name */
                (void)kr_receive(&msg, KR_INFINITY,
                                 kr_on(DOWN, "{'DOWN', =, _, _, _}", monitor));
                err = ret->outcome == KR_UPGRADE_DONE ? KR_OK : KR_EFAILED;
        } else if (kr_match(why, "{{badarg, _}, _}")) {
                err = KR_EALREADY;
        } else {
                (void)kr_format(ret->reason, sizeof(ret->reason), why);
        }
        (void)kr_demonitor(monitor, &(kr_demonitor_opts){ .flush = true });
        kr_msg_clear(&msg);
        return err;
}

/* A register that somebody else has left may look as if the upgrade itself held the old version: it
 * is not so, and another process will not have it. */
static bool holds_itself(const kr_upgrade_report *report, kr_pid pid)
{
        kr_term term = kr_build("~", pid);
        char text[64];

        (void)kr_format(text, sizeof(text), term);
        kr_release(term);
        return report->outcome == KR_UPGRADE_REFUSED &&
               strncmp(report->reason, "{not_purged,", 12) == 0 &&
               strstr(report->reason, text) != NULL;
}

static kr_err start(const struct kri_upgrade_order *order, kr_term extra,
                    kr_upgrade_report *ret)
{
        kr_err err = KR_EALREADY;
        bool again = true;

        for (int tries = 0; tries < TRIES && again; tries++) {
                kr_ref monitor;
                kr_pid pid;

                if (!kr_pid_is_none(kr_whereis(NAME)))
                        return KR_EALREADY;
                memset(ret, 0, sizeof(*ret));
                pid = kr_spawn_monitor(&monitor, run, order);
                kr_send(pid, "{extra, ~, ~}", order->ref, extra);
                err = await(order, monitor, ret);
                again = err == KR_EFAILED && holds_itself(ret, pid);
        }
        return err;
}

static kr_err check_module(const char *module, bool back)
{
        if (kr_module_find(module) == NULL)
                return KR_ENOPROC;
        return back && !kr_code_check_old(module) ? KR_ESTATE : KR_OK;
}

static kr_err upgrade_or_back(const char *module, const char *file, bool back,
                              const kr_upgrade_opts *opts, kr_upgrade_report *ret)
{
        static const kr_upgrade_opts none;
        struct kri_upgrade_order order = { .back = back };
        kr_upgrade_report report;
        kr_term extra = kr_nil();
        kr_err err;

        memset(ret != NULL ? ret : &report, 0, sizeof(report));
        if (opts == NULL)
                opts = &none;
        if (kr_here() == NULL || bad_option(module, file, opts) != NULL)
                return KR_EBADARG;
        if (opts->extra != NULL &&
            kr_parse(opts->extra, strlen(opts->extra), NULL, &extra, NULL) != KR_OK)
                return KR_EBADARG;
        err = check_module(module, back);
        if (err == KR_OK) {
                fill_order(&order, module, file, opts);
                order.opts.may_lose |= back;
                err = start(&order, extra, ret != NULL ? ret : &report);
        }
        kr_release(extra);
        return err;
}

kr_err kr_upgrade(const char *module, const char *file, const kr_upgrade_opts *opts,
                  kr_upgrade_report *ret)
{
        return upgrade_or_back(module, file, false, opts, ret);
}

kr_err kr_rollback(const char *module, const kr_upgrade_opts *opts,
                   kr_upgrade_report *ret)
{
        return upgrade_or_back(module, "", true, opts, ret);
}

/* -- the report -- */

static const char *const outcomes[] = { "refused", "done", "rolled_back" };
static const char *const trials[] = { "not_needed", "not_wanted", "not_possible",
                                      "passed", "failed" };

static void add_number(kr_builder *b, const char *key, int64_t number)
{
        kr_add_atom(b, kri_atom_of(key));
        kr_add_int64(b, number);
}

static void add_text(kr_builder *b, const char *key, const char *text)
{
        kr_add_atom(b, kri_atom_of(key));
        kr_add_binary(b, text, strlen(text));
}

static void add_atom(kr_builder *b, const char *key, const char *atom)
{
        kr_add_atom(b, kri_atom_of(key));
        kr_add_atom(b, kri_atom_of(atom));
}

kr_term kr_upgrade_report_term(const kr_upgrade_report *r)
{
        kr_builder b = KR_BUILDER_INIT;

        add_atom(&b, "outcome", outcomes[r->outcome]);
        add_atom(&b, "trial", trials[r->trial]);
        add_text(&b, "module", r->module);
        add_text(&b, "from", r->from);
        add_text(&b, "to", r->to);
        add_number(&b, "processes", r->processes);
        add_number(&b, "moved", r->moved);
        add_number(&b, "converted", r->converted);
        add_number(&b, "refused", r->refused);
        add_number(&b, "gone", r->gone);
        add_number(&b, "untried", r->untried);
        add_number(&b, "crashed", r->crashed);
        add_number(&b, "restored", r->restored);
        add_number(&b, "converted_back", r->converted_back);
        add_number(&b, "lost", r->lost);
        add_number(&b, "took_ns", r->took_ns);
        add_number(&b, "loading_ns", r->loading_ns);
        add_number(&b, "moving_ns", r->moving_ns);
        add_number(&b, "longest_pause_ns", r->longest_pause_ns);
        add_text(&b, "reason", r->reason);
        return kr_build_map(&b);
}
