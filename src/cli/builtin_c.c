/* SPDX-License-Identifier: Apache-2.0 */
/* builtin_c.c: module c: the commands of the shell that look at the node and load code. */
#include "builtin.h"

#include <krarup/code.h>
#include <krarup/io.h>
#include <krarup/text.h>

#include <stdio.h>
#include <string.h>

#include "compile.h"
#include "host.h"
#include "look.h"
#include "plat_file.h"
#include "tree.h"

#define PROCESSES_SHOWN 1000

/* -- help -- */

static kr_term do_help(kr_term args)
{
        (void)args;
        (void)kr_io_put(
                "An expression ends with a full stop, and may take several lines:\n"
                "\n"
                "    counter:tick(3).            call a function of a module\n"
                "    X = sys:get_state(counter). give a value a name\n"
                "    {ok, V} = {ok, 1}.          take a term apart\n"
                "    counter ! {tick, 3}.        send a message\n"
                "\n"
                "b()        all variables           f(), f(X)  forget all, or X\n"
                "v(N)       the value of query N    e(N)       run query N again\n"
                "h()        what was typed          h(M)       what module M has\n");
        for (size_t i = 0; i < c_module.export_count; i++)
                (void)kr_io_printf("%s%-*s %s\n", c_module.exports[i].name,
                                   (int)(10 - strlen(c_module.exports[i].name)),
                                   c_module.exports[i].arity == 0 ? "()" : "",
                                   c_module.exports[i].help);
        return kri_bool(true);
}

static kr_term do_h(kr_term args)
{
        kr_msg slot = KR_MSG_INIT;
        kr_term exports, help, text;
        kr_atom name;

        if (!kr_match(args, "{~}", &name))
                return kr_no_clause();
        (void)kr_code_ensure_loaded(kr_atom_text(name, NULL), NULL); /* else it is told */
        if (!kr_module_info(name, false, &slot) ||
            !kr_match(slot.term, "#{exports => ~, help => ~}", &exports, &help))
                return kr_build("{error, nofile}");
        for (; kr_is_cons(exports); exports = kr_tl(exports)) {
                kr_atom function = { 0 };
                kr_bytes words = { "", 0 };
                int arity = 0;

                if (!kr_match(kr_hd(exports), "{~, ~}", &function, &arity))
                        continue;
                if (kr_map_get(help, kr_hd(exports), &text))
                        (void)kr_get_bytes(text, &words);
                (void)kr_io_printf("%s/%d %.*s\n", kr_atom_text(function, NULL), arity,
                                   (int)words.len, (const char *)words.data);
        }
        kr_msg_clear(&slot);
        return kri_ok();
}

/* -- processes -- */

/* counter:init/1, run_logger/1 */
static void write_call(kr_term call, char *buf, size_t size)
{
        kr_atom module, function;
        kr_bytes name;
        int arity;

        if (kr_match(call, "{~, ~, ~}", &module, &function, &arity))
                (void)snprintf(buf, size, "%s:%s/%d", kr_atom_text(module, NULL),
                               kr_atom_text(function, NULL), arity);
        else if (kr_match(call, "{~, ~}", &name, &arity))
                (void)snprintf(buf, size, "%.*s/%d", (int)name.len,
                               (const char *)name.data, arity);
        else
                (void)kr_format(buf, size, call);
}

