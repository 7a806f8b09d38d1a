/* SPDX-License-Identifier: Apache-2.0 */
/* builtin_erlang.c: module erlang, as far as one types it into a shell. */
#include "builtin.h"

#include <krarup/code.h>
#include <krarup/etf.h>
#include <krarup/text.h>
#include <krarup/timer.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"

#define BADARG(function) kri_builtin_badarg("erlang", function, args)

/* -- processes -- */

static kr_term do_self(kr_term args)
{
        (void)args;
        return kr_build("~", kr_self());
}

static kr_term do_node(kr_term args)
{
        (void)args;
        return kr_atom_term(kr_node_name(kr_here()));
}

static kr_term do_processes(kr_term args)
{
        kr_msg slot = KR_MSG_INIT;

        (void)args;
        kr_processes(&slot);
        return kri_builtin_taken(&slot);
}

static kr_term do_is_process_alive(kr_term args)
{
        kr_pid pid;

        if (!kr_match(args, "{~}", &pid))
                BADARG("is_process_alive");
        return kri_bool(kr_is_process_alive(pid));
}

static kr_term do_process_info_1(kr_term args)
{
        kr_msg slot = KR_MSG_INIT;
        kr_pid pid;

        if (!kr_match(args, "{~}", &pid))
                BADARG("process_info");
        if (!kr_process_info_list(pid, NULL, 0, &slot))
                return kr_atom_term(KR_ATOM("undefined"));
        return kri_builtin_taken(&slot);
}

static kr_term do_process_info_2(kr_term args)
{
        kr_msg slot = KR_MSG_INIT;
        kr_atom item, items[32];
        kr_term list = kr_nil();
        size_t count = 0;
        bool alive;
        kr_pid pid;

        if (kr_match(args, "{~, ~}", &pid, &item)) {
                alive = kr_process_info(pid, item, &slot);
        } else if (kr_match(args, "{~, ~}", &pid, &list) && kr_is_list(list)) {
                for (; kr_is_cons(list); list = kr_tl(list)) {
                        if (count == 32 || !kr_get_atom(kr_hd(list), &items[count++]))
                                BADARG("process_info");
                }
                alive = count == 0 ? kr_is_process_alive(pid)
                                   : kr_process_info_list(pid, items, count, &slot);
                if (count == 0 && alive)
                        return kr_nil();
        } else {
                BADARG("process_info");
        }
        return alive ? kri_builtin_taken(&slot) : kr_atom_term(KR_ATOM("undefined"));
}

static kr_term spawn_with(const kr_spawn_opts *opts, const char *name, kr_term args)
{
        kr_atom module, function;
        kr_term list;
        size_t len;

        if (!kr_match(args, "{~, ~, ~}", &module, &function, &list) ||
            !kr_length(list, &len))
                BADARG(name);
        return kr_build("~", kr_spawn_apply_term(opts, module, function, list));
}

static kr_term do_spawn(kr_term args)
{
        return spawn_with(NULL, "spawn", args);
}

static kr_term do_spawn_link(kr_term args)
{
        return spawn_with(&(kr_spawn_opts){ .link = true }, "spawn_link", args);
}

static kr_term do_spawn_monitor(kr_term args)
{
        kr_ref ref = kr_ref_none();
        kr_term pid = spawn_with(&(kr_spawn_opts){ .monitor = true, .ret_monitor = &ref },
                                 "spawn_monitor", args);
        kr_term both = kr_build("{~, ~}", pid, ref);

        kr_release(pid);
        return both;
}

static kr_term do_apply(kr_term args)
{
        kr_atom module, function;
        kr_term list;
        size_t len;

        if (!kr_match(args, "{~, ~, ~}", &module, &function, &list) ||
            !kr_length(list, &len))
                BADARG("apply");
        return kr_apply_term(module, function, list);
}

static kr_term do_exit_1(kr_term args)
{
        kr_exit("~", kr_element(1, args));
}

static kr_term do_exit_2(kr_term args)
{
        kr_term reason;
        kr_pid pid;

        if (!kr_match(args, "{~, ~}", &pid, &reason))
                BADARG("exit");
        kr_exit_signal(pid, "~", reason);
        return kri_bool(true);
}

static kr_term do_error(kr_term args)
{
        kr_raise_given(KR_CLASS_ERROR, kr_build("{~, []}", kr_element(1, args)));
}

