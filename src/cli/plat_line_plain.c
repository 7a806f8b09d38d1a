/* SPDX-License-Identifier: Apache-2.0 */
/* plat_line_plain.c: without libedit: what the terminal's own line editing gives. */
#include "plat_line.h"

#include "plat_wait.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct {
        struct kri_line_opts opts;
        kr_buf rest; /* read, and not yet given */
} line;

bool kri_line_open(const struct kri_line_opts *opts)
{
        line.opts = *opts;
        return true;
}

static bool give_line(kr_buf *ret)
{
        char *end = line.rest.len > 0 ? memchr(line.rest.data, '\n', line.rest.len)
                                      : NULL;
        size_t len;

        if (end == NULL)
                return false;
        len = (size_t)(end - line.rest.data) + 1;
        ret->len = 0;
        if (kr_buf_append(ret, line.rest.data, len) != KR_OK)
                return false;
        memmove(line.rest.data, line.rest.data + len, line.rest.len - len);
        line.rest.len -= len;
        return true;
}

static void show_prompt(const char *prompt)
{
        (void)fputs(prompt, stdout);
        (void)fflush(stdout);
}

enum kri_line kri_line_read(const char *prompt, kr_buf *ret)
{
        const int fds[] = { STDIN_FILENO, line.opts.watched, line.opts.signals };
        char some[1024];
        ssize_t got;

        show_prompt(prompt);
        while (!give_line(ret)) {
                int which = kri_wait_any(fds, 3, -1), number;

                if (which == 2) {
                        number = kri_signals_take(line.opts.signals);
                        (void)putchar('\n');
                        line.rest.len = 0;
                        return number == SIGINT ? KRI_LINE_INTERRUPTED : KRI_LINE_END;
                }
                if (which == 1) {
                        (void)putchar('\n');
                        if (!line.opts.ready(line.opts.arg))
                                return KRI_LINE_END;
                        show_prompt(prompt);
                        continue;
                }
                got = read(STDIN_FILENO, some, sizeof(some));
                if (got <= 0 || kr_buf_append(&line.rest, some, (size_t)got) != KR_OK)
                        return KRI_LINE_END;
        }
        return KRI_LINE_READ;
}

void kri_line_remember(const char *text, size_t len)
{
        (void)text; /* the terminal keeps no history */
        (void)len;
}

void kri_line_close(void)
{
        kr_buf_free(&line.rest);
}