/* One line of i() and regs(). */
static void show_process(kr_pid pid)
{
        const kr_atom items[] = { KR_ATOM("registered_name"), KR_ATOM("initial_call"),
                                  KR_ATOM("memory"), KR_ATOM("reductions"),
                                  KR_ATOM("message_queue_len") };
        kr_msg slot = KR_MSG_INIT;
        char who[40], name[80], call[80];
        kr_term registered, initial, pid_term = kr_build("~", pid);
        uint64_t memory, reductions, messages;
        kr_err err = kri_look(pid, items, 5, &slot);

        (void)kr_format(who, sizeof(who), pid_term);
        kr_release(pid_term);
        if (err == KR_ETIMEDOUT)
                (void)kr_io_printf("%-14s (does not answer)\n", who);
        if (err == KR_OK &&
            kr_match(slot.term, "[{_, ~}, {_, ~}, {_, ~}, {_, ~}, {_, ~}]", &registered,
                     &initial, &memory, &reductions, &messages)) {
                (void)kr_format(name, sizeof(name), registered);
                write_call(initial, call, sizeof(call));
                (void)kr_io_printf("%-14s %-24.24s %-26.26s %9llu %10llu %5llu\n", who,
                                   kr_is_atom(registered) ? name : "", call,
                                   (unsigned long long)memory,
                                   (unsigned long long)reductions,
                                   (unsigned long long)messages);
        }
        kr_msg_clear(&slot);
}

static void show_head(void)
{
        (void)kr_io_printf("%-14s %-24s %-26s %9s %10s %5s\n", "Pid", "Name",
                           "Initial Call", "Memory", "Reds", "Msgs");
}

static kr_term do_i(kr_term args)
{
        kr_msg slot = KR_MSG_INIT;
        size_t count = 0;
        kr_pid pid;

        (void)args;
        kr_processes(&slot);
        show_head();
        for (kr_term l = slot.term; kr_is_cons(l); l = kr_tl(l)) {
                if (count++ < PROCESSES_SHOWN && kr_get_pid(kr_hd(l), &pid))
                        show_process(pid);
        }
        if (count > PROCESSES_SHOWN)
                (void)kr_io_printf("... and %zu more\n", count - PROCESSES_SHOWN);
        kr_msg_clear(&slot);
        return kri_ok();
}

static kr_term do_regs(kr_term args)
{
        kr_msg slot = KR_MSG_INIT;
        kr_atom name;
        kr_pid pid;

        (void)args;
        kr_registered(&slot);
        show_head();
        for (kr_term l = slot.term; kr_is_cons(l); l = kr_tl(l)) {
                if (!kr_get_atom(kr_hd(l), &name))
                        continue;
                pid = kr_whereis(name);
                if (!kr_pid_is_none(pid))
                        show_process(pid);
        }
        kr_msg_clear(&slot);
        return kri_ok();
}

static kr_term do_flush(kr_term args)
{
        kr_msg msg = KR_MSG_INIT;
        kr_buf text = KR_BUF_INIT;

        (void)args;
        while (kr_receive(&msg, 0, kr_on(0, "_")) == 0) {
                text.len = 0;
                if (kr_print_to(&text, msg.term, NULL) == KR_OK)
                        (void)kr_io_printf("Shell got %s\n", text.data);
        }
        kr_buf_free(&text);
        kr_msg_clear(&msg);
        return kri_ok();
}

static kr_term do_pid(kr_term args)
{
        char text[80];
        uint32_t a, b, c;
        kr_term pid;

        if (!kr_match(args, "{~, ~, ~}", &a, &b, &c))
                return kr_no_clause();
        (void)snprintf(text, sizeof(text), "<%u.%u.%u>", a, b, c);
        if (kr_parse(text, strlen(text), &(kr_parse_opts){ .pids = true }, &pid, NULL) !=
            KR_OK)
                return kr_no_clause();
        return pid;
}

static kr_term do_bt(kr_term args)
{
        const kr_atom item = KR_ATOM("backtrace");
        kr_msg slot = KR_MSG_INIT;
        kr_bytes text;
        kr_pid pid;

        if (!kr_match(args, "{~}", &pid))
                return kr_no_clause();
        if (kri_look(pid, &item, 1, &slot) != KR_OK)
                return kr_atom_term(KR_ATOM("undefined"));
        if (kr_match(slot.term, "[{backtrace, ~}]", &text))
                (void)kr_io_put_bytes(text.data, text.len);
        kr_msg_clear(&slot);
        return kri_ok();
}