static kr_term do_throw(kr_term args)
{
        kr_throw("~", kr_element(1, args));
}

static kr_term do_link(kr_term args)
{
        kr_pid pid;

        if (!kr_match(args, "{~}", &pid))
                BADARG("link");
        kr_link(pid);
        return kri_bool(true);
}

static kr_term do_unlink(kr_term args)
{
        kr_pid pid;

        if (!kr_match(args, "{~}", &pid))
                BADARG("unlink");
        kr_unlink(pid);
        return kri_bool(true);
}

static kr_term do_monitor(kr_term args)
{
        kr_atom name;
        kr_pid pid;

        if (kr_match(args, "{process, ~}", &pid))
                return kr_build("~", kr_monitor(pid));
        if (kr_match(args, "{process, ~}", &name))
                return kr_build("~", kr_monitor(name));
        BADARG("monitor");
}

static kr_term do_demonitor(kr_term args)
{
        kr_ref ref;

        if (!kr_match(args, "{~}", &ref))
                BADARG("demonitor");
        (void)kr_demonitor(ref, NULL);
        return kri_bool(true);
}

static kr_term do_trap_exit(kr_term args)
{
        bool on;

        if (!kr_match(args, "{trap_exit, ~}", &on))
                BADARG("process_flag");
        return kri_bool(kr_trap_exit(on));
}

static kr_term do_suspend(kr_term args)
{
        kr_pid pid;

        if (!kr_match(args, "{~}", &pid) || !kr_suspend_process(pid))
                BADARG("suspend_process");
        return kri_bool(true);
}

static kr_term do_resume(kr_term args)
{
        kr_pid pid;

        if (!kr_match(args, "{~}", &pid))
                BADARG("resume_process");
        kr_resume_process(pid);
        return kri_bool(true);
}

static kr_term do_group_leader(kr_term args)
{
        (void)args;
        return kr_build("~", kr_group_leader());
}

static kr_term do_put(kr_term args)
{
        kr_term old = kr_keep(kr_get(kr_element(1, args)));

        kr_put(kr_element(1, args), kr_element(2, args));
        return kr_is_none(old) ? kr_atom_term(KR_ATOM("undefined")) : old;
}

static kr_term do_get(kr_term args)
{
        kr_term value = kr_get(kr_element(1, args));

        return kr_is_none(value) ? kr_atom_term(KR_ATOM("undefined")) : kr_keep(value);
}

static kr_term do_erase(kr_term args)
{
        kr_term old = do_get(args);

        kr_erase(kr_element(1, args));
        return old;
}

/* -- names -- */

static kr_term do_whereis(kr_term args)
{
        kr_atom name;
        kr_pid pid;

        if (!kr_match(args, "{~}", &name))
                BADARG("whereis");
        pid = kr_whereis(name);
        return kr_pid_is_none(pid) ? kr_atom_term(KR_ATOM("undefined"))
                                   : kr_build("~", pid);
}

static kr_term do_registered(kr_term args)
{
        kr_msg slot = KR_MSG_INIT;

        (void)args;
        kr_registered(&slot);
        return kri_builtin_taken(&slot);
}

static kr_term do_register(kr_term args)
{
        kr_atom name;
        kr_pid pid;

        if (!kr_match(args, "{~, ~}", &name, &pid))
                BADARG("register");
        kr_register(name, pid);
        return kri_bool(true);
}

static kr_term do_unregister(kr_term args)
{
        kr_atom name;

        if (!kr_match(args, "{~}", &name) || kr_pid_is_none(kr_whereis(name)))
                BADARG("unregister");
        kr_unregister(name);
        return kri_bool(true);
}

/* -- messages, time -- */

static kr_term do_send(kr_term args)
{
        kr_term to = kr_element(1, args), message = kr_element(2, args);
        kr_atom name;
        kr_pid pid;
        kr_ref alias;

        if (kr_get_pid(to, &pid))
                (void)kr_send(pid, "~", message); /* a full mailbox is its owner's wish */
        else if (kr_get_ref(to, &alias))
                (void)kr_send(alias, "~", message);
        else if (kr_get_atom(to, &name) && !kr_pid_is_none(kr_whereis(name)))
                (void)kr_send(name, "~", message);
        else
                BADARG("send");
        return kr_keep(message);
}

