/* SPDX-License-Identifier: Apache-2.0 */
/* io_user.c: the process `user`: the device of the program's standard input and output.
 *
 * Model    Output is written at once; what cannot be written now (a pipe that nobody reads) is
 *          tried again. Requests for input wait in a line for what a thread reads, which is
 *          started by the first of them; meanwhile output goes on. In simulation the process
 *          reads by itself.
 */
#include <krarup/io.h>

#include <krarup/link.h>
#include <krarup/loop.h>
#include <krarup/memory.h>
#include <krarup/registry.h>

#include <string.h>

#include "io_apply.h"
#include "io_chars.h"
#include "plat.h"
#include "worker.h"

#define CHUNK_BYTES 4096
#define LINE_BYTES_MAX (1u << 20) /* a longer line is given in pieces */
#define RETRY_MS 5
#define LOOK_MS 100 /* how often the reader looks whether the node stops */
#define REQUESTS_DEPTH_MAX 8

/* A request for input that waits. */
struct waiting {
        struct waiting *next;
        kr_pid from;
        kr_term reply_as; /* kept */
        int64_t count;    /* characters; -1: a line */
        kr_term until;    /* kept: {Module, Function, Extra} of get_until; none */
        kr_term so_far;   /* kept: its continuation */
};

struct user {
        struct kr_loop_head head;
        int input, output;
        bool lists;   /* input is given as lists, not binaries */
        bool latin1;  /* encoding, as getopts says; what is written is UTF-8 */
        bool at_end;  /* of the input */
        bool reading; /* the reader has been asked for more */
        kr_pid reader;
        kr_buf in; /* read, and not given to anybody */
        struct waiting *first, **last;
};

struct start {
        int input, output;
};

static const char key; /* of the node's kr_node_get: it has been started */
static const char reader_key;

/* -- output -- */

static bool write_all(struct user *u, const char *data, size_t len)
{
        size_t done = 0;

        while (done < len) {
                int64_t n = kri_plat_write_some(u->output, data + done, len - done);

                if (n < 0)
                        return false;
                done += (size_t)n;
                if (n == 0)
                        kr_sleep(RETRY_MS);
        }
        return true;
}

/* Gives the reply. */
static kr_term put_chars(struct user *u, kr_term chars, bool latin1)
{
        kr_buf text = KR_BUF_INIT;
        kr_term reply;

        if (kri_io_chars(&text, chars, latin1) != KR_OK)
                reply = kr_build("{error, {put_chars, ~, ~}}",
                                 latin1 ? KR_ATOM("latin1") : KR_ATOM("unicode"), chars);
        else if (!write_all(u, text.data, text.len))
                reply = kr_build("{error, terminated}");
        else
                reply = kr_atom_term(KR_ATOM("ok"));
        kr_buf_free(&text);
        return reply;
}

/* {put_chars, Encoding, Module, Function, Args}: gives the reply. */
static kr_term put_made(struct user *u, kr_term module, kr_term function, kr_term args,
                        bool latin1)
{
        kr_buf text = KR_BUF_INIT;
        kr_term reply;

        if (kri_io_text_of(&text, module, function, args, latin1) != KR_OK)
                reply = kr_build("{error, {put_chars, ~, ~, ~, ~}}",
                                 latin1 ? KR_ATOM("latin1") : KR_ATOM("unicode"), module,
                                 function, args);
        else if (!write_all(u, text.data, text.len))
                reply = kr_build("{error, terminated}");
        else
                reply = kr_atom_term(KR_ATOM("ok"));
        kr_buf_free(&text);
        return reply;
}

/* -- options -- */

static kr_term get_opts(struct user *u)
{
        return kr_build("[{binary, ~}, {encoding, ~}]",
                        u->lists ? KR_ATOM("false") : KR_ATOM("true"),
                        u->latin1 ? KR_ATOM("latin1") : KR_ATOM("unicode"));
}

static bool set_opt(struct user *u, kr_term opt)
{
        bool binary;

        if (kr_match(opt, "binary"))
                u->lists = false;
        else if (kr_match(opt, "list"))
                u->lists = true;
        else if (kr_match(opt, "{binary, ~}", &binary))
                u->lists = !binary;
        else if (kr_match(opt, "{encoding, unicode}") ||
                 kr_match(opt, "{encoding, utf8}"))
                u->latin1 = false;
        else if (kr_match(opt, "{encoding, latin1}"))
                u->latin1 = true;
        else
                return false;
        return true;
}

static kr_term set_opts(struct user *u, kr_term opts)
{
        for (; kr_is_cons(opts); opts = kr_tl(opts))
                if (!set_opt(u, kr_hd(opts)))
                        return kr_build("{error, enotsup}");
        return kr_atom_term(KR_ATOM("ok"));
}

