/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"

#include "plat_file.h"
#include "plat_line.h"
#include "plat_socket.h"
#include "plat_wait.h"
#include "protocol.h"
#include "say.h"
#include "shell_lex.h"

#include <krarup/text.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIGINT_NUMBER 2
#define ANSWER_MS 10000

struct client {
        int fd;
        int signals;
        const char *name;
        kr_buf frame;      /* the last one that came */
        long long number;  /* of the next expression */
        bool any_failed;   /* of the expressions */
        bool shows_values; /* and where errors go: */
        FILE *errors;
        kr_buf *ret_value;
        kr_buf *words; /* somebody waits for a completion */
};

/* -- frames -- */

static void put(FILE *to, const char *colour, const kr_buf *text)
{
        (void)fprintf(to, "%s%.*s%s\n", colour, (int)text->len,
                      text->data != NULL ? text->data : "",
                      colour[0] != 0 ? "\033[0m" : "");
        (void)fflush(to);
}

static void take_value(struct client *c)
{
        if (c->ret_value != NULL)
                (void)!kr_buf_append(c->ret_value, c->frame.data, c->frame.len);
        if (c->shows_values)
                put(stdout, "", &c->frame);
}

/* The next frame; its kind, or 0: the node is gone. What is for people is shown. */
static char take_frame(struct client *c)
{
        char kind;

        if (!kri_frame_recv(c->fd, &kind, &c->frame))
                return 0;
        switch (kind) {
        case KRI_FROM_OUTPUT:
                (void)fwrite(c->frame.data, 1, c->frame.len, stdout);
                (void)fflush(stdout);
                break;
        case KRI_FROM_VALUE:
                take_value(c);
                break;
        case KRI_FROM_ERROR:
                c->any_failed = true;
                put(c->errors, kri_has_colours(c->errors == stderr) ? "\033[31m" : "",
                    &c->frame);
                break;
        case KRI_FROM_PROMPT:
                c->number = c->frame.data != NULL ? atoll(c->frame.data) : 0;
                break;
        default:
                break;
        }
        return kind;
}

/* White space before an expression: places in what is wrong count from its first word. */
static size_t blanks(const char *text, size_t len)
{
        size_t n = 0;

        while (n < len && memchr(" \t\r\n", text[n], 4) != NULL)
                n++;
        return n;
}

/* Until it is ready for an expression. SIGINT interrupts the one that runs. False: it is
 * gone, or we are to end. */
static bool await_prompt(struct client *c)
{
        const int fds[] = { c->fd, c->signals };

        for (;;) {
                if (kri_wait_any(fds, 2, -1) == 0) {
                        char kind = take_frame(c);

                        if (kind == 0 || kind == KRI_FROM_PROMPT)
                                return kind != 0;
                } else if (kri_signals_take(c->signals) != SIGINT_NUMBER ||
                           !kri_frame_send(c->fd, KRI_TO_INTERRUPT, "", 0)) {
                        return false;
                } else {
                        (void)putchar('\n'); /* the terminal has written ^C */
                }
        }
}

/* Whoever is turned away finds the reason in what comes, even if nothing can be sent any more. */
static void ask(struct client *c, char kind)
{
        (void)!kri_frame_send(c->fd, kind, "", 0);
}

static bool begin(struct client *c)
{
        ask(c, KRI_TO_SHELL);
        return await_prompt(c);
}

static bool evaluate(struct client *c, const char *text, size_t len)
{
        size_t n = blanks(text, len);

        return kri_frame_send(c->fd, KRI_TO_EVAL, text + n, len - n) && await_prompt(c);
}

static int lost(struct client *c)
{
        bool turned_away = c->number == 0 && c->any_failed; /* and was told why */

        kr_buf_free(&c->frame);
        if (!turned_away)
                kri_complain("the node has gone");
        return KRI_FAILED;
}

/* -- a person -- */

static bool is_ready(void *arg)
{
        return take_frame(arg) != 0;
}

static void complete(void *arg, const char *text, size_t len, kr_buf *ret)
{
        struct client *c = arg;
        char kind = 0;

        if (!kri_frame_send(c->fd, KRI_TO_COMPLETE, text, len))
                return;
        do
                kind = take_frame(c);
        while (kind != 0 && kind != KRI_FROM_WORDS);
        if (kind == KRI_FROM_WORDS)
                (void)!kr_buf_append(ret, c->frame.data, c->frame.len);
}

static bool history_file(char *buf, size_t size)
{
        const char *own = getenv("KRARUP_HISTORY"), *state = getenv("XDG_STATE_HOME");
        const char *home = getenv("HOME");
        char folder[KRI_PATH_MAX];

        if (own != NULL) {
                (void)snprintf(buf, size, "%s", own);
                return own[0] != 0;
        }
        if (state != NULL && state[0] == '/')
                (void)snprintf(folder, sizeof(folder), "%s/krarup", state);
        else if (home != NULL && home[0] == '/')
                (void)snprintf(folder, sizeof(folder), "%s/.local/state/krarup", home);
        else
                return false;
        return kri_folder_make(folder, 0700) &&
               kri_path_join(buf, size, folder, "history");
}