static kr_term do_send_after(kr_term args)
{
        kr_term message;
        int64_t time_ms;
        kr_atom name;
        kr_pid pid;

        if (kr_match(args, "{~, ~, ~}", &time_ms, &pid, &message) && time_ms >= 0)
                return kr_build("~", kr_send_after(time_ms, pid, "~", message));
        if (kr_match(args, "{~, ~, ~}", &time_ms, &name, &message) && time_ms >= 0)
                return kr_build("~", kr_send_after(time_ms, name, "~", message));
        BADARG("send_after");
}

static kr_term do_cancel_timer(kr_term args)
{
        int64_t left;
        kr_ref ref;

        if (!kr_match(args, "{~}", &ref))
                BADARG("cancel_timer");
        left = kr_cancel_timer(ref);
        return left < 0 ? kri_bool(false) : kr_build("~", left);
}

static kr_term do_make_ref(kr_term args)
{
        (void)args;
        return kr_build("~", kr_make_ref());
}

static kr_term do_monotonic_time(kr_term args)
{
        (void)args;
        return kr_build("~", kr_monotonic_ns(NULL));
}

static kr_term do_system_time(kr_term args)
{
        (void)args;
        return kr_build("~", kr_system_time_ns(NULL));
}

/* -- terms -- */

static kr_term do_element(kr_term args)
{
        kr_term tuple;
        int64_t n;

        if (!kr_match(args, "{~, ~}", &n, &tuple) || !kr_is_tuple(tuple) || n < 1 ||
            (uint64_t)n > kr_tuple_size(tuple))
                BADARG("element");
        return kr_keep(kr_element((size_t)n, tuple));
}

static kr_term do_hd(kr_term args)
{
        if (!kr_is_cons(kr_element(1, args)))
                BADARG("hd");
        return kr_keep(kr_hd(kr_element(1, args)));
}

static kr_term do_tl(kr_term args)
{
        if (!kr_is_cons(kr_element(1, args)))
                BADARG("tl");
        return kr_keep(kr_tl(kr_element(1, args)));
}

static kr_term do_length(kr_term args)
{
        size_t len;

        if (!kr_length(kr_element(1, args), &len))
                BADARG("length");
        return kr_build("~", len);
}

static kr_term do_tuple_size(kr_term args)
{
        if (!kr_is_tuple(kr_element(1, args)))
                BADARG("tuple_size");
        return kr_build("~", kr_tuple_size(kr_element(1, args)));
}

static kr_term do_map_size(kr_term args)
{
        if (!kr_is_map(kr_element(1, args)))
                BADARG("map_size");
        return kr_build("~", kr_map_size(kr_element(1, args)));
}

static kr_term do_byte_size(kr_term args)
{
        const void *data;
        uint64_t bits;

        if (!kr_get_bits(kr_element(1, args), &data, &bits))
                BADARG("byte_size");
        return kr_build("~", (bits + 7) / 8);
}

static kr_term do_abs(kr_term args)
{
        int64_t n;
        double d;

        if (kr_match(args, "{~}", &d))
                return kr_build("~", fabs(d));
        if (!kr_match(args, "{~}", &n) || n == INT64_MIN)
                BADARG("abs");
        return kr_build("~", n < 0 ? -n : n);
}

static kr_term do_max(kr_term args)
{
        kr_term a = kr_element(1, args), b = kr_element(2, args);

        return kr_keep(kr_compare(a, b) >= 0 ? a : b);
}

static kr_term do_min(kr_term args)
{
        kr_term a = kr_element(1, args), b = kr_element(2, args);

        return kr_keep(kr_compare(a, b) <= 0 ? a : b);
}

static kr_term rounded(kr_term args, const char *name, double (*by)(double))
{
        double d;

        if (kr_is_integer(kr_element(1, args)))
                return kr_keep(kr_element(1, args));
        if (!kr_match(args, "{~}", &d) || fabs(d) >= 0x1p63)
                BADARG(name);
        return kr_build("~", (int64_t)by(d));
}

static kr_term do_round(kr_term args)
{
        return rounded(args, "round", round);
}

static kr_term do_trunc(kr_term args)
{
        return rounded(args, "trunc", trunc);
}