static kr_term show_tree(kr_atom app)
{
        kr_buf text = KR_BUF_INIT;

        kri_tree(app, &text);
        (void)kr_io_put_bytes(text.data != NULL ? text.data : "", text.len);
        kr_buf_free(&text);
        return kri_ok();
}

static kr_term do_tree_0(kr_term args)
{
        (void)args;
        return show_tree((kr_atom){ 0 });
}

static kr_term do_tree_1(kr_term args)
{
        kr_atom app;

        if (!kr_match(args, "{~}", &app))
                return kr_no_clause();
        return show_tree(app);
}

/* -- the node -- */

static kr_term do_memory(kr_term args)
{
        kr_node_stats stats;

        (void)args;
        kr_node_stats_read(kr_here(), &stats);
        return kr_build("[{resident, ~}, {processes, ~}, {stacks, ~}]",
                        kri_resident_bytes(), stats.processes, stats.stacks);
}

static kr_term do_uptime(kr_term args)
{
        int64_t s = kri_host_uptime_ms() / 1000;

        (void)args;
        (void)kr_io_printf("%lld days, %lld hours, %lld minutes and %lld seconds\n",
                           (long long)(s / 86400), (long long)(s / 3600 % 24),
                           (long long)(s / 60 % 60), (long long)(s % 60));
        return kri_ok();
}

static kr_term do_q(kr_term args)
{
        (void)args;
        kri_host_stop(0);
        return kri_ok();
}

static kr_term do_pwd(kr_term args)
{
        char folder[KRI_PATH_MAX];

        (void)args;
        if (kri_folder_here(folder, sizeof(folder)))
                (void)kr_io_printf("%s\n", folder);
        return kri_ok();
}

static void show_name(void *arg, const char *name)
{
        (void)arg;
        (void)kr_io_printf("%s\n", name);
}

static kr_term do_ls(kr_term args)
{
        (void)args;
        (void)kri_folder_each(".", show_name, NULL); /* then there is nothing to see */
        return kri_ok();
}

/* -- code -- */

static kr_term do_m_0(kr_term args)
{
        kr_msg slot = KR_MSG_INIT;
        char file[500];
        kr_atom name;
        kr_term where;

        (void)args;
        kr_code_all_loaded(&slot);
        (void)kr_io_printf("%-20s %s\n", "Module", "File");
        for (kr_term l = slot.term; kr_is_cons(l); l = kr_tl(l)) {
                kr_bytes bytes;

                if (!kr_match(kr_hd(l), "{~, ~}", &name, &where))
                        continue;
                if (kr_get_bytes(where, &bytes))
                        (void)snprintf(file, sizeof(file), "%.*s", (int)bytes.len,
                                       (const char *)bytes.data);
                else
                        (void)kr_format(file, sizeof(file), where);
                (void)kr_io_printf("%-20s %s\n", kr_atom_text(name, NULL), file);
        }
        kr_msg_clear(&slot);
        return kri_ok();
}

static kr_term do_m_1(kr_term args)
{
        kr_msg slot = KR_MSG_INIT;
        kr_term key, value;
        char text[1000];
        kr_atom name;

        if (!kr_match(args, "{~}", &name))
                return kr_no_clause();
        if (!kr_module_info(name, false, &slot))
                return kr_build("{error, not_loaded}");
        for (size_t i = 0; kr_map_at(slot.term, i, &key, &value); i++) {
                kr_atom what;

                (void)kr_format(text, sizeof(text), value);
                if (kr_get_atom(key, &what))
                        (void)kr_io_printf("%-14s %s\n", kr_atom_text(what, NULL), text);
        }
        kr_msg_clear(&slot);
        return kri_ok();
}