/* "1> ", or "(counter)1> ". */
static void make_prompt(const struct client *c, char *buf, size_t size)
{
        if (c->name != NULL)
                (void)snprintf(buf, size, "(%s)%lld> ", c->name, c->number);
        else
                (void)snprintf(buf, size, "%lld> ", c->number);
}

/* All forms that are complete. False: the node is gone. */
static bool evaluate_forms(struct client *c, kr_buf *typed)
{
        size_t end;

        while ((end = kri_lex_form_end(typed->data, typed->len)) != 0) {
                kri_line_remember(typed->data, end);
                if (!evaluate(c, typed->data, end))
                        return false;
                memmove(typed->data, typed->data + end, typed->len - end);
                typed->len -= end;
        }
        if (kri_lex_is_blank(typed->data, typed->len))
                typed->len = 0;
        return true;
}

/* True: it was a node that has gone. */
static bool talk(struct client *c)
{
        kr_buf typed = KR_BUF_INIT, one = KR_BUF_INIT;
        char prompt[300];
        bool gone = false;

        for (;;) {
                enum kri_line outcome;

                make_prompt(c, prompt, sizeof(prompt));
                outcome = kri_line_read(prompt, &one);
                if (outcome == KRI_LINE_END)
                        break;
                if (outcome == KRI_LINE_INTERRUPTED) {
                        typed.len = 0;
                        continue;
                }
                if (kr_buf_append(&typed, one.data, one.len) != KR_OK ||
                    !evaluate_forms(c, &typed)) {
                        gone = true;
                        break;
                }
        }
        kr_buf_free(&typed);
        kr_buf_free(&one);
        return gone;
}

int kri_client_talk(int fd, const struct kri_client_opts *opts)
{
        struct client c = { .fd = fd,
                            .signals = opts->signals,
                            .name = opts->name,
                            .shows_values = true,
                            .errors = stdout };
        char history[KRI_PATH_MAX];
        const struct kri_line_opts line = {
                .history = history_file(history, sizeof(history)) ? history : NULL,
                .signals = opts->signals,
                .watched = fd,
                .ready = is_ready,
                .complete = complete,
                .arg = &c,
        };
        bool gone;

        if (!begin(&c) || !kri_line_open(&line))
                return lost(&c);
        gone = talk(&c);
        kri_line_close();
        if (gone)
                return lost(&c);
        kr_buf_free(&c.frame);
        (void)putchar('\n');
        return KRI_DONE;
}

/* -- a file, an expression -- */

/* All forms, the last of which may lack its full stop if `adds_stop`. False: the node is gone. */
static bool evaluate_all(struct client *c, const char *text, size_t len, bool adds_stop)
{
        kr_buf last = KR_BUF_INIT;
        bool done = true;
        size_t end;

        while ((end = kri_lex_form_end(text, len)) != 0) {
                if (!evaluate(c, text, end))
                        return false;
                text += end;
                len -= end;
        }
        if (kri_lex_is_blank(text, len))
                return true;
        /* if it is not complete the node says what is wrong with it */
        done = kr_buf_append(&last, text, len) == KR_OK &&
               (!adds_stop || kr_buf_append(&last, ".", 1) == KR_OK) &&
               evaluate(c, last.data, last.len);
        kr_buf_free(&last);
        return done;
}

static int run(struct client *c, const char *text, size_t len, bool adds_stop)
{
        if (!begin(c) || !evaluate_all(c, text, len, adds_stop))
                return lost(c);
        kr_buf_free(&c->frame);
        return c->any_failed ? KRI_FAILED : KRI_DONE;
}

int kri_client_run(int fd, const char *text, size_t len)
{
        struct client c = {
                .fd = fd, .signals = -1, .shows_values = true, .errors = stdout
        };

        return run(&c, text, len, false);
}

int kri_client_eval(int fd, const char *text, bool show, kr_buf *ret_value)
{
        struct client c = { .fd = fd,
                            .signals = -1,
                            .shows_values = show,
                            .errors = stderr,
                            .ret_value = ret_value };

        return run(&c, text, strlen(text), true);
}

/* A node that stands still says nothing at all. */
static char take_answer(struct client *c)
{
        return kri_wait_any(&c->fd, 1, ANSWER_MS) == 0 ? take_frame(c) : 0;
}

kr_term kri_client_status(int fd)
{
        struct client c = { .fd = fd, .errors = stderr };
        kr_term status = kr_none();

        ask(&c, KRI_TO_STATUS);
        if (take_answer(&c) != KRI_FROM_STATUS ||
            kr_parse(c.frame.data, c.frame.len, NULL, &status, NULL) != KR_OK) {
                if (!c.any_failed)
                        kri_complain("the node does not answer");
        }
        kr_buf_free(&c.frame);
        return status;
}

bool kri_client_stop(int fd)
{
        struct client c = { .fd = fd, .errors = stderr };
        bool answered;

        ask(&c, KRI_TO_STOP);
        answered = take_answer(&c) == KRI_FROM_STOP;
        kr_buf_free(&c.frame);
        return answered;
}
