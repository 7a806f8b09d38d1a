/* SPDX-License-Identifier: Apache-2.0 */
#include "shell_error.h"

#include <krarup/text.h>

#include <stdarg.h>
#include <string.h>

#define FRAMES_MAX 8

/* Everything is put behind one another; the first failure stays in `err`. */
struct out {
        kr_buf *buf;
        kr_err err;
};

static void say(struct out *o, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

static void say(struct out *o, const char *format, ...)
{
        char text[600];
        va_list args;

        va_start(args, format);
        (void)vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        if (o->err == KR_OK)
                o->err = kr_buf_append(o->buf, text, strlen(text));
}

static void say_term(struct out *o, kr_term t)
{
        if (o->err == KR_OK)
                o->err = kr_print_to(o->buf, t,
                                     &(kr_print_opts){ .depth_max = 20,
                                                       .length_max = 400 });
}

/* -- where -- */

static bool is_operator(const char *name)
{
        static const char *const words[] = { "div",  "rem", "band", "bor", "bxor",
                                             "bnot", "bsl", "bsr",  "and", "or",
                                             "xor",  "not", NULL };

        if (strchr("+-*/=<>!", name[0]) != NULL)
                return true;
        for (int i = 0; words[i] != NULL; i++) {
                if (strcmp(name, words[i]) == 0)
                        return true;
        }
        return false;
}

/* (a, b), a + b or - a. */
static void say_called_as(struct out *o, const char *module, const char *name,
                          bool operator, kr_term args)
{
        size_t count = 0;

        if (!kr_length(args, &count))
                return;
        say(o, "\n        called as ");
        if (operator&& count == 1) {
                say(o, "%s ", name);
                say_term(o, kr_hd(args));
                return;
        }
        if (operator&& count == 2) {
                say_term(o, kr_hd(args));
                say(o, " %s ", name);
                say_term(o, kr_hd(kr_tl(args)));
                return;
        }
        if (strcmp(module, "erlang") != 0)
                say(o, "%s:", module);
        say(o, "%s(", name);
        for (kr_term l = args; kr_is_cons(l); l = kr_tl(l)) {
                say_term(o, kr_hd(l));
                say(o, kr_is_cons(kr_tl(l)) ? "," : ")");
        }
        if (count == 0)
                say(o, ")");
}

/* {Module, Function, Args | Arity, Location}, as OTP has it. False: something else. */
static bool say_otp_frame(struct out *o, kr_term frame)
{
        const char *module, *name;
        kr_atom m, f;
        kr_term args;
        size_t count = 0;
        bool operator;
        int arity;

        if (!kr_match(frame, "{~, ~, ~, _}", &m, &f, &args))
                return false;
        module = kr_atom_text(m, NULL);
        name = kr_atom_text(f, NULL);
        operator= strcmp(module, "erlang") == 0 && is_operator(name);
        if (kr_length(args, &count))
                arity = (int)count;
        else if (!kr_match(args, "~", &arity))
                return false;
        say(o, operator? "\n     in operator  " : "\n     in function  ");
        if (strcmp(module, "erlang") != 0)
                say(o, "%s:", module);
        say(o, strcmp(name, "/") == 0 ? "'%s'/%d" : "%s/%d", name, arity);
        say_called_as(o, module, name, operator, args);
        return true;
}

/* Ours, below what was typed: nobody asked for them. */
static bool is_shell_frame(kr_bytes name)
{
        static const char *const begins[] = { "kr_apply", "kri_apply", "kri_module",
                                              "eval",     "kri_shell", NULL };

        for (int i = 0; begins[i] != NULL; i++) {
                size_t len = strlen(begins[i]);

                if (name.len >= len && memcmp(name.data, begins[i], len) == 0)
                        return true;
        }
        return false;
}

/* {Function, Offset, [{file, File}, {line, Line}]}: of C. False: no more of them. */
static bool say_c_frame(struct out *o, kr_term frame, bool first)
{
        kr_bytes name, file;
        kr_term where;
        int64_t line;

        if (!kr_match(frame, "{~, _, ~}", &name, &where) || is_shell_frame(name))
                return false;
        say(o, "\n     %s %.*s", first ? "in function " : "in call from", (int)name.len,
            (const char *)name.data);
        if (kr_match(where, "[{file, ~}, {line, ~}]", &file, &line))
                say(o, " (%.*s, line %lld)", (int)file.len, (const char *)file.data,
                    (long long)line);
        return true;
}

static void say_trace(struct out *o, kr_term trace)
{
        for (int i = 0; i < FRAMES_MAX && kr_is_cons(trace); i++, trace = kr_tl(trace)) {
                if (!say_otp_frame(o, kr_hd(trace)) &&
                    !say_c_frame(o, kr_hd(trace), i == 0))
                        return;
        }
}

/* -- what -- */

/* Reasons that are about the first frame, and need no trace. False: another one. */
static bool say_undefined(struct out *o, kr_term reason, kr_term trace)
{
        kr_term args, first = kr_is_cons(trace) ? kr_hd(trace) : kr_none();
        kr_atom m, f;
        size_t count = 0;
        int arity = 0;

        if (kr_match(reason, "shell_undef") && kr_match(first, "{~, ~}", &f, &arity)) {
                say(o, "undefined shell command %s/%d", kr_atom_text(f, NULL), arity);
                return true;
        }
        if (kr_is_none(first) || !kr_match(first, "{~, ~, ~, _}", &m, &f, &args))
                return false;
        if (kr_match(reason, "undef")) {
                (void)(kr_length(args, &count) || kr_match(args, "~", &arity));
                say(o, "undefined function %s:%s/%d", kr_atom_text(m, NULL),
                    kr_atom_text(f, NULL), (int)count + arity);
                return true;
        }
        if (kr_match(reason, "function_clause") && kr_length(args, &count)) {
                say(o, "no function clause matching %s:%s(", kr_atom_text(m, NULL),
                    kr_atom_text(f, NULL));
                for (; kr_is_cons(args); args = kr_tl(args)) {
                        say_term(o, kr_hd(args));
                        say(o, kr_is_cons(kr_tl(args)) ? "," : "");
                }
                say(o, ")");
                return true;
        }
        return false;
}

static void say_reason(struct out *o, kr_term reason)
{
        static const struct {
                const char *name, *text;
        } known[] = { { "badmatch", "no match of right hand side value " },
                      { "badfun", "bad function " },
                      { "badkey", "bad key: " },
                      { "badmap", "bad map: " },
                      { "badarity", "called with the wrong number of arguments: " },
                      { "badarg", "bad argument: " } };
        kr_term value;
        uint64_t address;
        kr_atom name;

        if (kr_match(reason, "badarith")) {
                say(o, "an error occurred when evaluating an arithmetic expression");
        } else if (kr_match(reason, "integer_overflow")) {
                say(o, "the result needs more than 64 bits");
        } else if (kr_match(reason, "badarg")) {
                say(o, "bad argument");
        } else if (kr_match(reason, "{~, ~}", &name, &address) &&
                   strncmp(kr_atom_text(name, NULL), "sig", 3) == 0) {
                say(o, "%s at address 0x%llx", kr_atom_text(name, NULL),
                    (unsigned long long)address);
        } else {
                for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
                        if (!kr_match(reason, "{~, ~}", &name, &value) ||
                            strcmp(kr_atom_text(name, NULL), known[i].name) != 0)
                                continue;
                        say(o, "%s", known[i].text);
                        reason = value;
                        break;
                }
                say_term(o, reason);
        }
}