/* {module, M}, or {error, Reason} after the words for people. */
static kr_term loaded(kr_err err, kr_msg *slot)
{
        kr_term reason, answer;
        const char *text;

        if (err != KR_OK && kr_match(slot->term, "{~, ~}", &reason, &text)) {
                (void)kr_io_printf("%s\n", text);
                answer = kr_build("{error, ~}", reason);
        } else {
                answer = err == KR_OK ? kr_keep(slot->term) : kri_builtin_result(err);
        }
        kr_msg_clear(slot);
        return answer;
}

/* As Erlang's: what ran the version before the present one is killed. */
static kr_term load_anew(const char *module)
{
        kr_msg slot = KR_MSG_INIT;

        (void)kr_code_purge(module, NULL);
        return loaded(kr_code_load_file(module, &slot), &slot);
}

static kr_term do_l(kr_term args)
{
        kr_atom name;

        if (!kr_match(args, "{~}", &name))
                return kr_no_clause();
        return load_anew(kr_atom_text(name, NULL));
}

static kr_term do_c(kr_term args)
{
        kr_buf said = KR_BUF_INIT;
        kr_atom name;
        bool built;

        if (!kr_match(args, "{~}", &name))
                return kr_no_clause();
        built = kri_compile(kr_atom_text(name, NULL), &said);
        if (said.len > 0)
                (void)kr_io_put_bytes(said.data, said.len);
        kr_buf_free(&said);
        return built ? load_anew(kr_atom_text(name, NULL))
                     : kr_atom_term(KR_ATOM("error"));
}

/* The modules whose file holds something else than what is loaded. */
static kr_term modified(void)
{
        kr_msg slot = KR_MSG_INIT;
        kr_builder b = KR_BUILDER_INIT;
        kr_atom name;

        kr_modules(&slot);
        for (kr_term l = slot.term; kr_is_cons(l); l = kr_tl(l)) {
                if (kr_get_atom(kr_hd(l), &name) &&
                    kr_code_module_status(kr_atom_text(name, NULL)) == KR_CODE_MODIFIED)
                        kr_add_atom(&b, name);
        }
        kr_msg_clear(&slot);
        return kr_build_list(&b);
}

static kr_term do_mm(kr_term args)
{
        (void)args;
        return modified();
}

static kr_term do_lm(kr_term args)
{
        kr_term list = modified();
        kr_builder b = KR_BUILDER_INIT;
        kr_atom name;

        (void)args;
        for (kr_term l = list; kr_is_cons(l); l = kr_tl(l)) {
                kr_term one = kr_get_atom(kr_hd(l), &name)
                                      ? load_anew(kr_atom_text(name, NULL))
                                      : kr_nil();

                kr_add_term(&b, one);
                kr_release(one);
        }
        kr_release(list);
        return kr_build_list(&b);
}

static const kr_export exports[] = {
        { "help", 0, do_help, "this" },
        { "h", 1, do_h, "(Module) what it exports" },
        { "i", 0, do_i, "all processes" },
        { "regs", 0, do_regs, "those with a name" },
        { "tree", 0, do_tree_0, "who supervises whom" },
        { "tree", 1, do_tree_1, "(App)" },
        { "flush", 0, do_flush, "show the messages that wait for the shell" },
        { "pid", 3, do_pid, "(X, Y, Z) <X.Y.Z>" },
        { "bt", 1, do_bt, "(Pid) where a process is" },
        { "m", 0, do_m_0, "loaded modules" },
        { "m", 1, do_m_1, "(Module) what is known of it" },
        { "c", 1, do_c, "(Module) compile and load" },
        { "l", 1, do_l, "(Module) load anew" },
        { "mm", 0, do_mm, "modules whose file has changed" },
        { "lm", 0, do_lm, "load those" },
        { "memory", 0, do_memory, "bytes that are resident" },
        { "uptime", 0, do_uptime, "since the node started" },
        { "pwd", 0, do_pwd, "the folder" },
        { "ls", 0, do_ls, "what is in it" },
        { "q", 0, do_q, "stop the node" },
};

KR_MODULE(c, .version = KR_VERSION, KR_EXPORTS(exports));
