/* SPDX-License-Identifier: Apache-2.0 */
#include "plat_line.h"

#include "plat_wait.h"

#include <errno.h>
#include <histedit.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HISTORY_LINES 1000
#define SHOWN_MAX 200

static struct {
        struct kri_line_opts opts;
        EditLine *el;
        History *history;
        char prompt[300];
        enum kri_line outcome; /* of the line that is being read */
} line;

static char *prompt_of(EditLine *el)
{
        (void)el;
        return line.prompt;
}

/* -- a key -- */

static void take_line_away(void)
{
        (void)fputs("\r\033[K", stdout);
        (void)fflush(stdout);
}

static int end_with(enum kri_line outcome)
{
        line.outcome = outcome;
        return -1;
}

static int take_signal(void)
{
        int number = kri_signals_take(line.opts.signals);

        if (number == 0)
                return 0;
        (void)fputs(number == SIGINT ? "^C\n" : "\n", stdout);
        return end_with(number == SIGINT ? KRI_LINE_INTERRUPTED : KRI_LINE_END);
}

static int get_key(EditLine *el, wchar_t *ret)
{
        const int fds[] = { STDIN_FILENO, line.opts.watched, line.opts.signals };
        unsigned char c;

        for (;;) {
                int which = kri_wait_any(fds, 3, -1);

                if (which == 2) {
                        if (take_signal() < 0)
                                return -1;
                } else if (which == 1) {
                        take_line_away();
                        if (!line.opts.ready(line.opts.arg))
                                return end_with(KRI_LINE_END);
                        (void)el_set(el, EL_REFRESH);
                } else if (which == 0) {
                        mbstate_t state;
                        size_t used;

                        memset(&state, 0, sizeof(state));
                        do {
                                ssize_t got = read(STDIN_FILENO, &c, 1);

                                if (got <= 0)
                                        return got == 0 ? 0 : end_with(KRI_LINE_END);
                                used = mbrtowc(ret, (const char *)&c, 1, &state);
                        } while (used == (size_t)-2);
                        if (used == (size_t)-1)
                                *ret = c;
                        return 1;
                }
        }
}

/* -- completion -- */

/* What all candidates begin with; the number of candidates. */
static size_t common_prefix(char *words, char *prefix, size_t size)
{
        size_t count = 0;

        prefix[0] = 0;
        for (char *word = strtok(words, "\n"); word != NULL; word = strtok(NULL, "\n")) {
                size_t same = 0;

                if (count++ == 0) {
                        (void)snprintf(prefix, size, "%s", word);
                        continue;
                }
                while (prefix[same] != 0 && prefix[same] == word[same])
                        same++;
                prefix[same] = 0;
        }
        return count;
}

static void show_words(const char *words)
{
        size_t shown = 0;

        (void)putchar('\n');
        while (*words != 0 && shown++ < SHOWN_MAX) {
                size_t len = strcspn(words, "\n");

                (void)printf("%-20.*s%s", (int)len, words, shown % 4 == 0 ? "\n" : " ");
                words += len + (words[len] != 0);
        }
        (void)fputs(*words != 0 ? "...\n" : shown % 4 != 0 ? "\n" : "", stdout);
        (void)fflush(stdout);
}

static unsigned char complete(EditLine *el, int ch)
{
        const LineInfo *info = el_line(el);
        kr_buf words = KR_BUF_INIT;
        unsigned char result = CC_ERROR;
        char prefix[300], *copy, *rest;
        size_t len, count;

        (void)ch;
        line.opts.complete(line.opts.arg, info->buffer,
                           (size_t)(info->cursor - info->buffer), &words);
        if (words.data == NULL || (rest = strchr(words.data, '\n')) == NULL) {
                kr_buf_free(&words);
                return CC_ERROR;
        }
        len = strtoul(words.data, NULL, 10);
        copy = strdup(++rest);
        count = copy != NULL ? common_prefix(copy, prefix, sizeof(prefix)) : 0;
        if (count > 0 && strlen(prefix) > len) {
                (void)el_insertstr(el, prefix + len);
                result = CC_REFRESH;
        } else if (count > 1) {
                show_words(rest);
                result = CC_REDISPLAY;
        }
        free(copy);
        kr_buf_free(&words);
        return result;
}

/* -- lines -- */

static void open_history(void)
{
        HistEvent event;

        line.history = history_init();
        if (line.history == NULL)
                return;
        (void)history(line.history, &event, H_SETSIZE, HISTORY_LINES);
        (void)history(line.history, &event, H_SETUNIQUE, 1);
        (void)el_set(line.el, EL_HIST, history, line.history);
        if (line.opts.history != NULL)
                (void)history(line.history, &event, H_LOAD, line.opts.history);
}

bool kri_line_open(const struct kri_line_opts *opts)
{
        line.opts = *opts;
        line.el = el_init("krarup", stdin, stdout, stderr);
        if (line.el == NULL)
                return false;
        (void)el_set(line.el, EL_PROMPT, prompt_of);
        (void)el_set(line.el, EL_EDITOR, "emacs");
        (void)el_set(line.el, EL_SIGNAL, 0);
        (void)el_set(line.el, EL_GETCFN, get_key);
        (void)el_set(line.el, EL_ADDFN, "krarup-complete", "complete a name", complete);
        (void)el_set(line.el, EL_BIND, "^I", "krarup-complete", NULL);
        (void)el_set(line.el, EL_BIND, "^R", "em-inc-search-prev", NULL);
        open_history();
        return true;
}

enum kri_line kri_line_read(const char *prompt, kr_buf *ret)
{
        const char *text;
        int count = 0;

        (void)snprintf(line.prompt, sizeof(line.prompt), "%s", prompt);
        line.outcome = KRI_LINE_READ;
        (void)el_set(line.el, EL_PREP_TERM, 1); /* before the prompt invites to type */
        text = el_gets(line.el, &count);
        if (line.outcome != KRI_LINE_READ)
                return line.outcome;
        if (text == NULL || count <= 0)
                return KRI_LINE_END;
        ret->len = 0;
        return kr_buf_append(ret, text, (size_t)count) == KR_OK ? KRI_LINE_READ
                                                                : KRI_LINE_END;
}

void kri_line_remember(const char *text, size_t len)
{
        HistEvent event;
        char *copy = strndup(text, len);

        if (copy != NULL && line.history != NULL) {
                for (char *c = copy; *c != 0; c++)
                        *c = *c == '\n' ? ' ' : *c;
                (void)history(line.history, &event, H_ENTER, copy);
        }
        free(copy);
}

void kri_line_close(void)
{
        HistEvent event;
        mode_t old;

        if (line.history != NULL) {
                if (line.opts.history != NULL) {
                        old = umask(077); /* what was typed is nobody else's */
                        (void)history(line.history, &event, H_SAVE, line.opts.history);
                        (void)umask(old);
                }
                history_end(line.history);
        }
        if (line.el != NULL)
                el_end(line.el);
        line.el = NULL;
        line.history = NULL;
}
