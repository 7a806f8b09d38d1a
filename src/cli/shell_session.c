/* SPDX-License-Identifier: Apache-2.0 */
#include "shell_session.h"

#include "plat_socket.h"
#include "protocol.h"
#include "shell_complete.h"
#include "shell_error.h"
#include "shell_eval.h"
#include "shell_evaluator.h"

#include <krarup/link.h>
#include <krarup/memory.h>
#include <krarup/text.h>

#include <stdio.h>
#include <string.h>

#define TEXT_DEPTH_MAX 64

struct session {
        int fd;
        struct kri_shell shell; /* what a new evaluator begins with */
        kr_pid evaluator;
        kr_ref monitor;
        int64_t number;   /* of the next expression, or of the one that runs */
        bool runs;        /* an expression is under way */
        bool told;        /* ... and its exception has been told */
        bool interrupted; /* ... and somebody wants it to end */
};

/* -- to the other end -- */

static void put(struct session *s, enum kri_frame kind, const void *data, size_t len)
{
        /* longer than a frame: several, where that does no harm */
        while (len > KRI_FRAME_BYTES && kind == KRI_FROM_OUTPUT) {
                put(s, kind, data, KRI_FRAME_BYTES);
                data = (const char *)data + KRI_FRAME_BYTES;
                len -= KRI_FRAME_BYTES;
        }
        if (len > KRI_FRAME_BYTES)
                len = KRI_FRAME_BYTES;
        if (!kri_frame_send(s->fd, (char)kind, data, len))
                kr_exit("normal"); /* nobody is there any more */
}

static void put_buf(struct session *s, enum kri_frame kind, kr_buf *buf)
{
        put(s, kind, buf->data != NULL ? buf->data : "", buf->len);
        kr_buf_free(buf);
}

static void put_prompt(struct session *s)
{
        char text[32];
        int len = snprintf(text, sizeof(text), "%lld", (long long)s->number);

        s->runs = false;
        s->interrupted = false;
        put(s, KRI_FROM_PROMPT, text, (size_t)len);
}

/* -- the evaluator -- */

static void start_evaluator(struct session *s)
{
        s->evaluator =
                kri_evaluator_start(s->shell.bindings, s->shell.results, &s->monitor);
        s->told = false;
}

static void have_value(struct session *s, kr_bytes text, kr_term value, kr_term bindings)
{
        kr_buf buf = KR_BUF_INIT;

        (void)!kr_print_to(&buf, value,
                           &(kr_print_opts){ .depth_max = 30, .length_max = 2000 });
        put_buf(s, KRI_FROM_VALUE, &buf);
        if (kr_replace(&s->shell.bindings, bindings) != KR_OK)
                kr_error("system_limit");
        kri_shell_remember(&s->shell, s->number, text, value);
        s->number++;
        put_prompt(s);
}

static void have_complaint(struct session *s, kr_bytes text, bool counts)
{
        put(s, KRI_FROM_ERROR, text.data, text.len);
        s->number += counts;
        put_prompt(s);
}

static void have_exception(struct session *s, kr_atom class, kr_term reason)
{
        kr_class kind = kr_atom_eq(class, KR_ATOM("exit"))    ? KR_CLASS_EXIT
                        : kr_atom_eq(class, KR_ATOM("error")) ? KR_CLASS_ERROR
                                                              : KR_CLASS_THROW;
        kr_buf buf = KR_BUF_INIT;

        (void)!kri_error_text(&buf, kind, reason);
        put_buf(s, KRI_FROM_ERROR, &buf);
        s->told = true;
}

/* It has ended: after an exception that was told; by a fault, an exit signal or a kill, with or
 * without an expression under way. */
static void have_end(struct session *s, kr_term reason)
{
        kr_buf buf = KR_BUF_INIT;

        if (s->interrupted && kr_match(reason, "killed"))
                put(s, KRI_FROM_ERROR, "** interrupted", 14);
        else if (!s->told) {
                (void)!kri_error_exit_text(&buf, reason);
                if (!s->runs)
                        (void)!kr_buf_append(&buf, "\n", 1);
                put_buf(s, s->runs ? KRI_FROM_ERROR : KRI_FROM_OUTPUT, &buf);
        }
        start_evaluator(s);
        if (!s->runs)
                return;
        s->number++;
        put_prompt(s);
}

/* -- output of the processes whose group leader this is -- */