static kr_term geometry(struct user *u, bool columns)
{
        unsigned wide, high;

        if (!kri_plat_window(u->output, &wide, &high))
                return kr_build("{error, enotsup}");
        return kr_int((int32_t)(columns ? wide : high));
}

/* -- input -- */

/* How many bytes of what was read are the answer; 0: it is not all there yet. */
static size_t complete(struct user *u, const struct waiting *w)
{
        const char *end;
        size_t count, bytes;

        if (u->in.len == 0)
                return 0;
        if (w->count < 0) {
                end = memchr(u->in.data, '\n', u->in.len);
                if (end != NULL)
                        return (size_t)(end - u->in.data) + 1;
                return u->at_end || u->in.len >= LINE_BYTES_MAX ? u->in.len : 0;
        }
        bytes = kri_io_characters(u->in.data, u->in.len, (size_t)w->count, &count);
        return count == (size_t)w->count || u->at_end ? bytes : 0;
}

static void take_bytes(struct user *u, size_t len)
{
        memmove(u->in.data, u->in.data + len, u->in.len - len);
        u->in.len -= len;
}

/* As text; bytes that are no UTF-8 as latin1. */
static kr_term input_term(struct user *u, size_t len)
{
        kr_builder bytes = KR_BUILDER_INIT;
        kr_term t;

        if (!u->lists)
                return kr_binary(u->in.data, len);
        t = kr_string(u->in.data, len);
        if (!kr_is_none(t))
                return t;
        for (size_t i = 0; i < len; i++)
                kr_add_int64(&bytes, (unsigned char)u->in.data[i]);
        return kr_build_list(&bytes);
}

/* It has been answered. */
static void drop_first(struct user *u)
{
        struct waiting *w = u->first;

        u->first = w->next;
        if (u->first == NULL)
                u->last = &u->first;
        kr_release(w->so_far);
        kr_release(w->until);
        kr_release(w->reply_as);
        kr_free(w);
}

static void answer(struct user *u, size_t len)
{
        struct waiting *w = u->first;
        kr_term data;

        if (len == 0) {
                kr_send(w->from, "{io_reply, ~, eof}", w->reply_as);
        } else {
                data = input_term(u, len);
                kr_send(w->from, "{io_reply, ~, ~}", w->reply_as, data);
                kr_release(data);
                take_bytes(u, len);
        }
        drop_first(u);
}

/* What a function has left over is the input of whoever comes next. */
static void put_back(struct user *u, kr_term rest)
{
        kr_buf text = KR_BUF_INIT;

        if (!kr_match(rest, "eof") && kri_io_chars(&text, rest, false) == KR_OK &&
            kr_buf_append(&text, u->in.data, u->in.len) == KR_OK) {
                kr_buf_free(&u->in);
                u->in = text;
                return;
        }
        kr_buf_free(&text);
}

/* Text, as a list whatever the options say; at the end: eof. Gives a new term. */
static kr_term data_for(struct user *u, size_t len)
{
        bool lists = u->lists;
        kr_term data;

        if (len == 0)
                return kr_atom_term(KR_ATOM("eof"));
        u->lists = true;
        data = input_term(u, len);
        u->lists = lists;
        take_bytes(u, len);
        return data;
}

/* get_until: one more line, or the end, for the function that decides. */
static void try_until(struct user *u, size_t len)
{
        struct waiting *w = u->first;
        kr_term data = data_for(u, len), module, function, extra, said, rest = kr_none();
        enum kri_io_until until = KRI_IO_FAILED;

        if (!kr_is_none(data) &&
            kr_match(w->until, "{~, ~, ~}", &module, &function, &extra))
                until = kri_io_try(module, function, extra, w->so_far, data, &said,
                                   &rest);
        kr_release(data);
        if (until == KRI_IO_MORE && len > 0) {
                kr_release(w->so_far);
                w->so_far = said;
                return;
        }
        if (until == KRI_IO_DONE) {
                kr_send(w->from, "{io_reply, ~, ~}", w->reply_as, said);
                put_back(u, rest);
                kr_release(rest);
        } else {
                kr_send(w->from, "{io_reply, ~, {error, get_until}}", w->reply_as);
        }
        if (until != KRI_IO_FAILED)
                kr_release(said);
        drop_first(u);
}

/* The thread: reads a piece for each {read, To}, and sends {input, Bytes}, or input_end.
 * False: `user` has ended. */
static bool read_for(kr_pid to, int fd, kr_ref monitor)
{
        char data[CHUNK_BYTES];
        kr_msg msg = KR_MSG_INIT;
        int64_t n;

        while ((n = kri_plat_read_some(fd, data, sizeof(data), LOOK_MS)) == -2)
                if (kr_receive(&msg, 0, kr_on(0, "{'DOWN', =, _, _, _}", monitor)) == 0) {
                        kr_msg_clear(&msg);
                        return false;
                }
        if (n > 0)
                kr_send(to, "{input, ~}", ((kr_bytes){ data, (size_t)n }));
        else
                kr_send(to, "input_end");
        return true;
}