static void say_error(struct out *o, kr_term reason)
{
        kr_term what, trace;

        if (!kr_match(reason, "{~, ~}", &what, &trace) || !kr_is_list(trace)) {
                say_term(o, reason);
                return;
        }
        if (say_undefined(o, what, trace))
                return;
        say_reason(o, what);
        say_trace(o, trace);
}

kr_err kri_error_text(kr_buf *buf, kr_class kind, kr_term reason)
{
        static const char *const kinds[] = { "exit", "error", "throw" };
        struct out o = { buf, KR_OK };

        say(&o, "** exception %s: ", kinds[kind]);
        if (kind == KR_CLASS_ERROR)
                say_error(&o, reason);
        else
                say_term(&o, reason);
        return o.err;
}

/* Is it a trace, of C or of Erlang? */
static bool is_trace(kr_term t)
{
        return kr_is_cons(t) &&
               (kr_match(kr_hd(t), "{_, _, _}") || kr_match(kr_hd(t), "{_, _, _, _}"));
}

kr_err kri_error_exit_text(kr_buf *buf, kr_term reason)
{
        kr_term trace;

        return kri_error_text(buf,
                              kr_match(reason, "{_, ~}", &trace) && is_trace(trace)
                                      ? KR_CLASS_ERROR
                                      : KR_CLASS_EXIT,
                              reason);
}