/* Characters, nested lists of them and binaries, as UTF-8; false: something else. */
static bool add_chars(kr_buf *buf, kr_term t, int depth)
{
        char utf8[8];
        kr_bytes bytes;
        size_t len;

        if (kr_get_bytes(t, &bytes))
                return kr_buf_append(buf, bytes.data, bytes.len) == KR_OK;
        if (depth == TEXT_DEPTH_MAX)
                return false;
        for (; kr_is_cons(t); t = kr_tl(t)) {
                kr_term head = kr_hd(t), one;
                bool done;

                if (!kr_is_integer(head)) {
                        if (!add_chars(buf, head, depth + 1))
                                return false;
                        continue;
                }
                one = kr_build("[~]", head);
                done = kr_get_string(one, utf8, sizeof(utf8), &len) &&
                       kr_buf_append(buf, utf8, len) == KR_OK;
                kr_release(one);
                if (!done)
                        return false;
        }
        return kr_is_nil(t) || kr_get_bytes(t, &bytes);
}

static kr_term have_request(struct session *s, kr_term request)
{
        kr_buf buf = KR_BUF_INIT;
        kr_term chars;

        if (!kr_match(request, "{put_chars, _, ~}", &chars) &&
            !kr_match(request, "{put_chars, ~}", &chars))
                return kr_build("{error, enotsup}");
        if (!add_chars(&buf, chars, 0)) {
                kr_buf_free(&buf);
                return kr_build("{error, put_chars}");
        }
        put_buf(s, KRI_FROM_OUTPUT, &buf);
        return kr_build("ok");
}

static void have_io(struct session *s, kr_pid from, kr_term as, kr_term request)
{
        kr_term reply = have_request(s, request);

        kr_send(from, "{io_reply, ~, ~}", as, reply);
        kr_release(reply);
}

/* -- frames -- */

static void complete(struct session *s, kr_bytes text)
{
        kr_buf buf = KR_BUF_INIT;

        kri_complete(text.data, text.len, s->shell.bindings, &buf);
        put_buf(s, KRI_FROM_WORDS, &buf);
}

static void have_frame(struct session *s, int64_t kind, kr_bytes bytes)
{
        switch (kind) {
        case KRI_TO_EVAL:
                if (s->runs)
                        break; /* the prompt says when it is time */
                s->runs = true;
                kr_send(s->evaluator, "{'$shell_eval', ~, ~}", s->number, bytes);
                break;
        case KRI_TO_COMPLETE:
                complete(s, bytes);
                break;
        case KRI_TO_INTERRUPT:
                if (!s->runs)
                        break;
                s->interrupted = true;
                kr_exit_signal(s->evaluator, "kill");
                break;
        default:
                break;
        }
}

/* -- the process -- */

static void clean_up(void *arg)
{
        struct session *s = arg;

        kr_exit_signal(s->evaluator, "kill");
        kri_socket_shut(s->fd); /* whoever reads from it learns of our end */
}

/* One message. False: the other end is gone. */
static bool handle(struct session *s, kr_msg *msg)
{
        enum { FRAME, VALUE, COMPLAINT, EXCEPTION, ENDED, IO, CLOSED, OTHER };
        kr_term value, bindings, reason, as, request;
        kr_bytes text;
        int64_t kind;
        kr_atom class;
        kr_pid from;
        bool counts;

        switch (kr_receive(
                msg, KR_INFINITY, kr_on(CLOSED, "closed"),
                kr_on(FRAME, "{frame, ~, ~}", &kind, &text),
                kr_on(VALUE, "{value, =, _, ~, ~, ~}", s->evaluator, &text, &value,
                      &bindings),
                kr_on(COMPLAINT, "{complaint, =, ~, ~}", s->evaluator, &text, &counts),
                kr_on(EXCEPTION, "{exception, =, ~, ~}", s->evaluator, &class, &reason),
                kr_on(ENDED, "{'DOWN', =, _, _, ~}", s->monitor, &reason),
                kr_on(IO, "{io_request, ~, ~, ~}", &from, &as, &request),
                kr_on(OTHER, "_"))) {
        case FRAME:
                have_frame(s, kind, text);
                return true;
        case VALUE:
                have_value(s, text, value, bindings);
                return true;
        case COMPLAINT:
                have_complaint(s, text, counts);
                return true;
        case EXCEPTION:
                have_exception(s, class, reason);
                return true;
        case ENDED:
                have_end(s, reason);
                return true;
        case IO:
                have_io(s, from, as, request);
                return true;
        case CLOSED:
                return false;
        default:
                return true;
        }
}

static void run_session(int64_t fd)
{
        struct session s = { .fd = (int)fd, .number = 1 };
        kr_msg msg = KR_MSG_INIT;

        kri_shell_init(&s.shell, kr_build("#{}"), kr_build("#{}"), 1);
        start_evaluator(&s);
        if (!kr_defer(clean_up, &s))
                kr_error("system_limit");
        put_prompt(&s);
        while (handle(&s, &msg))
                ;
        kr_defer_cancel(clean_up, &s, true); /* `s` goes before clean-ups run */
}

kr_pid kri_session_start(kr_node *node, int fd)
{
        return kr_node_spawn(node, run_session, (int64_t)fd);
}