static void run_reader(void *of)
{
        enum { READ, DOWN };
        int fd = (int)(intptr_t)of;
        kr_pid to = kr_whereis("user");
        kr_msg msg = KR_MSG_INIT;
        kr_ref monitor;
        bool more = true;

        if (kr_pid_is_none(to))
                return;
        monitor = kr_monitor(to);
        kr_send(to, "{reader, ~}", kr_self());
        while (more)
                more = kr_receive(&msg, KR_INFINITY, kr_on(READ, "{read, ~}", &to),
                                  kr_on(DOWN, "{'DOWN', =, _, _, _}", monitor)) == READ &&
                       read_for(to, fd, monitor);
        kr_msg_clear(&msg);
}

static void take_input(struct user *u, kr_bytes bytes)
{
        u->reading = false;
        if (kr_buf_append(&u->in, bytes.data, bytes.len) != KR_OK)
                u->at_end = true; /* no memory: better an end than a hole */
}

/* In simulation, and where there is no thread: it keeps the whole node waiting. */
static void read_now(struct user *u)
{
        char data[CHUNK_BYTES];
        int64_t n = kri_plat_read_some(u->input, data, sizeof(data), -1);

        if (n > 0)
                take_input(u, (kr_bytes){ data, (size_t)n });
        else if (n != -2)
                u->at_end = true;
}

static void ask_for_more(struct user *u)
{
        kr_err err;

        if (u->reading)
                return;
        if (kr_node_drive(kr_here()) == KR_DRIVE_SIM) {
                read_now(u);
                return;
        }
        u->reading = true;
        if (!kr_pid_is_none(u->reader)) {
                kr_send(u->reader, "{read, ~}", kr_self());
                return;
        }
        err = kri_worker_start(kr_here(), &reader_key, run_reader,
                               (void *)(intptr_t)u->input);
        if (err != KR_OK && err != KR_EALREADY) {
                u->reading = false;
                read_now(u);
        }
}

/* Answer all that can be answered; ask for more if somebody still waits. */
static void serve_input(struct user *u)
{
        while (u->first != NULL) {
                size_t len = complete(u, u->first);

                if (len > 0 || u->at_end) {
                        if (kr_is_none(u->first->until))
                                answer(u, len);
                        else
                                try_until(u, len);
                        continue;
                }
                ask_for_more(u);
                if (u->reading)
                        return;
        }
}

/* -- requests -- */

/* True: it will be answered when the input is there. */
static bool wait_for_input(struct user *u, kr_pid from, kr_term reply_as, kr_term prompt,
                           int64_t count, kr_term until)
{
        struct waiting *w = kr_calloc(1, sizeof(*w));

        if (w == NULL)
                return false;
        w->reply_as = kr_keep(reply_as);
        w->until = kr_is_none(until) ? until : kr_keep(until);
        w->so_far = kr_nil();
        if (kr_is_none(w->reply_as) || kr_is_none(w->until) != kr_is_none(until)) {
                kr_release(w->until);
                kr_release(w->reply_as);
                kr_free(w);
                return false;
        }
        w->from = from;
        w->count = count;
        kr_release(put_chars(u, prompt, false)); /* what is no text is no prompt */
        *u->last = w;
        u->last = &w->next;
        return true;
}

static kr_term answer_now(struct user *u, kr_term request, int depth);

/* {requests, List}: one after the other, up to the first that fails; its reply is the last
 * one's. */
static kr_term answer_all(struct user *u, kr_term requests, int depth)
{
        kr_term reply = kr_atom_term(KR_ATOM("ok"));

        for (; kr_is_cons(requests) && !kr_match(reply, "{error, _}");
             requests = kr_tl(requests)) {
                kr_release(reply);
                reply = answer_now(u, kr_hd(requests), depth + 1);
        }
        return reply;
}

/* Gives the reply to a request that needs no input. */
static kr_term answer_now(struct user *u, kr_term request, int depth)
{
        kr_term chars, function, args;

        if (depth > REQUESTS_DEPTH_MAX)
                return kr_build("{error, request}");
        if (kr_match(request, "{put_chars, unicode, ~, ~, ~}", &chars, &function, &args))
                return put_made(u, chars, function, args, false);
        if (kr_match(request, "{put_chars, latin1, ~, ~, ~}", &chars, &function, &args) ||
            kr_match(request, "{put_chars, ~, ~, ~}", &chars, &function, &args))
                return put_made(u, chars, function, args, true);
        if (kr_match(request, "{put_chars, unicode, ~}", &chars))
                return put_chars(u, chars, false);
        if (kr_match(request, "{put_chars, latin1, ~}", &chars) ||
            kr_match(request, "{put_chars, ~}", &chars))
                return put_chars(u, chars, true);
        if (kr_match(request, "getopts"))
                return get_opts(u);
        if (kr_match(request, "{setopts, ~}", &chars))
                return set_opts(u, chars);
        if (kr_match(request, "{get_geometry, columns}"))
                return geometry(u, true);
        if (kr_match(request, "{get_geometry, rows}"))
                return geometry(u, false);
        if (kr_match(request, "{requests, ~}", &chars) && kr_is_list(chars))
                return answer_all(u, chars, depth);
        return kr_build("{error, request}");
}