#define TYPE_TEST(name)                                                                  \
        static kr_term do_##name(kr_term args)                                           \
        {                                                                                \
                return kri_bool(kr_##name(kr_element(1, args)));                         \
        }
TYPE_TEST(is_atom)
TYPE_TEST(is_binary)
TYPE_TEST(is_float)
TYPE_TEST(is_function)
TYPE_TEST(is_integer)
TYPE_TEST(is_list)
TYPE_TEST(is_map)
TYPE_TEST(is_number)
TYPE_TEST(is_pid)
TYPE_TEST(is_port)
TYPE_TEST(is_reference)
TYPE_TEST(is_tuple)

/* -- from one kind to another -- */

static kr_term do_atom_to_list(kr_term args)
{
        const char *text;
        kr_atom atom;
        size_t len;

        if (!kr_match(args, "{~}", &atom))
                BADARG("atom_to_list");
        text = kr_atom_text(atom, &len);
        return kr_string(text, len);
}

static kr_term do_atom_to_binary(kr_term args)
{
        const char *text;
        kr_atom atom;
        size_t len;

        if (!kr_match(args, "{~}", &atom))
                BADARG("atom_to_binary");
        text = kr_atom_text(atom, &len);
        return kr_binary(text, len);
}

/* The bytes of a string or binary, short ones; false: neither. */
static bool text_of(kr_term t, char *buf, size_t size, size_t *ret_len)
{
        kr_bytes bytes;

        if (!kr_get_bytes(t, &bytes))
                return kr_is_list(t) && kr_get_string(t, buf, size, ret_len);
        if (bytes.len >= size)
                return false;
        memcpy(buf, bytes.data, bytes.len);
        buf[bytes.len] = 0;
        *ret_len = bytes.len;
        return true;
}

static kr_term do_list_to_atom(kr_term args)
{
        char text[1024];
        kr_atom atom;
        size_t len;

        if (!text_of(kr_element(1, args), text, sizeof(text), &len) ||
            kr_atom_from(text, len, &atom) != KR_OK)
                BADARG("list_to_atom");
        return kr_atom_term(atom);
}

/* The term that the text stands for, if it is of the kind wanted. */
static kr_term read_as(kr_term args, const char *name, bool (*is)(kr_term))
{
        char text[512];
        kr_term t;
        size_t len;

        if (!text_of(kr_element(1, args), text, sizeof(text), &len) ||
            kr_parse(text, len, &(kr_parse_opts){ .atoms_max = 0, .pids = true }, &t,
                     NULL) != KR_OK)
                BADARG(name);
        if (!is(t)) {
                kr_release(t);
                BADARG(name);
        }
        return t;
}

static kr_term do_list_to_integer(kr_term args)
{
        return read_as(args, "list_to_integer", kr_is_integer);
}

static kr_term do_list_to_float(kr_term args)
{
        return read_as(args, "list_to_float", kr_is_float);
}

static kr_term do_list_to_pid(kr_term args)
{
        return read_as(args, "list_to_pid", kr_is_pid);
}

/* As it is printed, a list of characters. */
static kr_term written(kr_term t)
{
        kr_buf buf = KR_BUF_INIT;
        kr_term text = kr_none();

        if (kr_print_to(&buf, t, NULL) == KR_OK)
                text = kr_string(buf.data, buf.len);
        kr_buf_free(&buf);
        return text;
}

static kr_term do_integer_to_list(kr_term args)
{
        if (!kr_is_integer(kr_element(1, args)))
                BADARG("integer_to_list");
        return written(kr_element(1, args));
}

static kr_term do_pid_to_list(kr_term args)
{
        if (!kr_is_pid(kr_element(1, args)))
                BADARG("pid_to_list");
        return written(kr_element(1, args));
}

static kr_term do_tuple_to_list(kr_term args)
{
        if (!kr_is_tuple(kr_element(1, args)))
                BADARG("tuple_to_list");
        return kri_builtin_list_of(kr_element(1, args));
}

static kr_term do_list_to_tuple(kr_term args)
{
        kr_builder b = KR_BUILDER_INIT;
        size_t len;

        if (!kr_length(kr_element(1, args), &len))
                BADARG("list_to_tuple");
        for (kr_term l = kr_element(1, args); kr_is_cons(l); l = kr_tl(l))
                kr_add_term(&b, kr_hd(l));
        return kr_build_tuple(&b);
}

static kr_term do_binary_to_list(kr_term args)
{
        kr_builder b = KR_BUILDER_INIT;
        kr_bytes bytes;

        if (!kr_match(args, "{~}", &bytes))
                BADARG("binary_to_list");
        for (size_t i = 0; i < bytes.len; i++)
                kr_add_int64(&b, ((const unsigned char *)bytes.data)[i]);
        return kr_build_list(&b);
}

static kr_term do_list_to_binary(kr_term args)
{
        kr_term list = kr_element(1, args), binary;
        kr_buf buf = KR_BUF_INIT;
        uint8_t byte;
        size_t len;

        if (!kr_length(list, &len))
                BADARG("list_to_binary");
        for (; kr_is_cons(list); list = kr_tl(list)) {
                if (!kr_match(kr_hd(list), "~", &byte) ||
                    kr_buf_append(&buf, &byte, 1) != KR_OK) {
                        kr_buf_free(&buf);
                        BADARG("list_to_binary");
                }
        }
        binary = kr_binary(buf.data, buf.len);
        kr_buf_free(&buf);
        return binary;
}

static kr_term do_term_to_binary(kr_term args)
{
        kr_buf buf = KR_BUF_INIT;
        kr_term binary = kr_none();

        if (kr_encode(kr_element(1, args), &buf) == KR_OK)
                binary = kr_binary(buf.data, buf.len);
        kr_buf_free(&buf);
        return binary;
}

static kr_term do_binary_to_term(kr_term args)
{
        kr_bytes bytes;
        kr_term t;

        if (!kr_match(args, "{~}", &bytes) ||
            kr_decode(bytes.data, bytes.len, NULL, &t, NULL) != KR_OK)
                BADARG("binary_to_term");
        return t;
}

/* -- code, the node -- */

static kr_term do_function_exported(kr_term args)
{
        kr_atom module, function;
        int arity;

        if (!kr_match(args, "{~, ~, ~}", &module, &function, &arity))
                BADARG("function_exported");
        return kri_bool(kr_function_exported(module, function, arity));
}

static kr_term do_module_loaded(kr_term args)
{
        kr_atom module;

        if (!kr_match(args, "{~}", &module))
                BADARG("module_loaded");
        return kri_bool(kr_module_find(module) != NULL);
}

static kr_term do_check_old_code(kr_term args)
{
        kr_atom module;

        if (!kr_match(args, "{~}", &module))
                BADARG("check_old_code");
        return kri_bool(kr_code_check_old(kr_atom_text(module, NULL)));
}

static kr_term do_check_process_code(kr_term args)
{
        kr_atom module;
        kr_pid pid;

        if (!kr_match(args, "{~, ~}", &pid, &module))
                BADARG("check_process_code");
        return kri_bool(kr_code_check_process(pid, kr_atom_text(module, NULL), NULL));
}

static kr_term do_halt(kr_term args)
{
        int64_t status = 0;

        if (kr_tuple_size(args) == 1 &&
            (!kr_match(args, "{~}", &status) || status < 0 || status > 255))
                BADARG("halt");
        kri_host_stop((int)status);
        return kri_ok();
}

static const kr_export exports[] = {
        { "self", 0, do_self, "this process" },
        { "node", 0, do_node, "the node's name" },
        { "processes", 0, do_processes, "all processes" },
        { "is_process_alive", 1, do_is_process_alive, "(Pid)" },
        { "process_info", 1, do_process_info_1, "(Pid) what is known of a process" },
        { "process_info", 2, do_process_info_2, "(Pid, Item | Items)" },
        { "spawn", 3, do_spawn, "(Module, Function, Args) a process that runs it" },
        { "spawn_link", 3, do_spawn_link, "(Module, Function, Args) ... linked" },
        { "spawn_monitor", 3, do_spawn_monitor, "(Module, Function, Args) {Pid, Ref}" },
        { "apply", 3, do_apply, "(Module, Function, Args)" },
        { "exit", 1, do_exit_1, "(Reason) end this process" },
        { "exit", 2, do_exit_2, "(Pid, Reason) send an exit signal" },
        { "error", 1, do_error, "(Reason) raise" },
        { "throw", 1, do_throw, "(Term) raise" },
        { "link", 1, do_link, "(Pid)" },
        { "unlink", 1, do_unlink, "(Pid)" },
        { "monitor", 2, do_monitor, "(process, Pid | Name)" },
        { "demonitor", 1, do_demonitor, "(Ref)" },
        { "process_flag", 2, do_trap_exit, "(trap_exit, Bool)" },
        { "suspend_process", 1, do_suspend, "(Pid)" },
        { "resume_process", 1, do_resume, "(Pid)" },
        { "group_leader", 0, do_group_leader,
          "who does this process's input and output" },
        { "put", 2, do_put, "(Key, Value) into the process dictionary" },
        { "get", 1, do_get, "(Key)" },
        { "erase", 1, do_erase, "(Key)" },
        { "whereis", 1, do_whereis, "(Name) the process of that name" },
        { "registered", 0, do_registered, "all names" },
        { "register", 2, do_register, "(Name, Pid)" },
        { "unregister", 1, do_unregister, "(Name)" },
        { "send", 2, do_send, "(To, Message) as To ! Message" },
        { "send_after", 3, do_send_after, "(Milliseconds, To, Message)" },
        { "cancel_timer", 1, do_cancel_timer, "(Ref)" },
        { "make_ref", 0, do_make_ref, "a reference" },
        { "monotonic_time", 0, do_monotonic_time, "nanoseconds" },
        { "system_time", 0, do_system_time, "nanoseconds since 1970" },
        { "element", 2, do_element, "(N, Tuple)" },
        { "hd", 1, do_hd, "(List)" },
        { "tl", 1, do_tl, "(List)" },
        { "length", 1, do_length, "(List)" },
        { "tuple_size", 1, do_tuple_size, "(Tuple)" },
        { "map_size", 1, do_map_size, "(Map)" },
        { "byte_size", 1, do_byte_size, "(Binary)" },
        { "abs", 1, do_abs, "(Number)" },
        { "max", 2, do_max, "(A, B)" },
        { "min", 2, do_min, "(A, B)" },
        { "round", 1, do_round, "(Number)" },
        { "trunc", 1, do_trunc, "(Number)" },
        { "is_atom", 1, do_is_atom, "(Term)" },
        { "is_binary", 1, do_is_binary, "(Term)" },
        { "is_float", 1, do_is_float, "(Term)" },
        { "is_function", 1, do_is_function, "(Term)" },
        { "is_integer", 1, do_is_integer, "(Term)" },
        { "is_list", 1, do_is_list, "(Term)" },
        { "is_map", 1, do_is_map, "(Term)" },
        { "is_number", 1, do_is_number, "(Term)" },
        { "is_pid", 1, do_is_pid, "(Term)" },
        { "is_port", 1, do_is_port, "(Term)" },
        { "is_reference", 1, do_is_reference, "(Term)" },
        { "is_tuple", 1, do_is_tuple, "(Term)" },
        { "atom_to_list", 1, do_atom_to_list, "(Atom)" },
        { "atom_to_binary", 1, do_atom_to_binary, "(Atom)" },
        { "list_to_atom", 1, do_list_to_atom, "(String)" },
        { "binary_to_atom", 1, do_list_to_atom, "(Binary)" },
        { "list_to_integer", 1, do_list_to_integer, "(String)" },
        { "binary_to_integer", 1, do_list_to_integer, "(Binary)" },
        { "list_to_float", 1, do_list_to_float, "(String)" },
        { "list_to_pid", 1, do_list_to_pid, "(String)" },
        { "integer_to_list", 1, do_integer_to_list, "(Integer)" },
        { "pid_to_list", 1, do_pid_to_list, "(Pid)" },
        { "tuple_to_list", 1, do_tuple_to_list, "(Tuple)" },
        { "list_to_tuple", 1, do_list_to_tuple, "(List)" },
        { "binary_to_list", 1, do_binary_to_list, "(Binary)" },
        { "list_to_binary", 1, do_list_to_binary, "(List)" },
        { "term_to_binary", 1, do_term_to_binary, "(Term)" },
        { "binary_to_term", 1, do_binary_to_term, "(Binary)" },
        { "function_exported", 3, do_function_exported, "(Module, Function, Arity)" },
        { "module_loaded", 1, do_module_loaded, "(Module)" },
        { "check_old_code", 1, do_check_old_code, "(Module) is there an old version?" },
        { "check_process_code", 2, do_check_process_code, "(Pid, Module)" },
        { "halt", 0, do_halt, "stop the node" },
        { "halt", 1, do_halt, "(Status)" },
};

KR_MODULE(erlang, .version = KR_VERSION, KR_EXPORTS(exports));
