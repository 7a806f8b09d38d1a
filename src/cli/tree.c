/* SPDX-License-Identifier: Apache-2.0 */
#include "tree.h"

#include "look.h"

#include <krarup/application.h>
#include <krarup/process.h>
#include <krarup/text.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ANSWER_MS 2000
#define DEPTH_MAX 12
#define CHILDREN_MAX 100 /* of one supervisor that are shown */

static void say(kr_buf *buf, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

static void say(kr_buf *buf, const char *format, ...)
{
        char text[500];
        va_list args;

        va_start(args, format);
        (void)vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        (void)!kr_buf_append(buf, text, strlen(text)); /* no memory: it is cut off */
}

/* The name it is registered by, or what stands for it, and its numbers: a line. */
static void say_who(kr_buf *buf, kr_term id, kr_pid pid)
{
        const kr_atom items[] = { KR_ATOM("registered_name"), KR_ATOM("memory"),
                                  KR_ATOM("message_queue_len"), KR_ATOM("reductions") };
        kr_msg slot = KR_MSG_INIT;
        char text[120], pid_text[40];
        kr_term pid_term = kr_build("~", pid), name = kr_none();
        uint64_t memory = 0, messages = 0, reductions = 0;
        kr_err err = kri_look(pid, items, 4, &slot);

        (void)kr_format(pid_text, sizeof(pid_text), pid_term);
        kr_release(pid_term);
        if (err == KR_OK)
                (void)kr_match(slot.term, "[{_, ~}, {_, ~}, {_, ~}, {_, ~}]", &name,
                               &memory, &messages, &reductions);
        (void)kr_format(text, sizeof(text), kr_is_atom(name) ? name : id);
        say(buf, "%s %s", text, pid_text);
        if (err == KR_OK)
                say(buf, "  %llu bytes, %llu messages, %llu reductions\n",
                    (unsigned long long)memory, (unsigned long long)messages,
                    (unsigned long long)reductions);
        else
                say(buf, err == KR_ENOPROC ? "  (ended)\n" : "  (does not answer)\n");
        kr_msg_clear(&slot);
}

static void say_children(kr_buf *buf, const char *indent, kr_pid supervisor, int depth);

/* One child, and what is below it. `indent` is what stands before its line's branch. */
static void say_child(kr_buf *buf, const char *indent, bool last, kr_term child,
                      int depth)
{
        char below[DEPTH_MAX * 6 + 8], text[200];
        kr_atom type;
        kr_term id, who;
        kr_pid pid;

        say(buf, "%s%s", indent, last ? "└─ " : "├─ ");
        if (!kr_match(child, "{~, ~, ~, _}", &id, &who, &type)) {
                say(buf, "?\n");
                return;
        }
        if (!kr_get_pid(who, &pid)) {
                (void)kr_format(text, sizeof(text), id);
                say(buf, "%s ", text);
                (void)kr_format(text, sizeof(text), who);
                say(buf, "%s\n", text);
                return;
        }
        say_who(buf, id, pid);
        if (!kr_atom_eq(type, KR_ATOM("supervisor")))
                return;
        (void)snprintf(below, sizeof(below), "%s%s", indent, last ? "   " : "│  ");
        say_children(buf, below, pid, depth + 1);
}

/* Those that were started first come first, as in the program's text. */
static void say_children(kr_buf *buf, const char *indent, kr_pid supervisor, int depth)
{
        kr_msg slot = KR_MSG_INIT;
        kr_term shown[CHILDREN_MAX];
        size_t count = 0, left_out = 0;

        if (depth == DEPTH_MAX ||
            kr_try_call(supervisor, &slot, ANSWER_MS, "which_children") != KR_OK) {
                say(buf, "%s└─ (no answer)\n", indent);
                return;
        }
        for (kr_term l = slot.term; kr_is_cons(l); l = kr_tl(l)) {
                if (count < CHILDREN_MAX)
                        shown[count++] = kr_hd(l);
                else
                        left_out++;
        }
        for (size_t i = count; i-- > 0;)
                say_child(buf, indent, i == 0 && left_out == 0, shown[i], depth);
        if (left_out > 0)
                say(buf, "%s└─ ... and %zu more\n", indent, left_out);
        kr_msg_clear(&slot);
}

static void say_app(kr_buf *buf, kr_atom app, kr_term version)
{
        kr_pid top = kr_application_supervisor(app);
        char text[100];

        if (kr_pid_is_none(top) || !kr_get_string(version, text, sizeof(text), NULL))
                return; /* a library */
        say(buf, "%s %s\n", kr_atom_text(app, NULL), text);
        say(buf, "└─ ");
        say_who(buf, kr_atom_term(app), top);
        say_children(buf, "   ", top, 0);
}

void kri_tree(kr_atom wanted, kr_buf *ret)
{
        kr_msg slot = KR_MSG_INIT;
        kr_term list = kr_application_which(&slot, ANSWER_MS), version;
        kr_atom app;

        for (; kr_is_cons(list); list = kr_tl(list)) {
                if (kr_match(kr_hd(list), "{~, _, ~}", &app, &version) &&
                    (wanted.index == 0 || kr_atom_eq(app, wanted)))
                        say_app(ret, app, version);
        }
        kr_msg_clear(&slot);
}