static bool is_for_input(kr_term request, kr_term *ret_prompt, int64_t *ret_count)
{
        *ret_count = -1;
        return kr_match(request, "{get_line, _, ~}", ret_prompt) ||
               kr_match(request, "{get_line, ~}", ret_prompt) ||
               (kr_match(request, "{get_chars, _, ~, ~}", ret_prompt, ret_count) &&
                *ret_count > 0) ||
               (kr_match(request, "{get_chars, ~, ~}", ret_prompt, ret_count) &&
                *ret_count > 0);
}

/* {get_until, Encoding, Prompt, Module, Function, Extra}: gives {Module, Function, Extra}, a
 * new term, or none. */
static kr_term until_of(kr_term request, kr_term *ret_prompt)
{
        kr_term module, function, extra;

        if ((kr_match(request, "{get_until, _, ~, ~, ~, ~}", ret_prompt, &module,
                      &function, &extra) ||
             kr_match(request, "{get_until, ~, ~, ~, ~}", ret_prompt, &module, &function,
                      &extra)) &&
            kri_io_can_try(module, function, extra))
                return kr_build("{~, ~, ~}", module, function, extra);
        return kr_none();
}

static void handle(struct user *u, kr_pid from, kr_term reply_as, kr_term request)
{
        kr_term prompt, reply, until;
        int64_t count;
        bool waits;

        if (is_for_input(request, &prompt, &count) &&
            wait_for_input(u, from, reply_as, prompt, count, kr_none()))
                return;
        until = until_of(request, &prompt);
        waits = !kr_is_none(until) &&
                wait_for_input(u, from, reply_as, prompt, -1, until);
        kr_release(until);
        if (waits)
                return;
        reply = answer_now(u, request, 0);
        if (!kr_is_none(reply))
                kr_send(from, "{io_reply, ~, ~}", reply_as, reply);
        else
                kr_send(from, "{io_reply, ~, {error, enomem}}", reply_as);
        kr_release(reply);
}

static void run_user(void *record)
{
        enum { REQUEST, INPUT, END, READER, OTHER };
        struct user *u = record;

        for (;;) {
                kr_msg msg = KR_MSG_INIT;
                kr_term reply_as, request;
                kr_bytes bytes;
                kr_pid pid;

                serve_input(u);
                switch (kr_receive_top(&msg, KR_INFINITY,
                                       kr_on(REQUEST, "{io_request, ~, ~, ~}", &pid,
                                             &reply_as, &request),
                                       kr_on(INPUT, "{input, ~}", &bytes),
                                       kr_on(END, "input_end"),
                                       kr_on(READER, "{reader, ~}", &pid),
                                       kr_on(OTHER, "_"))) {
                case REQUEST:
                        handle(u, pid, reply_as, request);
                        break;
                case INPUT:
                        take_input(u, bytes);
                        break;
                case END:
                        u->at_end = true;
                        break;
                case READER:
                        u->reader = pid;
                        kr_send(pid, "{read, ~}", kr_self());
                        break;
                default:
                        break; /* not for us */
                }
                kr_msg_clear(&msg);
        }
}

static const kr_loop loop = { .name = "user", .run = run_user };

static void begin(struct start *start)
{
        struct user *u = kr_calloc(1, sizeof(*u));

        if (u == NULL)
                kr_exit("enomem");
        u->input = start->input;
        u->output = start->output;
        u->last = &u->first;
        (void)kr_trap_exit(true); /* whoever it is linked to does not take it along */
        kr_register("user", kr_self());
        kr_become_loop(&loop, u);
}

static void nothing(void *value)
{
        (void)value;
}

kr_err kr_io_start(kr_node *node, const kr_io_opts *opts)
{
        struct start start = { .output = 1 };

        if (node == NULL)
                return KR_EBADARG;
        if (opts != NULL) {
                start.input = opts->input;
                start.output = opts->output != 0 ? opts->output : 1;
        }
        if (!kr_node_put(node, &key, node, nothing))
                return kr_node_get(node, &key) != NULL ? KR_EALREADY : KR_ENOMEM;
        return kr_pid_is_none(kr_node_spawn(node, begin, &start)) ? KR_ESYSTEMLIMIT
                                                                  : KR_OK;
}
